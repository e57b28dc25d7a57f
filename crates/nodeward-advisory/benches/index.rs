//! The advisory index: opening, asking, building.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use nodeward_advisory::{Index, IndexBuilder};
use nodeward_testkit::osv;

const RECORDS: usize = 20_000;

fn build(records: &[(String, String)]) -> Vec<u8> {
    let mut builder = IndexBuilder::new();
    for (_, json) in records {
        builder.add_osv(json.as_bytes(), "made-up").unwrap();
    }
    builder.finish("2026-01-02T03:04:05Z".parse().unwrap()).unwrap().0
}

fn index(criterion: &mut Criterion) {
    let records: Vec<_> = osv::export(RECORDS).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.nwx");
    std::fs::write(&path, build(&records)).unwrap();
    let index = Index::open(&path).unwrap();
    let hits: Vec<String> = (0..1000).map(osv::flawed_package).collect();
    let hits: Vec<String> =
        hits.into_iter().filter(|name| !index.affecting(name).unwrap().is_empty()).collect();
    let misses: Vec<String> = (0..1000).map(|number| format!("no-such-package-{number}")).collect();

    criterion.bench_function("open", |bencher| bencher.iter(|| Index::open(black_box(&path)).unwrap()));
    let mut ask = |label: &str, names: &[String]| {
        let mut names = names.iter().cycle();
        criterion.bench_function(label, |bencher| {
            bencher.iter(|| index.affecting(black_box(names.next().unwrap())).unwrap());
        });
    };
    ask("look up a package with advisories", &hits);
    ask("look up a package without", &misses);
    let mut ids = index.record_ids().step_by(37).cycle();
    criterion.bench_function("read a record", |bencher| {
        bencher.iter(|| index.record(ids.next().unwrap()).unwrap());
    });
    let mut group = criterion.benchmark_group("build");
    group.sample_size(10);
    group.bench_function("20,000 records", |bencher| bencher.iter(|| build(black_box(&records))));
}

criterion_group!(benches, index);
criterion_main!(benches);

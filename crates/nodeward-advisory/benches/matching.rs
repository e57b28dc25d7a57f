//! What a scan costs: a graph of 1,500 releases against an index of a quarter million records, few of which are hits;
//! and what the built-in landmarks cost to make.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use nodeward_advisory::{AffectedPackage, Index, IndexBuilder, Record, landmarks, legacy, matching};
use nodeward_package::graph::{GraphBuilder, ReachFrom};
use nodeward_package::{DependencyGraph, Edge, EdgeKind, Format, Origin, Package, PackageId, PackageName};

const RELEASES: u32 = 1_500;
const RECORDS: u32 = 250_000;
/// One release in this many has a flaw.
const HIT_EVERY: u32 = 75;

fn graph() -> DependencyGraph {
    let mut builder = GraphBuilder::new(Path::new("package-lock.json"), Format::NpmPackageLock);
    let package = |name: String, origin| Package::new(PackageName::parse(&name).unwrap(), "1.2.3", origin);
    let mut ids: Vec<PackageId> = vec![builder.add_root(package("app".to_owned(), Origin::Root))];
    for number in 1..=RELEASES {
        let id = builder.add(package(format!("package-{number}"), Origin::Registry { resolved: None }));
        // A wide and deep tree with shared leaves: each is required by its half and its third.
        for parent in [number / 2, number / 3] {
            builder.require(Edge {
                from: ids[parent as usize],
                to: Some(id),
                kind: EdgeKind::Production,
                name: "x".into(),
                specifier: "^1.0.0".into(),
            });
        }
        ids.push(id);
    }
    builder.finish(ReachFrom::Edges)
}

fn index() -> Index {
    let mut builder = IndexBuilder::new();
    for number in 1..=RECORDS {
        // Three quarters of the graph has no record at all, as in life.
        let name = match number {
            1..=RELEASES if number % HIT_EVERY == 0 => format!("package-{number}"),
            1..=RELEASES if number % 4 == 0 => format!("package-{number}"),
            _ => format!("other-{}", number / 4),
        };
        let range = if number % HIT_EVERY == 0 { "<1.3.0" } else { "<1.0.0" };
        let package = AffectedPackage {
            name,
            intervals: legacy::intervals_of(range).unwrap(),
            ..AffectedPackage::default()
        };
        let record = Record { id: format!("GHSA-{number:08}"), packages: vec![package], ..Record::default() };
        builder.add(record, "bench").unwrap();
    }
    Index::from_bytes(builder.finish(Timestamp::UNIX_EPOCH).unwrap().0).unwrap()
}

fn benchmarks(criterion: &mut Criterion) {
    let (graph, index) = (graph(), index());
    assert_eq!(matching::scan(&graph, &index).unwrap().len() as u32, RELEASES / HIT_EVERY);
    criterion.bench_function("scan 1,500 releases, 250,000 records, 20 hits", |bencher| {
        bencher.iter(|| matching::scan(black_box(&graph), black_box(&index)).unwrap());
    });
    criterion.bench_function("landmarks index", |bencher| bencher.iter(landmarks::index));
}

criterion_group! {
    name = matching_benches;
    config = Criterion::default().sample_size(20);
    targets = benchmarks
}
criterion_main!(matching_benches);

//! Lockfiles of pnpm and yarn: real ones where the test data is there, else ones of about the same make.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nodeward_package::lockfile::{Input, parse};

const RELEASES: usize = 3_000;

fn pnpm() -> String {
    let mut text = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n".to_owned();
    let integrity = "A".repeat(86);
    let mut packages = "\npackages:\n".to_owned();
    let mut snapshots = "\nsnapshots:\n".to_owned();
    for number in 0..RELEASES {
        let _ = write!(
            packages,
            "\n  '@scope/package-{number}@1.{number}.0':\n    resolution: {{integrity: sha512-{integrity}==}}\n    engines: {{node: '>=18'}}\n"
        );
        let _ = write!(snapshots, "\n  '@scope/package-{number}@1.{number}.0':\n    dependencies:\n");
        for next in [number + 1, number + 7, number + 31].map(|next| next % RELEASES) {
            let _ = writeln!(snapshots, "      '@scope/package-{next}': 1.{next}.0");
        }
    }
    text += "      '@scope/package-0':\n        specifier: ^1.0.0\n        version: 1.0.0\n";
    text + &packages + &snapshots
}

fn yarn_classic() -> String {
    let mut text = "# yarn lockfile v1\n\n".to_owned();
    for number in 0..RELEASES {
        let next = (number + 1) % RELEASES;
        let _ = write!(
            text,
            "\n\"@scope/package-{number}@^1.{number}.0\":\n  version \"1.{number}.0\"\n  resolved \"https://registry.example.org/p-{number}.tgz#{number:040x}\"\n  dependencies:\n    \"@scope/package-{next}\" \"^1.{next}.0\"\n"
        );
    }
    text
}

fn yarn_berry() -> String {
    let mut text = "__metadata:\n  version: 8\n".to_owned();
    for number in 0..RELEASES {
        let next = (number + 1) % RELEASES;
        let _ = write!(
            text,
            "\n\"@scope/package-{number}@npm:^1.{number}.0\":\n  version: 1.{number}.0\n  resolution: \"@scope/package-{number}@npm:1.{number}.0\"\n  dependencies:\n    \"@scope/package-{next}\": \"npm:^1.{next}.0\"\n  checksum: 10c0/{number:0128x}\n  languageName: node\n  linkType: hard\n"
        );
    }
    text
}

fn lockfiles(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lockfile");
    group.sample_size(20);
    let mut texts = vec![
        ("pnpm-lock.yaml".to_owned(), pnpm().into_bytes()),
        ("yarn.lock".to_owned(), yarn_classic().into_bytes()),
        ("berry-yarn.lock".to_owned(), yarn_berry().into_bytes()),
    ];
    let large = nodeward_testkit::data_dir().map(|data| data.join("lockfiles/large"));
    for entry in large.and_then(|folder| folder.read_dir().ok()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let (true, Ok(bytes)) =
            (name.ends_with(".yaml") || name.ends_with("yarn.lock"), std::fs::read(entry.path()))
        {
            texts.push((name, bytes));
        }
    }
    for (name, bytes) in &texts {
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                parse(&Input { file: Path::new(name), bytes: black_box(bytes), manifests: &[] })
                    .expect("a lockfile that reads")
                    .packages()
                    .len()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, lockfiles);
criterion_main!(benches);

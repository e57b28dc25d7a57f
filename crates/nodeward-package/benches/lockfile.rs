//! Lockfiles from bytes to graph: one that is made here, and the large real ones where the test data is at hand.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nodeward_package::lockfile::{self, Input};

/// A package-lock of version 3 as large as a large project's.
fn made(packages: usize) -> String {
    let mut text = String::from(
        "{\n  \"name\": \"made\",\n  \"lockfileVersion\": 3,\n  \"packages\": {\n    \"\": {\n      \"dependencies\": {\"p0\": \"^1.0.0\"}\n    }",
    );
    for number in 0..packages {
        let next = (number * 7 + 1) % packages;
        let digest = format!("{number:0>86}==");
        let _ = write!(
            text,
            ",\n    \"node_modules/p{number}\": {{\n      \"version\": \"1.{number}.0\",\n      \"resolved\": \"https://registry.example.org/p{number}/-/p{number}-1.{number}.0.tgz\",\n      \"integrity\": \"sha512-{digest}\",\n      \"license\": \"MIT\",\n      \"dependencies\": {{\n        \"p{next}\": \"^1.0.0\",\n        \"p{number}\": \"*\"\n      }},\n      \"engines\": {{\n        \"node\": \">=18\"\n      }}\n    }}"
        );
    }
    text + "\n  }\n}\n"
}

fn large() -> Vec<PathBuf> {
    let Some(data) = nodeward_testkit::data_or_skip("lockfile bench of real files") else {
        return Vec::new();
    };
    let entries = std::fs::read_dir(data.join("lockfiles/large")).expect("the data has this folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    files
}

fn lockfiles(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lockfile");
    group.sample_size(20);
    let mut files = vec![("made".to_owned(), PathBuf::from("package-lock.json"), made(4_000).into_bytes())];
    for path in large() {
        let bytes = std::fs::read(&path).expect("readable");
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        files.push((name, path, bytes));
    }
    for (name, path, bytes) in &files {
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        let input = Input { file: Path::new(path), bytes, manifests: &[] };
        group.bench_function(name.as_str(), |bencher| {
            bencher.iter(|| lockfile::parse(black_box(&input)).expect("a lockfile"));
        });
    }
    group.finish();
}

criterion_group!(benches, lockfiles);
criterion_main!(benches);

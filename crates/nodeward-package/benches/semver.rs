//! Versions and ranges: both parsed for every question, as when a lockfile is matched for the first time, and held.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nodeward_package::{Range, Version};

/// Ranges in about the proportions in which packuments have them, each with a version to ask for.
const QUESTIONS: [(&str, &str); 10] = [
    ("^1.2.3", "1.4.0"),
    ("^4.17.20", "4.17.21"),
    ("~2.1.0", "2.1.9"),
    ("^0.5.1", "0.6.0"),
    (">=10", "22.11.0"),
    ("1.2.3", "1.2.3"),
    (">= 1.4.0 < 2", "1.9.3"),
    ("^3.0.0 || ^4.0.0", "4.2.1"),
    ("*", "0.0.1"),
    ("^7.0.0-rc.1", "7.0.0-rc.2"),
];

fn semver(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("semver");
    group.throughput(Throughput::Elements(QUESTIONS.len() as u64));
    let parse = |(range, version): &(&str, &str)| {
        (Range::parse(range).expect("a range"), Version::parse(version).expect("a version"))
    };
    group.bench_function("parse both and satisfies", |bencher| {
        bencher.iter(|| {
            let asked = black_box(&QUESTIONS).iter().map(parse);
            asked.filter(|(range, version)| range.satisfies(version)).count()
        });
    });
    let held: Vec<_> = QUESTIONS.iter().map(parse).collect();
    group.bench_function("satisfies", |bencher| {
        bencher.iter(|| black_box(&held).iter().filter(|(range, version)| range.satisfies(version)).count());
    });
    group.bench_function("parse version", |bencher| {
        bencher.iter(|| {
            let asked = black_box(&QUESTIONS).iter();
            asked.filter(|(_, version)| Version::parse(version).is_ok()).count()
        });
    });
    group.finish();
    let hostile = "= ".repeat(32 * 1024);
    criterion.bench_function("semver/hostile 64 KiB range", |bencher| {
        bencher.iter(|| Range::parse(black_box(&hostile)).is_err());
    });
}

criterion_group!(benches, semver);
criterion_main!(benches);

//! What the look-up of popular names and all signals together cost.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use nodeward_package::lockfile::{self, Input};
use nodeward_package::{NpmConfig, PackageName};
use nodeward_review::lookalike::{look_alike, popular_names};
use nodeward_review::{Context, Project, check};

/// Names that no table knows, made of popular ones: the expensive case.
fn unknown_names() -> Vec<PackageName> {
    let longer = popular_names().take(1_500).map(|name| format!("{name}-extra"));
    longer.filter_map(|name| PackageName::parse(&name).ok()).collect()
}

fn lockfile_text() -> String {
    let mut packages = String::new();
    for name in unknown_names() {
        let separator = if packages.is_empty() { "" } else { "," };
        write!(packages, "{separator}\"node_modules/{name}\":{{\"version\":\"1.0.0\",\"resolved\":\"https://registry.example.org/{name}/-/x-1.0.0.tgz\",\"integrity\":\"sha512-{}==\"}}", "A".repeat(86))
            .expect("a String takes any text");
    }
    format!("{{\"lockfileVersion\":3,\"packages\":{{\"\":{{\"name\":\"app\"}},{packages}}}}}")
}

fn signals(criterion: &mut Criterion) {
    let names = unknown_names();
    criterion.bench_function("look up 1,500 unknown names", |bench| {
        bench.iter(|| names.iter().filter_map(|name| look_alike(black_box(name))).count());
    });
    let text = lockfile_text();
    let input = Input { file: Path::new("package-lock.json"), bytes: text.as_bytes(), manifests: &[] };
    let graph = lockfile::parse(&input).expect("the text is a lockfile");
    let npm = NpmConfig::default();
    let project = Project {
        graph: &graph,
        manifests: &[],
        lockfiles: &[],
        installed: None,
        installed_packages: &[],
        scripts: &[],
    };
    let context = Context { projects: &[project], npm: &npm, configuration_files: &[] };
    criterion
        .bench_function("all signals on 1,500 releases", |bench| bench.iter(|| check(black_box(&context))));
}

criterion_group!(benches, signals);
criterion_main!(benches);

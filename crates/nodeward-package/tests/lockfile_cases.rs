//! Small lockfiles of every kind, each with the releases that its package manager would install, and what is no
//! lockfile at all. The cases are data: `tests/lockfiles/FORMAT.cases`.
//!
//! A case starts with `=== name`, `-> ` lists the labels of all but the project's own packages, sorted, or is
//! `-> error`, and the file follows.

#![expect(clippy::unwrap_used, reason = "a test that reads files")]

use std::path::Path;

use nodeward_package::lockfile::{Format, Input, parse_as};

fn check(format: Format, file: &str, text: &str) -> Vec<String> {
    let mut failures = Vec::new();
    let mut count = 0;
    for case in text.split("=== ").skip(1) {
        let (name, rest) = case.split_once('\n').unwrap();
        let (expected, body) = rest.strip_prefix("-> ").unwrap().split_once('\n').unwrap();
        let input = Input { file: Path::new(file), bytes: body.as_bytes(), manifests: &[] };
        let found = match parse_as(format, &input) {
            Err(_) => "error".to_owned(),
            Ok(graph) => {
                let others = graph.packages().iter().filter(|package| !package.origin.is_first_party());
                let mut labels: Vec<String> = others.map(|package| package.label()).collect();
                labels.sort();
                labels.join(" ")
            }
        };
        count += 1;
        if found != expected.trim() {
            failures.push(format!("{file}: {name}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(count > 5, "{file} has {count} cases");
    failures
}

#[test]
fn releases_are_those_that_would_be_installed() {
    let mut failures = Vec::new();
    for (format, file, text) in [
        (Format::NpmPackageLock, "package-lock.json", include_str!("lockfiles/npm.cases")),
        (Format::YarnClassic, "yarn.lock", include_str!("lockfiles/yarn-classic.cases")),
        (Format::YarnBerry, "yarn.lock", include_str!("lockfiles/yarn-berry.cases")),
        (Format::Pnpm, "pnpm-lock.yaml", include_str!("lockfiles/pnpm.cases")),
        (Format::Bun, "bun.lock", include_str!("lockfiles/bun.cases")),
    ] {
        failures.extend(check(format, file, text));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

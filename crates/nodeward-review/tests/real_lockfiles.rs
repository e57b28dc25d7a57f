//! All signals on real lockfiles: a tired developer has to be able to read what comes out.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its data fails")]

use std::path::{Path, PathBuf};

use nodeward_package::lockfile::{self, Input};
use nodeward_package::{DependencyGraph, NpmConfig};
use nodeward_report::{Finding, Severity};
use nodeward_review::{Context, Project, check};

struct Scanned {
    file: String,
    graph: DependencyGraph,
    findings: Vec<Finding>,
}

/// Every lockfile of a folder that can be read, with what the signals say of it; nothing else is configured.
fn scan(folder: &Path) -> Vec<Scanned> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().filter_map(|path| scan_file(path)).collect()
}

fn scan_file(path: &Path) -> Option<Scanned> {
    let stored = path.file_name()?.to_str()?;
    // The stored name carries the project's before the lockfile's own.
    let own = stored.rsplit('_').next()?;
    let bytes = std::fs::read(path).ok()?;
    let graph = lockfile::parse(&Input { file: Path::new(own), bytes: &bytes, manifests: &[] }).ok()?;
    let project = Project {
        graph: &graph,
        manifests: &[],
        lockfiles: &[],
        installed: None,
        installed_packages: &[],
        scripts: &[],
    };
    let npm = NpmConfig::default();
    let findings = check(&Context { projects: &[project], npm: &npm, configuration_files: &[] });
    Some(Scanned { file: stored.to_owned(), graph, findings })
}

#[test]
fn real_projects_come_out_quiet() {
    let Some(data) = nodeward_testkit::data_or_skip("real_projects_come_out_quiet") else { return };
    let large = scan(&data.join("lockfiles/large"));
    let unlabelled = scan(&data.join("lockfiles/unlabelled"));
    assert!(large.len() >= 12);
    for Scanned { file, findings, .. } in &large {
        let worth_a_look: Vec<&Finding> =
            findings.iter().filter(|finding| finding.severity > Severity::Info).collect();
        assert!(worth_a_look.len() <= 3, "{file}: {worth_a_look:#?}");
        assert!(
            worth_a_look.iter().all(|finding| finding.severity == Severity::Low),
            "{file}: {worth_a_look:#?}"
        );
    }
    let (mut releases, mut flagged) = (0, Vec::new());
    for Scanned { file, graph, findings } in large.iter().chain(&unlabelled) {
        releases += graph.packages().len();
        let found = findings.iter().filter(|finding| &*finding.rule == "typosquat");
        flagged.extend(found.map(|finding| format!("{file}: {}", finding.title)));
    }
    assert!(flagged.len() * 1_000 <= releases, "{} of {releases}: {flagged:#?}", flagged.len());
}

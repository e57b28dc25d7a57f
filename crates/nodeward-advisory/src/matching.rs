//! Which releases of a graph have a known flaw.
//!
//! A flaw is matched by the name and version of a release, so what is asked first is whether the release is the one
//! that the registry knows by that name. Registry packages are, whatever alias they are required by. The project's own
//! code never is, nor is a folder on this machine. A git repository or a tarball from elsewhere may be that release or
//! a fork of it: matched, at medium confidence; except that malware is a fact about the registry's tarball alone.

mod flaw;
mod paths;

use std::collections::HashMap;

use nodeward_package::{DependencyGraph, Origin, Package, PackageId};
use nodeward_report::{Confidence, Evidence, Finding, Subject};

use crate::index::{Affected, Index, IndexError};

pub(crate) use flaw::{Flaw, by_identity};
use paths::Paths;

/// The most paths that a finding shows.
const MAX_PATHS: usize = 3;

/// One finding per flaw and release, whatever names the flaw has and however many copies of the release there are;
/// in the order of the graph.
///
/// # Errors
/// An index that can't be read: what was not looked up was not checked.
pub fn scan(graph: &DependencyGraph, index: &Index) -> Result<Vec<Finding>, IndexError> {
    let mut paths = None;
    let mut findings = Vec::new();
    for (name, releases) in releases_by_name(graph) {
        let known = index.affecting(name)?;
        if known.is_empty() {
            continue;
        }
        for copies in releases {
            let package = graph.package(copies[0]);
            let hits: Vec<Affected> =
                known.iter().filter(|affected| is_hit(package, affected)).cloned().collect();
            for same_flaw in by_identity(&hits) {
                let flaw = Flaw::read(index, name, &same_flaw)?;
                let paths = paths.get_or_insert_with(|| Paths::new(graph));
                findings.push((copies[0], finding(graph, &copies, &flaw, paths)));
            }
        }
    }
    findings.sort_by_key(|(first, _)| *first);
    Ok(findings.into_iter().map(|(_, finding)| finding).collect())
}

/// Third-party packages by name, and of each name the copies of each release. Copies of different origin are different
/// releases, even of one version.
fn releases_by_name(graph: &DependencyGraph) -> Vec<(&str, Vec<Vec<PackageId>>)> {
    let mut at: HashMap<&str, usize> = HashMap::with_capacity(graph.packages().len());
    let mut names: Vec<(&str, Vec<Vec<PackageId>>)> = Vec::new();
    for (id, package) in graph.iter().filter(|(_, package)| is_third_party(package)) {
        let name = package.name.as_str();
        let index = *at.entry(name).or_insert_with(|| {
            names.push((name, Vec::new()));
            names.len() - 1
        });
        let releases = &mut names[index].1;
        let same = |copies: &&mut Vec<PackageId>| {
            let first = graph.package(copies[0]);
            first.version_text == package.version_text && is_registry(first) == is_registry(package)
        };
        match releases.iter_mut().find(same) {
            Some(copies) => copies.push(id),
            None => releases.push(vec![id]),
        }
    }
    names
}

fn is_third_party(package: &Package) -> bool {
    match &package.origin {
        Origin::Root | Origin::Workspace { .. } => false,
        Origin::Registry { .. } | Origin::Git { .. } | Origin::Http { .. } => true,
        Origin::File { path } => is_tarball(path),
    }
}

fn is_tarball(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    [".tgz", ".tar.gz", ".tar"].iter().any(|extension| path.ends_with(extension))
}

fn is_registry(package: &Package) -> bool {
    matches!(package.origin, Origin::Registry { .. })
}

fn is_hit(package: &Package, affected: &Affected) -> bool {
    let holds = match &package.version {
        Some(version) => affected.contains(version),
        // A release whose version nobody can read is affected if the record lists that text or every version.
        None => affected.contains_text(&package.version_text) || affected.is_everything(),
    };
    holds && (is_registry(package) || !affected.malware)
}

fn finding(graph: &DependencyGraph, copies: &[PackageId], flaw: &Flaw, paths: &Paths<'_>) -> Finding {
    let first = graph.package(copies[0]);
    let subject = Subject::Release { name: first.name.clone(), version: first.version_text.clone() };
    let mut finding = flaw.finding(subject, graph.place(copies[0]));
    finding.production = copies.iter().any(|&id| {
        let reach = graph.package(id).reach;
        // What nothing reaches is there all the same: the worse is assumed.
        reach.production || !reach.development
    });
    finding.paths = paths.to_any(copies, MAX_PATHS);
    finding.evidence.extend(origin_evidence(first));
    if !is_registry(first) || copies.iter().all(|&id| graph.package(id).patched) {
        finding.confidence = Confidence::Medium;
    }
    if let Some(alias) = copies.iter().find_map(|&id| graph.package(id).alias.as_ref()) {
        finding.evidence.push(Evidence { label: "required as", value: alias.to_string(), place: None });
    }
    if copies.len() > 1 {
        let places = copies.iter().filter_map(|&id| graph.package(id).folder.as_deref()).take(10);
        let value = format!("{} copies {}", copies.len(), places.collect::<Vec<_>>().join(", "));
        finding.evidence.push(Evidence { label: "copies", value: value.trim_end().to_owned(), place: None });
    }
    finding
}

fn origin_evidence(package: &Package) -> Vec<Evidence> {
    let evidence = |label, value: &str| Evidence { label, value: value.to_owned(), place: None };
    let mut all = Vec::new();
    match &package.origin {
        Origin::Git { url, .. } => all.push(evidence("from git", url)),
        Origin::Http { url } => all.push(evidence("from", url)),
        Origin::File { path } => all.push(evidence("from file", path)),
        Origin::Registry { .. } | Origin::Root | Origin::Workspace { .. } => {}
    }
    if package.patched {
        all.push(evidence("patched", "a local patch is applied, which may have the fix"));
    }
    all
}

#[cfg(test)]
mod tests;

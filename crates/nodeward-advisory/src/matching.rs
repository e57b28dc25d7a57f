//! Which releases of a graph have a known flaw.
//!
//! A flaw is matched by the name and version of a release, so what is asked first is whether the release is the one
//! that the registry knows by that name. Registry packages are, whatever alias they are required by. The project's own
//! code never is, nor is a folder on this machine. A git repository or a tarball from elsewhere may be that release or
//! a fork of it: matched, at medium confidence; except that malware is a fact about the registry's tarball alone, by
//! whichever way it comes: required by its URL, or put in the place of another package's.

mod fetched;
mod flaw;
mod paths;

use std::collections::{BTreeSet, HashMap};

use nodeward_package::beside::both;
use nodeward_package::version::Syntax;
use nodeward_package::{DependencyGraph, Origin, Package, PackageId, TarballUrl, Version};
use nodeward_report::{Confidence, Evidence, Finding, Subject};

use crate::index::{Affected, Index, IndexError, Inquiry};

pub(crate) use flaw::{Flaw, by_identity};
use paths::Paths;

/// The most paths that a finding shows.
const MAX_PATHS: usize = 3;

/// The names of fewer packages are looked up sooner than a thread has started.
const WORTH_A_THREAD: usize = 400;

/// About so many names of a lockfile are asked whether what is known about them is in memory.
const SAMPLES: usize = 32;

/// So many releases of one name are looked through sooner than looked up.
const FEW_RELEASES: usize = 16;

/// One finding per flaw and release, whatever names the flaw has and however many copies of the release there are;
/// in the order of the graph.
///
/// # Errors
/// An index that can't be read: what was not looked up was not checked.
pub fn scan(graph: &DependencyGraph, index: &Index) -> Result<Vec<Finding>, IndexError> {
    let paths = Paths::new(graph);
    let named = by_name(graph);
    let mut findings = if named.len() < WORTH_A_THREAD {
        of_names(&named, graph, index, &paths)?
    } else {
        let (here, beside) = named.split_at(middle(&named));
        let of_names = |named| of_names(named, graph, index, &paths);
        let (found, found_beside) = both(|| of_names(here), || of_names(beside));
        let mut findings = found?;
        findings.append(&mut found_beside?);
        findings
    };
    fetched::scan(graph, index, &paths, &mut findings)?;
    findings.sort_by_key(|(first, _)| *first);
    Ok(findings.into_iter().map(|(_, finding)| finding).collect())
}

/// A package by its name, after the place of that in the index.
type Named<'g> = (u64, &'g str, PackageId);

fn of_names(
    named: &[Named<'_>],
    graph: &DependencyGraph,
    index: &Index,
    paths: &Paths<'_>,
) -> Result<Vec<(PackageId, Finding)>, IndexError> {
    if is_cold(named, index) {
        fetch(named, graph, index)?;
    }
    let mut findings = Vec::new();
    let mut inquiry = Inquiry::new(index);
    for same_name in named.chunk_by(is_same_name) {
        let name = same_name[0].1;
        let known = inquiry.affecting(name)?;
        if known.is_empty() {
            continue;
        }
        for copies in releases(graph, same_name) {
            let package = graph.package(copies[0]);
            let hits: Vec<Affected> =
                known.iter().filter(|affected| is_hit(package, affected)).cloned().collect();
            for same_flaw in by_identity(&hits) {
                let flaw = Flaw::read(index, name, &same_flaw)?;
                findings.push((copies[0], finding(graph, &copies, flaw, paths)));
            }
        }
    }
    Ok(findings)
}

/// Whether much of what the names lead to is still on the disk, going by some of them.
fn is_cold(named: &[Named<'_>], index: &Index) -> bool {
    let mut inquiry = Inquiry::new(index);
    named.iter().step_by(named.len() / SAMPLES + 1).any(|(_, name, _)| inquiry.is_cold(name))
}

/// Has everything that the names lead to fetched from the disk at once: one thing after another, a slow disk is waited
/// for hundreds of times.
fn fetch(named: &[Named<'_>], graph: &DependencyGraph, index: &Index) -> Result<(), IndexError> {
    let mut inquiry = Inquiry::new(index);
    for same_name in named.chunk_by(is_same_name) {
        inquiry.fetch(same_name[0].1);
    }
    let mut inquiry = Inquiry::new(index);
    for same_name in named.chunk_by(is_same_name) {
        for affected in inquiry.affecting(same_name[0].1)? {
            if same_name.iter().any(|&(_, _, id)| is_hit(graph.package(id), &affected)) {
                index.fetch(affected.record);
            }
        }
    }
    Ok(())
}

/// The packages of the registry whose version nobody can read, although advisories tell versions of that name apart:
/// whether those hold could not be checked.
///
/// # Errors
/// An index that can't be read.
pub fn unchecked(graph: &DependencyGraph, index: &Index) -> Result<Vec<PackageId>, IndexError> {
    let mut unchecked = Vec::new();
    for (id, package) in graph.iter() {
        if !is_registry(package) || version_of(package).is_some() || fetched::version(package).is_some() {
            continue;
        }
        let known = index.affecting(package.name.as_str())?;
        if known.iter().any(|affected| !is_hit(package, affected)) {
            unchecked.push(id);
        }
    }
    Ok(unchecked)
}

/// Third-party packages: those of one name together, in the order in which the index has the names.
fn by_name(graph: &DependencyGraph) -> Vec<Named<'_>> {
    let mut named = Vec::with_capacity(graph.packages().len());
    named.extend(graph.iter().filter(|(_, package)| is_third_party(package)).map(|(id, package)| {
        let name = package.name.as_str();
        (Index::place(name), name, id)
    }));
    named.sort_unstable();
    named
}

fn is_same_name(one: &Named<'_>, other: &Named<'_>) -> bool {
    one.1 == other.1
}

/// About the middle, between two names. The second thread has to be started first.
fn middle(named: &[Named<'_>]) -> usize {
    let half = named.len() * 53 / 100;
    let more = named[half..].iter().take_while(|other| is_same_name(&named[half - 1], other));
    half + more.count()
}

/// The copies of each release of one name, in the order of the graph. Copies of different origin are different
/// releases, even of one version.
fn releases(graph: &DependencyGraph, same_name: &[Named<'_>]) -> Vec<Vec<PackageId>> {
    let mut releases: Vec<Vec<PackageId>> = Vec::new();
    // The places of releases, once there are too many to look through.
    let mut places: HashMap<(&str, bool), usize> = HashMap::new();
    let key = |id: PackageId| {
        let package = graph.package(id);
        (&*package.version_text, is_registry(package))
    };
    for &(_, _, id) in same_name {
        let place = match releases.len() {
            0..=FEW_RELEASES => releases.iter().position(|copies| key(copies[0]) == key(id)),
            _ => places.get(&key(id)).copied(),
        };
        match place {
            Some(place) => releases[place].push(id),
            None => {
                releases.push(vec![id]);
                let new = match releases.len() - 1 {
                    FEW_RELEASES => 0..releases.len(),
                    last => last..releases.len(),
                };
                if releases.len() > FEW_RELEASES {
                    places.extend(new.map(|place| (key(releases[place][0]), place)));
                }
            }
        }
    }
    releases
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

/// Whether its bytes are those that the registry has by this name: from it, or by a URL of its form.
fn is_published(package: &Package) -> bool {
    match &package.origin {
        Origin::Registry { .. } => true,
        Origin::Http { url } => TarballUrl::of(url).is_some_and(|named| named.names(package)),
        _ => false,
    }
}

/// The version, as npm reads it where it does not insist on form.
fn version_of(package: &Package) -> Option<Version> {
    package.version.clone().or_else(|| Version::clean(&package.version_text, Syntax::Loose).ok())
}

fn is_hit(package: &Package, affected: &Affected) -> bool {
    let holds = match version_of(package) {
        Some(version) => affected.contains(&version),
        // A release whose version nobody can read is affected if the record lists that text or every version.
        None => affected.contains_text(&package.version_text) || affected.is_everything(),
    };
    holds && (is_published(package) || !affected.malware)
}

fn finding(graph: &DependencyGraph, copies: &[PackageId], flaw: Flaw<'_>, paths: &Paths<'_>) -> Finding {
    let first = graph.package(copies[0]);
    let subject = Subject::Release { name: first.name.clone(), version: first.version_text.clone() };
    let mut finding = flaw.finding(subject, graph.place(copies[0]));
    finding.production = copies.iter().any(|&id| is_production(graph.package(id)));
    finding.paths = paths.to_any(copies, MAX_PATHS);
    finding.evidence.extend(origin_evidence(first));
    if !is_registry(first) || copies.iter().all(|&id| graph.package(id).patched) {
        finding.confidence = Confidence::Medium;
    }
    let aliases: BTreeSet<&str> = copies.iter().flat_map(|&id| graph.aliases(id)).collect();
    if !aliases.is_empty() {
        let value = aliases.into_iter().collect::<Vec<_>>().join(", ");
        finding.evidence.push(Evidence { label: "required as", value, place: None });
    }
    if copies.len() > 1 {
        let places = copies.iter().filter_map(|&id| graph.package(id).folder.as_deref()).take(10);
        let value = format!("{} copies {}", copies.len(), places.collect::<Vec<_>>().join(", "));
        finding.evidence.push(Evidence { label: "copies", value: value.trim_end().to_owned(), place: None });
    }
    finding
}

/// What nothing reaches is there all the same: the worse is assumed.
fn is_production(package: &Package) -> bool {
    package.reach.production || !package.reach.development
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

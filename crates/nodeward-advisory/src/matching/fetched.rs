//! Releases that come under the name of another: the tarball's URL decides what is installed, not the entry it stands in.

use std::collections::BTreeMap;

use nodeward_package::{DependencyGraph, Origin, Package, PackageId, PackageName, TarballUrl, Version};
use nodeward_report::{Confidence, Evidence, Finding, Subject};

use super::paths::Paths;
use super::{Flaw, MAX_PATHS, by_identity};
use crate::index::{Affected, Index, IndexError};

/// What is known of the releases that are fetched in the place of others.
pub(super) fn scan(
    graph: &DependencyGraph,
    index: &Index,
    paths: &Paths<'_>,
    findings: &mut Vec<(PackageId, Finding)>,
) -> Result<(), IndexError> {
    let mut fetched: BTreeMap<(PackageName, String), Vec<PackageId>> = BTreeMap::new();
    for (id, package) in graph.iter() {
        let Some(named) = other(package) else { continue };
        let Ok(name) = PackageName::parse(&named.name) else { continue };
        let version = named.version().unwrap_or_default().to_owned();
        fetched.entry((name, version)).or_default().push(id);
    }
    for ((name, version_text), copies) in fetched {
        let version = Version::parse(&version_text).ok();
        let holds = |affected: &Affected| match &version {
            Some(version) => affected.contains(version),
            None => affected.contains_text(&version_text) || affected.is_everything(),
        };
        let hits: Vec<Affected> = index.affecting(name.as_str())?.into_iter().filter(holds).collect();
        for same_flaw in by_identity(&hits) {
            let flaw = Flaw::read(index, name.as_str(), &same_flaw)?;
            let subject = Subject::Release { name: name.clone(), version: version_text.clone().into() };
            let mut finding = flaw.finding(subject, graph.place(copies[0]));
            finding.production = copies.iter().any(|&id| super::is_production(graph.package(id)));
            finding.paths = paths.to_any(&copies, MAX_PATHS);
            finding.confidence = Confidence::Medium;
            let value = graph.package(copies[0]).label();
            finding.evidence.push(Evidence { label: "fetched in place of", value, place: None });
            findings.push((copies[0], finding));
        }
    }
    Ok(())
}

/// The version that the tarball's URL names.
pub(super) fn version(package: &Package) -> Option<Version> {
    let named = tarball(package).filter(|named| named.names(package))?;
    Version::parse(named.version()?).ok()
}

/// What the tarball's URL names, where it is not what the entry says.
fn other(package: &Package) -> Option<TarballUrl<'_>> {
    let url = tarball_url(package)?;
    if package.version.is_some() && TarballUrl::ends_as_named(url, package) {
        return None;
    }
    let named = TarballUrl::of(url)?;
    let says_more =
        package.version.is_none() && super::version_of(package).is_none() && named.version().is_some();
    (says_more || named.names_other_than(package)).then_some(named)
}

fn tarball(package: &Package) -> Option<TarballUrl<'_>> {
    TarballUrl::of(tarball_url(package)?)
}

fn tarball_url(package: &Package) -> Option<&str> {
    match &package.origin {
        Origin::Registry { resolved: Some(url) } | Origin::Http { url } => Some(url),
        _ => None,
    }
}

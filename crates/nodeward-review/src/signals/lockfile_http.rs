//! Tarballs that the lockfile fetches over plain http.

use std::borrow::Cow;
use std::collections::BTreeMap;

use nodeward_package::{Origin, Package, PackageId, WebAddress};
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::{Context, Project};
use crate::signal::{Signal, clip};

pub(crate) const SIGNAL: Signal = Signal {
    id: "lockfile-http",
    summary: "the lockfile fetches tarballs over plain http",
    threat: Threat::Mtp,
    severity: Severity::High,
    confidence: Confidence::High,
    docs: include_str!("lockfile_http.md"),
    check,
};

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    context.projects.iter().flat_map(|project| in_project(signal, project)).collect()
}

fn in_project(signal: &Signal, project: &Project<'_>) -> Vec<Finding> {
    let mut by_host: BTreeMap<Cow<'_, str>, Vec<PackageId>> = BTreeMap::new();
    for (id, package) in project.entries(|package| plain_host(package).is_some()) {
        if let Some(host) = plain_host(package) {
            by_host.entry(host).or_default().push(id);
        }
    }
    let finding = |(host, packages): (Cow<'_, str>, Vec<PackageId>)| {
        let title = |count: &str| format!("{count} fetched over http from {}", clip(&host));
        let mut finding = signal.group(project.graph, &packages, title, resolved)?;
        let checked = packages.iter().all(|&id| {
            let integrity = &project.graph.package(id).integrity;
            integrity.as_ref().is_some_and(|integrity| integrity.strongest().algorithm.is_sound())
        });
        if checked {
            // Somebody on the way sees what is installed, but can't change it.
            finding.severity = Severity::Low;
        }
        finding.next_step =
            Some("replace http:// by https:// in the lockfile, and in the registry's setting".into());
        Some(finding)
    };
    by_host.into_iter().filter_map(finding).collect()
}

fn resolved(package: &Package) -> String {
    match &package.origin {
        Origin::Registry { resolved: Some(url) } => url.to_string(),
        _ => String::new(),
    }
}

fn plain_host(package: &Package) -> Option<Cow<'_, str>> {
    let Origin::Registry { resolved: Some(url) } = &package.origin else { return None };
    // Nearly all are: no need to take them apart.
    if url.starts_with("https:") {
        return None;
    }
    let address = WebAddress::parse(url)?;
    (address.scheme == "http" && !address.is_this_machine()).then_some(address.host)
}

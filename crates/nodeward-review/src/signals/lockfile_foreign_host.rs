//! Tarballs that come from another host than the registry.

use std::borrow::Cow;
use std::collections::BTreeMap;

use nodeward_package::{NpmConfig, Origin, Package, PackageId, WebAddress};
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::{Context, Project};
use crate::signal::{Signal, clip, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "lockfile-foreign-host",
    summary: "the lockfile fetches tarballs from a host that is no configured registry",
    threat: Threat::Mtp,
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    docs: include_str!("lockfile_foreign_host.md"),
    check,
};

/// With no registry configured, a host that serves more than this part of a lockfile is no stray.
const STRAY_SHARE_PERCENT: usize = 20;

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    context.projects.iter().flat_map(|project| in_project(signal, project, context.npm)).collect()
}

fn in_project(signal: &Signal, project: &Project<'_>, npm: &NpmConfig) -> Vec<Finding> {
    let mut by_host: BTreeMap<Cow<'_, str>, Vec<PackageId>> = BTreeMap::new();
    for (id, package) in project.entries(|package| !url(package).is_empty()) {
        if let Some(host) = host(package) {
            by_host.entry(host).or_default().push(id);
        }
    }
    let all: usize = by_host.values().map(Vec::len).sum();
    let configured: Vec<Cow<'_, str>> =
        npm.registries().filter_map(|setting| Some(WebAddress::parse(&setting.value)?.host)).collect();
    // The host of most packages is where the lockfile was made: another registry than the configured one, but no
    // stray. npm exchanges it when it installs.
    let usual = by_host.iter().max_by_key(|(_, packages)| packages.len()).map(|(host, _)| host.clone());
    let mut findings = Vec::new();
    for (host, packages) in &by_host {
        if configured.contains(host) || Some(host) == usual.as_ref() {
            continue;
        }
        if configured.is_empty() && packages.len() * 100 > all * STRAY_SHARE_PERCENT {
            continue;
        }
        let title = |count: &str| format!("{count} from {}, not from the registry", clip(host));
        let Some(mut finding) =
            signal.group(project.graph, packages, title, |package| url(package).to_owned())
        else {
            continue;
        };
        if configured.is_empty() {
            finding.severity = Severity::Low;
            finding.confidence = Confidence::Low;
        }
        let compared =
            if configured.is_empty() { usual.clone().into_iter().collect() } else { configured.clone() };
        finding.evidence.push(fact_of("registry", clip(&compared.join(", "))));
        finding.next_step =
            Some("check who added the entry; if the host is yours, name it in .npmrc as a registry".into());
        findings.push(finding);
    }
    findings
}

fn url(package: &Package) -> &str {
    match &package.origin {
        Origin::Registry { resolved: Some(url) } => url,
        _ => "",
    }
}

fn host(package: &Package) -> Option<Cow<'_, str>> {
    WebAddress::parse(url(package)).map(|address| address.host)
}

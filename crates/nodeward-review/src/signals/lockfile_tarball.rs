//! Tarball URLs that name another package or version than the entry they stand in.

use nodeward_package::{Origin, TarballUrl};
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::{Context, Project};
use crate::signal::{Signal, clip, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "lockfile-tarball",
    summary: "a tarball's URL names another package or version than its entry",
    threat: Threat::Mtp,
    severity: Severity::High,
    confidence: Confidence::High,
    docs: include_str!("lockfile_tarball.md"),
    check,
};

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    context.projects.iter().flat_map(|project| in_project(signal, project)).collect()
}

fn in_project(signal: &Signal, project: &Project<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, package) in project.graph.iter() {
        let Origin::Registry { resolved: Some(url) } = &package.origin else { continue };
        if TarballUrl::ends_as_named(url, package) {
            continue;
        }
        let Some(named) = TarballUrl::of(url).filter(|named| named.names_other_than(package)) else {
            continue;
        };
        let mut finding = signal.release(
            project.graph,
            id,
            format!("{} is fetched from the tarball of {}", package.label(), clip(&named.label())),
        );
        finding.evidence.push(fact_of("resolved", clip(url)));
        finding.next_step =
            Some("restore the entry from a lockfile that you trust, and find out who changed it".into());
        findings.push(finding);
    }
    findings
}

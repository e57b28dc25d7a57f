//! Releases that come from a URL that is no registry's.

use nodeward_package::{Origin, WebAddress};
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::{Context, Project};
use crate::signal::{Signal, clip, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "dependency-http",
    summary: "a dependency comes from a URL instead of a registry",
    threat: Threat::Mtp,
    severity: Severity::Medium,
    confidence: Confidence::High,
    docs: include_str!("dependency_http.md"),
    check,
};

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    context.projects.iter().flat_map(|project| in_project(signal, project)).collect()
}

fn in_project(signal: &Signal, project: &Project<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, package) in project.releases_from(|origin| matches!(origin, Origin::Http { .. })) {
        let Origin::Http { url } = &package.origin else { continue };
        let checked =
            package.integrity.as_ref().is_some_and(|integrity| integrity.strongest().algorithm.is_sound());
        let plain = WebAddress::parse(url)
            .is_some_and(|address| address.scheme == "http" && !address.is_this_machine());
        let without = if checked { "" } else { ", unchecked" };
        let over = if plain { "plain http" } else { "a URL" };
        let mut finding =
            signal.release(project.graph, id, format!("{} comes from {over}{without}", package.label()));
        finding.severity = match (plain, checked) {
            (true, false) => Severity::High,
            (true, true) | (false, false) => Severity::Medium,
            (false, true) => Severity::Low,
        };
        finding.evidence.push(fact_of("url", clip(url)));
        finding.next_step = Some(if checked {
            "use a published release: advisories do not reach a URL".into()
        } else {
            "use a published release, or a lockfile that holds its integrity".into()
        });
        findings.push(finding);
    }
    findings
}

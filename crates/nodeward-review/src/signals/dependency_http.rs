//! Releases that come from a URL that is no registry's.

use nodeward_package::{Origin, Package, WebAddress};
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::Context;
use crate::signal::{Said, Signal, clip, fact_of};

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
    signal.releases_from(context, |origin| matches!(origin, Origin::Http { .. }), say)
}

fn say(package: &Package) -> Option<Said> {
    let Origin::Http { url } = &package.origin else { return None };
    let checked =
        package.integrity.as_ref().is_some_and(|integrity| integrity.strongest().algorithm.is_sound());
    let plain =
        WebAddress::parse(url).is_some_and(|address| address.scheme == "http" && !address.is_this_machine());
    let over = if plain { "plain http" } else { "a URL" };
    let without = if checked { "" } else { ", unchecked" };
    Some(Said {
        title: format!("{} comes from {over}{without}", package.label()),
        severity: match (plain, checked) {
            (true, false) => Severity::High,
            (true, true) | (false, false) => Severity::Medium,
            (false, true) => Severity::Low,
        },
        evidence: vec![fact_of("url", clip(url))],
        next_step: if checked {
            "use a published release: advisories do not reach a URL"
        } else {
            "use a published release, or a lockfile that holds its integrity"
        },
    })
}

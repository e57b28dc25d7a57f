//! Install scripts that run because nothing says otherwise.

use nodeward_package::{Format, Place};
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::{Context, Project};
use crate::signal::{Signal, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "npmrc-ignore-scripts",
    summary: "install scripts of dependencies run by default",
    threat: Threat::Mtp,
    severity: Severity::Low,
    confidence: Confidence::Medium,
    docs: include_str!("npmrc_ignore_scripts.md"),
    check,
};

/// From these major versions on, scripts of dependencies run only if the project allows them.
const NPM_ASKS_FROM: u64 = 12;
const PNPM_ASKS_FROM: u64 = 10;

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    if context.npm.switch("ignore-scripts", false) {
        return Vec::new();
    }
    context.projects.iter().filter_map(|project| finding(signal, context, project)).collect()
}

fn finding(signal: &Signal, context: &Context<'_>, project: &Project<'_>) -> Option<Finding> {
    if !runs_by_default(project) {
        return None;
    }
    let with_scripts = project.releases().filter(|(_, package)| package.install_script == Some(true)).count();
    // Nothing that would run: nothing to report.
    if with_scripts == 0 {
        return None;
    }
    let explicit = context.npm.get("ignore-scripts");
    let place = explicit
        .map_or_else(|| Place::file(project.graph.file().to_path_buf()), |setting| setting.place.clone());
    let mut finding = signal.file(place, "install scripts of dependencies run unasked");
    finding.evidence.push(fact_of("releases with one", with_scripts.to_string()));
    finding.next_step =
        Some("set ignore-scripts=true in .npmrc, and rebuild the few that need theirs".into());
    Some(finding)
}

fn runs_by_default(project: &Project<'_>) -> bool {
    let major =
        |name: &str| project.package_manager().filter(|(known, _)| *known == name).map(|(_, major)| major);
    match project.graph.format() {
        Format::NpmPackageLock => major("npm").is_none_or(|major| major < NPM_ASKS_FROM),
        Format::YarnClassic => true,
        // The lockfile looks the same before and after the change, so only a project that says counts.
        Format::Pnpm => major("pnpm").is_some_and(|major| major < PNPM_ASKS_FROM),
        _ => false,
    }
}

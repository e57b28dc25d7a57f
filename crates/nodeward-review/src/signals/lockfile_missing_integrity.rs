//! Registry packages without a digest.

use nodeward_package::{Format, Origin, Package};
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::{Context, Project};
use crate::signal::Signal;

pub(crate) const SIGNAL: Signal = Signal {
    id: "lockfile-missing-integrity",
    summary: "the lockfile has no digest to check a package against",
    threat: Threat::Mtp,
    severity: Severity::Medium,
    confidence: Confidence::High,
    docs: include_str!("lockfile_missing_integrity.md"),
    check,
};

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    context.projects.iter().filter_map(|project| in_project(signal, project)).collect()
}

fn in_project(signal: &Signal, project: &Project<'_>) -> Option<Finding> {
    let graph = project.graph;
    // Yarn berry's checksums are of its own archives and may be switched off; the others are no lockfiles.
    if !matches!(graph.format(), Format::NpmPackageLock | Format::YarnClassic | Format::Pnpm | Format::Bun) {
        return None;
    }
    let unchecked: Vec<_> = project.entries(is_unchecked).map(|(id, _)| id).collect();
    let mut finding =
        signal.group(graph, &unchecked, |count| format!("{count} without integrity"), |_| String::new())?;
    if unchecked.len() > 1 && unchecked.len() == project.entries(comes_from_a_registry).count() {
        finding.details = Some(
            "None of the lockfile's packages has one: an old npm wrote it, or the registry gives none."
                .into(),
        );
    }
    finding.next_step = Some(
        "delete the lockfile's entries for them and install again with a current package manager".into(),
    );
    Some(finding)
}

fn comes_from_a_registry(package: &Package) -> bool {
    matches!(package.origin, Origin::Registry { .. }) && !package.bundled
}

fn is_unchecked(package: &Package) -> bool {
    comes_from_a_registry(package) && package.integrity.is_none() && package.unreadable_integrity.is_none()
}

//! Digests that nobody can check.

use nodeward_package::Package;
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::{Context, Project};
use crate::signal::Signal;

pub(crate) const SIGNAL: Signal = Signal {
    id: "lockfile-unreadable-integrity",
    summary: "a package's integrity is no digest that can be checked",
    threat: Threat::Mtp,
    severity: Severity::Medium,
    confidence: Confidence::High,
    docs: include_str!("lockfile_unreadable_integrity.md"),
    check,
};

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    context.projects.iter().filter_map(|project| in_project(signal, project)).collect()
}

fn in_project(signal: &Signal, project: &Project<'_>) -> Option<Finding> {
    let unreadable: Vec<_> = project
        .entries(|package| package.unreadable_integrity.is_some() && package.integrity.is_none())
        .map(|(id, _)| id)
        .collect();
    let text = |package: &Package| package.unreadable_integrity.as_deref().unwrap_or_default().to_owned();
    let mut finding = signal.group(
        project.graph,
        &unreadable,
        |count| format!("{count} with an integrity that nobody can read"),
        text,
    )?;
    finding.next_step = Some("compare the entry with the last good lockfile, and install again".into());
    Some(finding)
}

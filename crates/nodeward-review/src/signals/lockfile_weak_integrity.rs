//! Registry packages whose only digest can be forged.

use nodeward_package::{Package, integrity::Algorithm};
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::{Context, Project};
use crate::signal::Signal;

pub(crate) const SIGNAL: Signal = Signal {
    id: "lockfile-weak-integrity",
    summary: "a package is checked against SHA-1 or MD5 alone",
    threat: Threat::Cry,
    severity: Severity::Low,
    confidence: Confidence::High,
    docs: include_str!("lockfile_weak_integrity.md"),
    check,
};

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    context.projects.iter().filter_map(|project| in_project(signal, project)).collect()
}

fn in_project(signal: &Signal, project: &Project<'_>) -> Option<Finding> {
    let weak: Vec<_> = project.entries(|package| weakness(package).is_some()).map(|(id, _)| id).collect();
    let name = |package: &Package| weakness(package).map_or("", Algorithm::name).to_owned();
    let mut finding =
        signal.group(project.graph, &weak, |count| format!("{count} checked by SHA-1 or MD5 only"), name)?;
    finding.next_step = Some("install again with a current package manager, which writes sha512".into());
    Some(finding)
}

fn weakness(package: &Package) -> Option<Algorithm> {
    let algorithm = package.integrity.as_ref()?.strongest().algorithm;
    (!algorithm.is_sound()).then_some(algorithm)
}

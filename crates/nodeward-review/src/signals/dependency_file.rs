//! Releases that come from a folder outside the project.

use nodeward_package::Origin;
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::{Context, Project};
use crate::signal::{Signal, clip, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "dependency-file",
    summary: "a dependency comes from a folder outside the project",
    threat: Threat::Lqc,
    severity: Severity::Low,
    confidence: Confidence::High,
    docs: include_str!("dependency_file.md"),
    check,
};

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    context.projects.iter().flat_map(|project| in_project(signal, project)).collect()
}

fn in_project(signal: &Signal, project: &Project<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, package) in project.releases_from(|origin| matches!(origin, Origin::File { .. })) {
        let Origin::File { path } = &package.origin else { continue };
        if !leaves_the_project(path) {
            continue;
        }
        let title = format!("{} comes from outside the project", package.label());
        let mut finding = signal.release(project.graph, id, title);
        finding.evidence.push(fact_of("path", clip(path)));
        finding.next_step = Some(
            "move it into the workspace, or publish it: another machine has another folder there".into(),
        );
        findings.push(finding);
    }
    findings
}

fn leaves_the_project(path: &str) -> bool {
    let path =
        ["file:", "link:", "portal:"].iter().find_map(|scheme| path.strip_prefix(scheme)).unwrap_or(path);
    let drive = path.as_bytes().get(1) == Some(&b':');
    if path.starts_with(['/', '\\', '~']) || drive {
        return true;
    }
    let mut depth = 0_i64;
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => depth -= 1,
            _ => depth += 1,
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

//! Releases that come from a folder outside the project.

use nodeward_package::{Origin, Package};
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::Context;
use crate::signal::{Said, Signal, clip, fact_of};

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
    signal.releases_from(context, |origin| matches!(origin, Origin::File { .. }), say)
}

fn say(package: &Package) -> Option<Said> {
    let Origin::File { path } = &package.origin else { return None };
    leaves_the_project(path).then(|| Said {
        title: format!("{} comes from outside the project", package.label()),
        severity: SIGNAL.severity,
        evidence: vec![fact_of("path", clip(path))],
        next_step: "move it into the workspace, or publish it: another machine has another folder there",
    })
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

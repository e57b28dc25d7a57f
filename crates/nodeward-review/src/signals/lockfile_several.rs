//! Lockfiles of several package managers side by side.

use std::collections::BTreeSet;
use std::path::Path;

use nodeward_package::Place;
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::Context;
use crate::signal::{Signal, clip, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "lockfile-several",
    summary: "lockfiles of several package managers stand side by side",
    threat: Threat::Dex,
    severity: Severity::Low,
    confidence: Confidence::High,
    docs: include_str!("lockfile_several.md"),
    check,
};

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    let mut done: BTreeSet<&Path> = BTreeSet::new();
    let mut findings = Vec::new();
    for project in context.projects {
        let managers: BTreeSet<&str> = project.lockfiles.iter().filter_map(|file| manager(file)).collect();
        let Some(first) = project.lockfiles.first() else { continue };
        if managers.len() < 2 || !done.insert(first.parent().unwrap_or(Path::new(""))) {
            continue;
        }
        let names: Vec<&str> = managers.into_iter().collect();
        let mut finding =
            signal.file(Place::file(first), format!("lockfiles of {} side by side", names.join(" and ")));
        for file in project.lockfiles {
            finding.evidence.push(fact_of("lockfile", clip(&file.display().to_string())));
        }
        finding.next_step = Some("keep the one that you install from, and delete the others".into());
        findings.push(finding);
    }
    findings
}

fn manager(file: &Path) -> Option<&'static str> {
    match file.file_name()?.to_str()? {
        "package-lock.json" | "npm-shrinkwrap.json" => Some("npm"),
        "yarn.lock" => Some("yarn"),
        "pnpm-lock.yaml" => Some("pnpm"),
        "bun.lock" | "bun.lockb" => Some("bun"),
        _ => None,
    }
}

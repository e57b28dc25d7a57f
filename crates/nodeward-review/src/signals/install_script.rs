//! Releases that run code when they are installed.

use std::collections::BTreeMap;

use nodeward_package::{Package, PackageId};
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::{Context, InstalledPackage, Project};
use crate::install::{Judged, Role, State};
use crate::signal::{Signal, clip, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "install-script",
    summary: "a release runs code when it is installed",
    threat: Threat::Mtp,
    severity: Severity::Info,
    confidence: Confidence::High,
    docs: include_str!("install_script.md"),
    check,
};

/// Names whose releases are known to have an install script, for lockfiles that do not tell.
const KNOWN: &[&str] = &[
    "@parcel/watcher",
    "@swc/core",
    "bcrypt",
    "better-sqlite3",
    "canvas",
    "core-js",
    "core-js-pure",
    "cpu-features",
    "cypress",
    "deasync",
    "electron",
    "esbuild",
    "ffi-napi",
    "fsevents",
    "grpc",
    "iconv",
    "isolated-vm",
    "keytar",
    "leveldown",
    "libxmljs",
    "microtime",
    "msgpackr-extract",
    "node-sass",
    "nodegit",
    "nx",
    "playwright",
    "protobufjs",
    "puppeteer",
    "re2",
    "ref-napi",
    "robotjs",
    "scrypt",
    "serialport",
    "sharp",
    "sqlite3",
    "ssh2",
    "unrs-resolver",
    "utf-8-validate",
    "bufferutil",
    "zeromq",
];

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    context.projects.iter().flat_map(|project| in_project(signal, project)).collect()
}

fn in_project(signal: &Signal, project: &Project<'_>) -> Vec<Finding> {
    let installed: BTreeMap<&str, &InstalledPackage> =
        project.installed_packages.iter().map(|package| (&*package.folder, package)).collect();
    let on_disk = |package: &Package| installed.get(package.folder.as_deref()?).copied();
    project
        .releases()
        .filter_map(|(id, package)| match project.scripts_of(package) {
            Some(judged) if judged.item.read().is_some() || !is_open(judged) => {
                read(signal, project, id, judged)
            }
            _ => one(signal, project, id, package, on_disk(package)),
        })
        .collect()
}

/// Whether nobody has decided yet, and no other signal says so.
fn is_open(judged: &Judged<'_>) -> bool {
    matches!(judged.state, State::Undecided | State::Expired(_)) && !judged.item.is_hidden()
}

/// Of a release whose scripts were read.
fn read(signal: &Signal, project: &Project<'_>, id: PackageId, judged: &Judged<'_>) -> Option<Finding> {
    if !is_open(judged) {
        return None;
    }
    let says =
        if judged.item.role == Role::Git { "its manifest, as a git repository" } else { "its manifest" };
    let title = format!("{} runs a script when installed", judged.item.label());
    let mut finding = signal.release(project.graph, id, title);
    finding.severity = judged.severity();
    finding.evidence.push(fact_of("said by", says));
    add_evidence(&mut finding, judged);
    if let State::Expired(allow) = judged.state {
        finding.evidence.push(fact_of("allowed", format!("until a day that is past, by {}", allow.place)));
    }
    finding.next_step = Some(format!(
        "install with --ignore-scripts, read it (nodeward install-scripts --explain {}), and allow it or deny it",
        clip(judged.item.name.as_str())
    ));
    Some(finding)
}

/// What the scripts are and do.
pub(super) fn add_evidence(finding: &mut Finding, judged: &Judged<'_>) {
    for script in judged.item.read().into_iter().flat_map(|read| &read.scripts) {
        let implied = if script.implicit { " (implied by binding.gyp)" } else { "" };
        finding
            .evidence
            .push(fact_of("script", format!("{}: {}{implied}", script.stage, clip(&script.command))));
    }
    if let Some(summary) = judged.summary() {
        finding.evidence.push(fact_of("does", clip(&summary)));
    }
}

fn one(
    signal: &Signal,
    project: &Project<'_>,
    id: PackageId,
    package: &Package,
    on_disk: Option<&InstalledPackage>,
) -> Option<Finding> {
    let scripts = on_disk.map_or(&[][..], |package| &package.install_scripts);
    let builds = on_disk.is_some_and(|package| package.binding_gyp) && scripts.is_empty();
    let (says, confidence) = match package.install_script {
        _ if !scripts.is_empty() || builds => ("its manifest", Confidence::High),
        Some(true) => ("the lockfile", Confidence::High),
        None if on_disk.is_none() && KNOWN.contains(&package.name.as_str()) => {
            ("known of other releases", Confidence::Medium)
        }
        _ => return None,
    };
    let mut finding =
        signal.release(project.graph, id, format!("{} runs a script when installed", package.label()));
    finding.confidence = confidence;
    finding.evidence.push(fact_of("said by", says));
    for (stage, command) in scripts {
        finding.evidence.push(fact_of("script", format!("{stage}: {}", clip(command))));
    }
    if builds {
        finding.evidence.push(fact_of("script", "install: node-gyp rebuild (implied by binding.gyp)"));
    }
    finding.next_step =
        Some("install with --ignore-scripts, and run only the scripts that you have read".into());
    Some(finding)
}

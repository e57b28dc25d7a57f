//! Releases that run code when they are installed.

use std::collections::BTreeMap;

use nodeward_package::{Package, PackageId};
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::{Context, InstalledPackage, Project};
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
        .filter_map(|(id, package)| one(signal, project, id, package, on_disk(package)))
        .collect()
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

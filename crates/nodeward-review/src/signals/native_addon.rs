//! Releases with machine code in them.

use nodeward_package::{DependencyGraph, EdgeKind, Package, PackageId};
use nodeward_report::{Confidence, Finding, Severity, Threat};
use rustc_hash::FxHashSet;

use crate::context::{Context, Project};
use crate::signal::{Signal, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "native-addon",
    summary: "a release brings machine code",
    threat: Threat::Bof,
    severity: Severity::Info,
    confidence: Confidence::Medium,
    docs: include_str!("native_addon.md"),
    check,
};

/// What a package requires only in order to build or to load machine code of its own.
const BUILD_HELPERS: &[&str] = &[
    "@mapbox/node-pre-gyp",
    "bindings",
    "cmake-js",
    "nan",
    "napi-macros",
    "node-addon-api",
    "node-gyp",
    "node-gyp-build",
    "node-gyp-build-optional-packages",
    "node-pre-gyp",
    "prebuild-install",
    "napi-build-utils",
];

/// Names that are add-ons although nothing in a lockfile tells.
const KNOWN: &[&str] =
    &["fsevents", "node-sass", "isolated-vm", "sqlite3", "@parcel/watcher", "robotjs", "nodegit"];

/// Packages of tools that build add-ons; they require the helpers without being add-ons.
const BUILDERS: &[&str] = &[
    "npm",
    "node-gyp",
    "node-gyp-build",
    "prebuild-install",
    "@npmcli/run-script",
    "@mapbox/node-pre-gyp",
    "node-pre-gyp",
    "prebuild",
    "prebuildify",
    "@electron/rebuild",
    "@yarnpkg/plugin-compat",
    "pnpm",
];

const SYSTEMS: &[&str] =
    &["linux", "linuxmusl", "darwin", "win32", "freebsd", "android", "openbsd", "netbsd", "sunos", "aix"];
const PROCESSORS: &[&str] = &[
    "x64",
    "ia32",
    "arm64",
    "arm",
    "ppc64",
    "ppc64le",
    "s390x",
    "riscv64",
    "loong64",
    "mips64el",
    "universal",
    "64",
    "32",
];

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    context.projects.iter().flat_map(|project| in_project(signal, project)).collect()
}

fn in_project(signal: &Signal, project: &Project<'_>) -> Vec<Finding> {
    let with_gyp: FxHashSet<&str> = project
        .installed_packages
        .iter()
        .filter(|package| package.binding_gyp)
        .map(|package| &*package.folder)
        .collect();
    let releases = project.releases().filter_map(|(id, package)| {
        let on_disk = package.folder.as_deref().is_some_and(|folder| with_gyp.contains(folder));
        let reason = if on_disk {
            Some("it has a binding.gyp".to_owned())
        } else {
            reason(project.graph, id, package)
        };
        Some((id, package, reason?))
    });
    let finding = |(id, package, reason): (PackageId, &Package, String)| {
        let mut finding =
            signal.release(project.graph, id, format!("{} brings machine code", package.label()));
        finding.evidence.push(fact_of("because", reason));
        finding.next_step = Some(
            "keep it current: memory safety ends at its edge; prefer one in JavaScript or WebAssembly".into(),
        );
        finding
    };
    releases.map(finding).collect()
}

fn reason(graph: &DependencyGraph, id: PackageId, package: &Package) -> Option<String> {
    if KNOWN.contains(&package.name.as_str()) {
        return Some("known of this package".into());
    }
    if BUILDERS.contains(&package.name.as_str()) {
        return None;
    }
    let edges = graph
        .dependencies(id)
        .iter()
        .filter(|edge| edge.kind != EdgeKind::Development && !edge.kind.is_peer());
    let mut platforms = 0;
    for edge in edges {
        if BUILD_HELPERS.contains(&&*edge.name) && !edge.kind.is_optional() {
            return Some(format!("it requires {}", edge.name));
        }
        platforms += usize::from(edge.kind.is_optional() && names_a_platform(&edge.name));
    }
    (platforms >= 2).then(|| format!("it comes with binaries for {platforms} platforms"))
}

/// `@esbuild/linux-x64`, `@next/swc-win32-x64-msvc`.
fn names_a_platform(name: &str) -> bool {
    let words = || name.split(['-', '/', '_', '.']);
    words().any(|word| SYSTEMS.contains(&word)) && words().any(|word| PROCESSORS.contains(&word))
}

//! An installed tree that is not what the lockfile says.

use nodeward_package::{Origin, Package, PackageId};
use nodeward_report::{Confidence, Finding, Severity, Threat};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::context::{Context, Project};
use crate::signal::Signal;

pub(crate) const SIGNAL: Signal = Signal {
    id: "installed-differs",
    summary: "node_modules holds releases that the lockfile does not know",
    threat: Threat::Mtp,
    severity: Severity::Medium,
    confidence: Confidence::High,
    docs: include_str!("installed_differs.md"),
    check,
};

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    context.projects.iter().filter_map(|project| in_project(signal, project)).collect()
}

fn in_project(signal: &Signal, project: &Project<'_>) -> Option<Finding> {
    let installed = project.installed?;
    let locked: FxHashSet<(&str, &str)> = project
        .graph
        .packages()
        .iter()
        .map(|package| (package.name.as_str(), &*package.version_text))
        .collect();
    let by_name: FxHashMap<&str, &Package> =
        project.graph.packages().iter().map(|package| (package.name.as_str(), package)).collect();
    let is_known = |package: &Package| {
        let listed = locked.contains(&(package.name.as_str(), &*package.version_text));
        // What has no version in the lockfile (git, a folder) can't differ in it.
        let unversioned = by_name.get(package.name.as_str()).is_some_and(|known| {
            known.version_text.is_empty() || !matches!(known.origin, Origin::Registry { .. })
        });
        listed || unversioned
    };
    let foreign: Vec<PackageId> = installed
        .iter()
        .filter(|(_, package)| !package.origin.is_first_party() && !package.bundled && !is_known(package))
        .map(|(id, _)| id)
        .collect();
    let expected = |package: &Package| match by_name.get(package.name.as_str()) {
        Some(known) => format!("the lockfile has {}", known.version_text),
        None => "not in the lockfile".to_owned(),
    };
    let title = |count: &str| format!("{count} installed but not in the lockfile");
    let mut finding = signal.group(installed, &foreign, title, expected)?;
    finding.next_step =
        Some("delete node_modules and install from the lockfile (npm ci, --frozen-lockfile)".into());
    Some(finding)
}

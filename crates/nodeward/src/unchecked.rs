//! What a lockfile leaves unsaid, so that no advisory could be matched: told as a gap, never passed over.

use std::collections::HashSet;

use nodeward_advisory::{Index, matching};
use nodeward_package::graph::RemarkKind;
use nodeward_package::{EdgeKind, Format, Place};
use nodeward_report::{Gap, Printable};

use crate::database;
use crate::projects::Project;
use crate::session::Session;

/// Versions that nobody can read, of packages that have advisories.
pub(crate) fn versions(project: &Project, index: &Index, session: &Session) -> anyhow::Result<Option<Gap>> {
    let graph = &project.graph;
    // Manifests have no versions at all, and are a gap of their own.
    if graph.format() == Format::Manifest {
        return Ok(None);
    }
    let unchecked = matching::unchecked(graph, index).map_err(|error| database::damaged(session, &error))?;
    Ok(unchecked.first().map(|&first| {
        let package = graph.package(first);
        let version = match &*package.version_text {
            "" => "no version".to_owned(),
            text => format!("the version {:?}, which nobody can read", Printable(text).to_string()),
        };
        let message = format!(
            "{}: {} has {version}, so its advisories could not be matched{}",
            graph.place(first),
            package.name,
            and_more(unchecked.len() - 1)
        );
        gap(&message, "write the lockfile anew with the package manager that it belongs to, and scan again")
    }))
}

/// What the project requires and its lockfile does not have. `scan` has a finding for it.
pub(crate) fn requirements(project: &Project) -> Option<Gap> {
    let graph = &project.graph;
    if !matches!(
        graph.format(),
        Format::NpmPackageLock | Format::YarnClassic | Format::YarnBerry | Format::Pnpm | Format::Bun
    ) {
        return None;
    }
    let missing: Vec<_> = graph
        .roots()
        .iter()
        .flat_map(|&root| graph.dependencies(root))
        .filter(|edge| matches!(edge.kind, EdgeKind::Production | EdgeKind::Development))
        .filter(|edge| edge.to.is_none() && !is_local(&edge.specifier))
        .collect();
    let first = missing.first()?;
    let message = format!(
        "{}: {} is required but not in the lockfile, so it was not checked{}",
        graph.file().display(),
        first.name,
        and_more(missing.len() - 1)
    );
    Some(gap(&message, "install once, commit manifest and lockfile together, and scan again"))
}

/// What a lockfile refers to and does not have: one that was cut off between two entries looks whole.
pub(crate) fn lost(project: &Project) -> Option<Gap> {
    let graph = &project.graph;
    let mut said: Vec<String> = graph
        .remarks()
        .iter()
        .filter(|remark| remark.kind == RemarkKind::Lost)
        .map(|remark| format!("{}: {}", Place::at(graph.file().clone(), remark.position), remark.message))
        .collect();
    // These list whatever is required; others leave out what was not to be installed.
    if matches!(graph.format(), Format::YarnClassic | Format::YarnBerry) {
        let names: HashSet<&str> = graph.packages().iter().map(|package| package.name.as_str()).collect();
        let missing = graph.edges().iter().filter(|edge| {
            edge.to.is_none()
                && edge.kind == EdgeKind::Production
                && !graph.is_root(edge.from)
                && !is_local(&edge.specifier)
                && !names.contains(&*edge.name)
        });
        said.extend(missing.map(|edge| {
            let from = graph.package(edge.from).label();
            format!("{}: {from} requires {}, which is not in the lockfile", graph.place(edge.from), edge.name)
        }));
    }
    let first = said.first()?;
    let message = format!("{first}{}, so packages were not checked", and_more(said.len() - 1));
    Some(gap(&message, "write the lockfile anew with the package manager that it belongs to, and scan again"))
}

/// Whether a specifier means a folder on this machine.
fn is_local(specifier: &str) -> bool {
    ["file:", "link:", "portal:", "workspace:"].iter().any(|protocol| specifier.starts_with(protocol))
}

fn and_more(count: usize) -> String {
    if count == 0 { String::new() } else { format!(" (and {count} more)") }
}

fn gap(message: &str, remedy: &str) -> Gap {
    Gap { message: Printable(message).to_string(), remedy: remedy.to_owned() }
}

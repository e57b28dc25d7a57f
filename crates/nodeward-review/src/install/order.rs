//! Which scripts have to wait for which others.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use nodeward_package::{DependencyGraph, PackageId};

use super::inventory::dependencies_first;

/// For each folder of a package with scripts, those whose scripts come before: of what it requires, itself or through
/// packages without scripts, and of what really lies in it or around it, links followed. There is no circle: where
/// packages require each other, it is cut where [`dependencies_first`] cuts it.
pub(super) fn before(
    project: &Path,
    graph: &DependencyGraph,
    folders: &HashSet<&str>,
) -> HashMap<Box<str>, Vec<Box<str>>> {
    let folder =
        |id: PackageId| graph.package(id).folder.as_deref().filter(|folder| folders.contains(folder));
    let order: Vec<PackageId> = dependencies_first(graph);
    let units: Vec<(PackageId, &str)> = order.iter().filter_map(|&id| Some((id, folder(id)?))).collect();
    let real: HashMap<&str, PathBuf> = units.iter().map(|&(_, own)| (own, real(project, own))).collect();
    let overlap = |one: &str, other: &str| {
        one != other && (real[one].starts_with(&real[other]) || real[other].starts_with(&real[one]))
    };
    let mut before = HashMap::new();
    let mut earlier: HashSet<&str> = HashSet::new();
    for &(id, own) in &units {
        let mut waits: Vec<&str> = required(graph, id, &folder);
        waits.retain(|other| earlier.contains(other));
        // One is part of the other's copy: they can't run at once.
        waits.extend(earlier.iter().filter(|other| overlap(own, other)));
        waits.sort_unstable();
        waits.dedup();
        before.insert(own.into(), waits.into_iter().map(Box::from).collect());
        earlier.insert(own);
    }
    before
}

/// The nearest folders with scripts that a package requires.
fn required<'g>(
    graph: &'g DependencyGraph,
    start: PackageId,
    folder: &dyn Fn(PackageId) -> Option<&'g str>,
) -> Vec<&'g str> {
    let (mut seen, mut open, mut found) = (HashSet::from([start.index()]), vec![start], Vec::new());
    while let Some(id) = open.pop() {
        for to in graph.dependencies(id).iter().filter_map(|edge| edge.to) {
            if !seen.insert(to.index()) {
                continue;
            }
            match folder(to) {
                Some(folder) => found.push(folder),
                None => open.push(to),
            }
        }
    }
    found
}

/// Where a folder really lies. One that can't be found has its scripts run nowhere.
fn real(project: &Path, folder: &str) -> PathBuf {
    let path = project.join(folder);
    path.canonicalize().unwrap_or(path)
}

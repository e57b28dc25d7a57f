//! Which scripts have to wait for which others.

use std::collections::{HashMap, HashSet};

use nodeward_package::{DependencyGraph, PackageId};

use super::inventory::dependencies_first;

/// For each folder of a package with scripts, those whose scripts come before: of what it requires, itself or through
/// packages without scripts, and of what lies in it or around it. There is no circle: where packages require each
/// other, it is cut where [`dependencies_first`] cuts it.
pub(super) fn before(graph: &DependencyGraph, folders: &HashSet<&str>) -> HashMap<Box<str>, Vec<Box<str>>> {
    let folder =
        |id: PackageId| graph.package(id).folder.as_deref().filter(|folder| folders.contains(folder));
    let order: Vec<PackageId> = dependencies_first(graph);
    let units: Vec<(PackageId, &str)> = order.iter().filter_map(|&id| Some((id, folder(id)?))).collect();
    let mut before = HashMap::new();
    let mut earlier: HashSet<&str> = HashSet::new();
    for &(id, own) in &units {
        let mut waits: Vec<&str> = required(graph, id, &folder);
        waits.retain(|other| earlier.contains(other));
        // One is part of the other's copy: they can't run at once.
        waits.extend(earlier.iter().filter(|other| is_within(own, other) || is_within(other, own)));
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

fn is_within(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

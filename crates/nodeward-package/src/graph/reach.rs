//! What reaches each package, by the edges from the roots.

use super::{DependencyGraph, Edge, EdgeKind, PackageId, Reach};

/// Ways from a root that [`compute`] follows, one bit each: all four in one walk.
mod way {
    pub(super) const PRODUCTION: u8 = 1;
    pub(super) const DEVELOPMENT: u8 = 2;
    /// Over no optional edge.
    pub(super) const NEEDED: u8 = 4;
    /// Over no peer edge.
    pub(super) const OWN: u8 = 8;
}

/// The ways that pass an edge of a kind.
fn passing(kind: EdgeKind) -> u8 {
    let needed = if kind.is_optional() { 0 } else { way::NEEDED };
    let own = if kind.is_peer() { 0 } else { way::OWN };
    way::PRODUCTION | way::DEVELOPMENT | needed | own
}

/// Fills in [`Package::reach`](super::Package::reach) of what the roots lead to.
pub(super) fn compute(graph: &mut DependencyGraph) {
    let mut reached = vec![0_u8; graph.packages.len()];
    let mut queue: Vec<PackageId> = Vec::new();
    let arrive = |reached: &mut Vec<u8>, queue: &mut Vec<PackageId>, edge: &Edge, ways: u8| {
        if let Some(to) = edge.to
            && reached[to.index()] | ways != reached[to.index()]
        {
            reached[to.index()] |= ways;
            queue.push(to);
        }
    };
    for &root in &graph.roots {
        for edge in graph.dependencies(root) {
            let not_from_here = match edge.kind {
                EdgeKind::Development => way::PRODUCTION,
                _ => way::DEVELOPMENT,
            };
            arrive(&mut reached, &mut queue, edge, passing(edge.kind) & !not_from_here);
        }
    }
    // A package comes back only when a way is new to it: at most four times.
    while let Some(id) = queue.pop() {
        let ways = reached[id.index()];
        for edge in graph.dependencies(id).iter().filter(|edge| edge.kind != EdgeKind::Development) {
            arrive(&mut reached, &mut queue, edge, ways & passing(edge.kind));
        }
    }
    for (package, ways) in graph.packages.iter_mut().zip(reached) {
        if ways & (way::PRODUCTION | way::DEVELOPMENT) != 0 {
            package.reach = Reach {
                production: ways & way::PRODUCTION != 0,
                development: ways & way::DEVELOPMENT != 0,
                optional: ways & way::NEEDED == 0,
                peer: ways & way::OWN == 0,
            };
        }
    }
    for &root in &graph.roots {
        graph.packages[root.index()].reach.production = true;
    }
}

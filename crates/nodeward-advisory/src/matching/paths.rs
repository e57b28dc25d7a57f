//! Why a release is there: a few shortest paths from the project to it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use nodeward_package::{DependencyGraph, PackageId};

/// Partial paths looked at for one release. With the distances known almost every one looked at is part of an answer;
/// the limit is for graphs made to be bad.
const MAX_STEPS: usize = 20_000;

/// The distance of every package from the nearest root, computed once per graph.
pub(super) struct Paths<'a> {
    graph: &'a DependencyGraph,
    distance: Vec<u32>,
}

/// A walk from a release upwards: how long the whole path will be, how much of it is left, and its last step. Of walks
/// that promise the same the one nearest to a root goes on, so that a ladder of diamonds is not searched in its breadth.
type Walk = Reverse<(u32, u32, usize)>;

impl<'a> Paths<'a> {
    pub(super) fn new(graph: &'a DependencyGraph) -> Self {
        let mut distance = vec![u32::MAX; graph.packages().len()];
        let mut queue: VecDeque<PackageId> = graph.roots().iter().copied().collect();
        for root in graph.roots() {
            distance[root.index()] = 0;
        }
        while let Some(id) = queue.pop_front() {
            for target in graph.dependencies(id).iter().filter_map(|edge| edge.to) {
                if distance[target.index()] == u32::MAX {
                    distance[target.index()] = distance[id.index()] + 1;
                    queue.push_back(target);
                }
            }
        }
        Self { graph, distance }
    }

    /// Up to `limit` paths to any of the copies, as labels, root first, shortest first. A copy that no root reaches
    /// has none.
    pub(super) fn to_any(&self, copies: &[PackageId], limit: usize) -> Vec<Vec<String>> {
        // Steps point back at the step before them: a path is read off from its end.
        let mut steps: Vec<(PackageId, Option<usize>, u32)> = Vec::new();
        let mut queue: BinaryHeap<Walk> = BinaryHeap::new();
        for &copy in copies {
            if self.distance[copy.index()] != u32::MAX {
                let distance = self.distance[copy.index()];
                queue.push(Reverse((distance, distance, steps.len())));
                steps.push((copy, None, 0));
            }
        }
        let mut found: Vec<Vec<String>> = Vec::new();
        while let Some(Reverse((_, _, at))) = queue.pop() {
            let (id, _, length) = steps[at];
            if self.distance[id.index()] == 0 {
                let path = self.labels(&steps, at);
                if !found.contains(&path) {
                    found.push(path);
                }
                if found.len() >= limit {
                    break;
                }
                continue;
            }
            let mut parents: Vec<PackageId> = self.graph.dependents(id).map(|edge| edge.from).collect();
            parents.sort_unstable();
            parents.dedup();
            for parent in parents {
                let distance = self.distance[parent.index()];
                if distance != u32::MAX && steps.len() < MAX_STEPS && !is_on(&steps, at, parent) {
                    queue.push(Reverse((length + 1 + distance, distance, steps.len())));
                    steps.push((parent, Some(at), length + 1));
                }
            }
        }
        found
    }

    fn labels(&self, steps: &[(PackageId, Option<usize>, u32)], end: usize) -> Vec<String> {
        let mut labels = Vec::new();
        let mut at = Some(end);
        while let Some(step) = at {
            labels.push(self.graph.package(steps[step].0).label());
            at = steps[step].1;
        }
        labels
    }
}

fn is_on(steps: &[(PackageId, Option<usize>, u32)], end: usize, id: PackageId) -> bool {
    let mut at = Some(end);
    while let Some(step) = at {
        if steps[step].0 == id {
            return true;
        }
        at = steps[step].1;
    }
    false
}

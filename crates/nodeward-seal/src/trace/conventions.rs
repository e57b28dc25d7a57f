//! Which file leads to what a convention brought: one that the entries lead to, so that each listed file can be
//! explained from an entry on.

use super::{Edge, How, Trace};

/// A file that a convention brought.
pub(super) struct Brought {
    /// How the paths of the package start that the convention is of.
    pub(super) package: String,
    /// The file that made it count. `None`: any of the package.
    pub(super) by: Option<usize>,
    /// The file, as its place in the list.
    pub(super) to: usize,
}

/// Adds the edges of conventions to a trace whose other edges are sorted. Files of a package that only its own
/// conventions brought explain nothing: the first is taken that something else leads to.
pub(super) fn join(trace: &mut Trace, starts: Vec<usize>, mut brought: Vec<Brought>) {
    let mut reached = vec![false; trace.list.sources.len()];
    let mut added = Vec::new();
    follow(&trace.edges, starts, &mut reached);
    loop {
        let known = added.len();
        brought.retain(|one| {
            let from = match one.by {
                Some(file) => reached[file].then_some(file),
                None => first_of(trace, &one.package, &reached),
            };
            let Some(from) = from else { return true };
            if from != one.to {
                added.push(Edge { from, to: one.to, line: 0, how: How::Hint });
            }
            false
        });
        if added.len() == known {
            break;
        }
        let targets = added[known..].iter().map(|edge| edge.to).collect();
        follow(&trace.edges, targets, &mut reached);
    }
    trace.edges.append(&mut added);
    trace.edges.sort();
    trace.edges.dedup();
}

/// The first file of a package that is reached.
fn first_of(trace: &Trace, package: &str, reached: &[bool]) -> Option<usize> {
    let sources = &trace.list.sources;
    let first = sources.partition_point(|source| source.path.as_str() < package);
    let count = sources[first..].iter().take_while(|source| source.path.starts_with(package)).count();
    (first..first + count).find(|&place| reached[place])
}

/// Marks what files lead to.
fn follow(edges: &[Edge], mut open: Vec<usize>, reached: &mut [bool]) {
    while let Some(file) = open.pop() {
        if !std::mem::replace(&mut reached[file], true) {
            let first = edges.partition_point(|edge| edge.from < file);
            open.extend(edges[first..].iter().take_while(|edge| edge.from == file).map(|edge| edge.to));
        }
    }
}

//! From a release with a flaw upwards, until somebody's requirement admits a way out.

use std::borrow::Cow;

use nodeward_package::manifest::Override;
use nodeward_package::{DependencyGraph, Edge, EdgeKind, PackageId, PackageName, Version};
use nodeward_report::ChangeKind;

use super::universe::{Good, Universe, range_of, requirement};
use super::{Project, instruct};
use crate::index::IndexError;

/// The longest chain of dependents that is followed. Real ones have under twenty.
const MAX_DEPTH: usize = 24;
/// The most requirements looked at for one release.
const MAX_EDGES: usize = 10_000;

/// A part of a change.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Take a newer version, which the requirement that leads to it allows.
    Within {
        /// The package.
        id: PackageId,
        /// What the package manager takes.
        to: Version,
        /// What would do.
        good: Good,
    },
    /// Change what a project requires of a direct dependency.
    Beyond {
        /// The dependency.
        id: PackageId,
        /// The project.
        root: PackageId,
        /// The requirement as it stands.
        edge: Edge,
        /// What would do.
        good: Good,
    },
    /// Force a version on whoever requires it.
    Override {
        /// The package.
        id: PackageId,
        /// What would do.
        good: Good,
    },
    /// No version would do.
    Replace {
        /// The direct dependency that brings it, or the release itself.
        id: PackageId,
        /// What it brings.
        brings: PackageId,
    },
}

impl Step {
    pub(super) fn kind(&self) -> ChangeKind {
        match self {
            Self::Within { .. } => ChangeKind::UpgradeWithinRange,
            Self::Beyond { .. } => ChangeKind::UpgradeBeyondRange,
            Self::Override { .. } => ChangeKind::Override,
            Self::Replace { .. } => ChangeKind::Replace,
        }
    }

    /// What it changes to, by itself.
    pub(super) fn to(&self) -> Option<&Version> {
        match self {
            Self::Within { to, .. } => Some(to),
            Self::Beyond { good, .. } | Self::Override { good, .. } => good.first(),
            Self::Replace { .. } => None,
        }
    }

    pub(super) fn good(&self) -> Option<&Good> {
        match self {
            Self::Within { good, .. } | Self::Beyond { good, .. } | Self::Override { good, .. } => Some(good),
            Self::Replace { .. } => None,
        }
    }

    /// An override is held against nobody's range: that its version exists is all that was checked.
    pub(super) fn is_checked(&self) -> bool {
        !matches!(self, Self::Replace { .. })
    }
}

/// Finds the steps for releases of one graph.
pub(super) struct Settler<'a> {
    graph: &'a DependencyGraph,
    /// What the manifest forces already.
    overrides: &'a [Override],
    universe: &'a Universe<'a>,
    /// Requirements left to look at.
    budget: usize,
}

impl<'a> Settler<'a> {
    pub(super) fn new(project: &Project<'a>, universe: &'a Universe<'a>) -> Self {
        Self { graph: project.graph, overrides: project.overrides, universe, budget: 0 }
    }

    /// The steps that clear one release, given as its copies.
    pub(super) fn steps(&mut self, copies: &[PackageId]) -> Result<Vec<Step>, IndexError> {
        let first = self.graph.package(copies[0]);
        let Some(current) = &first.version else { return Ok(self.replace(copies)) };
        let good = self.universe.versions(&first.name)?.good(current, |_| Ok(true))?;
        if good.is_empty() {
            return Ok(self.replace(copies));
        }
        self.budget = MAX_EDGES;
        let mut steps = Vec::new();
        let mut settled = true;
        for &copy in copies {
            settled &= self.settle(copy, &good, &mut vec![copy], &mut steps)?;
        }
        if !settled || self.is_held_back(copies[0], &good) {
            // What the projects themselves require of it can be changed; an override settles the others.
            steps = self.own_requirements(copies, &good)?;
            steps.push(Step::Override { id: copies[0], good });
        }
        Ok(steps)
    }

    /// Whether an override that is there already keeps the package from every good version.
    fn is_held_back(&self, id: PackageId, good: &Good) -> bool {
        let package = self.graph.package(id);
        self.overrides.iter().filter(|known| instruct::holds(known, package)).any(|known| {
            range_of(&known.specifier)
                .is_some_and(|range| !good.iter().any(|version| range.satisfies(version)))
        })
    }

    /// The changes of what the projects themselves require of a release, where that admits no good version.
    fn own_requirements(&self, copies: &[PackageId], good: &Good) -> Result<Vec<Step>, IndexError> {
        let versions = self.universe.versions(&self.graph.package(copies[0]).name)?;
        let mut steps = Vec::new();
        for &id in copies {
            let edges = self.graph.dependents(id).filter(|edge| self.graph.is_root(edge.from));
            for edge in edges.filter(|edge| !edge.kind.is_peer()) {
                if versions.admitted(&edge.specifier, good).is_none() {
                    steps.push(Step::Beyond { id, root: edge.from, edge: edge.clone(), good: good.clone() });
                }
            }
        }
        Ok(steps)
    }

    /// The steps where no version would do.
    pub(super) fn replace(&self, copies: &[PackageId]) -> Vec<Step> {
        copies.iter().flat_map(|&copy| self.replacements(copy)).collect()
    }

    /// Whether every requirement that leads to `id` can be brought to one of the good versions; the steps for it.
    fn settle(
        &mut self,
        id: PackageId,
        good: &Good,
        way: &mut Vec<PackageId>,
        steps: &mut Vec<Step>,
    ) -> Result<bool, IndexError> {
        let package = self.graph.package(id);
        let versions = self.universe.versions(&package.name)?;
        let mut edges: Vec<&Edge> = self.graph.dependents(id).collect();
        // Peers follow what others install, unless nobody else asks for it.
        if edges.iter().any(|edge| !edge.kind.is_peer()) {
            edges.retain(|edge| !edge.kind.is_peer());
        }
        edges.sort_by(|a, b| (a.from, &a.specifier).cmp(&(b.from, &b.specifier)));
        edges.dedup_by(|a, b| a.from == b.from && a.specifier == b.specifier);
        if edges.is_empty() || edges.len() > self.budget {
            return Ok(false);
        }
        self.budget -= edges.len();
        for edge in edges {
            let is_root = self.graph.is_root(edge.from);
            // What came inside of its parent's tarball changes only with the parent.
            let admitted =
                if package.bundled { None } else { versions.admitted(&self.specifier(edge)?, good) };
            if let Some(to) = admitted {
                steps.push(Step::Within { id, to, good: good.clone() });
            } else if is_root {
                steps.push(Step::Beyond { id, root: edge.from, edge: edge.clone(), good: good.clone() });
            } else if !self.settle_parent(edge, &package.name, good, way, steps)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What a package requires: as the lockfile repeats it, else (pnpm's does not) as it was published.
    fn specifier<'e>(&self, edge: &'e Edge) -> Result<Cow<'e, str>, IndexError> {
        if !edge.specifier.is_empty() {
            return Ok(Cow::Borrowed(&edge.specifier));
        }
        let parent = self.graph.package(edge.from);
        let Some(version) = &parent.version else { return Ok(Cow::Borrowed("")) };
        let versions = self.universe.versions(&parent.name)?;
        let wanted = versions.published_as(version).and_then(|release| requirement(release, &edge.name));
        Ok(Cow::Owned(wanted.map(|wanted| wanted.specifier.to_string()).unwrap_or_default()))
    }

    /// Whether a newer version of the one that requires does without, or admits a good version.
    fn settle_parent(
        &mut self,
        edge: &Edge,
        child: &PackageName,
        good: &Good,
        way: &mut Vec<PackageId>,
        steps: &mut Vec<Step>,
    ) -> Result<bool, IndexError> {
        if way.len() >= MAX_DEPTH || way.contains(&edge.from) {
            return Ok(false);
        }
        let parent = self.graph.package(edge.from);
        let Some(current) = &parent.version else { return Ok(false) };
        let versions = self.universe.versions(&parent.name)?;
        if !versions.is_checked {
            return Ok(false);
        }
        let children = self.universe.versions(child)?;
        let better = versions.good(current, |release| {
            Ok(requirement(release, &edge.name)
                .is_none_or(|wanted| children.admitted(&wanted.specifier, good).is_some()))
        })?;
        // An older parent is no way out.
        if better.first().is_none_or(|version| version < current) {
            return Ok(false);
        }
        way.push(edge.from);
        let settled = self.settle(edge.from, &better, way, steps)?;
        way.pop();
        // A newer parent that is content with the child as it is leaves the lockfile's entry alone.
        if settled
            && let Some(id) = edge.to
            && let Some(locked) = &self.graph.package(id).version
        {
            let to = better.iter().find_map(|version| {
                let wanted = &requirement(versions.published_as(version)?, &edge.name)?.specifier;
                range_of(wanted).filter(|range| range.satisfies(locked))?;
                children.admitted(wanted, good)
            });
            steps.extend(to.map(|to| Step::Within { id, to, good: good.clone() }));
        }
        Ok(settled)
    }

    /// What to remove or replace: the direct dependencies that bring a release.
    fn replacements(&self, target: PackageId) -> Vec<Step> {
        let graph = self.graph;
        let mut seen = vec![false; graph.packages().len()];
        seen[target.index()] = true;
        let mut queue = vec![target];
        let mut steps = Vec::new();
        while let Some(id) = queue.pop() {
            let by_root = graph.dependents(id).any(|edge| graph.is_root(edge.from) && is_firm(edge.kind));
            if by_root {
                steps.push(Step::Replace { id, brings: target });
            }
            for edge in graph.dependents(id) {
                let from = edge.from;
                if !graph.is_root(from) && !std::mem::replace(&mut seen[from.index()], true) {
                    queue.push(from);
                }
            }
        }
        if steps.is_empty() {
            steps.push(Step::Replace { id: target, brings: target });
        }
        steps
    }
}

fn is_firm(kind: EdgeKind) -> bool {
    kind != EdgeKind::OptionalPeer
}

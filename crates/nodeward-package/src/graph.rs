//! The dependency graph: what would be installed, why, and where the lockfile says so.
//!
//! One lockfile (or one installed tree, or one SBOM) gives one graph. Its **roots** are the projects that the file
//! is for: one, or one per workspace. Everything else is a [`Package`], reached over [`Edge`]s. A package stands
//! in the graph once per resolution: two copies of one release at two places of `node_modules` are two packages,
//! since they can have different dependencies.

mod reach;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use crate::lockfile::Format;
use crate::place::{Place, Position};
use crate::{Integrity, PackageName, Version};

/// Which package of a graph. Only meaningful with the graph that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId(u32);

impl PackageId {
    /// The index into [`DependencyGraph::packages`].
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The same package in a builder that has so many before those of its own.
    pub(crate) fn after(self, before: usize) -> Self {
        Self(self.0 + before as u32)
    }
}

/// Where the bytes of a package come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The project that the lockfile is for.
    Root,
    /// A member of the same workspace: first-party code.
    Workspace {
        /// Folder, relative to the lockfile's, with `/`.
        path: Box<str>,
    },
    /// A registry. Where the lockfile names the tarball, its URL as written.
    Registry {
        /// The tarball's URL, if the lockfile says.
        resolved: Option<Box<str>>,
    },
    /// A git repository.
    Git {
        /// The repository's URL as written, without the fragment.
        url: Box<str>,
        /// The commit it is fixed to, if it is.
        commit: Option<Box<str>>,
    },
    /// A tarball from a URL that is no registry's.
    Http {
        /// The URL as written.
        url: Box<str>,
    },
    /// A folder or tarball on this machine (`file:`, `link:`, `portal:`).
    File {
        /// The path as written, relative to the lockfile's folder.
        path: Box<str>,
    },
}

impl Origin {
    /// Whether this is the project's own code, which no advisory about a published package speaks of.
    pub fn is_first_party(&self) -> bool {
        matches!(self, Self::Root | Self::Workspace { .. })
    }
}

/// What reaches a package, and how; computed from the edges, or taken from the lockfile's own flags where the
/// edges from the roots are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reach {
    /// Some root needs it to run, directly or not.
    pub production: bool,
    /// Some root needs it to develop, directly or not.
    pub development: bool,
    /// Every way to it passes an optional edge: the install goes on without it.
    pub optional: bool,
    /// Every way to it passes a peer edge.
    pub peer: bool,
}

/// One resolved package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The name under which its registry knows it: for `npm:` aliases, the target's.
    pub name: PackageName,
    /// A name under which it is required, where that is another one; [`DependencyGraph::aliases`] has all of them.
    pub alias: Option<PackageName>,
    /// Its version as the lockfile has it; empty where it gives none (git, link).
    pub version_text: Box<str>,
    /// The same, parsed; `None` where the text is no version. Such a package can't be matched to a range.
    pub version: Option<Version>,
    /// Where its bytes come from.
    pub origin: Origin,
    /// The digest that an install will check, as far as the lockfile has one.
    pub integrity: Option<Integrity>,
    /// An integrity that the lockfile writes but nobody can read.
    pub unreadable_integrity: Option<Box<str>>,
    /// Line and column of its entry in the lockfile; 0:0 where there is none.
    pub position: Position,
    /// Folder of the package relative to the lockfile's, where the lockfile or the disk says
    /// (`node_modules/a/node_modules/b`).
    pub folder: Option<Box<str>>,
    /// What reaches it.
    pub reach: Reach,
    /// Whether it runs code when installed; `None` where the lockfile format does not tell.
    pub install_script: Option<bool>,
    /// It came inside its parent's tarball.
    pub bundled: bool,
    /// The author's deprecation message, where known.
    pub deprecated: Option<Box<str>>,
    /// The licence text of its manifest, where known.
    pub license: Option<Box<str>>,
    /// The range of Node.js versions it says it runs on, where known.
    pub engines_node: Option<Box<str>>,
    /// A local patch is applied on top of it (yarn `patch:`, pnpm `patchedDependencies`).
    pub patched: bool,
}

impl Package {
    /// A package with nothing known but its name, version and origin.
    pub fn new(name: PackageName, version_text: &str, origin: Origin) -> Self {
        Self {
            name,
            alias: None,
            version: Version::parse(version_text).ok(),
            version_text: version_text.into(),
            origin,
            integrity: None,
            unreadable_integrity: None,
            position: Position::default(),
            folder: None,
            reach: Reach::default(),
            install_script: None,
            bundled: false,
            deprecated: None,
            license: None,
            engines_node: None,
            patched: false,
        }
    }

    /// `name@version`, or only the name where no version is known.
    pub fn label(&self) -> String {
        let (name, version) = (self.name.as_str(), &*self.version_text);
        let parts = if version.is_empty() { [name, "", ""] } else { [name, "@", version] };
        parts.concat()
    }
}

/// Why a package is required.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKind {
    /// `dependencies`.
    Production,
    /// `devDependencies`; only followed from roots.
    Development,
    /// `optionalDependencies`.
    Optional,
    /// `peerDependencies`.
    Peer,
    /// `peerDependencies` marked optional in `peerDependenciesMeta`.
    OptionalPeer,
}

impl EdgeKind {
    /// Whether an install succeeds without the target.
    pub fn is_optional(self) -> bool {
        matches!(self, Self::Optional | Self::OptionalPeer)
    }

    /// Whether the target is a peer.
    pub fn is_peer(self) -> bool {
        matches!(self, Self::Peer | Self::OptionalPeer)
    }
}

/// One requirement of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Who requires.
    pub from: PackageId,
    /// What the requirement resolved to; `None` where the lockfile has nothing for it (an optional dependency for
    /// another platform, a missing peer, or a lockfile out of step).
    pub to: Option<PackageId>,
    /// Why.
    pub kind: EdgeKind,
    /// The name as required (the alias, where it is one). [`GraphBuilder::required_name`] gives it without a copy.
    pub name: Arc<str>,
    /// The range or specifier as written; empty where the lockfile does not repeat it.
    pub specifier: Box<str>,
}

/// Something odd that a reader noticed but that does not stop it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What it means for the graph.
    pub kind: RemarkKind,
    /// What, in one line.
    pub message: String,
    /// Where.
    pub position: Position,
}

/// What a remark means for the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemarkKind {
    /// All that the file speaks of is there.
    Odd,
    /// Something that the file refers to is not in it, so packages are missing.
    Lost,
}

/// A whole resolved project. Built by [`GraphBuilder`].
#[derive(Debug, Clone)]
pub struct DependencyGraph {
    file: Arc<Path>,
    format: Format,
    packages: Vec<Package>,
    edges: Vec<Edge>,
    first_edge: Vec<u32>,
    first_parent: Vec<u32>,
    parents: Vec<u32>,
    roots: Vec<PackageId>,
    /// By package, whether it is one of the roots: a workspace can have hundreds.
    is_root: Vec<bool>,
    remarks: Vec<Remark>,
}

impl DependencyGraph {
    /// The lockfile, as the user would name it.
    pub fn file(&self) -> &Arc<Path> {
        &self.file
    }

    /// The format it was read from.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Every package, roots included, in the order of the file.
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// Every package with its id.
    pub fn iter(&self) -> impl Iterator<Item = (PackageId, &Package)> {
        self.packages.iter().enumerate().map(|(index, package)| (PackageId(index as u32), package))
    }

    /// One package.
    pub fn package(&self, id: PackageId) -> &Package {
        &self.packages[id.index()]
    }

    /// The project, and the members of its workspace.
    pub fn roots(&self) -> &[PackageId] {
        &self.roots
    }

    /// Whether a package is the project or a member of its workspace.
    pub fn is_root(&self, id: PackageId) -> bool {
        self.is_root[id.index()]
    }

    /// What a package requires.
    pub fn dependencies(&self, id: PackageId) -> &[Edge] {
        &self.edges[self.first_edge[id.index()] as usize..self.first_edge[id.index() + 1] as usize]
    }

    /// The requirements that resolved to a package.
    pub fn dependents(&self, id: PackageId) -> impl Iterator<Item = &Edge> {
        let range = self.first_parent[id.index()] as usize..self.first_parent[id.index() + 1] as usize;
        self.parents[range].iter().map(|&edge| &self.edges[edge as usize])
    }

    /// All edges, grouped by the package that requires.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// What the reader noticed.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// Where a package stands in the lockfile.
    pub fn place(&self, id: PackageId) -> Place {
        Place::at(self.file.clone(), self.package(id).position)
    }

    /// Whether some root requires the package itself.
    pub fn is_direct(&self, id: PackageId) -> bool {
        self.dependents(id).any(|edge| self.is_root(edge.from))
    }

    /// The other names under which a package is required, in order: `npm:` aliases, of which one release can have
    /// several.
    pub fn aliases(&self, id: PackageId) -> Vec<&str> {
        let package = self.package(id);
        if package.origin.is_first_party() {
            return Vec::new();
        }
        let required = self.dependents(id).map(|edge| &*edge.name);
        let mut names: Vec<&str> = required
            .chain(package.alias.as_ref().map(PackageName::as_str))
            .filter(|name| *name != package.name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Simple paths from a root to `target`, root first, shortest first, at most `limit` of them. With a cycle or
    /// a diamond of thousands the number of paths is beyond counting, so the walk is bounded in steps too; the
    /// shortest path is always among the answers.
    pub fn paths_to(&self, target: PackageId, limit: usize) -> Vec<Vec<PackageId>> {
        const MAX_STEPS: usize = 200_000;
        let mut found = Vec::new();
        // Walks upwards over requirements: only what can reach the target is ever looked at.
        let mut queue = VecDeque::from([vec![target]]);
        let mut steps = 0;
        while let Some(path) = queue.pop_front() {
            let last = path[path.len() - 1];
            if self.is_root(last) {
                found.push(path.iter().rev().copied().collect());
                if found.len() >= limit {
                    break;
                }
                continue;
            }
            let mut parents: Vec<PackageId> = self.dependents(last).map(|edge| edge.from).collect();
            parents.sort_unstable();
            parents.dedup();
            for parent in parents {
                steps += 1;
                if steps > MAX_STEPS {
                    break;
                }
                if !path.contains(&parent) {
                    let mut longer = path.clone();
                    longer.push(parent);
                    queue.push_back(longer);
                }
            }
            if steps > MAX_STEPS {
                queue.clear();
            }
        }
        if found.is_empty()
            && let Some(path) = self.shortest_path_to(target)
        {
            found.push(path);
        }
        found
    }

    /// The shortest path from a root to `target`, root first; production edges are preferred between equals.
    pub fn shortest_path_to(&self, target: PackageId) -> Option<Vec<PackageId>> {
        let mut via: Vec<Option<PackageId>> = vec![None; self.packages.len()];
        let mut seen = vec![false; self.packages.len()];
        seen[target.index()] = true;
        let mut queue = VecDeque::from([target]);
        while let Some(id) = queue.pop_front() {
            if self.is_root(id) {
                let mut path = vec![id];
                while let Some(next) = via[path[path.len() - 1].index()] {
                    path.push(next);
                }
                return Some(path);
            }
            let mut parents: Vec<&Edge> = self.dependents(id).collect();
            parents.sort_unstable_by_key(|edge| (edge.kind, edge.from));
            for edge in parents {
                if !std::mem::replace(&mut seen[edge.from.index()], true) {
                    via[edge.from.index()] = Some(id);
                    queue.push_back(edge.from);
                }
            }
        }
        None
    }
}

/// How a builder learns what reaches each package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReachFrom {
    /// Walk the edges from the roots. A package that no root reaches keeps what the reader put into
    /// [`Package::reach`]: a lockfile out of step with its manifest must not hide it.
    Edges,
    /// The roots' own requirements are not known: keep what the reader put into [`Package::reach`].
    Flags,
}

/// Collects packages and edges, then checks and finishes the graph.
#[derive(Debug)]
pub struct GraphBuilder {
    file: Arc<Path>,
    format: Format,
    packages: Vec<Package>,
    edges: Vec<Edge>,
    roots: Vec<PackageId>,
    is_root: Vec<bool>,
    remarks: Vec<Remark>,
}

impl GraphBuilder {
    /// Starts an empty graph for a file.
    pub fn new(file: &Path, format: Format) -> Self {
        Self {
            file: Arc::from(file),
            format,
            packages: Vec::new(),
            edges: Vec::new(),
            roots: Vec::new(),
            is_root: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Adds a package.
    pub fn add(&mut self, package: Package) -> PackageId {
        let id = self.next_id();
        self.packages.push(package);
        self.is_root.push(false);
        id
    }

    /// Makes room for so many packages.
    pub(crate) fn reserve(&mut self, packages: usize) {
        self.packages.reserve(packages);
        self.is_root.reserve(packages);
    }

    /// Adds a project or workspace member.
    pub fn add_root(&mut self, package: Package) -> PackageId {
        let id = self.add(package);
        self.mark_root(id);
        id
    }

    /// A builder for another part of the same file.
    pub(crate) fn beside(&self) -> Self {
        Self {
            file: self.file.clone(),
            format: self.format,
            packages: Vec::new(),
            edges: Vec::new(),
            roots: Vec::new(),
            is_root: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Adds the packages of a part that follows, which has no edges yet. Each gets its id there, [`PackageId::after`]
    /// as many as there were.
    pub(crate) fn append(&mut self, mut part: Self) {
        let before = self.len();
        self.packages.append(&mut part.packages);
        self.is_root.append(&mut part.is_root);
        self.roots.extend(part.roots.into_iter().map(|id| id.after(before)));
        self.remarks.append(&mut part.remarks);
    }

    /// Makes a package added before a root: a member of the workspace, known as such only later.
    pub fn mark_root(&mut self, id: PackageId) {
        if !std::mem::replace(&mut self.is_root[id.index()], true) {
            self.roots.push(id);
        }
    }

    /// Adds a requirement. Order between packages is free; order within one package is kept.
    pub fn require(&mut self, edge: Edge) {
        self.edges.push(edge);
    }

    /// The name of a requirement, shared with the package that it resolved to where that is called the same: as
    /// nearly every one is, and a lockfile has several times as many requirements as packages.
    pub fn required_name(&self, to: Option<PackageId>, name: &str) -> Arc<str> {
        let target = to.map(|id| self.package(id));
        let known =
            target.into_iter().flat_map(|target| [Some(&target.name), target.alias.as_ref()]).flatten();
        known
            .into_iter()
            .find(|known| known.as_str() == name)
            .map_or_else(|| name.into(), PackageName::shared)
    }

    /// Notes something odd.
    pub fn remark(&mut self, message: impl Into<String>, position: Position) {
        self.remarks.push(Remark { kind: RemarkKind::Odd, message: message.into(), position });
    }

    /// Notes that packages are missing.
    pub fn lost(&mut self, message: impl Into<String>, position: Position) {
        self.remarks.push(Remark { kind: RemarkKind::Lost, message: message.into(), position });
    }

    /// A package added before.
    pub fn package(&self, id: PackageId) -> &Package {
        &self.packages[id.index()]
    }

    /// A package added before, to fill in.
    pub fn package_mut(&mut self, id: PackageId) -> &mut Package {
        &mut self.packages[id.index()]
    }

    /// The roots added so far.
    pub fn roots(&self) -> &[PackageId] {
        &self.roots
    }

    /// The id that the next package will get.
    pub fn next_id(&self) -> PackageId {
        PackageId(self.packages.len() as u32)
    }

    /// How many packages there are so far.
    pub fn len(&self) -> usize {
        self.packages.len()
    }

    /// Whether there is none yet.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }

    /// Finishes the graph: groups the edges, computes what reaches what.
    pub fn finish(mut self, reach: ReachFrom) -> DependencyGraph {
        // Most readers go from package to package, so there is nothing to sort.
        if !self.edges.is_sorted_by_key(|edge| edge.from) {
            self.edges.sort_by_key(|edge| edge.from);
        }
        let count = self.packages.len();
        let first_edge = starts(count, self.edges.iter().map(|edge| edge.from.index()));
        let targets = || self.edges.iter().map(|edge| edge.to.map(PackageId::index));
        let first_parent = starts(count, targets().flatten());
        let mut next = first_parent.clone();
        let mut parents = vec![0; first_parent[count] as usize];
        for (edge, target) in targets().enumerate() {
            if let Some(target) = target {
                parents[next[target] as usize] = edge as u32;
                next[target] += 1;
            }
        }
        let mut graph = DependencyGraph {
            file: self.file,
            format: self.format,
            packages: self.packages,
            edges: self.edges,
            first_edge,
            first_parent,
            parents,
            roots: self.roots,
            is_root: self.is_root,
            remarks: self.remarks,
        };
        if reach == ReachFrom::Edges {
            reach::compute(&mut graph);
        }
        graph
    }
}

/// Prefix sums: where the run of each key starts once a list is grouped by key.
fn starts(count: usize, keys: impl Iterator<Item = usize>) -> Vec<u32> {
    let mut first = vec![0_u32; count + 1];
    for key in keys {
        first[key + 1] += 1;
    }
    for index in 0..count {
        first[index + 1] += first[index];
    }
    first
}

#[cfg(test)]
mod tests;

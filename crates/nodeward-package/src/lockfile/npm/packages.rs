//! Versions 2 and 3: the map `packages` from folder to package.

mod halves;

use std::borrow::Cow;
use std::ops::Range;

use super::Head;
use super::entry::{Entry, Layout};
use crate::graph::{GraphBuilder, Origin, Package, PackageId, ReachFrom};
use crate::json::{Fault, Json, Members, Read, Text};
use crate::lockfile::requirement::{self, Requirement, source_of};
use crate::lockfile::tree::{MAX_FOLDER_BYTES, Tree, split};
use crate::lockfile::workspaces::is_member;
use crate::lookup::{LookupMap, LookupSet};
use crate::manifest::name_at;
use crate::place::LineIndex;
use crate::{DependencyGraph, PackageName};

pub(super) use self::halves::comma;

/// One key of `packages`.
struct Node<'a> {
    folder: Cow<'a, str>,
    at: usize,
    /// Whether the entry itself says its name.
    named: bool,
    what: What<'a>,
    requirements: Range<usize>,
}

impl Node<'_> {
    fn package(&self) -> Option<PackageId> {
        match self.what {
            What::Package(id) => Some(id),
            What::Link { .. } => None,
        }
    }
}

enum What<'a> {
    Package(PackageId),
    /// A symbolic link to another folder.
    Link {
        to: Cow<'a, str>,
        name: PackageName,
    },
}

/// The map, read; its requirements are resolved once all of it is known.
pub(super) struct Reader<'a, 'b> {
    lines: &'b LineIndex<'a>,
    nodes: Vec<Node<'a>>,
    requirements: Vec<Requirement<'a>>,
    root: Option<PackageId>,
    workspaces: Vec<Box<str>>,
}

/// How far a part of the map was read.
enum Came {
    ToTheEnd,
    /// To just where another part starts.
    ToTheNext,
}

impl<'a, 'b> Reader<'a, 'b> {
    /// Reads the map that comes next, in two halves at a time where it has so many bytes.
    pub(super) fn read(
        json: &mut Json<'a>,
        lines: &'b LineIndex<'a>,
        builder: &mut GraphBuilder,
        worthwhile_bytes: usize,
    ) -> Read<Self> {
        let start = json.offset()?;
        let comma = comma(json.rest(), worthwhile_bytes).map(|comma| start + comma);
        let members = json.object("packages")?;
        match comma {
            Some(comma) => halves::read(members, json, comma, lines, builder),
            None => {
                let mut reader = Self::new(lines);
                reader.entries(members, json, None, builder)?;
                Ok(reader)
            }
        }
    }

    fn new(lines: &'b LineIndex<'a>) -> Self {
        Self { lines, nodes: Vec::new(), requirements: Vec::new(), root: None, workspaces: Vec::new() }
    }

    /// Whether there is anything but the project itself.
    pub(super) fn has_some(&self) -> bool {
        self.nodes.iter().any(|node| !node.folder.is_empty())
    }

    /// Reads the entries up to the end of the map, or to a comma between two of them.
    fn entries(
        &mut self,
        mut members: Members,
        json: &mut Json<'a>,
        comma: Option<usize>,
        builder: &mut GraphBuilder,
    ) -> Read<Came> {
        while let Some(folder) = members.next(json)? {
            if folder.as_str().len() > MAX_FOLDER_BYTES {
                return Err(Fault::limit(
                    folder.at,
                    format!("a folder's path is over {MAX_FOLDER_BYTES} bytes"),
                ));
            }
            let entry = Entry::read(json, folder.as_str(), Layout::Packages, &mut self.requirements)?;
            self.entry(folder, entry, builder)?;
            if comma.is_some_and(|comma| json.is_at(comma)) {
                return Ok(Came::ToTheNext);
            }
        }
        Ok(Came::ToTheEnd)
    }

    /// Adds the entries of a part that follows, read for a builder that has so many packages before its own.
    fn append(&mut self, part: Self, before: usize) {
        let shift = self.requirements.len();
        self.requirements.extend(part.requirements);
        self.nodes.extend(part.nodes.into_iter().map(|mut node| {
            if let What::Package(id) = &mut node.what {
                *id = id.after(before);
            }
            node.requirements = node.requirements.start + shift..node.requirements.end + shift;
            node
        }));
        if let Some(root) = part.root {
            self.root = Some(root.after(before));
            self.workspaces = part.workspaces;
        }
    }

    fn entry(&mut self, folder: Text<'a>, entry: Entry<'a>, builder: &mut GraphBuilder) -> Read<()> {
        let requirements = entry.requirements.clone();
        let named = entry.name.is_some();
        let what = match (folder.as_str(), entry.link) {
            ("", _) => What::Package(self.add_root(&folder, entry, builder)),
            (_, true) => self.link(&folder, entry)?,
            (_, false) => What::Package(self.add_package(&folder, &entry, builder)?),
        };
        self.nodes.push(Node { folder: folder.value, at: folder.at, named, what, requirements });
        Ok(())
    }

    fn add_root(&mut self, folder: &Text<'a>, mut entry: Entry<'a>, builder: &mut GraphBuilder) -> PackageId {
        let own = entry.name.as_ref().and_then(|name| PackageName::parse(name.as_str()).ok());
        let name = own.unwrap_or_else(crate::lockfile::unnamed_root);
        let version = entry.version.as_ref().map_or("", Text::as_str);
        let mut package = entry.package(name, version, Origin::Root);
        package.position = self.lines.position(folder.at);
        package.install_script = entry.install_script();
        self.workspaces = std::mem::take(&mut entry.workspaces);
        let id = builder.add_root(package);
        self.root = Some(id);
        id
    }

    fn link(&self, folder: &Text<'a>, entry: Entry<'a>) -> Read<What<'a>> {
        let name = folder_name(folder)?;
        let to = entry.resolved.map_or(Cow::Borrowed(""), |resolved| resolved.value);
        Ok(What::Link { to, name })
    }

    fn add_package(
        &self,
        folder: &Text<'a>,
        entry: &Entry<'a>,
        builder: &mut GraphBuilder,
    ) -> Read<PackageId> {
        let in_modules = split(folder.as_str()).is_some();
        let by_folder = folder_name(folder);
        let name = match &entry.name {
            Some(name) => name_at(name)?,
            None if in_modules => by_folder.clone()?,
            // A folder outside `node_modules` may be called anything.
            None => by_folder.clone().unwrap_or_else(|_| crate::lockfile::unnamed_root()),
        };
        let origin = match in_modules {
            true => source_of(entry.resolved.as_ref().map(Text::as_str)),
            // A member of the workspace or the target of a link; which, the root's patterns tell later.
            false => match entry.resolved.as_ref().map(|resolved| source_of(Some(resolved.as_str()))) {
                Some(origin) => origin,
                None => Origin::File { path: folder.as_str().into() },
            },
        };
        let version = entry.version.as_ref().map_or("", Text::as_str);
        if version.is_empty() && matches!(origin, Origin::Registry { .. }) {
            let message = format!("{name} has no version, so no advisory can be matched to it");
            builder.remark(message, self.lines.position(folder.at));
        }
        let mut package = entry.package(name, version, origin);
        if in_modules
            && let Ok(by_folder) = by_folder
            && by_folder != package.name
        {
            package.alias = Some(by_folder);
        }
        package.position = self.lines.position(folder.at);
        package.folder = Some(folder.as_str().into());
        package.install_script = entry.install_script();
        Ok(builder.add(package))
    }

    /// Resolves what was read.
    pub(super) fn finish(self, head: &Head<'a>, mut builder: GraphBuilder) -> DependencyGraph {
        self.name_root(head, &mut builder);
        let by_folder = by_folder(&self.nodes, &mut builder, self.lines);
        let targets = link_targets(&self.nodes, &by_folder, &mut builder, self.lines);
        for node in &self.nodes {
            if let What::Package(id) = node.what
                && split(&node.folder).is_none()
                && is_member(&self.workspaces, &node.folder)
            {
                builder.package_mut(id).origin = Origin::Workspace { path: (*node.folder).into() };
                builder.mark_root(id);
            }
        }
        let found = self.nodes.iter().zip(&targets).map(|(node, &id)| (&*node.folder, id));
        let tree = Tree::new(found);
        for node in &self.nodes {
            let What::Package(from) = node.what else { continue };
            let holder = tree.holder_from(&node.folder);
            for requirement in &self.requirements[node.requirements.clone()] {
                let to = tree.find(holder, &requirement.name);
                requirement::link(&mut builder, from, to, requirement);
            }
        }
        builder.finish(if self.root.is_some() { ReachFrom::Edges } else { ReachFrom::Flags })
    }

    /// What the entry of the project leaves open, the head of the file may say.
    fn name_root(&self, head: &Head<'a>, builder: &mut GraphBuilder) {
        let Some(root) = self.root else {
            builder.add_root(Package::new(head.root_name(), head.root_version(), Origin::Root));
            return;
        };
        let package = builder.package_mut(root);
        if package.name == crate::lockfile::unnamed_root() {
            package.name = head.root_name();
        }
        if package.version_text.is_empty() {
            package.version_text = head.root_version().into();
            package.version = crate::Version::parse(head.root_version()).ok();
        }
    }
}

/// The packages by folder. Of two entries for one folder npm takes the last; both stay in the graph, so that
/// neither goes unchecked.
fn by_folder<'n>(
    nodes: &'n [Node<'_>],
    builder: &mut GraphBuilder,
    lines: &LineIndex<'_>,
) -> LookupMap<&'n str, PackageId> {
    let mut packages = LookupMap::with_capacity_and_hasher(nodes.len(), Default::default());
    let mut links = LookupSet::default();
    for node in nodes {
        let folder = &*node.folder;
        let twice = match node.what {
            What::Package(id) => packages.insert(folder, id).is_some() || links.contains(folder),
            What::Link { .. } => packages.contains_key(folder) || !links.insert(folder),
        };
        if twice {
            let message = format!("{folder:?} stands here a second time; npm takes the last, both are kept");
            builder.remark(message, lines.position(node.at));
        }
    }
    packages
}

/// The package at each node; links are followed to their target, which is added where the file has none.
fn link_targets(
    nodes: &[Node<'_>],
    by_folder: &LookupMap<&str, PackageId>,
    builder: &mut GraphBuilder,
    lines: &LineIndex<'_>,
) -> Vec<PackageId> {
    let nameless: LookupSet<PackageId> =
        nodes.iter().filter(|node| !node.named).filter_map(Node::package).collect();
    let mut target = |node: &Node<'_>| match &node.what {
        What::Package(id) => *id,
        What::Link { to, name } => match by_folder.get(&**to) {
            Some(&id) => {
                // A folder's own name says less than the name it is linked as.
                if nameless.contains(&id) && !to.is_empty() && split(to).is_none() {
                    builder.package_mut(id).name = name.clone();
                }
                id
            }
            None => {
                let mut package = Package::new(name.clone(), "", Origin::File { path: (&**to).into() });
                package.position = lines.position(node.at);
                package.folder = Some((*node.folder).into());
                builder.add(package)
            }
        },
    };
    nodes.iter().map(&mut target).collect()
}

/// The name that a folder stands for.
fn folder_name(folder: &Text<'_>) -> Read<PackageName> {
    let path = folder.as_str();
    let name = match split(path) {
        Some((_, name)) => name,
        None => {
            let path = path.trim_end_matches('/');
            // `packages/@scope/name` is `@scope/name`.
            let mut slashes = path.rmatch_indices('/').map(|(at, _)| at);
            let last = slashes.next();
            let scoped = slashes.next().map_or(0, |at| at + 1);
            match last {
                Some(_) if path[scoped..].starts_with('@') => &path[scoped..],
                Some(slash) => &path[slash + 1..],
                None => path,
            }
        }
    };
    match PackageName::parse(name) {
        Ok(name) => Ok(name),
        Err(error) => Err(Fault::new(folder.at, format!("the folder {path:?} names no package: {error}"))),
    }
}

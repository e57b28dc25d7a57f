//! Version 1: `dependencies` within `dependencies`, as `node_modules` nests.
//!
//! Such a file does not say what the project itself requires. Where the manifest is at hand it does; else each
//! package that no other requires is taken as required by the owner of the folder it stands in, and what reaches
//! what is left to the flags that npm wrote.

use std::ops::Range;

use super::Head;
use super::entry::{Entry, Layout};
use crate::graph::{Edge, EdgeKind, GraphBuilder, Origin, Package, PackageId, ReachFrom};
use crate::json::{Extents, Fault, Json, Read, Text};
use crate::lockfile::requirement::{self, Requirement, source_of};
use crate::lockfile::tree::{MAX_FOLDER_BYTES, Tree, split};
use crate::manifest::name_at;
use crate::place::LineIndex;
use crate::{DependencyGraph, Manifest, PackageName};

struct Node {
    folder: String,
    id: PackageId,
    /// The package in whose folder it stands.
    owner: PackageId,
    optional: bool,
    requirements: Range<usize>,
}

struct Reader<'a, 'b> {
    extents: Extents,
    lines: &'b LineIndex<'a>,
    builder: GraphBuilder,
    nodes: Vec<Node>,
    requirements: Vec<Requirement<'a>>,
}

pub(super) fn read<'a>(
    json: Option<(Json<'a>, Extents)>,
    head: &Head<'a>,
    manifest: Option<&Manifest>,
    lines: &LineIndex<'a>,
    mut builder: GraphBuilder,
) -> Read<DependencyGraph> {
    let root = builder.add_root(root_package(head, manifest, lines));
    let (json, extents) = json.unzip();
    let extents = extents.unwrap_or_default();
    let mut reader = Reader { extents, lines, builder, nodes: Vec::new(), requirements: Vec::new() };
    if let Some(json) = json {
        reader.entries(json, "", root)?;
    }
    reader.finish(root, manifest)
}

fn root_package(head: &Head<'_>, manifest: Option<&Manifest>, lines: &LineIndex<'_>) -> Package {
    let mut package = match manifest {
        Some(manifest) => crate::lockfile::root_package(manifest),
        None => Package::new(head.root_name(), head.root_version(), Origin::Root),
    };
    if manifest.is_none_or(|manifest| manifest.name.is_none()) {
        package.name = head.root_name();
    }
    package.position = lines.position(0);
    package
}

impl<'a> Reader<'a, '_> {
    /// Recurses once per nested folder; the JSON reader bounds that depth.
    fn entries(&mut self, mut json: Json<'a>, folder: &str, owner: PackageId) -> Read<()> {
        let first = self.nodes.len();
        let mut nested = Vec::new();
        let mut members = json.object("dependencies")?;
        while let Some(key) = members.next(&mut json)? {
            let layout = Layout::Nested(&self.extents);
            let mut entry = Entry::read(&mut json, key.as_str(), layout, &mut self.requirements)?;
            let inner = entry.nested.take();
            let id = self.entry(&key, folder, owner, &entry)?;
            if let Some(inner) = inner {
                nested.push((inner, self.nodes.len() - 1, id));
            }
        }
        self.note_twins(first);
        for (inner, node, id) in nested {
            let folder = self.nodes[node].folder.clone();
            self.entries(inner, &folder, id)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        key: &Text<'a>,
        folder: &str,
        owner: PackageId,
        entry: &Entry<'a>,
    ) -> Read<PackageId> {
        let required = name_at(key)?;
        let separator = if folder.is_empty() { "" } else { "/" };
        let folder = format!("{folder}{separator}node_modules/{required}");
        if folder.len() > MAX_FOLDER_BYTES {
            return Err(Fault::limit(key.at, format!("a folder's path is over {MAX_FOLDER_BYTES} bytes")));
        }
        let written = entry.version.as_ref().map_or("", Text::as_str);
        let resolved = entry.resolved.as_ref().map(Text::as_str);
        let (name, version, origin) = identify(&required, written, resolved);
        if written.is_empty() {
            let message = format!("{name} has no version, so no advisory can be matched to it");
            self.builder.remark(message, self.lines.position(key.at));
        }
        let mut package = entry.package(name, version, origin);
        if package.name != required {
            package.alias = Some(required);
        }
        package.position = self.lines.position(key.at);
        package.folder = Some(folder.as_str().into());
        // Only what stands around a folder finds what is in it. npm writes the flags there too; others may not.
        let above = self.builder.package(owner).reach;
        if above.development && !above.production {
            package.reach.production = false;
            package.reach.development = true;
        }
        package.reach.optional |= above.optional;
        let id = self.builder.add(package);
        let requirements = entry.requirements.clone();
        self.nodes.push(Node { folder, id, owner, optional: entry.optional, requirements });
        Ok(id)
    }

    /// Of two entries of one name in one folder npm takes the last; both stay in the graph.
    fn note_twins(&mut self, first: usize) {
        let mut siblings: Vec<&Node> = self.nodes[first..].iter().collect();
        siblings.sort_by(|a, b| a.folder.cmp(&b.folder));
        for pair in siblings.windows(2).filter(|pair| pair[0].folder == pair[1].folder) {
            let position = self.builder.package(pair[1].id).position;
            let message =
                format!("{:?} stands here a second time; npm takes the last, both are kept", pair[1].folder);
            self.builder.remark(message, position);
        }
    }

    fn finish(mut self, root: PackageId, manifest: Option<&Manifest>) -> Read<DependencyGraph> {
        let found = self.nodes.iter().enumerate().map(|(index, node)| (node.folder.as_str(), index));
        let tree = Tree::new(found);
        let mut required = vec![false; self.nodes.len()];
        if let Some(manifest) = manifest {
            for one in &manifest.dependencies {
                let to = tree.find(tree.holder_from(""), &one.name);
                to.inspect(|&index| required[index] = true);
                let requirement = Requirement {
                    name: (&*one.name).into(),
                    specifier: (&*one.specifier).into(),
                    kind: one.kind,
                };
                requirement::link(
                    &mut self.builder,
                    root,
                    to.map(|index| self.nodes[index].id),
                    &requirement,
                );
            }
        }
        for node in &self.nodes {
            let holder = tree.holder_from(&node.folder);
            for one in &self.requirements[node.requirements.clone()] {
                let to = tree.find(holder, &one.name);
                to.inspect(|&index| required[index] = true);
                // `requires` merges optional dependencies into the others; npm's flag on the target tells.
                let optional = to.is_some_and(|index| self.nodes[index].optional && !node.optional);
                let kind = if optional { EdgeKind::Optional } else { EdgeKind::Production };
                let one = Requirement { name: one.name.clone(), specifier: one.specifier.clone(), kind };
                requirement::link(&mut self.builder, node.id, to.map(|index| self.nodes[index].id), &one);
            }
        }
        for (node, _) in self.nodes.iter().zip(&required).filter(|(_, required)| !**required) {
            // With the manifest at hand, a package at the top that nothing requires is one too many: no edge.
            if manifest.is_none() || node.owner != root {
                require_unasked(&mut self.builder, node, root);
            }
        }
        let reach = if manifest.is_some() { ReachFrom::Edges } else { ReachFrom::Flags };
        Ok(self.builder.finish(reach))
    }
}

fn require_unasked(builder: &mut GraphBuilder, node: &Node, root: PackageId) {
    let package = builder.package(node.id);
    let kind = match package.reach {
        _ if node.optional => EdgeKind::Optional,
        reach if reach.development && !reach.production && node.owner == root => EdgeKind::Development,
        _ => EdgeKind::Production,
    };
    let name = split(&node.folder).map_or("", |(_, name)| name).into();
    builder.require(Edge { from: node.owner, to: Some(node.id), kind, name, specifier: "".into() });
}

/// What a version 1 entry is: its `version` is a version, an alias, a URL or a path.
fn identify<'a>(
    required: &PackageName,
    written: &'a str,
    resolved: Option<&str>,
) -> (PackageName, &'a str, Origin) {
    if let Some(alias) = written.strip_prefix("npm:")
        && let Some(at) = alias.rfind('@').filter(|at| *at > 0)
        && let Ok(name) = PackageName::parse(&alias[..at])
    {
        return (name, &alias[at + 1..], source_of(resolved));
    }
    let is_url = written.starts_with("http://") || written.starts_with("https://");
    match source_of(Some(written)) {
        origin @ (Origin::Git { .. } | Origin::File { .. }) => (required.clone(), "", origin),
        _ if is_url => (required.clone(), "", Origin::Http { url: written.into() }),
        // A shortcut such as `owner/repository#commit`, which no version can look like.
        _ if written.contains('/') => {
            let (url, commit) = written.split_once('#').unwrap_or((written, ""));
            let commit = (!commit.is_empty()).then(|| commit.into());
            (required.clone(), "", Origin::Git { url: url.into(), commit })
        }
        _ => (required.clone(), written, source_of(resolved)),
    }
}

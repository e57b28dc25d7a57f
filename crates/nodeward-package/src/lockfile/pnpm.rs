//! `pnpm-lock.yaml`, lockfileVersion 5 to 9 and later.
//!
//! Up to version 8 an entry of `packages` is one resolution, peers included. From version 9 `packages` says what a
//! release is and `snapshots` what each of its resolutions requires. pnpm 11 puts a document of its own before the
//! project's, with the package manager and its configuration dependencies: those run on this machine too, so they
//! are read as a project of their own.

mod dep_path;
mod entry;
mod importer;

use self::dep_path::{DepPath, Family};
use super::project::parse_manifests;
use super::source::Source;
use super::yaml::{self, Key, Kind, TopDuplicates, Value};
use super::{Input, LockfileError};
use crate::graph::{GraphBuilder, ReachFrom};
use crate::lockfile::Format;
use crate::lookup::{LookupMap, LookupSet};
use crate::{DependencyGraph, Edge, EdgeKind, Manifest, Origin, Package, PackageId, Version};

/// Sections that hold no packages, and those that the readers below look for.
const SECTIONS: &[&str] = &[
    "catalogs",
    "dependencies",
    "dependenciesMeta",
    "devDependencies",
    "ignoredOptionalDependencies",
    "importers",
    "lockfileVersion",
    "neverBuiltDependencies",
    "onlyBuiltDependencies",
    "optionalDependencies",
    "overrides",
    "packageExtensionsChecksum",
    "packages",
    "patchedDependencies",
    "pnpmfileChecksum",
    "publishDirectory",
    "registry",
    "settings",
    "skippedOptionalDependencies",
    "snapshots",
    "specifiers",
    "time",
];

/// How far into a file of another name the format's mark is looked for.
const MARK_BYTES: usize = 64 * 1024;

/// Whether a file is a pnpm lockfile, by name or by its mark.
pub(super) fn recognises(file_name: &str, bytes: &[u8]) -> bool {
    let named = file_name.ends_with("pnpm-lock.yaml")
        || (file_name.starts_with("pnpm-lock.") && file_name.ends_with(".yaml"));
    let start = &bytes[..bytes.len().min(MARK_BYTES)];
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    named
        || start.starts_with(b"lockfileVersion:")
        || memchr::memmem::find(start, b"\nlockfileVersion:").is_some()
}

/// Reads a pnpm lockfile.
pub(super) fn parse(input: &Input<'_>) -> Result<DependencyGraph, LockfileError> {
    let source = Source::new(input)?;
    let documents = yaml::parse(source.text, TopDuplicates::Refused).map_err(|error| source.yaml(error))?;
    if documents.is_empty() {
        return Err(source.syntax(0, "the file is empty; a pnpm lockfile starts with lockfileVersion"));
    }
    let members = parse_manifests(input)?;
    let mut builder = GraphBuilder::new(input.file, Format::Pnpm);
    for document in &documents {
        Lock::new(&source, document.root(), &members, &mut builder)?.read()?;
    }
    Ok(builder.finish(ReachFrom::Edges))
}

/// One document on its way into the graph.
struct Lock<'l, 'd, 'a> {
    source: &'l Source<'a>,
    root: Value<'d, 'a>,
    family: Family,
    /// `lockfileVersion` as written.
    version: &'d str,
    members: &'l [(String, Manifest)],
    builder: &'l mut GraphBuilder,
    /// Packages by their key in `snapshots`, or in `packages` where there are no snapshots.
    by_key: LookupMap<&'d str, PackageId>,
    /// Packages whose requirements are still to be read: id, where the peers are declared, where the edges are.
    pending: Vec<(PackageId, Option<Value<'d, 'a>>, Value<'d, 'a>)>,
    /// Members of the workspace by folder.
    importers: LookupMap<&'d str, PackageId>,
    /// Folders that a `link:` leads to outside of the workspace.
    links: LookupMap<String, PackageId>,
    /// Releases that are only referred to, by label.
    without_entry: LookupMap<String, PackageId>,
    /// Roots that have no name yet but the one they are linked by.
    unnamed: LookupSet<PackageId>,
    /// Keys of `patchedDependencies`: `name@version` or `name`.
    patched: LookupSet<&'d str>,
    /// Holds one key at a time while it is looked up.
    key: String,
}

impl<'l, 'd, 'a> Lock<'l, 'd, 'a> {
    fn new(
        source: &'l Source<'a>,
        root: Value<'d, 'a>,
        members: &'l [(String, Manifest)],
        builder: &'l mut GraphBuilder,
    ) -> Result<Self, LockfileError> {
        if root.kind() != Kind::Mapping {
            return Err(source.syntax(root.offset(), "expected the keys of a pnpm lockfile"));
        }
        let Some(version) = root.get("lockfileVersion") else {
            let message = match root.get("shrinkwrapVersion") {
                Some(_) => "a shrinkwrap.yaml of pnpm 1 or 2; install with a current pnpm to write it anew",
                None => "lockfileVersion is missing; is this a pnpm lockfile?",
            };
            return Err(source.unsupported(root.offset(), message));
        };
        let text = version.text().unwrap_or_default();
        let Some(family) = Family::of(text) else {
            let message = format!(
                "lockfileVersion {:?} is not supported (5 and later are); install with a current pnpm to write it anew",
                yaml::shorten(text)
            );
            return Err(source.unsupported(version.offset(), message));
        };
        if family == Family::Newer {
            let message = format!("lockfileVersion {text} is newer than this reader; it was read like 9.0");
            builder.remark(message, source.position(version.offset()));
        }
        Ok(Self {
            source,
            root,
            family,
            version: text,
            members,
            builder,
            by_key: LookupMap::default(),
            pending: Vec::new(),
            importers: LookupMap::default(),
            links: LookupMap::default(),
            without_entry: LookupMap::default(),
            unnamed: LookupSet::default(),
            patched: LookupSet::default(),
            key: String::new(),
        })
    }

    fn read(mut self) -> Result<(), LockfileError> {
        for (key, _) in self.root.entries() {
            if !SECTIONS.contains(&key.text) {
                let message = format!("a section {:?} that is not known here", yaml::shorten(key.text));
                self.builder.remark(message, self.source.position(key.offset));
            }
        }
        if let Some(patched) = self.section("patchedDependencies")? {
            self.patched = patched.entries().map(|(key, _)| key.text).collect();
        }
        self.add_importers()?;
        let packages = self.section("packages")?;
        match (self.section("snapshots")?, packages) {
            (Some(snapshots), _) => self.add_snapshots(packages, snapshots)?,
            (None, Some(packages)) if self.family.has_snapshots() => {
                self.without_snapshots(packages.offset(), "the releases have");
                self.add_packages(Some(packages))?;
            }
            (None, _) => self.add_packages(packages)?,
        }
        self.require_from_importers()?;
        self.require_from_packages()
    }

    /// A top-level section; `None` where it is missing or empty.
    fn section(&self, name: &str) -> Result<Option<Value<'d, 'a>>, LockfileError> {
        self.root.get(name).map_or(Ok(None), |value| self.mapping(value, name))
    }

    /// A value that has to be a mapping, or nothing.
    fn mapping(&self, value: Value<'d, 'a>, name: &str) -> Result<Option<Value<'d, 'a>>, LockfileError> {
        if value.kind() == Kind::Mapping {
            Ok(Some(value))
        } else if value.is_null() {
            Ok(None)
        } else {
            Err(self.source.syntax(value.offset(), format!("expected the entries of `{name}`")))
        }
    }

    /// `packages` of the versions in which an entry is a resolution.
    fn add_packages(&mut self, packages: Option<Value<'d, 'a>>) -> Result<(), LockfileError> {
        let Some(packages) = packages else { return Ok(()) };
        for (key, value) in packages.entries() {
            let package = self.package(key, value)?;
            let id = self.builder.add(package);
            self.by_key.insert(key.text, id);
            self.pending.push((id, Some(value), value));
        }
        Ok(())
    }

    /// `packages` and `snapshots` of the versions that keep them apart: one package per snapshot.
    fn add_snapshots(
        &mut self,
        packages: Option<Value<'d, 'a>>,
        snapshots: Value<'d, 'a>,
    ) -> Result<(), LockfileError> {
        struct Release<'d, 'a> {
            key: Key<'d>,
            value: Value<'d, 'a>,
            /// What its first snapshot became, once there was one.
            first: Option<PackageId>,
        }
        // Apart from the map, which moves its values about as it grows.
        let mut releases: Vec<Release<'d, 'a>> = Vec::new();
        let mut by_label: LookupMap<&'d str, u32> = LookupMap::default();
        for (key, value) in packages.into_iter().flat_map(Value::entries) {
            by_label.insert(key.text, releases.len() as u32);
            releases.push(Release { key, value, first: None });
        }
        for (key, snapshot) in snapshots.entries() {
            let (base, patched) = dep_path::split_suffix(key.text);
            let (mut package, declared) = match by_label.get(base) {
                Some(&index) => {
                    let release = &mut releases[index as usize];
                    let package = match release.first {
                        Some(first) => self.builder.package(first).clone(),
                        None => self.package(release.key, release.value)?,
                    };
                    release.first.get_or_insert(self.builder.next_id());
                    (package, Some(release.value))
                }
                None => {
                    let message = format!("{:?} stands only in `snapshots`, not in `packages`", key.text);
                    self.builder.remark(message, self.source.position(key.offset));
                    (self.package(key, snapshot)?, None)
                }
            };
            package.patched |= patched;
            if snapshot.get("optional").is_some_and(Value::is_true) {
                package.reach.optional = true;
            }
            let id = self.builder.add(package);
            self.by_key.insert(key.text, id);
            self.pending.push((id, declared, snapshot));
        }
        let bare = || releases.iter().filter(|release| release.first.is_none());
        if let Some(first) = bare().next() {
            let others = bare().count() - 1;
            let verb = if others > 0 { format!("and {others} more have") } else { "has".to_owned() };
            let releases = format!("{:?} {verb}", yaml::shorten(first.key.text));
            self.without_snapshots(first.key.offset, &releases);
        }
        for Release { key, value, .. } in releases.into_iter().filter(|release| release.first.is_none()) {
            let package = self.package(key, value)?;
            let id = self.builder.add(package);
            self.by_key.insert(key.text, id);
            self.pending.push((id, Some(value), value));
        }
        Ok(())
    }

    /// pnpm writes both or neither: the file was cut off, and what the releases require is lost.
    fn without_snapshots(&mut self, offset: usize, releases_have: &str) {
        let message = format!("{releases_have} no entry in `snapshots`");
        self.builder.lost(message, self.source.position(offset));
    }

    /// What every package requires, as far as it was resolved, and the peers that are missing.
    fn require_from_packages(&mut self) -> Result<(), LockfileError> {
        let mut peers: LookupMap<&'d str, (&'d str, EdgeKind)> = LookupMap::default();
        for (from, declared, edges) in std::mem::take(&mut self.pending) {
            peers.clear();
            if let Some(declared) = declared {
                self.declared_peers(declared, &mut peers)?;
            }
            let groups =
                [("dependencies", EdgeKind::Production), ("optionalDependencies", EdgeKind::Optional)];
            for (group, kind) in groups {
                let Some(group) = edges.get(group) else { continue };
                let Some(group) = self.mapping(group, "dependencies")? else { continue };
                for (name, reference) in group.entries() {
                    let text = self.scalar(reference)?;
                    let peer = if peers.is_empty() { None } else { peers.remove(name.text) };
                    let (specifier, kind) = peer.unwrap_or(("", kind));
                    let to = self.resolve(name.text, text, ".", name.offset)?;
                    self.require(from, to, kind, name.text, specifier);
                }
            }
            // What is left was declared but not resolved.
            if let Some(group) = declared.and_then(|declared| declared.get("peerDependencies")) {
                for (name, _) in group.entries() {
                    if let Some((specifier, kind)) = peers.remove(name.text) {
                        self.require(from, None, kind, name.text, specifier);
                    }
                }
            }
        }
        Ok(())
    }

    /// `peerDependencies` and `peerDependenciesMeta` of an entry.
    fn declared_peers(
        &self,
        entry: Value<'d, 'a>,
        peers: &mut LookupMap<&'d str, (&'d str, EdgeKind)>,
    ) -> Result<(), LockfileError> {
        let Some(declared) = entry.get("peerDependencies") else { return Ok(()) };
        let Some(declared) = self.mapping(declared, "peerDependencies")? else { return Ok(()) };
        for (name, range) in declared.entries() {
            peers.insert(name.text, (self.scalar(range)?, EdgeKind::Peer));
        }
        for (name, meta) in entry.get("peerDependenciesMeta").into_iter().flat_map(Value::entries) {
            if meta.get("optional").is_some_and(Value::is_true)
                && let Some((_, kind)) = peers.get_mut(name.text)
            {
                *kind = EdgeKind::OptionalPeer;
            }
        }
        Ok(())
    }

    fn require(
        &mut self,
        from: PackageId,
        to: Option<PackageId>,
        kind: EdgeKind,
        name: &str,
        specifier: &str,
    ) {
        if let Some(to) = to {
            let target = self.builder.package_mut(to);
            if target.alias.is_none()
                && target.name.as_str() != name
                && !target.origin.is_first_party()
                && let Ok(alias) = crate::PackageName::parse(name)
            {
                target.alias = Some(alias);
            }
        }
        let name = self.builder.required_name(to, name);
        self.builder.require(Edge { from, to, kind, name, specifier: specifier.into() });
    }

    /// The package that a reference leads to. `folder` is where a relative link starts from.
    fn resolve(
        &mut self,
        name: &str,
        reference: &str,
        folder: &str,
        offset: usize,
    ) -> Result<Option<PackageId>, LockfileError> {
        if let Some(path) = reference.strip_prefix("link:") {
            return self.linked(name, path, folder, offset).map(Some);
        }
        self.family.key_of(name, reference, &mut self.key);
        if let Some(&id) = self.by_key.get(self.key.as_str()) {
            return Ok(Some(id));
        }
        // A release whose snapshot is missing still has its entry in `packages`.
        let (base, _) = dep_path::split_suffix(&self.key);
        if let Some(&id) = self.by_key.get(base) {
            return Ok(Some(id));
        }
        Ok(self.without_entry(offset))
    }

    /// A release that something resolved to but that has no entry: it would be installed all the same.
    fn without_entry(&mut self, offset: usize) -> Option<PackageId> {
        let path = DepPath::parse(&self.key, self.family)?;
        let name = crate::PackageName::parse(path.name?).ok()?;
        let version = path.version.filter(|version| Version::parse(version).is_ok())?;
        let mut package = Package::new(name, version, Origin::Registry { resolved: None });
        package.position = self.source.position(offset);
        package.reach.production = true;
        if let Some(&id) = self.without_entry.get(&package.label()) {
            return Some(id);
        }
        let message = format!("{} is resolved to but has no entry in `packages`", package.label());
        self.builder.lost(message, package.position);
        let label = package.label();
        let id = self.builder.add(package);
        self.without_entry.insert(label, id);
        Some(id)
    }

    /// A member of the workspace, or a folder outside of it.
    fn linked(
        &mut self,
        name: &str,
        path: &str,
        folder: &str,
        offset: usize,
    ) -> Result<PackageId, LockfileError> {
        let path = importer::join(folder, path);
        if let Some(&id) = self.importers.get(path.as_str()) {
            if self.unnamed.remove(&id)
                && let Ok(name) = crate::PackageName::parse(name)
            {
                self.builder.package_mut(id).name = name;
            }
            return Ok(id);
        }
        if let Some(&id) = self.links.get(&path) {
            return Ok(id);
        }
        let name = crate::PackageName::parse(name)
            .map_err(|error| self.source.syntax(offset, format!("{error}: {:?}", yaml::shorten(name))))?;
        let mut package = Package::new(name, "", Origin::File { path: path.as_str().into() });
        package.position = self.source.position(offset);
        package.reach.production = true;
        let id = self.builder.add(package);
        self.links.insert(path, id);
        Ok(id)
    }

    /// A value that has to be a text.
    fn scalar(&self, value: Value<'d, 'a>) -> Result<&'d str, LockfileError> {
        value.text().ok_or_else(|| self.source.syntax(value.offset(), "expected a text, found entries"))
    }
}

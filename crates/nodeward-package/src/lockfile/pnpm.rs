//! `pnpm-lock.yaml`, lockfileVersion 5 to 9 and later.
//!
//! Up to version 8 an entry of `packages` is one resolution, peers included. From version 9 `packages` says what a
//! release is and `snapshots` what each of its resolutions requires. pnpm 11 puts a document of its own before the
//! project's, with the package manager and its configuration dependencies: those run on this machine too, so they
//! are read as a project of their own.

mod ahead;
mod dep_path;
mod entry;
mod importer;

use self::ahead::{Ahead, Found};
use self::dep_path::{DepPath, Family};
use self::entry::Reading;
use super::project::parse_manifests;
use super::source::Source;
use super::yaml::{self, Key, Kind, TopDuplicates, Value};
use super::{Input, LockfileError};
use crate::graph::{GraphBuilder, ReachFrom};
use crate::lockfile::Format;
use crate::lookup::{LookupMap, LookupSet};
use crate::place::Position;
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
    parse_ahead(input, ahead::WORTHWHILE_ENTRIES)
}

/// As [`parse`], with a second thread where there are so many entries.
fn parse_ahead(input: &Input<'_>, worthwhile_entries: usize) -> Result<DependencyGraph, LockfileError> {
    let source = Source::new(input)?;
    let documents = yaml::parse(source.text, TopDuplicates::Refused).map_err(|error| source.yaml(error))?;
    if documents.is_empty() {
        return Err(source.syntax(0, "the file is empty; a pnpm lockfile starts with lockfileVersion"));
    }
    let members = parse_manifests(input)?;
    let mut builder = GraphBuilder::new(input.file, Format::Pnpm);
    for document in &documents {
        let mut lock = Lock::new(&source, document.root(), &members, &mut builder)?;
        lock.worthwhile_entries = worthwhile_entries;
        lock.read()?;
    }
    Ok(builder.finish(ReachFrom::Edges))
}

/// A package whose requirements are still to be read: where the peers are declared, and where the edges are.
type Pending<'d, 'a> = (PackageId, Option<Value<'d, 'a>>, Value<'d, 'a>);

/// Where an entry lists what its requirements were resolved to.
const RESOLVED: [(&str, EdgeKind); 2] =
    [("dependencies", EdgeKind::Production), ("optionalDependencies", EdgeKind::Optional)];

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
    /// Packages whose requirements are still to be read.
    pending: Vec<Pending<'d, 'a>>,
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
    /// How many entries of `packages` are worth a second thread.
    worthwhile_entries: usize,
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
            worthwhile_entries: ahead::WORTHWHILE_ENTRIES,
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
                without_snapshots(self.builder, self.source.position(packages.offset()), "the releases have");
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
        mapping(self.source, value, name)
    }

    /// `packages` of the versions in which an entry is a resolution.
    fn add_packages(&mut self, packages: Option<Value<'d, 'a>>) -> Result<(), LockfileError> {
        let entries: Vec<(Key<'d>, Value<'d, 'a>)> = packages.into_iter().flat_map(Value::entries).collect();
        let reading = Reading {
            source: self.source,
            family: self.family,
            version: self.version,
            patched: &self.patched,
            importers: &self.importers,
        };
        std::thread::scope(|scope| {
            let mut described = Ahead::start(scope, reading, &entries, self.worthwhile_entries);
            self.builder.reserve(entries.len());
            self.by_key.reserve(entries.len());
            self.pending.reserve(entries.len());
            for (index, &(key, value)) in entries.iter().enumerate() {
                let (package, remark) = described.take(index)?;
                let id = add(self.builder, package, remark);
                self.by_key.insert(key.text, id);
                self.pending.push((id, Some(value), value));
            }
            Ok(())
        })
    }

    /// `packages` and `snapshots` of the versions that keep them apart: one package per snapshot.
    fn add_snapshots(
        &mut self,
        packages: Option<Value<'d, 'a>>,
        snapshots: Value<'d, 'a>,
    ) -> Result<(), LockfileError> {
        let releases: Vec<(Key<'d>, Value<'d, 'a>)> = packages.into_iter().flat_map(Value::entries).collect();
        let mut labels = Labels { releases: &releases, last: 0, by_label: None };
        // What the first snapshot of each release became, once there was one.
        let mut first: Vec<Option<PackageId>> = vec![None; releases.len()];
        let reading = Reading {
            source: self.source,
            family: self.family,
            version: self.version,
            patched: &self.patched,
            importers: &self.importers,
        };
        std::thread::scope(|scope| {
            let mut described = Ahead::start(scope, reading, &releases, self.worthwhile_entries);
            // There are at least as many snapshots.
            self.builder.reserve(releases.len());
            self.by_key.reserve(releases.len());
            self.pending.reserve(releases.len());
            for (key, snapshot) in snapshots.entries() {
                let (base, patched) = dep_path::split_suffix(key.text);
                let (mut package, remark, declared) = match labels.find(base) {
                    Some(index) => {
                        let (package, remark) = match first[index] {
                            Some(first) => (self.builder.package(first).clone(), None),
                            None => described.take(index)?,
                        };
                        first[index].get_or_insert(self.builder.next_id());
                        (package, remark, Some(releases[index].1))
                    }
                    None => {
                        let message = format!("{:?} stands only in `snapshots`, not in `packages`", key.text);
                        self.builder.remark(message, self.source.position(key.offset));
                        let (package, remark) = reading.package(key, snapshot)?;
                        (package, remark, None)
                    }
                };
                package.patched |= patched;
                if snapshot.get("optional").is_some_and(Value::is_true) {
                    package.reach.optional = true;
                }
                let id = add(self.builder, package, remark);
                self.by_key.insert(key.text, id);
                self.pending.push((id, declared, snapshot));
            }
            let bare: Vec<usize> = (0..releases.len()).filter(|&index| first[index].is_none()).collect();
            if let Some((&first, others)) = bare.split_first() {
                let verb = match others.len() {
                    0 => "has".to_owned(),
                    others => format!("and {others} more have"),
                };
                let key = releases[first].0;
                let releases = format!("{:?} {verb}", yaml::shorten(key.text));
                without_snapshots(self.builder, self.source.position(key.offset), &releases);
            }
            for index in bare {
                let (key, value) = releases[index];
                let (package, remark) = described.take(index)?;
                let id = add(self.builder, package, remark);
                self.by_key.insert(key.text, id);
                self.pending.push((id, Some(value), value));
            }
            Ok(())
        })
    }

    /// What every package requires, as far as it was resolved, and the peers that are missing.
    fn require_from_packages(&mut self) -> Result<(), LockfileError> {
        let (pending, by_key) = (std::mem::take(&mut self.pending), std::mem::take(&mut self.by_key));
        std::thread::scope(|scope| {
            let found = Found::start(scope, self.family, &by_key, &pending, self.worthwhile_entries);
            self.require_pending(&pending, &by_key, found)
        })
    }

    fn require_pending(
        &mut self,
        pending: &[Pending<'d, 'a>],
        by_key: &LookupMap<&'d str, PackageId>,
        mut found: Found,
    ) -> Result<(), LockfileError> {
        let mut peers: LookupMap<&'d str, (&'d str, EdgeKind)> = LookupMap::default();
        for (index, &(from, declared, edges)) in pending.iter().enumerate() {
            peers.clear();
            if let Some(declared) = declared {
                self.declared_peers(declared, &mut peers)?;
            }
            for (group, kind) in RESOLVED {
                let Some(group) = edges.get(group) else { continue };
                let Some(group) = self.mapping(group, "dependencies")? else { continue };
                for (name, reference) in group.entries() {
                    let text = self.scalar(reference)?;
                    let peer = if peers.is_empty() { None } else { peers.remove(name.text) };
                    let (specifier, kind) = peer.unwrap_or(("", kind));
                    let to = match found.next(index) {
                        Some(to) => Some(to),
                        None => self.resolve(by_key, name.text, text, ".", name.offset)?,
                    };
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
        by_key: &LookupMap<&'d str, PackageId>,
        name: &str,
        reference: &str,
        folder: &str,
        offset: usize,
    ) -> Result<Option<PackageId>, LockfileError> {
        if let Some(path) = reference.strip_prefix("link:") {
            return self.linked(name, path, folder, offset).map(Some);
        }
        self.family.key_of(name, reference, &mut self.key);
        if let Some(&id) = by_key.get(self.key.as_str()) {
            return Ok(Some(id));
        }
        // A release whose snapshot is missing still has its entry in `packages`.
        let (base, _) = dep_path::split_suffix(&self.key);
        if let Some(&id) = by_key.get(base) {
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

/// The releases by their keys. pnpm sorts these as it does those of the snapshots, so that the next one asked for is
/// mostly the last one or the one after it; only where it is not, they are looked up.
struct Labels<'r, 'd, 'a> {
    releases: &'r [(Key<'d>, Value<'d, 'a>)],
    last: usize,
    by_label: Option<LookupMap<&'d str, usize>>,
}

impl Labels<'_, '_, '_> {
    fn find(&mut self, label: &str) -> Option<usize> {
        let mut near = self.releases.iter().enumerate().skip(self.last).take(2);
        if let Some((index, _)) = near.find(|(_, (key, _))| key.text == label) {
            self.last = index;
            return Some(index);
        }
        let releases = self.releases;
        let all = || releases.iter().enumerate().map(|(index, (key, _))| (key.text, index)).collect();
        self.by_label.get_or_insert_with(all).get(label).copied()
    }
}

/// A value that has to be a mapping, or nothing.
fn mapping<'d, 'a>(
    source: &Source<'a>,
    value: Value<'d, 'a>,
    name: &str,
) -> Result<Option<Value<'d, 'a>>, LockfileError> {
    if value.kind() == Kind::Mapping {
        Ok(Some(value))
    } else if value.is_null() {
        Ok(None)
    } else {
        Err(source.syntax(value.offset(), format!("expected the entries of `{name}`")))
    }
}

/// Adds a package and what there is to remark on it.
fn add(builder: &mut GraphBuilder, package: Package, remark: Option<String>) -> PackageId {
    if let Some(message) = remark {
        builder.remark(message, package.position);
    }
    builder.add(package)
}

/// pnpm writes both or neither: the file was cut off, and what the releases require is lost.
fn without_snapshots(builder: &mut GraphBuilder, position: Position, releases_have: &str) {
    builder.lost(format!("{releases_have} no entry in `snapshots`"), position);
}

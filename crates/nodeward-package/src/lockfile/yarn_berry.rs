//! `yarn.lock` of yarn 2 and later.
//!
//! Each entry is a locator with the descriptors that resolved to it. Workspaces have entries too, with what they
//! require; which of that is for development stands only in their manifests. `checksum` is the digest of yarn's own
//! archive, not of the tarball, so it is no [`Integrity`](crate::Integrity).

mod locator;

use super::descriptor::{Resolutions, alias_target, split};
use super::project::parse_manifests;
use super::source::Source;
use super::yaml::{self, Key, Kind, TopDuplicates, Value, shorten};
use super::{Input, LockfileError, unnamed_root};
use crate::graph::{GraphBuilder, ReachFrom};
use crate::lockfile::Format;
use crate::lookup::LookupMap;
use crate::{DependencyGraph, Edge, EdgeKind, Manifest, Origin, Package, PackageId, PackageName, Version};

/// How far into a file the format's mark is looked for.
const MARK_BYTES: usize = 64 * 1024;

/// Whether a file is a lockfile of yarn 2 or later: by its mark, since the name is that of yarn 1's too.
pub(super) fn recognises(file_name: &str, bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(MARK_BYTES)];
    let has = |mark: &[u8]| memchr::memmem::find(start, mark).is_some();
    start.starts_with(b"__metadata:")
        || has(b"\n__metadata:")
        || (file_name.contains("yarn") && file_name.ends_with(".lock") && has(b"\n  resolution: \""))
}

/// Reads a lockfile of yarn 2 or later.
pub(super) fn parse(input: &Input<'_>) -> Result<DependencyGraph, LockfileError> {
    let source = Source::new(input)?;
    let documents = yaml::parse(source.text, TopDuplicates::Kept).map_err(|error| source.yaml(error))?;
    let manifests = parse_manifests(input)?;
    let mut reader = Reader {
        source: &source,
        builder: GraphBuilder::new(input.file, Format::YarnBerry),
        manifests: &manifests,
        resolutions: Resolutions::of(&manifests),
        by_descriptor: LookupMap::default(),
        by_builtin_patch: LookupMap::default(),
        by_name: LookupMap::default(),
        descriptor: String::new(),
    };
    let mut pending = Vec::new();
    for document in &documents {
        let root = document.root();
        if root.kind() != Kind::Mapping {
            return Err(source.syntax(root.offset(), "expected the entries of a yarn lockfile"));
        }
        for (key, entry) in root.entries() {
            if key.text != "__metadata" {
                pending.push((reader.add(key, entry)?, entry));
            }
        }
    }
    if reader.builder.roots().is_empty() {
        reader.add_root_without_entry();
    }
    for (id, entry) in pending {
        reader.require_from(id, entry)?;
    }
    Ok(reader.builder.finish(ReachFrom::Edges))
}

struct Reader<'r, 'd, 'a> {
    source: &'r Source<'a>,
    builder: GraphBuilder,
    manifests: &'r [(String, Manifest)],
    resolutions: Resolutions,
    /// Packages by descriptor, both as it stands and without its parameters.
    by_descriptor: LookupMap<&'d str, PackageId>,
    /// Packages that yarn patches itself, by the descriptor that was asked for.
    by_builtin_patch: LookupMap<String, PackageId>,
    /// The only entry of a name; `None` where there are several.
    by_name: LookupMap<&'d str, Option<PackageId>>,
    /// Holds one descriptor at a time while it is looked up.
    descriptor: String,
}

impl<'d, 'a> Reader<'_, 'd, 'a> {
    fn add(&mut self, key: Key<'d>, entry: Value<'d, 'a>) -> Result<PackageId, LockfileError> {
        let package = self.package(key, entry)?;
        let id = match package.origin.is_first_party() {
            true => self.builder.add_root(package),
            false => self.builder.add(package),
        };
        for descriptor in key.text.split(',').map(str::trim) {
            let (name, range) = split(descriptor);
            if self.by_descriptor.insert(descriptor, id).is_some() {
                let message =
                    format!("{:?} stands here a second time; yarn takes the last", shorten(descriptor));
                self.builder.remark(message, self.source.position(key.offset));
            }
            if let Some((bare, _)) = descriptor.split_once("::") {
                self.by_descriptor.entry(bare).or_insert(id);
            }
            if locator::is_builtin(range)
                && let Some(inner) = locator::patched(range)
            {
                let (name, range) = split(&inner);
                let range = range.strip_prefix("npm:").unwrap_or(range);
                self.by_builtin_patch.insert(format!("{name}@{range}"), id);
            }
            let only = self.by_name.entry(name).or_insert(Some(id));
            if *only != Some(id) {
                *only = None;
            }
        }
        Ok(id)
    }

    fn package(&self, key: Key<'d>, entry: Value<'d, 'a>) -> Result<Package, LockfileError> {
        let error = |message: String| self.source.syntax(key.offset, message);
        let shown = shorten(key.text);
        if entry.kind() != Kind::Mapping {
            return Err(error(format!("the entry of {shown:?} is empty")));
        }
        let first = key.text.split(',').next().unwrap_or_default().trim();
        let resolution = entry.get("resolution").and_then(Value::text);
        let version = entry.get("version").and_then(Value::text);
        if resolution.is_none() && version.is_none() {
            return Err(error(format!("the entry of {shown:?} has neither resolution nor version")));
        }
        let (required, range) = split(first);
        let (name, reference) = match resolution {
            Some(resolution) => split(resolution),
            None => alias_target(range).map_or((required, range), |(name, range)| (name, range)),
        };
        let read = locator::source(reference);
        let name = match PackageName::parse(name) {
            Ok(name) => name,
            // A project that is never published may be called anything.
            Err(_) if read.origin.is_first_party() => unnamed_root(),
            Err(cause) => return Err(error(format!("{cause}: {shown:?}"))),
        };
        let mut package = Package::new(name, version.unwrap_or_default(), read.origin);
        package.patched = read.patched;
        package.position = self.source.position(key.offset);
        package.reach.production = true;
        if let Some(manifest) = self.manifest_of(&package.origin) {
            if let Some(version) = &manifest.version {
                package.version_text = version.text.clone();
                package.version = Version::parse(&version.text).ok();
            }
            package.license = manifest.license.clone();
            package.engines_node = manifest.engines_node().map(|engine| engine.value.clone());
        }
        if package.name.as_str() != required
            && !package.origin.is_first_party()
            && let Ok(alias) = PackageName::parse(required)
        {
            package.alias = Some(alias);
        }
        Ok(package)
    }

    fn manifest_of(&self, origin: &Origin) -> Option<&Manifest> {
        let folder = match origin {
            Origin::Root => "",
            Origin::Workspace { path } => path,
            _ => return None,
        };
        self.manifests.iter().find(|(known, _)| known == folder).map(|(_, manifest)| manifest)
    }

    /// A lockfile that was cut down may lack the entry of the project: its manifest says what it requires.
    fn add_root_without_entry(&mut self) {
        let Some((_, manifest)) = self.manifests.iter().find(|(folder, _)| folder.is_empty()) else {
            self.builder.add_root(Package::new(unnamed_root(), "", Origin::Root));
            return;
        };
        let mut package = super::root_package(manifest);
        package.position = Default::default();
        let id = self.builder.add_root(package);
        for dependency in &manifest.dependencies {
            self.require(id, dependency.kind, &dependency.name, &dependency.specifier);
        }
    }

    fn require_from(&mut self, from: PackageId, entry: Value<'d, 'a>) -> Result<(), LockfileError> {
        let mut kinds: LookupMap<Box<str>, EdgeKind> = LookupMap::default();
        if let Some(manifest) = self.manifest_of(&self.builder.package(from).origin) {
            kinds.extend(manifest.dependencies.iter().rev().map(|known| (known.name.clone(), known.kind)));
        }
        for (name, meta) in self.group(entry, "dependenciesMeta")? {
            if meta.get("optional").is_some_and(Value::is_true) {
                kinds.insert(name.text.into(), EdgeKind::Optional);
            }
        }
        for (group, kind) in
            [("dependencies", EdgeKind::Production), ("optionalDependencies", EdgeKind::Optional)]
        {
            for (name, range) in self.group(entry, group)? {
                let range = self.scalar(range)?;
                let kind = kinds.get(name.text).copied().filter(|kind| !kind.is_peer()).unwrap_or(kind);
                self.require(from, kind, name.text, range);
            }
        }
        self.require_peers(from, entry)?;
        self.require_patched(from, entry);
        Ok(())
    }

    /// Whoever requires the package provides its peers; the lockfile does not say which they are.
    fn require_peers(&mut self, from: PackageId, entry: Value<'d, 'a>) -> Result<(), LockfileError> {
        let mut optional: LookupMap<&str, bool> = LookupMap::default();
        for (name, meta) in self.group(entry, "peerDependenciesMeta")? {
            optional.insert(name.text, meta.get("optional").is_some_and(Value::is_true));
        }
        for (name, range) in self.group(entry, "peerDependencies")? {
            let kind = match optional.get(name.text) {
                Some(true) => EdgeKind::OptionalPeer,
                _ => EdgeKind::Peer,
            };
            let specifier = self.scalar(range)?.into();
            self.builder.require(Edge { from, to: None, kind, name: name.text.into(), specifier });
        }
        Ok(())
    }

    /// A patched package is made from the one without the patch, which has an entry of its own.
    fn require_patched(&mut self, from: PackageId, entry: Value<'d, 'a>) {
        let Some((_, reference)) = entry.get("resolution").and_then(Value::text).map(split) else { return };
        let Some(inner) = locator::patched(reference) else { return };
        let (name, range) = split(&inner);
        let to = look_up(&mut self.descriptor, &self.by_descriptor, name, range)
            .or_else(|| self.by_release(name, range));
        if let Some(to) = to.filter(|&to| to != from) {
            let kind = EdgeKind::Production;
            self.builder.require(Edge {
                from,
                to: Some(to),
                kind,
                name: name.into(),
                specifier: range.into(),
            });
        }
    }

    /// The inner locator of a patch names a version, not the range that was asked for.
    fn by_release(&self, name: &str, reference: &str) -> Option<PackageId> {
        let only = self.by_name.get(name).copied().flatten();
        let version = reference.strip_prefix("npm:")?;
        let is_release = |id: &PackageId| {
            let package = self.builder.package(*id);
            package.name.as_str() == name && &*package.version_text == version && !package.patched
        };
        only.filter(is_release).or_else(|| {
            // Both stand beside each other under one name, so look at its descriptors that fix a version.
            self.by_descriptor.get(format!("{name}@npm:{version}").as_str()).copied()
        })
    }

    fn require(&mut self, from: PackageId, kind: EdgeKind, name: &str, range: &str) {
        let to = self.resolve(from, name, range);
        let name = self.builder.required_name(to, name);
        self.builder.require(Edge { from, to, kind, name, specifier: range.into() });
    }

    fn resolve(&mut self, from: PackageId, name: &str, range: &str) -> Option<PackageId> {
        let parent = self.builder.package(from);
        let replaced = self.resolutions.replacement(parent.name.as_str(), &parent.version_text, name, range);
        if let Some(specifier) = replaced {
            let taken = self.by_builtin(from, name, specifier);
            let taken = taken.or_else(|| look_up(&mut self.descriptor, &self.by_descriptor, name, specifier));
            if taken.is_some() {
                return taken;
            }
        }
        self.by_builtin(from, name, range)
            .or_else(|| look_up(&mut self.descriptor, &self.by_descriptor, name, range))
            // A replaced range is gone from the file; so is that of a member which moved.
            .or_else(|| {
                let only = self.by_name.get(name).copied().flatten()?;
                let is_member = self.builder.package(only).origin.is_first_party();
                (replaced.is_some() || (is_member && range.starts_with("workspace:"))).then_some(only)
            })
    }

    /// yarn swaps some packages for its own patched ones wherever they are required.
    fn by_builtin(&self, from: PackageId, name: &str, range: &str) -> Option<PackageId> {
        if self.by_builtin_patch.is_empty() {
            return None;
        }
        let range = range.strip_prefix("npm:").unwrap_or(range);
        self.by_builtin_patch.get([name, "@", range].concat().as_str()).copied().filter(|&id| id != from)
    }

    /// The entries of a group of an entry.
    fn group(&self, entry: Value<'d, 'a>, name: &str) -> Result<yaml::Entries<'d, 'a>, LockfileError> {
        match entry.get(name) {
            Some(group) if group.kind() == Kind::Mapping || group.is_null() => Ok(group.entries()),
            Some(group) => {
                Err(self.source.syntax(group.offset(), format!("expected the entries of `{name}`")))
            }
            None => Ok(yaml::Entries::default()),
        }
    }

    fn scalar(&self, value: Value<'d, 'a>) -> Result<&'d str, LockfileError> {
        value.text().ok_or_else(|| self.source.syntax(value.offset(), "expected a text, found entries"))
    }
}

/// The package of a descriptor; `npm:` is what is meant where a range has no protocol.
fn look_up(
    descriptor: &mut String,
    by_descriptor: &LookupMap<&str, PackageId>,
    name: &str,
    range: &str,
) -> Option<PackageId> {
    ["", "npm:"].iter().find_map(|protocol| {
        descriptor.clear();
        descriptor.push_str(name);
        descriptor.push('@');
        descriptor.push_str(protocol);
        descriptor.push_str(range);
        by_descriptor.get(descriptor.as_str()).copied()
    })
}

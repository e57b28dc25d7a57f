//! `bun.lock`, the text lockfile of bun.
//!
//! JSON with comments and trailing commas. `workspaces` repeats what each member requires; `packages` maps a path
//! of names (`a/b` is the `b` inside `a`) to a list whose first text says which kind of package it is and whose
//! object, if there is one, says what it requires.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::requirement::{self, Requirement, check_with};
use super::tree::{MAX_FOLDER_BYTES, Tree};
use super::{Format, Input, MAX_PACKAGES};
use crate::graph::{EdgeKind, GraphBuilder, Origin, Package, PackageId, ReachFrom};
use crate::json::{Dialect, Fault, Json, Kind, Read, Text, has_top_level_key, mentions};
use crate::place::LineIndex;
use crate::{DependencyGraph, LockfileError, PackageName};

/// How the binary lockfile starts, which bun wrote before the text one.
const BINARY: &[u8] = b"#!/usr/bin/env bun\nbun-lockfile-format";

pub(super) fn recognises(file_name: &str, bytes: &[u8]) -> bool {
    file_name.ends_with("bun.lock")
        || file_name.starts_with("bun") && file_name.ends_with(".lock")
        || file_name.ends_with("bun.lockb")
        || bytes.starts_with(BINARY)
        || mentions(bytes, b"\"lockfileVersion\"")
            && has_top_level_key(bytes, &["lockfileVersion"])
            && has_top_level_key(bytes, &["workspaces"])
}

pub(super) fn parse(input: &Input<'_>) -> Result<DependencyGraph, LockfileError> {
    if input.bytes.starts_with(BINARY) {
        let message =
            "the binary lockfile of bun can't be read; `bun install --save-text-lockfile` writes bun.lock";
        let place = crate::Place::file(input.file);
        return Err(LockfileError::UnsupportedVersion { place, message: message.to_owned() });
    }
    let (text, lines) = super::text::decode_lines(input.file, input.bytes)?;
    let reader = Reader {
        builder: GraphBuilder::new(input.file, Format::Bun),
        lines,
        requirements: Vec::new(),
        members: Vec::new(),
        nodes: Vec::new(),
        patched: Vec::new(),
    };
    reader.document(text).map_err(|fault| fault.locate(input.file, text))
}

/// A member of the workspace; the root's path is empty.
struct Member<'a> {
    path: Cow<'a, str>,
    id: PackageId,
    has_name: bool,
    requirements: Range<usize>,
}

/// One key of `packages`.
struct Node {
    folder: String,
    at: usize,
    id: PackageId,
    requirements: Range<usize>,
}

struct Reader<'a> {
    builder: GraphBuilder,
    lines: LineIndex<'a>,
    requirements: Vec<Requirement<'a>>,
    members: Vec<Member<'a>>,
    nodes: Vec<Node>,
    patched: Vec<Cow<'a, str>>,
}

/// The parts of a package's list.
#[derive(Default)]
struct Tuple<'a> {
    identity: Option<Text<'a>>,
    /// The texts before the object: a tarball's URL.
    resolved: Option<Text<'a>>,
    /// The texts after it: bun's own tag, an integrity.
    trailing: Vec<Text<'a>>,
    has_info: bool,
    bundled: bool,
    requirements: Range<usize>,
}

impl<'a> Reader<'a> {
    fn document(mut self, text: &'a str) -> Read<DependencyGraph> {
        let mut json = Json::new(text, Dialect::Relaxed);
        let (mut workspaces, mut packages) = (None, None);
        let mut members = json.object("the lockfile")?;
        while let Some(key) = members.next(&mut json)? {
            let slot = match key.as_str() {
                "lockfileVersion" => {
                    check_version(&mut json)?;
                    continue;
                }
                "workspaces" => &mut workspaces,
                "packages" => &mut packages,
                "patchedDependencies" => {
                    self.patched(&mut json)?;
                    continue;
                }
                _ => {
                    json.skip()?;
                    continue;
                }
            };
            if slot.is_some() {
                return Err(Fault::new(key.at, format!("{:?} stands here a second time", key.as_str())));
            }
            *slot = Some(json.clone());
            json.skip()?;
        }
        json.end()?;
        if let Some(workspaces) = workspaces {
            self.workspaces(workspaces)?;
        }
        if !self.members.iter().any(|member| member.path.is_empty()) {
            self.builder.add_root(Package::new(super::unnamed_root(), "", Origin::Root));
        }
        if let Some(packages) = packages {
            self.packages(packages)?;
        }
        self.finish()
    }

    fn patched(&mut self, json: &mut Json<'a>) -> Read<()> {
        let mut members = json.object("patchedDependencies")?;
        while let Some(key) = members.next(json)? {
            self.patched.push(key.value);
            json.skip()?;
        }
        Ok(())
    }

    fn workspaces(&mut self, mut json: Json<'a>) -> Read<()> {
        let mut members = json.object("workspaces")?;
        while let Some(path) = members.next(&mut json)? {
            self.member(&mut json, path)?;
        }
        let mut paths: Vec<&str> = self.members.iter().map(|member| &*member.path).collect();
        paths.sort_unstable();
        match paths.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => {
                Err(Fault::new(json.offset()?, format!("the workspace {:?} stands twice", pair[0])))
            }
            None => Ok(()),
        }
    }

    fn member(&mut self, json: &mut Json<'a>, path: Text<'a>) -> Read<()> {
        let (mut name, mut version) = (None, None);
        let start = self.requirements.len();
        let mut optional_peers = Vec::new();
        let mut members = json.object(format_args!("the workspace {:?}", path.as_str()))?;
        while let Some(key) = members.next(json)? {
            match key.as_str() {
                "name" => name = Some(json.text("name")?),
                "version" => version = Some(json.text("version")?),
                "devDependencies" => {
                    requirement::read(json, &key, EdgeKind::Development, &mut self.requirements)?;
                }
                _ => self.info(json, &key, &mut optional_peers)?,
            }
        }
        requirement::settle(&mut self.requirements, start, &optional_peers);
        let origin = match path.as_str() {
            "" => Origin::Root,
            path => Origin::Workspace { path: path.into() },
        };
        let usable = name.as_ref().and_then(|name| PackageName::parse(name.as_str()).ok());
        let has_name = usable.is_some();
        let version = version.as_ref().map_or("", Text::as_str);
        let mut package = Package::new(usable.unwrap_or_else(super::unnamed_root), version, origin);
        package.position = self.lines.position(path.at);
        if !path.as_str().is_empty() {
            package.folder = Some(path.as_str().into());
        }
        let id = self.builder.add_root(package);
        let requirements = start..self.requirements.len();
        self.members.push(Member { path: path.value, id, has_name, requirements });
        Ok(())
    }

    /// One field that members and packages share.
    fn info(
        &mut self,
        json: &mut Json<'a>,
        key: &Text<'a>,
        optional_peers: &mut Vec<Cow<'a, str>>,
    ) -> Read<()> {
        let kind = match key.as_str() {
            "dependencies" => EdgeKind::Production,
            "optionalDependencies" => EdgeKind::Optional,
            "peerDependencies" => EdgeKind::Peer,
            "optionalPeers" => {
                let mut elements = json.array("optionalPeers")?;
                while elements.next(json)? {
                    optional_peers.push(json.text("a name in optionalPeers")?.value);
                }
                return Ok(());
            }
            _ => return json.skip(),
        };
        requirement::read(json, key, kind, &mut self.requirements)
    }

    fn packages(&mut self, mut json: Json<'a>) -> Read<()> {
        let by_path: HashMap<String, PackageId> =
            self.members.iter().map(|member| (member.path.to_string(), member.id)).collect();
        let mut members = json.object("packages")?;
        while let Some(key) = members.next(&mut json)? {
            if self.nodes.len() == MAX_PACKAGES {
                return Err(Fault::limit(key.at, format!("more than {MAX_PACKAGES} packages")));
            }
            let folder = folder_of(&key)?;
            let tuple = self.tuple(&mut json, &key)?;
            let id = self.package(&key, &tuple, &by_path)?;
            self.nodes.push(Node { folder, at: key.at, id, requirements: tuple.requirements });
        }
        Ok(())
    }

    fn tuple(&mut self, json: &mut Json<'a>, key: &Text<'a>) -> Read<Tuple<'a>> {
        let mut tuple = Tuple::default();
        let start = self.requirements.len();
        tuple.requirements = start..start;
        let mut elements = json.array(format_args!("the entry {:?}", key.as_str()))?;
        while elements.next(json)? {
            if tuple.identity.is_none() {
                let what = format_args!("the first element of {:?} (name@version)", key.as_str());
                tuple.identity = Some(json.text(what)?);
                continue;
            }
            match json.kind()? {
                Kind::String if tuple.has_info => tuple.trailing.push(json.text("")?),
                Kind::String if tuple.resolved.is_none() => tuple.resolved = Some(json.text("")?),
                Kind::Object if !tuple.has_info => {
                    tuple.has_info = true;
                    self.tuple_info(json, &mut tuple)?;
                }
                _ => {
                    let message =
                        format!("the list of {:?} has an element that bun does not write", key.as_str());
                    return Err(Fault::new(json.offset()?, message));
                }
            }
        }
        Ok(tuple)
    }

    fn tuple_info(&mut self, json: &mut Json<'a>, tuple: &mut Tuple<'a>) -> Read<()> {
        let start = self.requirements.len();
        let mut optional_peers = Vec::new();
        let mut members = json.object("")?;
        while let Some(field) = members.next(json)? {
            match field.as_str() {
                "bundled" => tuple.bundled = json.boolean("bundled")?,
                _ => self.info(json, &field, &mut optional_peers)?,
            }
        }
        requirement::settle(&mut self.requirements, start, &optional_peers);
        tuple.requirements = start..self.requirements.len();
        Ok(())
    }

    fn package(
        &mut self,
        key: &Text<'a>,
        tuple: &Tuple<'a>,
        members: &HashMap<String, PackageId>,
    ) -> Read<PackageId> {
        let fault = |message: String| Fault::new(key.at, message);
        let Some(identity) = &tuple.identity else {
            return Err(fault(format!("the list of {:?} is empty", key.as_str())));
        };
        let (name, rest) = split_identity(identity)?;
        let integrity = || tuple.trailing.iter().find(|text| text.as_str().contains('-')).map(Text::as_str);
        let (version, origin) = match classify(rest) {
            Source::Member(path) => {
                if let Some(&id) = members.get(path) {
                    return Ok(id);
                }
                ("", Origin::Workspace { path: path.into() })
            }
            Source::Root => {
                if let Some(&id) = members.get("") {
                    return Ok(id);
                }
                ("", Origin::Root)
            }
            Source::Other(origin) => ("", origin),
            Source::Version(version) => {
                if !tuple.has_info {
                    return Err(fault(format!(
                        "the list of {:?} breaks off: it has no object",
                        key.as_str()
                    )));
                }
                let resolved = tuple.resolved.as_ref().map(Text::as_str).filter(|url| !url.is_empty());
                (version, Origin::Registry { resolved: resolved.map(Into::into) })
            }
        };
        let is_release = matches!(origin, Origin::Registry { .. });
        let first_party = origin.is_first_party();
        let mut package = Package::new(name, version, origin);
        // Git packages carry bun's own tag before an integrity, and often only that.
        let digest = match is_release {
            true => tuple.trailing.first().map(Text::as_str),
            false => integrity().filter(|text| text.starts_with("sha")),
        };
        check_with(&mut package, digest);
        package.position = self.lines.position(key.at);
        package.bundled = tuple.bundled;
        package.patched = self.patched.iter().any(|patched| **patched == *identity.as_str());
        let required = last_name(key.as_str());
        if required != package.name.as_str() {
            package.alias = PackageName::parse(required).ok();
        }
        Ok(if first_party { self.builder.add_root(package) } else { self.builder.add(package) })
    }

    fn finish(mut self) -> Read<DependencyGraph> {
        let mut order: Vec<&Node> = self.nodes.iter().collect();
        order.sort_by(|a, b| a.folder.cmp(&b.folder).then(a.at.cmp(&b.at)));
        if let Some(pair) = order.windows(2).find(|pair| pair[0].folder == pair[1].folder) {
            return Err(Fault::new(pair[1].at, "this key stands in packages a second time"));
        }
        let tree = Tree::new(self.nodes.iter().map(|node| (node.folder.as_str(), node.id)));
        for node in &self.nodes {
            let holder = tree.holder_from(&node.folder);
            for one in &self.requirements[node.requirements.clone()] {
                requirement::link(&mut self.builder, node.id, tree.find(holder, &one.name), one);
            }
        }
        for member in &self.members {
            // A member's own packages are keyed below its name, as if it were installed.
            let package = self.builder.package(member.id);
            let folder = match member.path.is_empty() || !member.has_name {
                true => String::new(),
                false => format!("node_modules/{}", package.name),
            };
            let holder = tree.holder_from(&folder);
            for one in &self.requirements[member.requirements.clone()] {
                requirement::link(&mut self.builder, member.id, tree.find(holder, &one.name), one);
            }
        }
        Ok(self.builder.finish(ReachFrom::Edges))
    }
}

/// What the text after `name@` says.
enum Source<'t> {
    Version(&'t str),
    Member(&'t str),
    Root,
    Other(Origin),
}

fn classify(rest: &str) -> Source<'_> {
    if let Some(path) = rest.strip_prefix("workspace:") {
        return Source::Member(path);
    }
    if rest.starts_with("root:") {
        return Source::Root;
    }
    let is_url = rest.starts_with("http://") || rest.starts_with("https://");
    match requirement::source_of(Some(rest)) {
        origin @ (Origin::Git { .. } | Origin::File { .. }) => Source::Other(origin),
        _ if is_url => Source::Other(Origin::Http { url: rest.into() }),
        // A tarball on this machine is written as its path.
        _ if rest.contains('/') || rest.ends_with(".tgz") || rest.ends_with(".tar.gz") => {
            Source::Other(Origin::File { path: rest.into() })
        }
        _ => Source::Version(rest),
    }
}

/// `name@rest`; the scope's own `@` does not count.
fn split_identity<'t>(identity: &'t Text<'_>) -> Read<(PackageName, &'t str)> {
    let text = identity.as_str();
    let at = text.char_indices().skip(1).find(|(_, c)| *c == '@').map(|(at, _)| at);
    let Some(at) = at else {
        return Err(Fault::new(identity.at, format!("{text:?} should be a name, @, and a version")));
    };
    match PackageName::parse(&text[..at]) {
        Ok(name) => Ok((name, &text[at + 1..])),
        Err(error) => Err(Fault::new(identity.at, error.to_string())),
    }
}

/// A key as the folder it means: `a/@s/b` is `node_modules/a/node_modules/@s/b`.
fn folder_of(key: &Text<'_>) -> Read<String> {
    let mut folder = String::with_capacity(key.as_str().len() + 16);
    let mut rest = key.as_str();
    while !rest.is_empty() || folder.is_empty() {
        let (name, after) = first_name(rest);
        if let Err(error) = PackageName::parse(name) {
            return Err(Fault::new(key.at, format!("the key {:?} names no package: {error}", key.as_str())));
        }
        if !folder.is_empty() {
            folder.push('/');
        }
        folder.push_str("node_modules/");
        folder.push_str(name);
        if folder.len() > MAX_FOLDER_BYTES {
            return Err(Fault::limit(key.at, format!("a key is over {MAX_FOLDER_BYTES} bytes")));
        }
        rest = after;
    }
    Ok(folder)
}

fn first_name(path: &str) -> (&str, &str) {
    let from = if path.starts_with('@') { path.find('/').map_or(path.len(), |slash| slash + 1) } else { 0 };
    match path[from..].find('/') {
        Some(slash) => (&path[..from + slash], &path[from + slash + 1..]),
        None => (path, ""),
    }
}

fn last_name(path: &str) -> &str {
    let mut rest = path;
    loop {
        let (name, after) = first_name(rest);
        if after.is_empty() {
            return name;
        }
        rest = after;
    }
}

fn check_version(json: &mut Json<'_>) -> Read<()> {
    let at = json.offset()?;
    match json.number("lockfileVersion")? {
        "0" | "1" | "2" => Ok(()),
        version => {
            Err(Fault::version(at, format!("lockfileVersion {version} of bun is not known here; 0 to 2 are")))
        }
    }
}

#[cfg(test)]
mod tests;

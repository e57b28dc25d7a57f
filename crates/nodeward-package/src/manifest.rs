//! `package.json`, as npm reads it.
//!
//! Old and hand-written manifests are odd in a hundred ways (a licence as an object, engines as a list), and npm
//! takes them. So does this reader: what it can't use it notes as a [`Remark`], with its place. Only text that is
//! no JSON object is an error.

use std::path::Path;

use crate::graph::{EdgeKind, Remark, RemarkKind};
use crate::json::{Dialect, Fault, Json, Kind, Read, Text};
use crate::lockfile::text::decode;
use crate::place::{LineIndex, Position};
use crate::{LockfileError, PackageName};

/// A text of a manifest and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The text, decoded.
    pub text: Box<str>,
    /// Its first character.
    pub position: Position,
}

/// One line of `dependencies` or one of its sisters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The name that is required; not checked to be one.
    pub name: Box<str>,
    /// The range, tag, URL or path, as written.
    pub specifier: Box<str>,
    /// Which list it stands in.
    pub kind: EdgeKind,
    /// Where its name stands.
    pub position: Position,
}

/// A named text: a script, an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub name: Box<str>,
    /// The value, as written.
    pub value: Box<str>,
    /// Where the key stands.
    pub position: Position,
}

/// Which field an [`Override`] stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverrideField {
    /// npm's `overrides`.
    Overrides,
    /// yarn's `resolutions`.
    Resolutions,
    /// pnpm's `pnpm.overrides`.
    PnpmOverrides,
}

/// One forced resolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// Which field.
    pub field: OverrideField,
    /// The keys from the outside in; npm's `.` is left out, since it means the key before it.
    pub path: Vec<Box<str>>,
    /// What to take.
    pub specifier: Box<str>,
    /// Where the last key stands.
    pub position: Position,
}

/// What of its dependencies a package carries in its own tarball.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Bundled {
    /// Nothing.
    #[default]
    None,
    /// All of `dependencies`.
    All,
    /// Those named.
    Names(Vec<Box<str>>),
}

impl Bundled {
    /// Whether the dependency of that name is in the tarball.
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Names(names) => names.iter().any(|bundled| &**bundled == name),
        }
    }
}

/// A `package.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    /// `name`, where it is one.
    pub name: Option<PackageName>,
    /// `version`, as written.
    pub version: Option<Located>,
    /// `private: true`: never published.
    pub private: bool,
    /// The licence: `license` as text or its `type`, or the old `licenses` joined with `OR`.
    pub license: Option<Box<str>>,
    /// Every list of dependencies. A name in `optionalDependencies` stands only there, as npm has it; a peer that
    /// `peerDependenciesMeta` calls optional is [`EdgeKind::OptionalPeer`].
    pub dependencies: Vec<Dependency>,
    /// `bundleDependencies` or `bundledDependencies`.
    pub bundled: Bundled,
    /// The patterns of `workspaces`, in either form.
    pub workspaces: Vec<Box<str>>,
    /// `overrides`, `resolutions` and `pnpm.overrides`.
    pub overrides: Vec<Override>,
    /// `engines`.
    pub engines: Vec<Entry>,
    /// `scripts`.
    pub scripts: Vec<Entry>,
    /// `packageManager`.
    pub package_manager: Option<Located>,
    /// `volta`'s pins.
    pub volta: Vec<Entry>,
    /// `gypfile: false`: npm does not build although a `binding.gyp` is there.
    pub gypfile_denied: bool,
    /// What could not be used.
    pub remarks: Vec<Remark>,
}

impl Manifest {
    /// Reads a manifest; `file` is named in errors.
    ///
    /// # Errors
    /// Text that is no JSON object, too large, not UTF-8, or in conflict.
    pub fn parse(file: &Path, bytes: &[u8]) -> Result<Self, LockfileError> {
        let text = decode(file, bytes)?;
        let mut reader =
            Reader { json: Json::new(text, Dialect::Strict), lines: None, text, manifest: Self::default() };
        reader.document().map_err(|fault| fault.locate(file, text))?;
        Ok(reader.manifest)
    }

    /// The range of Node.js versions in `engines`.
    pub fn engines_node(&self) -> Option<&Entry> {
        self.engines.iter().find(|engine| &*engine.name == "node")
    }

    /// A script by name.
    pub fn script(&self, name: &str) -> Option<&Entry> {
        // The last of two equal keys counts, as in JavaScript.
        self.scripts.iter().rev().find(|script| &*script.name == name)
    }

    /// Whether npm runs code of this package when it is installed as a dependency, as far as the manifest tells;
    /// a `binding.gyp` beside it does the same.
    pub fn has_install_script(&self) -> bool {
        ["preinstall", "install", "postinstall"].iter().any(|name| self.script(name).is_some())
    }
}

struct Reader<'a> {
    json: Json<'a>,
    text: &'a str,
    /// Built when the first position is asked for.
    lines: Option<LineIndex<'a>>,
    manifest: Manifest,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Read<()> {
        let mut optional_peers: Vec<(Box<str>, Position)> = Vec::new();
        let mut members = self.json.object("the manifest")?;
        while let Some(key) = members.next(&mut self.json)? {
            match key.as_str() {
                "name" => self.name()?,
                "version" => self.manifest.version = self.located(&key)?,
                "private" => self.manifest.private = self.flag()?.unwrap_or(false),
                "gypfile" => self.manifest.gypfile_denied = self.flag()? == Some(false),
                "license" => {
                    if let Some(license) = self.license()? {
                        self.manifest.license = Some(license);
                    }
                }
                "licenses" => {
                    if let (Some(license), None) = (self.license()?, &self.manifest.license) {
                        self.manifest.license = Some(license);
                    }
                }
                "dependencies" => self.dependencies(&key, EdgeKind::Production)?,
                "devDependencies" => self.dependencies(&key, EdgeKind::Development)?,
                "optionalDependencies" => self.dependencies(&key, EdgeKind::Optional)?,
                "peerDependencies" => self.dependencies(&key, EdgeKind::Peer)?,
                "peerDependenciesMeta" => optional_peers = self.optional_peers(&key)?,
                "bundleDependencies" | "bundledDependencies" => self.bundled(&key)?,
                "workspaces" => self.workspaces(&key)?,
                "overrides" => self.overrides(&key, OverrideField::Overrides)?,
                "resolutions" => self.overrides(&key, OverrideField::Resolutions)?,
                "pnpm" => self.pnpm()?,
                "engines" => self.manifest.engines = self.engines(&key)?,
                "scripts" => self.manifest.scripts = self.entries(&key)?,
                "packageManager" => self.manifest.package_manager = self.located(&key)?,
                "volta" => self.manifest.volta = self.entries(&key)?,
                _ => self.json.skip()?,
            }
        }
        self.json.end()?;
        self.settle(optional_peers);
        Ok(())
    }

    /// Applies what one field says of another, once all are read.
    fn settle(&mut self, optional_peers: Vec<(Box<str>, Position)>) {
        let list = &mut self.manifest.dependencies;
        let optional: Vec<Box<str>> = list
            .iter()
            .filter(|entry| entry.kind == EdgeKind::Optional)
            .map(|entry| entry.name.clone())
            .collect();
        let optional: crate::lookup::LookupSet<&str> = optional.iter().map(|name| &**name).collect();
        list.retain(|entry| entry.kind != EdgeKind::Production || !optional.contains(&*entry.name));
        for (name, position) in optional_peers {
            match list.iter_mut().find(|entry| entry.kind == EdgeKind::Peer && entry.name == name) {
                Some(peer) => peer.kind = EdgeKind::OptionalPeer,
                // npm takes a peer that is only called optional as one of any version.
                None => {
                    list.push(Dependency {
                        name,
                        specifier: "*".into(),
                        kind: EdgeKind::OptionalPeer,
                        position,
                    });
                }
            }
        }
    }

    fn name(&mut self) -> Read<()> {
        if self.json.kind()? != Kind::String {
            return self.unusable("name", "a string");
        }
        let name = self.json.text("name")?;
        match PackageName::parse(name.as_str()) {
            Ok(parsed) => self.manifest.name = Some(parsed),
            // A project that is never published may have no name.
            Err(_) if name.as_str().is_empty() => {}
            Err(error) => self.remark(name.at, format!("name: {error}")),
        }
        Ok(())
    }

    fn located(&mut self, key: &Text<'_>) -> Read<Option<Located>> {
        if self.json.kind()? != Kind::String {
            self.unusable(key.as_str(), "a string")?;
            return Ok(None);
        }
        let text = self.json.text(key.as_str())?;
        Ok(Some(Located { text: text.as_str().into(), position: self.position(text.at) }))
    }

    fn flag(&mut self) -> Read<Option<bool>> {
        if self.json.kind()? == Kind::Boolean {
            return self.json.boolean("").map(Some);
        }
        self.json.skip()?;
        Ok(None)
    }

    fn license(&mut self) -> Read<Option<Box<str>>> {
        license(&mut self.json)
    }

    fn dependencies(&mut self, key: &Text<'_>, kind: EdgeKind) -> Read<()> {
        // The last of two lists of one name counts, as in JavaScript.
        let before = self.manifest.dependencies.len();
        self.manifest.dependencies.retain(|entry| entry.kind != kind);
        if self.manifest.dependencies.len() < before {
            self.remark(key.at, format!("{} stands here twice; npm takes the last", key.as_str()));
        }
        match self.json.kind()? {
            Kind::Object => {}
            Kind::Array => return self.listed_dependencies(key, kind),
            _ => return self.unusable(key.as_str(), "an object"),
        }
        let mut members = self.json.object(key.as_str())?;
        while let Some(name) = members.next(&mut self.json)? {
            if self.json.kind()? != Kind::String {
                self.unusable(&format!("{}.{}", key.as_str(), name.as_str()), "a string")?;
                continue;
            }
            let specifier = self.json.text(key.as_str())?;
            self.declare(name.as_str(), specifier.as_str(), kind, name.at);
        }
        Ok(())
    }

    /// The list form of very old manifests: `["name", "name@1.2.3", "name 1.2.3"]`.
    fn listed_dependencies(&mut self, key: &Text<'_>, kind: EdgeKind) -> Read<()> {
        let mut elements = self.json.array(key.as_str())?;
        while elements.next(&mut self.json)? {
            if self.json.kind()? != Kind::String {
                self.unusable(key.as_str(), "an object")?;
                continue;
            }
            let text = self.json.text(key.as_str())?;
            let line = text.as_str().trim();
            let end = line
                .char_indices()
                .skip(1)
                .find(|(_, c)| matches!(c, '@' | ' ' | '\t' | '<' | '>' | '='))
                .map_or(line.len(), |(at, _)| at);
            let specifier = line[end..].trim_start_matches(['@', ' ', '\t']);
            self.declare(&line[..end], if specifier.is_empty() { "*" } else { specifier }, kind, text.at);
        }
        Ok(())
    }

    fn declare(&mut self, name: &str, specifier: &str, kind: EdgeKind, at: usize) {
        let position = self.position(at);
        let entry = Dependency { name: name.into(), specifier: specifier.into(), kind, position };
        self.manifest.dependencies.push(entry);
    }

    fn optional_peers(&mut self, key: &Text<'_>) -> Read<Vec<(Box<str>, Position)>> {
        let mut optional = Vec::new();
        if self.json.kind()? != Kind::Object {
            self.unusable(key.as_str(), "an object")?;
            return Ok(optional);
        }
        let mut members = self.json.object(key.as_str())?;
        while let Some(name) = members.next(&mut self.json)? {
            if is_marked_optional(&mut self.json)? {
                optional.push((name.as_str().into(), self.position(name.at)));
            }
        }
        Ok(optional)
    }

    fn bundled(&mut self, key: &Text<'_>) -> Read<()> {
        match self.json.kind()? {
            Kind::Boolean => {
                let all = self.json.boolean(key.as_str())?;
                self.manifest.bundled = if all { Bundled::All } else { Bundled::None };
                Ok(())
            }
            Kind::Array => {
                let names = self.strings(key)?;
                self.manifest.bundled = Bundled::Names(names);
                Ok(())
            }
            // An object's keys are taken by npm.
            Kind::Object => {
                let names = self.entries(key)?.into_iter().map(|entry| entry.name).collect();
                self.manifest.bundled = Bundled::Names(names);
                Ok(())
            }
            _ => self.unusable(key.as_str(), "a list of names"),
        }
    }

    fn workspaces(&mut self, key: &Text<'_>) -> Read<()> {
        match self.json.kind()? {
            Kind::Array => self.manifest.workspaces = self.strings(key)?,
            Kind::Object => {
                let mut members = self.json.object(key.as_str())?;
                while let Some(field) = members.next(&mut self.json)? {
                    if field.as_str() == "packages" && self.json.kind()? == Kind::Array {
                        self.manifest.workspaces = self.strings(key)?;
                    } else {
                        self.json.skip()?;
                    }
                }
            }
            _ => self.unusable(key.as_str(), "a list of patterns")?,
        }
        Ok(())
    }

    fn overrides(&mut self, key: &Text<'_>, field: OverrideField) -> Read<()> {
        if self.json.kind()? != Kind::Object {
            return self.unusable(key.as_str(), "an object");
        }
        self.override_members(key.as_str(), field, &mut Vec::new())
    }

    /// Recurses once per level, which the JSON reader bounds.
    fn override_members(&mut self, what: &str, field: OverrideField, path: &mut Vec<Box<str>>) -> Read<()> {
        let mut members = self.json.object(what)?;
        while let Some(key) = members.next(&mut self.json)? {
            let own = key.as_str() == "." && !path.is_empty();
            if !own {
                path.push(key.as_str().into());
            }
            match self.json.kind()? {
                Kind::Object => self.override_members(what, field, path)?,
                Kind::String => {
                    let specifier = self.json.text(what)?;
                    let position = self.position(key.at);
                    let specifier = specifier.as_str().into();
                    self.manifest.overrides.push(Override { field, path: path.clone(), specifier, position });
                }
                _ => self.unusable(what, "a string or an object")?,
            }
            if !own {
                path.pop();
            }
        }
        Ok(())
    }

    fn pnpm(&mut self) -> Read<()> {
        if self.json.kind()? != Kind::Object {
            return self.unusable("pnpm", "an object");
        }
        let mut members = self.json.object("pnpm")?;
        while let Some(key) = members.next(&mut self.json)? {
            match key.as_str() {
                "overrides" => self.overrides(&key, OverrideField::PnpmOverrides)?,
                _ => self.json.skip()?,
            }
        }
        Ok(())
    }

    /// `engines` in its object form, or the list form of very old manifests (`["node >= 0.6"]`).
    fn engines(&mut self, key: &Text<'_>) -> Read<Vec<Entry>> {
        if self.json.kind()? != Kind::Array {
            return self.entries(key);
        }
        let position = self.position(key.at);
        let lines = self.strings(key)?;
        let split = |line: &str| {
            let (name, value) = line.trim().split_once(' ')?;
            Some(Entry { name: name.into(), value: value.trim().into(), position })
        };
        Ok(lines.iter().filter_map(|line| split(line)).collect())
    }

    /// An object of strings; members of other kinds are noted.
    fn entries(&mut self, key: &Text<'_>) -> Read<Vec<Entry>> {
        let mut entries = Vec::new();
        if self.json.kind()? != Kind::Object {
            self.unusable(key.as_str(), "an object")?;
            return Ok(entries);
        }
        let mut members = self.json.object(key.as_str())?;
        while let Some(name) = members.next(&mut self.json)? {
            if self.json.kind()? != Kind::String {
                self.unusable(&format!("{}.{}", key.as_str(), name.as_str()), "a string")?;
                continue;
            }
            let value = self.json.text("")?.as_str().into();
            entries.push(Entry { name: name.as_str().into(), value, position: self.position(name.at) });
        }
        Ok(entries)
    }

    fn strings(&mut self, key: &Text<'_>) -> Read<Vec<Box<str>>> {
        let mut strings = Vec::new();
        let mut elements = self.json.array(key.as_str())?;
        while elements.next(&mut self.json)? {
            if self.json.kind()? == Kind::String {
                strings.push(self.json.text("")?.as_str().into());
            } else {
                self.unusable(key.as_str(), "a list of strings")?;
            }
        }
        Ok(strings)
    }

    fn unusable(&mut self, what: &str, wanted: &str) -> Read<()> {
        let at = self.json.offset()?;
        self.json.skip()?;
        self.remark(at, format!("{what} should be {wanted}, and is passed over"));
        Ok(())
    }

    fn remark(&mut self, at: usize, message: String) {
        let position = self.position(at);
        self.manifest.remarks.push(Remark { kind: RemarkKind::Odd, message, position });
    }

    fn position(&mut self, at: usize) -> Position {
        self.lines.get_or_insert_with(|| LineIndex::new(self.text)).position(at)
    }
}

/// Whether the next value is an object with `optional: true`, as the members of `peerDependenciesMeta` are.
pub(crate) fn is_marked_optional(json: &mut Json<'_>) -> Read<bool> {
    if json.kind()? != Kind::Object {
        json.skip()?;
        return Ok(false);
    }
    let mut optional = false;
    let mut members = json.object("")?;
    while let Some(key) = members.next(json)? {
        if key.as_str() == "optional" && json.kind()? == Kind::Boolean {
            optional = json.boolean("")?;
        } else {
            json.skip()?;
        }
    }
    Ok(optional)
}

/// A licence in any of the forms that manifests and lockfiles have: text, `{type}`, a list of either.
pub(crate) fn license(json: &mut Json<'_>) -> Read<Option<Box<str>>> {
    match json.kind()? {
        Kind::Array => {
            let mut parts: Vec<Box<str>> = Vec::new();
            let mut elements = json.array("")?;
            while elements.next(json)? {
                // One level: a list in a list names no licence.
                if json.kind()? == Kind::Array {
                    json.skip()?;
                } else {
                    parts.extend(one_license(json)?);
                }
            }
            Ok((!parts.is_empty()).then(|| parts.join(" OR ").into()))
        }
        _ => one_license(json),
    }
}

fn one_license(json: &mut Json<'_>) -> Read<Option<Box<str>>> {
    let usable = |text: Text<'_>| (!text.as_str().is_empty()).then(|| text.as_str().into());
    match json.kind()? {
        Kind::String => json.text("").map(usable),
        Kind::Object => {
            let mut found = None;
            let mut members = json.object("")?;
            while let Some(key) = members.next(json)? {
                let wanted = matches!(key.as_str(), "type" | "name") && json.kind()? == Kind::String;
                if wanted && (found.is_none() || key.as_str() == "type") {
                    found = usable(json.text("")?);
                } else {
                    json.skip()?;
                }
            }
            Ok(found)
        }
        _ => {
            json.skip()?;
            Ok(None)
        }
    }
}

/// The error for a text that is needed to be a package name and is none.
pub(crate) fn name_at(text: &Text<'_>) -> Read<PackageName> {
    PackageName::parse(text.as_str()).map_err(|error| Fault::new(text.at, error.to_string()))
}

#[cfg(test)]
mod tests;

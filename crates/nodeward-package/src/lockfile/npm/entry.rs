//! One package of a lockfile: the fields that both layouts share.

use std::borrow::Cow;
use std::ops::Range;

use crate::PackageName;
use crate::graph::{EdgeKind, Origin, Package, Reach};
use crate::json::{Extents, Fault, Json, Kind, Read, Text};
use crate::lockfile::requirement::{self, Requirement};
use crate::manifest::{is_marked_optional, license};

/// What a lockfile says of one package, borrowed from it.
#[derive(Default)]
pub(super) struct Entry<'a> {
    pub(super) name: Option<Text<'a>>,
    pub(super) version: Option<Text<'a>>,
    pub(super) resolved: Option<Text<'a>>,
    pub(super) link: bool,
    pub(super) optional: bool,
    pub(super) bundled: bool,
    /// Its requirements within the list that all entries share.
    pub(super) requirements: Range<usize>,
    pub(super) workspaces: Vec<Box<str>>,
    /// Where version 1 has the packages in its own `node_modules`.
    pub(super) nested: Option<Json<'a>>,
    integrity: Option<Text<'a>>,
    dev: bool,
    dev_optional: bool,
    peer: bool,
    extraneous: bool,
    install_script: bool,
    deprecated: Option<Text<'a>>,
    license: Option<Box<str>>,
    engines_node: Option<Text<'a>>,
}

/// Which layout an entry stands in; `dependencies` means two things.
#[derive(Clone, Copy)]
pub(super) enum Layout<'e> {
    Packages,
    /// With what is known of the objects in it: the packages of an inner folder are read later.
    Nested(&'e Extents),
}

impl<'a> Entry<'a> {
    /// Reads the entry that comes next, its requirements onto the shared list.
    pub(super) fn read(
        json: &mut Json<'a>,
        key: &str,
        layout: Layout<'_>,
        requirements: &mut Vec<Requirement<'a>>,
    ) -> Read<Self> {
        use EdgeKind::{Development, Optional, Peer, Production};
        use Layout::{Nested, Packages};
        let mut entry = Self::default();
        let start = requirements.len();
        let mut optional_peers = Vec::new();
        let mut members = json.object(format_args!("the entry {key:?}"))?;
        while let Some(field) = members.next(json)? {
            match (field.as_str(), layout) {
                ("version", _) => set(&mut entry.version, json, &field)?,
                ("resolved", _) => set(&mut entry.resolved, json, &field)?,
                ("integrity", _) => set(&mut entry.integrity, json, &field)?,
                ("name", Packages) => set(&mut entry.name, json, &field)?,
                ("link", Packages) => entry.link = flag(json, &field)?,
                ("dev", _) => entry.dev = flag(json, &field)?,
                ("optional", _) => entry.optional = flag(json, &field)?,
                ("devOptional", _) => entry.dev_optional = flag(json, &field)?,
                ("peer", _) => entry.peer = flag(json, &field)?,
                ("inBundle", Packages) | ("bundled", Nested(_)) => entry.bundled = flag(json, &field)?,
                ("extraneous", _) => entry.extraneous = flag(json, &field)?,
                ("hasInstallScript", Packages) => entry.install_script = flag(json, &field)?,
                ("deprecated", Packages) => entry.deprecated = text_if_any(json)?,
                ("license", Packages) => entry.license = license(json)?,
                ("engines", Packages) => entry.engines_node = engines_node(json)?,
                ("dependencies", Packages) => requirement::read(json, &field, Production, requirements)?,
                ("devDependencies", Packages) => requirement::read(json, &field, Development, requirements)?,
                ("optionalDependencies", Packages) => {
                    requirement::read(json, &field, Optional, requirements)?
                }
                ("peerDependencies", Packages) => requirement::read(json, &field, Peer, requirements)?,
                ("peerDependenciesMeta", Packages) => optional_peers = marked_optional(json, &field)?,
                ("workspaces", Packages) => entry.workspaces = workspaces(json)?,
                ("requires", Nested(_)) => match json.kind()? {
                    Kind::Object => requirement::read(json, &field, Production, requirements)?,
                    _ => json.skip()?,
                },
                ("dependencies", Nested(extents)) => {
                    if entry.nested.is_some() {
                        return Err(twice(&field));
                    }
                    if json.kind()? != Kind::Null {
                        entry.nested = Some(json.clone());
                    }
                    json.skip_noted(extents)?;
                }
                _ => json.skip()?,
            }
        }
        requirement::settle(requirements, start, &optional_peers);
        entry.requirements = start..requirements.len();
        Ok(entry)
    }

    /// The package, once its name, version text and origin are clear.
    pub(super) fn package(&self, name: PackageName, version: &str, origin: Origin) -> Package {
        let mut package = Package::new(name, version, origin);
        requirement::check_with(&mut package, self.integrity.as_ref().map(Text::as_str));
        package.reach = self.reach();
        package.bundled = self.bundled;
        package.deprecated = self.deprecated.as_ref().map(|text| text.as_str().into());
        package.license = self.license.clone();
        package.engines_node = self.engines_node.as_ref().map(|text| text.as_str().into());
        package
    }

    /// What `hasInstallScript` says; only the newer layout has it.
    pub(super) fn install_script(&self) -> Option<bool> {
        Some(self.install_script)
    }

    /// The flags that npm computed when it wrote the file.
    fn reach(&self) -> Reach {
        if self.extraneous {
            return Reach::default();
        }
        Reach {
            production: !self.dev,
            development: self.dev || self.dev_optional,
            optional: self.optional,
            peer: self.peer,
        }
    }
}

/// A text, or nothing where npm would take the value for nothing.
pub(super) fn optional_text<'a>(json: &mut Json<'a>, what: &str) -> Read<Option<Text<'a>>> {
    match json.kind()? {
        Kind::Null => json.skip().map(|()| None),
        Kind::Boolean => {
            let at = json.offset()?;
            if json.boolean(what)? {
                return Err(Fault::new(at, format!("{what} should be a string, but is true")));
            }
            Ok(None)
        }
        _ => json.text(what).map(Some),
    }
}

fn set<'a>(slot: &mut Option<Text<'a>>, json: &mut Json<'a>, field: &Text<'a>) -> Read<()> {
    if slot.is_some() {
        return Err(twice(field));
    }
    *slot = optional_text(json, field.as_str())?;
    Ok(())
}

fn twice(field: &Text<'_>) -> Fault {
    Fault::new(field.at, format!("{:?} stands in this entry a second time", field.as_str()))
}

/// A flag, true where JavaScript would take the value for true.
fn flag(json: &mut Json<'_>, field: &Text<'_>) -> Read<bool> {
    match json.kind()? {
        Kind::Boolean => json.boolean(field.as_str()),
        Kind::String => Ok(!json.text("")?.as_str().is_empty()),
        Kind::Null => json.skip().map(|()| false),
        Kind::Number => Ok(json.number("")?.bytes().any(|digit| matches!(digit, b'1'..=b'9'))),
        Kind::Object | Kind::Array => json.skip().map(|()| true),
    }
}

fn text_if_any<'a>(json: &mut Json<'a>) -> Read<Option<Text<'a>>> {
    match json.kind()? {
        Kind::String => json.text("").map(Some),
        _ => json.skip().map(|()| None),
    }
}

/// `engines.node`; the list form of old manifests is `["node >= 0.8"]`.
fn engines_node<'a>(json: &mut Json<'a>) -> Read<Option<Text<'a>>> {
    let mut found = None;
    match json.kind()? {
        Kind::Object => {
            let mut members = json.object("engines")?;
            while let Some(key) = members.next(json)? {
                match key.as_str() {
                    "node" => found = text_if_any(json)?,
                    _ => json.skip()?,
                }
            }
        }
        Kind::Array => {
            let mut elements = json.array("engines")?;
            while elements.next(json)? {
                let Some(text) = text_if_any(json)? else { continue };
                if let Some(range) = text.as_str().trim().strip_prefix("node ") {
                    let value = Cow::Owned(range.trim().to_owned());
                    found = Some(Text { value, at: text.at });
                }
            }
        }
        _ => json.skip()?,
    }
    Ok(found)
}

fn marked_optional<'a>(json: &mut Json<'a>, field: &Text<'a>) -> Read<Vec<Cow<'a, str>>> {
    let mut optional = Vec::new();
    if json.kind()? != Kind::Object {
        return json.skip().map(|()| optional);
    }
    let mut members = json.object(field.as_str())?;
    while let Some(name) = members.next(json)? {
        if is_marked_optional(json)? {
            optional.push(name.value);
        }
    }
    Ok(optional)
}

fn workspaces(json: &mut Json<'_>) -> Read<Vec<Box<str>>> {
    let mut patterns = Vec::new();
    match json.kind()? {
        Kind::Array => {
            let mut elements = json.array("workspaces")?;
            while elements.next(json)? {
                patterns.push(json.text("a pattern of workspaces")?.as_str().into());
            }
        }
        Kind::Object => {
            let mut members = json.object("workspaces")?;
            while let Some(key) = members.next(json)? {
                if key.as_str() == "packages" && json.kind()? == Kind::Array {
                    patterns = workspaces(json)?;
                } else {
                    json.skip()?;
                }
            }
        }
        _ => json.skip()?,
    }
    Ok(patterns)
}

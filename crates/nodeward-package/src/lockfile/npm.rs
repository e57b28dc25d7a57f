//! `package-lock.json` and `npm-shrinkwrap.json`.
//!
//! Version 1 nests `dependencies` as `node_modules` nests; versions 2 and 3 have a flat map `packages` from folder
//! to package, which wins where both stand. Either way a requirement is resolved as Node.js would: from the
//! requiring folder upwards, the first `node_modules` that has the name.

mod entry;
mod nested;
mod packages;

use super::{Format, Input};
use crate::graph::GraphBuilder;
use crate::json::{Dialect, Extents, Fault, Json, Kind, Read, Text, has_top_level_key, mentions};
use crate::place::LineIndex;
use crate::{DependencyGraph, LockfileError, PackageName};

pub(super) fn recognises(file_name: &str, bytes: &[u8]) -> bool {
    file_name.ends_with("package-lock.json")
        || file_name.ends_with("npm-shrinkwrap.json")
        || mentions(bytes, b"\"lockfileVersion\"")
            && has_top_level_key(bytes, &["lockfileVersion"])
            && !has_top_level_key(bytes, &["workspaces"])
}

/// The smallest map for which a second thread is worth its start.
const WORTHWHILE_BYTES: usize = 128 * 1024;

pub(super) fn parse(input: &Input<'_>) -> Result<DependencyGraph, LockfileError> {
    parse_in_halves(input, WORTHWHILE_BYTES)
}

/// As [`parse`], in two halves at a time from a size on.
fn parse_in_halves(input: &Input<'_>, worthwhile_bytes: usize) -> Result<DependencyGraph, LockfileError> {
    let (text, lines) = super::text::decode_lines(input.file, input.bytes)?;
    let manifests = super::project::parse_manifests(input)?;
    let read = || {
        let builder = GraphBuilder::new(input.file, Format::NpmPackageLock);
        let document = Document::read(text, &lines, builder, worthwhile_bytes)?;
        let Document { head, packages, nested, builder, .. } = document;
        match (packages, nested) {
            // A `packages` without a package beside a tree that has some: an older npm's edit of a newer file.
            (Some(packages), nested) if nested.is_none() || packages.has_some() => {
                Ok(packages.finish(&head, builder))
            }
            (_, nested) => {
                let root = manifests.iter().find(|(folder, _)| folder.is_empty());
                let builder = GraphBuilder::new(input.file, Format::NpmPackageLock);
                nested::read(nested, &head, root.map(|(_, manifest)| manifest), &lines, builder)
            }
        }
    };
    read().map_err(|fault: Fault| fault.locate(input.file, text))
}

/// What a lockfile says of the project as a whole.
#[derive(Default)]
struct Head<'a> {
    name: Option<Text<'a>>,
    version: Option<Text<'a>>,
}

impl Head<'_> {
    /// The project's name, if the file gives a usable one.
    fn root_name(&self) -> PackageName {
        let name = self.name.as_ref().and_then(|name| PackageName::parse(name.as_str()).ok());
        name.unwrap_or_else(super::unnamed_root)
    }

    fn root_version(&self) -> &str {
        self.version.as_ref().map_or("", Text::as_str)
    }
}

/// A lockfile's parts: the flat layout read, the nested one only found, since most files that have it have both.
struct Document<'a, 'b> {
    head: Head<'a>,
    packages: Option<packages::Reader<'a, 'b>>,
    nested: Option<(Json<'a>, Extents)>,
    builder: GraphBuilder,
    worthwhile_bytes: usize,
}

impl<'a, 'b> Document<'a, 'b> {
    /// Checks the whole text and reads its parts.
    fn read(
        text: &'a str,
        lines: &'b LineIndex<'a>,
        builder: GraphBuilder,
        worthwhile_bytes: usize,
    ) -> Read<Self> {
        let mut document =
            Self { head: Head::default(), packages: None, nested: None, builder, worthwhile_bytes };
        let mut json = Json::new(text, Dialect::Strict);
        let mut members = json.object("the lockfile")?;
        while let Some(key) = members.next(&mut json)? {
            match key.as_str() {
                "name" => document.head.name = entry::optional_text(&mut json, "name")?,
                "version" => document.head.version = entry::optional_text(&mut json, "version")?,
                "lockfileVersion" => check_version(&mut json)?,
                "packages" | "dependencies" => document.part(&mut json, &key, lines)?,
                _ => json.skip()?,
            }
        }
        json.end()?;
        Ok(document)
    }

    fn part(&mut self, json: &mut Json<'a>, key: &Text<'a>, lines: &'b LineIndex<'a>) -> Read<()> {
        let is_flat = key.as_str() == "packages";
        if is_flat && self.packages.is_some() || !is_flat && self.nested.is_some() {
            return Err(Fault::new(key.at, format!("{:?} stands here a second time", key.as_str())));
        }
        // npm takes null for nothing.
        if json.kind()? == Kind::Null {
            return json.skip();
        }
        if is_flat {
            self.packages =
                Some(packages::Reader::read(json, lines, &mut self.builder, self.worthwhile_bytes)?);
            return Ok(());
        }
        let start = json.clone();
        let extents = match self.packages {
            Some(_) => json.skip().map(|()| Extents::default())?,
            None => json.skip_noting()?,
        };
        self.nested = Some((start, extents));
        Ok(())
    }
}

fn check_version(json: &mut Json<'_>) -> Read<()> {
    let at = json.offset()?;
    let version = json.number("lockfileVersion")?;
    match version {
        // 0 was written by no npm, yet npm reads it as 1.
        "0" | "1" | "2" | "3" => Ok(()),
        _ => Err(Fault::version(at, format!("lockfileVersion {version} is not known here; 1 to 3 are"))),
    }
}

#[cfg(test)]
mod tests;

//! `package-lock.json` and `npm-shrinkwrap.json`.
//!
//! Version 1 nests `dependencies` as `node_modules` nests; versions 2 and 3 have a flat map `packages` from folder
//! to package, which wins where both stand. Either way a requirement is resolved as Node.js would: from the
//! requiring folder upwards, the first `node_modules` that has the name.

mod entry;
mod nested;
mod packages;

use super::{Format, Input};
use crate::json::{Dialect, Fault, Json, Kind, Read, Text, has_top_level_key};
use crate::place::LineIndex;
use crate::{DependencyGraph, LockfileError, PackageName};

pub(super) fn recognises(file_name: &str, bytes: &[u8]) -> bool {
    file_name.ends_with("package-lock.json")
        || file_name.ends_with("npm-shrinkwrap.json")
        || memchr::memmem::find(bytes, b"\"lockfileVersion\"").is_some()
            && has_top_level_key(bytes, &["lockfileVersion"])
            && !has_top_level_key(bytes, &["workspaces"])
}

pub(super) fn parse(input: &Input<'_>) -> Result<DependencyGraph, LockfileError> {
    let text = super::text::text(input)?;
    let manifests = super::project::parse_manifests(input)?;
    let document = Document::read(text).map_err(|fault| fault.locate(input.file, text))?;
    let lines = LineIndex::new(text);
    let builder = crate::graph::GraphBuilder::new(input.file, Format::NpmPackageLock);
    let graph = match &document.tree {
        Layout::Packages(json) => packages::read(json.clone(), &document, &lines, builder),
        Layout::Nested(json) => {
            let root = manifests.iter().find(|(folder, _)| folder.is_empty());
            nested::read(json.clone(), &document, root.map(|(_, manifest)| manifest), &lines, builder)
        }
    };
    graph.map_err(|fault| fault.locate(input.file, text))
}

/// The head of a lockfile, and where its packages stand.
struct Document<'a> {
    name: Option<Text<'a>>,
    version: Option<Text<'a>>,
    tree: Layout<'a>,
}

/// Which of the two layouts counts, ready to be read.
enum Layout<'a> {
    Packages(Json<'a>),
    Nested(Option<Json<'a>>),
}

impl<'a> Document<'a> {
    /// Checks the whole text and finds its parts.
    fn read(text: &'a str) -> Read<Self> {
        let mut json = Json::new(text, Dialect::Strict);
        let (mut name, mut version) = (None, None);
        let (mut packages, mut nested) = (None, None);
        let mut members = json.object("the lockfile")?;
        while let Some(key) = members.next(&mut json)? {
            match key.as_str() {
                "name" => name = entry::optional_text(&mut json, "name")?,
                "version" => version = entry::optional_text(&mut json, "version")?,
                "lockfileVersion" => check_version(&mut json)?,
                "packages" => part(&mut json, &key, &mut packages)?,
                "dependencies" => part(&mut json, &key, &mut nested)?,
                _ => json.skip()?,
            }
        }
        json.end()?;
        let tree = match (packages, nested) {
            // A `packages` without a package beside a tree that has some: an older npm's edit of a newer file.
            (Some(packages), Some(nested)) if !has_packages(packages.clone())? => {
                Layout::Nested(Some(nested))
            }
            (Some(packages), _) => Layout::Packages(packages),
            (None, nested) => Layout::Nested(nested),
        };
        Ok(Self { name, version, tree })
    }

    /// The project's name, if the file gives a usable one.
    fn root_name(&self) -> PackageName {
        let name = self.name.as_ref().and_then(|name| PackageName::parse(name.as_str()).ok());
        name.unwrap_or_else(super::unnamed_root)
    }
}

fn part<'a>(json: &mut Json<'a>, key: &Text<'a>, slot: &mut Option<Json<'a>>) -> Read<()> {
    if slot.is_some() {
        return Err(Fault::new(key.at, format!("{:?} stands here a second time", key.as_str())));
    }
    // npm takes null for nothing.
    if json.kind()? != Kind::Null {
        *slot = Some(json.clone());
    }
    json.skip()
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

fn has_packages(mut packages: Json<'_>) -> Read<bool> {
    let mut members = packages.object("packages")?;
    while let Some(key) = members.next(&mut packages)? {
        if !key.as_str().is_empty() {
            return Ok(true);
        }
        packages.skip()?;
    }
    Ok(false)
}

#[cfg(test)]
mod tests;

//! Which Node.js a project says it runs on: version files, manifests, container images, workflows.
//!
//! Finds what is said and where; what `lts/*` or `18-alpine` means on a given day is for others to judge. Opens no
//! file, fetches no image and runs no version manager.

mod dockerfile;

use std::path::Path;
use std::sync::Arc;

use crate::place::{LineIndex, Position};
use crate::{Manifest, Place};

/// The longest file that is looked at, in bytes.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;
/// The longest version that is passed on; real ones have a dozen characters.
const MAX_TEXT_BYTES: usize = 256;

/// What a project says, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A version, range, release line or name, as version managers and `engines` take them: `v18.12.1`, `lts/*`.
    Version(Box<str>),
    /// The tag of a container image of Node.js: `20-alpine`; `latest` where the image has none.
    ImageTag(Box<str>),
}

/// One place that says which Node.js.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeStatement {
    /// What it says.
    pub said: Said,
    /// Who says so, in the user's words: `.nvmrc`, `engines.node`, `FROM node:18`. Holds text from the file.
    pub said_by: String,
    /// Where.
    pub place: Place,
}

/// Whether a file, by its path, is one that [`statements`] understands.
pub fn is_understood(path: &Path) -> bool {
    Kind::of(path).is_some()
}

/// What a file says. A file that is too long or of another kind says nothing.
pub fn statements(path: &Path, text: &str) -> Vec<NodeStatement> {
    if text.len() > MAX_FILE_BYTES {
        return Vec::new();
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let found = match Kind::of(path) {
        Some(Kind::VersionFile) => version_file(path, text).into_iter().collect(),
        Some(Kind::ToolVersions) => tool_versions(text),
        Some(Kind::Dockerfile) => dockerfile::read(text),
        Some(Kind::Workflow) => workflow(text),
        None => Vec::new(),
    };
    let file: Arc<Path> = path.into();
    let usable = |found: &Found| !found.said.text().is_empty() && found.said.text().len() <= MAX_TEXT_BYTES;
    let statement = |found: Found| NodeStatement {
        said: found.said,
        said_by: found.said_by,
        place: Place::at(file.clone(), found.position),
    };
    found.into_iter().filter(usable).map(statement).collect()
}

/// What a manifest says: `engines.node` and `volta.node`.
pub fn in_manifest(path: &Path, manifest: &Manifest) -> Vec<NodeStatement> {
    let file: Arc<Path> = path.into();
    let volta = manifest.volta.iter().rev().find(|entry| &*entry.name == "node");
    let all = [("volta.node", volta), ("engines.node", manifest.engines_node())];
    let said = all.into_iter().filter_map(|(said_by, entry)| Some((said_by, entry?)));
    said.filter(|(_, entry)| !entry.value.trim().is_empty() && entry.value.len() <= MAX_TEXT_BYTES)
        .map(|(said_by, entry)| NodeStatement {
            said: Said::Version(entry.value.trim().into()),
            said_by: said_by.to_owned(),
            place: Place::at(file.clone(), entry.position),
        })
        .collect()
}

impl Said {
    /// The text alone.
    pub fn text(&self) -> &str {
        match self {
            Self::Version(text) | Self::ImageTag(text) => text,
        }
    }
}

/// A statement within a file that is not named yet.
struct Found {
    said: Said,
    said_by: String,
    position: Position,
}

#[derive(Clone, Copy)]
enum Kind {
    VersionFile,
    ToolVersions,
    Dockerfile,
    Workflow,
}

impl Kind {
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let lower = name.to_ascii_lowercase();
        let docker = ["dockerfile", "containerfile"].iter().any(|kind| {
            let rest =
                lower.strip_prefix(kind).map(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']));
            rest == Some(true)
                || lower.strip_suffix(kind).is_some_and(|before| before.ends_with(['.', '-', '_']))
        });
        let in_workflows = || {
            let mut folders = path.parent().into_iter().flat_map(Path::components).rev();
            let mut next_is =
                |wanted: &str| folders.next().is_some_and(|folder| folder.as_os_str() == wanted);
            next_is("workflows") && next_is(".github")
        };
        match name {
            ".nvmrc" | ".node-version" => Some(Self::VersionFile),
            ".tool-versions" => Some(Self::ToolVersions),
            _ if docker && !lower.ends_with(".dockerignore") => Some(Self::Dockerfile),
            _ if (lower.ends_with(".yml") || lower.ends_with(".yaml")) && in_workflows() => {
                Some(Self::Workflow)
            }
            _ => None,
        }
    }
}

/// The first line that says something; the rest of it after `#` is a comment.
fn version_file(path: &Path, text: &str) -> Option<Found> {
    let lines = LineIndex::new(text);
    let line = text.lines().map(without_comment).find(|line| !line.is_empty())?;
    let said_by = path.file_name()?.to_str()?.to_owned();
    Some(Found { said: Said::Version(line.into()), said_by, position: lines.position_of(line)? })
}

/// `nodejs 20.11.1 18.19.0`: the first is used, the others are for where it is missing.
fn tool_versions(text: &str) -> Vec<Found> {
    let lines = LineIndex::new(text);
    let found = |line| {
        let mut words = without_comment(line).split_whitespace();
        words.next().filter(|tool| matches!(*tool, "nodejs" | "node"))?;
        let version = words.next()?;
        let position = lines.position_of(version)?;
        Some(Found { said: Said::Version(version.into()), said_by: ".tool-versions".to_owned(), position })
    };
    text.lines().filter_map(found).collect()
}

/// `node-version: 20` of a workflow. Lists and matrices name what is tested, not what runs, and are left out.
fn workflow(text: &str) -> Vec<Found> {
    let lines = LineIndex::new(text);
    let found = |line: &str| {
        let trimmed = line.trim_start();
        let value = trimmed.strip_prefix("- ").unwrap_or(trimmed).strip_prefix("node-version:")?;
        let value = value.split(" #").next()?.trim().trim_matches(['"', '\'']);
        let plain = !value.is_empty() && !value.starts_with(['[', '$', '{', '|', '>', '&', '*', '#']);
        let position = lines.position_of(value).filter(|_| plain)?;
        Some(Found { said: Said::Version(value.into()), said_by: format!("node-version: {value}"), position })
    };
    text.lines().filter_map(found).collect()
}

fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests;

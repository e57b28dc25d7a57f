//! What changed from one seal to another.

use std::collections::BTreeMap;

use super::document::{Document, SealedManifest, SealedSource};

/// What changed, each path once, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Files that only the newer one lists.
    pub added: Vec<String>,
    /// Files that only the older one lists.
    pub removed: Vec<String>,
    /// Files with another content.
    pub changed: Vec<String>,
    /// Files with the same content that are loaded in another way or belong to another release.
    pub described: Vec<String>,
    /// Parts of the document besides the files: `entries`, `eval`, `children`.
    pub parts: Vec<&'static str>,
}

impl Changes {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What changed. Caches and signatures are made afterwards and are not looked at.
pub fn compare(older: &Document, newer: &Document) -> Changes {
    let mut changes = Changes::default();
    let (before, after) = (files(older), files(newer));
    for (path, file) in &after {
        match before.get(path) {
            None => changes.added.push((*path).to_owned()),
            Some(known) if known.content() != file.content() => changes.changed.push((*path).to_owned()),
            Some(known) if known != file => changes.described.push((*path).to_owned()),
            Some(_) => {}
        }
    }
    changes
        .removed
        .extend(before.keys().filter(|path| !after.contains_key(*path)).map(|path| (*path).to_owned()));
    if older.entries != newer.entries {
        changes.parts.push("entries");
    }
    if older.eval != newer.eval {
        changes.parts.push("eval");
    }
    if older.children != newer.children {
        changes.parts.push("children");
    }
    changes
}

/// What a document says of one path: as a source, as a manifest, or as both.
#[derive(PartialEq)]
struct Listed<'a> {
    source: Option<&'a SealedSource>,
    manifest: Option<&'a SealedManifest>,
}

impl Listed<'_> {
    fn content(&self) -> Option<[u8; 32]> {
        self.source.map(|source| source.sha256.0).or(self.manifest.map(|file| file.sha256.0))
    }
}

fn files(document: &Document) -> BTreeMap<&str, Listed<'_>> {
    let mut files: BTreeMap<&str, Listed<'_>> = document
        .sources
        .iter()
        .map(|source| (source.path.as_str(), Listed { source: Some(source), manifest: None }))
        .collect();
    for manifest in &document.manifests {
        files.entry(manifest.path.as_str()).or_insert(Listed { source: None, manifest: None }).manifest =
            Some(manifest);
    }
    files
}

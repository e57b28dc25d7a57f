//! Labels, and the packages that they are about.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use nodeward_javascript::oxc::{Allocator, AstKind};
use nodeward_javascript::{SourceKind, parse};
use nodeward_lint::{Origin, SourceFile, Text};
use nodeward_package::PackageName;
use serde_json::Value;

/// A line, from 1, of a file as the label names it.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    pub(crate) file: Option<String>,
    pub(crate) line: u32,
}

/// One known flaw.
#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub(crate) class: String,
    pub(crate) package: String,
    pub(crate) version: String,
    pub(crate) sinks: Vec<Point>,
}

impl Label {
    /// The folder of its package below the corpus.
    pub(crate) fn folder(&self) -> String {
        format!("{}@{}", self.package, self.version).replace('/', "+")
    }
}

/// Reads the labels.
pub(crate) fn labels(file: &Path) -> anyhow::Result<Vec<Label>> {
    let text = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let list: Vec<Value> = serde_json::from_slice(&text).context("the labels are no list")?;
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().trim().to_owned();
    let labels = list.iter().map(|label| Label {
        class: text(label, "class"),
        package: text(label, "package"),
        version: text(label, "version"),
        sinks: label["points"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|point| point["kind"] == "sink")
            .map(|point| Point {
                file: point["file"].as_str().map(str::to_owned),
                line: point["line"].as_u64().and_then(|line| u32::try_from(line).ok()).unwrap_or(0),
            })
            .collect(),
    });
    Ok(labels.collect())
}

/// The files of one unpacked package, by their paths below it.
pub(crate) struct Package {
    pub(crate) files: BTreeMap<String, PathBuf>,
}

impl Package {
    /// The package in a folder of the corpus, if it was fetched.
    pub(crate) fn open(folder: &Path) -> Option<Self> {
        if !folder.join("done").exists() {
            return None;
        }
        // Most tarballs hold a folder `package`, some one of another name.
        let mut roots: Vec<PathBuf> =
            std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
        roots.retain(|path| path.is_dir());
        roots.sort();
        let root = roots.into_iter().next()?;
        let mut files = BTreeMap::new();
        walk(&root, &root, &mut files);
        Some(Self { files })
    }

    /// What is given to the rules: source, and the manifests that say how it hangs together.
    pub(crate) fn sources(&self, label: Option<&Label>) -> Vec<SourceFile> {
        // As a dependency: packages that are nested in it are units of their own.
        let name = label.and_then(|label| PackageName::parse(&label.package).ok());
        let origin = match (name, label) {
            (Some(name), Some(label)) => Origin::Dependency { name, version: label.version.as_str().into() },
            _ => Origin::FirstParty,
        };
        let of = |(path, disk): (&String, &PathBuf)| SourceFile {
            path: Arc::from(Path::new(path)),
            text: Text::Disk(disk.clone()),
            origin: origin.clone(),
        };
        self.files.iter().filter(|(path, disk)| is_source(path, disk)).map(of).collect()
    }

    /// The file that a label means, and whether its whole path says so.
    pub(crate) fn file(&self, label: &Label, named: &str) -> Option<(&str, bool)> {
        let base = label.package.rsplit('/').next().unwrap_or_default();
        let mut named = named.trim();
        loop {
            if let Some((path, _)) = self.files.get_key_value(named) {
                return Some((path, true));
            }
            let rest = ["./", "/", "package/"].iter().find_map(|start| named.strip_prefix(start));
            let rest = rest.or_else(|| named.strip_prefix(base)?.strip_prefix('/'));
            match rest {
                Some(rest) => named = rest,
                None => break,
            }
        }
        let ends = |path: &str, end: &str| path.strip_suffix(end).is_some_and(|rest| rest.ends_with('/'));
        let by_suffix = self.files.keys().find(|path| ends(path, named) || ends(named, path));
        if let Some(path) = by_suffix {
            return Some((path, true));
        }
        let name = named.rsplit('/').next()?;
        let mut same = self.files.keys().filter(|path| path.rsplit('/').next() == Some(name));
        match (same.next(), same.next()) {
            (Some(path), None) => Some((path, false)),
            _ => None,
        }
    }

    /// First and last lines of every function of a file.
    pub(crate) fn functions(&self, path: &str) -> Vec<(u32, u32)> {
        let Some(text) = self.files.get(path).and_then(|disk| std::fs::read(disk).ok()) else {
            return Vec::new();
        };
        let text = String::from_utf8_lossy(&text);
        let kind = SourceKind::of_path(Path::new(path)).unwrap_or(SourceKind::JAVASCRIPT);
        let arena = Allocator::default();
        let Ok(parsed) = parse(&arena, &text, kind) else { return Vec::new() };
        let lines = nodeward_javascript::LineIndex::new(&text);
        let semantic = parsed.semantic();
        let spans = semantic.nodes().iter().filter_map(|node| match node.kind() {
            AstKind::Function(function) => Some(function.span),
            AstKind::ArrowFunctionExpression(arrow) => Some(arrow.span),
            _ => None,
        });
        spans.map(|span| (lines.position(span.start).line, lines.position(span.end).line)).collect()
    }
}

fn walk(root: &Path, folder: &Path, files: &mut BTreeMap<String, PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        let path = entry.path();
        if kind.is_dir() {
            if entry.file_name() != ".git" {
                walk(root, &path, files);
            }
        } else if kind.is_file()
            && let Ok(below) = path.strip_prefix(root)
        {
            files.insert(below.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"), path);
        }
    }
}

/// Nested packages are part of what was published, and labels name files of theirs.
fn is_source(path: &str, disk: &Path) -> bool {
    if path == "package.json" || path.ends_with("/package.json") {
        return true;
    }
    match SourceKind::of_path(Path::new(path)) {
        Some(kind) => kind.language != nodeward_javascript::Language::Json,
        None => {
            let name = path.rsplit('/').next().unwrap_or_default();
            let text = || std::fs::read(disk).map(|text| String::from_utf8_lossy(&text).into_owned());
            !name.contains('.') && text().is_ok_and(|text| SourceKind::of_hashbang(&text).is_some())
        }
    }
}

//! What `package.json` files say: whose a file is, how Node.js reads it, where a package starts.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use nodeward_javascript::{Loader, ModuleFormat, NodeResolver, Resolved, bounded};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

use super::TraceError;
use super::targets::slashed;
use crate::source::SourceList;

/// A `package.json`.
#[derive(Debug)]
pub(super) struct Manifest {
    /// Its folder.
    pub(super) folder: PathBuf,
    /// What it says of `.js` files.
    pub(super) format: ModuleFormat,
    /// What it says.
    pub(super) json: Value,
}

impl Manifest {
    /// A text field.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.json.get(field)?.as_str()
    }

    /// The names in a table: `dependencies`.
    pub(super) fn names(&self, field: &str) -> impl Iterator<Item = &str> {
        self.json.get(field).and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.as_str())
    }
}

/// Manifests by folder, each read once.
#[derive(Debug, Default)]
pub(super) struct Manifests {
    nearest: Mutex<FxHashMap<PathBuf, Option<Arc<Manifest>>>>,
    /// Those that are there and can't be read, with the reason.
    broken: Mutex<Vec<(PathBuf, String)>>,
}

impl Manifests {
    /// The manifest that counts for the files of a folder: the nearest one, not going out of a package.
    pub(super) fn nearest(&self, folder: &Path) -> Option<Arc<Manifest>> {
        if let Some(known) = self.nearest.lock().unwrap_or_else(PoisonError::into_inner).get(folder) {
            return known.clone();
        }
        let is_boundary = folder.file_name().is_some_and(|name| name == "node_modules");
        let (manifest, why) = read(folder);
        if let Some(why) = why {
            let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
            broken.push((folder.join("package.json"), why));
        }
        let found = match manifest {
            Some(manifest) => Some(Arc::new(manifest)),
            None if is_boundary => None,
            None => folder.parent().and_then(|parent| self.nearest(parent)),
        };
        let mut nearest = self.nearest.lock().unwrap_or_else(PoisonError::into_inner);
        nearest.entry(folder.to_path_buf()).or_insert(found).clone()
    }

    /// Adds those that are there and can't be read, with the reason.
    pub(super) fn tell_broken(&self, root: &Path, unread: &mut Vec<(String, String)>) {
        let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        let below = |path: &Path| slashed(path.strip_prefix(root).unwrap_or(path));
        unread.extend(broken.iter().map(|(path, why)| (below(path), why.clone())));
        unread.sort();
        unread.dedup();
    }

    /// The manifest of the package that a file belongs to: of an installed one the folder's below `node_modules`,
    /// else the nearest with a name.
    pub(super) fn package(&self, file: &Path) -> Option<Arc<Manifest>> {
        if let Some((folder, _)) = installed(file) {
            return self.nearest(&folder).filter(|manifest| manifest.folder == folder);
        }
        let mut folder = file.parent()?.to_path_buf();
        loop {
            let manifest = self.nearest(&folder)?;
            if manifest.text("name").is_some() {
                return Some(manifest);
            }
            folder = manifest.folder.parent()?.to_path_buf();
        }
    }

    /// Adds the manifests in folders on the way to listed files.
    pub(super) fn below(&self, folders: &FxHashSet<&Path>, root: &Path, list: &mut SourceList) {
        let mut found: Vec<String> = folders
            .iter()
            .filter_map(|folder| {
                let path: Arc<Path> = folder.join("package.json").into();
                let is_there = match self.nearest(folder) {
                    Some(manifest) => manifest.folder == *folder,
                    None => false,
                };
                is_there.then(|| slashed(path.strip_prefix(root).unwrap_or(&path)))
            })
            .collect();
        found.sort();
        list.manifests = found;
    }
}

/// The manifest of a folder, and why it can't be read, if it is there and can't.
fn read(folder: &Path) -> (Option<Manifest>, Option<String>) {
    let path = folder.join("package.json");
    let text = match bounded::read(&path) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|error| error.to_string()),
        // A folder of that name is none to Node.js either.
        Err(_) if !path.exists() || path.is_dir() => return (None, None),
        Err(error) => Err(error.to_string()),
    };
    let json = text.and_then(|text| {
        serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| error.to_string())
    });
    // One that can't be read still ends the search, as Node.js ends it with an error.
    let (json, why): (Value, Option<String>) = match json {
        Ok(json) => (json, None),
        Err(why) => (Value::Null, Some(why)),
    };
    let format = match json.get("type").and_then(Value::as_str) {
        Some("module") => ModuleFormat::Module,
        Some("commonjs") => ModuleFormat::CommonJs,
        _ => ModuleFormat::Unknown,
    };
    (Some(Manifest { folder: folder.to_path_buf(), format, json }), why)
}

/// The folder and the name of the installed package that a file belongs to.
pub(super) fn installed(file: &Path) -> Option<(PathBuf, String)> {
    let text = file.to_str()?;
    let separator = std::path::MAIN_SEPARATOR;
    let marker = format!("{separator}node_modules{separator}");
    let start = text.rfind(&marker)? + marker.len();
    let mut parts = text[start..].split(separator);
    let first = parts.next()?;
    let name = match first.starts_with('@') {
        true => format!("{first}/{}", parts.next()?),
        false => first.to_owned(),
    };
    let end = start + name.len();
    // What lies in `node_modules` itself is nobody's.
    (text.len() > end).then(|| (PathBuf::from(&text[..end]), name))
}

/// Where a package starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entries {
    /// The files, as real paths.
    pub files: Vec<PathBuf>,
}

/// The files of a package's folder that its `main`, `exports` and `bin` name, for `require` and for `import`.
pub fn entries_of(folder: &Path, resolver: &NodeResolver) -> Result<Entries, TraceError> {
    let path = folder.join("package.json");
    let mut files = Vec::new();
    let json = match bounded::read(&path) {
        Ok(bytes) => serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes))
            .map_err(|error| TraceError::Manifest { path: path.clone(), message: error.to_string() })?,
        Err(_) if !path.exists() || path.is_dir() => Value::Null,
        Err(source) => return Err(TraceError::Entry { path, source }),
    };
    let mut add = |specifier: &str, loader: Loader| {
        if let Ok(Resolved::File(file)) = resolver.resolve(folder, specifier, loader) {
            files.push(file);
        }
    };
    let name = json.get("name").and_then(Value::as_str);
    match (json.get("exports"), name) {
        (Some(exports), Some(name)) => {
            // A package may name itself: `exports` with all its conditions is Node.js's own.
            for subpath in subpaths(exports) {
                let specifier = format!("{name}{}", subpath.strip_prefix('.').unwrap_or(&subpath));
                add(&specifier, Loader::Require);
                add(&specifier, Loader::Import);
            }
            for target in expanded(folder, exports) {
                add(&target, Loader::Require);
            }
        }
        _ => add(".", Loader::Require),
    }
    let bin = json.get("bin");
    let bins = bin.and_then(Value::as_object).into_iter().flatten().filter_map(|(_, path)| path.as_str());
    for path in bin.and_then(Value::as_str).into_iter().chain(bins) {
        let relative = if path.starts_with("./") { path.to_owned() } else { format!("./{path}") };
        add(&relative, Loader::Require);
    }
    files.sort();
    files.dedup();
    if files.is_empty() {
        return Err(TraceError::NoEntry { path: folder.to_path_buf() });
    }
    Ok(Entries { files })
}

/// The subpaths of `exports` that are no patterns.
fn subpaths(exports: &Value) -> Vec<String> {
    match exports.as_object() {
        Some(table) if table.keys().any(|key| key.starts_with('.')) => {
            table.keys().filter(|key| !key.contains('*')).cloned().collect()
        }
        _ => vec![".".to_owned()],
    }
}

/// The files that patterns of `exports` stand for.
fn expanded(folder: &Path, exports: &Value) -> Vec<String> {
    let folders = super::pattern::Folders::default();
    let mut found = Vec::new();
    for (_, target) in exports.as_object().into_iter().flatten().filter(|(key, _)| key.contains('*')) {
        let mut open = vec![target];
        while let Some(target) = open.pop() {
            match target {
                Value::String(target) if target.starts_with("./") => {
                    let pattern = target.replace('*', &nodeward_javascript::loads::HOLE.to_string());
                    let below = folder.join(super::pattern::folder_of(&pattern).trim_start_matches("./"));
                    for file in folders.files(&below).iter().flat_map(|files| files.iter()) {
                        let Ok(relative) = file.strip_prefix(folder) else { continue };
                        let relative = format!("./{}", relative.to_string_lossy().replace('\\', "/"));
                        let is_code = [".js", ".cjs", ".mjs", ".json", ".node", ".wasm"]
                            .iter()
                            .any(|ending| relative.ends_with(ending));
                        if is_code && super::pattern::matches(&pattern, &relative) {
                            found.push(relative);
                        }
                    }
                }
                Value::Array(list) => open.extend(list),
                // What types are for is no code.
                Value::Object(table) => {
                    open.extend(table.iter().filter(|(key, _)| *key != "types").map(|(_, value)| value));
                }
                _ => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_a_file_is() {
        let of = |path: &str| {
            installed(Path::new(path)).map(|(folder, name)| (folder.display().to_string(), name))
        };
        assert_eq!(of("/a/lib/x.js"), None);
        assert_eq!(
            of("/a/node_modules/b/node_modules/@c/d/lib/x.js"),
            Some(("/a/node_modules/b/node_modules/@c/d".to_owned(), "@c/d".to_owned()))
        );
        assert_eq!(of("/a/node_modules/x.js"), None);
    }
}

//! Which file `node X` runs, as Node.js finds it, and whether it may be started.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::error::LaunchError;
use crate::files::Root;
use crate::seal::{Document, SealPath};

const EXTENSIONS: [&str; 3] = [".js", ".json", ".node"];

/// More than any manifest needs.
const MAX_MANIFEST: u64 = 16 * 1024 * 1024;

/// The file that is run, if it is an entry of the seal.
pub(super) fn check(
    main: &OsStr,
    directory: &Path,
    root: &Root,
    document: &Document,
) -> Result<SealPath, LaunchError> {
    let refuse = |reason: String| LaunchError::Main { main: main.to_string_lossy().into_owned(), reason };
    let entries = || {
        let names: Vec<&str> = document.entries.iter().map(SealPath::as_str).collect();
        format!("the seal's entries are {}", names.join(", "))
    };
    let Some(file) = find(&directory.join(main)) else {
        return Err(refuse(format!("there is no such file; {}", entries())));
    };
    let path = sealed_path(&file, root);
    match path.and_then(|path| document.entries.iter().find(|entry| entry.as_str() == path)) {
        Some(entry) => Ok(entry.clone()),
        None => Err(refuse(format!(
            "is not an entry of the seal, so it may not be started; {}, and `nodeward seal` makes others",
            entries()
        ))),
    }
}

/// The source that a preload names: `./a.js` from the current folder, or an absolute path.
pub(super) fn check_preload(
    option: &str,
    module: &str,
    directory: &Path,
    root: &Root,
    document: &Document,
) -> Result<PathBuf, LaunchError> {
    let refuse = |reason: &str| {
        Err(LaunchError::Option { option: format!("{option} {module}"), reason: reason.to_owned() })
    };
    let is_path = module.starts_with("./") || module.starts_with("../") || module.starts_with('/');
    if !is_path {
        return refuse(
            "name the file, as `./node_modules/…`; which file a package's name means is not looked up here",
        );
    }
    let Some(file) = find(&directory.join(module)) else { return refuse("there is no such file") };
    match sealed_path(&file, root).and_then(|path| document.source(&path).map(|_| file.clone())) {
        Some(file) => Ok(file),
        None => refuse("is not sealed; seal it as an entry, or start without it"),
    }
}

fn sealed_path(file: &Path, root: &Root) -> Option<String> {
    let real = std::fs::canonicalize(file).ok()?;
    Some(real.strip_prefix(root.folder()).ok()?.to_str()?.replace(std::path::MAIN_SEPARATOR, "/"))
}

/// A file, one of the extensions added, or the main file of a folder.
fn find(path: &Path) -> Option<PathBuf> {
    as_file(path).or_else(|| {
        let named = main_of_manifest(path).map(|main| path.join(main));
        named
            .and_then(|named| as_file(&named).or_else(|| as_file(&named.join("index"))))
            .or_else(|| as_file(&path.join("index")))
    })
}

fn as_file(path: &Path) -> Option<PathBuf> {
    if path.is_file() {
        return Some(path.to_owned());
    }
    EXTENSIONS
        .iter()
        .map(|extension| {
            let mut name = path.as_os_str().to_owned();
            name.push(extension);
            PathBuf::from(name)
        })
        .find(|path| path.is_file())
}

fn main_of_manifest(folder: &Path) -> Option<String> {
    let root = Root::open(folder).ok()?;
    let mut text = Vec::new();
    crate::files::read(&mut root.file(&SealPath::parse("package.json").ok()?).ok()?, MAX_MANIFEST, &mut text)
        .ok()?;
    let manifest: serde_json::Value = serde_json::from_slice(&text).ok()?;
    Some(manifest.get("main")?.as_str()?.to_owned())
}

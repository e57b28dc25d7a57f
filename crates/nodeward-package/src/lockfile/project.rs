//! From a path on disk to a graph: finds the lockfile of a folder and gathers what some formats need beside it.

use std::path::Path;

use super::yaml::{self, TopDuplicates};
use super::{Format, Input, MAX_FILE_BYTES, discover, parse_as, recognise, workspaces};
use crate::place::Place;
use crate::{DependencyGraph, LockfileError, Manifest};

/// Reads a lockfile, or a project's folder, with what stands beside it.
///
/// Of a folder with several lockfiles, the first that [`discover`] names is read; of one with none, the installed
/// `node_modules`, else the manifest alone.
///
/// # Errors
/// As [`parse`](super::parse), and what the file system refuses.
pub fn read(path: &Path) -> Result<DependencyGraph, LockfileError> {
    if path.is_dir() {
        if path.file_name().is_some_and(|name| name == "node_modules") {
            return super::read_installed(path.parent().unwrap_or(Path::new("")));
        }
        return read_folder(path);
    }
    let bytes = read_file(path)?;
    let Some(format) = recognise(path, &bytes) else {
        return super::parse(&Input { file: path, bytes: &bytes, manifests: &[] });
    };
    let manifests = manifests(format, path)?;
    parse_as(format, &Input { file: path, bytes: &bytes, manifests: &manifests })
}

fn read_folder(folder: &Path) -> Result<DependencyGraph, LockfileError> {
    if let Some(found) = discover::standing_in(folder).into_iter().next() {
        return read(&found.path);
    }
    if folder.join("node_modules").is_dir() {
        return super::read_installed(folder);
    }
    let manifest = folder.join("package.json");
    if manifest.is_file() {
        return read(&manifest);
    }
    let message = "the folder holds no lockfile and no package.json".to_owned();
    Err(LockfileError::Io { file: folder.into(), message })
}

/// What stands at a path, through links. What the system does not let us see is an error, so that it does not pass
/// for nothing; a link that leads nowhere is nothing.
pub(super) fn kind_of(path: &Path) -> Result<Option<std::fs::FileType>, LockfileError> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.file_type())),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Err(LockfileError::Io { file: path.into(), message: error.to_string() })
        }
        Err(_) => Ok(None),
    }
}

/// Whether a folder stands at a path.
pub(super) fn is_folder(path: &Path) -> Result<bool, LockfileError> {
    Ok(kind_of(path)?.is_some_and(|kind| kind.is_dir()))
}

/// The bytes of a file, unless it is larger than any reader takes.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, LockfileError> {
    let refused = |error: std::io::Error| LockfileError::Io { file: path.into(), message: error.to_string() };
    let metadata = std::fs::metadata(path).map_err(refused)?;
    // A device never ends and a pipe may never begin; a project that was cloned may hold a link to either.
    if !metadata.is_file() {
        return Err(refused(std::io::Error::other("not a regular file, and nothing else is read")));
    }
    let length = metadata.len();
    if length > MAX_FILE_BYTES {
        let message = format!("the file has {length} bytes; at most {MAX_FILE_BYTES} are read");
        return Err(LockfileError::Limit { place: Place::file(path), message });
    }
    std::fs::read(path).map_err(refused)
}

/// The manifests that the format's reader has use for, root first.
fn manifests(format: Format, lockfile: &Path) -> Result<Vec<(String, Vec<u8>)>, LockfileError> {
    let wants_members = match format {
        Format::YarnClassic | Format::YarnBerry => true,
        Format::Pnpm => return Ok(manifests_beside_pnpm(lockfile)),
        Format::NpmPackageLock => false,
        _ => return Ok(Vec::new()),
    };
    let folder = lockfile.parent().unwrap_or(Path::new(""));
    let path = folder.join("package.json");
    if kind_of(&path)?.is_none() {
        return Ok(Vec::new());
    }
    let bytes = read_file(&path)?;
    let patterns = if wants_members { Manifest::parse(&path, &bytes)?.workspaces } else { Vec::new() };
    let mut manifests = vec![(String::new(), bytes)];
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    for member in workspaces::members(folder, &patterns)? {
        let bytes = read_file(&folder.join(&member).join("package.json"))?;
        manifests.push((member, bytes));
    }
    Ok(manifests)
}

/// The manifests of a pnpm project. They only name what the lockfile tells by its folder, so one that can't be read
/// is left out.
fn manifests_beside_pnpm(lockfile: &Path) -> Vec<(String, Vec<u8>)> {
    let folder = lockfile.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let workspace = read_file(&folder.join("pnpm-workspace.yaml")).unwrap_or_default();
    let mut folders = vec![String::new()];
    folders.extend(workspaces::members(folder, &pnpm_patterns(&workspace)).unwrap_or_default());
    let read = |member: String| {
        let path = folder.join(&member).join("package.json");
        let bytes = read_file(&path).ok()?;
        Manifest::parse(&path, &bytes).ok()?;
        Some((member, bytes))
    };
    folders.into_iter().filter_map(read).collect()
}

/// Whether the manifests of a project that has no lockfile say that a folder in it, relative with `/`, is its own: by
/// the patterns of its workspace, or as the root requires it by this path. One that can't be read says nothing.
pub fn says_own(project: &Path, folder: &str) -> bool {
    let file = project.join("package.json");
    let manifest = read_file(&file).and_then(|bytes| Manifest::parse(&file, &bytes)).unwrap_or_default();
    let workspace = read_file(&project.join("pnpm-workspace.yaml")).unwrap_or_default();
    let is_path = |specifier: &str| {
        let path = ["file:", "link:", "portal:"].iter().find_map(|kind| specifier.strip_prefix(kind));
        path.is_some_and(|path| path.trim_start_matches("./").trim_end_matches('/') == folder)
    };
    workspaces::is_member(&manifest.workspaces, folder)
        || workspaces::is_member(&pnpm_patterns(&workspace), folder)
        || manifest.dependencies.iter().any(|dependency| is_path(&dependency.specifier))
}

/// `packages` of a pnpm-workspace.yaml.
fn pnpm_patterns(workspace: &[u8]) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(workspace) else { return Vec::new() };
    let Ok(documents) = yaml::parse(text, TopDuplicates::Kept) else { return Vec::new() };
    let patterns = documents.first().and_then(|document| document.root().get("packages"));
    let items = patterns.into_iter().flat_map(yaml::Value::items);
    items.filter_map(yaml::Value::text).map(str::to_owned).collect()
}

/// The manifests given beside a lockfile, parsed; their errors name the manifest's own path.
pub(super) fn parse_manifests(input: &Input<'_>) -> Result<Vec<(String, Manifest)>, LockfileError> {
    let folder = input.file.parent().unwrap_or(Path::new(""));
    let parse = |(path, bytes): &(String, Vec<u8>)| {
        let file = folder.join(path).join("package.json");
        Ok((path.clone(), Manifest::parse(&file, bytes)?))
    };
    input.manifests.iter().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Package;

    #[test]
    fn pnpm_members_have_the_names_of_their_manifests() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("pnpm-workspace.yaml", "packages:\n  - packages/*\n");
        write("package.json", r#"{"name": "app", "version": "1.0.0"}"#);
        write("packages/a/package.json", r#"{"name": "@s/a", "version": "2.0.0"}"#);
        write("packages/b/package.json", "{");
        let lock = "lockfileVersion: '9.0'\nimporters:\n  .: {}\n  packages/a: {}\n  packages/b: {}\n";
        write("pnpm-lock.yaml", lock);
        let labels = |graph: DependencyGraph| graph.packages().iter().map(Package::label).collect::<Vec<_>>();
        let graph = read(root.path()).unwrap();
        assert_eq!(labels(graph), ["app@1.0.0", "@s/a@2.0.0", "b"]);
        // A workspace file that can't be read loses names, never the graph.
        write("pnpm-workspace.yaml", "packages: &all [packages/*]\n");
        assert_eq!(labels(read(root.path()).unwrap()), ["app@1.0.0", "a", "b"]);
    }
}

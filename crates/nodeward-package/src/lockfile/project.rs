//! From a path on disk to a graph: finds the lockfile of a folder and gathers what some formats need beside it.

use std::path::Path;

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

/// The bytes of a file, unless it is larger than any reader takes.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, LockfileError> {
    let refused = |error: std::io::Error| LockfileError::Io { file: path.into(), message: error.to_string() };
    let length = std::fs::metadata(path).map_err(refused)?.len();
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
        Format::NpmPackageLock => false,
        _ => return Ok(Vec::new()),
    };
    let folder = lockfile.parent().unwrap_or(Path::new(""));
    let path = folder.join("package.json");
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let bytes = read_file(&path)?;
    let patterns = if wants_members { Manifest::parse(&path, &bytes)?.workspaces } else { Vec::new() };
    let mut manifests = vec![(String::new(), bytes)];
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    for member in workspaces::members(folder, &patterns) {
        let bytes = read_file(&folder.join(&member).join("package.json"))?;
        manifests.push((member, bytes));
    }
    Ok(manifests)
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

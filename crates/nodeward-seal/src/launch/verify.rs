//! Whether every listed file is there and as it was sealed.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::num::NonZeroUsize;

use nodeward_sandbox::Sandbox;

use super::error::LaunchError;
use crate::SourceKind;
use crate::files::{self, Access, Root};
use crate::seal::{Digest, Document, SealPath};

/// Which contents are compared before the program starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// Every file's.
    Everything,
    /// Only of those that the guard does not compare by their names when they load: manifests, what a program may only
    /// read (JSON and WebAssembly too), and native code, as that opens other libraries by itself.
    WhatIsNotLoaded,
}

/// Files opened before the kernel is told of them: fewer locks, and far below any limit of open files. A thread costs
/// as much as so many small files.
const AT_ONCE: usize = 64;

const MANIFEST: &str = "package.json";

struct Listed<'a> {
    path: &'a SealPath,
    sha256: Digest,
    size: u64,
    is_compared: bool,
}

/// Opens each file, compares it, and allows the very file that was opened. Reports all faults, not only the first.
pub(super) fn verify(
    root: &Root,
    document: &Document,
    sandbox: &Sandbox,
    checked: Checked,
    threads: NonZeroUsize,
) -> Result<(), LaunchError> {
    let sources = document.sources.iter().filter(|source| source.kind != SourceKind::Synthetic);
    let sources = sources.map(|source| Listed {
        path: &source.path,
        sha256: source.sha256,
        size: source.size,
        is_compared: checked == Checked::Everything || !is_compared_when_it_loads(source.kind),
    });
    let manifests = document.manifests.iter().map(|file| Listed {
        path: &file.path,
        sha256: file.sha256,
        size: file.size,
        is_compared: true,
    });
    let all: Vec<Listed<'_>> = sources.chain(manifests).collect();
    let parts: Vec<&[Listed<'_>]> = all.chunks(AT_ONCE).collect();
    let results = files::in_parallel(&parts, threads, |part, buffer| several(root, part, sandbox, buffer));
    let mut faults = Vec::new();
    for result in results {
        faults.extend(result?);
    }
    faults.extend(added_manifests(root, document));
    faults.dedup();
    if faults.is_empty() { Ok(()) } else { Err(LaunchError::Files(faults)) }
}

/// Programs read the text of their own modules too, but hardly ever live by it.
fn is_compared_when_it_loads(kind: SourceKind) -> bool {
    matches!(kind, SourceKind::Cjs | SourceKind::Esm | SourceKind::TypeScript)
}

/// Manifests that Node.js would come by before the sealed one of a file: they would say what is found and how it is
/// read. The kernel keeps them from being opened, which some versions take for a manifest that is not there.
fn added_manifests(root: &Root, document: &Document) -> Vec<String> {
    let listed = document.files().map(|(path, ..)| path.as_str());
    let sealed: HashSet<&str> =
        listed.filter_map(|path| path.strip_suffix(MANIFEST)).map(folder_of).collect();
    let mut seen = HashSet::new();
    let mut added = Vec::new();
    for source in document.sources.iter().filter(|source| is_compared_when_it_loads(source.kind)) {
        let mut folder = folder_of(source.path.as_str());
        // Node.js looks no further than a folder of packages.
        while !sealed.contains(folder) && !is_of_packages(folder) && seen.insert(folder) {
            let manifest =
                if folder.is_empty() { MANIFEST.to_owned() } else { format!("{folder}/{MANIFEST}") };
            if root.has(&manifest) {
                added.push(format!("{manifest} was added"));
            }
            if folder.is_empty() {
                break;
            }
            folder = folder_of(folder);
        }
    }
    added
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn is_of_packages(folder: &str) -> bool {
    folder == "node_modules" || folder.ends_with("/node_modules")
}

/// The faults of some files.
fn several(
    root: &Root,
    part: &[Listed<'_>],
    sandbox: &Sandbox,
    buffer: &mut Vec<u8>,
) -> Result<Vec<String>, LaunchError> {
    let mut faults = Vec::new();
    let mut found = Vec::with_capacity(part.len());
    for listed in part {
        match one(root, listed, buffer) {
            Ok(file) => found.push((file, listed.path.as_str())),
            Err(fault) => faults.push(format!("{} {fault}", listed.path)),
        }
    }
    sandbox.allow_regular(&found)?;
    Ok(faults)
}

fn one(root: &Root, listed: &Listed<'_>, buffer: &mut Vec<u8>) -> Result<File, String> {
    let unread = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => "is missing".to_owned(),
        _ => format!("can't be read ({error})"),
    };
    let access = if listed.is_compared { Access::Read } else { Access::Name };
    let (mut file, size) = root.sized(listed.path, access).map_err(unread)?;
    if size != listed.size {
        return Err(format!("was changed ({size} bytes, sealed with {})", listed.size));
    }
    if listed.is_compared && files::hash(&mut file, size, buffer).map_err(unread)? != listed.sha256 {
        return Err("was changed".to_owned());
    }
    Ok(file)
}

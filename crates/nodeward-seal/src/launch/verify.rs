//! Whether every listed file is there and as it was sealed.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::num::NonZeroUsize;

use nodeward_sandbox::Sandbox;

use super::error::LaunchError;
use crate::SourceKind;
use crate::files::{self, Access, Folder, Root};
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

/// A thread takes so many files at once.
const AT_ONCE: usize = 32;

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
    // None is what was added. The most bytes come first, or one thread would be at them when the others are done.
    let mut parts: Vec<(usize, Option<&[Listed<'_>]>)> =
        all.chunks(AT_ONCE).map(Some).chain([None]).enumerate().collect();
    parts.sort_by_key(|(_, part)| std::cmp::Reverse(part.map_or(0, compared)));
    let mut results = files::in_parallel(&parts, threads, |(at, part), buffer| {
        let faults = match part {
            Some(part) => several(root, part, sandbox, buffer),
            None => Ok(added_manifests(root, document)),
        };
        (*at, faults)
    });
    results.sort_by_key(|(at, _)| *at);
    let mut faults = Vec::new();
    for (_, result) in results {
        faults.extend(result?);
    }
    faults.dedup();
    if faults.is_empty() { Ok(()) } else { Err(LaunchError::Files(faults)) }
}

/// How many bytes of some files are compared.
fn compared(part: &[Listed<'_>]) -> u64 {
    part.iter().filter(|listed| listed.is_compared).map(|listed| listed.size).sum()
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
    let mut last = None;
    for source in document.sources.iter().filter(|source| is_compared_when_it_loads(source.kind)) {
        let mut folder = folder_of(source.path.as_str());
        // Sources of one folder stand together.
        if last == Some(folder) {
            continue;
        }
        last = Some(folder);
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
    let mut folders = Folders { root, open: None };
    for (at, listed) in part.iter().enumerate() {
        let next = part.get(at + 1).map(|next| folder_of(next.path.as_str()));
        match one(&mut folders, listed, next, buffer) {
            Ok(file) => sandbox.allow_regular(&file, listed.path.as_str())?,
            Err(fault) => faults.push(format!("{} {fault}", listed.path)),
        }
    }
    Ok(faults)
}

/// Opens files, several of one folder from there.
struct Folders<'a> {
    root: &'a Root,
    open: Option<(&'a str, Folder)>,
}

impl<'a> Folders<'a> {
    /// `next` is the folder of the file after this one.
    fn file(&mut self, path: &'a SealPath, access: Access, next: Option<&str>) -> io::Result<(File, u64)> {
        let folder = folder_of(path.as_str());
        if self.open.as_ref().is_none_or(|(open, _)| *open != folder) {
            let is_worth_it = next == Some(folder) && !folder.is_empty();
            let open = if is_worth_it { self.root.below(folder) } else { None };
            self.open = open.map(|open| (folder, open));
        }
        match &self.open {
            Some((_, open)) => self.root.sized_in(open, path, access),
            None => self.root.sized(path, access),
        }
    }
}

fn one<'a>(
    folders: &mut Folders<'a>,
    listed: &Listed<'a>,
    next: Option<&str>,
    buffer: &mut Vec<u8>,
) -> Result<File, String> {
    let unread = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => "is missing".to_owned(),
        _ => format!("can't be read ({error})"),
    };
    let access = if listed.is_compared { Access::Read } else { Access::Name };
    let (mut file, size) = folders.file(listed.path, access, next).map_err(unread)?;
    if size != listed.size {
        return Err(format!("was changed ({size} bytes, sealed with {})", listed.size));
    }
    if listed.is_compared && files::hash(&mut file, size, buffer).map_err(unread)? != listed.sha256 {
        return Err("was changed".to_owned());
    }
    Ok(file)
}

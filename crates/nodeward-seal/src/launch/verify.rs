//! Whether every listed file is there and as it was sealed.

use std::io;
use std::num::NonZeroUsize;

use nodeward_sandbox::{Grant, Sandbox};

use super::error::LaunchError;
use crate::SourceKind;
use crate::files::{self, Root};
use crate::seal::{Digest, Document, SealPath};

/// Which contents are compared before the program starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// Every file's.
    Everything,
    /// Only of those that the guard does not compare when they load: manifests and what is only read.
    WhatIsNotLoaded,
}

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
        is_compared: checked == Checked::Everything || source.kind == SourceKind::Text,
    });
    let manifests = document.manifests.iter().map(|file| Listed {
        path: &file.path,
        sha256: file.sha256,
        size: file.size,
        is_compared: true,
    });
    let all: Vec<Listed<'_>> = sources.chain(manifests).collect();
    let results = files::in_parallel(&all, threads, |listed, buffer| one(root, listed, sandbox, buffer));
    let mut faults = Vec::new();
    for result in results {
        match result {
            Ok(()) => {}
            Err(Fault::File(fault)) => faults.push(fault),
            Err(Fault::Launch(error)) => return Err(error),
        }
    }
    faults.dedup();
    if faults.is_empty() { Ok(()) } else { Err(LaunchError::Files(faults)) }
}

enum Fault {
    File(String),
    Launch(LaunchError),
}

fn one(root: &Root, listed: &Listed<'_>, sandbox: &Sandbox, buffer: &mut Vec<u8>) -> Result<(), Fault> {
    let path = listed.path;
    let fault = |what: &str| Fault::File(format!("{path} {what}"));
    let unread = |error: &io::Error| match error.kind() {
        io::ErrorKind::NotFound => fault("is missing"),
        _ => fault(&format!("can't be read ({error})")),
    };
    let mut file = root.file(path).map_err(|error| unread(&error))?;
    let size = file.metadata().map_err(|error| unread(&error))?.len();
    if size != listed.size {
        return Err(fault(&format!("was changed ({size} bytes, sealed with {})", listed.size)));
    }
    if listed.is_compared {
        let found = files::read(&mut file, size, buffer).map_err(|error| unread(&error))?;
        if found != listed.sha256 {
            return Err(fault("was changed"));
        }
    }
    sandbox.allow(&file, Grant::Read, path.as_str()).map_err(|error| Fault::Launch(error.into()))
}

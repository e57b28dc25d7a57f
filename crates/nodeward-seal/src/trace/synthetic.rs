//! Code that has no file: how it is named while tracing, and what it loads.
//!
//! `npm/nodeward/synthesize.cjs` makes modules from texts and names them by their hash. It looks packages up as a file
//! in the seal's folder would.

use std::path::{Path, PathBuf};

/// Where Node.js is told that such modules are. Nothing can be there.
const FOLDER: &str = "/dev/null/synthetic/";

/// What the file is called that an ES module of this kind looks packages up from; the hash follows.
const PREFIX: &str = "synthetic-";

/// The path of code with this hash.
pub fn path_of(hash: &str) -> PathBuf {
    PathBuf::from(format!("{FOLDER}{hash}"))
}

/// The hash in such a path.
pub fn hash_of(path: &Path) -> Option<&str> {
    path.to_str()?.strip_prefix(FOLDER).filter(|hash| is_hash(hash))
}

/// The path of the code that a note calls so: by its own path, or by the file that is not there from which it looks
/// packages up.
pub(super) fn noted(path: &Path) -> Option<PathBuf> {
    let beside = || path.file_name()?.to_str()?.strip_prefix(PREFIX).filter(|hash| is_hash(hash));
    hash_of(path).or_else(beside).map(path_of)
}

/// Whether a text is a SHA-512 as it is written.
pub(super) fn is_hash(text: &str) -> bool {
    text.len() == 128 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

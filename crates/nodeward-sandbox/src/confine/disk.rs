//! How much folders hold.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

/// The most files that are looked at: what has more holds at least what these hold.
const MOST: usize = 100_000;

/// What the files below these paths take up, in bytes. What can't be looked at counts for nothing.
pub(super) fn held(paths: impl Iterator<Item = PathBuf>) -> u64 {
    let mut open: Vec<PathBuf> = paths.collect();
    let mut looked = 0;
    let mut held = 0;
    while let Some(path) = open.pop() {
        looked += 1;
        if looked > MOST {
            break;
        }
        let Ok(metadata) = std::fs::symlink_metadata(&path) else { continue };
        held += metadata.blocks() * 512;
        if metadata.is_dir() {
            let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
            open.extend(entries.map(|entry| entry.path()));
        }
    }
    held
}

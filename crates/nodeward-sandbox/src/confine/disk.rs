//! How much a program has written, looked at beside it for as long as it runs.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::tree;

/// How long it is between two looks, at least.
const EACH: Duration = Duration::from_millis(250);

/// How many times as long as a look takes there is none: folders with very many files take long.
const REST: u32 = 2;

/// What was seen, in bytes.
#[derive(Debug, Default)]
struct Seen {
    added: AtomicU64,
    unnamed_memory: AtomicU64,
    helper: AtomicU64,
    is_over: AtomicBool,
}

/// Somebody who looks, until this is dropped.
#[derive(Debug)]
pub(super) struct Disk {
    seen: Arc<Seen>,
}

impl Disk {
    /// Begins to look at folders. What was made in them before this moment was not made by the
    /// program.
    pub(super) fn watch(paths: Vec<PathBuf>) -> std::io::Result<Self> {
        let seen: Arc<Seen> = Arc::default();
        let theirs = seen.clone();
        let since = SystemTime::now();
        std::thread::Builder::new().name("disk".to_owned()).spawn(move || look(&paths, &theirs, since))?;
        Ok(Self { seen })
    }

    /// Whose open files are looked at as well.
    pub(super) fn belongs_to(&self, helper: u32) {
        self.seen.helper.store(u64::from(helper), Ordering::SeqCst);
    }

    /// What was added, with files that were removed and are still open.
    pub(super) fn added(&self) -> u64 {
        self.seen.added.load(Ordering::SeqCst)
    }

    /// What is held in memory by open files that have no name.
    pub(super) fn unnamed_memory(&self) -> u64 {
        self.seen.unnamed_memory.load(Ordering::SeqCst)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.seen.is_over.store(true, Ordering::SeqCst);
    }
}

fn look(paths: &[PathBuf], seen: &Seen, since: SystemTime) {
    let before = held(paths, seen, Some(since));
    let mut rest = EACH;
    loop {
        let end = Instant::now() + rest;
        while Instant::now() < end {
            if seen.is_over.load(Ordering::SeqCst) {
                return;
            }
            std::thread::sleep(EACH.min(Duration::from_millis(50)));
        }
        let began = Instant::now();
        let helper = u32::try_from(seen.helper.load(Ordering::SeqCst)).unwrap_or(0);
        let unnamed = if helper == 0 { tree::Unnamed::default() } else { tree::unnamed(helper) };
        let held = held(paths, seen, None);
        if seen.is_over.load(Ordering::SeqCst) {
            return;
        }
        seen.added.store(held.saturating_sub(before).saturating_add(unnamed.disk), Ordering::SeqCst);
        seen.unnamed_memory.store(unnamed.memory, Ordering::SeqCst);
        rest = EACH.max(began.elapsed() * REST);
    }
}

/// What the files below these paths take up, in bytes; only those that were there at a moment, if that is asked.
/// What can't be looked at counts for nothing; what has several names counts once.
fn held(paths: &[PathBuf], seen: &Seen, there_at: Option<SystemTime>) -> u64 {
    let mut open = paths.to_vec();
    let mut several = HashSet::new();
    let mut held = 0;
    while let Some(path) = open.pop() {
        if seen.is_over.load(Ordering::Relaxed) {
            break;
        }
        let Ok(metadata) = std::fs::symlink_metadata(&path) else { continue };
        if metadata.is_dir() {
            let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
            open.extend(entries.map(|entry| entry.path()));
        } else if metadata.nlink() > 1 && !several.insert((metadata.dev(), metadata.ino())) {
            continue;
        }
        // What says nothing of its making was there.
        let is_new = |since| metadata.created().is_ok_and(|made| made >= since);
        if !there_at.is_some_and(is_new) {
            held += metadata.blocks() * 512;
        }
    }
    held
}

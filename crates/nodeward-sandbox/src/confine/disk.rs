//! How much a program has written, looked at beside it for as long as it runs.

use std::collections::HashSet;
use std::fs::Metadata;
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

/// By how much the times of files may lag behind the clock.
const TICK: Duration = Duration::from_millis(10);

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
    /// Begins to look at folders. What was made in them before this moment was not made by the program, which may run
    /// before all of it was seen. `longest`: the size that no file of its making exceeds, in bytes.
    pub(super) fn watch(paths: Vec<PathBuf>, longest: u64) -> std::io::Result<Self> {
        let seen: Arc<Seen> = Arc::default();
        let theirs = seen.clone();
        let start = Start { at: SystemTime::now() - TICK, longest };
        std::thread::Builder::new().name("disk".to_owned()).spawn(move || look(&paths, &theirs, &start))?;
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

/// What tells files that were there from those that the program made or changed.
#[derive(Debug)]
struct Start {
    at: SystemTime,
    longest: u64,
}

impl Start {
    /// Whether a file has taken up since before the start what it takes up now. What says nothing of its making was
    /// there; one that was changed since counts in full for the program, unless no program could have made it so long.
    fn was_there(&self, file: &Metadata) -> bool {
        let is_made = file.created().is_ok_and(|made| made >= self.at);
        let changed = u64::try_from(file.ctime()).unwrap_or(0);
        let changed = SystemTime::UNIX_EPOCH + Duration::new(changed, file.ctime_nsec() as u32);
        !is_made && (changed < self.at || file.len() > self.longest || file.is_dir())
    }
}

fn look(paths: &[PathBuf], seen: &Seen, start: &Start) {
    let before = held(paths, seen, Some(start));
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

/// What the files below these paths take up, in bytes; only those that were there at the start, if that is asked.
/// What can't be looked at counts for nothing; what has several names counts once.
fn held(paths: &[PathBuf], seen: &Seen, start: Option<&Start>) -> u64 {
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
        if start.is_none_or(|start| start.was_there(&metadata)) {
            held += metadata.blocks() * 512;
        }
    }
    held
}

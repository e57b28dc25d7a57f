//! How much a program has written, looked at beside it for as long as it runs.

use std::collections::HashSet;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::{FileType, Mode, OFlags, Statx, StatxFlags, StatxTimestamp};

use super::tree;
use super::walk::{Found, Walk};

/// How long it is between two looks, at least.
const EACH: Duration = Duration::from_millis(250);

/// How many times as long as a look takes there is none: folders with very many files take long.
const REST: u32 = 2;

/// By how much the times of files may lag behind the clock.
const TICK: Duration = Duration::from_millis(10);

/// What each name takes up beside the content, in bytes: empty files and further names of one file take room as well.
const NAME: u64 = 256;

/// The most files with several names that are told apart, and folders that could not be seen at the start. Of more
/// files each name counts in full; of more folders, each is taken for the program's.
const MOST_KNOWN: usize = 500_000;

/// What was seen, in bytes.
#[derive(Debug, Default)]
struct Seen {
    added: AtomicU64,
    unnamed_memory: AtomicU64,
    helper: AtomicU64,
    is_hidden: AtomicBool,
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
    pub(super) fn watch(paths: &[PathBuf], longest: u64) -> std::io::Result<Self> {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let tops = paths.iter().map(|path| rustix::fs::open(path, flags, Mode::empty()).ok()).collect();
        let seen: Arc<Seen> = Arc::default();
        let start = Start { at: SystemTime::now() - TICK, longest };
        let look = Look { tops, seen: seen.clone(), unseen: HashSet::new() };
        std::thread::Builder::new().name("disk".to_owned()).spawn(move || look.go_on(&start))?;
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

    /// Whether there was a folder or a process that can't be looked into, in two looks in a row.
    pub(super) fn is_hidden(&self) -> bool {
        self.seen.is_hidden.load(Ordering::SeqCst)
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
    fn was_there(&self, file: &Statx) -> bool {
        let is_same = self.is_unchanged(file) || file.stx_size > self.longest || is_folder(file);
        !self.is_made(file) && is_same
    }

    fn is_made(&self, file: &Statx) -> bool {
        let says = StatxFlags::from_bits_retain(file.stx_mask).contains(StatxFlags::BTIME);
        says && time(file.stx_btime) >= self.at
    }

    fn is_unchanged(&self, file: &Statx) -> bool {
        time(file.stx_ctime) < self.at
    }
}

fn time(stamp: StatxTimestamp) -> SystemTime {
    let seconds = u64::try_from(stamp.tv_sec).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::new(seconds, stamp.tv_nsec)
}

fn is_folder(file: &Statx) -> bool {
    FileType::from_raw_mode(file.stx_mode.into()).is_dir()
}

/// A file, whatever its names.
type File = (u32, u32, u64);

fn key(file: &Statx) -> File {
    (file.stx_dev_major, file.stx_dev_minor, file.stx_ino)
}

/// Looks again and again.
struct Look {
    /// What is looked at. One that could not be opened can't be seen.
    tops: Vec<Option<OwnedFd>>,
    seen: Arc<Seen>,
    /// The folders in which not all could be seen before the program had a chance to make them so.
    unseen: HashSet<File>,
}

impl Look {
    fn go_on(mut self, start: &Start) {
        let before = self.before(start);
        let mut rest = EACH;
        let mut was_hidden = false;
        loop {
            let end = Instant::now() + rest;
            while Instant::now() < end {
                if self.is_over() {
                    return;
                }
                std::thread::sleep(EACH.min(Duration::from_millis(50)));
            }
            let began = Instant::now();
            let helper = u32::try_from(self.seen.helper.load(Ordering::SeqCst)).unwrap_or(0);
            let unnamed = if helper == 0 { tree::Unnamed::default() } else { tree::unnamed(helper) };
            let (held, is_unseen) = self.held();
            if self.is_over() {
                return;
            }
            self.seen.added.store(held.saturating_sub(before).saturating_add(unnamed.disk), Ordering::SeqCst);
            self.seen.unnamed_memory.store(unnamed.memory, Ordering::SeqCst);
            // What is hidden for a moment is seen at the next look.
            let is_hidden = is_unseen || unnamed.is_hidden;
            if is_hidden && was_hidden {
                self.seen.is_hidden.store(true, Ordering::SeqCst);
            }
            was_hidden = is_hidden;
            rest = EACH.max(began.elapsed() * REST);
        }
    }

    fn is_over(&self) -> bool {
        self.seen.is_over.load(Ordering::SeqCst)
    }

    /// What was there at the start takes up, in bytes. Notes what could not be seen of it.
    fn before(&mut self, start: &Start) -> u64 {
        let mut unseen = HashSet::new();
        let held = self.walk(|found| match found {
            Found::Name(file) => start.was_there(file),
            Found::Unseen(folder) => {
                if !start.is_made(folder) && start.is_unchanged(folder) && unseen.len() < MOST_KNOWN {
                    unseen.insert(key(folder));
                }
                false
            }
        });
        self.unseen = unseen;
        // Where it is not known, all counts.
        held.unwrap_or(0)
    }

    /// What all takes up, in bytes, and whether something of it can't be seen that could be at the start.
    fn held(&self) -> (u64, bool) {
        let user = rustix::process::geteuid().as_raw();
        let mut is_unseen = false;
        let held = self.walk(|found| {
            if let Found::Unseen(folder) = found {
                // Those of others are not the program's to make.
                is_unseen |= folder.stx_uid == user && !self.unseen.contains(&key(folder));
            }
            true
        });
        (held.unwrap_or(0), is_unseen || held.is_none())
    }

    /// Adds up what counts of all that is met, if that can be looked at. What has several names takes up its room
    /// once.
    fn walk(&self, mut counts: impl FnMut(&Found) -> bool) -> Option<u64> {
        let mut several = HashSet::new();
        let mut held: u64 = 0;
        let walks = self.tops.iter().map(|top| Walk::new(top.as_ref()?.as_fd()).ok());
        let walks: Vec<Walk> = walks.collect::<Option<_>>()?;
        for found in walks.into_iter().flatten().take_while(|_| !self.is_over()) {
            let is_counted = counts(&found);
            let Found::Name(file) = found else { continue };
            if !is_counted {
                continue;
            }
            let is_several = file.stx_nlink > 1 && !is_folder(&file);
            let is_known = is_several
                && match several.len() < MOST_KNOWN {
                    true => !several.insert(key(&file)),
                    false => several.contains(&key(&file)),
                };
            let content = if is_known { 0 } else { file.stx_blocks.saturating_mul(512) };
            held = held.saturating_add(content).saturating_add(NAME);
        }
        Some(held)
    }
}

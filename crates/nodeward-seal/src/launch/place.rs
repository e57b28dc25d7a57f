//! A folder of our own, in which Node.js finds the guard.
//!
//! It is made anew for each start and belongs to it: nobody else can have prepared it. The program holds a lock
//! in it as long as it lives, also after this process has become Node.js, so that a later start knows which
//! folders nobody needs any more and removes them. Processes that the program starts tell it by [`users`].

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::users;
use crate::seal::Digest;

include!(concat!(env!("OUT_DIR"), "/guard.rs"));

/// Every module of the guard and of bounded eval, by its path in the package `nodeward`.
pub fn modules() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    FILES.iter().copied()
}

/// What the names of the folders begin with.
const PREFIX: &str = "nodeward-run-";

/// The first module of every thread.
const PRELOAD: &str = "guard/runtime/preload.cjs";

/// The lock that says whether anyone needs the folder.
const LOCK: &str = "lock";

/// Folders in which one of our own may be made, the best first.
#[derive(Debug, Clone, Default)]
pub struct Parents(pub Vec<PathBuf>);

/// The folder.
#[derive(Debug)]
pub(super) struct Place {
    folder: PathBuf,
    /// What was written for the guard to read again, with its hash.
    written: Vec<(String, Digest)>,
    /// Held open, and locked, for as long as the program lives.
    lock: File,
    is_kept: bool,
}

impl Place {
    /// Makes one and writes the guard into it.
    pub(super) fn make(parents: &Parents) -> Result<Self, String> {
        let mut failures = Vec::new();
        for parent in &parents.0 {
            remove_abandoned(parent);
            match Self::make_in(parent) {
                Ok(place) => return Ok(place),
                Err(error) => failures.push(format!("{}: {error}", parent.display())),
            }
        }
        Err(if failures.is_empty() { "there is no candidate".to_owned() } else { failures.join(", ") })
    }

    fn make_in(parent: &Path) -> io::Result<Self> {
        let parent = fs::canonicalize(parent)?;
        // Its name tells that it may be removed only once the lock is held.
        let unlocked = tempfile::Builder::new().prefix(".nodeward-new-").tempdir_in(&parent)?;
        let lock = File::create_new(unlocked.path().join(LOCK))?;
        lock.lock()?;
        for (name, bytes) in PLACED {
            write(&unlocked.path().join("guard").join(name), bytes)?;
        }
        let name = unlocked
            .path()
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .replace(".nodeward-new-", PREFIX);
        let folder = parent.join(name);
        fs::rename(unlocked.path(), &folder)?;
        // It is not there under this name any more.
        let _ = unlocked.keep();
        let written =
            PLACED.iter().map(|(name, bytes)| (format!("guard/{name}"), Digest::of(bytes))).collect();
        Ok(Self { folder, written, lock, is_kept: false })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn preload(&self) -> PathBuf {
        self.folder.join(PRELOAD)
    }

    /// Writes a file of the program's into the folder.
    pub(super) fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.folder.join(name);
        write(&path, bytes)?;
        self.written.push((name.to_owned(), Digest::of(bytes)));
        Ok(path)
    }

    /// What each thread of the program reads of this folder when it starts, as `sha256sum` writes it: by paths below
    /// the guard's own folder.
    pub(super) fn written(&self) -> String {
        let lines = self.written.iter().map(|(name, sha256)| {
            let name = name.strip_prefix("guard/").map_or_else(|| format!("../{name}"), str::to_owned);
            format!("{sha256}  {name}\n")
        });
        lines.collect()
    }

    /// Makes a folder in the folder.
    pub(super) fn make_folder(&self, name: &Path) -> io::Result<()> {
        fs::create_dir_all(self.folder.join(name))
    }

    /// Writes a file into a folder that is there.
    pub(super) fn write_in(&self, name: &Path, bytes: &[u8]) -> io::Result<()> {
        write_new(&self.folder.join(name), bytes)
    }

    /// The paths of the guard's files below the folder.
    pub(super) fn guard_files() -> impl Iterator<Item = String> {
        PLACED.iter().map(|(name, _)| format!("guard/{name}"))
    }

    /// Has the folder kept for processes that the program starts, too.
    pub(super) fn expect_users(&self) -> io::Result<()> {
        users::expect(&self.folder)
    }

    /// Leaves the folder to the program that this process becomes: it inherits the lock.
    pub(super) fn hand_over(&mut self) -> io::Result<()> {
        #[cfg(unix)]
        rustix::io::fcntl_setfd(&self.lock, rustix::io::FdFlags::empty())?;
        self.is_kept = true;
        Ok(())
    }

    /// The program was not started after all.
    pub(super) fn take_back(&mut self) {
        self.is_kept = false;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.is_kept {
            let _ = self.lock.unlock();
            // What stays is removed by a later start.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Writes a file that only its owner can read, and nobody write to.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    write_new(path, bytes)
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o400);
    options.open(path)?.write_all(bytes)
}

/// Removes our folders whose programs have ended. What can't be removed stays; it harms nobody.
fn remove_abandoned(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) && is_abandoned(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(unix)]
fn is_abandoned(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let own = rustix::process::geteuid().as_raw();
    // Other users' folders in a shared parent are theirs, and links are nobody's.
    let is_own =
        fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == own);
    is_own
        && File::open(folder.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok())
        && users::are_gone(folder)
}

#[cfg(not(unix))]
fn is_abandoned(_folder: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(parent: &Path) -> Vec<String> {
        let names = fs::read_dir(parent).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.to_string_lossy().into_owned()).collect()
    }

    #[test]
    #[cfg(unix)]
    fn folders_are_removed_when_nobody_needs_them() {
        let parent = tempfile::tempdir().unwrap();
        let parents = Parents(vec![parent.path().join("gone"), parent.path().to_owned()]);
        let mut first = Place::make(&parents).unwrap();
        assert!(first.preload().is_file());
        assert!(first.write("a/b", b"text").unwrap().is_file());
        let sha256 = Digest::of(b"text").to_string();
        assert!(first.written().ends_with(&format!("{sha256}  ../a/b\n")), "{}", first.written());
        assert!(first.written().contains("  runtime/preload.cjs\n"), "{}", first.written());
        first.hand_over().unwrap();
        let folder = first.folder().to_owned();
        let second = Place::make(&parents).unwrap();
        assert!(folder.is_dir(), "the lock of a living program was passed over");
        drop(first);
        assert!(folder.is_dir(), "what was handed over is the program's");
        drop(second);
        assert_eq!(names(parent.path()).len(), 1);
        drop(Place::make(&parents).unwrap());
        assert_eq!(names(parent.path()), [""; 0], "the abandoned one is removed");
    }

    #[test]
    fn the_guard_is_whole() {
        let names: Vec<&str> = PLACED.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            ["runtime/preload.cjs", "eval/synthetic-loader.mjs", "package.json", "runtime/loader.mjs"]
        );
        let bundle = std::str::from_utf8(PLACED[0].1).unwrap();
        for (name, source) in
            FILES.iter().filter(|(name, _)| name.starts_with("runtime/") && name.ends_with(".cjs"))
        {
            let source = std::str::from_utf8(source).unwrap();
            // Of what is bundled each line is there but comments.
            let is_comment =
                |line: &str| ["//", "/*", "*"].iter().any(|start| line.trim().starts_with(start));
            let is_whole = source.lines().filter(|line| !is_comment(line)).all(|line| bundle.contains(line));
            assert_eq!(is_whole, *name != "runtime/recorder.cjs", "{name}");
        }
        assert!(!FILES.iter().any(|(file, _)| file.starts_with("test")));
        let failure = Place::make(&Parents::default()).unwrap_err();
        assert_eq!(failure, "there is no candidate");
    }
}

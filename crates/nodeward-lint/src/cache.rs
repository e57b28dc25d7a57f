//! What was found before, kept on the disk: a unit whose files, rules and options are the same is not looked at again.
//!
//! An entry is named by a hash of everything that its outcome depends on, so it is never out of date, only unused. It
//! carries a hash of itself: one that is damaged, or that another version wrote, counts as none. Without a cache every
//! outcome is the same, only later.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

/// What entries begin with. Another form gets another name.
const MAGIC: &[u8] = b"nodeward.lint-cache/1\n";
/// Names of files that are not written to their end begin so.
const UNFINISHED: &str = ".unfinished-";
/// A larger outcome is not kept: it is quicker to find again than to read.
const MAX_ENTRY: u64 = 64 << 20;
/// An entry that was used on the day before is not marked as used again.
const MARKED_FOR: Duration = Duration::from_secs(24 * 3_600);

/// The name of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) [u8; 32]);

/// A folder of entries.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    now: SystemTime,
    grew: AtomicBool,
}

impl Cache {
    /// The cache in a folder, which is made when there is something to keep. `now` marks what is used.
    pub fn new(folder: PathBuf, now: SystemTime) -> Self {
        Self { folder, now, grew: AtomicBool::new(false) }
    }

    fn path(&self, key: Key) -> PathBuf {
        let name: String = key.0.iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(&name[..2]).join(&name[2..])
    }

    /// The entry of that name, if there is a whole one.
    pub(crate) fn get(&self, key: Key) -> Option<Vec<u8>> {
        let path = self.path(key);
        let metadata = fs::symlink_metadata(&path).ok()?;
        if !metadata.is_file() || metadata.len() > MAX_ENTRY {
            return None;
        }
        let mut bytes = fs::read(&path).ok()?;
        let body = bytes.strip_prefix(MAGIC)?;
        let (hash, payload) = body.split_at_checked(32)?;
        if hash != &Sha256::digest(payload)[..] {
            return None;
        }
        // What is used stays longest.
        let age = metadata.modified().ok().and_then(|then| self.now.duration_since(then).ok());
        if age.is_some_and(|age| age > MARKED_FOR)
            && let Ok(file) = fs::File::options().append(true).open(&path)
        {
            let _ = file.set_modified(self.now);
        }
        bytes.drain(..MAGIC.len() + 32);
        Some(bytes)
    }

    /// Keeps an entry. That it cannot be kept is nobody's concern.
    pub(crate) fn put(&self, key: Key, payload: &[u8]) {
        if payload.len() as u64 + 64 <= MAX_ENTRY && self.write(&self.path(key), payload).is_ok() {
            self.grew.store(true, Ordering::Relaxed);
        }
    }

    /// Writes beside and renames, so that nobody reads half an entry.
    fn write(&self, path: &Path, payload: &[u8]) -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        let mut beside = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
        beside.write_all(MAGIC)?;
        beside.write_all(&Sha256::digest(payload))?;
        beside.write_all(payload)?;
        beside.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Removes what was not used for longest until at most so many bytes are left; does nothing if nothing was added.
    pub fn trim(&self, most: u64) {
        if !self.grew.load(Ordering::Relaxed) {
            return;
        }
        let mut entries: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for folder in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            for entry in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
                let Ok(metadata) = entry.metadata() else { continue };
                if metadata.is_file() {
                    entries.push((
                        metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                        metadata.len(),
                        entry.path(),
                    ));
                }
            }
        }
        let mut total: u64 = entries.iter().map(|(_, size, _)| size).sum();
        if total <= most {
            return;
        }
        entries.sort_unstable();
        for (_, size, path) in entries {
            // With room to spare, so that not every run has to.
            if total <= most / 4 * 3 {
                break;
            }
            if fs::remove_file(path).is_ok() {
                total -= size;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Key {
        Key([byte; 32])
    }

    #[test]
    fn what_is_damaged_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("new/lint"), SystemTime::now());
        assert_eq!(cache.get(key(1)), None);
        cache.put(key(1), b"payload");
        assert_eq!(cache.get(key(1)).as_deref(), Some(&b"payload"[..]));
        let path = cache.path(key(1));
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert_eq!(cache.get(key(1)), None, "{at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(cache.get(key(1)), None, "{at}");
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(cache.get(key(1)), None);
        cache.put(key(1), b"cannot be");
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let cache = Cache::new(folder.path().to_path_buf(), now);
        let day = Duration::from_secs(24 * 3_600);
        for byte in 0..10 {
            cache.put(key(byte), &[byte; 1_000]);
            let file = fs::File::options().append(true).open(cache.path(key(byte))).unwrap();
            file.set_modified(now - day * (20 - u32::from(byte))).unwrap();
        }
        // To be used again is to be new.
        assert!(cache.get(key(0)).is_some());
        cache.trim(20_000);
        assert!((0..10).all(|byte| cache.path(key(byte)).exists()));
        cache.trim(6_000);
        let left: Vec<u8> = (0..10).filter(|byte| cache.path(key(*byte)).exists()).collect();
        assert_eq!(left, [0, 7, 8, 9]);
    }
}

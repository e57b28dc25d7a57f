//! Walks through all that lies below a folder, one level at a time by descriptors: no path is too long for it, no
//! symbolic link leads it elsewhere, and what it keeps does not grow with what it finds.

use std::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Statx, StatxFlags};
use rustix::io::Errno;

/// How deep folders may lie in each other. Each takes a descriptor while something in it is looked at, of 256 that
/// there may be.
const DEEPEST: usize = 100;

/// What is met.
#[derive(Debug)]
pub(super) enum Found {
    /// A file or a folder, by each of its names.
    Name(Statx),
    /// A folder in which not all can be seen: it can't be read, or lies too deep.
    Unseen(Statx),
}

/// All that is met, each folder before what is in it.
#[derive(Default)]
pub(super) struct Walk {
    levels: Vec<Level>,
    /// What is told next, the last one first.
    told: Vec<Found>,
}

/// A folder that is walked through.
struct Level {
    folder: Statx,
    entries: Dir,
}

/// What is in something.
enum Inside {
    /// It is no folder, or none any more.
    Nothing,
    Entries(Dir),
    Unseen,
}

impl Walk {
    /// Of what is held open, and of all below it.
    pub(super) fn new(top: BorrowedFd<'_>) -> Result<Self, Errno> {
        let mut walk = Self::default();
        if let Some((met, inside)) = meet(top, c"")? {
            walk.enter(met, inside);
        }
        Ok(walk)
    }

    /// Goes on inside of what was met.
    fn enter(&mut self, met: Statx, inside: Inside) {
        match inside {
            Inside::Nothing => {}
            Inside::Entries(entries) if self.levels.len() < DEEPEST => {
                self.levels.push(Level { folder: met, entries });
            }
            Inside::Entries(_) | Inside::Unseen => self.told.push(Found::Unseen(met)),
        }
        self.told.push(Found::Name(met));
    }
}

impl Iterator for Walk {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        while self.told.is_empty() {
            match self.levels.last_mut()?.next() {
                Some(Ok(Some((met, inside)))) => self.enter(met, inside),
                Some(Ok(None)) => {}
                Some(Err(_)) => {
                    self.told.extend(self.levels.pop().map(|level| Found::Unseen(level.folder)));
                }
                None => drop(self.levels.pop()),
            }
        }
        self.told.pop()
    }
}

impl Level {
    /// The next one in it, or nothing in place of one that is gone by now. No other follows an error.
    fn next(&mut self) -> Option<Result<Option<(Statx, Inside)>, Errno>> {
        let entry = match self.entries.read()? {
            Ok(entry) => entry,
            Err(error) => return Some(Err(error)),
        };
        let name = entry.file_name();
        if name == c"." || name == c".." {
            return Some(Ok(None));
        }
        Some(self.entries.fd().and_then(|above| meet(above, name)))
    }
}

/// What has a name in a folder, if it is still there; without a name, what is held.
fn meet(above: BorrowedFd<'_>, name: &CStr) -> Result<Option<(Statx, Inside)>, Errno> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT | AtFlags::EMPTY_PATH;
    let met = match rustix::fs::statx(above, name, flags, StatxFlags::BASIC_STATS | StatxFlags::BTIME) {
        Err(Errno::NOENT) => return Ok(None),
        other => other?,
    };
    if !FileType::from_raw_mode(met.stx_mode.into()).is_dir() {
        return Ok(Some((met, Inside::Nothing)));
    }
    let inside = match open(above, name).and_then(Dir::new) {
        Ok(entries) => Inside::Entries(entries),
        // Another file stands there by now, which is met by the next walk.
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Inside::Nothing,
        Err(_) => Inside::Unseen,
    };
    Ok(Some((met, inside)))
}

fn open(above: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let name = if name.is_empty() { c"." } else { name };
    rustix::fs::openat(above, name, flags, Mode::empty())
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd as _;
    use std::path::Path;

    use super::*;

    fn walk(folder: &Path) -> (usize, usize) {
        let top = File::open(folder).unwrap();
        let (names, unseen): (Vec<_>, Vec<_>) =
            Walk::new(top.as_fd()).unwrap().partition(|found| matches!(found, Found::Name(_)));
        (names.len(), unseen.len())
    }

    #[test]
    fn everything_is_met_by_each_of_its_names_and_no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::fs::write(elsewhere.path().join("file"), "").unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(path("a/b/c")).unwrap();
        std::fs::write(path("a/file"), "").unwrap();
        std::fs::hard_link(path("a/file"), path("a/b/same")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), path("a/link")).unwrap();
        // The folder itself, three below, two names of a file, and the link.
        assert_eq!(walk(folder.path()), (7, 0));
        let file = File::open(path("a/file")).unwrap();
        assert_eq!(Walk::new(file.as_fd()).unwrap().count(), 1);
    }

    #[test]
    fn a_path_may_be_longer_than_any_that_the_kernel_takes_but_not_deeper_than_descriptors_reach() {
        for (length, depth, met) in [(250, DEEPEST - 1, (DEEPEST, 0)), (250, DEEPEST + 20, (DEEPEST + 1, 1))]
        {
            let folder = tempfile::tempdir().unwrap();
            let mut at = OwnedFd::from(File::open(folder.path()).unwrap());
            let name = "x".repeat(length);
            for _ in 0..depth {
                rustix::fs::mkdirat(&at, &name, Mode::RWXU).unwrap();
                at = rustix::fs::openat(&at, &name, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())
                    .unwrap();
            }
            assert_eq!(walk(folder.path()), met);
        }
    }
}

//! Folders that go with all that scripts put into them, however deep that is and whatever rights it has.

use std::ffi::{CStr, CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, RawDir, SeekFrom, chmodat, fchmod, fstat, openat, renameat, seek,
    unlinkat,
};
use rustix::io::Errno;

use super::{several, tree};

/// How many bytes of a folder's list are read at once.
const LIST: usize = 32 << 10;

/// A folder of ours that goes with this value.
#[derive(Debug)]
pub(crate) struct Temporary {
    path: PathBuf,
    beside: OwnedFd,
    name: OsString,
    is_there: bool,
}

impl Temporary {
    /// Makes one in a folder that is named by its real path. Its name begins with `prefix`.
    pub(crate) fn new(prefix: &str, within: &Path) -> io::Result<Self> {
        let beside = tree::open(within)?;
        let path = tempfile::Builder::new().prefix(prefix).tempdir_in(within)?.keep();
        let name = path.file_name().map(OsStr::to_owned).unwrap_or_default();
        Ok(Self { path, beside, name, is_there: true })
    }

    /// Makes one where the system keeps temporary files.
    pub(crate) fn of_system(prefix: &str) -> io::Result<Self> {
        Self::new(prefix, &std::fs::canonicalize(std::env::temp_dir())?)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that it lies in.
    pub(super) fn beside(&self) -> BorrowedFd<'_> {
        self.beside.as_fd()
    }

    /// The folder itself.
    pub(super) fn open(&self) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        openat(&self.beside, &self.name, flags, Mode::empty()).map_err(tree::unfollowed)
    }

    /// Removes it. What can't be removed stays, which the error says.
    pub(crate) fn remove(mut self) -> anyhow::Result<()> {
        self.is_there = false;
        remove(self.beside(), &self.name).map_err(|error| left(&self.path, &error))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if self.is_there {
            // Something went wrong before, which is told.
            let _ = remove(self.beside(), &self.name);
        }
    }
}

/// What is said of a folder that could not be removed.
pub(super) fn left(path: &Path, error: &io::Error) -> anyhow::Error {
    anyhow::anyhow!("cannot remove {0} ({error}); remove it yourself: rm -rf {0}", path.display())
}

/// Removes a folder with all that lies in it. What lies deeper than one step is moved up, so that no descriptor is
/// needed for each level, and no path is too long.
pub(super) fn remove(beside: BorrowedFd<'_>, name: &OsStr) -> io::Result<()> {
    let top = open(beside, name)?;
    let mut heap = Heap::new(top.as_fd());
    heap.empty(top.as_fd(), None, &mut Vec::with_capacity(LIST))?;
    heap.choose_prefix();
    heap.empty_all(several::WORTH)?;
    let left = heap.left.lock().unwrap_or_else(PoisonError::into_inner).open.len();
    several::at_once(left, &|| heap.empty_all(usize::MAX))?;
    drop(top);
    Ok(unlinkat(beside, name, AtFlags::REMOVEDIR)?)
}

/// Opens a folder of ours. Scripts may have taken the right to from everybody.
fn open(within: BorrowedFd<'_>, name: impl rustix::path::Arg + Copy) -> Result<OwnedFd, Errno> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = match openat(within, name, flags | OFlags::RDONLY, Mode::empty()) {
        Err(Errno::ACCESS) => {
            permit(within, name)?;
            openat(within, name, flags | OFlags::RDONLY, Mode::empty())?
        }
        folder => folder?,
    };
    if !Mode::from_raw_mode(fstat(&folder)?.st_mode).contains(Mode::RWXU) {
        fchmod(&folder, Mode::RWXU)?;
    }
    Ok(folder)
}

/// Gives its owner all rights to a folder, and to no other by a link.
fn permit(within: BorrowedFd<'_>, name: impl rustix::path::Arg) -> Result<(), Errno> {
    use std::os::fd::AsRawFd as _;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = openat(within, name, flags, Mode::empty())?;
    chmodat(CWD, format!("/proc/self/fd/{}", folder.as_raw_fd()), Mode::RWXU, AtFlags::empty())
}

/// Folders one step below the top that are not empty yet.
struct Heap<'h> {
    top: BorrowedFd<'h>,
    /// How names begin that are given, and no other.
    prefix: String,
    /// The number of the next.
    next: AtomicU64,
    left: Mutex<Left>,
    /// Something more is there to do, or nothing is.
    changed: Condvar,
}

#[derive(Default)]
struct Left {
    open: Vec<CString>,
    /// How many are being emptied, which may give more.
    busy: usize,
    /// Something could not be removed.
    has_failed: bool,
}

impl<'h> Heap<'h> {
    fn new(top: BorrowedFd<'h>) -> Self {
        let (next, left, changed) = Default::default();
        Self { top, prefix: String::new(), next, left, changed }
    }

    /// Chooses how names begin, by those that are there.
    fn choose_prefix(&mut self) {
        let left = self.left.get_mut().unwrap_or_else(PoisonError::into_inner);
        let is_free =
            |prefix: &String| !left.open.iter().any(|name| name.to_bytes().starts_with(prefix.as_bytes()));
        // Of one more than there are names one is free.
        let mut prefixes = (0..=left.open.len()).map(|at| format!(".{at}-"));
        self.prefix = prefixes.find(is_free).unwrap_or_default();
    }

    /// Empties folders until none is left, or so many.
    fn empty_all(&self, many: usize) -> io::Result<()> {
        let mut buffer = Vec::with_capacity(LIST);
        loop {
            let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
            let name = loop {
                if left.has_failed {
                    return Ok(());
                }
                if left.open.len() >= many {
                    return Ok(());
                }
                match left.open.pop() {
                    Some(name) => break name,
                    None if left.busy == 0 => return Ok(()),
                    None => left = self.changed.wait(left).unwrap_or_else(PoisonError::into_inner),
                }
            };
            left.busy += 1;
            drop(left);
            let emptied = open(self.top, name.as_c_str())
                .map_err(io::Error::from)
                .and_then(|folder| self.empty(folder.as_fd(), Some(&name), &mut buffer));
            let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
            left.busy -= 1;
            left.has_failed |= emptied.is_err();
            self.changed.notify_all();
            emptied?;
        }
    }

    /// Takes all out of a folder, and removes it, unless it is the top.
    fn empty(&self, folder: BorrowedFd<'_>, name: Option<&CStr>, buffer: &mut Vec<u8>) -> io::Result<()> {
        loop {
            let mut folders = Vec::new();
            let mut removed = 0_usize;
            let mut list = RawDir::new(folder, buffer.spare_capacity_mut());
            while let Some(entry) = list.next() {
                let entry = entry?;
                let name = entry.file_name();
                match tree::kind(folder, name, entry.file_type())? {
                    _ if name == c"." || name == c".." => {}
                    FileType::Directory => folders.push(name.to_owned()),
                    _ => {
                        unlinkat(folder, name, AtFlags::empty())?;
                        removed += 1;
                    }
                }
            }
            let Some(name) = name else {
                // Some file systems leave things out of a list that shrinks while it is read.
                if removed > 0 {
                    seek(folder, SeekFrom::Start(0))?;
                    continue;
                }
                self.add(folders);
                return Ok(());
            };
            removed += folders.len();
            let lifted = folders.iter().map(|below| self.lift(folder, below));
            self.add(lifted.collect::<io::Result<_>>()?);
            match unlinkat(self.top, name, AtFlags::REMOVEDIR) {
                Err(Errno::NOTEMPTY | Errno::EXIST) if removed > 0 => seek(folder, SeekFrom::Start(0))?,
                other => return Ok(other?),
            };
        }
    }

    fn add(&self, folders: Vec<CString>) {
        if !folders.is_empty() {
            self.left.lock().unwrap_or_else(PoisonError::into_inner).open.extend(folders);
            self.changed.notify_all();
        }
    }

    /// Moves a folder to the top, under a name that nothing has; gives that.
    fn lift(&self, from: BorrowedFd<'_>, name: &CStr) -> io::Result<CString> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let to = CString::new(format!("{}{number}", self.prefix))?;
        match renameat(from, name, self.top, &to) {
            // A folder that goes elsewhere has to be one that may be written to.
            Err(Errno::ACCESS) => {
                permit(from, name)?;
                renameat(from, name, self.top, &to)?;
            }
            other => other?,
        }
        Ok(to)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_folder_goes_with_all_that_is_in_it_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        fs::create_dir(real.join("victim")).unwrap();
        fs::write(real.join("victim/file"), "").unwrap();
        let temporary = Temporary::new("x-", &real).unwrap();
        let top = temporary.path().to_owned();
        // Names that lifted folders could get, too: of files, of folders with something in them and without.
        for path in ["a/b/c/d", "a/e", ".0-1/f", ".1-2", "a/.0-0/.0-1", "a/b/.2-3"] {
            fs::create_dir_all(top.join(path)).unwrap();
            fs::write(top.join(path).join("file"), "").unwrap();
        }
        for many in 0..300 {
            fs::create_dir_all(top.join(format!("many/{many}/a/b"))).unwrap();
            fs::write(top.join(format!("many/{many}/a/b/file")), "").unwrap();
        }
        fs::create_dir_all(top.join(".2-0")).unwrap();
        fs::write(top.join(".0-0"), "").unwrap();
        symlink(real.join("victim"), top.join("a/b/link")).unwrap();
        for path in ["a/b/c", "a/b", "a"] {
            fs::set_permissions(top.join(path), fs::Permissions::from_mode(0o000)).unwrap();
        }
        temporary.remove().unwrap();
        assert!(!top.exists());
        assert!(real.join("victim/file").exists());
    }

    #[test]
    fn it_goes_where_nobody_removes_it_too() {
        let folder = tempfile::tempdir().unwrap();
        let temporary = Temporary::new("x-", &folder.path().canonicalize().unwrap()).unwrap();
        fs::create_dir_all(temporary.path().join("a/b")).unwrap();
        drop(temporary);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

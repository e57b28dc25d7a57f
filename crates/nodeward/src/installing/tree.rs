//! Folders of packages, gone through by descriptors: no symbolic link is followed, whatever is put in the place of what
//! meanwhile, and however deep a folder is, no more than a few descriptors are open.

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, RawDir, ResolveFlags, fstat, openat, openat2, statat,
};
use rustix::io::Errno;

/// The longest path below the top, in bytes. No program can name what is deeper, and to note it down would take memory
/// by the square of its depth.
const LONGEST: usize = 4096;

/// How many bytes of a folder's list are read at once.
const LIST: usize = 32 << 10;

/// What a folder is opened with: what is no folder itself, a link to one as well, is refused.
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A folder, while it is gone through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Here<'h> {
    pub(super) folder: BorrowedFd<'h>,
    /// Its path below the top, which has an empty one.
    pub(super) path: &'h Path,
}

impl Here<'_> {
    /// The path of what it holds under this name.
    pub(super) fn join(&self, name: &CStr) -> PathBuf {
        self.path.join(OsStr::from_bytes(name.to_bytes()))
    }
}

/// What is done with a tree.
pub(super) trait Visitor {
    /// With a folder, before what it holds.
    fn enter(&mut self, here: Here<'_>) -> io::Result<()>;
    /// With what is no folder.
    fn entry(&mut self, here: Here<'_>, name: &CStr, kind: FileType) -> io::Result<()>;
    /// With a folder, after all that it holds.
    fn leave(&mut self, here: Here<'_>) -> io::Result<()>;
}

/// Opens a folder by its real path: a link on the way is an error.
pub(super) fn open(path: &Path) -> io::Result<OwnedFd> {
    let mut folder = openat(CWD, c"/", FOLDER, Mode::empty())?;
    for part in path.components() {
        folder = match part {
            Component::RootDir => continue,
            Component::Normal(name) => openat(&folder, name, FOLDER, Mode::empty()).map_err(unfollowed)?,
            _ => return Err(io::Error::other("not a real path")),
        };
    }
    Ok(folder)
}

/// Opens a folder below another one: a link on the way is an error.
pub(super) fn below(top: BorrowedFd<'_>, path: &Path) -> io::Result<OwnedFd> {
    if path.as_os_str().is_empty() {
        return top.try_clone_to_owned();
    }
    let within = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    match openat2(top, path, FOLDER, Mode::empty(), within) {
        // Old kernels and some containers lack this call.
        Err(Errno::NOSYS | Errno::PERM) => {
            let mut folder = top.try_clone_to_owned()?;
            for name in path {
                folder = openat(&folder, name, FOLDER, Mode::empty()).map_err(unfollowed)?;
            }
            Ok(folder)
        }
        folder => folder.map_err(unfollowed),
    }
}

/// Goes through all that lies in a folder.
pub(super) fn walk(top: OwnedFd, visitor: &mut dyn Visitor) -> io::Result<()> {
    let mut cursor = Cursor::new(top);
    let mut path = PathBuf::new();
    let mut buffer = Vec::with_capacity(LIST);
    // Of each folder on the way, those in it that are left.
    let mut left = vec![look(&cursor, &path, &mut buffer, visitor)?];
    while let Some(folders) = left.last_mut() {
        if let Some(name) = folders.pop() {
            path.push(OsStr::from_bytes(name.to_bytes()));
            if path.as_os_str().len() >= LONGEST {
                return Err(too_deep());
            }
            cursor.down(&name)?;
            left.push(look(&cursor, &path, &mut buffer, visitor)?);
        } else {
            visitor.leave(Here { folder: cursor.folder(), path: &path })?;
            left.pop();
            if !left.is_empty() {
                cursor.up()?;
                path.pop();
            }
        }
    }
    Ok(())
}

/// Shows what lies in a folder; gives the folders among it.
fn look(
    cursor: &Cursor,
    path: &Path,
    buffer: &mut Vec<u8>,
    visitor: &mut dyn Visitor,
) -> io::Result<Vec<CString>> {
    let here = Here { folder: cursor.folder(), path };
    visitor.enter(here)?;
    let mut folders = Vec::new();
    let mut list = RawDir::new(here.folder, buffer.spare_capacity_mut());
    while let Some(entry) = list.next() {
        let entry = entry?;
        let name = entry.file_name();
        match kind(here.folder, name, entry.file_type())? {
            _ if name == c"." || name == c".." => {}
            FileType::Directory => folders.push(name.to_owned()),
            kind => visitor.entry(here, name, kind)?,
        }
    }
    Ok(folders)
}

/// What something is, where the list does not say so on every file system.
pub(super) fn kind(folder: BorrowedFd<'_>, name: &CStr, listed: FileType) -> io::Result<FileType> {
    match listed {
        FileType::Unknown => {
            let stat = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
            Ok(FileType::from_raw_mode(stat.st_mode))
        }
        kind => Ok(kind),
    }
}

/// A folder that is open, and what those above it are known by, up to where it began.
#[derive(Debug)]
pub(super) struct Cursor {
    folder: OwnedFd,
    above: Vec<(u64, u64)>,
}

impl Cursor {
    pub(super) fn new(folder: OwnedFd) -> Self {
        Self { folder, above: Vec::new() }
    }

    pub(super) fn folder(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }

    /// Goes into a folder.
    pub(super) fn down(&mut self, name: &CStr) -> io::Result<()> {
        let below = openat(&self.folder, name, FOLDER, Mode::empty()).map_err(unfollowed)?;
        self.above.push(identity(&self.folder)?);
        self.folder = below;
        Ok(())
    }

    /// Goes back to the folder above, which has to be the one that it came from; gives the one that it was in.
    pub(super) fn up(&mut self) -> io::Result<OwnedFd> {
        let above = openat(&self.folder, c"..", FOLDER, Mode::empty())?;
        if self.above.pop() != Some(identity(&above)?) {
            return Err(io::Error::other("a folder was moved meanwhile"));
        }
        Ok(std::mem::replace(&mut self.folder, above))
    }
}

fn identity(folder: &OwnedFd) -> io::Result<(u64, u64)> {
    let stat = fstat(folder)?;
    Ok((stat.st_dev, stat.st_ino))
}

/// What the system says of a link in the place of something, in words.
pub(super) fn unfollowed(error: Errno) -> io::Error {
    match error {
        Errno::LOOP | Errno::NOTDIR => {
            io::Error::other("a symbolic link or a file is in the place of what was there")
        }
        error => error.into(),
    }
}

fn too_deep() -> io::Error {
    io::Error::other(format!(
        "its folders are nested so deeply that the path of one has more than {LONGEST} bytes, which no program can name"
    ))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn no_way_leads_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        fs::create_dir_all(real.join("a/b")).unwrap();
        symlink("a", real.join("link")).unwrap();
        assert!(open(&real.join("a/b")).is_ok());
        for path in ["link", "link/b", "a/../a", "a/none"] {
            assert!(open(&real.join(path)).is_err(), "{path}");
        }
        assert!(open(Path::new("a")).is_err());
        let top = open(&real).unwrap();
        let is_there = |path: &str| below(top.as_fd(), Path::new(path)).is_ok();
        assert!(is_there("") && is_there("a") && is_there("a/b"));
        assert!(["link", "link/b", "a/../..", "a/none", "/"].into_iter().all(|path| !is_there(path)));
    }

    #[test]
    fn a_folder_that_is_moved_or_replaced_meanwhile_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        fs::create_dir_all(real.join("a/b/c")).unwrap();
        fs::create_dir(real.join("other")).unwrap();
        let mut cursor = Cursor::new(open(&real.join("a")).unwrap());
        cursor.down(c"b").unwrap();
        cursor.down(c"c").unwrap();
        cursor.up().unwrap();
        fs::rename(real.join("a/b"), real.join("other/b")).unwrap();
        assert!(cursor.up().unwrap_err().to_string().contains("was moved meanwhile"));
        let mut cursor = Cursor::new(open(&real.join("other")).unwrap());
        fs::rename(real.join("other/b"), real.join("b")).unwrap();
        symlink("../b", real.join("other/b")).unwrap();
        assert!(cursor.down(c"b").unwrap_err().to_string().contains("a symbolic link"));
    }
}

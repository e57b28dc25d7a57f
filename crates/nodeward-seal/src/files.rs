//! The files below a folder, opened so that no symbolic link leads elsewhere, and hashed by several threads.

use std::fs::File;
use std::io::{self, Read as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use nodeward_package::beside;

use crate::seal::{Digest, SealPath};

/// What a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// To be read.
    Read,
    /// To name this very file to the kernel, which costs less. Where there is no such thing it is opened to be read.
    Name,
}

/// A folder whose files are opened by their paths below it.
#[derive(Debug)]
pub struct Root {
    folder: PathBuf,
    #[cfg(unix)]
    handle: std::os::fd::OwnedFd,
}

/// An open folder below it.
#[derive(Debug)]
pub(crate) struct Folder(
    #[cfg(target_os = "linux")] std::os::fd::OwnedFd,
    #[cfg(not(target_os = "linux"))] std::convert::Infallible,
);

impl Root {
    /// Opens the folder itself. Symbolic links on the way to it are followed.
    ///
    /// # Errors
    /// It is not there, no folder, or can't be read.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let folder = std::fs::canonicalize(folder)?;
        Ok(Self {
            #[cfg(unix)]
            handle: rustix::fs::open(
                &folder,
                rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::CLOEXEC,
                rustix::fs::Mode::empty(),
            )?,
            folder,
        })
    }

    /// The folder, as a real path.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Opens a regular file. A symbolic link in any part of its path is an error: a file has one path.
    ///
    /// # Errors
    /// It is not there, not regular, behind a link, or can't be read.
    pub fn file(&self, path: &SealPath) -> io::Result<File> {
        Ok(self.sized(path, Access::Read)?.0)
    }

    /// The same with its size in bytes, opened for what `access` says.
    ///
    /// # Errors
    /// As of [`Self::file`].
    pub(crate) fn sized(&self, path: &SealPath, access: Access) -> io::Result<(File, u64)> {
        self.looked_at(self.open_unfollowed(path, access)?, path, access)
    }

    fn looked_at(&self, file: File, path: &SealPath, access: Access) -> io::Result<(File, u64)> {
        let metadata = file.metadata()?;
        if metadata.is_file() {
            #[cfg(target_os = "linux")]
            if access == Access::Name {
                self.ask_readable(path, &metadata)?;
            }
            return Ok((file, metadata.len()));
        }
        // A link that is only named is opened itself.
        if metadata.is_symlink() {
            return Err(behind_link());
        }
        Err(io::Error::other("not a regular file"))
    }

    /// Opens a folder below this one, for the files in it. None where the system has no call that keeps links out, or
    /// the folder can't be opened so: then each file is opened by its whole path, which says what is wrong.
    pub(crate) fn below(&self, folder: &str) -> Option<Folder> {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{Mode, OFlags};
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
            rustix::fs::openat2(&self.handle, folder, flags, Mode::empty(), unfollowed()).ok().map(Folder)
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = folder;
            None
        }
    }

    /// The same as [`Self::sized`] of a file in a folder that is open. To walk the whole way to each file took twice
    /// the time.
    pub(crate) fn sized_in(
        &self,
        folder: &Folder,
        path: &SealPath,
        access: Access,
    ) -> io::Result<(File, u64)> {
        #[cfg(target_os = "linux")]
        {
            let (_, name) = split(path.as_str());
            let mode = rustix::fs::Mode::empty();
            match rustix::fs::openat2(&folder.0, name, flags(access), mode, unfollowed()) {
                Ok(file) => self.looked_at(file.into(), path, access),
                Err(_) => self.sized(path, access),
            }
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = (path, access);
            match folder.0 {}
        }
    }

    /// Whether something of this name stands below the folder, a link too.
    pub(crate) fn has(&self, path: &str) -> bool {
        #[cfg(unix)]
        {
            use rustix::fs::AtFlags;
            rustix::fs::statat(&self.handle, path, AtFlags::SYMLINK_NOFOLLOW).is_ok()
        }
        #[cfg(not(unix))]
        self.folder.join(path).symlink_metadata().is_ok()
    }

    #[cfg(unix)]
    fn open_unfollowed(&self, path: &SealPath, access: Access) -> io::Result<File> {
        use rustix::fs::OFlags;
        use rustix::io::Errno;

        let flags = flags(access);
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::Mode;
            match rustix::fs::openat2(&self.handle, path.as_str(), flags, Mode::empty(), unfollowed()) {
                Ok(file) => return Ok(file.into()),
                // Old kernels and some containers lack this call.
                Err(Errno::NOSYS | Errno::PERM) => {}
                Err(Errno::LOOP) => return Err(behind_link()),
                Err(error) => return Err(error.into()),
            }
        }
        let open = |folder: std::os::fd::BorrowedFd<'_>, name: &str, flags| {
            rustix::fs::openat(folder, name, flags, rustix::fs::Mode::empty()).map_err(|error| match error {
                Errno::LOOP | Errno::MLINK => behind_link(),
                error => error.into(),
            })
        };
        use std::os::fd::AsFd as _;
        let (folders, name) = split(path.as_str());
        let mut above: Option<std::os::fd::OwnedFd> = None;
        for folder in folders.split('/').filter(|folder| !folder.is_empty()) {
            let from = above.as_ref().unwrap_or(&self.handle).as_fd();
            above = Some(open(from, folder, flags | OFlags::DIRECTORY)?);
        }
        let from = above.as_ref().unwrap_or(&self.handle).as_fd();
        Ok(open(from, name, flags)?.into())
    }

    /// An error where a file that is only named could not be read. What everybody may read is not asked about: a
    /// call for each file would cost as much as opening it.
    #[cfg(target_os = "linux")]
    fn ask_readable(&self, path: &SealPath, metadata: &std::fs::Metadata) -> io::Result<()> {
        use rustix::fs::{Access, AtFlags};
        use std::os::unix::fs::MetadataExt as _;
        if metadata.mode() & 0o444 == 0o444 {
            return Ok(());
        }
        Ok(rustix::fs::accessat(&self.handle, path.as_str(), Access::READ_OK, AtFlags::EACCESS)?)
    }

    #[cfg(not(unix))]
    fn open_unfollowed(&self, path: &SealPath, _access: Access) -> io::Result<File> {
        let mut whole = self.folder.clone();
        for part in path.as_str().split('/') {
            whole.push(part);
            if whole.symlink_metadata()?.is_symlink() {
                return Err(behind_link());
            }
        }
        File::open(whole)
    }
}

/// The folder and the name in it.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

#[cfg(unix)]
fn flags(access: Access) -> rustix::fs::OFlags {
    use rustix::fs::OFlags;
    match access {
        #[cfg(target_os = "linux")]
        Access::Name => OFlags::PATH | OFlags::CLOEXEC | OFlags::NOFOLLOW,
        // What is no regular file must not keep the open call waiting.
        _ => OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK,
    }
}

/// No link on the way leads elsewhere.
#[cfg(target_os = "linux")]
fn unfollowed() -> rustix::fs::ResolveFlags {
    use rustix::fs::ResolveFlags;
    ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS
}

fn behind_link() -> io::Error {
    io::Error::other("behind a symbolic link; the list names files by their real paths")
}

/// Opens a regular file to be read. What is none is an error at once: a pipe would keep who opens it waiting, and a
/// device may never end.
///
/// # Errors
/// It is not there, not regular, or can't be read.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}

/// Reads a file to its end: its hash and its bytes, which `buffer` holds afterwards.
///
/// # Errors
/// It can't be read, or holds more than `most` bytes.
pub fn read(file: &mut File, most: u64, buffer: &mut Vec<u8>) -> io::Result<Digest> {
    buffer.clear();
    file.take(most.saturating_add(1)).read_to_end(buffer)?;
    if buffer.len() as u64 > most {
        return Err(io::Error::other(format!("larger than {most} bytes")));
    }
    Ok(Digest::of(buffer))
}

/// The hash of a file of so many bytes, for which only a little of it is in memory at a time: new memory costs more
/// than hashing it.
///
/// # Errors
/// It can't be read, or holds more.
pub(crate) fn hash(file: &mut File, size: u64, buffer: &mut Vec<u8>) -> io::Result<Digest> {
    use sha2::Digest as _;
    buffer.resize(AT_A_TIME, 0);
    let mut hasher = sha2::Sha256::new();
    let mut all = 0;
    loop {
        let count = match file.read(buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        all += count as u64;
        if all > size {
            return Err(io::Error::other(format!("larger than {size} bytes")));
        }
        hasher.update(&buffer[..count]);
        // What does not fill the buffer ends the file: asking once more cost a start a call for each file.
        if count == 0 || all == size && count < buffer.len() {
            return Ok(Digest(hasher.finalize().into()));
        }
    }
}

/// Stays in the processor's cache.
const AT_A_TIME: usize = 64 * 1024;

/// The work on every item, by several threads, in the order of the items. Each thread has a buffer of its own.
pub fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    threads: NonZeroUsize,
    work: impl Fn(&T, &mut Vec<u8>) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let run = || {
        let mut buffer = Vec::new();
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return done };
            done.push((at, work(item, &mut buffer)));
        }
    };
    let threads = NonZeroUsize::new(items.len()).map_or(NonZeroUsize::MIN, |items| items.min(threads));
    let mut all: Vec<_> = beside::together(threads, run).into_iter().flatten().collect();
    all.sort_unstable_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> SealPath {
        SealPath::parse(text).unwrap()
    }

    #[test]
    fn order_is_kept_whatever_the_threads() {
        let items: Vec<usize> = (0..1000).collect();
        for threads in [1, 2, 7] {
            let doubled =
                in_parallel(&items, NonZeroUsize::new(threads).unwrap(), |item, buffer: &mut Vec<u8>| {
                    buffer.push(0);
                    item * 2
                });
            assert!(doubled.iter().enumerate().all(|(at, &value)| value == at * 2));
        }
        assert!(in_parallel(&[0; 0], NonZeroUsize::MIN, |_, _| ()).is_empty());
    }

    #[test]
    fn a_hash_is_of_the_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let mut buffer = Vec::new();
        for size in [0, 1, AT_A_TIME - 1, AT_A_TIME, AT_A_TIME + 1, 3 * AT_A_TIME + 5] {
            let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            std::fs::write(&file, &bytes).unwrap();
            let mut hashed = |most| hash(&mut File::open(&file).unwrap(), most, &mut buffer);
            assert_eq!(hashed(size as u64).unwrap(), Digest::of(&bytes), "{size}");
            assert!(size == 0 || hashed(size as u64 - 1).is_err(), "{size}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn links_and_pipes_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("real")).unwrap();
        std::fs::write(at("real/file"), "text").unwrap();
        std::os::unix::fs::symlink("real", at("linked")).unwrap();
        std::os::unix::fs::symlink("file", at("real/link")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", at("passwd")).unwrap();
        let (named, size) = root.sized(&path("real/file"), Access::Name).unwrap();
        assert_eq!(size, 4);
        #[cfg(target_os = "linux")]
        assert!(read(&mut { named }, 4, &mut Vec::new()).is_err(), "it is opened to be named only");
        let mut buffer = Vec::new();
        let mut file = root.file(&path("real/file")).unwrap();
        assert_eq!(read(&mut file, 4, &mut buffer).unwrap(), Digest::of(b"text"));
        let mut file = root.file(&path("real/file")).unwrap();
        assert!(read(&mut file, 3, &mut buffer).is_err());
        for link in ["linked/file", "real/link", "passwd"] {
            for access in [Access::Read, Access::Name] {
                let error = root.sized(&path(link), access).unwrap_err().to_string();
                assert!(error.starts_with("behind a symbolic link"), "{link}: {error}");
            }
        }
        #[cfg(target_os = "linux")]
        {
            assert!(root.below("linked").is_none() && root.below("gone").is_none());
            let folder = root.below("real").unwrap();
            assert_eq!(root.sized_in(&folder, &path("real/file"), Access::Name).unwrap().1, 4);
            let error = root.sized_in(&folder, &path("real/link"), Access::Name).unwrap_err().to_string();
            assert!(error.starts_with("behind a symbolic link"), "{error}");
        }
        assert_eq!(root.file(&path("real")).unwrap_err().to_string(), "not a regular file");
        assert_eq!(root.file(&path("gone")).unwrap_err().kind(), io::ErrorKind::NotFound);
        let made = std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap();
        assert!(made.success());
        assert_eq!(root.file(&path("pipe")).unwrap_err().to_string(), "not a regular file");
        assert_eq!(open_regular(&at("pipe")).unwrap_err().to_string(), "not a regular file");
        assert!(open_regular(&at("real/link")).is_ok() && open_regular(&at("real")).is_err());
    }
}

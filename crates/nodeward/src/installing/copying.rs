//! A folder, copied: files, folders and symbolic links, with rights and times; and what tells later what was changed.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_OMIT, fchmod, fstat, futimens,
    mkdirat, openat, readlinkat, statat, symlinkat,
};

use super::several;
use super::tree::{self, Cursor, Here, Visitor};

/// A file that is larger is copied by the system.
const SMALL: usize = 256 << 10;

/// How many files of a folder one thread copies before another may go on with it.
const AT_ONCE: usize = 128;

/// Everything below a folder, by its path from there.
pub(crate) type State = BTreeMap<PathBuf, Seen>;

/// What tells whether something changed. No program can set the time of the last change of a file's own data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    is_folder: bool,
    length: u64,
    changed: (i64, i64),
    link: Option<PathBuf>,
}

impl Seen {
    fn new(stat: &Stat, link: Option<PathBuf>) -> Self {
        let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        Self {
            is_folder,
            length: if is_folder { 0 } else { u64::try_from(stat.st_size).unwrap_or_default() },
            changed: (stat.st_ctime, i64::try_from(stat.st_ctime_nsec).unwrap_or_default()),
            link,
        }
    }

    /// Of what is no folder.
    fn entry(folder: impl AsFd, name: &CStr) -> io::Result<Self> {
        let stat = statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let is_link = FileType::from_raw_mode(stat.st_mode) == FileType::Symlink;
        let link = if is_link { Some(link(folder, name)?) } else { None };
        Ok(Self::new(&stat, link))
    }

    pub(super) fn is_folder(&self) -> bool {
        self.is_folder
    }
}

fn link(folder: impl AsFd, name: &CStr) -> io::Result<PathBuf> {
    let target = readlinkat(folder, name, Vec::new())?;
    Ok(std::ffi::OsString::from_vec(target.into_bytes()).into())
}

/// What lies in a folder, with the folder; a file is all of itself.
pub(super) fn state(place: &Path) -> io::Result<State> {
    let stat = statat(CWD, place, AtFlags::SYMLINK_NOFOLLOW)?;
    let mut found = Found(State::new());
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => tree::walk(tree::open(place)?, &mut found)?,
        FileType::Symlink => {
            let target = std::fs::read_link(place)?;
            found.0.insert(PathBuf::new(), Seen::new(&stat, Some(target)));
        }
        _ => drop(found.0.insert(PathBuf::new(), Seen::new(&stat, None))),
    }
    Ok(found.0)
}

struct Found(State);

impl Visitor for Found {
    fn enter(&mut self, here: Here<'_>) -> io::Result<()> {
        self.0.insert(here.path.to_owned(), Seen::new(&fstat(here.folder)?, None));
        Ok(())
    }

    fn entry(&mut self, here: Here<'_>, name: &CStr, _: FileType) -> io::Result<()> {
        self.0.insert(here.join(name), Seen::entry(here.folder, name)?);
        Ok(())
    }

    fn leave(&mut self, _: Here<'_>) -> io::Result<()> {
        Ok(())
    }
}

/// Copies what lies in a folder, by its real path, into another one that is empty; gives what is there then.
pub(crate) fn copy(from: &Path, to: OwnedFd) -> io::Result<State> {
    let from = tree::open(from)?;
    let mut plan = Plan { to: Cursor::new(to.try_clone()?), folders: Vec::new(), parts: Vec::new() };
    tree::walk(from.try_clone()?, &mut plan)?;
    let copier = Copier { from, to, plan: &plan, next: AtomicUsize::new(0), state: Mutex::default() };
    several::at_once(plan.parts.len(), &|| copier.copy_parts())?;
    let mut state = copier.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Only now: copying into a folder changes its time, and takes the right to. Those in it come before it.
    for (path, stat) in plan.folders.iter().rev() {
        let folder = tree::below(copier.to.as_fd(), path)?;
        fchmod(&folder, rights(stat))?;
        set_modified(&folder, stat)?;
        state.insert(path.clone(), Seen::new(&fstat(&folder)?, None));
    }
    Ok(state)
}

/// What there is to copy; the folders are made while it is put together.
struct Plan {
    to: Cursor,
    /// By path, each before those in it.
    folders: Vec<(PathBuf, Stat)>,
    parts: Vec<Part>,
}

/// Some of what a folder holds.
struct Part {
    /// Its place in the list of folders.
    folder: usize,
    entries: Vec<(CString, FileType)>,
}

impl Visitor for Plan {
    fn enter(&mut self, here: Here<'_>) -> io::Result<()> {
        if let Some(name) = here.path.file_name() {
            let name = CString::new(name.as_bytes())?;
            mkdirat(self.to.folder(), &name, Mode::RWXU)?;
            self.to.down(&name)?;
        }
        self.folders.push((here.path.to_owned(), fstat(here.folder)?));
        Ok(())
    }

    fn entry(&mut self, _: Here<'_>, name: &CStr, kind: FileType) -> io::Result<()> {
        // Pipes and sockets belong to who made them.
        if !matches!(kind, FileType::RegularFile | FileType::Symlink) {
            return Ok(());
        }
        let folder = self.folders.len() - 1;
        match self.parts.last_mut() {
            Some(part) if part.folder == folder && part.entries.len() < AT_ONCE => {
                part.entries.push((name.to_owned(), kind));
            }
            _ => self.parts.push(Part { folder, entries: vec![(name.to_owned(), kind)] }),
        }
        Ok(())
    }

    fn leave(&mut self, here: Here<'_>) -> io::Result<()> {
        if !here.path.as_os_str().is_empty() {
            self.to.up()?;
        }
        Ok(())
    }
}

struct Copier<'p> {
    from: OwnedFd,
    to: OwnedFd,
    plan: &'p Plan,
    /// The part that nobody copies yet.
    next: AtomicUsize,
    state: Mutex<State>,
}

impl Copier<'_> {
    /// Copies parts until none is left.
    fn copy_parts(&self) -> io::Result<()> {
        let mut buffer = vec![0; SMALL + 1];
        while let Some(part) = self.plan.parts.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let (path, _) = &self.plan.folders[part.folder];
            let from = tree::below(self.from.as_fd(), path)?;
            let to = tree::below(self.to.as_fd(), path)?;
            let here = Here { folder: from.as_fd(), path };
            let mut found = Vec::with_capacity(part.entries.len());
            for (name, kind) in &part.entries {
                let seen = match kind {
                    FileType::Symlink => {
                        symlinkat(link(&from, name)?, &to, name)?;
                        Seen::entry(&to, name)?
                    }
                    _ => file(&from, &to, name, &mut buffer)?,
                };
                found.push((here.join(name), seen));
            }
            self.state.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
        }
        Ok(())
    }
}

/// Copies a file under the same name into another folder.
fn file(from: &OwnedFd, folder: &OwnedFd, name: &CStr, buffer: &mut [u8]) -> io::Result<Seen> {
    // A pipe in its place would keep whoever opens it waiting.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let from = openat(from, name, flags, Mode::empty()).map_err(tree::unfollowed)?;
    let stat = fstat(&from)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(io::Error::other("a file was replaced meanwhile by what is none"));
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let made = Mode::RUSR | Mode::WUSR | rights(&stat) & Mode::from_raw_mode(0o777);
    let to = openat(folder, name, flags, made)?;
    let (mut from, mut to) = (File::from(from), File::from(to));
    content(&mut from, &mut to, buffer)?;
    set_modified(&to, &stat)?;
    let mut copied = fstat(&to)?;
    if rights(&copied) != rights(&stat) {
        fchmod(&to, rights(&stat))?;
        copied = fstat(&to)?;
    }
    Ok(Seen::new(&copied, None))
}

fn content(from: &mut File, to: &mut File, buffer: &mut [u8]) -> io::Result<()> {
    let mut read = 0;
    while read < buffer.len() {
        match from.read(&mut buffer[read..]) {
            Ok(0) => return to.write_all(&buffer[..read]),
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    to.write_all(buffer)?;
    io::copy(from, to).map(drop)
}

fn rights(stat: &Stat) -> Mode {
    Mode::from_raw_mode(stat.st_mode) & Mode::from_raw_mode(0o7777)
}

fn set_modified(file: impl AsFd, stat: &Stat) -> io::Result<()> {
    let omitted = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
    let modified =
        Timespec { tv_sec: stat.st_mtime, tv_nsec: i64::try_from(stat.st_mtime_nsec).unwrap_or_default() };
    Ok(futimens(file, &Timestamps { last_access: omitted, last_modification: modified })?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::sync::atomic::{AtomicBool, Ordering};

    use rustix::fs::{RenameFlags, renameat_with};

    use super::*;

    /// Copies a folder into a new one; gives that, and what the copy says of it.
    fn copied(from: &Path) -> (tempfile::TempDir, io::Result<State>) {
        let to = tempfile::tempdir().unwrap();
        let state = copy(from, tree::open(&to.path().canonicalize().unwrap()).unwrap());
        (to, state)
    }

    #[test]
    fn a_copy_has_rights_times_and_links_and_is_known_as_it_was_made() {
        let from = tempfile::tempdir().unwrap();
        let path = |name: &str| from.path().join(name);
        fs::create_dir_all(path("folder/below")).unwrap();
        let large: Vec<u8> = (0..SMALL * 3 + 7).map(|at| u8::try_from(at % 251).unwrap()).collect();
        for (name, bytes, rights) in [
            ("folder/large", &large[..], 0o444),
            ("tool", b"#!/bin/sh", 0o755),
            ("folder/below/none", b"", 0o600),
        ] {
            fs::write(path(name), bytes).unwrap();
            fs::set_permissions(path(name), fs::Permissions::from_mode(rights)).unwrap();
        }
        for (to, name) in [("../tool", "folder/link"), ("/nowhere", "leads-nowhere"), ("folder", "to-folder")]
        {
            symlink(to, path(name)).unwrap();
        }
        rustix::fs::mkfifoat(CWD, path("pipe"), Mode::RWXU).unwrap();
        let then = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::new(1_000_000, 5_000);
        for name in ["tool", "folder/large", "folder/below", "folder"] {
            File::open(path(name)).unwrap().set_modified(then).unwrap();
        }
        fs::set_permissions(path("folder/below"), fs::Permissions::from_mode(0o555)).unwrap();
        let (to, made) = copied(&from.path().canonicalize().unwrap());
        assert_eq!(made.unwrap(), state(&to.path().canonicalize().unwrap()).unwrap());
        assert_eq!(fs::read(to.path().join("folder/large")).unwrap(), large);
        for (name, rights) in
            [("folder/large", 0o444), ("tool", 0o755), ("folder/below/none", 0o600), ("folder/below", 0o555)]
        {
            let metadata = to.path().join(name).metadata().unwrap();
            assert_eq!(metadata.permissions().mode() & 0o7777, rights, "{name}");
        }
        for name in ["tool", "folder/large", "folder/below", "folder"] {
            assert_eq!(to.path().join(name).metadata().unwrap().modified().unwrap(), then, "{name}");
        }
        assert_eq!(fs::read_link(to.path().join("folder/link")).unwrap(), Path::new("../tool"));
        assert_eq!(fs::read_link(to.path().join("to-folder")).unwrap(), Path::new("folder"));
        assert!(!to.path().join("pipe").exists());
    }

    #[test]
    fn what_changes_shows() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        fs::write(real.join("file"), "text").unwrap();
        let file = || state(&real.join("file")).unwrap();
        let (before, alone) = (state(&real).unwrap(), file());
        assert_eq!((before.len(), alone.len()), (2, 1));
        // The time of the last change has the grain of the system's clock.
        std::thread::sleep(std::time::Duration::from_millis(20));
        fs::write(real.join("file"), "TEXT").unwrap();
        assert_ne!(before, state(&real).unwrap());
        assert_ne!(alone, file());
        fs::remove_file(real.join("file")).unwrap();
        symlink("one", real.join("file")).unwrap();
        let link = file();
        fs::remove_file(real.join("file")).unwrap();
        symlink("two", real.join("file")).unwrap();
        assert_ne!(link, file());
    }

    /// Somebody changes folder and link, file and link for each other all the time.
    #[test]
    fn nothing_is_copied_through_a_link_that_is_put_in_the_place_of_something() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        for (path, text) in
            [("victim/secret", "canary"), ("from/below/secret", "own"), ("from/secret", "own")]
        {
            fs::create_dir_all(real.join(path).parent().unwrap()).unwrap();
            fs::write(real.join(path), text).unwrap();
        }
        symlink(real.join("victim"), real.join("folder")).unwrap();
        symlink(real.join("victim/secret"), real.join("file")).unwrap();
        let (is_over, mut whole) = (AtomicBool::new(false), 0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    for (one, other) in [("folder", "from/below"), ("file", "from/secret")] {
                        let (one, other) = (real.join(one), real.join(other));
                        renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).unwrap();
                    }
                }
            });
            for _ in 0..200 {
                let (to, state) = copied(&real.join("from"));
                for name in ["secret", "below/secret"] {
                    let copy = to.path().join(name);
                    // A link that was there is copied as the link that it is.
                    let is_link = |path: &Path| path.symlink_metadata().is_ok_and(|it| it.is_symlink());
                    let holds = !is_link(&copy)
                        && !is_link(copy.parent().unwrap())
                        && fs::read_to_string(copy).is_ok_and(|text| text == "canary");
                    if holds {
                        is_over.store(true, Ordering::Relaxed);
                    }
                    assert!(!holds, "{name}");
                }
                whole += usize::from(state.is_ok());
            }
            is_over.store(true, Ordering::Relaxed);
        });
        assert!(whole > 0, "nothing was ever copied");
    }
}

//! A copy of a package, beside it, that scripts may change.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _};
use std::path::{Path, PathBuf};

use anyhow::bail;
use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, RenameFlags, chmodat, fstat, mkdirat, openat, renameat, renameat_with,
};
use rustix::io::Errno;

use super::copying::{self, Seen};
pub(super) use super::copying::{State, state};
use super::removal::{self, Temporary};
use super::tree;
use crate::session::Session;

/// The name of its folder begins so; a package's name can't.
const PREFIX: &str = ".nodeward-staging-";

/// What it holds: the copy.
pub(crate) const COPY: &str = "package";

/// And this, where an original waits to be replaced.
const ASIDE: &str = "original";

/// A copy that goes with this value, unless it was put in its original's place.
#[derive(Debug)]
pub(crate) struct Staging {
    /// The original's name, in the folder that this one lies in.
    name: OsString,
    folder: Temporary,
    before: State,
}

impl Staging {
    /// Copies a package, by its real path: files, folders and symbolic links, with rights and times. What other
    /// packages share with it by hard links is not shared with the copy.
    pub(crate) fn new(original: &Path) -> anyhow::Result<Self> {
        let (Some(beside), Some(name)) = (original.parent(), original.file_name()) else {
            bail!("it is in no folder")
        };
        let folder = Temporary::new(PREFIX, beside)?;
        match copy_folder(original, &folder) {
            Ok(before) => Ok(Self { name: name.to_owned(), folder, before }),
            Err(error) => {
                folder.remove()?;
                Err(error.into())
            }
        }
    }

    /// The copy.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().join(COPY)
    }

    /// What was made, changed or removed since, from the package's folder; `None` where nothing was.
    pub(crate) fn changes(&self) -> io::Result<Option<Vec<String>>> {
        let now = match state(&self.folder()) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                permit(&self.folder.open()?, COPY)?;
                state(&self.folder())?
            }
            now => now?,
        };
        Ok((now != self.before).then(|| changed(&self.before, now)))
    }

    /// Puts the copy in the original's place, in one step. The original is then what goes with this value.
    pub(crate) fn put_in_place(&self) -> io::Result<()> {
        let (copy, beside) = (self.folder.open()?, self.folder.beside());
        // A folder that goes elsewhere has to be one that may be written to.
        permit(&copy, COPY)?;
        permit(beside, &self.name)?;
        match renameat_with(&copy, COPY, beside, &self.name, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(()),
            // A file system that can't exchange two names.
            Err(Errno::INVAL | Errno::NOSYS) => {
                mkdirat(&copy, ASIDE, Mode::RWXU)?;
                let aside = Path::new(ASIDE).join(&self.name);
                renameat(beside, &self.name, &copy, &aside)?;
                renameat(&copy, COPY, beside, &self.name).inspect_err(|_| {
                    // As it was.
                    let _ = renameat(&copy, &aside, beside, &self.name);
                })?;
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Removes what is not in place: the copy, or the original.
    pub(crate) fn remove(self) -> anyhow::Result<()> {
        self.folder.remove()
    }
}

/// Gives its owner all rights to a folder, where it has not all, and to no other by a link.
fn permit(within: impl AsFd, name: impl rustix::path::Arg) -> io::Result<()> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = openat(within, name, flags, Mode::empty()).map_err(tree::unfollowed)?;
    let mode = Mode::from_raw_mode(fstat(&folder)?.st_mode);
    if mode.contains(Mode::RWXU) {
        return Ok(());
    }
    Ok(chmodat(CWD, format!("/proc/self/fd/{}", folder.as_raw_fd()), mode | Mode::RWXU, AtFlags::empty())?)
}

/// Copies a folder, by its real path, into another one, as [`COPY`]; gives what is there then.
pub(crate) fn copy_folder(from: &Path, into: &Temporary) -> io::Result<State> {
    let folder = into.open()?;
    mkdirat(&folder, COPY, Mode::RWXU)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    copying::copy(from, openat(&folder, COPY, flags, Mode::empty())?)
}

/// Removes what was left beside packages by runs that were killed; an original whose place is empty goes back there.
/// Nobody else may be at work.
pub(crate) fn clear<'a>(project: &Path, packages: impl Iterator<Item = &'a str>, session: &Session) {
    let folders: BTreeSet<PathBuf> = packages
        .filter(|package| super::link_within(project, package).is_none())
        .filter_map(|package| fs::canonicalize(project.join(package).parent()?).ok())
        .collect();
    for folder in folders.into_iter().filter(|folder| folder.starts_with(project)) {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        let is_ours = |entry: &fs::DirEntry| {
            entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX))
                && entry.file_type().is_ok_and(|kind| kind.is_dir())
        };
        for left in entries.flatten().filter(is_ours).map(|entry| entry.path()) {
            if let Err(error) = clear_one(&folder, &left) {
                session.warn(format_args!("{:#}", removal::left(&left, &error)));
            }
        }
    }
}

fn clear_one(folder: &Path, left: &Path) -> io::Result<()> {
    let aside = left.join(ASIDE);
    // Scripts can make such folders inside of their packages, and lead from there to anything by a link.
    let is_folder = fs::symlink_metadata(&aside).is_ok_and(|metadata| metadata.is_dir());
    let originals = is_folder.then(|| fs::read_dir(&aside).ok()).flatten();
    for original in originals.into_iter().flatten().flatten() {
        let place = folder.join(original.file_name());
        if fs::symlink_metadata(&place).is_err() {
            let _ = fs::rename(original.path(), place);
        }
    }
    let name = left.file_name().unwrap_or_default();
    removal::remove(tree::open(folder)?.as_fd(), name)
}

/// The files and links that were made, changed or removed between two looks.
pub(super) fn changed(before: &State, mut now: State) -> Vec<String> {
    let mut changed: Vec<PathBuf> = Vec::new();
    let is_file = |seen: &Seen| !seen.is_folder();
    for (path, was) in before {
        match now.remove(path) {
            Some(is) if is == *was => {}
            is if is_file(was) || is.as_ref().is_some_and(is_file) => changed.push(path.clone()),
            _ => {}
        }
    }
    changed.extend(now.into_iter().filter(|(_, seen)| is_file(seen)).map(|(path, _)| path));
    changed.sort();
    changed.into_iter().map(|path| path.to_string_lossy().into_owned()).collect()
}

//! A copy of a package, beside it, that scripts may change.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{CWD, RenameFlags};
use tempfile::TempDir;

/// The name of its folder begins so; a package's name can't.
const PREFIX: &str = ".nodeward-staging-";

/// What it holds where an original waits to be replaced.
const ASIDE: &str = "original";

/// A copy that goes with this value, unless it was put in its original's place.
#[derive(Debug)]
pub(crate) struct Staging {
    original: PathBuf,
    folder: TempDir,
    before: State,
}

/// Every file and link below a folder, by its path from there, with what tells whether it changed.
pub(super) type State = BTreeMap<PathBuf, (u64, Option<SystemTime>, Option<PathBuf>)>;

impl Staging {
    /// Copies a package: files, folders and symbolic links, with rights and times. What other packages share with it
    /// by hard links is not shared with the copy.
    pub(crate) fn new(original: &Path) -> io::Result<Self> {
        let beside = original.parent().ok_or_else(|| io::Error::other("it is in no folder"))?;
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(beside)?;
        let copy = folder.path().join("package");
        copy_folder(original, &copy)?;
        let before = state(&copy)?;
        Ok(Self { original: original.to_owned(), folder, before })
    }

    /// The copy.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().join("package")
    }

    /// What was made, changed or removed since, from the package's folder.
    pub(crate) fn changes(&self) -> io::Result<Vec<String>> {
        Ok(changed(self.before.clone(), state(&self.folder())?))
    }

    /// Puts the copy in the original's place, in one step; the original goes.
    pub(crate) fn put_in_place(self) -> io::Result<()> {
        let copy = self.folder();
        match rustix::fs::renameat_with(CWD, &copy, CWD, &self.original, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(()),
            // A file system that can't exchange two names.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
                let name = self.original.file_name().ok_or_else(|| io::Error::other("it has no name"))?;
                let aside = self.folder.path().join(ASIDE);
                fs::create_dir(&aside)?;
                let aside = aside.join(name);
                fs::rename(&self.original, &aside)?;
                fs::rename(&copy, &self.original).inspect_err(|_| {
                    // As it was.
                    let _ = fs::rename(&aside, &self.original);
                })
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Removes what was left beside packages by runs that were killed; an original whose place is empty goes back there.
/// Nobody else may be at work.
pub(crate) fn clear<'a>(project: &Path, packages: impl Iterator<Item = &'a str>) {
    let folders: BTreeSet<PathBuf> =
        packages.filter_map(|package| fs::canonicalize(project.join(package).parent()?).ok()).collect();
    for folder in folders.into_iter().filter(|folder| folder.starts_with(project)) {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        let is_ours = |entry: &fs::DirEntry| {
            entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX))
                && entry.file_type().is_ok_and(|kind| kind.is_dir())
        };
        for left in entries.flatten().filter(is_ours).map(|entry| entry.path()) {
            for original in fs::read_dir(left.join(ASIDE)).into_iter().flatten().flatten() {
                let place = folder.join(original.file_name());
                if fs::symlink_metadata(&place).is_err() {
                    let _ = fs::rename(original.path(), place);
                }
            }
            // What can't be removed is in nobody's way.
            let _ = fs::remove_dir_all(left);
        }
    }
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    let mut open = vec![(from.to_owned(), to.to_owned())];
    let mut times = Vec::new();
    while let Some((from, to)) = open.pop() {
        fs::create_dir(&to)?;
        let metadata = fs::metadata(&from)?;
        for entry in fs::read_dir(&from)? {
            let entry = entry?;
            let target = to.join(entry.file_name());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                open.push((entry.path(), target));
            } else if kind.is_symlink() {
                std::os::unix::fs::symlink(fs::read_link(entry.path())?, target)?;
            } else if kind.is_file() {
                fs::copy(entry.path(), &target)?;
                let modified = entry.metadata()?.modified()?;
                set_modified(&target, modified)?;
            }
        }
        fs::set_permissions(&to, metadata.permissions())?;
        times.push((to, metadata.modified()?));
    }
    // Copying into a folder changes its time.
    times.iter().rev().try_for_each(|(folder, modified)| File::open(folder)?.set_modified(*modified))
}

fn set_modified(file: &Path, modified: SystemTime) -> io::Result<()> {
    // Reading is enough for the owner to set times.
    File::open(file)?.set_modified(modified)
}

/// What was made, changed or removed between two looks.
pub(super) fn changed(before: State, mut now: State) -> Vec<String> {
    let mut changed: Vec<PathBuf> = Vec::new();
    for (path, was) in before {
        match now.remove(&path) {
            Some(is) if is == was => {}
            _ => changed.push(path),
        }
    }
    changed.extend(now.into_keys());
    changed.sort();
    changed.into_iter().map(|path| path.to_string_lossy().into_owned()).collect()
}

/// What lies in a folder; a file is all of itself.
pub(super) fn state(folder: &Path) -> io::Result<State> {
    let mut found = State::new();
    if !folder.is_dir() {
        let metadata = fs::symlink_metadata(folder)?;
        found.insert(PathBuf::new(), (metadata.len(), metadata.modified().ok(), None));
        return Ok(found);
    }
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            let path = entry.path();
            if metadata.is_dir() {
                open.push(path);
                continue;
            }
            let below = path.strip_prefix(folder).unwrap_or(&path).to_owned();
            found.insert(below, (metadata.len(), metadata.modified().ok(), fs::read_link(&path).ok()));
        }
    }
    Ok(found)
}

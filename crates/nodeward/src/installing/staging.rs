//! A copy of a package, beside it, that scripts may change.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
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

/// Everything below a folder, by its path from there.
pub(super) type State = BTreeMap<PathBuf, Seen>;

/// What tells whether something changed. No program can set the time of the last change of a file's own data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    is_folder: bool,
    length: u64,
    changed: (i64, i64),
    link: Option<PathBuf>,
}

impl Seen {
    fn new(path: &Path, metadata: &fs::Metadata) -> Self {
        Self {
            is_folder: metadata.is_dir(),
            length: if metadata.is_dir() { 0 } else { metadata.len() },
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            link: fs::read_link(path).ok(),
        }
    }
}

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

    /// What was made, changed or removed since, from the package's folder; `None` where nothing was.
    pub(crate) fn changes(&self) -> io::Result<Option<Vec<String>>> {
        let now = state(&self.folder())?;
        Ok((now != self.before).then(|| changed(self.before.clone(), now)))
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
            // What can't be removed is in nobody's way.
            let _ = fs::remove_dir_all(left);
        }
    }
}

pub(crate) fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
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

/// The files and links that were made, changed or removed between two looks.
pub(super) fn changed(before: State, mut now: State) -> Vec<String> {
    let mut changed: Vec<PathBuf> = Vec::new();
    let is_file = |seen: &Seen| !seen.is_folder;
    for (path, was) in before {
        match now.remove(&path) {
            Some(is) if is == was => {}
            is if is_file(&was) || is.as_ref().is_some_and(is_file) => changed.push(path),
            _ => {}
        }
    }
    changed.extend(now.into_iter().filter(|(_, seen)| is_file(seen)).map(|(path, _)| path));
    changed.sort();
    changed.into_iter().map(|path| path.to_string_lossy().into_owned()).collect()
}

/// What lies in a folder, with the folder; a file is all of itself.
pub(super) fn state(folder: &Path) -> io::Result<State> {
    let metadata = fs::symlink_metadata(folder)?;
    let mut found = State::from([(PathBuf::new(), Seen::new(folder, &metadata))]);
    let mut open = if metadata.is_dir() { vec![folder.to_owned()] } else { Vec::new() };
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path)? {
            let entry = entry?;
            let (path, metadata) = (entry.path(), entry.metadata()?);
            let below = path.strip_prefix(folder).unwrap_or(&path).to_owned();
            found.insert(below, Seen::new(&path, &metadata));
            if metadata.is_dir() {
                open.push(path);
            }
        }
    }
    Ok(found)
}

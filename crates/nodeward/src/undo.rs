//! `audit --fix` changes several files, and so does the package manager that it runs. Before the first change all of
//! them are noted down in one file beside them, which goes when the work is done. Whoever finds such a note knows
//! that work broke off: killed, or the machine went down; `audit --undo` puts everything back.
//!
//! A note can be anybody's: it comes with a cloned repository, too. So it is never acted on unasked, and it reaches
//! only manifests and lockfiles below its own folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;
use nodeward_package::lockfile;
use nodeward_report::{Gap, Printable};
use serde::{Deserialize, Serialize};

use crate::disk;
use crate::gather::LOCKFILE_NAMES;

/// The name of a note.
const NAME: &str = ".nodeward-undo.json";
const SCHEMA: &str = "nodeward.undo/1";
/// Of a workspace with hundreds of members and a large lockfile; more is no note of ours.
const MAX_BYTES: u64 = 1 << 30;

/// The contents of files by their paths; `None` for one that is not there.
pub(crate) type Contents = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// What a note says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    schema: String,
    /// When the work began.
    began: Timestamp,
    /// By path below the note's folder: the text, or nothing where there was no file.
    files: BTreeMap<String, Option<String>>,
}

/// A note of work that goes on.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    /// Locked for as long as this or a copy of it is open.
    note: File,
}

impl Journal {
    /// Notes files down that stand in or below a folder.
    pub(crate) fn begin(folder: &Path, files: &Contents, now: Timestamp) -> anyhow::Result<Self> {
        let path = folder.join(NAME);
        let texts =
            files.iter().map(|(file, bytes)| Ok((below(folder, file)?, text(file, bytes.as_deref())?)));
        let files = texts.collect::<anyhow::Result<_>>()?;
        let note = Note { schema: SCHEMA.to_owned(), began: now, files };
        let written = || -> io::Result<File> {
            let place = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let mut beside = tempfile::Builder::new().prefix(disk::UNFINISHED_PREFIX).tempfile_in(place)?;
            let mut out = io::BufWriter::new(beside.as_file_mut());
            serde_json::to_writer_pretty(&mut out, &note)?;
            out.write_all(b"\n")?;
            out.flush()?;
            drop(out);
            beside.as_file().sync_all()?;
            beside.as_file().lock()?;
            beside.persist_noclobber(&path).map_err(|error| error.error)
        };
        match written() {
            Ok(note) => Ok(Self { path, note }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                bail!(said(folder).unwrap_or_default())
            }
            Err(error) => Err(error).with_context(|| format!("cannot write {}", path.display())),
        }
    }

    /// For a program that works on the files. It stands at its end, so that it reads as empty; as long as somebody
    /// has it open, nothing is put back.
    pub(crate) fn held(&self) -> anyhow::Result<File> {
        self.note.try_clone().with_context(|| format!("cannot keep {} open", self.path.display()))
    }

    /// All is done, or all is as it was.
    pub(crate) fn end(self) -> anyhow::Result<()> {
        std::fs::remove_file(&self.path).with_context(|| format!("cannot remove {}", self.path.display()))
    }
}

/// A file's path below a folder, with `/`.
fn below(folder: &Path, file: &Path) -> anyhow::Result<String> {
    let below = file.strip_prefix(folder).ok().and_then(Path::to_str);
    let below = below.with_context(|| format!("{} does not stand in the project", file.display()))?;
    Ok(below.replace('\\', "/"))
}

fn text(file: &Path, bytes: Option<&[u8]>) -> anyhow::Result<Option<String>> {
    let text = bytes.map(|bytes| String::from_utf8(bytes.to_vec())).transpose();
    text.map_err(|_| anyhow::anyhow!("{}: not UTF-8", file.display()))
}

/// What a folder's note says of the folder, and what to do; `None` without one.
pub(crate) fn gap(folder: &Path) -> Option<Gap> {
    let (message, remedy) = state(folder)?;
    Some(Gap { message: Printable(&message).to_string(), remedy: remedy.to_owned() })
}

/// The same in one line.
pub(crate) fn said(folder: &Path) -> Option<String> {
    state(folder).map(|(message, remedy)| format!("{message}; {remedy}"))
}

fn state(folder: &Path) -> Option<(String, &'static str)> {
    let path = folder.join(NAME);
    match std::fs::symlink_metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Ok(metadata) if !metadata.is_file() => {
            Some((format!("{}: not a regular file", path.display()), "remove it, and check again"))
        }
        _ if is_at_work(&path) => Some((
            format!("{}: an `audit --fix` is at work here", path.display()),
            "wait for it and its package manager to end, and check again",
        )),
        _ => Some((
            format!("{}: an `audit --fix` broke off here, so files may be half changed", path.display()),
            "`nodeward audit --undo` puts them back; if they are as they should be, remove the note",
        )),
    }
}

fn is_at_work(path: &Path) -> bool {
    File::open(path).is_ok_and(|note| matches!(note.try_lock(), Err(TryLockError::WouldBlock)))
}

/// The folder and all below it that have a lockfile or a manifest: where notes can be.
pub(crate) fn folders(folder: &Path) -> BTreeSet<PathBuf> {
    let discovery = lockfile::discover(folder);
    let files = discovery.lockfiles.iter().map(|found| &found.path).chain(&discovery.manifests);
    let mut folders: BTreeSet<PathBuf> = files.filter_map(|file| file.parent()).map(short).collect();
    folders.insert(short(folder));
    folders
}

/// `.` is nothing to the user, and `./a` is `a`.
fn short(folder: &Path) -> PathBuf {
    folder.strip_prefix(".").unwrap_or(folder).to_path_buf()
}

/// Puts back what a folder's note names, and gives the files that it changed; `None` without a note.
pub(crate) fn restore(folder: &Path) -> anyhow::Result<Option<Vec<PathBuf>>> {
    let path = folder.join(NAME);
    if let Err(error) = std::fs::symlink_metadata(&path)
        && error.kind() == io::ErrorKind::NotFound
    {
        return Ok(None);
    }
    let unread = || format!("cannot read {}", path.display());
    let bytes = disk::read_bounded(&path, MAX_BYTES).with_context(unread)?;
    let lock = File::open(&path).with_context(unread)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => bail!(said(folder).unwrap_or_default()),
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", path.display()));
        }
    }
    let note: Note = serde_json::from_slice(&bytes).with_context(unread)?;
    ensure!(note.schema == SCHEMA, "{}: {:?} is not known, only {SCHEMA:?}", path.display(), note.schema);
    let files = note.files.iter().map(|(below, text)| Ok((reach(folder, below, &path)?, text.as_deref())));
    let files = files.collect::<anyhow::Result<Vec<_>>>()?;
    let changed = put_back(files.iter().map(|(file, text)| (file.as_path(), text.map(str::as_bytes))))?;
    std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    Ok(Some(changed))
}

/// The file that a note means, if it may.
fn reach(folder: &Path, below: &str, note: &Path) -> anyhow::Result<PathBuf> {
    let path = Path::new(below);
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_ours = matches!(name, "package.json" | "pnpm-workspace.yaml") || LOCKFILE_NAMES.contains(&name);
    let is_below = path.components().all(|part| matches!(part, Component::Normal(_)));
    let file = folder.join(path);
    let stays = || {
        let root = std::fs::canonicalize(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let real = std::fs::canonicalize(&file).or_else(|_| std::fs::canonicalize(parent));
        root.and_then(|root| Ok(real?.starts_with(root))).unwrap_or(false)
    };
    ensure!(
        is_ours && is_below && stays(),
        "{}: {:?} is no manifest or lockfile below it, so nothing was put back",
        note.display(),
        Printable(below).to_string()
    );
    Ok(file)
}

/// Makes files what they were; gives those that were not.
pub(crate) fn put_back<'a>(
    files: impl Iterator<Item = (&'a Path, Option<&'a [u8]>)>,
) -> anyhow::Result<Vec<PathBuf>> {
    let mut changed = Vec::new();
    for (file, before) in files {
        let now = disk::read_bounded(file, lockfile::MAX_FILE_BYTES).ok();
        match before {
            Some(bytes) if now.as_deref() != Some(bytes) => {
                disk::replace(file, |out| out.write_all(bytes))
                    .with_context(|| format!("cannot write {}", file.display()))?;
            }
            None if std::fs::symlink_metadata(file).is_ok() => {
                std::fs::remove_file(file).with_context(|| format!("cannot remove {}", file.display()))?;
            }
            _ => continue,
        }
        changed.push(file.to_path_buf());
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(folder: &Path, files: &[(&str, Option<&str>)]) -> Contents {
        let entry = |(file, text): &(&str, Option<&str>)| (folder.join(file), text.map(|text| text.into()));
        files.iter().map(entry).collect()
    }

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn what_was_noted_is_put_back() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path();
        let files = [("package.json", Some("{}")), ("package-lock.json", Some("old")), ("yarn.lock", None)];
        assert!(gap(folder).is_none() && restore(folder).unwrap().is_none());
        let journal = Journal::begin(folder, &contents(folder, &files), now()).unwrap();
        std::fs::write(folder.join("package.json"), "{}").unwrap();
        std::fs::write(folder.join("package-lock.json"), "half").unwrap();
        std::fs::write(folder.join("yarn.lock"), "new").unwrap();
        assert!(gap(folder).unwrap().message.contains("is at work here"));
        assert!(restore(folder).unwrap_err().to_string().contains("is at work here"));
        let rival = Journal::begin(folder, &Contents::new(), now()).unwrap_err();
        assert!(rival.to_string().contains("is at work here"), "{rival}");
        // Killed, while the package manager lives on.
        let held = journal.held().unwrap();
        drop(journal);
        assert!(restore(folder).is_err());
        drop(held);
        assert!(gap(folder).unwrap().message.contains("broke off here"));
        let changed = restore(folder).unwrap().unwrap();
        assert_eq!(changed, [folder.join("package-lock.json"), folder.join("yarn.lock")]);
        assert_eq!(std::fs::read_to_string(folder.join("package-lock.json")).unwrap(), "old");
        assert!(!folder.join("yarn.lock").exists() && gap(folder).is_none());
    }

    #[test]
    fn work_that_ended_leaves_no_note() {
        let root = tempfile::tempdir().unwrap();
        Journal::begin(root.path(), &Contents::new(), now()).unwrap().end().unwrap();
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_note_reaches_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("project");
        std::fs::create_dir(&folder).unwrap();
        std::fs::create_dir(root.path().join("outside")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("../outside", folder.join("link")).unwrap();
        let absolute = root.path().join("package.json");
        for file in [
            "../package.json",
            "a/../../package.json",
            ".bashrc",
            "link/package.json",
            "",
            absolute.to_str().unwrap(),
        ] {
            let note = serde_json::json!({
                "schema": SCHEMA, "began": now(), "files": {"package.json": "x", file: "owned"},
            });
            std::fs::write(folder.join(NAME), note.to_string()).unwrap();
            let error = restore(&folder).unwrap_err().to_string();
            assert!(error.contains("nothing was put back"), "{file}: {error}");
            assert!(!folder.join("package.json").exists(), "{file}");
        }
        for broken in ["", "[", "{}", r#"{"schema":"x","began":"2026-11-22T12:00:00Z","files":{}}"#] {
            std::fs::write(folder.join(NAME), broken).unwrap();
            assert!(restore(&folder).is_err(), "{broken}");
        }
    }
}

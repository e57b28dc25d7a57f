//! What earlier starts found out about programs: the version of a Node.js, the libraries that a program needs. To ask
//! them again took a third of the launcher's time.
//!
//! It is kept in one small file, by what tells whether a file was changed. Nobody has to believe it: the guard compares
//! the version with that of the Node.js in which it runs, and what the list of libraries opens to a program is libraries
//! at most. A file that others could have written is not read, and one that can't be written is no error.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Its name in the folder.
const FILE_NAME: &str = "programs.json";

const SCHEMA: &str = "nodeward.programs/1";

/// More than so many programs need.
const MAX_BYTES: u64 = 256 * 1024;

/// Programs and native modules; the newest stay.
const MAX_PROGRAMS: usize = 64;

/// Clocks of file systems are coarse: what was changed in the last seconds can change again without a trace.
const SETTLED_SECONDS: i64 = 2;

/// Where the loader looks first.
const LOADER_CACHE: &str = "/etc/ld.so.cache";

/// What tells whether a file is the same as before: device, inode, size, when its bytes and when anything about it
/// changed, in seconds and nanoseconds. The last of these no program can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity(u64, u64, u64, i64, i64, i64, i64);

impl Identity {
    #[cfg(unix)]
    pub(super) fn of(metadata: &fs::Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        Some(Self(
            metadata.dev(),
            metadata.ino(),
            metadata.size(),
            metadata.mtime(),
            metadata.mtime_nsec(),
            metadata.ctime(),
            metadata.ctime_nsec(),
        ))
    }

    #[cfg(not(unix))]
    pub(super) fn of(_metadata: &fs::Metadata) -> Option<Self> {
        None
    }

    pub(super) fn at(path: &Path) -> Option<Self> {
        Self::of(&fs::metadata(path).ok()?)
    }

    /// Whether it last changed well before `other` did.
    fn is_settled(&self, other: &Self) -> bool {
        self.5 + SETTLED_SECONDS < other.5
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    schema: String,
    programs: Vec<Entry>,
}

/// What is known of one program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// For people.
    path: PathBuf,
    identity: Identity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    libraries: Option<Libraries>,
}

/// What a loader listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Libraries {
    loader: PathBuf,
    /// Of [`LOADER_CACHE`] at that time.
    cache: Option<Identity>,
    files: Vec<(PathBuf, Identity)>,
}

/// What is known.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Where it is kept; nowhere without it.
    folder: Option<PathBuf>,
    programs: Vec<Entry>,
    is_new: bool,
}

impl Known {
    /// Reads what is kept in this folder. Nothing is, where others may write.
    pub(super) fn read(folder: Option<&Path>) -> Self {
        let Some(folder) = folder else { return Self::default() };
        match read(folder) {
            Ok(programs) => Self { folder: Some(folder.to_owned()), programs, is_new: false },
            // It is made when there is something to keep.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Self { folder: Some(folder.to_owned()), ..Self::default() }
            }
            Err(_) => Self::default(),
        }
    }

    /// The file, for who has to remove it.
    pub(super) fn file(&self) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(FILE_NAME))
    }

    pub(super) fn version(&self, program: Identity) -> Option<&str> {
        self.entry(program)?.version.as_deref()
    }

    /// The libraries that this loader listed, if each of them is as it was.
    pub(super) fn libraries(&self, program: Identity, loader: &Path) -> Option<Vec<PathBuf>> {
        let found = self.entry(program)?.libraries.as_ref()?;
        let is_same = found.loader == loader
            && found.cache == Identity::at(Path::new(LOADER_CACHE))
            && found.files.iter().all(|(path, identity)| is_library(path, *identity));
        is_same.then(|| found.files.iter().map(|(path, _)| path.clone()).collect())
    }

    pub(super) fn note_version(&mut self, path: &Path, program: Identity, version: &str) {
        if let Some(entry) = self.entry_to_change(path, program) {
            entry.version = Some(version.to_owned());
        }
    }

    pub(super) fn note_libraries(
        &mut self,
        path: &Path,
        program: Identity,
        loader: &Path,
        files: &[PathBuf],
    ) {
        let identified = files.iter().map(|file| Some((file.clone(), Identity::at(file)?))).collect();
        let (Some(files), Some(_)) = (identified, loader.to_str()) else { return };
        let cache = Identity::at(Path::new(LOADER_CACHE));
        if let Some(entry) = self.entry_to_change(path, program) {
            entry.libraries = Some(Libraries { loader: loader.to_owned(), cache, files });
        }
    }

    /// Keeps what is new, for the next start. Where that can't be, the next start asks again.
    pub(super) fn keep(&mut self) {
        if std::mem::take(&mut self.is_new)
            && let Some(folder) = &self.folder
        {
            let _ = write(folder, &self.programs);
        }
    }

    fn entry(&self, program: Identity) -> Option<&Entry> {
        self.programs.iter().find(|entry| entry.identity == program)
    }

    /// None where it can't be kept.
    fn entry_to_change(&mut self, path: &Path, program: Identity) -> Option<&mut Entry> {
        self.folder.as_ref()?;
        path.to_str()?;
        self.is_new = true;
        let at = self.programs.iter().position(|entry| entry.identity == program).unwrap_or_else(|| {
            let path = path.to_owned();
            // What stood at this path before is gone.
            self.programs.retain(|entry| entry.path != path);
            self.programs.insert(0, Entry { path, identity: program, version: None, libraries: None });
            self.programs.truncate(MAX_PROGRAMS);
            0
        });
        self.programs.get_mut(at)
    }
}

/// Whether the file is this very one, and no other than a library: who could write down what is known must not have
/// the program read whatever they name.
fn is_library(path: &Path, identity: Identity) -> bool {
    let Ok(mut file) = crate::files::open_regular(path) else { return false };
    let mut start = [0; 4];
    file.metadata().is_ok_and(|metadata| Identity::of(&metadata) == Some(identity))
        && file.read_exact(&mut start).is_ok()
        && start == *b"\x7fELF"
}

#[cfg(unix)]
fn read(folder: &Path) -> io::Result<Vec<Entry>> {
    use rustix::fs::{Mode, OFlags, open, openat};

    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let folder = File::from(open(folder, flags | OFlags::DIRECTORY, Mode::empty())?);
    own(&folder)?;
    let file = File::from(openat(&folder, FILE_NAME, flags, Mode::empty())?);
    if !own(&file)?.is_file() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut text = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut text)?;
    // What is damaged, too long or of another version is written anew.
    let kept: Option<Kept> = serde_json::from_slice(&text).ok().filter(|_| text.len() as u64 <= MAX_BYTES);
    Ok(kept.filter(|kept| kept.schema == SCHEMA).map(|kept| kept.programs).unwrap_or_default())
}

/// What belongs to this user, and nobody else may write to.
#[cfg(unix)]
fn own(file: &File) -> io::Result<fs::Metadata> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = file.metadata()?;
    if metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o022 == 0 {
        Ok(metadata)
    } else {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

#[cfg(unix)]
fn write(folder: &Path, programs: &[Entry]) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;

    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    own(&File::open(folder)?)?;
    let beside = tempfile::Builder::new().prefix(".nodeward-").tempfile_in(folder)?;
    let now = Identity::of(&beside.as_file().metadata()?).ok_or(io::ErrorKind::Unsupported)?;
    let settled = programs.iter().filter(|entry| {
        let libraries = entry.libraries.iter().flat_map(|libraries| {
            libraries.cache.iter().chain(libraries.files.iter().map(|(_, identity)| identity))
        });
        libraries.chain([&entry.identity]).all(|identity| identity.is_settled(&now))
    });
    let kept = Kept { schema: SCHEMA.to_owned(), programs: settled.cloned().collect() };
    serde_json::to_writer(beside.as_file(), &kept)?;
    beside.persist(folder.join(FILE_NAME)).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(not(unix))]
fn read(_folder: &Path) -> io::Result<Vec<Entry>> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(unix))]
fn write(_folder: &Path, _programs: &[Entry]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn at(number: u64) -> Identity {
        Identity(1, number, 3, 4, 5, 6, 7)
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Some program of the system, which did not change just now.
    fn library() -> PathBuf {
        let found = ["/bin/sh", "/usr/bin/env"].map(Path::new).into_iter().find(|path| path.is_file());
        fs::canonicalize(found.unwrap()).unwrap()
    }

    #[test]
    fn what_is_found_out_is_known_next_time() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("cache/nodeward");
        let mut known = Known::read(Some(&folder));
        let (node, loader) = (Path::new("/bin/node"), Path::new("/lib/ld.so"));
        known.note_version(node, at(2), "v24.1.0");
        known.note_libraries(node, at(2), loader, &[library()]);
        known.keep();
        let mut known = Known::read(Some(&folder));
        assert_eq!(known.version(at(2)), Some("v24.1.0"));
        assert_eq!(known.version(at(3)), None);
        assert_eq!(known.libraries(at(2), loader).unwrap(), [library()]);
        assert_eq!(known.libraries(at(2), Path::new("/lib/other.so")), None);
        // It is another file now.
        known.note_version(node, at(3), "v24.2.0");
        assert_eq!((known.version(at(2)), known.version(at(3))), (None, Some("v24.2.0")));
        for number in 0..2 * MAX_PROGRAMS as u64 {
            known.note_version(Path::new(&format!("/{number}")), at(100 + number), "v24.3.0");
        }
        known.keep();
        assert_eq!(Known::read(Some(&folder)).programs.len(), MAX_PROGRAMS);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside");
    }

    #[test]
    fn what_others_can_write_is_not_used() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("cache");
        let write = || {
            let mut known = Known::read(Some(&folder));
            known.note_version(Path::new("/bin/node"), at(2), "v24.1.0");
            known.keep();
        };
        let is_known = || Known::read(Some(&folder)).version(at(2)).is_some();
        write();
        assert!(is_known());
        let file = folder.join(FILE_NAME);
        for (path, mode) in [(&folder, 0o777), (&folder, 0o770), (&file, 0o606)] {
            let before = fs::metadata(path).unwrap().permissions().mode();
            set_mode(path, mode);
            assert!(!is_known(), "{mode:o}");
            set_mode(path, before);
        }
        assert!(is_known());
        fs::rename(&file, folder.join("other")).unwrap();
        std::os::unix::fs::symlink("other", &file).unwrap();
        assert!(!is_known(), "through a link");
        fs::remove_file(&file).unwrap();
        // Nor is it written there.
        set_mode(&folder, 0o777);
        write();
        assert!(!file.exists());
        for damaged in ["", "{}", "[1", r#"{"schema":"nodeward.programs/2","programs":[]}"#] {
            set_mode(&folder, 0o700);
            fs::write(&file, damaged).unwrap();
            assert!(!is_known());
            write();
            assert!(is_known(), "{damaged:?} is in the way");
        }
        fs::write(&file, " ".repeat(MAX_BYTES as usize + 1)).unwrap();
        assert!(!is_known());
        fs::write(parent.path().join("file"), "").unwrap();
        let mut nowhere = Known::read(Some(&parent.path().join("file/cache")));
        nowhere.note_version(Path::new("/bin/node"), at(2), "v24.1.0");
        nowhere.keep();
    }

    #[test]
    fn only_libraries_that_are_as_they_were_are_known() {
        let folder = tempfile::tempdir().unwrap();
        let (loader, secret) = (Path::new("/lib/ld.so"), folder.path().join("secret"));
        fs::write(&secret, "a password").unwrap();
        let mut known = Known::read(Some(&folder.path().join("cache")));
        known.note_libraries(Path::new("/a"), at(1), loader, &[library(), secret]);
        assert_eq!(known.libraries(at(1), loader), None, "no library");
        let copy = folder.path().join("library.so");
        fs::copy(library(), &copy).unwrap();
        known.note_libraries(Path::new("/a"), at(1), loader, std::slice::from_ref(&copy));
        assert_eq!(known.libraries(at(1), loader).as_deref(), Some(std::slice::from_ref(&copy)));
        // What changed just now may change again unnoticed.
        known.keep();
        assert_eq!(Known::read(Some(&folder.path().join("cache"))).libraries(at(1), loader), None);
        fs::rename(&copy, folder.path().join("moved.so")).unwrap();
        fs::copy(library(), &copy).unwrap();
        assert_eq!(known.libraries(at(1), loader), None, "another file of the same bytes");
        fs::remove_file(&copy).unwrap();
        assert_eq!(known.libraries(at(1), loader), None, "gone");
    }
}

//! Files that say how others load (`package.json`, `tsconfig.json`), read with a limit.
//!
//! A package can hold anything under these names: a link to a device without an end, a pipe that nobody writes to, a
//! gigabyte. None of it is waited for or kept.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use oxc_resolver::{FileMetadata, FileSystem, FileSystemOs, ResolveError};

/// The largest file that says how others load.
pub const MOST_BYTES: u64 = 16 << 20;

/// The bytes of a regular file within the limit.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(MOST_BYTES)).unwrap_or_default());
    std::fs::File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("more than the limit of {MOST_BYTES} bytes"),
        ));
    }
    Ok(bytes)
}

/// The system's files, read by [`read()`].
#[derive(Clone)]
pub(crate) struct Bounded(FileSystemOs);

impl Bounded {
    pub(crate) fn new() -> Self {
        Self(FileSystemOs::new())
    }
}

impl FileSystem for Bounded {
    fn new() -> Self {
        Self::new()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        read(path)
    }

    fn read_to_string(&self, path: &Path) -> io::Result<String> {
        String::from_utf8(read(path)?).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    fn metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        self.0.metadata(path)
    }

    fn symlink_metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        self.0.symlink_metadata(path)
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf, ResolveError> {
        self.0.read_link(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.0.canonicalize(path)
    }
}

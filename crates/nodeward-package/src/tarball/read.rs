//! Reading.

use std::collections::BTreeSet;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use tar::{Archive, Entry, EntryType, PaxExtensions};

/// The longest path, in bytes.
const MAX_PATH: usize = 1024;

/// What says how the next member is called is no longer.
const MAX_EXTENSION: u64 = 64 << 10;

/// How much of a tarball is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Its bytes without compression.
    pub unpacked_bytes: u64,
    /// Its files and folders.
    pub entries: usize,
}

impl Limits {
    /// More than the largest real packages have (some hundred megabytes, some ten thousand files).
    pub const PACKAGE: Self = Self { unpacked_bytes: 2 << 30, entries: 100_000 };
}

/// Why a tarball is not taken.
#[derive(Debug, thiserror::Error)]
pub enum TarballError {
    /// It can't be read, or what it holds can't be kept.
    #[error("the tarball can't be unpacked: {0}")]
    Io(#[from] io::Error),
    /// It does not end.
    #[error("the tarball holds more than {0} bytes")]
    TooLarge(u64),
    /// It has no end of entries.
    #[error("the tarball holds more than {0} files")]
    TooMany(usize),
    /// A name that no package needs.
    #[error("the tarball holds {:?}, a name that {why}", shortened(.name))]
    Name {
        /// The name, made readable.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Something that is neither file nor folder.
    #[error("the tarball holds {:?}, which is {kind}", shortened(.name))]
    Kind {
        /// Its name.
        name: String,
        /// What it is.
        kind: &'static str,
    },
    /// Two members of the same name.
    #[error("the tarball holds {:?} twice", shortened(.0))]
    Twice(String),
    /// A file whose name is a folder's, too.
    #[error("the tarball holds {:?} as a file and as a folder", shortened(.0))]
    FileAndFolder(String),
    /// Members in different folders at the top.
    #[error("the tarball has two folders at its top, {:?} and {:?}", shortened(.0), shortened(.1))]
    Roots(String, String),
    /// There is nothing in it.
    #[error("the tarball holds no file")]
    Empty,
}

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its path below the package, with `/`; it leads nowhere else.
    pub path: String,
    /// Whether it may be started as a program.
    pub executable: bool,
    /// Its bytes.
    pub size: u64,
}

/// Reads a compressed tarball to its end, and hands out each file in order.
///
/// # Errors
/// Whatever is not as it should be. Files that were handed out before belong to nothing then.
pub fn read(
    from: impl Read,
    limits: Limits,
    each: &mut dyn FnMut(&Member, &mut dyn Read) -> io::Result<()>,
) -> Result<(), TarballError> {
    let bounded = Bounded { inner: MultiGzDecoder::new(from), left: limits.unpacked_bytes };
    let mut archive = Archive::new(bounded);
    let mut names = Names::default();
    walk(&mut archive, limits, &mut names, each).map_err(|error| named(error, limits))?;
    // What stands behind the last member is counted, too, and the checksum is at the very end.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(|error| named(error.into(), limits))?;
    if names.files.is_empty() { Err(TarballError::Empty) } else { Ok(()) }
}

fn walk(
    archive: &mut Archive<impl Read>,
    limits: Limits,
    names: &mut Names,
    each: &mut dyn FnMut(&Member, &mut dyn Read) -> io::Result<()>,
) -> Result<(), TarballError> {
    let mut long = None;
    for (count, entry) in archive.entries()?.raw(true).enumerate() {
        let mut entry = entry?;
        if count >= limits.entries {
            return Err(TarballError::TooMany(limits.entries));
        }
        let kind = entry.header().entry_type();
        match kind {
            // That of a long link is of a link, which is refused.
            EntryType::XGlobalHeader | EntryType::GNULongLink => continue,
            EntryType::XHeader => {
                long = path_of_pax(&mut entry)?.or(long);
                continue;
            }
            EntryType::GNULongName => {
                long = Some(path_of_gnu(&mut entry)?);
                continue;
            }
            _ => {}
        }
        let name = long.take().unwrap_or_else(|| entry.path_bytes().into_owned());
        match kind {
            EntryType::Regular | EntryType::Continuous => hand_out(&mut entry, names.file(&name)?, each)?,
            EntryType::Directory => names.folder(&name)?,
            _ => {
                let name = String::from_utf8_lossy(&name).into_owned();
                return Err(TarballError::Kind { name, kind: words(kind) });
            }
        }
    }
    Ok(())
}

fn words(kind: EntryType) -> &'static str {
    match kind {
        EntryType::Symlink => "a symbolic link",
        EntryType::Link => "a hard link",
        EntryType::Char | EntryType::Block => "a device",
        EntryType::Fifo => "a pipe",
        _ => "of a kind that no package needs",
    }
}

fn hand_out(
    entry: &mut Entry<'_, impl Read>,
    path: String,
    each: &mut dyn FnMut(&Member, &mut dyn Read) -> io::Result<()>,
) -> Result<(), TarballError> {
    let size = entry.header().entry_size()?;
    let executable = entry.header().mode()? & 0o100 != 0;
    let mut counted = Counted { inner: entry, count: 0 };
    each(&Member { path, executable, size }, &mut counted)?;
    io::copy(&mut counted, &mut io::sink())?;
    if counted.count != size {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it was cut off").into());
    }
    Ok(())
}

fn path_of_gnu(entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>, TarballError> {
    let mut path = extension(entry)?;
    path.truncate(path.iter().position(|&byte| byte == 0).unwrap_or(path.len()));
    Ok(path)
}

fn extension(entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>, TarballError> {
    let mut bytes = Vec::new();
    entry.take(MAX_EXTENSION + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_EXTENSION {
        let name = String::from_utf8_lossy(&bytes[..100]).into_owned();
        return Err(TarballError::Name { name, why: "is too long" });
    }
    Ok(bytes)
}

/// The path that an extended header gives to the next member. One that gives it another size would have readers
/// disagree on where the one after it begins.
fn path_of_pax(entry: &mut Entry<'_, impl Read>) -> Result<Option<Vec<u8>>, TarballError> {
    let bytes = extension(entry)?;
    let mut path = None;
    for record in PaxExtensions::new(&bytes) {
        let record = record?;
        match record.key_bytes() {
            b"path" => path = Some(record.value_bytes().to_owned()),
            b"size" => {
                let error = "a header gives the next file another size";
                return Err(io::Error::new(io::ErrorKind::InvalidData, error).into());
            }
            _ => {}
        }
    }
    Ok(path)
}

/// The names so far.
#[derive(Debug, Default)]
struct Names {
    root: Option<String>,
    files: BTreeSet<String>,
    folders: BTreeSet<String>,
}

impl Names {
    fn file(&mut self, bytes: &[u8]) -> Result<String, TarballError> {
        let path = self.below(bytes)?;
        if path.is_empty() {
            let name = String::from_utf8_lossy(bytes).into_owned();
            return Err(TarballError::Name { name, why: "is in no folder" });
        }
        if self.folders.contains(&path) {
            return Err(TarballError::FileAndFolder(path));
        }
        if let Some(above) = above(&path).find(|above| self.files.contains(*above)) {
            return Err(TarballError::FileAndFolder(above.to_owned()));
        }
        self.folders.extend(above(&path).map(str::to_owned));
        if !self.files.insert(path.clone()) {
            return Err(TarballError::Twice(path));
        }
        Ok(path)
    }

    fn folder(&mut self, bytes: &[u8]) -> Result<(), TarballError> {
        let path = self.below(bytes)?;
        let file = above(&path).chain([&*path]).find(|folder| self.files.contains(*folder));
        if let Some(file) = file {
            return Err(TarballError::FileAndFolder(file.to_owned()));
        }
        self.folders.insert(path);
        Ok(())
    }

    /// The path below the folder that all members are in, whatever it is called: npm takes any name.
    fn below(&mut self, bytes: &[u8]) -> Result<String, TarballError> {
        let wrong = |why| TarballError::Name { name: String::from_utf8_lossy(bytes).into_owned(), why };
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("is not UTF-8"))?;
        if text.len() > MAX_PATH {
            return Err(wrong("is too long"));
        }
        if text.starts_with('/') {
            return Err(wrong("leads out of the package"));
        }
        if text.contains('\\') {
            return Err(wrong("has a backslash, which is a separator to some systems"));
        }
        if text.chars().any(char::is_control) {
            return Err(wrong("holds control characters"));
        }
        let mut parts = text.split('/').filter(|part| !part.is_empty() && *part != ".");
        let root = parts.next().ok_or_else(|| wrong("is none"))?;
        let rest: Vec<&str> = parts.collect();
        if root == ".." || rest.contains(&"..") {
            return Err(wrong("leads out of the package"));
        }
        match &self.root {
            Some(known) if known != root => return Err(TarballError::Roots(known.clone(), root.to_owned())),
            Some(_) => {}
            None => self.root = Some(root.to_owned()),
        }
        Ok(rest.join("/"))
    }
}

/// The folders that a path is in, the package itself left out.
fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

/// Marks an error as that of [`Limits::unpacked_bytes`].
#[derive(Debug, thiserror::Error)]
#[error("too large")]
struct Exceeded;

fn named(error: TarballError, limits: Limits) -> TarballError {
    match error {
        TarballError::Io(error)
            if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Exceeded>) =>
        {
            TarballError::TooLarge(limits.unpacked_bytes)
        }
        other => other,
    }
}

struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| io::Error::other(Exceeded))?;
        Ok(read)
    }
}

struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count += read as u64;
        Ok(read)
    }
}

/// A name that fits into a line: its beginning and its end.
fn shortened(name: &str) -> std::borrow::Cow<'_, str> {
    const SHOWN: usize = 80;
    let count = name.chars().count();
    if count <= 2 * SHOWN {
        return name.into();
    }
    let (first, last) = (name.chars().take(SHOWN), name.chars().skip(count - SHOWN));
    first.chain(['…']).chain(last).collect::<String>().into()
}

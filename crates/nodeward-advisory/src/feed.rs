//! Feeds: a zip archive, a folder or a file of advisories, as documents and as records.
//!
//! A feed is read whole or not at all: what cannot be read is an error that names it. Whatever it says of its own
//! size, no more of it is in memory than a few documents of [`MAX_DOCUMENT_BYTES`].

mod archive;
mod list;

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::de::SliceRead;
use serde_json::value::RawValue;

use self::list::Stopped;
use crate::legacy::{CoreAdvisory, LegacyError, RangeAdvisory};
use crate::osv::{self, OsvError, Remark, strip_byte_order_mark};
use crate::record::Record;

/// The most bytes that are read as one document. A longer file is a list of OSV records, and is read one by one.
pub const MAX_DOCUMENT_BYTES: usize = osv::MAX_RECORD_BYTES;

/// An archive may hold so much whatever its own size.
const UNSUSPECTED_BYTES: u64 = 256 << 20;

const FILE_BYTES: &str = "the allowed number of bytes in one file";
const TOTAL_BYTES: &str = "the allowed number of bytes";
const EXPANSION: &str = "any honest archive of its size";

/// How much of a feed is taken.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Files in an archive or folder.
    pub entries: usize,
    /// Bytes of one file that may hold many records.
    pub file_bytes: u64,
    /// Bytes of all files.
    pub total_bytes: u64,
    /// How many times the size of a large archive its content may have.
    pub expansion: u64,
    /// How deep folders nest.
    pub depth: usize,
}

impl Default for Limits {
    /// Several times what the largest public feed has. Advisories shrink to a fifth in an archive.
    fn default() -> Self {
        Self { entries: 2_000_000, file_bytes: 4 << 30, total_bytes: 8 << 30, expansion: 100, depth: 16 }
    }
}

/// One piece of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The file that it is from, or the entry of the archive.
    pub name: String,
    /// Its bytes.
    pub text: Vec<u8>,
    /// What it can hold.
    pub holds: Holds,
}

/// What a document can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A record or many, in any format.
    Anything,
    /// One OSV record of a longer file.
    Record,
}

/// Why a feed cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The feed, or a file in it, cannot be read from the disk.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The archive is damaged or truncated.
    #[error("the archive {path} is damaged: {reason}; fetch it again, or pack it anew")]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong, and with which entry.
        reason: String,
    },
    /// More than [`Limits`] allow.
    #[error("{path} has more than {what}; nothing of it was taken")]
    TooLarge {
        /// The feed.
        path: PathBuf,
        /// What there is too much of.
        what: &'static str,
    },
    /// A file holds no advisory that we know how to read.
    #[error("{document}: {reason}")]
    Document {
        /// The file, with the entry of the archive.
        document: String,
        /// What is wrong.
        reason: DocumentError,
    },
}

/// Why a document holds no advisories.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Neither OSV nor an older format.
    #[error(transparent)]
    Osv(#[from] OsvError),
    /// An older format, with something in it that cannot be read.
    #[error("advisory {id}: {error}")]
    Legacy {
        /// The advisory.
        id: String,
        /// What is wrong.
        error: LegacyError,
    },
    /// No JSON.
    #[error("not JSON: {0}")]
    Json(serde_json::Error),
    /// What is served in place of a feed, most often.
    #[error("a web page, not JSON: something else answers for the feed, such as a proxy or a login page")]
    Page,
    /// JSON that holds something else.
    #[error("no advisory: neither OSV, nor the Node.js Security WG's formats")]
    Unknown,
}

impl FeedError {
    /// The same of a feed that the user knows by another name: the address that it was downloaded from.
    #[must_use]
    pub fn renamed(mut self, from: &Path, to: &str) -> Self {
        match &mut self {
            Self::Read { path, .. } | Self::Archive { path, .. } | Self::TooLarge { path, .. } => {
                if path == from {
                    *path = PathBuf::from(to);
                }
            }
            Self::Document { document, .. } => {
                if Path::new(document) == from {
                    to.clone_into(document);
                }
            }
        }
        self
    }
}

/// What takes a document.
type Take<'a, E> = dyn FnMut(Document) -> Result<(), E> + 'a;

/// Hands every JSON document of a feed to `each`, by name. `each` may refuse one, which ends the reading.
///
/// # Errors
/// What cannot be read, and what `each` refuses.
pub fn documents<'a, E: From<FeedError>>(
    path: &'a Path,
    limits: &'a Limits,
    each: &'a mut Take<'a, E>,
) -> Result<(), E> {
    let metadata = fs::metadata(path).map_err(|source| read_error(path, source))?;
    let mut reading = Reading { root: path, limits, packed: None, entries: 0, bytes: 0, each };
    if metadata.is_dir() {
        reading.folder(path, 0)
    } else if !metadata.is_file() {
        // A device never ends and a pipe may never begin.
        let refused = io::Error::other("neither a regular file nor a folder");
        Err(read_error(path, refused).into())
    } else if is_zip(path)? {
        reading.archive(path, metadata.len())
    } else {
        reading.file(path)
    }
}

fn read_error(path: &Path, source: io::Error) -> FeedError {
    FeedError::Read { path: path.to_owned(), source }
}

/// By its first bytes: a file's name says little.
fn is_zip(path: &Path) -> Result<bool, FeedError> {
    let mut start = [0; 4];
    let mut file = File::open(path).map_err(|source| read_error(path, source))?;
    match file.read_exact(&mut start) {
        Ok(()) => Ok(start == *b"PK\x03\x04" || start == *b"PK\x05\x06"),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(source) => Err(read_error(path, source)),
    }
}

struct Reading<'a, E> {
    root: &'a Path,
    limits: &'a Limits,
    /// The size of the archive that is read.
    packed: Option<u64>,
    entries: usize,
    bytes: u64,
    each: &'a mut Take<'a, E>,
}

impl<E: From<FeedError>> Reading<'_, E> {
    fn count_entry(&mut self) -> Result<(), FeedError> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(self.too_large("the allowed number of files"));
        }
        Ok(())
    }

    /// Counts bytes as they are read: what an archive states of itself bounds nothing.
    fn count_bytes(&mut self, bytes: u64) -> Result<(), FeedError> {
        self.bytes = self.bytes.saturating_add(bytes);
        match self.most_bytes(0) {
            (0, what) => Err(self.too_large(what)),
            _ => Ok(()),
        }
    }

    fn too_large(&self, what: &'static str) -> FeedError {
        FeedError::TooLarge { path: self.root.to_owned(), what }
    }

    fn folder(&mut self, path: &Path, depth: usize) -> Result<(), E> {
        if depth > self.limits.depth {
            return Err(
                FeedError::TooLarge { path: path.to_owned(), what: "the allowed depth of folders" }.into()
            );
        }
        let entries = fs::read_dir(path).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
        let mut entries = entries.map_err(|source| read_error(path, source))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let kind = entry.file_type().map_err(|source| read_error(&path, source))?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            if kind.is_dir() {
                self.folder(&path, depth + 1)?;
            } else if kind.is_file() && is_json(&path.to_string_lossy()) {
                self.file(&path)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<(), E> {
        let file = File::open(path).map_err(|source| read_error(path, source))?;
        self.document(&path.to_string_lossy(), file, &|source| read_error(path, source))
    }

    fn archive(&mut self, path: &Path, size: u64) -> Result<(), E> {
        let damaged = |reason: String| FeedError::Archive { path: path.to_owned(), reason };
        let file = File::open(path).map_err(|source| read_error(path, source))?;
        let mut archive =
            zip::ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(error.to_string()))?;
        if archive.has_duplicate_names() {
            // Only the last of them could be read.
            return Err(damaged("two of its files have the same name".to_owned()).into());
        }
        let flaw = archive::flawed_end(path, archive.len(), archive.comment());
        if let Some(flaw) = flaw.map_err(|source| read_error(path, source))? {
            return Err(damaged(flaw).into());
        }
        self.packed = Some(size);
        let mut extents = archive::Extents::default();
        for index in 0..archive.len() {
            let entry = archive.by_index(index).map_err(|error| damaged(error.to_string()))?;
            let data = entry.data_start().unwrap_or(entry.header_start());
            extents.add(entry.header_start(), data, entry.compressed_size());
            let name = entry.name().map_err(|error| damaged(error.to_string()))?.into_owned();
            if entry.is_file() && is_json(&name) {
                self.document(&name, entry, &|error| damaged(format!("{name}: {error}")))?;
            }
        }
        match extents.gap_before(archive.central_directory_start()) {
            Some(gap) => Err(damaged(gap).into()),
            None => Ok(()),
        }
    }

    fn document(
        &mut self,
        name: &str,
        mut from: impl Read,
        broken: &dyn Fn(io::Error) -> FeedError,
    ) -> Result<(), E> {
        self.count_entry()?;
        let mut text = Vec::new();
        let most = MAX_DOCUMENT_BYTES as u64;
        from.by_ref().take(most + 1).read_to_end(&mut text).map_err(broken)?;
        self.count_bytes(text.len() as u64)?;
        if text.len() as u64 <= most {
            return (self.each)(Document { name: name.to_owned(), text, holds: Holds::Anything });
        }
        self.long_document(name, &text, from, broken)
    }

    /// A file of many records. Each is handed over as it comes.
    fn long_document(
        &mut self,
        name: &str,
        start: &[u8],
        from: impl Read,
        broken: &dyn Fn(io::Error) -> FeedError,
    ) -> Result<(), E> {
        let tally = list::Tally::default();
        let from = list::Bounded {
            from: start.chain(from),
            tally: &tally,
            total: self.most_bytes(start.len() as u64),
            record: (MAX_DOCUMENT_BYTES as u64, "the allowed number of bytes in one record"),
        };
        let text = serde_json::de::IoRead::new(BufReader::with_capacity(64 << 10, from));
        let each = &mut |record: Box<RawValue>| {
            tally.since_record.set(0);
            let text = Box::<str>::from(record).into_string().into_bytes();
            (self.each)(Document { name: name.to_owned(), text, holds: Holds::Record })
        };
        let read = match first_byte(start) {
            Some(b'[') => list::array(text, each),
            _ => list::sequence(text, each),
        };
        self.bytes += tally.total.get().saturating_sub(start.len() as u64);
        match (read, tally.exceeded.get()) {
            (Ok(()), _) => Ok(()),
            (_, Some(what)) => Err(self.too_large(what).into()),
            (Err(Stopped::Refused(error)), _) => Err(error),
            (Err(Stopped::Json(error)), _) if error.is_io() => Err(broken(error.into()).into()),
            (Err(Stopped::Json(error)), _) => {
                let reason = not_json(start, error);
                Err(FeedError::Document { document: name.to_owned(), reason }.into())
            }
        }
    }

    /// How many bytes a file may have of which some are counted already.
    fn most_bytes(&self, counted: u64) -> (u64, &'static str) {
        let left = |limit: u64| limit.saturating_sub(self.bytes) + counted;
        let expanded = self.packed.map(|packed| {
            let most = packed.saturating_mul(self.limits.expansion).max(UNSUSPECTED_BYTES);
            (left(most), EXPANSION)
        });
        [(self.limits.file_bytes, FILE_BYTES), (left(self.limits.total_bytes), TOTAL_BYTES)]
            .into_iter()
            .chain(expanded)
            .min()
            .expect("two limits always hold")
    }
}

fn is_json(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    ["json", "jsonl", "ndjson"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// Hands every record of a document to `each`: an OSV record, a list of them, one per line, an answer of OSV's API,
/// and the older formats of [`crate::legacy`].
///
/// # Errors
/// A document that is none of these, or that holds one record that cannot be read.
pub fn records(document: &Document, each: &mut dyn FnMut(Record, Vec<Remark>)) -> Result<(), FeedError> {
    let read = match document.holds {
        Holds::Anything => read_document(&document.name, strip_byte_order_mark(&document.text), each),
        Holds::Record => osv::parse(&document.text)
            .map(|(record, remarks)| each(record, remarks))
            .map_err(DocumentError::from),
    };
    read.map_err(|reason| FeedError::Document { document: document.name.clone(), reason })
}

type Each<'a> = &'a mut dyn FnMut(Record, Vec<Remark>);

fn first_byte(text: &[u8]) -> Option<u8> {
    text.iter().copied().find(|byte| !byte.is_ascii_whitespace())
}

fn not_json(text: &[u8], error: serde_json::Error) -> DocumentError {
    if first_byte(text) == Some(b'<') { DocumentError::Page } else { DocumentError::Json(error) }
}

fn read_document(name: &str, text: &[u8], each: Each<'_>) -> Result<(), DocumentError> {
    let first = first_byte(text);
    if first == Some(b'{')
        && text.len() <= osv::MAX_RECORD_BYTES
        && let Ok((record, remarks)) = osv::parse(text)
    {
        each(record, remarks);
        return Ok(());
    }
    if first == Some(b'[') {
        return read_array(text, each);
    }
    // One object, or one per line.
    let mut objects = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
    let one = objects.next().ok_or(DocumentError::Unknown)?.map_err(|error| not_json(text, error))?;
    if objects.next().is_none() {
        return read_object(stem(name), one.get(), each);
    }
    let mut list = List::new(each);
    let read = list::sequence(SliceRead::new(text), &mut |object: &RawValue| list.take(object.get()));
    list.finish(read, text)
}

/// The name of a file without folders and ending; entries of the Node.js core index have their number there.
fn stem(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.split('.').next().unwrap_or(file)
}

fn read_array(text: &[u8], each: Each<'_>) -> Result<(), DocumentError> {
    let mut list = List::new(each);
    let read = list::array(SliceRead::new(text), &mut |object: &RawValue| list.take(object.get()));
    list.finish(read, text)
}

/// Records of a list. In the older formats several entries can speak of one flaw in several packages.
struct List<'a> {
    each: Each<'a>,
    /// How many elements came so far.
    count: usize,
    legacy: Vec<Record>,
    /// Where in `legacy` an id stands.
    place_of: rustc_hash::FxHashMap<String, usize>,
}

impl<'a> List<'a> {
    fn new(each: Each<'a>) -> Self {
        Self { each, count: 0, legacy: Vec::new(), place_of: rustc_hash::FxHashMap::default() }
    }

    fn take(&mut self, text: &str) -> Result<(), DocumentError> {
        self.count += 1;
        let error = match osv::parse(text.as_bytes()) {
            Ok((record, remarks)) => {
                (self.each)(record, remarks);
                return Ok(());
            }
            Err(error) => error,
        };
        match old_format(text) {
            Some(Old::Range) => {
                let record = range_record(text)?;
                let place = *self.place_of.entry(record.id.clone()).or_insert(self.legacy.len());
                match self.legacy.get_mut(place) {
                    Some(known) => merge(known, record),
                    None => self.legacy.push(record),
                }
            }
            Some(Old::Core) => (self.each)(core_record(text, &self.count.to_string())?, Vec::new()),
            Some(Old::NotAffected) => {}
            None => return Err(error.into()),
        }
        Ok(())
    }

    fn finish(self, read: Result<(), Stopped<DocumentError>>, text: &[u8]) -> Result<(), DocumentError> {
        match read {
            Ok(()) => {
                self.legacy.into_iter().for_each(|record| (self.each)(record, Vec::new()));
                Ok(())
            }
            Err(Stopped::Refused(error)) => Err(error),
            Err(Stopped::Json(error)) => Err(not_json(text, error)),
        }
    }
}

fn merge(known: &mut Record, record: Record) {
    for package in record.packages {
        match known.packages.iter_mut().find(|other| other.name == package.name) {
            Some(other) => {
                other.intervals.extend(package.intervals);
                other.intervals = crate::interval::union(std::mem::take(&mut other.intervals));
                other.stated_fixes.extend(package.stated_fixes);
            }
            None => known.packages.push(package),
        }
    }
    for alias in record.aliases {
        if !known.aliases.contains(&alias) {
            known.aliases.push(alias);
        }
    }
}

/// One object that is no OSV record: an older format, an answer of OSV's API, or an index of an older format.
fn read_object(stem: &str, text: &str, each: Each<'_>) -> Result<(), DocumentError> {
    let error = match osv::parse(text.as_bytes()) {
        Ok((record, remarks)) => {
            each(record, remarks);
            return Ok(());
        }
        Err(error) => error,
    };
    match old_format(text) {
        Some(Old::Range) => each(range_record(text)?, Vec::new()),
        Some(Old::Core) => each(core_record(text, stem)?, Vec::new()),
        Some(Old::NotAffected) => {}
        None => return read_index(text, error, each),
    }
    Ok(())
}

/// `{"vulns": [...]}`, or an object whose values are entries of an older format by their numbers.
fn read_index(text: &str, error: OsvError, each: Each<'_>) -> Result<(), DocumentError> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        vulns: &'a RawValue,
    }
    if let Ok(answer) = serde_json::from_str::<Answer<'_>>(text)
        && answer.vulns.get().starts_with('[')
    {
        return read_array(answer.vulns.get().as_bytes(), each);
    }
    let Ok(entries) = serde_json::from_str::<std::collections::BTreeMap<String, &RawValue>>(text) else {
        return Err(error.into());
    };
    if entries.is_empty() {
        return Err(DocumentError::Unknown);
    }
    for (number, entry) in entries {
        match old_format(entry.get()) {
            Some(Old::Range) => each(range_record(entry.get())?, Vec::new()),
            Some(Old::Core) => each(core_record(entry.get(), &number)?, Vec::new()),
            Some(Old::NotAffected) => {}
            None => return Err(error.into()),
        }
    }
    Ok(())
}

enum Old {
    /// An npm package and a node-semver range.
    Range,
    /// Node.js itself.
    Core,
    /// A statement that Node.js is not affected by a flaw in something it contains.
    NotAffected,
}

fn old_format(text: &str) -> Option<Old> {
    #[derive(Deserialize)]
    struct Probe {
        #[serde(alias = "module_name")]
        name: Option<IgnoredAny>,
        #[serde(alias = "vulnerable_versions")]
        range: Option<IgnoredAny>,
        vulnerable: Option<IgnoredAny>,
        cve: Option<IgnoredAny>,
        reason: Option<IgnoredAny>,
    }
    let probe: Probe = serde_json::from_str(text).ok()?;
    if probe.name.is_some() && probe.range.is_some() {
        Some(Old::Range)
    } else if probe.vulnerable.is_some() {
        Some(Old::Core)
    } else if probe.cve.is_some() && probe.reason.is_some() {
        Some(Old::NotAffected)
    } else {
        None
    }
}

fn range_record(text: &str) -> Result<Record, DocumentError> {
    let advisory: RangeAdvisory = serde_json::from_str(text).map_err(OsvError::Json)?;
    let id = advisory.id_text();
    advisory.into_record().map_err(|error| DocumentError::Legacy { id, error })
}

fn core_record(text: &str, number: &str) -> Result<Record, DocumentError> {
    let advisory: CoreAdvisory = serde_json::from_str(text).map_err(OsvError::Json)?;
    advisory
        .into_record(number)
        .map_err(|error| DocumentError::Legacy { id: format!("NSWG-COR-{number:.40}"), error })
}

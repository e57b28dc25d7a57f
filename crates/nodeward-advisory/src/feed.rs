//! Feeds: a zip archive, a folder or a file of advisories, as documents and as records.
//!
//! A feed is read whole or not at all: what cannot be read is an error that names it.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::legacy::{CoreAdvisory, LegacyError, RangeAdvisory};
use crate::osv::{self, OsvError, Remark, strip_byte_order_mark};
use crate::record::Record;

/// How much of a feed is taken.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Files in an archive or folder.
    pub entries: usize,
    /// Bytes of one file that may hold many records.
    pub file_bytes: u64,
    /// Bytes of all files.
    pub total_bytes: u64,
    /// How deep folders nest.
    pub depth: usize,
}

impl Default for Limits {
    /// Several times what the largest public feed has.
    fn default() -> Self {
        Self { entries: 2_000_000, file_bytes: 1 << 30, total_bytes: 8 << 30, depth: 16 }
    }
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
    #[error("the archive {path} is damaged: {reason}")]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong, and with which entry.
        reason: String,
    },
    /// More than [`Limits`] allow.
    #[error("{path} has more than {what}")]
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
    /// JSON that holds something else.
    #[error("no advisory: neither OSV, nor the Node.js Security WG's formats")]
    Unknown,
}

/// What takes a document: its name and its bytes.
type Take<'a, E> = dyn FnMut(&str, Vec<u8>) -> Result<(), E> + 'a;

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
    let mut reading = Reading { root: path, limits, entries: 0, bytes: 0, each };
    if metadata.is_dir() {
        reading.folder(path, 0)
    } else if is_zip(path)? {
        reading.archive(path)
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
    entries: usize,
    bytes: u64,
    each: &'a mut Take<'a, E>,
}

impl<E: From<FeedError>> Reading<'_, E> {
    fn count(&mut self, bytes: u64) -> Result<(), FeedError> {
        let too_large = |what| FeedError::TooLarge { path: self.root.to_owned(), what };
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(too_large("the allowed number of files"));
        }
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.limits.total_bytes {
            return Err(too_large("the allowed number of bytes"));
        }
        Ok(())
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
        let read = || -> io::Result<Vec<u8>> {
            let mut bytes = Vec::new();
            File::open(path)?.take(self.limits.file_bytes + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().map_err(|source| read_error(path, source))?;
        if bytes.len() as u64 > self.limits.file_bytes {
            return Err(
                FeedError::TooLarge { path: path.to_owned(), what: "the allowed number of bytes" }.into()
            );
        }
        self.count(bytes.len() as u64)?;
        (self.each)(&path.to_string_lossy(), bytes)
    }

    fn archive(&mut self, path: &Path) -> Result<(), E> {
        let damaged = |reason: String| FeedError::Archive { path: path.to_owned(), reason };
        let file = File::open(path).map_err(|source| read_error(path, source))?;
        let mut archive =
            zip::ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(error.to_string()))?;
        for index in 0..archive.len() {
            let entry = archive.by_index(index).map_err(|error| damaged(error.to_string()))?;
            let name = entry.name().map_err(|error| damaged(error.to_string()))?.into_owned();
            if !entry.is_file() || !is_json(&name) {
                continue;
            }
            // The size that the archive states bounds nothing; reading does.
            let mut bytes = Vec::with_capacity(entry.size().min(1 << 20) as usize);
            entry
                .take(self.limits.file_bytes + 1)
                .read_to_end(&mut bytes)
                .map_err(|error| damaged(format!("{name}: {error}")))?;
            if bytes.len() as u64 > self.limits.file_bytes {
                let what = "the allowed number of bytes in one file";
                return Err(FeedError::TooLarge { path: path.to_owned(), what }.into());
            }
            self.count(bytes.len() as u64)?;
            (self.each)(&name, bytes)?;
        }
        Ok(())
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
pub fn records(
    name: &str,
    document: &[u8],
    each: &mut dyn FnMut(Record, Vec<Remark>),
) -> Result<(), FeedError> {
    let text = strip_byte_order_mark(document);
    read_document(name, text, each)
        .map_err(|reason| FeedError::Document { document: name.to_owned(), reason })
}

type Each<'a> = &'a mut dyn FnMut(Record, Vec<Remark>);

fn read_document(name: &str, text: &[u8], each: Each<'_>) -> Result<(), DocumentError> {
    let first = text.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(b'{')
        && text.len() <= osv::MAX_RECORD_BYTES
        && let Ok((record, remarks)) = osv::parse(text)
    {
        each(record, remarks);
        return Ok(());
    }
    if first == Some(b'[') {
        let list: Vec<&RawValue> = serde_json::from_slice(text).map_err(DocumentError::Json)?;
        return read_list(&list, each);
    }
    // One object, or one per line.
    let mut objects = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
    let mut list = Vec::new();
    for object in &mut objects {
        list.push(object.map_err(DocumentError::Json)?);
    }
    match list.as_slice() {
        [] => Err(DocumentError::Unknown),
        [one] => read_object(stem(name), one.get(), each),
        many => read_list(many, each),
    }
}

/// The name of a file without folders and ending; entries of the Node.js core index have their number there.
fn stem(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.split('.').next().unwrap_or(file)
}

/// Records of a list. In the older formats several entries can speak of one flaw in several packages.
fn read_list(list: &[&RawValue], each: Each<'_>) -> Result<(), DocumentError> {
    let mut legacy: Vec<Record> = Vec::new();
    let mut place_of = rustc_hash::FxHashMap::default();
    for (number, object) in list.iter().enumerate() {
        let text = object.get();
        match osv::parse(text.as_bytes()) {
            Ok((record, remarks)) => each(record, remarks),
            Err(error) => match old_format(text) {
                Some(Old::Range) => {
                    let record = range_record(text)?;
                    let place = *place_of.entry(record.id.clone()).or_insert(legacy.len());
                    match legacy.get_mut(place) {
                        Some(known) => merge(known, record),
                        None => legacy.push(record),
                    }
                }
                Some(Old::Core) => each(core_record(text, &(number + 1).to_string())?, Vec::new()),
                Some(Old::NotAffected) => {}
                None => return Err(error.into()),
            },
        }
    }
    legacy.into_iter().for_each(|record| each(record, Vec::new()));
    Ok(())
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
        vulns: Vec<&'a RawValue>,
    }
    if let Ok(answer) = serde_json::from_str::<Answer<'_>>(text) {
        return read_list(&answer.vulns, each);
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

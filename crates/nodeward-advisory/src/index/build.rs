//! Collecting records for an index.
//!
//! Of each record only what sorting, joining and matching need stays in memory; its body goes to a spill, which
//! is a file for real feeds.

use std::fs::File;
use std::io::{Cursor, Seek, Write};

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::{Index, IndexError, IndexInfo, SourceInfo, write};
use crate::codec::Encoder;
use crate::osv::{self, OsvError, Remark};
use crate::record::Record;

/// Remarks kept; beyond, they are only counted.
const MAX_REMARKS: usize = 1000;

/// What came of a build.
#[derive(Debug, Clone)]
pub struct BuildSummary {
    /// What is in the index.
    pub info: IndexInfo,
    /// Odd records, the first thousand.
    pub remarks: Vec<Remark>,
    /// How many remarks there were.
    pub remark_count: usize,
}

/// Why an index cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A record cannot be read.
    #[error(transparent)]
    Osv(#[from] OsvError),
    /// The index that records were to be taken over from is damaged.
    #[error("cannot take over records: {0}")]
    Index(#[from] IndexError),
    /// The index or the spill cannot be written or read.
    #[error("cannot write the index: {0}")]
    Write(#[from] std::io::Error),
    /// More than the format has room for.
    #[error("too many records for one index")]
    TooMany,
}

/// Collects records and makes an index of them.
#[derive(Debug)]
pub struct IndexBuilder {
    pub(super) records: Vec<Pending>,
    /// Package names, each once.
    pub(super) names: Names,
    pub(super) spill: Spill,
    sources: Vec<SourceInfo>,
    by_id: FxHashMap<(u32, Box<str>), u32>,
    remarks: Vec<Remark>,
    remark_count: usize,
}

/// What is remembered of a record.
#[derive(Debug)]
pub(super) struct Pending {
    /// Id, then aliases.
    pub(super) ids: Box<[Box<str>]>,
    pub(super) mentions: Box<[Box<str>]>,
    pub(super) packages: Box<[PendingPackage]>,
    pub(super) body: (u64, u32),
    pub(super) malware: bool,
    pub(super) withdrawn: bool,
    modified: Option<Timestamp>,
    source: u32,
    /// A newer record of the same source and id took its place.
    pub(super) replaced: bool,
}

#[derive(Debug)]
pub(super) struct PendingPackage {
    pub(super) name: u32,
    /// Ranges and versions, encoded.
    pub(super) versions: Box<[u8]>,
}

#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: FxHashMap<Box<str>, u32>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.numbers.len() as u32;
        self.numbers.insert(name.into(), number);
        number
    }

    /// The names by their numbers.
    pub(super) fn list(&self) -> Vec<&str> {
        let mut list = vec![""; self.numbers.len()];
        for (name, number) in &self.numbers {
            list[*number as usize] = name;
        }
        list
    }
}

/// Where bodies wait for being put in order.
#[derive(Debug)]
pub(super) enum Spill {
    Memory(Vec<u8>),
    File { writer: std::io::BufWriter<File>, length: u64 },
}

impl Spill {
    fn push(&mut self, body: &[u8]) -> std::io::Result<u64> {
        match self {
            Self::Memory(bytes) => {
                let offset = bytes.len() as u64;
                bytes.extend_from_slice(body);
                Ok(offset)
            }
            Self::File { writer, length } => {
                let offset = *length;
                writer.write_all(body)?;
                *length += body.len() as u64;
                Ok(offset)
            }
        }
    }
}

impl Default for IndexBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl IndexBuilder {
    /// A builder that keeps everything in memory.
    pub fn new() -> Self {
        Self::with(Spill::Memory(Vec::new()))
    }

    /// A builder that keeps the texts of records in a file: an empty one, opened for reading and writing, that
    /// nobody else uses.
    pub fn with_spill(file: File) -> Self {
        Self::with(Spill::File { writer: std::io::BufWriter::with_capacity(1 << 20, file), length: 0 })
    }

    fn with(spill: Spill) -> Self {
        Self {
            records: Vec::new(),
            names: Names::default(),
            spill,
            sources: Vec::new(),
            by_id: FxHashMap::default(),
            remarks: Vec::new(),
            remark_count: 0,
        }
    }

    /// Names a source, as of a time, even if it should give no record.
    pub fn source(&mut self, name: &str, updated: Timestamp) -> u32 {
        if let Some(known) = self.sources.iter().position(|source| source.name == name) {
            self.sources[known].updated = self.sources[known].updated.max(updated);
            return known as u32;
        }
        self.sources.push(SourceInfo { name: name.to_owned(), records: 0, newest: None, updated });
        (self.sources.len() - 1) as u32
    }

    /// Adds one OSV record from its JSON. A record that the same source gave before is replaced, unless the one
    /// given before changed later.
    ///
    /// # Errors
    /// A text that is no OSV record; a full disk.
    pub fn add_osv(&mut self, json: &[u8], source: &str) -> Result<(), BuildError> {
        let (record, remarks) = osv::parse(json)?;
        self.remark(remarks);
        self.add(record, source)
    }

    /// Notes what is odd about a record.
    pub fn remark(&mut self, remarks: Vec<Remark>) {
        self.remark_count += remarks.len();
        self.remarks.extend(remarks);
        self.remarks.truncate(MAX_REMARKS);
    }

    /// Adds one record under a source. One that is about no package that npm could have is left out.
    ///
    /// # Errors
    /// A full disk; more records than an index can hold.
    pub fn add(&mut self, mut record: Record, source: &str) -> Result<(), BuildError> {
        if record.packages.is_empty() {
            return Ok(());
        }
        record.source.clear();
        record.source.push_str(source);
        let body = record.encode();
        self.add_encoded(&record, &body)
    }

    /// Takes over records of an older index: those for which `keep` holds.
    ///
    /// # Errors
    /// Damage in the older index; a full disk.
    pub fn take_over(&mut self, old: &Index, keep: impl Fn(&Record) -> bool) -> Result<(), BuildError> {
        for source in &old.info().sources {
            self.source(&source.name, source.updated);
        }
        for id in old.record_ids() {
            let record = old.record(id)?;
            if keep(&record) {
                let body = record.encode();
                self.add_encoded(&record, &body)?;
            }
        }
        Ok(())
    }

    pub(crate) fn add_encoded(&mut self, record: &Record, body: &[u8]) -> Result<(), BuildError> {
        if body.len() > super::read::MAX_GROUP_BYTES / 2 {
            return Err(BuildError::Osv(OsvError::TooLarge));
        }
        let number = u32::try_from(self.records.len()).ok().filter(|number| *number < 1 << 28);
        let number = number.ok_or(BuildError::TooMany)?;
        let source = self.source(&record.source, Timestamp::MIN);
        if let Some(&earlier) = self.by_id.get(&(source, record.id.as_str().into())) {
            let earlier = &mut self.records[earlier as usize];
            if earlier.modified > record.modified {
                return Ok(());
            }
            earlier.replaced = true;
        }
        let offset = self.spill.push(body)?;
        self.by_id.insert((source, record.id.as_str().into()), number);
        let packages = record.packages.iter().map(|package| {
            let mut versions = Encoder::default();
            versions.intervals(&package.intervals);
            versions.texts(&package.versions);
            PendingPackage { name: self.names.number(&package.name), versions: versions.0.into() }
        });
        self.records.push(Pending {
            packages: packages.collect(),
            ids: record.ids().map(Box::from).collect(),
            mentions: record.mentions.iter().map(|mention| mention.as_str().into()).collect(),
            body: (offset, body.len() as u32),
            malware: record.malware,
            withdrawn: record.withdrawn.is_some(),
            modified: record.modified,
            source,
            replaced: false,
        });
        Ok(())
    }

    /// Forgets a source that has no records.
    pub fn forget(&mut self, name: &str) {
        if self.source_state(name).0 == 0
            && let Some(source) = self.sources.iter_mut().find(|source| source.name == name)
        {
            source.updated = Timestamp::MIN;
        }
    }

    /// How many records there are so far, replaced ones not counted.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The newest change and the number of records of one source so far.
    pub fn source_state(&self, name: &str) -> (u32, Option<Timestamp>) {
        let Some(number) = self.sources.iter().position(|source| source.name == name) else {
            return (0, None);
        };
        let own = self.records.iter().filter(|record| !record.replaced && record.source == number as u32);
        own.fold((0, None), |(count, newest), record| (count + 1, newest.max(record.modified)))
    }

    /// Makes the index in memory.
    ///
    /// # Errors
    /// More than an index can hold.
    pub fn finish(self, now: Timestamp) -> Result<(Vec<u8>, BuildSummary), BuildError> {
        let mut out = Cursor::new(Vec::new());
        let summary = self.finish_into(now, &mut out)?;
        Ok((out.into_inner(), summary))
    }

    /// Makes the index and writes it to a file or the like, from its beginning.
    ///
    /// # Errors
    /// A full disk; more than an index can hold.
    pub fn finish_into(
        mut self,
        now: Timestamp,
        out: &mut (impl Write + Seek),
    ) -> Result<BuildSummary, BuildError> {
        let info = self.summarise(now);
        let remarks = std::mem::take(&mut self.remarks);
        let remark_count = self.remark_count;
        let info = write::write(self, info, out)?;
        Ok(BuildSummary { info, remarks, remark_count })
    }

    fn summarise(&mut self, now: Timestamp) -> IndexInfo {
        self.by_id = FxHashMap::default();
        let mut sources = std::mem::take(&mut self.sources);
        let (mut malware, mut withdrawn, mut newest) = (0, 0, None);
        let mut count = 0;
        for record in self.records.iter().filter(|record| !record.replaced) {
            count += 1;
            malware += u32::from(record.malware && !record.withdrawn);
            withdrawn += u32::from(record.withdrawn);
            newest = newest.max(record.modified);
            let source = &mut sources[record.source as usize];
            source.records += 1;
            source.newest = source.newest.max(record.modified);
        }
        sources.retain(|source| source.records > 0 || source.updated > Timestamp::MIN);
        for source in &mut sources {
            if source.updated == Timestamp::MIN {
                source.updated = now;
            }
        }
        IndexInfo {
            format_version: super::FORMAT_VERSION,
            records: count,
            malware,
            withdrawn,
            names: 0,
            built: now,
            newest,
            sources,
        }
    }
}

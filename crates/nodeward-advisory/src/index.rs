//! The advisory index: one immutable file that answers by package name and by id.
//!
//! The file is made once by [`IndexBuilder`] and then only mapped and read. Opening looks at the header alone;
//! everything else is checked, by its own checksum, when it is touched, so that damage is told and never
//! misleads. `docs/formats/advisory-index.md` describes the bytes.

mod build;
mod format;
mod lookup;
mod mapping;
mod read;
mod write;

use std::path::PathBuf;

use jiff::Timestamp;
use nodeward_package::Version;

use crate::interval::Interval;

pub use build::{BuildError, BuildSummary, IndexBuilder};
pub use format::FORMAT_VERSION;
pub use read::Index;
pub(crate) use read::Inquiry;

/// Which record of an index. Only meaningful with the index that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub(crate) u32);

/// What is in an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexInfo {
    /// The version of the file format.
    pub format_version: u32,
    /// All records, withdrawn ones too.
    pub records: u32,
    /// Records about malware that are not withdrawn.
    pub malware: u32,
    /// Records that were taken back and match nothing.
    pub withdrawn: u32,
    /// Packages that some record is about.
    pub names: u32,
    /// When the index was built.
    pub built: Timestamp,
    /// When its newest record last changed.
    pub newest: Option<Timestamp>,
    /// Where the records come from.
    pub sources: Vec<SourceInfo>,
}

/// One source of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceInfo {
    /// Its name.
    pub name: String,
    /// How many records it gave.
    pub records: u32,
    /// When its newest record last changed.
    pub newest: Option<Timestamp>,
    /// When it was last read, whole or in part.
    pub updated: Timestamp,
}

/// One record that is about a package, with what is needed to tell whether a version is affected.
#[derive(Debug, Clone, PartialEq)]
pub struct Affected {
    /// The record.
    pub record: RecordId,
    /// The same number for records that are one flaw.
    pub identity: u32,
    /// The code is meant to harm.
    pub malware: bool,
    /// Affected runs of versions: separate, ascending.
    pub ranges: Vec<Interval>,
    /// Versions that are affected besides, as written.
    pub versions: Vec<Box<str>>,
}

impl Affected {
    /// Whether the version is affected.
    pub fn contains(&self, version: &Version) -> bool {
        self.ranges.iter().any(|range| range.contains(version))
            || self.versions.iter().any(|text| Version::parse(text).is_ok_and(|listed| listed == *version))
    }

    /// Whether a version that may be no SemVer is affected: such a text only if the record lists just it, or if
    /// all versions are affected.
    pub fn contains_text(&self, version: &str) -> bool {
        let listed = self.versions.iter().any(|text| **text == *version);
        listed || Version::parse(version).is_ok_and(|version| self.contains(&version))
    }

    /// Whether every version is affected.
    pub fn is_everything(&self) -> bool {
        self.ranges.iter().any(Interval::is_all)
    }
}

/// Why an index cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The file cannot be opened or mapped.
    #[error("cannot open the advisory index {path}: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is something else.
    #[error("this is no advisory index")]
    NotAnIndex,
    /// Made by another version of this program.
    #[error("the advisory index has format {found}, this program reads {FORMAT_VERSION}; rebuild it")]
    Format {
        /// The format that it has.
        found: u32,
    },
    /// Shorter or longer than its header says.
    #[error("the advisory index has {found} bytes where its header says {expected}; rebuild it")]
    Length {
        /// What the header says.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// A checksum or an offset is wrong.
    #[error("the advisory index is damaged ({part}); rebuild it")]
    Damaged {
        /// Where.
        part: &'static str,
    },
}

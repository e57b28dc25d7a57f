//! Versions, as node-semver reads and orders them.
//!
//! [`Version::parse`] accepts what node-semver's `parse` accepts and nothing else. There is no guessing here: a text
//! from which only a likely version can be made is for [`Version::coerce`], which says so in its name.

mod change;
mod coerce;
mod event;
mod identifier;
pub(crate) mod scan;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

pub use change::{IdentifierBase, IncrementError, PrereleaseTag, ReleaseType};
pub use coerce::{CoerceFrom, CoerceKeep, MAX_COERCED_BYTES};
pub use event::EventVersion;
pub use identifier::Identifier;
use scan::Scan;

/// The largest number that a part of a version may be, since node-semver counts in doubles.
pub const MAX_NUMBER: u64 = scan::MAX_SAFE_INTEGER;
/// The longest text of a version, in UTF-16 units as JavaScript counts.
pub const MAX_LENGTH: usize = 256;

/// How much is forgiven while reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Syntax {
    /// SemVer 2.0.0, with an optional leading `v`.
    #[default]
    Strict,
    /// Also `=v 01.2.3beta`, and in a range every comparator that makes no sense is dropped. What npm itself uses
    /// for versions in a packument.
    Loose,
}

/// A version (SemVer 2.0.0 as node-semver reads it). Ordering and equality are precedence: build metadata does
/// not count. The order is also the one that the events of an OSV record are in.
#[derive(Debug, Clone)]
pub struct Version {
    /// Major.
    pub major: u64,
    /// Minor.
    pub minor: u64,
    /// Patch.
    pub patch: u64,
    suffix: Suffix,
}

/// What follows the three numbers. Nearly every version that we hold has nothing there, and nearly every range has
/// an upper bound that ends in `-0`, so neither allocates.
#[derive(Debug, Clone)]
enum Suffix {
    None,
    /// The prerelease `0`, below which nothing of the same three numbers sorts.
    Lowest,
    Text(Arc<SuffixText>),
}

#[derive(Debug)]
struct SuffixText {
    prerelease: Box<[Identifier]>,
    build: Box<str>,
}

/// Why a text is no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// It does not have the shape of one.
    #[error("not a version")]
    Malformed,
    /// It is longer than [`MAX_LENGTH`].
    #[error("version is longer than {MAX_LENGTH} characters")]
    TooLong,
    /// A number in it is larger than [`MAX_NUMBER`].
    #[error("version has a number above {MAX_NUMBER}")]
    NumberTooBig,
}

impl Version {
    /// Reads a version strictly.
    ///
    /// # Errors
    /// Whatever node-semver's `parse` gives null for.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        Self::parse_with(text, Syntax::Strict)
    }

    /// Reads a version.
    ///
    /// # Errors
    /// Whatever node-semver's `parse` gives null for with that syntax.
    pub fn parse_with(text: &str, syntax: Syntax) -> Result<Self, VersionError> {
        if scan::is_longer_than(text, MAX_LENGTH) {
            return Err(VersionError::TooLong);
        }
        let mut scan = Scan::new(scan::trim(text));
        match syntax {
            Syntax::Strict => scan.skip_v(),
            Syntax::Loose => scan.skip_prefix(),
        }
        let separated = |scan: &mut Scan<'_>| scan.eat(b'.').then_some(());
        let mut numbers = || {
            let major = scan.digits(syntax)?;
            separated(&mut scan)?;
            let minor = scan.digits(syntax)?;
            separated(&mut scan)?;
            Some([major, minor, scan.patch(syntax)?])
        };
        let numbers = numbers().ok_or(VersionError::Malformed)?;
        let prerelease = scan.prerelease(syntax).ok_or(VersionError::Malformed)?;
        let build = scan.build();
        if !scan.is_done() {
            return Err(VersionError::Malformed);
        }
        Self::from_parts(numbers, prerelease, build)
    }

    /// Puts together what was found to have the shape of a version.
    pub(crate) fn from_parts(
        numbers: [&str; 3],
        prerelease: &str,
        build: &str,
    ) -> Result<Self, VersionError> {
        let value = |digits| scan::number(digits).ok_or(VersionError::NumberTooBig);
        let [major, minor, patch] = numbers;
        Ok(Self {
            major: value(major)?,
            minor: value(minor)?,
            patch: value(patch)?,
            suffix: Suffix::parse(prerelease, build),
        })
    }

    /// Reads a version from text that a person wrote around it: spaces and any number of `=` and `v` before it.
    ///
    /// # Errors
    /// Whatever node-semver's `clean` gives null for.
    pub fn clean(text: &str, syntax: Syntax) -> Result<Self, VersionError> {
        Self::parse_with(scan::trim(text).trim_start_matches(['=', 'v']), syntax)
    }

    /// A release proper. Numbers above [`MAX_NUMBER`] make a version that no text gives.
    pub fn new(major: u64, minor: u64, patch: u64) -> Self {
        Self { major, minor, patch, suffix: Suffix::None }
    }

    /// The least version with these three numbers: `1.2.3-0`.
    pub(crate) fn lowest(major: u64, minor: u64, patch: u64) -> Self {
        Self { major, minor, patch, suffix: Suffix::Lowest }
    }

    /// The same three numbers with other identifiers, and no build.
    pub(crate) fn with_prerelease(&self, prerelease: Vec<Identifier>) -> Self {
        Self { suffix: Suffix::new(prerelease, ""), ..Self::new(self.major, self.minor, self.patch) }
    }

    /// The parts after the dash; empty for a release proper.
    pub fn prerelease(&self) -> &[Identifier] {
        match &self.suffix {
            Suffix::None => &[],
            Suffix::Lowest => const { &[Identifier::Number(0)] },
            Suffix::Text(text) => &text.prerelease,
        }
    }

    /// Whether there are parts after the dash.
    pub fn is_prerelease(&self) -> bool {
        !self.prerelease().is_empty()
    }

    /// Build metadata, the text after the plus; empty where there is none.
    pub fn build(&self) -> &str {
        match &self.suffix {
            Suffix::None | Suffix::Lowest => "",
            Suffix::Text(text) => &text.build,
        }
    }

    /// The text without build metadata: what node-semver calls the `version` of a version.
    pub fn canonical(&self) -> impl fmt::Display + '_ {
        Canonical(self)
    }

    /// Whether major, minor and patch are the same.
    pub fn same_numbers(&self, other: &Self) -> bool {
        (self.major, self.minor, self.patch) == (other.major, other.minor, other.patch)
    }

    /// Precedence, then build metadata, as node-semver's `compareBuild`: for a stable order of what precedence holds
    /// equal.
    pub fn compare_build(&self, other: &Self) -> Ordering {
        let parts = |build: &str| {
            build.split('.').filter(|part| !part.is_empty()).map(Identifier::verbatim).collect::<Vec<_>>()
        };
        self.cmp(other).then_with(|| parts(self.build()).cmp(&parts(other.build())))
    }

    fn numbers(&self) -> (u64, u64, u64) {
        (self.major, self.minor, self.patch)
    }
}

impl Suffix {
    fn parse(prerelease: &str, build: &str) -> Self {
        match (prerelease, build) {
            ("", "") => Self::None,
            ("0", "") => Self::Lowest,
            ("", _) => Self::new(Vec::new(), build),
            _ => Self::new(prerelease.split('.').map(Identifier::parse).collect(), build),
        }
    }

    fn new(prerelease: Vec<Identifier>, build: &str) -> Self {
        match (prerelease.as_slice(), build) {
            ([], "") => Self::None,
            ([Identifier::Number(0)], "") => Self::Lowest,
            _ => Self::Text(Arc::new(SuffixText { prerelease: prerelease.into(), build: build.into() })),
        }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers().cmp(&other.numbers()).then_with(|| match (&self.suffix, &other.suffix) {
            (Suffix::None, Suffix::None) | (Suffix::Lowest, Suffix::Lowest) => Ordering::Equal,
            _ => match (self.prerelease(), other.prerelease()) {
                ([], []) => Ordering::Equal,
                ([], _) => Ordering::Greater,
                (_, []) => Ordering::Less,
                (ours, theirs) => ours.cmp(theirs),
            },
        })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.numbers(), self.prerelease()).hash(state);
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

struct Canonical<'v>(&'v Version);

impl fmt::Display for Canonical<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.0;
        write!(f, "{}.{}.{}", version.major, version.minor, version.patch)?;
        for (index, part) in version.prerelease().iter().enumerate() {
            write!(f, "{}{part}", if index == 0 { '-' } else { '.' })?;
        }
        Ok(())
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Canonical(self).fmt(f)?;
        match self.build() {
            "" => Ok(()),
            build => write!(f, "+{build}"),
        }
    }
}

//! Versions, as node-semver reads and orders them.

use std::cmp::Ordering;
use std::fmt;

/// A version (SemVer 2.0.0 as node-semver reads it). Ordering and equality are precedence: build metadata does
/// not count.
#[derive(Debug, Clone)]
pub struct Version {
    /// Major.
    pub major: u64,
    /// Minor.
    pub minor: u64,
    /// Patch.
    pub patch: u64,
    prerelease: Box<[Identifier]>,
    build: Box<str>,
}

/// One dot-separated part of a prerelease.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identifier {
    /// Digits only; sorts before text.
    Number(u64),
    /// Anything else, by ASCII.
    Text(Box<str>),
}

/// Why a text is no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a version")]
pub struct VersionError;

impl Version {
    /// Reads a version strictly.
    ///
    /// # Errors
    /// Whatever node-semver's `parse` gives null for.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let text = text.trim().trim_start_matches(['v', '=']).trim();
        let (text, build) = text.split_once('+').unwrap_or((text, ""));
        let (core, prerelease) = text.split_once('-').unwrap_or((text, ""));
        let mut numbers = core.split('.').map(|part| part.parse::<u64>().map_err(|_| VersionError));
        let mut next = || numbers.next().unwrap_or(Err(VersionError));
        let (major, minor, patch) = (next()?, next()?, next()?);
        let prerelease = prerelease
            .split('.')
            .filter(|part| !part.is_empty())
            .map(|part| {
                part.parse().map(Identifier::Number).unwrap_or_else(|_| Identifier::Text(part.into()))
            })
            .collect();
        Ok(Self { major, minor, patch, prerelease, build: build.into() })
    }

    /// The parts after the dash; empty for a release proper.
    pub fn prerelease(&self) -> &[Identifier] {
        &self.prerelease
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let core = (self.major, self.minor, self.patch).cmp(&(other.major, other.minor, other.patch));
        core.then_with(|| match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => self.prerelease.cmp(&other.prerelease),
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
impl std::hash::Hash for Version {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.major, self.minor, self.patch, &self.prerelease).hash(state);
    }
}
impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        for (index, part) in self.prerelease.iter().enumerate() {
            write!(f, "{}{part}", if index == 0 { '-' } else { '.' })?;
        }
        if !self.build.is_empty() {
            write!(f, "+{}", self.build)?;
        }
        Ok(())
    }
}

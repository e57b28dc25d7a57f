//! Ranges, as node-semver decides them.
//!
//! A range is a choice of sets, a set is comparators that all hold. Everything else in npm's grammar (`^`, `~`, `x`,
//! `1 - 2`) is rewritten to those while reading, and the rewriting is node-semver's own, its oddities included: what
//! npm would install is the question, and a reading that is more sensible than npm's answers another one.

mod comparator;
mod outside;
mod parse;
mod select;
mod subset;
mod text;
mod token;

use std::fmt;
use std::str::FromStr;

pub use crate::version::Syntax;
use crate::version::{MAX_NUMBER, Version, VersionError};
pub use comparator::{Comparator, Operator};
pub use outside::Side;
pub use select::simplify;

/// The longest text of a range, in bytes. node-semver has no such limit; the longest range in npm's own packuments is
/// a few hundred.
pub const MAX_RANGE_BYTES: usize = 64 * 1024;
/// The most comparators that a range may have. node-semver has no such limit.
pub const MAX_COMPARATORS: usize = 4096;

/// Which prereleases a range may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Prereleases {
    /// Only those of the three numbers for which the range itself names a prerelease: `1.2.3-b` for `>=1.2.3-a`.
    #[default]
    WhereNamed,
    /// All that lie between its bounds (node-semver's `includePrerelease`).
    Everywhere,
}

/// How a range is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RangeOptions {
    /// How much is forgiven.
    pub syntax: Syntax,
    /// Which prereleases it holds.
    pub prereleases: Prereleases,
}

/// A set of versions: `^1.2.3 || >=4`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Range {
    /// The comparators of all sets, one set after the other.
    comparators: Vec<Comparator>,
    /// Where each set but the first starts; empty for nearly every range.
    starts: Vec<u32>,
    prereleases: Prereleases,
}

/// Why a text is no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// It does not have the shape of one.
    #[error("not a range")]
    Malformed,
    /// It is longer than [`MAX_RANGE_BYTES`].
    #[error("range is longer than {MAX_RANGE_BYTES} bytes")]
    TooLong,
    /// It has more comparators than [`MAX_COMPARATORS`].
    #[error("range has more than {MAX_COMPARATORS} comparators")]
    TooManyComparators,
    /// A bound of it, written or implied, is no version.
    #[error("range has a bound with a number above {MAX_NUMBER} or with too long a text")]
    Bound(#[source] VersionError),
}

impl Range {
    /// Reads a range strictly, prereleases excluded as npm does by default.
    ///
    /// # Errors
    /// Whatever node-semver's `validRange` gives null for; and beyond [`MAX_RANGE_BYTES`] and [`MAX_COMPARATORS`].
    pub fn parse(text: &str) -> Result<Self, RangeError> {
        Self::parse_with(text, RangeOptions::default())
    }

    /// Reads a range.
    ///
    /// # Errors
    /// Whatever node-semver's `validRange` gives null for with those options; and beyond [`MAX_RANGE_BYTES`] and
    /// [`MAX_COMPARATORS`].
    pub fn parse_with(text: &str, options: RangeOptions) -> Result<Self, RangeError> {
        parse::range(text, options)
    }

    /// Whether the version is in the range.
    pub fn satisfies(&self, version: &Version) -> bool {
        self.sets().any(|set| holds_all(set, version, self.prereleases))
    }

    /// The sets of comparators that the range is a choice of. None is empty: what holds everything is one set with one
    /// comparator of [`Operator::Any`].
    pub fn sets(&self) -> impl Iterator<Item = &[Comparator]> {
        let starts = std::iter::once(0).chain(self.starts.iter().map(|&start| start as usize));
        let ends = self.starts.iter().map(|&start| start as usize);
        let ends = ends.chain(std::iter::once(self.comparators.len()));
        starts.zip(ends).map(|(start, end)| &self.comparators[start..end])
    }

    /// Which prereleases it holds.
    pub fn prereleases(&self) -> Prereleases {
        self.prereleases
    }

    /// Whether some version may be in both ranges, as node-semver's `intersects`: for ranges read with the same
    /// options. A range that is one exact prerelease intersects `*` only when `*` is asked, not the other way round.
    pub fn intersects(&self, other: &Self) -> bool {
        let prereleases = self.prereleases;
        let satisfiable = |set: &&[Comparator]| comparator::are_satisfiable(set, prereleases);
        let theirs: Vec<_> = other.sets().filter(satisfiable).collect();
        self.sets().filter(satisfiable).any(|ours| {
            theirs.iter().any(|theirs| {
                ours.iter().all(|our| theirs.iter().all(|their| our.intersects(their, prereleases)))
            })
        })
    }
}

/// Whether the version passes every comparator of one set, and may be there at all if it is a prerelease.
fn holds_all(set: &[Comparator], version: &Version, prereleases: Prereleases) -> bool {
    set.iter().all(|comparator| comparator.test(version))
        && (prereleases == Prereleases::Everywhere
            || !version.is_prerelease()
            || set.iter().any(|comparator| comparator.names_prerelease_of(version)))
}

impl FromStr for Range {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// The canonical text, node-semver's `validRange`.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [comparator] = self.comparators.as_slice()
            && comparator.operator() == Operator::Any
        {
            return f.write_str("*");
        }
        for (index, set) in self.sets().enumerate() {
            f.write_str(if index == 0 { "" } else { "||" })?;
            for (index, comparator) in set.iter().enumerate() {
                write!(f, "{}{comparator}", if index == 0 { "" } else { " " })?;
            }
        }
        Ok(())
    }
}

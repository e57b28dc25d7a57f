//! One bound, and whether two of them leave room for a version.

use std::fmt;

use super::{Prereleases, RangeError, RangeOptions, holds_all, token};
use crate::version::{Identifier, Version, scan};

/// How a comparator compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Not at all: everything passes.
    Any,
    /// The version itself.
    Exact,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// One bound of a range: `>=1.2.3`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Comparator {
    operator: Operator,
    version: Version,
}

impl Comparator {
    /// Reads one comparator, which names a version in full: `^1` or `1.x` is none.
    ///
    /// # Errors
    /// Whatever node-semver's `Comparator` throws for.
    pub fn parse(text: &str, options: RangeOptions) -> Result<Self, RangeError> {
        if text.len() > super::MAX_RANGE_BYTES {
            return Err(RangeError::TooLong);
        }
        let text = text.split(scan::is_space).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        token::comparator(&text, options.syntax).map_err(RangeError::from)
    }

    pub(super) fn new(operator: Operator, version: Version) -> Self {
        Self { operator, version }
    }

    /// What everything passes.
    pub(super) fn any() -> Self {
        Self::new(Operator::Any, Version::new(0, 0, 0))
    }

    /// How it compares.
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// What it compares with; `None` for [`Operator::Any`].
    pub fn version(&self) -> Option<&Version> {
        (self.operator != Operator::Any).then_some(&self.version)
    }

    /// What it compares with; 0.0.0 for [`Operator::Any`].
    pub(super) fn bound(&self) -> &Version {
        &self.version
    }

    /// Whether the version passes. Whether a prerelease may be there at all is for the range to say.
    pub fn test(&self, version: &Version) -> bool {
        match self.operator {
            Operator::Any => true,
            Operator::Exact => *version == self.version,
            Operator::Less => *version < self.version,
            Operator::LessOrEqual => *version <= self.version,
            Operator::Greater => *version > self.version,
            Operator::GreaterOrEqual => *version >= self.version,
        }
    }

    /// Whether some version may pass both, as node-semver's `intersects`. Not symmetric in one case: an exact
    /// prerelease does not intersect [`Operator::Any`] unless prereleases are held everywhere.
    pub fn intersects(&self, other: &Self, prereleases: Prereleases) -> bool {
        match (self.operator, other.operator) {
            (Operator::Any, _) => true,
            (Operator::Exact, _) => holds_all(std::slice::from_ref(other), &self.version, prereleases),
            (_, Operator::Any) => true,
            (_, Operator::Exact) => holds_all(std::slice::from_ref(self), &other.version, prereleases),
            _ if self.is_below_all(prereleases) || other.is_below_all(prereleases) => false,
            _ if self.is_lower_bound() == other.is_lower_bound() => true,
            _ if self.version == other.version => self.is_inclusive() && other.is_inclusive(),
            _ => (self.version < other.version) == self.is_lower_bound(),
        }
    }

    /// Whether it is `>` or `>=`.
    pub(super) fn is_lower_bound(&self) -> bool {
        matches!(self.operator, Operator::Greater | Operator::GreaterOrEqual)
    }

    /// Whether it is `<` or `<=`.
    pub(super) fn is_upper_bound(&self) -> bool {
        matches!(self.operator, Operator::Less | Operator::LessOrEqual)
    }

    pub(super) fn is_inclusive(&self) -> bool {
        matches!(self.operator, Operator::LessOrEqual | Operator::GreaterOrEqual)
    }

    /// Whether it is the comparator that nothing passes: `<0.0.0-0`.
    pub(super) fn is_null(&self) -> bool {
        self.operator == Operator::Less
            && self.version.same_numbers(&Version::new(0, 0, 0))
            && matches!(self.version.prerelease(), [Identifier::Number(0)])
    }

    fn is_below_all(&self, prereleases: Prereleases) -> bool {
        match prereleases {
            Prereleases::Everywhere => self.is_null(),
            Prereleases::WhereNamed => {
                self.operator == Operator::Less && self.version.same_numbers(&Version::new(0, 0, 0))
            }
        }
    }

    /// Whether its bound is a prerelease with the numbers of that version.
    pub(super) fn names_prerelease_of(&self, version: &Version) -> bool {
        self.version.is_prerelease() && self.version.same_numbers(version)
    }
}

/// Whether a version may pass all comparators, judged two by two.
pub(super) fn are_satisfiable(set: &[Comparator], prereleases: Prereleases) -> bool {
    set.iter()
        .enumerate()
        .all(|(index, last)| set[..index].iter().all(|earlier| last.intersects(earlier, prereleases)))
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any | Self::Exact => "",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}

impl fmt::Display for Comparator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.operator {
            Operator::Any => Ok(()),
            operator => write!(f, "{operator}{}", self.version.canonical()),
        }
    }
}

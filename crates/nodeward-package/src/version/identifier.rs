//! One dot-separated part of a prerelease, and how two of them compare.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use super::scan;

/// One dot-separated part of a prerelease.
///
/// The order is node-semver's: numbers before text, numbers by value, text by ASCII. Numbers too large to be exact
/// compare as the doubles nearest to them.
#[derive(Debug, Clone)]
pub enum Identifier {
    /// Digits only; sorts before text.
    Number(u64),
    /// Anything else, by ASCII. Digits only where the number is too large to be exact.
    Text(Box<str>),
}

impl Identifier {
    /// Reads one part. Leading zeros, which only the loose syntax lets in, are lost as they are in node-semver.
    pub(crate) fn parse(part: &str) -> Self {
        match scan::number(part) {
            Some(number) if number < scan::MAX_SAFE_INTEGER => Self::Number(number),
            _ => Self::Text(part.into()),
        }
    }

    /// Reads one part so that it prints as it was written.
    pub(crate) fn verbatim(part: &str) -> Self {
        match part {
            "0" => Self::Number(0),
            _ if part.starts_with('0') => Self::Text(part.into()),
            _ => Self::parse(part),
        }
    }

    fn value(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number as f64),
            Self::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
            Self::Text(_) => None,
        }
    }
}

impl Ord for Identifier {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.value(), other.value()) {
            (Some(ours), Some(theirs)) => ours.total_cmp(&theirs),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => match (self, other) {
                (Self::Text(ours), Self::Text(theirs)) => ours.cmp(theirs),
                _ => Ordering::Equal,
            },
        }
    }
}

impl PartialOrd for Identifier {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Identifier {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Identifier {}

impl Hash for Identifier {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match (self.value(), self) {
            (Some(value), _) => value.to_bits().hash(state),
            (None, Self::Text(text)) => text.hash(state),
            (None, Self::Number(number)) => number.hash(state),
        }
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

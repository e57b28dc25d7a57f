//! From one version to the next: which kind of step lies between two, and taking one.

use std::cmp::Ordering;
use std::str::FromStr;

use super::{Identifier, MAX_LENGTH, MAX_NUMBER, Syntax, Version, scan};

/// A kind of step from one version to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReleaseType {
    /// To the next major.
    Major,
    /// To a prerelease of the next major.
    Premajor,
    /// To the next minor.
    Minor,
    /// To a prerelease of the next minor.
    Preminor,
    /// To the next patch.
    Patch,
    /// To a prerelease of the next patch.
    Prepatch,
    /// To the next prerelease, of the next patch where there is none yet.
    Prerelease,
    /// From a prerelease to what it is a prerelease of. Only for [`Version::increment`].
    Release,
    /// To the next prerelease without touching the numbers, even if that is a step down. Only for
    /// [`Version::increment`].
    Pre,
}

/// npm's words for them.
const NAMES: [(&str, ReleaseType); 9] = [
    ("major", ReleaseType::Major),
    ("premajor", ReleaseType::Premajor),
    ("minor", ReleaseType::Minor),
    ("preminor", ReleaseType::Preminor),
    ("patch", ReleaseType::Patch),
    ("prepatch", ReleaseType::Prepatch),
    ("prerelease", ReleaseType::Prerelease),
    ("release", ReleaseType::Release),
    ("pre", ReleaseType::Pre),
];

/// Which number a fresh prerelease starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IdentifierBase {
    /// `beta.0`
    #[default]
    Zero,
    /// `beta.1`
    One,
    /// `beta`
    None,
}

/// How a step names the prereleases that it makes.
#[derive(Debug, Clone, Copy, Default)]
pub struct PrereleaseTag<'a> {
    /// The identifier: `beta`. Empty is as good as none.
    pub identifier: &'a str,
    /// The number after it.
    pub base: IdentifierBase,
    /// What the identifier may be.
    pub syntax: Syntax,
}

/// Why a step can't be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IncrementError {
    /// Neither an identifier nor a number was wanted.
    #[error("a prerelease needs an identifier or a number")]
    Nameless,
    /// The identifier can't be part of a prerelease.
    #[error("not an identifier of a prerelease")]
    BadIdentifier,
    /// The version is what the step would lead to.
    #[error("the version has that identifier already")]
    Unchanged,
    /// [`ReleaseType::Release`] of what is no prerelease.
    #[error("the version is not a prerelease")]
    NotPrerelease,
    /// The step leads to what is no version any more.
    #[error("the next version would be too large")]
    TooBig,
}

impl ReleaseType {
    /// npm's word for it.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    fn makes_prerelease(self) -> bool {
        self.name().starts_with("pre")
    }
}

/// Not one of npm's words for a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of release")]
pub struct UnknownReleaseType;

impl FromStr for ReleaseType {
    type Err = UnknownReleaseType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        NAMES.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind).ok_or(UnknownReleaseType)
    }
}

impl Version {
    /// The kind of step between two versions, in either direction. `None` where precedence holds them equal.
    pub fn difference(&self, other: &Self) -> Option<ReleaseType> {
        let (low, high) = match self.cmp(other) {
            Ordering::Equal => return None,
            Ordering::Less => (self, other),
            Ordering::Greater => (other, self),
        };
        if low.is_prerelease() && !high.is_prerelease() {
            // `1.0.0-1` is on the way to a major, whichever version it is compared with.
            if low.minor == 0 && low.patch == 0 {
                return Some(ReleaseType::Major);
            }
            if low.same_numbers(high) {
                return Some(if low.patch == 0 { ReleaseType::Minor } else { ReleaseType::Patch });
            }
        }
        let [plain, pre] = if low.major != high.major {
            [ReleaseType::Major, ReleaseType::Premajor]
        } else if low.minor != high.minor {
            [ReleaseType::Minor, ReleaseType::Preminor]
        } else if low.patch != high.patch {
            [ReleaseType::Patch, ReleaseType::Prepatch]
        } else {
            [ReleaseType::Prerelease; 2]
        };
        Some(if high.is_prerelease() { pre } else { plain })
    }

    /// The version with what is finer than that step set to zero and without its build: `1.2.3-a` to minor is `1.2.0`.
    /// `None` for the steps that name no place in a version.
    pub fn truncate(&self, to: ReleaseType) -> Option<Self> {
        match to {
            ReleaseType::Major => Some(Self::new(self.major, 0, 0)),
            ReleaseType::Minor => Some(Self::new(self.major, self.minor, 0)),
            ReleaseType::Patch => Some(Self::new(self.major, self.minor, self.patch)),
            ReleaseType::Release | ReleaseType::Pre => None,
            _ => Some(self.with_prerelease(self.prerelease().to_vec())),
        }
    }

    /// The next version by that step, as node-semver's `inc`; without a build.
    ///
    /// # Errors
    /// Whatever node-semver gives null for; and where the result would be no version, which node-semver prints all
    /// the same.
    pub fn increment(&self, step: ReleaseType, tag: PrereleaseTag<'_>) -> Result<Self, IncrementError> {
        if step.makes_prerelease() {
            tag.check()?;
        }
        let next = self.stepped(step, tag)?;
        let numbers_fit = [next.major, next.minor, next.patch].iter().all(|number| *number <= MAX_NUMBER);
        let fits = numbers_fit && next.to_string().len() <= MAX_LENGTH;
        fits.then_some(next).ok_or(IncrementError::TooBig)
    }

    fn stepped(&self, step: ReleaseType, tag: PrereleaseTag<'_>) -> Result<Self, IncrementError> {
        let Self { major, minor, patch, .. } = *self;
        let is_prerelease = self.is_prerelease();
        let next = match step {
            ReleaseType::Premajor => return Self::new(major + 1, 0, 0).next_prerelease(tag),
            ReleaseType::Preminor => return Self::new(major, minor + 1, 0).next_prerelease(tag),
            ReleaseType::Prepatch => return Self::new(major, minor, patch + 1).next_prerelease(tag),
            ReleaseType::Prerelease if !is_prerelease => {
                return Self::new(major, minor, patch + 1).next_prerelease(tag);
            }
            ReleaseType::Prerelease | ReleaseType::Pre => return self.next_prerelease(tag),
            ReleaseType::Release if !is_prerelease => return Err(IncrementError::NotPrerelease),
            ReleaseType::Release => Self::new(major, minor, patch),
            // A prerelease of the wanted version steps to that version, not past it.
            ReleaseType::Major if is_prerelease && minor == 0 && patch == 0 => Self::new(major, 0, 0),
            ReleaseType::Major => Self::new(major + 1, 0, 0),
            ReleaseType::Minor if is_prerelease && patch == 0 => Self::new(major, minor, 0),
            ReleaseType::Minor => Self::new(major, minor + 1, 0),
            ReleaseType::Patch if is_prerelease => Self::new(major, minor, patch),
            ReleaseType::Patch => Self::new(major, minor, patch + 1),
        };
        Ok(next)
    }

    fn next_prerelease(&self, tag: PrereleaseTag<'_>) -> Result<Self, IncrementError> {
        let mut parts = self.prerelease().to_vec();
        let counter = parts.iter_mut().rev().find_map(|part| match part {
            Identifier::Number(number) => Some(number),
            Identifier::Text(_) => None,
        });
        match counter {
            Some(number) => *number += 1,
            None => {
                let joined = || parts.iter().map(Identifier::to_string).collect::<Vec<_>>().join(".");
                let is_bare = tag.base == IdentifierBase::None && !parts.is_empty();
                if is_bare && joined() == tag.identifier {
                    return Err(IncrementError::Unchanged);
                }
                parts.push(tag.number());
            }
        }
        if !tag.identifier.is_empty() && !tag.is_counted_by(&parts) {
            parts = tag.identifier.split('.').map(Identifier::verbatim).collect();
            if tag.base != IdentifierBase::None {
                parts.push(tag.number());
            }
        }
        Ok(self.with_prerelease(parts))
    }
}

impl PrereleaseTag<'_> {
    fn check(self) -> Result<(), IncrementError> {
        if self.identifier.is_empty() {
            let is_nameless = self.base == IdentifierBase::None;
            return if is_nameless { Err(IncrementError::Nameless) } else { Ok(()) };
        }
        let is_identifier =
            |part: &str| part.bytes().all(scan::is_identifier_byte) && scan::is_identifier(part, self.syntax);
        let fits = self.identifier.split('.').all(is_identifier);
        fits.then_some(()).ok_or(IncrementError::BadIdentifier)
    }

    fn number(self) -> Identifier {
        Identifier::Number(u64::from(self.base == IdentifierBase::One))
    }

    /// Whether the prerelease is already the identifier with a number after it.
    fn is_counted_by(self, parts: &[Identifier]) -> bool {
        let wanted: Vec<_> = self.identifier.split('.').map(Identifier::verbatim).collect();
        let Some(rest) = parts.strip_prefix(wanted.as_slice()) else { return false };
        rest.first().is_some_and(|part| match part {
            Identifier::Number(_) => true,
            Identifier::Text(text) => is_javascript_number(text),
        })
    }
}

/// Whether JavaScript's `Number()` makes a number of the identifier, as of `1e5` and `0x10`.
fn is_javascript_number(text: &str) -> bool {
    let is_all = |text: &str, radix| !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
    for (prefixes, radix) in [(["0x", "0X"], 16), (["0o", "0O"], 8), (["0b", "0B"], 2)] {
        if let Some(digits) = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)) {
            return is_all(digits, radix);
        }
    }
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    text == "Infinity" || (is_all(mantissa, 10) && is_all(exponent.strip_prefix('-').unwrap_or(exponent), 10))
}

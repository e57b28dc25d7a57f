//! Which popular name a name could be mistaken for.
//!
//! A typosquat lives on one slip of the person who types: a letter, a separator, a `-js`. So a name is compared
//! with the [`popular`] ones by a fixed set of slips. Genuine packages look alike too; what keeps them out is
//! that a popular name is never suspicious, that a word which popular names are made of is no misspelling, and
//! that short or obscure targets need better evidence. Knows names only: nothing is said of what a package does.

mod key;
mod popular;
mod slips;

use nodeward_package::PackageName;

pub use popular::{is_popular, popular_names};

/// How a name differs from the popular one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slip {
    /// A letter too many.
    Insertion,
    /// A letter missing.
    Deletion,
    /// One letter for another.
    Substitution,
    /// The same letters in another order.
    Transposition,
    /// A character that looks like another: `0` for `o`, `rn` for `m`, a Cyrillic `а`.
    Homoglyph,
    /// `-`, `.` and `_` left out, put in or exchanged.
    Separator,
    /// `js` or `node` put before or after, or left out.
    Affix,
    /// The same words in another order.
    WordOrder,
    /// The scope left out, or written into the name.
    ScopeDropped,
    /// A scope one letter away from the real one.
    Scope,
}

impl Slip {
    /// What happened, to follow a name: `is TARGET with …`.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Insertion => "one letter added",
            Self::Deletion => "one letter missing",
            Self::Substitution => "one letter changed",
            Self::Transposition => "letters swapped",
            Self::Homoglyph => "a look-alike character",
            Self::Separator => "other separators",
            Self::Affix => "js or node added or left out",
            Self::WordOrder => "its words in another order",
            Self::ScopeDropped => "its scope left out",
            Self::Scope => "a look-alike scope",
        }
    }
}

/// How much a slip says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// Genuine packages are named so too.
    Weak,
    /// Seldom by chance.
    Fair,
    /// Hardly ever by chance.
    Strong,
}

/// A popular name that another could be mistaken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookAlike {
    /// The popular name.
    pub target: &'static str,
    /// Its place among the most downloaded, from 1.
    pub rank: usize,
    /// The difference.
    pub slip: Slip,
    /// What the difference says.
    pub strength: Strength,
}

/// The popular name that `name` is one slip away from; the strongest such slip, then the most popular target.
pub fn look_alike(name: &PackageName) -> Option<LookAlike> {
    look_alike_of(name.as_str())
}

fn look_alike_of(name: &str) -> Option<LookAlike> {
    if is_popular(name) {
        return None;
    }
    let mut best: Option<LookAlike> = None;
    slips::each(name, &mut |found| {
        let stronger = best.as_ref().is_none_or(|known| {
            found.strength > known.strength || (found.strength == known.strength && found.rank < known.rank)
        });
        if stronger {
            best = Some(found);
        }
    });
    best.filter(|_| !is_genuine(name))
}

/// Packages that we know to be what they say, although they stand one slip from a popular one and are not among
/// the popular themselves. One a line, sorted, with no more to it than the name.
const GENUINE: &str = include_str!("../data/genuine-names.txt");

fn is_genuine(name: &str) -> bool {
    GENUINE.lines().any(|known| known == name)
}

#[cfg(test)]
mod tests;

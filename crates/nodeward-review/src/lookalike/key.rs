//! Views of a name under which it can be found again after a slip, and their hashes.
//!
//! The build script puts the popular names into a table by these, and the crate looks there by the same: this file
//! is part of both. The hash is our own because the machine that builds need not be the kind that looks.

/// Separators within a name.
pub(super) const SEPARATORS: [char; 3] = ['-', '_', '.'];

/// A view of a name.
#[derive(Clone, Copy)]
pub(super) enum Key<'a> {
    /// The whole name, in parts.
    Whole(&'a [&'a str]),
    /// The first half of a name of this many bytes. One edit leaves one of the halves as it was, so two look-ups
    /// a length find every name that is one edit away without comparing with all.
    Head(usize, &'a str),
    /// The second half.
    Tail(usize, &'a str),
    /// The name, whatever its separators.
    Joined(&'a str),
    /// Its words, in whatever order.
    Words(&'a str),
    /// First letter, and all letters in whatever order.
    Letters(&'a str),
    /// What follows the scope.
    Unscoped(&'a str),
    /// A word that it is made of.
    Word(&'a str),
    /// Its scope.
    Scope(&'a str),
}

impl Key<'_> {
    /// Where the table has it.
    pub(super) fn slot(self) -> Slot {
        let hash = match self {
            Self::Whole(parts) => fold(seed(1), parts.iter().flat_map(|part| part.bytes())),
            Self::Head(length, text) => fold(seed(2) ^ length as u64, text.bytes()),
            Self::Tail(length, text) => fold(seed(3) ^ length as u64, text.bytes()),
            Self::Joined(text) => fold(seed(4), joined(text)),
            Self::Words(text) => sum(seed(5), words(text).map(|word| fold(0, word.bytes()))),
            Self::Letters(text) => {
                let first = text.bytes().next().map_or(0, u64::from);
                sum(seed(6) ^ first, text.bytes().map(u64::from))
            }
            Self::Unscoped(text) => fold(seed(7), text.bytes()),
            Self::Word(text) => fold(seed(8), text.bytes()),
            Self::Scope(text) => fold(seed(9), text.bytes()),
        };
        let hash = scatter(hash);
        Slot { bucket: (hash % BUCKETS as u64) as usize, mark: (hash >> 48) as u16 }
    }
}

/// Where the table has a key.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    pub(super) bucket: usize,
    /// Tells most other keys in the bucket apart; the names themselves are compared after.
    pub(super) mark: u16,
}

/// A handful of keys to each.
pub(super) const BUCKETS: usize = 1 << 14;

/// A name without its separators.
pub(super) fn joined(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(|byte| !SEPARATORS.contains(&char::from(*byte)))
}

/// The words of a name.
pub(super) fn words(name: &str) -> impl Iterator<Item = &str> + Clone {
    name.split(SEPARATORS)
}

fn seed(kind: u64) -> u64 {
    scatter(kind)
}

/// FNV-1a.
fn fold(seed: u64, bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The same for every order.
fn sum(seed: u64, parts: impl Iterator<Item = u64>) -> u64 {
    parts.fold(seed, |sum, part| sum.wrapping_add(scatter(part)))
}

fn scatter(number: u64) -> u64 {
    let mixed = (number ^ number >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

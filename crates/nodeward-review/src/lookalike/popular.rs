//! The most downloaded names, most downloaded first, and the ways to look them up.

use std::hash::{BuildHasher as _, Hash};
use std::sync::LazyLock;

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

/// One name a line, by downloads. A fact about npm as of October 2026.
const NAMES: &str = include_str!("../../data/popular-names.txt");

/// Separators within a name.
pub(super) const SEPARATORS: [char; 3] = ['-', '_', '.'];

static NAMED: LazyLock<Named> = LazyLock::new(Named::build);
/// Apart from the names: most projects have few that are not popular just so.
static KEYS: LazyLock<Keys> = LazyLock::new(Keys::build);
static WORDS: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| {
    let words = NAMES.split(|c: char| c.is_whitespace() || matches!(c, '@' | '/') || SEPARATORS.contains(&c));
    let mut all = FxHashSet::with_capacity_and_hasher(1 << 13, FxBuildHasher);
    all.extend(words.filter(|word| word.len() >= 2));
    all
});

/// Whether a name is among the most downloaded.
pub fn is_popular(name: &str) -> bool {
    NAMED.ranks.contains_key(name)
}

/// The most downloaded names, most downloaded first.
pub fn popular_names() -> impl Iterator<Item = &'static str> {
    NAMED.names.iter().copied()
}

/// Whether popular names are made of this word. A slip seldom makes one.
pub(super) fn is_word(word: &str) -> bool {
    WORDS.contains(word)
}

/// A popular name and its place, from 1.
#[derive(Clone, Copy)]
pub(super) struct Popular {
    pub(super) name: &'static str,
    pub(super) rank: usize,
}

/// A view of a name under which it can be found again after a slip.
#[derive(Clone, Copy, Hash)]
pub(super) enum Key<'a> {
    /// The first half of a name of this many bytes. One edit leaves one of the halves as it was, so two look-ups
    /// a length find every name that is one edit away without comparing with all.
    Head(usize, &'a str),
    /// The second half.
    Tail(usize, &'a str),
    /// The name without separators.
    Joined(&'a str),
    /// Its words, sorted.
    Words(&'a [&'a str]),
    /// First letter, and all letters sorted.
    Letters(u8, &'a [u8]),
    /// What follows the scope.
    Unscoped(&'a str),
}

struct Named {
    names: Vec<&'static str>,
    ranks: FxHashMap<&'static str, u16>,
    scopes: FxHashSet<&'static str>,
}

impl Named {
    fn build() -> Self {
        let names: Vec<&'static str> = NAMES.lines().filter(|line| !line.is_empty()).collect();
        let mut ranks = FxHashMap::with_capacity_and_hasher(names.len(), FxBuildHasher);
        let mut scopes = FxHashSet::default();
        for (index, name) in names.iter().copied().enumerate() {
            ranks.insert(name, u16::try_from(index).expect("the list is far shorter than 65,536"));
            scopes.extend(scope_and_name(name).map(|(scope, _)| scope));
        }
        Self { names, ranks, scopes }
    }
}

fn scope_and_name(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix('@')?.split_once('/')
}

/// Hash of a key and the name's index. A collision gives a wrong candidate, which is then compared.
type Hashed = (u64, u16);

/// The keys in buckets by their hash. Made at each start, where sorting them would take longer than all look-ups.
struct Keys {
    /// Where each bucket begins, and the last ends.
    starts: Vec<u32>,
    hashed: Vec<Hashed>,
}

/// A handful of keys to each.
const BUCKETS: usize = 1 << 14;

fn bucket(hash: u64) -> usize {
    hash as usize % BUCKETS
}

impl Keys {
    fn build() -> Self {
        let mut hashed: Vec<Hashed> = Vec::with_capacity(NAMED.names.len() * 6);
        for (index, name) in (0..).zip(&NAMED.names) {
            let mut add = |key: Key<'_>| hashed.push((hash(&key), index));
            match scope_and_name(name) {
                Some((_, unscoped)) => add(Key::Unscoped(unscoped)),
                None => each_key(name, &mut add),
            }
        }
        Self::in_buckets(&hashed)
    }

    /// Keeps the order within a bucket: the most popular first.
    fn in_buckets(all: &[Hashed]) -> Self {
        let mut starts = vec![0_u32; BUCKETS + 1];
        for &(hash, _) in all {
            starts[bucket(hash) + 1] += 1;
        }
        for bucket in 0..BUCKETS {
            starts[bucket + 1] += starts[bucket];
        }
        let mut next = starts.clone();
        let mut hashed = vec![Hashed::default(); all.len()];
        for &one in all {
            let slot = &mut next[bucket(one.0)];
            hashed[*slot as usize] = one;
            *slot += 1;
        }
        Self { starts, hashed }
    }

    fn with_hash(&self, wanted: u64) -> impl Iterator<Item = usize> {
        let bucket = bucket(wanted);
        let run = self.starts[bucket] as usize..self.starts[bucket + 1] as usize;
        let same = self.hashed[run].iter().filter(move |(hash, _)| *hash == wanted);
        same.map(|&(_, index)| usize::from(index))
    }
}

fn each_key(name: &str, add: &mut impl FnMut(Key<'_>)) {
    if let Some((head, tail)) = name.split_at_checked(name.len() / 2) {
        add(Key::Head(name.len(), head));
        add(Key::Tail(name.len(), tail));
    }
    if name.contains(SEPARATORS) {
        add(Key::Joined(&name.replace(SEPARATORS, "")));
        let mut words: Vec<&str> = name.split(SEPARATORS).collect();
        words.sort_unstable();
        add(Key::Words(&words));
    } else {
        add(Key::Joined(name));
    }
    let mut letters = name.as_bytes().to_vec();
    letters.sort_unstable();
    add(Key::Letters(name.as_bytes()[0], &letters));
}

fn hash(key: &impl Hash) -> u64 {
    FxBuildHasher.hash_one(key)
}

/// The popular names that may be found under a key; the caller compares.
pub(super) fn under(key: Key<'_>) -> impl Iterator<Item = Popular> {
    KEYS.with_hash(hash(&key)).map(|index| Popular { name: NAMED.names[index], rank: index + 1 })
}

/// A name that is popular just so.
pub(super) fn exactly(name: &str) -> Option<Popular> {
    let (&name, &index) = NAMED.ranks.get_key_value(name)?;
    Some(Popular { name, rank: usize::from(index) + 1 })
}

/// Whether some popular name has this scope (without `@`).
pub(super) fn has_scope(scope: &str) -> bool {
    NAMED.scopes.contains(scope)
}

//! The most downloaded names, most downloaded first, and the ways to look them up.

use std::hash::{BuildHasher as _, Hash};
use std::sync::LazyLock;

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

/// One name a line, by downloads. A fact about npm as of October 2026.
const NAMES: &str = include_str!("../../data/popular-names.txt");

/// Separators within a name.
pub(super) const SEPARATORS: [char; 3] = ['-', '_', '.'];

static INDEX: LazyLock<Index> = LazyLock::new(Index::build);
static WORDS: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| {
    let words = NAMES.split(|c: char| c.is_whitespace() || matches!(c, '@' | '/') || SEPARATORS.contains(&c));
    words.filter(|word| word.len() >= 2).collect()
});

/// Whether a name is among the most downloaded.
pub fn is_popular(name: &str) -> bool {
    INDEX.ranks.contains_key(name)
}

/// The most downloaded names, most downloaded first.
pub fn popular_names() -> impl Iterator<Item = &'static str> {
    INDEX.names.iter().copied()
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

struct Index {
    names: Vec<&'static str>,
    ranks: FxHashMap<&'static str, u16>,
    scopes: FxHashSet<&'static str>,
    /// Hash of a key and the name's index, sorted. A collision gives a wrong candidate, which is then compared.
    keys: Vec<(u64, u16)>,
}

impl Index {
    fn build() -> Self {
        let names: Vec<&'static str> = NAMES.lines().filter(|line| !line.is_empty()).collect();
        let mut keys = Vec::with_capacity(names.len() * 6);
        let mut ranks = FxHashMap::with_capacity_and_hasher(names.len(), FxBuildHasher);
        let mut scopes = FxHashSet::default();
        for (index, name) in names.iter().copied().enumerate() {
            let index = u16::try_from(index).expect("the list is far shorter than 65,536");
            ranks.insert(name, index);
            let mut add = |key: Key<'_>| keys.push((hash(&key), index));
            match name.strip_prefix('@').and_then(|rest| rest.split_once('/')) {
                Some((scope, unscoped)) => {
                    scopes.insert(scope);
                    add(Key::Unscoped(unscoped));
                }
                None => each_key(name, &mut add),
            }
        }
        keys.sort_unstable();
        Self { names, ranks, scopes, keys }
    }
}

fn each_key(name: &str, add: &mut impl FnMut(Key<'_>)) {
    if let Some((head, tail)) = name.split_at_checked(name.len() / 2) {
        add(Key::Head(name.len(), head));
        add(Key::Tail(name.len(), tail));
    }
    add(Key::Joined(&name.replace(SEPARATORS, "")));
    let mut words: Vec<&str> = name.split(SEPARATORS).collect();
    if words.len() > 1 {
        words.sort_unstable();
        add(Key::Words(&words));
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
    let wanted = hash(&key);
    let first = INDEX.keys.partition_point(|&(hash, _)| hash < wanted);
    let run = INDEX.keys[first..].iter().take_while(move |&&(hash, _)| hash == wanted);
    run.map(|&(_, index)| Popular { name: INDEX.names[usize::from(index)], rank: usize::from(index) + 1 })
}

/// A name that is popular just so.
pub(super) fn exactly(name: &str) -> Option<Popular> {
    let (&name, &index) = INDEX.ranks.get_key_value(name)?;
    Some(Popular { name, rank: usize::from(index) + 1 })
}

/// Whether some popular name has this scope (without `@`).
pub(super) fn has_scope(scope: &str) -> bool {
    INDEX.scopes.contains(scope)
}

//! The most downloaded names, most downloaded first, and the ways to look them up.
//!
//! The build script (`build.rs`) makes the tables: a scan is a new process, and made at each start they would take
//! it longer than all look-ups.

use super::key::{Key, SEPARATORS};

/// One name a line, by downloads. A fact about npm as of October 2026.
const NAMES: &str = include_str!("../../data/popular-names.txt");

/// Where each name begins, and the last ends.
static OFFSETS: &[[u8; 4]] = include_bytes!(concat!(env!("OUT_DIR"), "/popular-names.offsets")).as_chunks().0;
/// Where each bucket begins, and the last ends.
static STARTS: &[[u8; 4]] = include_bytes!(concat!(env!("OUT_DIR"), "/popular-names.starts")).as_chunks().0;
/// Mark and name of each key, by bucket.
static ENTRIES: &[[u8; 4]] = include_bytes!(concat!(env!("OUT_DIR"), "/popular-names.entries")).as_chunks().0;

/// A popular name and its place, from 1.
#[derive(Clone, Copy)]
pub(super) struct Popular {
    pub(super) name: &'static str,
    pub(super) rank: usize,
}

impl Popular {
    fn at(index: u16) -> Self {
        let index = usize::from(index);
        let name = &NAMES[number(OFFSETS, index)..number(OFFSETS, index + 1) - 1];
        Self { name, rank: index + 1 }
    }
}

fn number(table: &[[u8; 4]], index: usize) -> usize {
    u32::from_le_bytes(table[index]) as usize
}

/// Whether a name is among the most downloaded.
pub fn is_popular(name: &str) -> bool {
    exactly(&[name]).is_some()
}

/// The most downloaded names, most downloaded first.
pub fn popular_names() -> impl Iterator<Item = &'static str> {
    NAMES.lines()
}

/// Whether popular names are made of this word. A slip seldom makes one.
pub(super) fn is_word(word: &str) -> bool {
    let words = |name: &'static str| name.split(|c: char| matches!(c, '@' | '/') || SEPARATORS.contains(&c));
    word.len() >= 2 && under(Key::Word(word)).any(|found| words(found.name).any(|known| known == word))
}

/// The popular names that may be found under a key, the most popular first; the caller compares.
pub(super) fn under(key: Key<'_>) -> impl Iterator<Item = Popular> {
    let slot = key.slot();
    let run = number(STARTS, slot.bucket)..number(STARTS, slot.bucket + 1);
    ENTRIES[run].iter().filter_map(move |&[mark_low, mark_high, low, high]| {
        let is_marked = u16::from_le_bytes([mark_low, mark_high]) == slot.mark;
        is_marked.then(|| Popular::at(u16::from_le_bytes([low, high])))
    })
}

/// A name, given in parts, that is popular just so.
pub(super) fn exactly(parts: &[&str]) -> Option<Popular> {
    under(Key::Whole(parts)).find(|found| {
        parts.iter().try_fold(found.name, |rest, part| rest.strip_prefix(part)).is_some_and(str::is_empty)
    })
}

/// Whether some popular name has this scope (without `@`).
pub(super) fn has_scope(scope: &str) -> bool {
    let scope_of = |name: &'static str| name.strip_prefix('@')?.split_once('/').map(|(scope, _)| scope);
    under(Key::Scope(scope)).any(|found| scope_of(found.name) == Some(scope))
}

//! Puts the popular names into a table by their keys, so that none has to be made at each start.
//!
//! Three files of little-endian numbers, each read where it lies: where each bucket begins, what the buckets hold
//! (a mark, and the name's place in the list, the most popular first), and where each name begins.

#[path = "src/lookalike/key.rs"]
mod key;

use std::collections::HashSet;
use std::io::{Error, Write as _};
use std::path::Path;

use key::{BUCKETS, Key, SEPARATORS, Slot};

fn main() -> Result<(), Error> {
    for file in ["build.rs", "data/popular-names.txt", "src/lookalike/key.rs"] {
        writeln!(std::io::stdout(), "cargo::rerun-if-changed={file}")?;
    }
    let text = std::fs::read_to_string("data/popular-names.txt")?;
    let names: Vec<&str> = text.lines().collect();
    if names.len() > usize::from(u16::MAX) || names.contains(&"") || !text.is_ascii() || text.contains('\r') {
        return Err(Error::other("popular-names.txt: one name a line, plain, fewer than 65,536"));
    }
    let out = std::env::var_os("OUT_DIR").ok_or_else(|| Error::other("cargo names no OUT_DIR"))?;
    write_offsets(&Path::new(&out).join("popular-names.offsets"), &names)?;
    let (starts, entries) = in_buckets(&keys(&names));
    std::fs::write(Path::new(&out).join("popular-names.starts"), starts)?;
    std::fs::write(Path::new(&out).join("popular-names.entries"), entries)
}

fn write_offsets(file: &Path, names: &[&str]) -> Result<(), Error> {
    let mut offset = 0_u32;
    let mut bytes = offset.to_le_bytes().to_vec();
    for name in names {
        // The line's end is part of what lies between two offsets.
        offset += name.len() as u32 + 1;
        bytes.extend_from_slice(&offset.to_le_bytes());
    }
    std::fs::write(file, bytes)
}

fn keys(names: &[&str]) -> Vec<(Slot, u16)> {
    let mut all = Vec::with_capacity(names.len() * 8);
    let (mut words, mut scopes) = (HashSet::new(), HashSet::new());
    for (index, name) in (0..).zip(names) {
        let mut add = |key: Key<'_>| all.push((key.slot(), index));
        add(Key::Whole(&[name]));
        for word in name.split(['@', '/']).flat_map(|part| part.split(SEPARATORS)) {
            if word.len() >= 2 && words.insert(word) {
                add(Key::Word(word));
            }
        }
        match name.strip_prefix('@').and_then(|name| name.split_once('/')) {
            Some((scope, unscoped)) => {
                add(Key::Unscoped(unscoped));
                if scopes.insert(scope) {
                    add(Key::Scope(scope));
                }
            }
            None => {
                let (head, tail) = name.split_at(name.len() / 2);
                add(Key::Head(name.len(), head));
                add(Key::Tail(name.len(), tail));
                add(Key::Joined(name));
                add(Key::Letters(name));
                if name.contains(SEPARATORS) {
                    add(Key::Words(name));
                }
            }
        }
    }
    all
}

/// Keeps the order within a bucket: the most popular first.
fn in_buckets(keys: &[(Slot, u16)]) -> (Vec<u8>, Vec<u8>) {
    let mut buckets: Vec<Vec<u8>> = vec![Vec::new(); BUCKETS];
    for (slot, index) in keys {
        buckets[slot.bucket].extend(slot.mark.to_le_bytes());
        buckets[slot.bucket].extend(index.to_le_bytes());
    }
    let mut starts = 0_u32.to_le_bytes().to_vec();
    let mut entries = Vec::with_capacity(keys.len() * 4);
    for bucket in buckets {
        entries.extend(bucket);
        starts.extend((entries.len() as u32 / 4).to_le_bytes());
    }
    (starts, entries)
}

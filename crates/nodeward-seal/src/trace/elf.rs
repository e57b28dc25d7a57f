//! Which libraries an add-on needs that lie beside it: the dynamic section of an ELF file.
//!
//! The bytes come from a package. Every offset is checked; what does not add up has no libraries.

use std::path::{Path, PathBuf};

/// The most entries of a table that are read.
const MOST: usize = 4_096;

/// The libraries of an add-on that are found by paths from its own folder. Those of the system are not named.
pub(super) fn libraries(file: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let Some(dynamic) = Dynamic::read(bytes) else { return Vec::new() };
    let Some(folder) = file.parent() else { return Vec::new() };
    let folders: Vec<PathBuf> = dynamic
        .search
        .iter()
        .flat_map(|paths| paths.split(':'))
        .filter_map(|path| path.strip_prefix("$ORIGIN").or_else(|| path.strip_prefix("${ORIGIN}")))
        .map(|path| folder.join(path.trim_start_matches('/')))
        .collect();
    let mut found = Vec::new();
    for name in dynamic.needed.iter().filter(|name| !name.contains('/')) {
        let library = folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
        if let Some(library) = library.and_then(|path| path.canonicalize().ok()) {
            found.push(library);
        }
    }
    found
}

/// What the dynamic section says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Dynamic {
    /// Libraries, by name.
    pub(super) needed: Vec<String>,
    /// Where to look for them.
    search: Vec<String>,
}

impl Dynamic {
    /// Reads a little-endian 64-bit file: what Node.js runs on today.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        if !bytes.starts_with(b"\x7fELF\x02\x01") {
            return None;
        }
        let table = usize::try_from(long(bytes, 32)?).ok()?;
        let (size, count) = (usize::from(short(bytes, 54)?), usize::from(short(bytes, 56)?));
        if size < 56 {
            return None;
        }
        let mut segments = Vec::new();
        let mut dynamic = None;
        for number in 0..count.min(MOST) {
            let at = table.checked_add(number.checked_mul(size)?)?;
            let kind = word(bytes, at)?;
            let offset = long(bytes, at.checked_add(8)?)?;
            let address = long(bytes, at.checked_add(16)?)?;
            let length = long(bytes, at.checked_add(32)?)?;
            match kind {
                1 => segments.push((address, offset, length)),
                2 => dynamic = Some((offset, length)),
                _ => {}
            }
        }
        let (offset, length) = dynamic?;
        let offset = usize::try_from(offset).ok()?;
        let mut texts = None;
        let mut needed = Vec::new();
        let mut search = Vec::new();
        for number in 0..MOST.min(usize::try_from(length / 16).ok()?) {
            let at = offset.checked_add(number * 16)?;
            let (tag, value) = (long(bytes, at)?, long(bytes, at.checked_add(8)?)?);
            match tag {
                0 => break,
                1 => needed.push(value),
                5 => texts = Some(value),
                15 | 29 => search.push(value),
                _ => {}
            }
        }
        let address = texts?;
        let (start, from, _) =
            segments.iter().find(|(start, _, length)| address >= *start && address - *start < *length)?;
        let texts = usize::try_from(from.checked_add(address - start)?).ok()?;
        let read = |list: Vec<u64>| list.into_iter().filter_map(|at| text(bytes, texts, at)).collect();
        Some(Self { needed: read(needed), search: read(search) })
    }
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

fn text(bytes: &[u8], table: usize, at: u64) -> Option<String> {
    let start = table.checked_add(usize::try_from(at).ok()?)?;
    let rest = bytes.get(start..)?;
    let rest = &rest[..rest.len().min(4_096)];
    let end = rest.iter().position(|&byte| byte == 0)?;
    Some(std::str::from_utf8(&rest[..end]).ok()?.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A file with one segment and one dynamic section that needs `libx.so` beside it.
    fn sample() -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01".to_vec();
        bytes.resize(64, 0);
        bytes[32..40].copy_from_slice(&64u64.to_le_bytes());
        bytes[54..56].copy_from_slice(&56u16.to_le_bytes());
        bytes[56..58].copy_from_slice(&2u16.to_le_bytes());
        let mut header = |kind: u32, offset: u64, address: u64, length: u64| {
            let mut header = vec![0; 56];
            header[0..4].copy_from_slice(&kind.to_le_bytes());
            header[8..16].copy_from_slice(&offset.to_le_bytes());
            header[16..24].copy_from_slice(&address.to_le_bytes());
            header[32..40].copy_from_slice(&length.to_le_bytes());
            bytes.extend(header);
        };
        header(1, 0, 0x1000, 4_096);
        header(2, 176, 0x10b0, 64);
        let texts: u64 = 176 + 64;
        for (tag, value) in [(1, 1), (29, 9), (5, 0x1000 + texts), (0, 0)] {
            bytes.extend(u64::to_le_bytes(tag));
            bytes.extend(u64::to_le_bytes(value));
        }
        bytes.extend(b"\0libx.so\0$ORIGIN/../lib\0");
        bytes
    }

    #[test]
    fn names_and_places() {
        let dynamic = Dynamic::read(&sample()).unwrap();
        assert_eq!(dynamic.needed, ["libx.so"]);
        assert_eq!(dynamic.search, ["$ORIGIN/../lib"]);
        assert_eq!(Dynamic::read(b"MZ"), None);
    }

    #[test]
    fn the_library_beside_it() {
        let project = nodeward_testkit::Project::empty().file("lib/libx.so", "").file("a/x.node", "");
        let folder = project.path().canonicalize().unwrap();
        assert_eq!(libraries(&folder.join("a/x.node"), &sample()), [folder.join("lib/libx.so")]);
    }

    proptest! {
        #[test]
        fn nothing_panics(at in 0usize..300, with in any::<[u8; 8]>(), keep in 0usize..300) {
            let mut bytes = sample();
            let at = at.min(bytes.len() - 8);
            bytes[at..at + 8].copy_from_slice(&with);
            bytes.truncate(keep);
            let _ = Dynamic::read(&bytes);
        }
    }
}

//! The one thing asked of a git repository: is this file tracked? Reads its index; runs nothing, so that a
//! repository's own configuration can't run anything either.

use std::path::Path;

/// An index of more than this is not looked into.
const MAX_INDEX_BYTES: u64 = 256 << 20;

/// Whether git tracks a file; `None` where there is no repository, or it can't be told.
pub(crate) fn is_tracked(file: &Path) -> Option<bool> {
    let file = std::fs::canonicalize(file).ok()?;
    let root = file.ancestors().skip(1).find(|folder| folder.join(".git").is_dir())?;
    let index = root.join(".git").join("index");
    let metadata = match std::fs::metadata(&index) {
        Ok(metadata) => metadata,
        // A repository without an index tracks nothing yet.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(false),
        Err(_) => return None,
    };
    if !metadata.is_file() || metadata.len() > MAX_INDEX_BYTES {
        return None;
    }
    let path = file.strip_prefix(root).ok()?.to_str()?.replace('\\', "/");
    names(&std::fs::read(index).ok()?, path.as_bytes())
}

/// Whether an index names a path. Versions 2 and 3 hold each path in full, its length in the low bits of the two
/// bytes before it and a zero after it; version 4 shares prefixes and is not read.
fn names(index: &[u8], path: &[u8]) -> Option<bool> {
    let version = u32::from_be_bytes(index.get(4..8)?.try_into().ok()?);
    if index.get(..4) != Some(b"DIRC") || !matches!(version, 2 | 3) || path.is_empty() || path.len() >= 0xfff
    {
        return None;
    }
    Some(index.windows(path.len() + 3).any(|window| {
        let length = usize::from(u16::from_be_bytes([window[0], window[1]]) & 0xfff);
        length == path.len() && window.ends_with(&[0]) && &window[2..window.len() - 1] == path
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_path_counts() {
        let mut index = b"DIRC\0\0\0\x02\0\0\0\x02".to_vec();
        index.extend([0; 60]);
        index.extend(b"\0\x0dtools/.npmrc1\0\0\0");
        index.extend([0; 60]);
        index.extend(b"\0\x0cpackage.json\0\0\0");
        assert_eq!(names(&index, b"package.json"), Some(true));
        assert_eq!(names(&index, b".npmrc"), Some(false));
        assert_eq!(names(&index, b"json"), Some(false));
        assert_eq!(names(b"DIRC\0\0\0\x04....", b"json"), None);
        assert_eq!(names(b"", b"json"), None);
    }
}

//! Where a look at a path would have somebody mount what it names, perhaps of another machine.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

/// What is mounted, as far as it tells where not to look.
#[derive(Debug, Default)]
pub(super) struct Mounts {
    /// Each place, and whether what is looked for there is mounted; empty where there is none of that kind.
    places: Vec<(PathBuf, bool)>,
}

impl Mounts {
    /// What this process sees.
    pub(super) fn own() -> Self {
        Self::new(&std::fs::read("/proc/self/mountinfo").unwrap_or_default())
    }

    fn new(text: &[u8]) -> Self {
        let places: Vec<_> = text.split(|byte| *byte == b'\n').filter_map(place).collect();
        let is_needed = places.iter().any(|(_, mounts)| *mounts);
        Self { places: if is_needed { places } else { Vec::new() } }
    }

    /// Whether there is any such place.
    pub(super) fn has_any(&self) -> bool {
        !self.places.is_empty()
    }

    /// Whether a look at a path could have something mounted.
    pub(super) fn would_mount(&self, path: &Path) -> bool {
        let around = self.places.iter().filter(|(place, _)| path.starts_with(place));
        // Of several at one place the last one is on top.
        around.max_by_key(|(place, _)| place.components().count()).is_some_and(|(_, mounts)| *mounts)
    }
}

/// A line of the kernel's list.
fn place(line: &[u8]) -> Option<(PathBuf, bool)> {
    let mut words = line.split(|byte| *byte == b' ');
    let place = words.nth(4)?;
    let kind = words.skip_while(|word| *word != b"-").nth(1)?;
    Some((PathBuf::from(OsString::from_vec(unescaped(place))), kind == b"autofs"))
}

/// Spaces and their like are written as a backslash and three octal digits.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let code =
            after.get(..3).filter(|_| *first == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                plain.push(byte);
                rest = &after[3..];
            }
            None => {
                plain.push(*first);
                rest = after;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_mounts_by_itself_is_not_looked_at() {
        let text = b"20 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
            21 20 0:40 / /net rw,relatime shared:9 - autofs -hosts rw,fd=7\n\
            22 20 0:41 / /ho\\040me rw - autofs auto rw\n\
            23 22 0:42 / /ho\\040me/me rw - nfs4 server:/me rw\nnonsense\n";
        let mounts = Mounts::new(text);
        for (path, mounted) in [
            ("/net", true),
            ("/net/example.org/x", true),
            ("/network", false),
            ("/ho me/other/.ssh", true),
            ("/ho me/me/.ssh", false),
            ("/etc/shadow", false),
        ] {
            assert_eq!(mounts.would_mount(Path::new(path)), mounted, "{path}");
        }
        assert!(Mounts::new(b"20 1 8:1 / / rw - ext4 /dev/sda1 rw\n").places.is_empty());
    }
}

//! Where a look at a path would ask somebody else: what mounts by itself, perhaps of another machine, and what programs
//! and other machines answer for, perhaps never.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

/// What is mounted, as far as it tells where not to look.
#[derive(Debug, Default)]
pub(super) struct Mounts {
    /// Each place, and whether somebody is asked there; empty where nobody is anywhere.
    places: Vec<(PathBuf, bool)>,
}

impl Mounts {
    /// What this process sees. `used` are paths that are looked at in any case.
    pub(super) fn own<'p>(used: impl Iterator<Item = &'p Path> + Clone) -> Self {
        Self::new(&std::fs::read("/proc/self/mountinfo").unwrap_or_default(), used)
    }

    fn new<'p>(text: &[u8], used: impl Iterator<Item = &'p Path> + Clone) -> Self {
        let asks = |(place, kind): (PathBuf, Kind)| {
            let is_used = || place == Path::new("/") || used.clone().any(|path| path.starts_with(&place));
            let asks = kind == Kind::Mounts || kind == Kind::Answered && !is_used();
            (place, asks)
        };
        let places: Vec<_> = text.split(|byte| *byte == b'\n').filter_map(place).map(asks).collect();
        let is_needed = places.iter().any(|(_, asks)| *asks);
        Self { places: if is_needed { places } else { Vec::new() } }
    }

    /// Whether there is any such place.
    pub(super) fn has_any(&self) -> bool {
        !self.places.is_empty()
    }

    /// Whether a look at a path would ask somebody.
    pub(super) fn would_ask(&self, path: &Path) -> bool {
        let around = self.places.iter().filter(|(place, _)| path.starts_with(place));
        // Of several at one place the last one is on top.
        around.max_by_key(|(place, _)| place.components().count()).is_some_and(|(_, asks)| *asks)
    }
}

/// Who answers for what lies in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The kernel.
    Own,
    /// A program, or another machine.
    Answered,
    /// Whoever mounts what is looked for.
    Mounts,
}

/// Names of file systems that others answer for, or how they begin.
const ANSWERED: &[&[u8]] = &[
    b"9p",
    b"afs",
    b"ceph",
    b"cifs",
    b"coda",
    b"fuse",
    b"gfs",
    b"glusterfs",
    b"lustre",
    b"ncp",
    b"nfs",
    b"smb",
];

/// A line of the kernel's list.
fn place(line: &[u8]) -> Option<(PathBuf, Kind)> {
    let mut words = line.split(|byte| *byte == b' ');
    let place = words.nth(4)?;
    let kind = words.skip_while(|word| *word != b"-").nth(1)?;
    let kind = match kind {
        b"autofs" => Kind::Mounts,
        // What the kernel has of these is its own: a folder of settings.
        b"fusectl" | b"nfsd" => Kind::Own,
        kind if ANSWERED.iter().any(|known| kind.starts_with(known)) => Kind::Answered,
        _ => Kind::Own,
    };
    Some((PathBuf::from(OsString::from_vec(unescaped(place))), kind))
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
    fn what_others_answer_for_is_not_looked_at() {
        let text = b"20 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
            21 20 0:40 / /net rw,relatime shared:9 - autofs -hosts rw,fd=7\n\
            22 20 0:41 / /ho\\040me rw - autofs auto rw\n\
            23 22 0:42 / /ho\\040me/me rw - nfs4 server:/me rw\n24 20 0:43 / /far rw - fuse.sshfs me@x: rw\n\
            25 20 0:44 / /sys/fs/fuse/connections rw - fusectl none rw\nnonsense\n";
        let mounts = Mounts::new(text, [Path::new("/ho me/me/project")].into_iter());
        for (path, mounted) in [
            ("/net", true),
            ("/net/example.org/x", true),
            ("/network", false),
            ("/ho me/other/.ssh", true),
            ("/ho me/me/.ssh", false),
            ("/far/file", true),
            ("/sys/fs/fuse/connections/1", false),
            ("/etc/shadow", false),
        ] {
            assert_eq!(mounts.would_ask(Path::new(path)), mounted, "{path}");
        }
        for root in ["ext4 /dev/sda1", "fuse.overlay none"] {
            let text = format!("20 1 8:1 / / rw - {root} rw\n");
            assert!(Mounts::new(text.as_bytes(), std::iter::empty()).places.is_empty());
        }
    }
}

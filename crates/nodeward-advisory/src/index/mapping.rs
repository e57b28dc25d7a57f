//! The bytes of an index file, mapped. The only unsafe block of the crate is here.

use std::fs::File;
use std::ops::{Deref, Range};
use std::path::Path;

use memmap2::Mmap;

/// The bytes of an index: a mapped file, or memory.
#[derive(Debug)]
pub(super) enum Bytes {
    Mapped {
        map: Mmap,
        /// Some of it has to be fetched from the disk.
        cold: bool,
    },
    Owned(Vec<u8>),
}

impl Bytes {
    /// Whether it pays to say beforehand what will be read.
    pub(super) fn is_cold(&self) -> bool {
        matches!(self, Self::Mapped { cold: true, .. })
    }

    /// Has the system fetch a part that will be read soon, without waiting for it.
    pub(super) fn fetch(&self, part: Range<usize>) {
        #[cfg(unix)]
        if let Self::Mapped { map, cold: true } = self
            && part.end <= map.len()
        {
            // Advice: without it the answer comes later, and is the same.
            let _ = map.advise_range(memmap2::Advice::WillNeed, part.start, part.len());
        }
        #[cfg(not(unix))]
        let _ = part;
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped { map, .. } => map,
            Self::Owned(bytes) => bytes,
        }
    }
}

/// Maps a file without reading it.
pub(super) fn map(path: &Path) -> std::io::Result<Bytes> {
    map_if(path, is_cold)
}

/// As [`map`], as if the file had to be fetched from the disk.
#[cfg(test)]
pub(super) fn map_as_cold(path: &Path) -> std::io::Result<Bytes> {
    map_if(path, |_, _| true)
}

fn map_if(path: &Path, is_cold: impl Fn(&File, usize) -> bool) -> std::io::Result<Bytes> {
    // Asked before: to open a pipe is to wait for somebody to write into it.
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a file"));
    }
    let file = File::open(path)?;
    // SAFETY: the bytes of a mapped file change under us if somebody writes the file. We never do: an index is
    // written beside its place, synced and renamed over, which leaves the mapped file as it is; it is opened
    // read-only here. If somebody else writes into it, we may see other bytes: every piece is bounds-checked and
    // has a checksum that is compared before it is used, and all that is read is plain integers and bytes, so
    // wrong bytes are an error or a wrong answer, not undefined memory access. If somebody else truncates it, the
    // kernel stops the process (SIGBUS); the header's length, compared when opening, catches a file that was
    // truncated before. `docs/decisions/0002-mapped-index.md` has the reasons.
    #[expect(unsafe_code, reason = "mapping is what makes opening free; see the safety comment")]
    let map = unsafe { Mmap::map(&file)? };
    let cold = is_cold(&file, map.len());
    // A page touched brings its surroundings, of which nothing is wanted: the index would be read whole.
    #[cfg(unix)]
    if cold {
        let _ = map.advise(memmap2::Advice::Random);
    }
    Ok(Bytes::Mapped { map, cold })
}

/// So many places of a file are asked whether they are in memory.
#[cfg(target_os = "linux")]
const SAMPLES: usize = 16;

/// Whether part of a file would have to be fetched from the disk. Asked of some places; `false` where the system
/// cannot tell.
#[cfg(target_os = "linux")]
fn is_cold(file: &File, length: usize) -> bool {
    use std::io::IoSliceMut;

    use rustix::io::{Errno, ReadWriteFlags, preadv2};

    (0..SAMPLES).any(|sample| {
        let (mut byte, offset) = ([0], length / SAMPLES * sample);
        let read = preadv2(file, &mut [IoSliceMut::new(&mut byte)], offset as u64, ReadWriteFlags::NOWAIT);
        matches!(read, Err(Errno::AGAIN))
    })
}

#[cfg(not(target_os = "linux"))]
fn is_cold(_file: &File, _length: usize) -> bool {
    false
}

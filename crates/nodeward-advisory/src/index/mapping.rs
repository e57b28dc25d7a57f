//! The bytes of an index file, mapped. The only unsafe block of the crate is here.

use std::fs::File;
use std::ops::{Deref, Range};
use std::path::Path;

use memmap2::Mmap;

/// The bytes of an index: a mapped file, or memory.
#[derive(Debug)]
pub(super) enum Bytes {
    Mapped { map: Mmap, file: File, as_cold: bool },
    Owned(Vec<u8>),
}

impl Bytes {
    /// Whether what stands here would have to be fetched from the disk; `false` where the system cannot tell.
    pub(super) fn is_cold(&self, at: usize) -> bool {
        match self {
            Self::Mapped { as_cold: true, .. } => true,
            Self::Mapped { file, .. } => would_wait(file, at as u64),
            Self::Owned(_) => false,
        }
    }

    /// Has the system fetch a part that will be read soon, without waiting for it.
    pub(super) fn fetch(&self, part: Range<usize>) {
        #[cfg(unix)]
        if let Self::Mapped { map, .. } = self
            && part.end <= map.len()
        {
            // Advice: without it the answer comes later, and is the same.
            let _ = map.advise_range(memmap2::Advice::WillNeed, part.start, part.len());
        }
        #[cfg(not(unix))]
        let _ = part;
    }
}

#[cfg(target_os = "linux")]
fn would_wait(file: &File, offset: u64) -> bool {
    use std::io::IoSliceMut;

    use rustix::io::{Errno, ReadWriteFlags, preadv2};

    let mut byte = [0];
    let read = preadv2(file, &mut [IoSliceMut::new(&mut byte)], offset, ReadWriteFlags::NOWAIT);
    matches!(read, Err(Errno::AGAIN))
}

#[cfg(not(target_os = "linux"))]
fn would_wait(_file: &File, _offset: u64) -> bool {
    false
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
    map_file(path, false)
}

/// As [`map`], as if the file had to be fetched from the disk.
#[cfg(test)]
pub(super) fn map_as_cold(path: &Path) -> std::io::Result<Bytes> {
    map_file(path, true)
}

fn map_file(path: &Path, as_cold: bool) -> std::io::Result<Bytes> {
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
    // A page touched brings its surroundings, of which nothing is wanted: the index would be read whole.
    #[cfg(unix)]
    let _ = map.advise(memmap2::Advice::Random);
    Ok(Bytes::Mapped { map, file, as_cold })
}

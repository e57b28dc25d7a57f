//! The bytes of an index file, mapped. The only unsafe block of the crate is here.

use std::fs::File;
use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

/// The bytes of an index: a mapped file, or memory.
#[derive(Debug)]
pub(super) enum Bytes {
    Mapped(Mmap),
    Owned(Vec<u8>),
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned(bytes) => bytes,
        }
    }
}

/// Maps a file without reading it.
pub(super) fn map(path: &Path) -> std::io::Result<Bytes> {
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
    Ok(Bytes::Mapped(map))
}

//! Whether an archive lists all that it holds.
//!
//! A zip is read by the list at its end. A list that is cut short, of an archive put together badly, would lose
//! records without a word; so the listed files must fill the archive from its first byte to the list.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// What stands behind a file's bytes at the most: its checksum and sizes, where they were not known before.
const DESCRIPTOR_BYTES: u64 = 24;
/// The record at the very end, without the comment in it.
const END_BYTES: usize = 22;
const END: &[u8] = b"PK\x05\x06";
/// As a number of files: it stands elsewhere, in the 64-bit form of the record.
const ELSEWHERE: u16 = u16::MAX;

/// Where the files of an archive stand in it.
#[derive(Debug, Default)]
pub(super) struct Extents(Vec<(u64, u64)>);

impl Extents {
    /// One file, from its header to its last byte.
    pub(super) fn add(&mut self, start: u64, data: u64, bytes: u64) {
        self.0.push((start, data.saturating_add(bytes)));
    }

    /// What is wrong, if they do not fill the archive up to the list of its files.
    pub(super) fn gap_before(mut self, list: u64) -> Option<String> {
        self.0.sort_unstable();
        let mut end = 0;
        for (start, next_end) in self.0.into_iter().chain([(list, list)]) {
            if start < end {
                return Some(format!("two of its files share the bytes before byte {end}"));
            }
            if start - end > DESCRIPTOR_BYTES {
                return Some(format!(
                    "the {} bytes from byte {end} on belong to no file in its list, so files may be missing from it",
                    start - end
                ));
            }
            end = next_end;
        }
        None
    }
}

/// What is wrong with the record at the end of an archive that has so many files and such a comment.
pub(super) fn flawed_end(path: &Path, files: usize, comment: &[u8]) -> io::Result<Option<String>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut record = [0; END_BYTES];
    let start = length.checked_sub((END_BYTES + comment.len()) as u64);
    let Some(start) = start else { return Ok(Some("it has no end".to_owned())) };
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(&mut record)?;
    let number = |at: usize| u16::from_le_bytes([record[at], record[at + 1]]);
    if !record.starts_with(END) || usize::from(number(20)) != comment.len() {
        return Ok(Some("something follows the end of it".to_owned()));
    }
    let stated = [number(8), number(10)];
    if stated.iter().any(|&stated| stated != ELSEWHERE && usize::from(stated) != files) {
        return Ok(Some(format!("it says that it has {} files, and lists {files}", stated[1])));
    }
    Ok(None)
}

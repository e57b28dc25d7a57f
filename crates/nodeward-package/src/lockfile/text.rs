//! From bytes to text: what holds for every format before its grammar is looked at.

use std::path::Path;

use crate::LockfileError;
use crate::lockfile::{Input, MAX_FILE_BYTES};
use crate::place::{LineIndex, Place, Position};

/// The text of a lockfile: bounded, UTF-8, without byte-order mark and free of merge conflicts.
pub(super) fn text<'a>(input: &Input<'a>) -> Result<&'a str, LockfileError> {
    decode(input.file, input.bytes)
}

/// As [`text`], for any file.
pub(crate) fn decode<'a>(file: &Path, bytes: &'a [u8]) -> Result<&'a str, LockfileError> {
    decode_lines(file, bytes).map(|(text, _)| text)
}

/// As [`decode`], with the lines that had to be found on the way.
pub(super) fn decode_lines<'a>(
    file: &Path,
    bytes: &'a [u8],
) -> Result<(&'a str, LineIndex<'a>), LockfileError> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let mebibytes = MAX_FILE_BYTES / (1024 * 1024);
        let message = format!("the file is larger than {mebibytes} MiB, the most that is read");
        return Err(LockfileError::Limit { place: Place::file(file), message });
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let start = Position { line: 1, column: 1 };
        return Err(LockfileError::syntax(file, start, "the file is UTF-16; save it as UTF-8"));
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(file, bytes, error.valid_up_to()))?;
    let lines = LineIndex::new(text);
    match conflict_marker(text.as_bytes()) {
        None => Ok((text, lines)),
        Some(at) => {
            let place = Place::at(file.into(), lines.position(at));
            Err(LockfileError::MergeConflict { place })
        }
    }
}

fn not_utf8(file: &Path, bytes: &[u8], valid: usize) -> LockfileError {
    let before = std::str::from_utf8(&bytes[..valid]).unwrap_or_default();
    let message = format!("byte 0x{:02x} is not UTF-8 text", bytes[valid]);
    LockfileError::syntax(file, LineIndex::new(before).position(valid), message)
}

/// How long the marks of a conflict are.
const MARKER: usize = 7;

/// Where the first line starts that git writes into a file whose merge it could not finish. None of the formats can
/// hold such a line otherwise.
fn conflict_marker(text: &[u8]) -> Option<usize> {
    const BLOCK: usize = 256;
    /// In the bits that are left, and only there, the four marks are all the same.
    const MASK: u32 = 0xbcbc_bcbc;
    const MARKS: u32 = 0x3c3c_3c3c;
    // A marker is seven equal bytes, so that one of the words of four that make up the text is within it.
    let may_be_within = |word: &[u8; 4]| u32::from_ne_bytes(*word) & MASK == MARKS;
    let (words, _) = text.as_chunks::<4>();
    let blocks = words.chunks(BLOCK).enumerate();
    let found = blocks.filter(|(_, block)| block.iter().fold(false, |any, word| any | may_be_within(word)));
    let starts = found.flat_map(|(index, block)| {
        let within = block.iter().enumerate().filter(move |(_, word)| may_be_within(word));
        within.map(move |(word, _)| (index * BLOCK + word) * 4)
    });
    starts
        .filter_map(|at| {
            let before = text[..at].iter().rev().take(MARKER - 1).take_while(|&&other| other == text[at]);
            let start = at - before.count();
            let starts_line = start == 0 || text[start - 1] == b'\n';
            (starts_line && is_conflict_marker(&text[start..])).then_some(start)
        })
        .next()
}

fn is_conflict_marker(line: &[u8]) -> bool {
    let Some(&mark) = line.first() else { return false };
    if line.len() < MARKER || line[..MARKER].iter().any(|&byte| byte != mark) {
        return false;
    }
    match line.get(MARKER) {
        None | Some(b'\n' | b'\r') => true,
        Some(b' ') => mark != b'=',
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(bytes: &[u8]) -> String {
        decode(Path::new("f"), bytes).unwrap_err().to_string()
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        assert_eq!(decode(Path::new("f"), b"\xef\xbb\xbf{}").unwrap(), "{}");
    }

    #[test]
    fn what_is_not_utf8_is_placed() {
        assert_eq!(error(b"ab\n\xc3\xa9\xff"), "f:2:2: byte 0xff is not UTF-8 text");
        assert!(error(b"\xff\xfe{\0}\0").contains("UTF-16"));
    }

    #[test]
    fn conflict_markers_are_placed() {
        for marker in ["<<<<<<< HEAD", "<<<<<<<", "=======\r", ">>>>>>> theirs", "||||||| base"] {
            let text = format!("{{\n{marker}\n}}");
            assert!(error(text.as_bytes()).starts_with("f:2:1: the file has unresolved"), "{marker}");
        }
        for before in 0..15 {
            let text = format!("{}\n>>>>>>> x\n<<<<<<<\n", "a".repeat(before));
            assert!(error(text.as_bytes()).starts_with("f:2:1: the file has unresolved"), "{before}");
        }
        for text in ["a <<<<<<< b", "========", "=======x", "x\n  =======\n", "<<<<<<<<<"] {
            assert!(decode(Path::new("f"), text.as_bytes()).is_ok(), "{text}");
        }
    }
}

//! Where in a file something was said.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file, and within it a line and column, both counted from 1. Line 0 means the file as a whole.
///
/// The column counts Unicode scalar values, as SARIF's default does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, as the user would name it.
    pub file: Arc<Path>,
    /// Line, from 1; 0 for the whole file.
    pub line: u32,
    /// Column, from 1; 0 where only the line is known.
    pub column: u32,
}

impl Place {
    /// The file as a whole.
    pub fn file(file: impl Into<PathBuf>) -> Self {
        Self { file: Arc::from(file.into()), line: 0, column: 0 }
    }

    /// A position in the file.
    pub fn at(file: Arc<Path>, position: Position) -> Self {
        Self { file, line: position.line, column: position.column }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        Ok(())
    }
}

/// A line and column within one text, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in Unicode scalar values, from 1.
    pub column: u32,
}

/// Turns byte offsets into positions, at a price that depends neither on how many lines there are nor on how long
/// one is: a document can be a single line of many megabytes. Texts over 4 GiB are not supported by anything that
/// builds one.
#[derive(Debug)]
pub struct LineIndex<'a> {
    text: &'a str,
    /// What is known at the start of each block of the text.
    blocks: Vec<Block>,
}

/// How many bytes a block has.
const BLOCK: usize = 1024;

/// What stands before a block.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    /// Line feeds.
    feeds: u32,
    /// Characters of the line that the block starts in.
    characters: u32,
}

impl Block {
    /// What stands before the byte that follows `bytes`, which this stands before.
    fn after(self, bytes: &[u8]) -> Self {
        match memchr::memrchr(b'\n', bytes) {
            None => Self { characters: self.characters + characters(bytes), ..self },
            Some(last) => Self {
                feeds: self.feeds + memchr::memchr_iter(b'\n', bytes).count() as u32,
                characters: characters(&bytes[last + 1..]),
            },
        }
    }
}

/// How many characters start in a part of a text.
fn characters(bytes: &[u8]) -> u32 {
    bytes.iter().map(|&byte| u32::from(byte & 0xc0 != 0x80)).sum()
}

impl<'a> LineIndex<'a> {
    /// Looks once at the whole of `text`.
    pub fn new(text: &'a str) -> Self {
        let mut blocks = Vec::with_capacity(1 + text.len() / BLOCK);
        let mut block = Block::default();
        blocks.push(block);
        for bytes in text.as_bytes().chunks_exact(BLOCK) {
            block = block.after(bytes);
            blocks.push(block);
        }
        Self { text, blocks }
    }

    /// The position of a byte offset; an offset past the end gives the end.
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let block = offset / BLOCK;
        let found = self.blocks[block].after(&self.text.as_bytes()[block * BLOCK..offset]);
        Position { line: found.feeds + 1, column: found.characters + 1 }
    }

    /// The byte offset of a position that this index gave.
    pub fn offset(&self, position: Position) -> usize {
        let start = self.line_start(position.line.max(1) - 1);
        let column = position.column.max(1) as usize - 1;
        self.text[start..].char_indices().nth(column).map_or(self.text.len(), |(at, _)| start + at)
    }

    /// Where the line after so many line feeds starts; the last line where there are fewer.
    fn line_start(&self, feeds: u32) -> usize {
        let bytes = self.text.as_bytes();
        let Some(block) = self.blocks.partition_point(|block| block.feeds < feeds).checked_sub(1) else {
            return 0;
        };
        let more = (feeds - self.blocks[block].feeds) as usize - 1;
        let from = block * BLOCK;
        match memchr::memchr_iter(b'\n', &bytes[from..]).nth(more) {
            Some(feed) => from + feed + 1,
            None => memchr::memrchr(b'\n', bytes).map_or(0, |feed| feed + 1),
        }
    }

    /// The position of `part`, a slice of the indexed text; `None` if it is not one.
    pub fn position_of(&self, part: &str) -> Option<Position> {
        let offset = (part.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize)?;
        (offset <= self.text.len()).then(|| self.position(offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines shorter and longer than a block, with characters of several bytes across the edges of blocks.
    #[test]
    fn blocks_do_not_show() {
        let short: String = (0..700).map(|line| format!("{line} é\n")).collect();
        for text in [short, "→".repeat(2000), format!("{}\nx\n{}", "é".repeat(1500), "→\n".repeat(900))]
        {
            let index = LineIndex::new(&text);
            let mut expected = Position { line: 1, column: 1 };
            for (offset, character) in text.char_indices() {
                assert_eq!(index.position(offset), expected, "{offset}");
                assert_eq!(index.offset(expected), offset);
                match character {
                    '\n' => expected = Position { line: expected.line + 1, column: 1 },
                    _ => expected.column += 1,
                }
            }
            assert_eq!(index.position(text.len()), expected);
        }
        assert_eq!(LineIndex::new("a\nb").offset(Position { line: 9, column: 1 }), 2, "the last line");
    }

    #[test]
    fn offsets_become_lines_and_columns() {
        let text = "a\nbé→d\n\nend";
        let index = LineIndex::new(text);
        let at = |offset| {
            let Position { line, column } = index.position(offset);
            (line, column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(2), (2, 1));
        assert_eq!(at(text.find('d').unwrap() - 1), (2, 3), "inside a character: its start");
        assert_eq!(at(text.find('e').unwrap()), (4, 1));
        assert_eq!(at(999), (4, 4));
        for offset in [0, 2, 3, 5, 9] {
            assert_eq!(index.offset(index.position(offset)), offset);
        }
        assert_eq!(index.position_of(&text[2..3]).unwrap().line, 2);
    }
}

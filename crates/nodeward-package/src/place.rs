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

/// Turns byte offsets into positions. Built once per text, then each look-up is a binary search.
#[derive(Debug)]
pub struct LineIndex<'a> {
    text: &'a str,
    starts: Vec<u32>,
}

impl<'a> LineIndex<'a> {
    /// Notes where each line of `text` starts. Texts over 4 GiB are not supported by anything that calls this.
    pub fn new(text: &'a str) -> Self {
        // A guess that spares most of the growing.
        let mut starts = Vec::with_capacity(1 + text.len() / 32);
        starts.push(0);
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1));
        Self { text, starts }
    }

    /// The offset at which each line starts.
    pub(crate) fn starts(&self) -> impl Iterator<Item = usize> + '_ {
        self.starts.iter().map(|&start| start as usize)
    }

    /// The position of a byte offset; an offset past the end gives the end.
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|&start| start as usize <= offset);
        let start = self.starts[line - 1] as usize;
        let column = self.text[start..offset].chars().count() + 1;
        Position { line: line as u32, column: column as u32 }
    }

    /// The byte offset of a position that this index gave.
    pub fn offset(&self, position: Position) -> usize {
        let line = (position.line.max(1) as usize - 1).min(self.starts.len() - 1);
        let start = self.starts[line] as usize;
        let column = position.column.max(1) as usize - 1;
        self.text[start..].char_indices().nth(column).map_or(self.text.len(), |(at, _)| start + at)
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

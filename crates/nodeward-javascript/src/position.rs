//! Byte offsets to lines and columns.

use std::sync::OnceLock;

/// A line and a column, both from 1. Columns count Unicode scalar values, as in every place that Nodeward reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// How many bytes of one line are counted at most between two remembered places.
const STRIDE: usize = 1024;

/// The lines of one text. Building it reads the text once; a look-up searches the lines and counts at most a
/// kilobyte of the line, so that a megabyte without a line end costs no more than any other text.
#[derive(Debug)]
pub struct LineIndex<'t> {
    text: &'t str,
    starts: Vec<u32>,
    /// Characters before each multiple of [`STRIDE`], made when a long line is first asked for.
    counted: OnceLock<Box<[u32]>>,
}

impl<'t> LineIndex<'t> {
    /// Notes where each line of `text` starts.
    pub fn new(text: &'t str) -> Self {
        let mut starts = Vec::with_capacity(1 + text.len() / 32);
        starts.push(0);
        // What is parsed is smaller than 4 GiB.
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1));
        Self { text, starts, counted: OnceLock::new() }
    }

    /// The number of lines.
    pub fn lines(&self) -> usize {
        self.starts.len()
    }

    /// The byte at which a line, from 1, starts.
    pub fn line_start(&self, line: u32) -> Option<u32> {
        self.starts.get((line as usize).checked_sub(1)?).copied()
    }

    /// The line and column of a byte; past the end, those of the end.
    pub fn position(&self, offset: u32) -> LineColumn {
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|&start| start as usize <= offset);
        let start = self.starts[line - 1] as usize;
        let column = if offset - start <= STRIDE {
            characters(&self.text.as_bytes()[start..offset])
        } else {
            let counted = self.counted.get_or_init(|| count(self.text.as_bytes()));
            before(self.text, counted, offset) - before(self.text, counted, start)
        };
        LineColumn { line: line as u32, column: column as u32 + 1 }
    }
}

/// Characters that start in `bytes`.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

fn count(bytes: &[u8]) -> Box<[u32]> {
    let mut total = 0;
    let counts = bytes.chunks(STRIDE).map(|chunk| {
        let before = total;
        total += characters(chunk) as u32;
        before
    });
    counts.collect()
}

/// Characters before a byte of the text.
fn before(text: &str, counted: &[u32], offset: usize) -> usize {
    let stride = (offset / STRIDE).min(counted.len() - 1);
    counted[stride] as usize + characters(&text.as_bytes()[stride * STRIDE..offset])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slow(text: &str, offset: usize) -> LineColumn {
        let before = &text[..offset];
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u32 + 1;
        LineColumn { line, column }
    }

    proptest! {
        #[test]
        fn agrees_with_counting(text in "([a-z\n]|é|😀|\n){0,300}", repeat in 1usize..40) {
            let text = text.repeat(repeat);
            let index = LineIndex::new(&text);
            for (offset, _) in text.char_indices().step_by(7) {
                prop_assert_eq!(index.position(offset as u32), slow(&text, offset));
            }
        }
    }

    #[test]
    fn long_lines_and_ends() {
        let text = format!("{}\n{}", "é".repeat(5_000), "x".repeat(5_000));
        let index = LineIndex::new(&text);
        assert_eq!(index.position(9_000), LineColumn { line: 1, column: 4_501 });
        assert_eq!(index.position(9_001), LineColumn { line: 1, column: 4_501 });
        assert_eq!(index.position(10_000), LineColumn { line: 1, column: 5_001 });
        assert_eq!(index.position(10_001), LineColumn { line: 2, column: 1 });
        assert_eq!(index.position(u32::MAX), LineColumn { line: 2, column: 5_001 });
        assert_eq!(LineIndex::new("").position(3), LineColumn { line: 1, column: 1 });
    }
}

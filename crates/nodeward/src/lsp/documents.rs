//! The files that are open in the editor: their text, and what was found in it.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use nodeward_lint::Linted;

use super::position::{Encoding, Lines};
use super::protocol::Change;

/// The most bytes that the changes of one message may move about, so that no message keeps the server busy.
const MAX_MOVED: usize = 4 << 30;

/// One open file.
pub(super) struct Document {
    pub(super) uri: String,
    /// The file; of one that is not saved yet a name that says its language.
    pub(super) path: PathBuf,
    /// As the client counts.
    pub(super) version: Option<i64>,
    /// How often the text changed.
    pub(super) edits: u64,
    pub(super) text: Arc<str>,
    pub(super) lines: Lines,
    /// What was found, at its present place.
    pub(super) shown: Vec<Shown>,
    /// Why it was not checked.
    pub(super) unchecked: Option<String>,
    /// When it is to be looked at.
    pub(super) due: Option<Instant>,
}

/// One finding in an open file.
pub(super) struct Shown {
    pub(super) linted: Linted,
    /// The bytes that are meant.
    pub(super) range: Range<usize>,
    /// Found by following values.
    pub(super) follows_values: bool,
    /// The text that its fix was made for.
    pub(super) edits: u64,
}

impl Document {
    pub(super) fn open(
        uri: String,
        path: PathBuf,
        version: Option<i64>,
        text: String,
        encoding: Encoding,
    ) -> Self {
        let lines = Lines::new(&text, encoding);
        let (shown, unchecked, due) = (Vec::new(), None, None);
        Self { uri, path, version, edits: 0, text: text.into(), lines, shown, unchecked, due }
    }

    /// Makes the client's changes, one after the other. `Err` if they are more than can be made in good time.
    pub(super) fn change(&mut self, changes: Vec<Change>, encoding: Encoding) -> Result<(), String> {
        self.edits += 1;
        let mut moved = 0_usize;
        for change in changes {
            moved = moved.saturating_add(self.text.len()).saturating_add(change.text.len());
            if moved > MAX_MOVED {
                return Err(format!("too many changes of {} at once; open it again", self.uri));
            }
            let Some(range) = change.range else {
                self.shown.clear();
                self.set(change.text.into(), encoding);
                continue;
            };
            let start = self.lines.offset(&self.text, range.start);
            let end = self.lines.offset(&self.text, range.end).max(start);
            let text = [&self.text[..start], &change.text, &self.text[end..]].concat();
            self.shown.retain_mut(|shown| shift(&mut shown.range, start..end, change.text.len()));
            self.set(text.into(), encoding);
        }
        Ok(())
    }

    fn set(&mut self, text: Arc<str>, encoding: Encoding) {
        self.lines = Lines::new(&text, encoding);
        self.text = text;
    }
}

/// Moves a stretch of text along with an edit elsewhere; `false` if the edit was in it.
fn shift(range: &mut Range<usize>, edited: Range<usize>, length: usize) -> bool {
    if range.end <= edited.start {
        return true;
    }
    if range.start < edited.end {
        return false;
    }
    let moved = |at: usize| at - edited.end + edited.start + length;
    *range = moved(range.start)..moved(range.end);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lsp::position::{Position, Range as Places};

    fn change(line: u32, from: u32, to: u32, text: &str) -> Change {
        let at = |character| Position { line, character };
        Change { range: Some(Places { start: at(from), end: at(to) }), text: text.to_owned() }
    }

    #[test]
    fn changes_are_made_in_units_of_the_client() {
        let open = || Document::open("u".into(), "a.js".into(), None, "a😀b\nc".into(), Encoding::Utf16);
        let mut document = open();
        document
            .change(vec![change(0, 3, 4, "X"), change(1, 0, 0, "\n"), change(9, 9, 9, "!")], Encoding::Utf16)
            .unwrap();
        assert_eq!(&*document.text, "a😀X\n\nc!");
        let mut document = open();
        document
            .change(vec![change(0, 4, 1, "x"), Change { range: None, text: "all".into() }], Encoding::Utf16)
            .unwrap();
        assert_eq!((&*document.text, document.edits), ("all", 1));
    }

    #[test]
    fn ranges_move_with_the_text() {
        let moved = |edited, length| {
            let mut range = 10..20;
            shift(&mut range, edited, length).then_some(range)
        };
        assert_eq!(moved(0..5, 0), Some(5..15));
        assert_eq!(moved(10..10, 3), Some(13..23));
        assert_eq!(moved(20..25, 3), Some(10..20));
        assert_eq!(moved(5..11, 0), None);
        assert_eq!(moved(12..12, 1), None);
        assert_eq!(moved(0..10, 100), Some(100..110));
    }
}

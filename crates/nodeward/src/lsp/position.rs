//! Positions as editors count them: lines from 0, and within a line the units of an encoding.

use serde::{Deserialize, Serialize};

/// In which units columns are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16,
    Utf32,
}

impl Encoding {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
            Self::Utf32 => "utf-32",
        }
    }

    /// The first that both sides know; UTF-16 if nothing is said.
    pub(super) fn agree<'n>(offered: impl IntoIterator<Item = &'n str>) -> Self {
        let known = [Self::Utf8, Self::Utf16, Self::Utf32];
        let mut names = offered.into_iter();
        names.find_map(|name| known.into_iter().find(|known| known.name() == name)).unwrap_or(Self::Utf16)
    }

    fn units(self, text: &str) -> usize {
        match self {
            Self::Utf8 => text.len(),
            Self::Utf16 => text.chars().map(char::len_utf16).sum(),
            Self::Utf32 => text.chars().count(),
        }
    }

    fn of(self, character: char) -> usize {
        match self {
            Self::Utf8 => character.len_utf8(),
            Self::Utf16 => character.len_utf16(),
            Self::Utf32 => 1,
        }
    }
}

/// A place in a text, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) character: u32,
}

/// A stretch of a text; the end is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Range {
    pub(super) start: Position,
    pub(super) end: Position,
}

/// How many bytes are counted at most between two remembered places.
const STRIDE: usize = 1024;

/// The lines of a text. For an editor a lone carriage return ends one too.
#[derive(Debug)]
pub(super) struct Lines {
    encoding: Encoding,
    starts: Vec<usize>,
    /// Units before the first character that starts at or after each multiple of [`STRIDE`].
    units: Vec<usize>,
}

impl Lines {
    pub(super) fn new(text: &str, encoding: Encoding) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            if bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n') {
                starts.push(at + 1);
            }
        }
        let mut units = Vec::with_capacity(text.len() / STRIDE + 1);
        let (mut total, mut from) = (0, 0);
        for stride in (0..=text.len()).step_by(STRIDE) {
            let at = text.ceil_char_boundary(stride);
            total += encoding.units(&text[from..at]);
            units.push(total);
            from = at;
        }
        Self { encoding, starts, units }
    }

    /// Units before a byte of the text, which starts a character.
    fn before(&self, text: &str, offset: usize) -> usize {
        let mut stride = (offset / STRIDE).min(self.units.len() - 1);
        if text.ceil_char_boundary(stride * STRIDE) > offset {
            stride -= 1;
        }
        let from = text.ceil_char_boundary(stride * STRIDE);
        self.units[stride] + self.encoding.units(&text[from..offset])
    }

    /// The position of a byte; past the end that of the end, within a character that of its start.
    pub(super) fn position(&self, text: &str, offset: usize) -> Position {
        let offset = text.floor_char_boundary(offset.min(text.len()));
        let line = self.starts.partition_point(|&start| start <= offset) - 1;
        let character = self.before(text, offset) - self.before(text, self.starts[line]);
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Position { line: number(line), character: number(character) }
    }

    /// The byte of a position; past the end of a line the line's end, past the last line the text's.
    pub(super) fn offset(&self, text: &str, position: Position) -> usize {
        let line = position.line as usize;
        let Some(&start) = self.starts.get(line) else { return text.len() };
        let end = self.starts.get(line + 1).map_or(text.len(), |&next| {
            let line = &text[start..next];
            start + line.trim_end_matches(['\r', '\n']).len()
        });
        let wanted = self.before(text, start) + position.character as usize;
        // The last remembered place before it, if it is on this line.
        let stride = self.units.partition_point(|&units| units <= wanted).saturating_sub(1);
        let from = text.ceil_char_boundary(stride * STRIDE).clamp(start, end);
        let mut units = self.before(text, from);
        let mut at = from;
        for character in text[from..end].chars() {
            units += self.encoding.of(character);
            if units > wanted {
                break;
            }
            at += character.len_utf8();
        }
        at
    }

    pub(super) fn range(&self, text: &str, bytes: std::ops::Range<usize>) -> Range {
        Range { start: self.position(text, bytes.start), end: self.position(text, bytes.end) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By counting, one character after the other.
    fn slow(text: &str, encoding: Encoding) -> Vec<(usize, Position)> {
        let mut position = Position { line: 0, character: 0 };
        let mut all = Vec::new();
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            all.push((at, position));
            let next = characters.peek().map(|(_, next)| *next);
            if character == '\n' || character == '\r' && next != Some('\n') {
                position = Position { line: position.line + 1, character: 0 };
            } else {
                position.character += encoding.of(character) as u32;
            }
        }
        all.push((text.len(), position));
        all
    }

    const ENCODINGS: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn agrees_with_counting(text in "([a-z]|é|😀|\u{2028}|\n|\r|\r\n){0,60}", repeat in 1usize..40) {
            let text = text.repeat(repeat);
            for encoding in ENCODINGS {
                let lines = Lines::new(&text, encoding);
                for (offset, position) in slow(&text, encoding).into_iter().step_by(5) {
                    prop_assert_eq!(lines.position(&text, offset), position);
                    // Between the two halves of a line end there is no place of its own.
                    if text[..offset].ends_with('\r') && text[offset..].starts_with('\n') {
                        continue;
                    }
                    prop_assert_eq!(lines.offset(&text, position), offset);
                }
            }
        }

        #[test]
        fn any_position_is_a_place(text in "([a-z]|é|😀|\n|\r\n){0,40}", line in any::<u32>(), character in any::<u32>(), small in 0u32..40) {
            for encoding in ENCODINGS {
                let lines = Lines::new(&text, encoding);
                for position in [Position { line, character }, Position { line: small, character }, Position { line: small % 5, character: small }] {
                    let offset = lines.offset(&text, position);
                    prop_assert!(text.is_char_boundary(offset));
                }
                prop_assert!(lines.position(&text, line as usize).line <= text.len() as u32);
            }
        }
    }

    #[test]
    fn long_lines_are_counted_from_near() {
        let text = format!("{}\n{}", "é😀".repeat(3_000), "x".repeat(3_000));
        let lines = Lines::new(&text, Encoding::Utf16);
        assert_eq!(lines.position(&text, 6 * 2_000), Position { line: 0, character: 6_000 });
        assert_eq!(lines.offset(&text, Position { line: 0, character: 6_001 }), 6 * 2_000 + 2);
        assert_eq!(
            lines.offset(&text, Position { line: 0, character: 6_002 }),
            6 * 2_000 + 2,
            "half a character"
        );
        assert_eq!(lines.offset(&text, Position { line: 0, character: 99_999 }), 18_000);
        assert_eq!(lines.offset(&text, Position { line: 1, character: 2_000 }), 20_001);
    }

    #[test]
    fn the_clients_first_choice_is_taken() {
        assert_eq!(Encoding::agree(["utf-7", "utf-32", "utf-8"]), Encoding::Utf32);
        assert_eq!(Encoding::agree([]), Encoding::Utf16);
    }
}

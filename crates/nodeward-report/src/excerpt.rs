//! The line of source that a finding is about, with the part that it means.

use std::ops::Range;

use nodeward_package::place::Position;

/// The most characters kept before what is meant, and from where it begins on.
const BEFORE: usize = 60;
const AFTER: usize = 160;

/// The line of source that a finding is about. Somebody else's text: renderers print it through
/// [`crate::Printable`] or an escaper of their own format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The line, or of a long one the part around what is meant.
    pub text: String,
    /// The bytes of `text` that are meant, as far as they stand on this line.
    pub meant: Range<usize>,
    /// Just past what is meant, which may be on a later line.
    pub end: Position,
}

impl Excerpt {
    /// The line around the bytes `span` of a file's text. Offsets that the text does not have give an empty one.
    pub fn of(text: &str, span: Range<usize>, end: Position) -> Self {
        let Some((before, rest)) = text.split_at_checked(span.start) else {
            return Self { text: String::new(), meant: 0..0, end };
        };
        // A file can be one line with findings all over it: no more of it is looked at than can be shown.
        let before = &before[before.ceil_char_boundary(before.len().saturating_sub(4 * BEFORE))..];
        let rest = &rest[..rest.floor_char_boundary(4 * AFTER)];
        let before = before.rsplit(['\n', '\r']).next().unwrap_or_default();
        let skipped = before.char_indices().rev().nth(BEFORE - 1).map_or(0, |(at, _)| at);
        let before = &before[skipped..];
        let rest = rest.split(['\n', '\r']).next().unwrap_or_default();
        let rest = rest.char_indices().nth(AFTER).map_or(rest, |(at, _)| &rest[..at]);
        let meant = rest.floor_char_boundary(span.end.saturating_sub(span.start).min(rest.len()));
        Self { text: format!("{before}{rest}"), meant: before.len()..before.len() + meant, end }
    }

    /// What stands before what is meant, what is meant, and what follows.
    pub fn parts(&self) -> [&str; 3] {
        let Range { start, end } = self.meant.clone();
        [&self.text[..start], &self.text[start..end], &self.text[end..]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str, span: Range<usize>) -> [String; 3] {
        Excerpt::of(text, span, Position::default()).parts().map(str::to_owned)
    }

    #[test]
    fn the_line_and_what_is_meant() {
        assert_eq!(parts("one\n  two(three);\n", 6..9), ["  ", "two", "(three);"]);
        assert_eq!(parts("a(\n b)", 0..6), ["", "a(", ""]);
        assert_eq!(parts("é", 1..9), ["", "", ""]);
        assert_eq!(parts("x", 1..1), ["x", "", ""]);
        let long = format!("{}here{}", "é".repeat(1_000), "é".repeat(1_000));
        assert_eq!(parts(&long, 2_000..2_004), ["é".repeat(60), "here".into(), "é".repeat(156)]);
        let wide = "𝒳".repeat(1_000);
        assert_eq!(parts(&wide, 2_000..2_004), ["𝒳".repeat(60), "𝒳".into(), "𝒳".repeat(159)]);
    }
}

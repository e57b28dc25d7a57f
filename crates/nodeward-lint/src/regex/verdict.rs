//! What the analysis answers.

use std::fmt;
use std::ops::Range;

/// How the time of a match grows with the length of the worst string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// In proportion to it.
    Safe,
    /// As a power of it.
    Polynomial {
        /// The power, over all starts that a search tries.
        degree: u32,
        /// The power at any one start: 1 when only the search itself makes it slow, as for `\s+$`.
        degree_at_start: u32,
        /// A string that shows it.
        witness: Witness,
        /// The power that this string shows at its first start: another may show a higher one.
        shown_at_start: u32,
    },
    /// It doubles, or worse, with each repetition of the pump.
    Exponential {
        /// A string that shows it.
        witness: Witness,
    },
    /// The pattern was not analysed to the end.
    Unknown(Reason),
}

impl Verdict {
    pub(super) fn worse(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }

    fn rank(&self) -> (u8, u32) {
        match self {
            Self::Safe => (0, 0),
            Self::Unknown(_) => (1, 0),
            Self::Polynomial { degree, .. } => (2, *degree),
            Self::Exponential { .. } => (3, 0),
        }
    }
}

/// Why a pattern was not analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// An engine refuses the pattern as well.
    #[error("invalid pattern: {0}")]
    Syntax(&'static str),
    /// The pattern, nested or repeated, is larger than we look at.
    #[error("the pattern is too large")]
    TooLarge,
    /// The search for an ambiguous word ran out of its steps.
    #[error("the pattern is too complex")]
    TooComplex,
}

/// A family of strings: the prefix, the pump any number of times, the suffix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Leads to the ambiguous part.
    pub prefix: Text,
    /// Adds to the work with each repetition; never empty.
    pub pump: Text,
    /// Makes the match fail in the end.
    pub suffix: Text,
    /// The ambiguous part of the pattern, in bytes.
    pub span: Range<u32>,
}

impl Witness {
    pub(super) fn shifted(mut self, bytes: u32) -> Self {
        self.span = self.span.start + bytes..self.span.end + bytes;
        self
    }

    /// Whether it holds a line break.
    pub(crate) fn breaks_line(&self) -> bool {
        let parts = [&self.prefix, &self.pump, &self.suffix];
        parts.iter().any(|part| part.0.iter().any(|one| matches!(one, 0x0A | 0x0D)))
    }

    /// The string with this many pumps as a JavaScript expression: `'x' + 'a'.repeat(30000) + '!'`.
    #[must_use]
    pub fn expression(&self, pumps: u32) -> String {
        let mut expression = String::new();
        if !self.prefix.is_empty() {
            expression.push_str(&format!("{} + ", self.prefix));
        }
        expression.push_str(&format!("{}.repeat({pumps})", self.pump));
        if !self.suffix.is_empty() {
            expression.push_str(&format!(" + {}", self.suffix));
        }
        expression
    }
}

/// Characters of a witness: code points, or lone UTF-16 surrogates. Displayed as a JavaScript literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub(super) Vec<u32>);

impl Text {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many characters there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("'")?;
        for &character in &self.0 {
            match character {
                0x0A => formatter.write_str("\\n")?,
                0x0D => formatter.write_str("\\r")?,
                0x09 => formatter.write_str("\\t")?,
                0x27 => formatter.write_str("\\'")?,
                0x5C => formatter.write_str("\\\\")?,
                0x20..0x7F => write!(formatter, "{}", char::from_u32(character).unwrap_or(' '))?,
                0..=0xFF => write!(formatter, "\\x{character:02x}")?,
                0x100..=0xFFFF => write!(formatter, "\\u{character:04x}")?,
                _ => write!(formatter, "\\u{{{character:x}}}")?,
            }
        }
        formatter.write_str("'")
    }
}

//! What a manifest says of its licence, as SBOMs tell it apart.

use spdx::{Expression, ParseMode};

/// A licence text, sorted out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Licence<'a> {
    /// One licence of the SPDX list.
    Id(&'a str),
    /// A valid SPDX expression of more than one part.
    Expression(&'a str),
    /// Anything else: `UNLICENSED`, `SEE LICENSE IN file`, prose.
    Name(&'a str),
}

/// The longest text that is read as an expression.
const MAX_EXPRESSION: usize = 1_000;

impl<'a> Licence<'a> {
    /// Sorts out a text; `None` where there is nothing in it.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        // npm's word for "no licence given" is no SPDX identifier.
        if text.len() > MAX_EXPRESSION || text == "UNLICENSED" {
            return Some(Self::Name(text));
        }
        if spdx::license_id(text).is_some_and(|id| id.name == text) {
            return Some(Self::Id(text));
        }
        // Old identifiers are still in the list, and most of npm is old.
        let mode = ParseMode { allow_deprecated: true, allow_postfix_plus_on_gpl: true, ..ParseMode::STRICT };
        match Expression::parse_mode(text, mode) {
            Ok(_) => Some(Self::Expression(text)),
            Err(_) => Some(Self::Name(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Licence::{self, Expression, Id, Name};

    #[test]
    fn expressions_are_told_from_prose() {
        for (text, expected) in [
            ("MIT", Some(Id("MIT"))),
            (" GPL-2.0 ", Some(Id("GPL-2.0"))),
            ("(MIT OR Apache-2.0)", Some(Expression("(MIT OR Apache-2.0)"))),
            ("GPL-2.0+", Some(Expression("GPL-2.0+"))),
            ("Apache-2.0 WITH LLVM-exception", Some(Expression("Apache-2.0 WITH LLVM-exception"))),
            ("LicenseRef-own", Some(Expression("LicenseRef-own"))),
            ("MIT/X11", Some(Name("MIT/X11"))),
            ("UNLICENSED", Some(Name("UNLICENSED"))),
            ("SEE LICENSE IN LICENSE.md", Some(Name("SEE LICENSE IN LICENSE.md"))),
            ("MIT OR", Some(Name("MIT OR"))),
            ("", None),
        ] {
            assert_eq!(Licence::read(text), expected, "{text:?}");
        }
    }
}

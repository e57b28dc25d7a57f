//! The pieces that versions and ranges are made of, read from bytes without allocating.

use super::Syntax;

/// JavaScript's `Number.MAX_SAFE_INTEGER`.
pub(crate) const MAX_SAFE_INTEGER: u64 = 9_007_199_254_740_991;

/// node-semver's own bounds on the runs that its expressions match. In a loose range a longer run is no comparator
/// and is dropped, where anything else that is too large is an error.
const MAX_DIGITS: usize = 256;
const MAX_IDENTIFIER_TAIL: usize = 250;

/// Reads pieces off the front of a text.
pub(crate) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.at == self.text.len()
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn is_identifier_at(&self, at: usize) -> bool {
        self.text.as_bytes().get(at).copied().is_some_and(is_identifier_byte)
    }

    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn skip_v(&mut self) {
        self.eat(b'v');
    }

    /// Skips any mix of `v`, `=` and spaces.
    pub(crate) fn skip_prefix(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches(|c| c == 'v' || c == '=' || is_space(c)).len();
    }

    fn run(&mut self, is_part: impl Fn(u8) -> bool) -> &'a str {
        let rest = &self.text[self.at..];
        let length = rest.bytes().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// The digits of a number. Strictly a leading zero is a number on its own, so what follows it is left over.
    pub(crate) fn digits(&mut self, syntax: Syntax) -> Option<&'a str> {
        if syntax == Syntax::Strict && self.eat(b'0') {
            return Some(&self.text[self.at - 1..self.at]);
        }
        let digits = self.run(|byte| byte.is_ascii_digit());
        (1..=MAX_DIGITS).contains(&digits.len()).then_some(digits)
    }

    /// The digits of the last of the three numbers. Loosely a prerelease needs no dash before it, so where a dot
    /// follows, the last digit begins one: `1.2.34.5` is `1.2.3-4.5`.
    pub(crate) fn patch(&mut self, syntax: Syntax) -> Option<&'a str> {
        let start = self.at;
        let digits = self.digits(syntax)?;
        let is_cut = self.peek() == Some(b'.') && self.is_identifier_at(self.at + 1);
        if syntax == Syntax::Loose && is_cut && digits.len() > 1 {
            self.at -= 1;
        }
        Some(&self.text[start..self.at])
    }

    /// A number of a range, where `x`, `X` and `*` stand for any.
    pub(crate) fn wildcard(&mut self) -> bool {
        let found = matches!(self.peek(), Some(b'x' | b'X' | b'*'));
        self.at += usize::from(found);
        found
    }

    /// The prerelease at this place without its dash: empty if there is none, `None` if there is a malformed one.
    pub(crate) fn prerelease(&mut self, syntax: Syntax) -> Option<&'a str> {
        match (syntax, self.peek()) {
            (_, Some(b'-')) if self.is_identifier_at(self.at + 1) => self.at += 1,
            // Loosely the dash may be left out, so one with nothing after it is itself the identifier.
            (Syntax::Loose, Some(byte)) if is_identifier_byte(byte) => {}
            (Syntax::Strict, Some(b'-')) => return None,
            _ => return Some(""),
        }
        let start = self.at;
        loop {
            if !is_identifier(self.run(is_identifier_byte), syntax) {
                return None;
            }
            if self.peek() != Some(b'.') || !self.is_identifier_at(self.at + 1) {
                return Some(&self.text[start..self.at]);
            }
            self.at += 1;
        }
    }

    /// The build at this place without its plus; empty if there is none.
    pub(crate) fn build(&mut self) -> &'a str {
        if self.peek() != Some(b'+') || !self.is_identifier_at(self.at + 1) {
            return "";
        }
        let start = self.at + 1;
        loop {
            self.at += 1;
            self.run(is_identifier_byte);
            if self.peek() != Some(b'.') || !self.is_identifier_at(self.at + 1) {
                return &self.text[start..self.at];
            }
        }
    }
}

pub(crate) fn is_identifier_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// Whether a run of identifier bytes may be a part of a prerelease.
pub(crate) fn is_identifier(part: &str, syntax: Syntax) -> bool {
    let digits = part.bytes().take_while(u8::is_ascii_digit).count();
    match (digits == part.len(), syntax) {
        (true, Syntax::Strict) => {
            part == "0" || (!part.starts_with('0') && (1..=MAX_DIGITS + 1).contains(&digits))
        }
        (true, Syntax::Loose) => (1..=MAX_DIGITS).contains(&digits),
        (false, _) => digits <= MAX_DIGITS && part.len() - digits - 1 <= MAX_IDENTIFIER_TAIL,
    }
}

/// Whether JavaScript holds the character to be a space: in `\s` and in `trim()` alike.
pub(crate) fn is_space(character: char) -> bool {
    matches!(character,
        '\t'..='\r' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}'
        | '\u{205f}' | '\u{3000}' | '\u{feff}')
}

pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Whether JavaScript's `length` of the text is above the limit.
pub(crate) fn is_longer_than(text: &str, limit: usize) -> bool {
    text.len() > limit && text.encode_utf16().nth(limit).is_some()
}

/// The value of a run of digits; `None` where it is above [`MAX_SAFE_INTEGER`] or something else is among them.
pub(crate) fn number(digits: &str) -> Option<u64> {
    let mut value = 0_u64;
    for byte in digits.bytes() {
        if !byte.is_ascii_digit() || value > MAX_SAFE_INTEGER {
            return None;
        }
        value = value * 10 + u64::from(byte - b'0');
    }
    (value <= MAX_SAFE_INTEGER && !digits.is_empty()).then_some(value)
}

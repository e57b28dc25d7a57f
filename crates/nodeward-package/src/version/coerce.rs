//! The likely version in a text that is none: `node:22-slim`, `~1.2 or so`.

use super::scan::{self, Scan};
use super::{Syntax, Version};

/// Digits that a number may have to be taken for a part of a version.
const MAX_DIGITS: usize = 16;
/// The longest text that is looked through, in bytes.
pub const MAX_COERCED_BYTES: usize = 16 * 1024;
/// Characters of build metadata that are kept of one identifier.
const MAX_BUILD_IDENTIFIER: usize = 250;

/// Which of several candidates in a text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CoerceFrom {
    /// The leftmost: `1.2.3` in `1.2.3.4`.
    #[default]
    Left,
    /// The rightmost: `2.3.4` in `1.2.3.4`.
    Right,
}

/// How much of a candidate is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CoerceKeep {
    /// The three numbers.
    #[default]
    Numbers,
    /// Prerelease and build as well (node-semver's `includePrerelease`).
    All,
}

impl Version {
    /// Makes the likely version out of a text, as node-semver's `coerce`. `None` where there is no number, where the
    /// numbers make no version in that syntax, or where the text is longer than [`MAX_COERCED_BYTES`].
    pub fn coerce(text: &str, from: CoerceFrom, keep: CoerceKeep, syntax: Syntax) -> Option<Self> {
        if text.len() > MAX_COERCED_BYTES {
            return None;
        }
        let mut candidates = numbers(text).map(|start| Candidate::read(text, start, keep));
        let mut chosen = candidates.next()?;
        if from == CoerceFrom::Right {
            for candidate in candidates {
                if chosen.end == text.len() {
                    break;
                }
                // What ends where a candidate further left ends is a part of that one.
                if candidate.end != chosen.end {
                    chosen = candidate;
                }
            }
        }
        Self::parse_with(&chosen.text(), syntax).ok()
    }
}

/// Where in the text a number starts that is short enough to be a part of a version.
fn numbers(text: &str) -> impl Iterator<Item = usize> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            at += text[at..].find(|c: char| c.is_ascii_digit())?;
            let (start, length) = (at, digits(&text[at..]).len());
            at += length;
            if length <= MAX_DIGITS {
                return Some(start);
            }
        }
    })
}

fn digits(text: &str) -> &str {
    &text[..text.bytes().take_while(u8::is_ascii_digit).count()]
}

struct Candidate<'a> {
    numbers: [&'a str; 3],
    prerelease: &'a str,
    build: &'a str,
    /// Where it ends, one character that follows it included.
    end: usize,
}

impl<'a> Candidate<'a> {
    fn read(text: &'a str, start: usize, keep: CoerceKeep) -> Self {
        let major = digits(&text[start..]);
        let mut numbers = [major, "0", "0"];
        let mut at = start + major.len();
        for number in &mut numbers[1..] {
            let next = text[at..].strip_prefix('.').map_or("", digits);
            if !(1..=MAX_DIGITS).contains(&next.len()) {
                break;
            }
            *number = next;
            at += 1 + next.len();
        }
        let (mut prerelease, mut build) = ("", "");
        if keep == CoerceKeep::All {
            prerelease = text[at..].strip_prefix('-').map_or("", longest_prerelease);
            at += prerelease.len() + usize::from(!prerelease.is_empty());
            build = longest_build(&text[at..]);
            at += build.len() + usize::from(!build.is_empty());
        }
        // JavaScript takes half of a character outside the basic plane, which therefore is never the end of the text.
        let follower = text[at..].chars().next().map_or(0, |c| c.len_utf8() + 1 - c.len_utf16());
        let end = at + follower;
        Self { numbers, prerelease, build, end }
    }

    fn text(&self) -> String {
        let [major, minor, patch] = self.numbers;
        let mut text = format!("{major}.{minor}.{patch}");
        for (separator, part) in [('-', self.prerelease), ('+', self.build)] {
            if !part.is_empty() {
                text.push(separator);
                text.push_str(part);
            }
        }
        text
    }
}

/// The identifiers at the front, up to the first that is none.
fn longest_prerelease(text: &str) -> &str {
    let mut end = 0;
    loop {
        let start = if end == 0 { 0 } else { end + 1 };
        let part = &text[start..];
        let part = &part[..part.bytes().take_while(|&byte| scan::is_identifier_byte(byte)).count()];
        if !scan::is_identifier(part, Syntax::Strict) {
            return &text[..end];
        }
        end = start + part.len();
        if !text[end..].starts_with('.') {
            return &text[..end];
        }
    }
}

fn longest_build(text: &str) -> &str {
    let mut scan = Scan::new(text);
    let build = scan.build();
    let too_long = |part: &str| part.len() > MAX_BUILD_IDENTIFIER;
    match build.split('.').position(too_long) {
        None => build,
        Some(0) => build[..MAX_BUILD_IDENTIFIER].trim_end_matches(|c: char| c.is_ascii_digit()),
        Some(kept) => {
            let length: usize = build.split('.').take(kept).map(|part| part.len() + 1).sum();
            &build[..length - 1]
        }
    }
}

//! How deep a text nests, measured before it is parsed.
//!
//! The parser and every walk over its tree recurse, so a text of a few kilobytes could exhaust a stack. This reads
//! the text once, without recursion, and gives a bound on the depth of its tree: what is open around a token
//! (brackets, tags, templates), plus what stands before it in its statement that may hold it (operators, calls,
//! `else if`, arrows). The bound may be too high and is never too low, for the text as the parser would read it.
//!
//! Where only a parser could tell a division from a regular expression, or a comparison from a tag, both are
//! followed to the end. A reading ends early where it meets what stops the parser too.

mod bytes;
mod frame;
mod scan;
mod tags;
mod words;

use frame::Frames;
use scan::Reading;

/// The deepest nesting that is parsed. An opening bracket or tag counts for several, as it makes the parser call
/// itself through every level of precedence; an operator counts for one.
pub(crate) const MAX_DEPTH: u32 = 16_000;

/// Readings of one text that are followed.
const MAX_READINGS: usize = 32;

/// The syntax that a text may use beyond JavaScript's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Dialect {
    /// Type annotations.
    pub(crate) types: bool,
    /// Tags.
    pub(crate) tags: bool,
}

/// Why a text is not given to the parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It nests deeper than [`MAX_DEPTH`], at this byte.
    TooDeep(usize),
    /// Brackets, quotes or tags do not match at this byte, and what follows is too much to try.
    Unmatched(usize),
    /// It can be read in too many ways, as of this byte.
    Ambiguous(usize),
}

/// Tells whether `text` nests so little that it can be parsed.
pub(crate) fn check(text: &str, dialect: Dialect) -> Result<(), Refusal> {
    // Most files have too few tokens to nest too deep in any way.
    if weight(text.as_bytes()) <= MAX_DEPTH {
        return Ok(());
    }
    let mut open = vec![Reading::new(Frames::new())];
    let mut readings = 1;
    let mut whole = false;
    let mut furthest = 0;
    let mut deepest = 0;
    while let Some(mut reading) = open.pop() {
        let end = reading.run(text.as_bytes(), dialect, &mut |other| {
            readings += 1;
            open.push(other);
            readings <= MAX_READINGS
        });
        deepest = deepest.max(reading.frames.deepest);
        match end {
            scan::End::Whole => whole = true,
            scan::End::TooDeep(at) => return Err(Refusal::TooDeep(at)),
            scan::End::TooMany(at) => return Err(Refusal::Ambiguous(at)),
            scan::End::Unmatched(at) | scan::End::Unfinished(at) => furthest = furthest.max(at),
        }
    }
    // The parser stops there too. Should it not, the rest must be harmless however it is read.
    if !whole && deepest.saturating_add(weight(&text.as_bytes()[furthest..])) > MAX_DEPTH {
        return Err(Refusal::Unmatched(furthest));
    }
    Ok(())
}

/// More than any reading of `bytes` can nest; once that is too deep, no more is read.
fn weight(bytes: &[u8]) -> u32 {
    const CHUNK: usize = 1024;
    let mut weight = 0;
    let mut in_word = 0;
    for chunk in bytes.chunks(CHUNK) {
        for &byte in chunk {
            let (own, word) = WEIGHTS[byte as usize];
            // Of a word only its first byte counts.
            weight += u32::from(own & !(in_word & word));
            in_word = word;
        }
        if weight > MAX_DEPTH {
            break;
        }
    }
    weight
}

/// What each byte weighs, and whether it is part of a word: all ones if so.
static WEIGHTS: [(u8, u8); 256] = {
    let mut weights = [(1, 0); 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        weights[at] = match byte {
            b'(' | b'[' | b'{' | b'<' => (frame::BRACKET as u8 + 1, 0),
            b' ' | b'\n' | b'\r' | b'\t' | b';' => (0, 0),
            _ if bytes::is_word(byte) => (1, u8::MAX),
            _ => (1, 0),
        };
        at += 1;
    }
    weights
};

#[cfg(test)]
pub(crate) mod tests;

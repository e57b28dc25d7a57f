//! Bytes of a JSON text: where a string stops, what an escape stands for.

use super::{Fault, Read};

pub(super) fn control_at(at: usize) -> Fault {
    Fault::new(at, "a line break or control character inside a string")
}

/// How many bytes stand before the first quote, backslash or control character. Names and versions are short, so
/// eight bytes at a time in a register are faster than the set-up of a vectorised search.
pub(super) fn plain_length(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES * 0x80;
    // The high bit of each byte that is zero; above the lowest such byte there may be false ones.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let (words, _) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let found =
            zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\'))) | controls;
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let rest = words.len() * 8;
    let stops = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    bytes[rest..].iter().position(stops).map(|at| rest + at)
}

/// The first byte from `at` on that is no space; indentation is passed eight spaces at a time.
pub(super) fn past_indentation(bytes: &[u8], mut at: usize) -> usize {
    while bytes[at..].starts_with(b"        ") {
        at += 8;
    }
    while bytes.get(at) == Some(&b' ') {
        at += 1;
    }
    at
}

/// Decodes the escape at `at` onto `value`; gives the offset after it.
pub(super) fn unescape(text: &str, at: usize, value: &mut String) -> Read<usize> {
    let bytes = text.as_bytes();
    let plain = match bytes.get(at + 1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unescape_unicode(text, at, value),
        _ => return Err(Fault::new(at, "an escape that JSON does not know")),
    };
    value.push(plain);
    Ok(at + 2)
}

fn unescape_unicode(text: &str, at: usize, value: &mut String) -> Read<usize> {
    let fault = || Fault::new(at, "a \\u escape that names no character");
    let unit = |at: usize| {
        let digits = text.as_bytes().get(at + 2..at + 6).filter(|_| text[at..].starts_with("\\u"))?;
        digits.iter().try_fold(0_u32, |unit, &digit| Some(unit << 4 | (digit as char).to_digit(16)?))
    };
    let high = unit(at).ok_or_else(fault)?;
    if !(0xd800..0xdc00).contains(&high) {
        value.push(char::from_u32(high).ok_or_else(fault)?);
        return Ok(at + 6);
    }
    let low = unit(at + 6).filter(|low| (0xdc00..0xe000).contains(low)).ok_or_else(fault)?;
    let code = 0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00));
    value.push(char::from_u32(code).ok_or_else(fault)?);
    Ok(at + 12)
}

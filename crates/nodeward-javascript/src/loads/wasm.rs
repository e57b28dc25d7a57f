//! WebAssembly that stands in a text: as base64 in strings, or as the numbers of an array.

use crate::oxc::ast::{
    ArrayExpression, ArrayExpressionElement, BinaryExpression, BinaryOperator, Expression, NumericLiteral,
};

use super::plain::literal;
use super::value::bare;

/// How many modules of one file count. Who has more has made them to be many.
const MOST_MODULES: usize = 64;

/// How every module of WebAssembly begins: its mark, and the one version that there is.
const START: &[u8; 8] = b"\0asm\x01\0\0\0";

/// How base64 of it begins, whatever follows.
const BASE64_START: &str = "AGFzbQ";

/// The address that some packages put before their base64 is not longer.
const MOST_ADDRESS: usize = 128;

/// The modules that were found.
#[derive(Debug, Default)]
pub(super) struct Embedded {
    /// Whether there can be base64 at all.
    has_base64: bool,
    /// In the order of the text.
    pub(super) modules: Vec<Vec<u8>>,
}

/// Whether a text without a word that loads anything has to be looked at for this.
pub(super) fn may_hold(text: &str) -> bool {
    holds_base64(text) || memchr::memmem::find(text.as_bytes(), b"WebAssembly").is_some()
}

fn holds_base64(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), BASE64_START.as_bytes()).is_some()
}

impl Embedded {
    /// None yet, of this text.
    pub(super) fn of(text: &str) -> Self {
        Self { has_base64: holds_base64(text), modules: Vec::new() }
    }

    /// What a string may hold.
    pub(super) fn string(&mut self, text: &str) {
        if self.has_base64 && begins(text) {
            self.add(decode([text]));
        }
    }

    /// The parts of a sum, from left to right, if strings that follow one another in it may hold some. They are done
    /// with then, as far as they are strings.
    pub(super) fn sum<'e, 'a>(&mut self, sum: &'e BinaryExpression<'a>) -> Option<Vec<&'e Expression<'a>>> {
        if !self.has_base64 || sum.operator != BinaryOperator::Addition {
            return None;
        }
        let parts = parts(sum);
        let mut at = 0;
        while at < parts.len() {
            if !literal(parts[at]).is_some_and(|(text, _)| begins(text)) {
                at += 1;
                continue;
            }
            let strings = parts[at..].iter().map_while(|part| Some(literal(part)?.0));
            at += strings.clone().count();
            self.add(decode(strings));
        }
        Some(parts)
    }

    /// What an array may hold.
    pub(super) fn array(&mut self, array: &ArrayExpression<'_>) {
        let elements = &array.elements;
        let begins = elements.len() >= START.len()
            && elements.iter().zip(START).all(|(element, &expected)| byte(element) == Some(expected));
        if begins {
            self.add(elements.iter().map(byte).collect());
        }
    }

    fn add(&mut self, bytes: Option<Vec<u8>>) {
        if let Some(bytes) = bytes.filter(|bytes| bytes.starts_with(START))
            && self.modules.len() < MOST_MODULES
        {
            self.modules.push(bytes);
        }
    }
}

/// The operands of nested additions, from left to right, without descending by calls.
fn parts<'e, 'a>(sum: &'e BinaryExpression<'a>) -> Vec<&'e Expression<'a>> {
    let mut parts = Vec::new();
    let mut left = vec![&sum.right, &sum.left];
    while let Some(expression) = left.pop() {
        match bare(expression) {
            Expression::BinaryExpression(inner) if inner.operator == BinaryOperator::Addition => {
                left.extend([&inner.right, &inner.left]);
            }
            part => parts.push(part),
        }
    }
    parts
}

/// The text without the address (`data:…;base64,`) that may stand before it.
fn without_address(text: &str) -> &str {
    let comma = text.bytes().take(MOST_ADDRESS).position(|byte| byte == b',');
    let cut = comma.and_then(|comma| text.split_at_checked(comma));
    match cut {
        Some((address, rest)) if address.starts_with("data:") && address.ends_with(";base64") => &rest[1..],
        _ => text,
    }
}

fn begins(text: &str) -> bool {
    without_address(text).trim_start().starts_with(BASE64_START)
}

fn byte(element: &ArrayExpressionElement<'_>) -> Option<u8> {
    let ArrayExpressionElement::NumericLiteral(number) = element else { return None };
    let NumericLiteral { value, .. } = **number;
    let byte = value as u8;
    (f64::from(byte) == value).then_some(byte)
}

/// The bytes of base64 in either alphabet, as Node.js reads it: blanks are passed over, the end needs no mark.
fn decode<'t>(texts: impl IntoIterator<Item = &'t str>) -> Option<Vec<u8>> {
    let mut texts = texts.into_iter();
    let first = without_address(texts.next()?);
    let mut bytes = Vec::with_capacity(first.len() / 4 * 3);
    let (mut held, mut bits, mut has_ended) = (0_u32, 0_u32, false);
    for character in [first].into_iter().chain(texts).flat_map(str::bytes) {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                has_ended = true;
                continue;
            }
            b' ' | b'\t' | b'\n' | b'\r' => continue,
            _ => return None,
        };
        if has_ended {
            return None;
        }
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    // One character alone is no byte.
    (bits < 6).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::SourceKind;
    use crate::loads::{Surroundings, loads};
    use proptest::prelude::*;

    const MODULE: &str = "AGFzbQEAAAA=";

    fn of(text: &str) -> Vec<Vec<u8>> {
        let surroundings = Surroundings {
            working_directory: "/p",
            environment: &[],
            platform: "linux",
            architecture: "x64",
            names: &[],
            resolver: None,
        };
        loads(text, Path::new("/p/a.js"), SourceKind::JAVASCRIPT, &surroundings).unwrap().wasm
    }

    #[test]
    fn strings_and_numbers_that_are_webassembly() {
        let section = [START, &[0_u8, 2, 1, 65][..]].concat();
        for (text, expected) in [
            (format!("module.exports = Buffer.from('{MODULE}', 'base64')"), START.to_vec()),
            (format!("const a = `{MODULE}`"), START.to_vec()),
            ("const a = 'AGFzbQEAAAAAAgFB'".to_owned(), section.clone()),
            ("const a = 'AGFz' + 'bQ'; b('AGFzbQ' + `EAAA` + ('AA' + 'AgFB'))".to_owned(), section.clone()),
            ("const a = 'AGFzbQEA\\n  AAAA\\nAgFB'".to_owned(), section.clone()),
            ("a(b + 'AGFzbQEAAAA' + 'AAgFB' + b + 'c')".to_owned(), section.clone()),
            (format!("a('data:application/octet-stream;base64,' + '{MODULE}')"), START.to_vec()),
            (format!("a('data:application/octet-stream;base64,{MODULE}')"), START.to_vec()),
            (
                "new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 0, 2, 1, 65]))"
                    .to_owned(),
                section.clone(),
            ),
            ("exports.a = [0x00,0x61,0x73,0x6d,1,0,0,0,0,0x2,0b1,0x41]".to_owned(), section),
        ] {
            assert_eq!(of(&text), [expected], "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_it() {
        for text in [
            "a('AGFzbQ')",
            "a('AGFzbQEAAAA*')",
            "a('AGFzbQEAAAA=A')",
            "a('AGFzbQEAAAAAA')",
            "a('AGFzbQIAAAA=')",
            "a(`AGFzbQ${b}EAAAA=`)",
            "a('AGFzbQ' - 'EAAAA=')",
            "a('AGFzbQ' + b + 'EAAAA=')",
            "// AGFzbQEAAAA=",
            "exports.a = [0, 97, 115, 109]",
            "exports.a = [0, 97, 115, 109, 1, 0, 0, 0, 256]",
            "exports.a = [0, 97, 115, 109, 1, 0, 0, 0, 1.5]",
            "exports.a = [0, 97, 115, 109, 1, 0, 0, 0, -1]",
            "exports.a = [0, 97, 115, 109, 1, 0, 0, 0, , 1]",
            "exports.a = [0, 97, 115, 109, 1, 0, 0, 0, ...b]",
            "exports.a = [0, 97, 115, 109, 1, 0, 0, 0, b]",
            "a('data:é;base64,AGFzbQEAAA')",
        ] {
            assert_eq!(of(text), [[0; 0]; 0], "{text}");
        }
    }

    #[test]
    fn many_and_large_ones_are_bounded() {
        assert_eq!(of(&format!("a({})", vec![format!("'{MODULE}'"); 1000].join(","))).len(), MOST_MODULES);
        assert_eq!(of(&format!("a('AGFzbQEAAAA{}')", "A".repeat(1 << 20))).len(), 1);
        assert_eq!(
            of(&format!("exports.a = [0,97,115,109,1,0,0,0{}]", ",0".repeat(1 << 16)))[0].len(),
            (1 << 16) + 8
        );
        let sum = vec!["'AGFzbQEAAAA='"; 1000].join("+");
        assert_eq!(of(&format!("a({sum})")), [[0; 0]; 0]);
        let sum = vec!["'AGFzbQEAAAA='+b"; 1000].join("+");
        assert_eq!(of(&format!("a({sum})")).len(), MOST_MODULES);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(AGFzbQEAAAA|data:|;base64,|[A-Za-z0-9+/=_ -]{0,4}|\\PC){0,12}") {
            let _ = (begins(&text), decode([text.as_str()]), without_address(&text));
        }

        #[test]
        fn any_bytes_are_found(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let bytes = [&START[..], &bytes].concat();
            let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
            prop_assert_eq!(of(&format!("exports.a = [{}]", numbers.join(","))), [bytes]);
        }
    }
}

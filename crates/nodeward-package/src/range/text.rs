//! What node-semver rewrites in the text of a range before it looks at single comparators.
//!
//! Each function gives what the regular expression of the same purpose in node-semver leaves, in one pass over the
//! bytes. The texts that most ranges are need none of them and are not copied.

use std::borrow::Cow;

use super::token::Partial;
use super::{Prereleases, RangeOptions};
use crate::version::scan;

/// One blank for every run of what JavaScript holds to be space, and none at the ends.
pub(super) fn collapse_spaces(text: &str) -> Cow<'_, str> {
    let is_plain =
        |pair: &[u8]| pair[0].is_ascii_graphic() || (pair[0] == b' ' && pair[1].is_ascii_graphic());
    let is_collapsed = text.as_bytes().windows(2).all(is_plain)
        && text.as_bytes().last().is_none_or(u8::is_ascii_graphic)
        && !text.starts_with(' ');
    if is_collapsed {
        return Cow::Borrowed(text);
    }
    let words: Vec<_> = text.split(scan::is_space).filter(|word| !word.is_empty()).collect();
    Cow::Owned(words.join(" "))
}

/// One alternative with its build metadata gone, a hyphen range written as two comparators, and every operator moved
/// up to its version.
pub(super) fn normalise(part: &str, options: RangeOptions) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(part);
    if memchr::memchr(b'+', part.as_bytes()).is_some() {
        text = Cow::Owned(strip_build(&text));
    }
    if memchr::memchr(b' ', text.as_bytes()).is_none() {
        return text;
    }
    if let Some(comparators) = hyphen(&text, options) {
        text = Cow::Owned(comparators);
    }
    let is_gap = |pair: &[u8]| matches!(pair, [b'<' | b'>' | b'=' | b'~' | b'^', b' ']);
    if text.as_bytes().windows(2).any(is_gap) {
        let joined = join_operators(&text);
        text = Cow::Owned(join_carets(&join_tildes(&joined)));
    }
    text
}

fn strip_build(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(plus) = rest.find('+') {
        let mut scan = scan::Scan::new(&rest[plus..]);
        scan.build();
        let end = plus + scan.at();
        kept.push_str(&rest[..plus]);
        kept.push_str(if end == plus { "+" } else { "" });
        rest = &rest[end.max(plus + 1)..];
    }
    kept.push_str(rest);
    kept
}

/// `1.2 - 3` as `>=1.2.0 <4.0.0-0`.
fn hyphen(part: &str, options: RangeOptions) -> Option<String> {
    let (from, to) = part.trim_matches(' ').split_once(" - ")?;
    let (low, high) = (Partial::parse(from, options.syntax)?, Partial::parse(to, options.syntax)?);
    let lowest = match options.prereleases {
        Prereleases::Everywhere => "-0",
        Prereleases::WhereNamed => "",
    };
    let lower = match low.numbers.map(|number| number.digits()) {
        [None, ..] => String::new(),
        [Some(major), None, _] => format!(">={major}.0.0{lowest}"),
        [Some(major), Some(minor), None] => format!(">={major}.{minor}.0{lowest}"),
        _ if !low.prerelease.is_empty() => format!(">={from}"),
        _ => format!(">={from}{lowest}"),
    };
    let upper = match high.numbers.map(|number| number.digits()) {
        [None, ..] => String::new(),
        [Some(major), None, _] => strip_build(&format!("<{}.0.0-0", successor(major))),
        [Some(major), Some(minor), None] => strip_build(&format!("<{major}.{}.0-0", successor(minor))),
        [Some(major), Some(minor), Some(patch)] if !high.prerelease.is_empty() => {
            format!("<={major}.{minor}.{patch}-{}", high.prerelease)
        }
        [Some(major), Some(minor), Some(patch)] if options.prereleases == Prereleases::Everywhere => {
            strip_build(&format!("<{major}.{minor}.{}-0", successor(patch)))
        }
        _ => format!("<={to}"),
    };
    Some(format!("{lower} {upper}").trim_matches(' ').to_owned())
}

/// One more than the number, as JavaScript prints it: with an exponent from 1e21 on.
fn successor(digits: &str) -> String {
    match scan::number(digits) {
        Some(number) => (number + 1).to_string(),
        None => {
            let number = digits.parse::<f64>().unwrap_or(f64::INFINITY) + 1.0;
            if number < 1e21 { number.to_string() } else { format!("{number:e}").replace('e', "e+") }
        }
    }
}

/// `> 1.2` as `>1.2`: the blank between an operator and anything that starts like a version.
fn join_operators(text: &str) -> String {
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let mut joined = String::with_capacity(text.len());
    let (mut copied, mut at) = (0, 0);
    while at < bytes.len() {
        let operator = at + usize::from(byte(at) == b' ');
        let mut operator_end = operator + usize::from(matches!(byte(operator), b'<' | b'>'));
        operator_end += usize::from(byte(operator_end) == b'=');
        let version = operator_end + usize::from(byte(operator_end) == b' ');
        let mut number = version;
        while matches!(byte(number), b'v' | b'=' | b' ') {
            number += 1;
        }
        if !matches!(byte(number), b'0'..=b'9' | b'x' | b'X' | b'*') {
            // Whatever starts before this place comes to the same end.
            at = number.max(at + 1);
            continue;
        }
        if operator < operator_end && operator_end < version {
            joined.push_str(&text[copied..operator_end]);
            copied = version;
        }
        at = version_end(bytes, number);
    }
    joined.push_str(&text[copied..]);
    joined
}

/// Where something like a version ends that starts with a number or an `x` there.
fn version_end(bytes: &[u8], start: usize) -> usize {
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let digits_end =
        |start: usize| start + bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_wildcard = |at: usize| matches!(byte(at), b'x' | b'X' | b'*');
    let (mut at, mut numbers, mut wildcards) = (start, 0, 0);
    loop {
        let end = if is_wildcard(at) { at + 1 } else { digits_end(at) };
        wildcards += usize::from(is_wildcard(at));
        numbers += 1;
        let has_next = byte(end) == b'.' && (is_wildcard(end + 1) || byte(end + 1).is_ascii_digit());
        at = end;
        if numbers == 3 || !has_next {
            break;
        }
        at += 1;
    }
    // Only after three plain numbers may a prerelease lack its dash.
    let has_prerelease = match (numbers, wildcards) {
        (3, 0) => scan::is_identifier_byte(byte(at)),
        (3, _) => byte(at) == b'-' && scan::is_identifier_byte(byte(at + 1)),
        _ => false,
    };
    if !has_prerelease {
        return at;
    }
    loop {
        while scan::is_identifier_byte(byte(at)) {
            at += 1;
        }
        if byte(at) != b'.' || !scan::is_identifier_byte(byte(at + 1)) {
            return at;
        }
        at += 1;
    }
}

/// `~ 1` and `~> 1` as `~1`.
fn join_tildes(text: &str) -> String {
    text.replace("~> ", "~").replace("~ ", "~")
}

/// `^ 1` as `^1`.
fn join_carets(text: &str) -> String {
    text.replace("^ ", "^")
}

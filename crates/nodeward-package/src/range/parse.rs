//! From the text of a range to its sets of comparators.

use super::token::{self, Position, TokenError};
use super::{
    Comparator, MAX_COMPARATORS, MAX_RANGE_BYTES, Operator, Range, RangeError, RangeOptions, Syntax, text,
};
use crate::lookup::LookupSet;

/// Sets of up to this many comparators are searched for a repeated one without hashing.
const FEW: usize = 16;

pub(super) fn range(range: &str, options: RangeOptions) -> Result<Range, RangeError> {
    if range.len() > MAX_RANGE_BYTES {
        return Err(RangeError::TooLong);
    }
    let range = text::collapse_spaces(range);
    let mut comparators = Vec::with_capacity(2);
    let mut starts = Vec::new();
    for part in alternatives(&range) {
        let start = comparators.len();
        set(part, options, &mut comparators)?;
        if comparators.len() > MAX_COMPARATORS {
            return Err(RangeError::TooManyComparators);
        }
        // Loosely, nothing may be left of a part; then it is as if it had not been there.
        if comparators.len() > start {
            starts.push(start);
        }
    }
    match starts.len() {
        0 => Err(RangeError::Malformed),
        1 => Ok(Range { comparators, starts: Vec::new(), prereleases: options.prereleases }),
        _ => Ok(several(&comparators, &starts, options)),
    }
}

fn alternatives(range: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(range);
    std::iter::from_fn(move || {
        let text = rest?;
        let bytes = text.as_bytes();
        let found = memchr::memchr_iter(b'|', bytes).find(|&bar| bytes.get(bar + 1) == Some(&b'|'));
        rest = found.map(|bar| &text[bar + 2..]);
        Some(found.map_or(text, |bar| &text[..bar]).trim_matches(' '))
    })
}

/// Reads one alternative onto the end of the comparators.
fn set(part: &str, options: RangeOptions, comparators: &mut Vec<Comparator>) -> Result<(), RangeError> {
    let start = comparators.len();
    let part = text::normalise(part, options);
    let mut tokens = part.split(' ').peekable();
    let mut is_first = true;
    while let Some(token) = tokens.next() {
        let is_edge = std::mem::take(&mut is_first) || tokens.peek().is_none();
        let position = if is_edge { Position::Edge } else { Position::Between };
        match token::desugar(token, position, options, comparators) {
            Ok(()) => {}
            Err(TokenError::Malformed) if options.syntax == Syntax::Loose => {}
            Err(error) => return Err(error.into()),
        }
        if comparators.len() > start + MAX_COMPARATORS {
            return Err(RangeError::TooManyComparators);
        }
    }
    reduce(start, comparators);
    Ok(())
}

/// Drops what adds nothing to the set that starts there.
fn reduce(start: usize, comparators: &mut Vec<Comparator>) {
    if let Some(null) = comparators[start..].iter().position(Comparator::is_null) {
        comparators.swap(start, start + null);
        comparators.truncate(start + 1);
        return;
    }
    let set = &comparators[start..];
    let is_any = |comparator: &Comparator| comparator.operator() == Operator::Any;
    if set.len() < 2 || (set.len() == 2 && set[0] != set[1] && !set.iter().any(is_any)) {
        return;
    }
    let mut kept: Vec<Comparator> = Vec::new();
    let mut seen = LookupSet::default();
    for comparator in comparators.drain(start..) {
        let is_new = match kept.len() {
            0..FEW => !kept.contains(&comparator),
            FEW => {
                seen.extend(kept.iter().cloned());
                !seen.contains(&comparator)
            }
            _ => !seen.contains(&comparator),
        };
        if is_new {
            if kept.len() >= FEW {
                seen.insert(comparator.clone());
            }
            kept.push(comparator);
        }
    }
    if kept.len() > 1 {
        kept.retain(|comparator| !is_any(comparator));
    }
    comparators.append(&mut kept);
}

/// A range of several sets: those that hold nothing go, and one that holds everything is enough.
fn several(comparators: &[Comparator], starts: &[usize], options: RangeOptions) -> Range {
    let ends = starts.iter().skip(1).copied().chain([comparators.len()]);
    let mut sets: Vec<&[Comparator]> =
        starts.iter().zip(ends).map(|(&start, end)| &comparators[start..end]).collect();
    let first = sets[0];
    sets.retain(|set| !set[0].is_null());
    if sets.is_empty() {
        sets.push(first);
    }
    if let Some(&any) = sets.iter().find(|set| set[0].operator() == Operator::Any) {
        sets = vec![any];
    }
    let mut range = Range { comparators: Vec::new(), starts: Vec::new(), prereleases: options.prereleases };
    for set in sets {
        if !range.comparators.is_empty() {
            let start = range.comparators.len();
            range.starts.push(u32::try_from(start).expect("a range has at most a few thousand comparators"));
        }
        range.comparators.extend_from_slice(set);
    }
    range
}

//! A large map read in two halves at a time, each on a thread of its own.
//!
//! npm ends every entry and starts the next one on lines that look the same, so that such a place is found near the
//! middle without a look at what stands before it. The first half tells whether it comes to be between two entries
//! there; where it does not, it goes on to the end and the second half is thrown away. So the answer is always that
//! of one pass, errors included.

use super::{Came, Reader};
use crate::beside::both;
use crate::graph::GraphBuilder;
use crate::json::{Json, Members, Read};
use crate::place::LineIndex;

/// The comma between two entries near the middle of a map that has so many bytes, counted from its start.
pub(in super::super) fn comma(map: &str, worthwhile_bytes: usize) -> Option<usize> {
    if map.len() < worthwhile_bytes {
        return None;
    }
    let inside = map.strip_prefix('{')?;
    let lead = &inside[..memchr::memchr(b'"', inside.as_bytes())?];
    let indent = &lead[lead.rfind('\n')? + 1..];
    if !lead.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
        return None;
    }
    // The map is on the first level of the document and its entries on the second; after it more may follow.
    let bracket = format!("\n{}}}", &indent[..indent.len() / 2]);
    let end = memchr::memmem::find(map.as_bytes(), bracket.as_bytes()).unwrap_or(map.len());
    if end < worthwhile_bytes {
        return None;
    }
    // The second thread has to be started first.
    let middle = end / 100 * 53;
    let between = format!("{lead}}},{lead}\"");
    let found = memchr::memmem::find(&map.as_bytes()[middle..end], between.as_bytes())?;
    Some(middle + found + lead.len() + 1)
}

/// Reads the entries on both sides of a comma.
pub(super) fn read<'a, 'b>(
    members: Members,
    json: &mut Json<'a>,
    comma: usize,
    lines: &'b LineIndex<'a>,
    builder: &mut GraphBuilder,
) -> Read<Reader<'a, 'b>> {
    let (start, empty) = (json.clone(), builder.beside());
    let first = || {
        let mut reader = Reader::new(lines);
        let came = reader.entries(members, json, Some(comma), builder)?;
        Ok((came, reader))
    };
    let second = || {
        let (mut rest, members) = start.from(comma + 1);
        let mut builder = empty.beside();
        let mut reader = Reader::new(lines);
        reader.entries(members, &mut rest, None, &mut builder)?;
        Ok((reader, rest, builder))
    };
    let (first, second) = both(first, second);
    let (came, mut reader) = first?;
    if let Came::ToTheNext = came {
        let (part, end, part_builder) = second?;
        reader.append(part, builder.len());
        builder.append(part_builder);
        *json = end;
    }
    Ok(reader)
}

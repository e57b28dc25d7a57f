//! A large file read in two halves at a time, each on a thread of its own.
//!
//! The second half starts at a line that follows a blank one near the middle and starts an entry: of the document, or
//! of one of its sections. What the first half came to tells whether it does. Where anything is in doubt, or wrong,
//! there are no halves, and the file is read as a whole: so the answer is always that of one pass, errors included.

use super::block::{Parser, Rest};
use super::{Document, Node, Tag, TopDuplicates, Value, refuse_duplicates};
use crate::beside::both;

/// The smallest text for which a second thread is worth its start.
const WORTHWHILE_BYTES: usize = 256 * 1024;

/// How many lines are looked at for one to split at.
const TRIES: usize = 64;

/// Reads all documents of a text, if it is large and has halves.
pub(super) fn parse(text: &str, duplicates: TopDuplicates) -> Option<Vec<Document<'_>>> {
    if text.len() < WORTHWHILE_BYTES {
        return None;
    }
    let middle = text.len() / 2;
    let starts = memchr::memmem::find_iter(&text.as_bytes()[middle..], b"\n\n").map(|at| middle + at + 2);
    let split = starts.take(TRIES).find(|&start| starts_entry(text, start))?;
    parse_at(text, split, duplicates)
}

/// Whether a line looks like the start of an entry that could be one's of a document or of its section.
fn starts_entry(text: &str, line: usize) -> bool {
    let rest = &text.as_bytes()[line..];
    let indent = rest.iter().take_while(|&&byte| byte == b' ').count();
    indent <= 2
        && rest.get(indent).is_some_and(|&byte| byte.is_ascii_alphanumeric() || b"'\"/@_".contains(&byte))
}

/// Reads the documents of a text in two parts.
fn parse_at(text: &str, split: usize, duplicates: TopDuplicates) -> Option<Vec<Document<'_>>> {
    let first = || Parser::new(&text[..split], duplicates).documents_so_far().ok();
    let (first, rest) = both(first, || Parser::new(text, duplicates).rest(split));
    let (documents, is_open) = first?;
    let rest = rest.filter(|_| is_open)?;
    join(text, split, documents, rest, duplicates)
}

/// Adds the second half to the last document of the first.
fn join<'a>(
    text: &'a str,
    split: usize,
    mut documents: Vec<Document<'a>>,
    rest: Rest<'a>,
    duplicates: TopDuplicates,
) -> Option<Vec<Document<'a>>> {
    const ROOT: usize = 0;
    let document = documents.last_mut()?;
    document.text = text;
    let root = Value { document, index: ROOT };
    let indent = text[split..].len() - text[split..].trim_start_matches(' ').len();
    if !is_mapping_at(root, 0) {
        return None;
    }
    let section = match rest.of_section {
        0 => None,
        _ => Some(
            root.entries().last().map(|(_, value)| value).filter(|&value| is_mapping_at(value, indent))?,
        ),
    };
    let section = section.map(|value| value.index);

    let made = document.made.len();
    document.made.extend(rest.document.made);
    let (of_section, of_root) = rest.document.nodes.split_at(rest.of_section);
    for (part, before) in [(of_section, 0), (of_root, rest.of_section)] {
        // Without the mapping itself, whose entries become those of the one that is there.
        let Some(entries) = part.get(1..) else { continue };
        let moved_to = document.nodes.len();
        document.nodes.extend_from_slice(entries);
        if made > 0 {
            for node in &mut document.nodes[moved_to..] {
                if matches!(node.tag(), Tag::PlainMade | Tag::QuotedMade) {
                    *node = Node::new(node.tag(), node.offset as usize, node.number() + made);
                }
            }
        }
        let end = document.nodes.len();
        let grown = if before == 0 && rest.of_section > 0 { section } else { None };
        for index in grown.into_iter().chain([ROOT]) {
            document.nodes[index] =
                Node::new(Tag::Mapping, document.nodes[index].offset as usize, end - index);
        }
    }
    // Each half was looked through on its own.
    if let Some(section) = section {
        refuse_duplicates(document, section).ok()?;
    }
    if duplicates == TopDuplicates::Refused {
        refuse_duplicates(document, ROOT).ok()?;
    }
    Some(documents)
}

/// Whether a value is a mapping whose keys are indented so far.
fn is_mapping_at(value: Value<'_, '_>, indent: usize) -> bool {
    let before = &value.document.text.as_bytes()[..value.offset()];
    let line = memchr::memrchr(b'\n', before).map_or(0, |feed| feed + 1);
    value.node().tag() == Tag::Mapping && value.offset() - line == indent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str, duplicates: TopDuplicates) -> Option<String> {
        Parser::new(text, duplicates).documents().ok().map(|documents| show(&documents))
    }

    fn show(documents: &[Document<'_>]) -> String {
        let mut shown = String::new();
        for document in documents {
            for (index, &node) in document.nodes.iter().enumerate() {
                let text = document.scalar(node);
                let end = document.after(index);
                shown += &format!("{:?} {} {end} {text:?}\n", Value { document, index }.kind(), node.offset);
            }
            shown += "---\n";
        }
        shown
    }

    /// Every line that could be split at; whatever stands there, halves are the whole or none.
    fn splits_read(text: &str) -> usize {
        let mut read = 0;
        for duplicates in [TopDuplicates::Refused, TopDuplicates::Kept] {
            let expected = whole(text, duplicates);
            for split in (1..text.len()).filter(|&at| text.as_bytes()[at - 1] == b'\n') {
                if !starts_entry(text, split) {
                    continue;
                }
                if let Some(documents) = parse_at(text, split, duplicates) {
                    assert_eq!(Some(show(&documents)), expected, "{text:?} at {split}");
                    read += 1;
                }
            }
        }
        read
    }

    #[test]
    fn halves_make_the_whole() {
        let text = "a: 1\n\nb:\n\n  c: {d: [e, f]}\n\n  'g':\n    - h: \"i\\n\"\n      j: |\n        k\n\n  l: m\n\nn: o\n";
        assert_eq!(splits_read(text), 2 * 4);
        assert_eq!(splits_read("---\na: 1\n---\nb:\n  c: 1\n\n  d: \"x\\ty\"\ne:\n"), 2 * 2);
    }

    #[test]
    fn what_is_in_doubt_has_no_halves() {
        for text in [
            "a:\n  'b\n\n  c: d'\n",
            "a: {b: c,\n\nd: e}\n",
            "a: |\n  b\n\n  c: d\n",
            "a:\n b: c\n\n  d: e\n",
            "- a\n\nb: c\n",
            "a: b\n---\n\n c: d\n",
            "a: b\n...\n\nc: d\n",
            "a:\n  b: 1\n\n  b: 2\n",
            "a\n\nb: c\n",
            "a:\n  b:\n    c: d\n\n  e\n",
        ] {
            assert_eq!(splits_read(text), 0, "{text:?}");
        }
        // Kept at the top of a document, and only there.
        assert_eq!(splits_read("a: 1\n\na: 2\n"), 1);
    }
}

//! The part of YAML that package managers write into lockfiles, read in one pass into a flat tree that borrows
//! from the text.
//!
//! Block and flow mappings and sequences, plain, quoted and block scalars, comments, explicit keys and several
//! documents are understood. Anchors, aliases, tags and directives are not: no package manager writes them, and a
//! reader that does not expand aliases can't be made to expand them without end. They are errors that say so.

mod block;
mod flow;
mod halves;
mod scalar;

use crate::lookup::LookupSet;

/// How deep mappings and sequences may be nested. Lockfiles need seven levels.
const MAX_DEPTH: u32 = 64;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A scalar without quotes; empty where nothing stands.
    Plain,
    /// A scalar in quotes, or a block scalar.
    Quoted,
    /// Keys and values, which follow in turn.
    Mapping,
    /// Items, which follow.
    Sequence,
}

/// One node. Children stand directly after their parent. A large lockfile has a hundred thousand of these, and what
/// they cost is mostly the memory that is touched: so a node holds two numbers, and its kind in the top bits of one.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// Where it starts in the text.
    offset: u32,
    /// A tag, and what it is a tag for: a length, a number of a made text, or a count of nodes.
    tagged: u32,
}

/// What the number in a node means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag {
    /// A plain scalar that stands in the text as it is: its length.
    Plain,
    /// A plain scalar over several lines: which of the made texts.
    PlainMade,
    /// What stands between quotes as it is: its length.
    Quoted,
    /// A quoted or block scalar that had to be put together: which of the made texts.
    QuotedMade,
    /// A mapping: how many nodes it is, itself included.
    Mapping,
    /// A sequence: how many nodes it is, itself included.
    Sequence,
}

impl Node {
    /// The bits that are left for the number. It is smaller than the text is long.
    const NUMBER_BITS: u32 = 29;

    fn new(tag: Tag, offset: usize, number: usize) -> Self {
        Self { offset: offset as u32, tagged: (tag as u32) << Self::NUMBER_BITS | number as u32 }
    }

    fn tag(self) -> Tag {
        match self.tagged >> Self::NUMBER_BITS {
            0 => Tag::Plain,
            1 => Tag::PlainMade,
            2 => Tag::Quoted,
            3 => Tag::QuotedMade,
            4 => Tag::Mapping,
            _ => Tag::Sequence,
        }
    }

    fn number(self) -> usize {
        (self.tagged & ((1 << Self::NUMBER_BITS) - 1)) as usize
    }

    fn is_collection(self) -> bool {
        matches!(self.tag(), Tag::Mapping | Tag::Sequence)
    }
}

/// One document of a file.
#[derive(Debug)]
pub(super) struct Document<'a> {
    text: &'a str,
    nodes: Vec<Node>,
    /// Scalars that do not stand in the text as they are.
    made: Vec<String>,
}

/// Why a text is not YAML of this kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct YamlError {
    /// Byte offset into the text.
    pub(super) offset: usize,
    pub(super) message: String,
    pub(super) cause: Cause,
}

/// Whether the text is wrong or only too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    Syntax,
    Limit,
}

/// What a key that stands twice at the top of a document means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TopDuplicates {
    /// One of two sections would be lost.
    Refused,
    /// Each is an entry of its own, which the caller takes.
    Kept,
}

/// Reads all documents of a text. Documents without content are left out.
pub(super) fn parse(text: &str, duplicates: TopDuplicates) -> Result<Vec<Document<'_>>, YamlError> {
    if text.len() >= 1 << Node::NUMBER_BITS {
        let message =
            format!("the file is larger than the {} MiB that are read", (1 << Node::NUMBER_BITS) >> 20);
        return Err(YamlError { offset: 0, message, cause: Cause::Limit });
    }
    match halves::parse(text, duplicates) {
        Some(documents) => Ok(documents),
        None => block::Parser::new(text, duplicates).documents(),
    }
}

impl<'a> Document<'a> {
    /// The value that the document consists of.
    pub(super) fn root(&self) -> Value<'_, 'a> {
        Value { document: self, index: 0 }
    }

    /// The text of a scalar; nothing for anything else.
    #[inline]
    fn scalar(&self, node: Node) -> &str {
        match self.extent(node) {
            Some(extent) => &self.text[extent],
            None => self.made_text(node),
        }
    }

    /// The same as bytes, which are cheaper to come by.
    #[inline]
    fn bytes(&self, node: Node) -> &[u8] {
        match self.extent(node) {
            Some(extent) => &self.text.as_bytes()[extent],
            None => self.made_text(node).as_bytes(),
        }
    }

    /// Where a scalar stands in the text, if it stands there as it is.
    #[inline]
    fn extent(&self, node: Node) -> Option<std::ops::Range<usize>> {
        let start = match node.tag() {
            Tag::Plain => node.offset as usize,
            Tag::Quoted => node.offset as usize + 1,
            _ => return None,
        };
        Some(start..start + node.number())
    }

    fn made_text(&self, node: Node) -> &str {
        if node.is_collection() { "" } else { &self.made[node.number()] }
    }

    /// The index after a node and all that it holds.
    fn after(&self, index: usize) -> usize {
        let node = self.nodes[index];
        if node.is_collection() { index + node.number() } else { index + 1 }
    }
}

/// A node with its children.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'d, 'a> {
    document: &'d Document<'a>,
    index: usize,
}

impl<'d, 'a> Value<'d, 'a> {
    fn node(self) -> Node {
        self.document.nodes[self.index]
    }

    pub(super) fn kind(self) -> Kind {
        match self.node().tag() {
            Tag::Plain | Tag::PlainMade => Kind::Plain,
            Tag::Quoted | Tag::QuotedMade => Kind::Quoted,
            Tag::Mapping => Kind::Mapping,
            Tag::Sequence => Kind::Sequence,
        }
    }

    /// The byte offset at which it starts.
    pub(super) fn offset(self) -> usize {
        self.node().offset as usize
    }

    /// The text of a scalar.
    pub(super) fn text(self) -> Option<&'d str> {
        let node = self.node();
        (!node.is_collection()).then(|| self.document.scalar(node))
    }

    /// Whether nothing stands here, or an explicit null.
    pub(super) fn is_null(self) -> bool {
        self.kind() == Kind::Plain
            && matches!(self.document.scalar(self.node()), "" | "~" | "null" | "Null" | "NULL")
    }

    /// Whether it is an unquoted `true`.
    pub(super) fn is_true(self) -> bool {
        self.kind() == Kind::Plain && self.document.scalar(self.node()) == "true"
    }

    /// The keys and values of a mapping; nothing for anything else.
    pub(super) fn entries(self) -> Entries<'d, 'a> {
        Entries { document: Some(self.document), next: self.index + 1, end: self.end_of(Tag::Mapping) }
    }

    /// The items of a sequence; nothing for anything else.
    pub(super) fn items(self) -> Items<'d, 'a> {
        Items { document: self.document, next: self.index + 1, end: self.end_of(Tag::Sequence) }
    }

    fn end_of(self, tag: Tag) -> usize {
        let node = self.node();
        if node.tag() == tag { self.index + node.number() } else { 0 }
    }

    /// The value of a key of a mapping.
    pub(super) fn get(self, key: &str) -> Option<Value<'d, 'a>> {
        let mut keys = self.entries();
        while keys.next < keys.end {
            let value = Value { document: self.document, index: keys.next + 1 };
            if self.document.bytes(self.document.nodes[keys.next]) == key.as_bytes() {
                return Some(value);
            }
            keys.next = self.document.after(value.index);
        }
        None
    }
}

/// A key of a mapping.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key<'d> {
    pub(super) text: &'d str,
    pub(super) offset: usize,
}

/// The pairs of a mapping, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Entries<'d, 'a> {
    document: Option<&'d Document<'a>>,
    next: usize,
    end: usize,
}

impl<'d, 'a> Iterator for Entries<'d, 'a> {
    type Item = (Key<'d>, Value<'d, 'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let document = self.document?;
        let key = document.nodes[self.next];
        let value = Value { document, index: self.next + 1 };
        self.next = document.after(value.index);
        Some((Key { text: document.scalar(key), offset: key.offset as usize }, value))
    }
}

/// The items of a sequence, in order.
#[derive(Debug, Clone)]
pub(super) struct Items<'d, 'a> {
    document: &'d Document<'a>,
    next: usize,
    end: usize,
}

impl<'d, 'a> Iterator for Items<'d, 'a> {
    type Item = Value<'d, 'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let value = Value { document: self.document, index: self.next };
        self.next = self.document.after(self.next);
        Some(value)
    }
}

/// Two equal keys in one mapping mean that a merge or an edit went wrong; taking either would lose the other.
fn refuse_duplicates(document: &Document<'_>, mapping: usize) -> Result<(), YamlError> {
    const FEW: usize = 12;
    let keys = Value { document, index: mapping }.entries();
    let duplicate = |key: Key<'_>| {
        let message = format!("the key {:?} stands here a second time", shorten(key.text));
        Err(YamlError { offset: key.offset, message, cause: Cause::Syntax })
    };
    // Package managers sort the long ones: then nothing is to be remembered.
    let mut last = None;
    if keys.clone().all(|(key, _)| last.replace(key.text).is_none_or(|last| last < key.text)) {
        return Ok(());
    }
    let mut seen: [&str; FEW] = [""; FEW];
    for (index, (key, _)) in keys.clone().enumerate() {
        if index == FEW {
            let mut seen = LookupSet::default();
            return keys.map(|(key, _)| key).find(|key| !seen.insert(key.text)).map_or(Ok(()), duplicate);
        }
        if seen[..index].contains(&key.text) {
            return duplicate(key);
        }
        seen[index] = key.text;
    }
    Ok(())
}

/// The start of a text, for a message.
pub(super) fn shorten(text: &str) -> &str {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A document written out in a form that shows its structure.
    fn show(value: Value<'_, '_>) -> String {
        match value.kind() {
            Kind::Mapping => {
                let parts: Vec<_> =
                    value.entries().map(|(key, value)| format!("{}={}", key.text, show(value))).collect();
                format!("{{{}}}", parts.join(" "))
            }
            Kind::Sequence => format!("[{}]", value.items().map(show).collect::<Vec<_>>().join(" ")),
            Kind::Plain => value.text().unwrap().to_owned(),
            Kind::Quoted => format!("{:?}", value.text().unwrap()),
        }
    }

    fn read(text: &str) -> String {
        let documents =
            parse(text, TopDuplicates::Refused).unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
        documents.iter().map(|document| show(document.root())).collect::<Vec<_>>().join(" --- ")
    }

    #[test]
    fn what_package_managers_write() {
        for (text, expected) in [
            ("", ""),
            ("# only a comment\n\n", ""),
            ("a: 1\nb: '2'\nc: \"3\"\n", r#"{a=1 b="2" c="3"}"#),
            ("a:\n  b:\n    c: d\ne: f", "{a={b={c=d}} e=f}"),
            ("a:\n\n  '@x/y': 1.0.0\n\n  z: {}\n", "{a={@x/y=1.0.0 z={}}}"),
            ("a:\r\n  b: c\r\nd: e\r\n", "{a={b=c} d=e}"),
            ("a:\nb:\n  c:\nd: ~\n", "{a= b={c=} d=~}"),
            ("a: {b: c, d: '>=1', e: [x, 'y'], f: {}}\n", r#"{a={b=c d=">=1" e=[x "y"] f={}}}"#),
            (
                "a: { b: https://x.example.org:8080/y#z, c: {\"d\":e} }",
                "{a={b=https://x.example.org:8080/y#z c={d=e}}}",
            ),
            ("a:\n  - b\n  - 'c'\nd:\n- e\n- f\ng: h", r#"{a=[b "c"] d=[e f] g=h}"#),
            ("- a: b\n  c: d\n- - e\n  - f\n-\n  g: h\n-\n", "[{a=b c=d} [e f] {g=h} ]"),
            ("? a\n: b\n? 'c'\n:\n  d: e\n", "{a=b c={d=e}}"),
            ("? >-\n  long\n  key\n: b\n", "{long key=b}"),
            ("a: one\n  two\n\n  three # no more\nb: c", "{a=one two\nthree b=c}"),
            (
                "a: 'it''s\n  two\n\n  lines'\nb: \"x\\n\\u00e9\\\n  y\"\n",
                "{a=\"it's two\\nlines\" b=\"x\\néy\"}",
            ),
            (
                "a: >-\n  one\n  two\n\n  three\nb: |\n  x\n   y\n\nc: d",
                r#"{a="one two\nthree" b="x\n y\n" c=d}"#,
            ),
            ("a: |-\n  x\n\n\n  y\n", r#"{a="x\n\n\ny"}"#),
            ("---\na: b\n---\nc: d\n...\n", "{a=b} --- {c=d}"),
            ("--- # first\na: b\n", "{a=b}"),
            ("a: b # comment\nc: d#e\n", "{a=b c=d#e}"),
            ("\"a b@npm:^1, c@npm:2\":\n  version: 1\n", "{a b@npm:^1, c@npm:2={version=1}}"),
            ("a: os=darwin & cpu=x64\n", "{a=os=darwin & cpu=x64}"),
            ("https://x.example.org/a:\n  b: c\n", "{https://x.example.org/a={b=c}}"),
            ("just text", "just text"),
        ] {
            assert_eq!(read(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, at, message) in [
            ("a: 1\na: 2\n", 5, "second time"),
            ("a: &x 1\n", 3, "anchor"),
            ("a: *x\n", 3, "alias"),
            ("a: !!str x\n", 3, "tag"),
            ("%YAML 1.2\n---\n", 0, "directive"),
            ("a: 'x\nb: c\n", 3, "never closed"),
            ("a: \"x\n  y", 3, "never closed"),
            ("a: {b: c\n", 3, "never closed"),
            ("a: {b: c\nd: e\n", 9, "expected"),
            ("a: b: c\n", 4, "second"),
            ("a: b\n  c: d\n", 8, "second"),
            ("a:\n\tb: c\n", 3, "tab"),
            ("a:\n    b: c\n  d: e\n", 14, "indent"),
            ("a: 'b' c\n", 7, "after"),
            ("a: b\nc\n", 5, "expected a key"),
            ("a:\n  b: c\n - d\n", 11, "indent"),
            ("a: \"\\q\"\n", 4, "escape"),
            ("a: - b\n", 3, "list"),
            ("a: @b\n", 3, "quotes"),
            ("a: >x\n  b\n", 4, "block"),
        ] {
            let error = parse(text, TopDuplicates::Refused)
                .map(|documents| show(documents[0].root()))
                .expect_err(text);
            assert_eq!((error.offset, error.message.contains(message)), (at, true), "{text:?}: {error:?}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        for text in [
            "a: ".to_owned() + &"[".repeat(100_000),
            "a: ".to_owned() + &"{a: ".repeat(100_000),
            "- ".repeat(100_000),
            (0..2000).map(|depth| " ".repeat(depth) + "a:\n").collect(),
        ] {
            assert_eq!(parse(&text, TopDuplicates::Refused).unwrap_err().cause, Cause::Limit);
        }
    }
}

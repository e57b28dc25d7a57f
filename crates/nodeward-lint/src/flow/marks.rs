//! What nodes say of the paths that lead through them.

use super::graph::{NodeId, Spot};
use super::unit::Unit;

/// What nodes say of the paths that lead through them, a few bits for each.
pub(super) struct Marks(Vec<u16>);

impl Marks {
    /// Texts of SQL.
    pub(super) const STATEMENT: u16 = 1;
    /// Variables of which it is not known when they hold what.
    pub(super) const ANY_TIME: u16 = 1 << 1;
    /// What stands directly behind a value that is not known.
    pub(super) const BEHIND: u16 = 1 << 2;
    /// Calls after it was said that what is sent is plain text.
    pub(super) const PLAIN: u16 = 1 << 3;
    /// What is made of texts by functions called `parse` and the like.
    pub(super) const PARSED: u16 = 1 << 4;
    /// What is made of texts by functions that give back what was encoded.
    pub(super) const DECODED: u16 = 1 << 5;
    /// Texts that were made of something else.
    pub(super) const STRINGIFIED: u16 = 1 << 6;
    /// Paths that climb no more, wherever they lead.
    pub(super) const RESOLVED: u16 = 1 << 7;
    /// Texts with tags of markup.
    pub(super) const TAGGED: u16 = 1 << 8;
    /// What is made of texts by functions that do nothing but give back what was encoded.
    pub(super) const UNESCAPED: u16 = 1 << 9;

    /// Of a unit.
    pub(super) fn new(unit: &Unit) -> Self {
        let mut marks = Self(vec![0; unit.spans.len()]);
        for (node, spot, _) in &unit.spots {
            match spot {
                Spot::Statement => marks.set(*node, Self::STATEMENT),
                Spot::AnyTime => marks.set(*node, Self::ANY_TIME),
                Spot::Behind => marks.set(*node, Self::BEHIND),
                Spot::Tags => marks.set(*node, Self::TAGGED),
                Spot::Plain => marks.set(*node, Self::PLAIN),
                _ => {}
            }
        }
        let mut of_names = vec![0_u16; unit.names.texts().len()];
        for (names, mark) in [
            (&PARSERS[..], Self::PARSED),
            (&DECODERS, Self::DECODED),
            (&UNESCAPERS, Self::UNESCAPED),
            (&STRINGIFIERS, Self::STRINGIFIED),
            (&RESOLVERS, Self::RESOLVED),
        ] {
            for name in names.iter().filter_map(|name| unit.names.find(name)) {
                of_names[name.0 as usize] |= mark;
            }
        }
        for call in &unit.calls {
            if let Some(mark @ 1..) = of_names.get(call.name.0 as usize) {
                marks.set(call.result, *mark);
            }
        }
        marks
    }

    fn set(&mut self, node: NodeId, mark: u16) {
        if let Some(known) = self.0.get_mut(node.index()) {
            *known |= mark;
        }
    }

    /// Whether a node has a mark.
    pub(super) fn has(&self, node: NodeId, mark: u16) -> bool {
        self.0.get(node.index()).is_some_and(|known| known & mark != 0)
    }
}

/// Functions that give back line breaks that were encoded, by their names.
const DECODERS: [&str; 6] = ["decodeURIComponent", "decodeURI", "unescape", "decode", "parse", "get"];

/// Those of them that take no text apart.
const UNESCAPERS: [&str; 4] = ["decodeURIComponent", "decodeURI", "unescape", "decode"];

/// Functions that make texts of what need not be one, by their names: `Object.prototype.toString.call(value)`.
const STRINGIFIERS: [&str; 5] = ["toString", "call", "apply", "String", "inspect"];

/// Functions that follow the `..` of a path, by their names.
const RESOLVERS: [&str; 3] = ["join", "resolve", "normalize"];

/// Functions that make objects of texts, by their names.
const PARSERS: [&str; 6] = ["parse", "json", "load", "unserialize", "deserialize", "decode"];

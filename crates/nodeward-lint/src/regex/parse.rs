//! Parses a pattern as ECMAScript 2025 does, with the web-compatible leniency of its Annex B.
//!
//! Stricter checks that cannot change the time of a match (duplicate group names, the names of Unicode
//! properties) are left to the JavaScript engine. Nesting is bounded.

use super::Reason;
use super::charset::CharSet;
use super::syntax::{Assertion, Direction, Node, Order, Pattern, Sets, Sign, Span};
use super::unicode;

mod class;

/// Deeper nesting than any hand-written pattern has.
const DEPTH: u32 = 120;
/// Longer patterns are tables, which are not worth their analysis.
const LENGTH: usize = 64 * 1024;
const MAX_NAMES: usize = 1000;

/// Parses `pattern` under `flags`. Unknown flags are ignored.
pub(super) fn parse(pattern: &str, flags: &str) -> Result<Pattern, Reason> {
    if pattern.len() > LENGTH {
        return Err(Reason::TooLarge);
    }
    let characters = characters(pattern);
    let (groups, names) = declared_groups(&characters);
    let mut parser = Parser {
        characters,
        end: u32::try_from(pattern.len()).map_err(|_| Reason::TooLarge)?,
        position: 0,
        depth: 0,
        mode: Mode::from(flags),
        unicode: flags.contains(['u', 'v']),
        class_sets: flags.contains('v'),
        groups,
        names,
        opened: 0,
        sets: Sets::default(),
    };
    let root = parser.alternatives()?;
    if parser.position < parser.characters.len() {
        return Err(Reason::Syntax("unmatched )"));
    }
    let loops = root.has_loop();
    let (sticky, global) = (flags.contains('y'), flags.contains('g'));
    Ok(Pattern { root, sets: parser.sets, sticky, global, loops })
}

/// The flags that `(?i-ms:` may change.
#[derive(Debug, Clone, Copy)]
struct Mode {
    ignore_case: bool,
    multiline: bool,
    dot_all: bool,
}

impl From<&str> for Mode {
    fn from(flags: &str) -> Self {
        Self {
            ignore_case: flags.contains('i'),
            multiline: flags.contains('m'),
            dot_all: flags.contains('s'),
        }
    }
}

struct Parser {
    /// Each character with its byte offset.
    characters: Vec<(u32, char)>,
    end: u32,
    position: usize,
    depth: u32,
    mode: Mode,
    unicode: bool,
    class_sets: bool,
    /// How many capturing groups the whole pattern has.
    groups: u32,
    names: Vec<(String, u32)>,
    /// How many capturing groups began before the current position.
    opened: u32,
    sets: Sets,
}

/// What a class member is: one character can begin a range, a set cannot.
enum Member {
    Character(u32),
    Set(CharSet),
}

impl Member {
    fn into_set(self) -> CharSet {
        match self {
            Self::Character(character) => CharSet::single(character),
            Self::Set(set) => set,
        }
    }
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.position + ahead).map(|&(_, character)| character)
    }

    fn offset(&self) -> u32 {
        self.characters.get(self.position).map_or(self.end, |&(offset, _)| offset)
    }

    fn bump(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.position += 1;
        Some(character)
    }

    fn eat(&mut self, text: &str) -> bool {
        let here = text.chars().enumerate().all(|(index, wanted)| self.peek_at(index) == Some(wanted));
        if here {
            self.position += text.chars().count();
        }
        here
    }

    fn alternatives(&mut self) -> Result<Node, Reason> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Reason::TooLarge);
        }
        let mut branches = vec![self.sequence()?];
        while self.eat("|") {
            branches.push(self.sequence()?);
        }
        self.depth -= 1;
        Ok(if branches.len() == 1 { branches.remove(0) } else { Node::Alternatives(branches) })
    }

    fn sequence(&mut self) -> Result<Node, Reason> {
        let mut nodes = Vec::new();
        while let Some(next) = self.peek() {
            if matches!(next, '|' | ')') {
                break;
            }
            let start = self.offset();
            let term = self.term()?;
            nodes.push(self.quantified(term, start)?);
        }
        Ok(match nodes.len() {
            0 => Node::Empty,
            1 => nodes.remove(0),
            _ => Node::Sequence(nodes),
        })
    }

    fn quantified(&mut self, body: Node, start: u32) -> Result<Node, Reason> {
        let Some((min, max)) = self.quantifier()? else { return Ok(body) };
        let order = if self.eat("?") { Order::Lazy } else { Order::Greedy };
        let repeatable = match &body {
            Node::Assert(_) | Node::Look { direction: Direction::Behind, .. } => false,
            Node::Look { .. } => !self.unicode,
            _ => true,
        };
        if !repeatable || matches!(self.peek(), Some('*' | '+' | '?')) {
            return Err(Reason::Syntax("nothing to repeat"));
        }
        Ok(Node::Repeat { min, max, order, body: Box::new(body), span: (start, self.offset()) })
    }

    fn quantifier(&mut self) -> Result<Option<(u32, Option<u32>)>, Reason> {
        let range = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                let Some(range) = self.braces() else {
                    return if self.unicode { Err(Reason::Syntax("lone {")) } else { Ok(None) };
                };
                if range.1.is_some_and(|max| max < range.0) {
                    return Err(Reason::Syntax("numbers out of order in {}"));
                }
                return Ok(Some(range));
            }
            _ => return Ok(None),
        };
        self.position += 1;
        Ok(Some(range))
    }

    /// `{n}`, `{n,}` or `{n,m}`; anything else leaves the position where it was.
    fn braces(&mut self) -> Option<(u32, Option<u32>)> {
        let before = self.position;
        let range = self.braces_inner();
        if range.is_none() {
            self.position = before;
        }
        range
    }

    fn braces_inner(&mut self) -> Option<(u32, Option<u32>)> {
        self.position += 1;
        let min = self.number()?;
        if self.eat("}") {
            return Some((min, Some(min)));
        }
        if !self.eat(",") {
            return None;
        }
        let max = self.number();
        self.eat("}").then_some((min, max))
    }

    fn number(&mut self) -> Option<u32> {
        let mut value = None;
        while let Some(digit) = self.peek().and_then(|next| next.to_digit(10)) {
            value = Some(value.unwrap_or(0_u32).saturating_mul(10).saturating_add(digit));
            self.position += 1;
        }
        value
    }

    fn term(&mut self) -> Result<Node, Reason> {
        let start = self.offset();
        let next = self.bump().ok_or(Reason::Syntax("unexpected end"))?;
        Ok(match next {
            '^' if self.mode.multiline => Node::Assert(Assertion::LineStart),
            '^' => Node::Assert(Assertion::InputStart),
            '$' if self.mode.multiline => Node::Assert(Assertion::LineEnd),
            '$' => Node::Assert(Assertion::InputEnd),
            '(' => self.group()?,
            '.' if self.mode.dot_all => self.set_node(CharSet::all(), start),
            '.' => self.set_node(CharSet::line_ends().negated(), start),
            '[' => {
                let set = if self.class_sets { self.class_v()? } else { self.class()? };
                self.set_node(set, start)
            }
            '\\' => self.escape(start)?,
            '*' | '+' | '?' => return Err(Reason::Syntax("nothing to repeat")),
            '{' => {
                self.position -= 1;
                if self.unicode || self.braces().is_some() {
                    return Err(Reason::Syntax("nothing to repeat"));
                }
                self.position += 1;
                self.character_node('{' as u32, start)
            }
            ']' | '}' if self.unicode => return Err(Reason::Syntax("lone bracket")),
            other => self.character_node(other as u32, start),
        })
    }

    fn span(&self, start: u32) -> Span {
        (start, self.offset())
    }

    fn set_node(&mut self, set: CharSet, start: u32) -> Node {
        Node::Char { set: self.sets.intern(set), span: self.span(start) }
    }

    fn character_node(&mut self, character: u32, start: u32) -> Node {
        match self.units(character) {
            [unit, None] => {
                let set = self.folded(CharSet::single(unit.unwrap_or(character)));
                self.set_node(set, start)
            }
            units => Node::Sequence(
                units.into_iter().flatten().map(|unit| self.set_node(CharSet::single(unit), start)).collect(),
            ),
        }
    }

    /// One code point under `u`; UTF-16 units otherwise.
    fn units(&self, character: u32) -> [Option<u32>; 2] {
        if self.unicode || character <= 0xFFFF {
            return [Some(character), None];
        }
        let rest = character - 0x1_0000;
        [Some(0xD800 + (rest >> 10)), Some(0xDC00 + (rest & 0x3FF))]
    }

    fn folded(&self, set: CharSet) -> CharSet {
        if self.mode.ignore_case { set.either_case() } else { set }
    }

    fn group(&mut self) -> Result<Node, Reason> {
        if !self.eat("?") {
            return self.capture();
        }
        let looks = [
            ("=", Direction::Ahead, Sign::Positive),
            ("!", Direction::Ahead, Sign::Negative),
            ("<=", Direction::Behind, Sign::Positive),
            ("<!", Direction::Behind, Sign::Negative),
        ];
        for (opening, direction, sign) in looks {
            if self.eat(opening) {
                return Ok(Node::Look { direction, sign, body: Box::new(self.closed()?) });
            }
        }
        if self.eat("<") {
            self.name()?;
            return self.capture();
        }
        let outer = self.mode;
        self.modifiers()?;
        let body = self.closed();
        self.mode = outer;
        body
    }

    fn capture(&mut self) -> Result<Node, Reason> {
        self.opened += 1;
        let index = self.opened;
        Ok(Node::Group { index, body: Box::new(self.closed()?) })
    }

    /// What stands before the next `)`.
    fn closed(&mut self) -> Result<Node, Reason> {
        let body = self.alternatives()?;
        if self.eat(")") { Ok(body) } else { Err(Reason::Syntax("missing )")) }
    }

    fn modifiers(&mut self) -> Result<(), Reason> {
        let mut value = true;
        loop {
            match self.bump() {
                Some(':') => return Ok(()),
                Some('-') if value => value = false,
                Some('i') => self.mode.ignore_case = value,
                Some('m') => self.mode.multiline = value,
                Some('s') => self.mode.dot_all = value,
                _ => return Err(Reason::Syntax("invalid group")),
            }
        }
    }

    fn name(&mut self) -> Result<String, Reason> {
        let mut name = String::new();
        loop {
            match self.bump() {
                Some('>') if !name.is_empty() => return Ok(name),
                Some('>' | '(' | ')') | None => return Err(Reason::Syntax("invalid group name")),
                Some(character) => name.push(character),
            }
        }
    }

    fn escape(&mut self, start: u32) -> Result<Node, Reason> {
        let next = self.peek().ok_or(Reason::Syntax("\\ at the end"))?;
        match next {
            'b' | 'B' => {
                self.position += 1;
                Ok(Node::Assert(if next == 'b' { Assertion::WordEdge } else { Assertion::NoWordEdge }))
            }
            'k' if self.unicode || !self.names.is_empty() => {
                self.position += 1;
                if !self.eat("<") {
                    return Err(Reason::Syntax("invalid named reference"));
                }
                let name = self.name()?;
                let found = self.names.iter().find(|(known, _)| *known == name);
                let group = found.ok_or(Reason::Syntax("invalid named reference"))?.1;
                Ok(Node::BackReference { group })
            }
            '1'..='9' => {
                let before = self.position;
                let group = self.number().unwrap_or(0);
                if group <= self.groups {
                    return Ok(Node::BackReference { group });
                }
                if self.unicode {
                    return Err(Reason::Syntax("invalid reference"));
                }
                self.position = before;
                self.member_node(start)
            }
            _ => self.member_node(start),
        }
    }

    fn member_node(&mut self, start: u32) -> Result<Node, Reason> {
        Ok(match self.class_escape()? {
            Member::Character(character) => self.character_node(character, start),
            Member::Set(set) => self.set_node(set, start),
        })
    }

    /// What follows a `\`, where an atom or a class member may stand.
    fn class_escape(&mut self) -> Result<Member, Reason> {
        let next = self.bump().ok_or(Reason::Syntax("\\ at the end"))?;
        let set = match next {
            'd' => CharSet::digits(),
            'D' => CharSet::digits().negated(),
            's' => CharSet::space(),
            'S' => CharSet::space().negated(),
            'w' => CharSet::word(),
            'W' => CharSet::word().negated(),
            'p' | 'P' if self.unicode => self.property(next == 'P')?,
            _ => return self.character_escape(next).map(Member::Character),
        };
        Ok(Member::Set(set))
    }

    fn character_escape(&mut self, next: char) -> Result<u32, Reason> {
        Ok(match next {
            'n' => 0x0A,
            't' => 0x09,
            'r' => 0x0D,
            'v' => 0x0B,
            'f' => 0x0C,
            'c' => match self.peek() {
                Some(letter) if letter.is_ascii_alphabetic() => {
                    self.position += 1;
                    letter as u32 % 32
                }
                _ if self.unicode => return Err(Reason::Syntax("invalid escape")),
                _ => {
                    // The backslash stands for itself and the `c` is read again.
                    self.position -= 1;
                    '\\' as u32
                }
            },
            'x' => match self.hexadecimal(2) {
                Some(value) => value,
                None => self.itself(next)?,
            },
            'u' => match self.unicode_escape() {
                Some(value) => value,
                None => self.itself(next)?,
            },
            '0'..='7' if !self.unicode => self.octal(next),
            '0' if !self.peek().is_some_and(|digit| digit.is_ascii_digit()) => 0,
            _ if self.unicode && (next.is_alphanumeric() || next == '_') => {
                return Err(Reason::Syntax("invalid escape"));
            }
            other => other as u32,
        })
    }

    fn itself(&self, character: char) -> Result<u32, Reason> {
        if self.unicode { Err(Reason::Syntax("invalid escape")) } else { Ok(character as u32) }
    }

    fn octal(&mut self, first: char) -> u32 {
        let mut value = first.to_digit(8).unwrap_or(0);
        let limit = if value <= 3 { 2 } else { 1 };
        for _ in 0..limit {
            let Some(digit) = self.peek().and_then(|next| next.to_digit(8)) else { break };
            value = value * 8 + digit;
            self.position += 1;
        }
        value
    }

    fn hexadecimal(&mut self, digits: usize) -> Option<u32> {
        let value =
            (0..digits).try_fold(0, |value, index| Some(value * 16 + self.peek_at(index)?.to_digit(16)?))?;
        self.position += digits;
        Some(value)
    }

    fn unicode_escape(&mut self) -> Option<u32> {
        if self.unicode && self.peek() == Some('{') {
            let mut value = 0_u32;
            let mut ahead = 1;
            while let Some(digit) = self.peek_at(ahead).and_then(|next| next.to_digit(16)) {
                value = value.saturating_mul(16).saturating_add(digit);
                ahead += 1;
            }
            if ahead == 1 || self.peek_at(ahead) != Some('}') || value > super::charset::LAST {
                return None;
            }
            self.position += ahead + 1;
            return Some(value);
        }
        let high = self.hexadecimal(4)?;
        let before = self.position;
        if self.unicode && (0xD800..0xDC00).contains(&high) && self.eat("\\u") {
            match self.hexadecimal(4) {
                Some(low) if (0xDC00..0xE000).contains(&low) => {
                    return Some(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00));
                }
                _ => self.position = before,
            }
        }
        Some(high)
    }

    fn property(&mut self, negative: bool) -> Result<CharSet, Reason> {
        if !self.eat("{") {
            return Err(Reason::Syntax("invalid property"));
        }
        let mut name = String::new();
        loop {
            match self.bump() {
                Some('}') => break,
                Some(character) => name.push(character),
                None => return Err(Reason::Syntax("invalid property")),
            }
        }
        let set = unicode::property(&name);
        Ok(if negative { set.negated() } else { set })
    }
}

fn characters(pattern: &str) -> Vec<(u32, char)> {
    pattern
        .char_indices()
        .map(|(offset, character)| (u32::try_from(offset).unwrap_or(u32::MAX), character))
        .collect()
}

/// Counts the capturing groups and finds their names: references may come before their group.
fn declared_groups(characters: &[(u32, char)]) -> (u32, Vec<(String, u32)>) {
    let at = |index: usize| characters.get(index).map(|&(_, character)| character);
    let (mut groups, mut names, mut in_class, mut index) = (0, Vec::new(), false, 0);
    while let Some(character) = at(index) {
        match character {
            '\\' => index += 1,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class && at(index + 1) != Some('?') => groups += 1,
            '(' if !in_class && at(index + 2) == Some('<') && !matches!(at(index + 3), Some('=' | '!')) => {
                groups += 1;
                if names.len() < MAX_NAMES {
                    let name = characters[index + 3..].iter().map(|&(_, character)| character);
                    names.push((name.take_while(|&character| character != '>').collect(), groups));
                }
            }
            _ => {}
        }
        index += 1;
    }
    (groups, names)
}

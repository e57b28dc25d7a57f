//! A JSON reader that knows where everything stands.
//!
//! Lockfiles are read in one pass, without a tree: a reader asks for the object, array or string that it expects
//! and gets borrowed text with its byte offset, so that each package and each error has a line and column even
//! where keys hold escapes. It never recurses by itself, and nothing nests deeper than [`MAX_DEPTH`].

mod scan;

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use self::scan::{control_at, past_indentation, plain_length, unescape};
use crate::LockfileError;
use crate::place::{LineIndex, Place, Position};

/// How deep objects and arrays may nest. A package-lock of version 1 nests two levels for each folder of
/// `node_modules`; the deepest real one we know has 14 of those.
pub(crate) const MAX_DEPTH: usize = 512;

/// How strictly the grammar is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// RFC 8259.
    Strict,
    /// With comments and trailing commas, as bun writes and reads its lockfile.
    Relaxed,
}

/// What kind of value comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Number,
    Boolean,
    Null,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::String => "a string",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Null => "null",
        }
    }
}

/// What is wrong, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) at: usize,
    pub(crate) message: String,
    pub(crate) reason: Reason,
}

/// Which error a fault becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Syntax,
    Limit,
    Version,
}

impl Fault {
    pub(crate) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), reason: Reason::Syntax }
    }

    pub(crate) fn version(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), reason: Reason::Version }
    }

    pub(crate) fn limit(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), reason: Reason::Limit }
    }

    /// The line and column.
    pub(crate) fn position(&self, text: &str) -> Position {
        LineIndex::new(text).position(self.at)
    }

    /// The error for whoever asked to read the file.
    pub(crate) fn locate(self, file: &Path, text: &str) -> LockfileError {
        let place = Place::at(file.into(), self.position(text));
        let message = self.message;
        match self.reason {
            Reason::Syntax => LockfileError::Syntax { place, message },
            Reason::Limit => LockfileError::Limit { place, message },
            Reason::Version => LockfileError::UnsupportedVersion { place, message },
        }
    }
}

/// What reading a part gives.
pub(crate) type Read<T> = Result<T, Fault>;

/// A string with the offset of its first character; borrowed unless it holds escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    pub(crate) value: Cow<'a, str>,
    pub(crate) at: usize,
}

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.value
    }
}

/// A place in a JSON text.
#[derive(Debug, Clone)]
pub(crate) struct Json<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    dialect: Dialect,
}

/// Where the objects of a value that was checked start and end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extents(Vec<(usize, usize)>);

/// An object that is being read.
pub(crate) struct Members {
    first: bool,
}

impl Members {
    /// The next key, its value coming next; `None` after the last.
    pub(crate) fn next<'a>(&mut self, json: &mut Json<'a>) -> Read<Option<Text<'a>>> {
        if json.closes(b'}', std::mem::replace(&mut self.first, false))? {
            return Ok(None);
        }
        if json.peek_byte() != Some(b'"') {
            return Err(json.unexpected("a key in double quotes"));
        }
        let key = json.string()?;
        json.space()?;
        json.expect(b':', "a colon after the key")?;
        Ok(Some(key))
    }
}

/// An array that is being read.
pub(crate) struct Elements {
    first: bool,
}

impl Elements {
    /// Whether there is one more element, which comes next.
    pub(crate) fn next(&mut self, json: &mut Json<'_>) -> Read<bool> {
        Ok(!json.closes(b']', std::mem::replace(&mut self.first, false))?)
    }
}

impl<'a> Json<'a> {
    pub(crate) fn new(text: &'a str, dialect: Dialect) -> Self {
        Self { text, at: 0, depth: 0, dialect }
    }

    /// Where the next value starts.
    pub(crate) fn offset(&mut self) -> Read<usize> {
        self.space()?;
        Ok(self.at)
    }

    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Whether all before this offset has been read, and nothing after it.
    pub(crate) fn is_at(&self, offset: usize) -> bool {
        self.at == offset
    }

    /// The same object from another place in it on, right behind a comma.
    pub(crate) fn from(&self, offset: usize) -> (Self, Members) {
        (Self { at: offset, ..self.clone() }, Members { first: true })
    }

    /// Which kind of value comes next.
    pub(crate) fn kind(&mut self) -> Read<Kind> {
        self.space()?;
        match self.peek_byte() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Boolean),
            Some(b'n') => Ok(Kind::Null),
            _ => Err(self.unexpected("a value")),
        }
    }

    /// Enters an object.
    pub(crate) fn object(&mut self, what: impl fmt::Display) -> Read<Members> {
        self.enter(Kind::Object, what)?;
        Ok(Members { first: true })
    }

    /// Enters an array.
    pub(crate) fn array(&mut self, what: impl fmt::Display) -> Read<Elements> {
        self.enter(Kind::Array, what)?;
        Ok(Elements { first: true })
    }

    /// A string, or an error that names what should have been one.
    pub(crate) fn text(&mut self, what: impl fmt::Display) -> Read<Text<'a>> {
        self.require(Kind::String, what)?;
        self.string()
    }

    /// A boolean.
    pub(crate) fn boolean(&mut self, what: impl fmt::Display) -> Read<bool> {
        self.require(Kind::Boolean, what)?;
        if self.literal("true") {
            Ok(true)
        } else if self.literal("false") {
            Ok(false)
        } else {
            Err(self.unexpected("true or false"))
        }
    }

    /// A number, as written.
    pub(crate) fn number(&mut self, what: impl fmt::Display) -> Read<&'a str> {
        self.require(Kind::Number, what)?;
        let start = self.at;
        let bytes = self.text.as_bytes();
        let digits = |at: &mut usize| {
            let from = *at;
            while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
                *at += 1;
            }
            *at > from
        };
        if bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        let leading_zero = bytes.get(self.at) == Some(&b'0');
        let integer = self.at;
        if !digits(&mut self.at) || leading_zero && self.at - integer > 1 {
            return Err(Fault::new(start, "a number is written in a way that JSON does not allow"));
        }
        if bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            if !digits(&mut self.at) {
                return Err(self.unexpected("a digit"));
            }
        }
        if matches!(bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !digits(&mut self.at) {
                return Err(self.unexpected("a digit"));
            }
        }
        Ok(&self.text[start..self.at])
    }

    /// Passes over one value of any kind, checking it.
    pub(crate) fn skip(&mut self) -> Read<()> {
        self.pass(&mut |_, _| {})
    }

    /// As [`Self::skip`], and notes where each object in it starts and ends, so that [`Self::skip_noted`] need not
    /// look at it again.
    pub(crate) fn skip_noting(&mut self) -> Read<Extents> {
        let mut extents = Extents::default();
        self.pass(&mut |start, end| extents.0.push((start, end)))?;
        extents.0.sort_unstable();
        Ok(extents)
    }

    /// Passes over one value, at once where it is an object that was checked before.
    pub(crate) fn skip_noted(&mut self, extents: &Extents) -> Read<()> {
        self.space()?;
        match extents.0.binary_search_by_key(&self.at, |&(start, _)| start) {
            Ok(index) => {
                self.at = extents.0[index].1;
                Ok(())
            }
            Err(_) => self.skip(),
        }
    }

    fn pass(&mut self, note: &mut dyn FnMut(usize, usize)) -> Read<()> {
        // What has been entered and where, innermost last; explicit, so that depth costs no stack.
        let mut open: Vec<(Kind, usize)> = Vec::new();
        loop {
            let mut first = false;
            match self.kind()? {
                Kind::String => drop(self.string()?),
                Kind::Number => drop(self.number("")?),
                Kind::Boolean => drop(self.boolean("")?),
                Kind::Null => self.null()?,
                kind => {
                    open.push((kind, self.at));
                    self.enter(kind, "")?;
                    first = true;
                }
            }
            loop {
                let next = match open.last() {
                    None => return Ok(()),
                    Some((Kind::Object, _)) => Members { first }.next(self)?.is_some(),
                    Some(_) => Elements { first }.next(self)?,
                };
                if next {
                    break;
                }
                if let Some((Kind::Object, start)) = open.pop() {
                    note(start, self.at);
                }
                first = false;
            }
        }
    }

    /// Checks that nothing follows.
    pub(crate) fn end(&mut self) -> Read<()> {
        self.space()?;
        if self.at == self.text.len() { Ok(()) } else { Err(self.unexpected("the end of the file")) }
    }

    fn null(&mut self) -> Read<()> {
        if self.literal("null") { Ok(()) } else { Err(self.unexpected("null")) }
    }

    fn literal(&mut self, word: &str) -> bool {
        let rest = &self.text.as_bytes()[self.at..];
        let found = rest.starts_with(word.as_bytes())
            && !rest.get(word.len()).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if found {
            self.at += word.len();
        }
        found
    }

    fn require(&mut self, kind: Kind, what: impl fmt::Display) -> Read<()> {
        let found = self.kind()?;
        if found == kind {
            return Ok(());
        }
        let (wanted, found) = (kind.name(), found.name());
        Err(Fault::new(self.at, format!("{what} should be {wanted}, but is {found}")))
    }

    fn enter(&mut self, kind: Kind, what: impl fmt::Display) -> Read<()> {
        self.require(kind, what)?;
        if self.depth == MAX_DEPTH {
            return Err(Fault::limit(self.at, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    /// Whether the object or array ends here; else passes the comma before the next member.
    fn closes(&mut self, close: u8, first: bool) -> Read<bool> {
        self.space()?;
        if self.peek_byte() == Some(close) {
            self.leave();
            return Ok(true);
        }
        if first {
            return Ok(false);
        }
        self.expect(b',', if close == b'}' { "a comma or }" } else { "a comma or ]" })?;
        self.space()?;
        if self.peek_byte() == Some(close) {
            if self.dialect == Dialect::Strict {
                return Err(Fault::new(
                    self.at,
                    "a comma before the closing bracket, which JSON does not allow",
                ));
            }
            self.leave();
            return Ok(true);
        }
        Ok(false)
    }

    fn leave(&mut self) {
        self.depth -= 1;
        self.at += 1;
    }

    fn expect(&mut self, byte: u8, what: &str) -> Read<()> {
        if self.peek_byte() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(self.unexpected(what))
    }

    fn peek_byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn unexpected(&self, wanted: &str) -> Fault {
        let message = match self.text[self.at..].chars().next() {
            None => format!("the file ends where {wanted} should stand; it is cut off"),
            Some(found) => format!("found {found:?} where {wanted} should stand"),
        };
        Fault::new(self.at, message)
    }

    #[inline]
    fn space(&mut self) -> Read<()> {
        // Mostly there is none, or one after a colon.
        let is_text = |byte: Option<&u8>| byte.is_some_and(|&byte| byte > b' ' && byte != b'/');
        let rest = &self.text.as_bytes()[self.at..];
        if is_text(rest.first()) {
            return Ok(());
        }
        if rest.first() == Some(&b' ') && is_text(rest.get(1)) {
            self.at += 1;
            return Ok(());
        }
        self.long_space()
    }

    fn long_space(&mut self) -> Read<()> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b'\n') => self.at = past_indentation(bytes, self.at + 1),
                Some(b' ' | b'\r' | b'\t') => self.at += 1,
                Some(b'/') if self.dialect == Dialect::Relaxed => self.comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn comment(&mut self) -> Read<()> {
        let rest = &self.text.as_bytes()[self.at..];
        let length = match rest.get(1) {
            Some(b'/') => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
            Some(b'*') => match memchr::memmem::find(&rest[2..], b"*/") {
                Some(end) => end + 4,
                None => return Err(Fault::new(self.at, "a comment that does not end")),
            },
            _ => return Err(self.unexpected("a value")),
        };
        self.at += length;
        Ok(())
    }

    /// The string whose opening quote comes next.
    fn string(&mut self) -> Read<Text<'a>> {
        let start = self.at + 1;
        let rest = &self.text.as_bytes()[start..];
        let Some(stop) = plain_length(rest) else {
            return Err(Fault::new(self.at, "a string that does not end"));
        };
        match rest[stop] {
            b'"' => {
                self.at = start + stop + 1;
                return Ok(Text { value: Cow::Borrowed(&self.text[start..start + stop]), at: start });
            }
            b'\\' => {}
            _ => return Err(control_at(start + stop)),
        }
        self.escaped_string(start, stop)
    }

    fn escaped_string(&mut self, start: usize, clean: usize) -> Read<Text<'a>> {
        let mut value = String::from(&self.text[start..start + clean]);
        let mut at = start + clean;
        loop {
            if self.text.as_bytes()[at] == b'"' {
                self.at = at + 1;
                return Ok(Text { value: Cow::Owned(value), at: start });
            }
            at = unescape(self.text, at, &mut value)?;
            let rest = &self.text.as_bytes()[at..];
            let Some(stop) = plain_length(rest) else {
                return Err(Fault::new(start - 1, "a string that does not end"));
            };
            if rest[stop] < 0x20 {
                return Err(control_at(at + stop));
            }
            value.push_str(&self.text[at..at + stop]);
            at += stop;
        }
    }
}

/// Whether the text is an object that has one of `keys` at its top level. Tells formats apart by content, so a
/// text that breaks off later still counts.
pub(crate) fn has_top_level_key(bytes: &[u8], keys: &[&str]) -> bool {
    top_level_kind(bytes, |key, _| keys.contains(&key))
}

/// Whether a text that could be an object holds something of the wanted one, such as a key in quotes, anywhere: what to ask before its members are
/// read for it. What starts otherwise, such as a large lockfile in YAML, is not looked through.
pub(crate) fn mentions(bytes: &[u8], wanted: &[u8]) -> bool {
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes).trim_ascii_start();
    matches!(text.first(), Some(b'{' | b'/')) && memchr::memmem::find(text, wanted).is_some()
}

/// Whether the text is an object with a top-level member that `wanted` holds for, given its key and the kind of
/// its value.
pub(crate) fn top_level_kind(bytes: &[u8], wanted: impl Fn(&str, Kind) -> bool) -> bool {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    };
    let mut json = Json::new(text.trim_start_matches('\u{feff}'), Dialect::Relaxed);
    let mut look = || -> Read<bool> {
        let mut members = json.object("the file")?;
        while let Some(key) = members.next(&mut json)? {
            if wanted(key.as_str(), json.kind()?) {
                return Ok(true);
            }
            json.skip()?;
        }
        Ok(false)
    };
    look().unwrap_or(false)
}

#[cfg(test)]
mod tests;

//! Flow mappings and sequences: `{integrity: …, tarball: …}`, `[x64, arm64]`.

use std::borrow::Cow;

use super::block::Parser;
use super::{Tag, YamlError};

/// The bytes at which a plain scalar in a flow collection may end. Most of a lockfile's bytes are digests.
const MAY_END: [bool; 256] = {
    let mut table = [false; 256];
    let ends = b",[]{}\n:#";
    let mut index = 0;
    while index < ends.len() {
        table[ends[index] as usize] = true;
        index += 1;
    }
    table
};

impl Parser<'_> {
    pub(super) fn flow(&mut self) -> Result<(), YamlError> {
        self.enter()?;
        let start = self.pos;
        let (tag, closing) = match self.bytes[start] {
            b'{' => (Tag::Mapping, b'}'),
            _ => (Tag::Sequence, b']'),
        };
        let collection = self.open(tag, start);
        self.pos += 1;
        loop {
            if self.flow_byte(start)? == closing {
                break;
            }
            if tag == Tag::Mapping {
                self.flow_pair(start)?;
            } else {
                self.flow_value()?;
            }
            match self.flow_byte(start)? {
                b',' => self.pos += 1,
                byte if byte == closing => break,
                _ if tag == Tag::Mapping => return Err(self.error("expected `,` or `}`")),
                _ => return Err(self.error("expected `,` or `]`")),
            }
        }
        self.pos += 1;
        self.close(collection);
        self.leave();
        if tag == Tag::Mapping { self.refuse_duplicates(collection) } else { Ok(()) }
    }

    fn flow_pair(&mut self, start: usize) -> Result<(), YamlError> {
        let quoted = matches!(self.bytes[self.pos], b'"' | b'\'');
        self.flow_scalar()?;
        let value = self.pos;
        let colon = self.flow_byte(start)? == b':';
        if colon && (quoted || self.ends_flow_plain(self.pos)) {
            self.pos += 1;
            if !matches!(self.flow_byte(start)?, b',' | b'}') {
                return self.flow_value();
            }
        }
        self.push_empty(value);
        Ok(())
    }

    fn flow_value(&mut self) -> Result<(), YamlError> {
        match self.bytes[self.pos] {
            b'{' | b'[' => self.flow(),
            _ => self.flow_scalar(),
        }
    }

    fn flow_scalar(&mut self) -> Result<(), YamlError> {
        let offset = self.pos;
        if matches!(self.bytes[offset], b'"' | b'\'') {
            let text = self.quoted(-1)?;
            self.push_quoted(text, offset);
            return Ok(());
        }
        self.refuse_indicator()?;
        let mut at = offset;
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                _ if !MAY_END[usize::from(byte)] => at += 1,
                b':' if !self.ends_flow_plain(at) => at += 1,
                b'#' if at == offset || self.bytes[at - 1] != b' ' => at += 1,
                _ => break,
            }
        }
        let text = self.text[offset..at].trim_end_matches([' ', '\t', '\r']);
        if text.is_empty() {
            return Err(self.error("expected a value"));
        }
        self.pos = at;
        self.push_plain(Cow::Borrowed(text), offset);
        Ok(())
    }

    /// Whether the colon at an offset separates a key from its value rather than being part of a URL.
    fn ends_flow_plain(&self, colon: usize) -> bool {
        self.is_separated(colon + 1)
            || matches!(self.bytes.get(colon + 1), Some(b',' | b'[' | b']' | b'{' | b'}'))
    }

    /// The next byte that is neither white space nor comment.
    fn flow_byte(&mut self, start: usize) -> Result<u8, YamlError> {
        loop {
            match self.bytes.get(self.pos) {
                None => return Err(self.error_at(start, "this bracket is never closed")),
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.pos += 1,
                Some(b'#') if matches!(self.bytes[self.pos - 1], b' ' | b'\t' | b'\n') => self.skip_line(),
                Some(&byte) => return Ok(byte),
            }
        }
    }
}

//! Scalars: plain ones over several lines, quoted ones, block scalars.

use std::borrow::Cow;

use super::YamlError;
use super::block::Parser;

impl<'a> Parser<'a> {
    /// A plain scalar and the more indented lines below that continue it.
    pub(super) fn plain_lines(&mut self, parent: i32) -> Result<(), YamlError> {
        let offset = self.pos;
        self.refuse_indicator()?;
        let (first, commented) = self.plain_line()?;
        let mut text = Cow::Borrowed(first);
        let mut commented = commented;
        loop {
            let line_end = self.pos;
            self.next_line()?;
            if self.indent <= parent {
                break;
            }
            let between = &self.text[line_end..self.pos];
            if commented || between.contains('#') {
                return Err(self.error("text that continues after a comment"));
            }
            let breaks = 1 + memchr::memchr_iter(b'\n', between.as_bytes()).count();
            let (line, has_comment) = self.plain_line()?;
            commented = has_comment;
            let text = text.to_mut();
            fold(text, breaks);
            text.push_str(line);
        }
        self.push_plain(text, offset);
        Ok(())
    }

    /// The rest of the line, and whether a comment ended it. Leaves the parser at the start of the next line.
    fn plain_line(&mut self) -> Result<(&'a str, bool), YamlError> {
        let start = self.pos;
        let mut from = start;
        let end = loop {
            let found = memchr::memchr3(b':', b'#', b'\n', &self.bytes[from..]);
            let at = found.map_or(self.bytes.len(), |found| from + found);
            match self.bytes.get(at) {
                None | Some(b'\n') => break at,
                Some(b':') if self.is_separated(at + 1) => {
                    let message = "a second colon in one line; a text that holds one needs quotes";
                    return Err(self.error_at(at, message));
                }
                Some(b'#') if at > start && matches!(self.bytes[at - 1], b' ' | b'\t') => break at,
                Some(_) => from = at + 1,
            }
        };
        let commented = self.bytes.get(end) == Some(&b'#');
        let line_end = if commented { self.line_end(end) } else { end };
        self.pos = (line_end + 1).min(self.bytes.len());
        Ok((self.text[start..end].trim_end_matches([' ', '\t', '\r']), commented))
    }

    /// A scalar in quotes; lines after its first are indented more than `parent`.
    pub(super) fn quoted(&mut self, parent: i32) -> Result<Cow<'a, str>, YamlError> {
        let start = self.pos;
        let quote = self.bytes[start];
        self.pos += 1;
        let mut owned: Option<String> = None;
        loop {
            let from = self.pos;
            let rest = &self.bytes[from..];
            let found = match quote {
                b'"' => memchr::memchr3(b'"', b'\\', b'\n', rest),
                _ => memchr::memchr2(b'\'', b'\n', rest),
            };
            let Some(length) = found else {
                return Err(self.error_at(start, "this quote is never closed"));
            };
            let at = from + length;
            let part = &self.text[from..at];
            match self.bytes[at] {
                b'\n' => {
                    let text = owned.get_or_insert_default();
                    text.push_str(part.trim_end_matches([' ', '\t', '\r']));
                    self.pos = at;
                    let breaks = self.quoted_break(start, parent)?;
                    fold(text, breaks);
                }
                b'\\' => {
                    let text = owned.get_or_insert_default();
                    text.push_str(part);
                    self.pos = at;
                    self.escape(text, start, parent)?;
                }
                _ if quote == b'\'' && self.bytes.get(at + 1) == Some(&b'\'') => {
                    let text = owned.get_or_insert_default();
                    text.push_str(part);
                    text.push('\'');
                    self.pos = at + 2;
                }
                _ => {
                    self.pos = at + 1;
                    return Ok(match owned {
                        None => Cow::Borrowed(part),
                        Some(mut text) => {
                            text.push_str(part);
                            Cow::Owned(text)
                        }
                    });
                }
            }
        }
    }

    /// From a line break inside quotes to the next text; gives the number of breaks passed.
    fn quoted_break(&mut self, start: usize, parent: i32) -> Result<usize, YamlError> {
        let mut breaks = 0;
        while self.bytes.get(self.pos) == Some(&b'\n') {
            breaks += 1;
            self.pos += 1;
            let line = self.pos;
            while matches!(self.bytes.get(self.pos), Some(b' ' | b'\t')) {
                self.pos += 1;
            }
            if self.bytes.get(self.pos) == Some(&b'\r') && self.bytes.get(self.pos + 1) == Some(&b'\n') {
                self.pos += 1;
            } else if !matches!(self.bytes.get(self.pos), None | Some(b'\n'))
                && (self.pos - line) as i64 <= i64::from(parent)
            {
                return Err(self.error_at(start, "this quote is never closed"));
            }
        }
        Ok(breaks)
    }

    /// A backslash escape of a double-quoted scalar.
    fn escape(&mut self, text: &mut String, start: usize, parent: i32) -> Result<(), YamlError> {
        let backslash = self.pos;
        let byte = self.bytes.get(backslash + 1).copied();
        self.pos += 2;
        let character = match byte {
            Some(b'n') => '\n',
            Some(b't' | b'\t') => '\t',
            Some(b'r') => '\r',
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b' ') => ' ',
            Some(b'0') => '\0',
            Some(b'a') => '\u{7}',
            Some(b'b') => '\u{8}',
            Some(b'v') => '\u{b}',
            Some(b'f') => '\u{c}',
            Some(b'e') => '\u{1b}',
            Some(b'N') => '\u{85}',
            Some(b'_') => '\u{a0}',
            Some(b'L') => '\u{2028}',
            Some(b'P') => '\u{2029}',
            Some(b'x') => self.hexadecimal(backslash, 2)?,
            Some(b'u') => self.hexadecimal(backslash, 4)?,
            Some(b'U') => self.hexadecimal(backslash, 8)?,
            Some(b'\n') => {
                self.pos = backslash + 1;
                let breaks = self.quoted_break(start, parent)?;
                (1..breaks).for_each(|_| text.push('\n'));
                return Ok(());
            }
            Some(b'\r') if self.bytes.get(backslash + 2) == Some(&b'\n') => {
                self.pos = backslash + 2;
                let breaks = self.quoted_break(start, parent)?;
                (1..breaks).for_each(|_| text.push('\n'));
                return Ok(());
            }
            _ => return Err(self.error_at(backslash, "an escape that YAML does not know")),
        };
        text.push(character);
        Ok(())
    }

    fn hexadecimal(&mut self, backslash: usize, digits: usize) -> Result<char, YamlError> {
        let value = self.hex_digits(self.pos, digits);
        self.pos += digits;
        // JavaScript emitters write characters beyond the basic plane as two halves.
        let value = match value {
            Some(high @ 0xd800..0xdc00) if digits == 4 && self.bytes[self.pos..].starts_with(b"\\u") => {
                match self.hex_digits(self.pos + 2, 4) {
                    Some(low @ 0xdc00..0xe000) => {
                        self.pos += 6;
                        Some(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))
                    }
                    _ => None,
                }
            }
            value => value,
        };
        value
            .and_then(char::from_u32)
            .ok_or_else(|| self.error_at(backslash, "an escape that is no character"))
    }

    fn hex_digits(&self, from: usize, digits: usize) -> Option<u32> {
        let text = self.text.get(from..from + digits)?;
        text.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(text, 16).ok())?
    }

    /// `|` and `>`: the more indented lines below, as they are or folded.
    pub(super) fn block_scalar(&mut self, parent: i32) -> Result<(), YamlError> {
        let offset = self.pos;
        let folded = self.bytes[offset] == b'>';
        let header_end = self.line_end(offset);
        let header = self.text[offset + 1..header_end].split(" #").next().unwrap_or_default().trim_end();
        let explicit = header.bytes().find(u8::is_ascii_digit).map(|digit| i64::from(digit - b'0'));
        let chomping = header.trim_matches(|c: char| c.is_ascii_digit());
        if !matches!(chomping, "" | "-" | "+") || header.len() > 2 {
            return Err(self.error_at(offset + 1, "not the header of a block scalar"));
        }
        self.pos = (header_end + 1).min(self.bytes.len());
        let mut indent = explicit.map(|more| (i64::from(parent.max(0)) + more) as usize);
        let mut lines: Vec<&str> = Vec::new();
        while self.pos < self.bytes.len() {
            let end = self.line_end(self.pos);
            let line = self.text[self.pos..end].trim_end_matches('\r');
            let blanks = line.len() - line.trim_start_matches(' ').len();
            if line.trim_matches(' ').is_empty() {
                lines.push("");
            } else {
                if blanks as i64 <= i64::from(parent) || self.at_marker() {
                    break;
                }
                let indent = *indent.get_or_insert(blanks);
                if blanks < indent {
                    break;
                }
                lines.push(&line[indent..]);
            }
            self.pos = (end + 1).min(self.bytes.len());
        }
        let text = join_block(&lines, folded, chomping);
        self.push_quoted(Cow::Owned(text), offset);
        self.next_line()
    }
}

/// A single line break in a flowing text is a space; more of them are one fewer line feeds.
fn fold(text: &mut String, breaks: usize) {
    match breaks {
        0 | 1 => text.push(' '),
        _ => (1..breaks).for_each(|_| text.push('\n')),
    }
}

fn join_block(lines: &[&str], folded: bool, chomping: &str) -> String {
    let kept = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
    let mut text = String::new();
    for (index, line) in lines[..kept].iter().enumerate() {
        if index > 0 {
            let before = lines[index - 1];
            let flows = |line: &str| !line.is_empty() && !line.starts_with([' ', '\t']);
            if !folded {
                text.push('\n');
            } else if flows(before) && flows(line) {
                text.push(' ');
            } else if line.is_empty() || !flows(line) || !before.is_empty() || !text.ends_with('\n') {
                text.push('\n');
            }
        }
        text.push_str(line);
    }
    if kept > 0 && chomping != "-" {
        text.push('\n');
    }
    if chomping == "+" {
        (kept..lines.len()).for_each(|_| text.push('\n'));
    }
    text
}

//! Documents, block mappings and block sequences.

use std::borrow::Cow;

use super::{Cause, Document, MAX_DEPTH, Node, Tag, TopDuplicates, YamlError, refuse_duplicates, shorten};

/// Indentation that stands for the end of the document.
const END: i32 = -1;

/// One pass over the text. Between values it stands on the first character of a line that says something.
pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) pos: usize,
    document: Document<'a>,
    /// How far the current line, or the current item of a sequence, is indented.
    pub(super) indent: i32,
    line_start: usize,
    depth: u32,
    duplicates: TopDuplicates,
}

/// The last part of a document.
pub(super) struct Rest<'a> {
    /// A mapping with the entries of the section that the part starts in, if it starts in one; then a mapping with
    /// those of the document, if there are any.
    pub(super) document: Document<'a>,
    /// How many of the nodes are the first mapping.
    pub(super) of_section: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, duplicates: TopDuplicates) -> Self {
        let document = Document { text, nodes: Vec::new(), made: Vec::new() };
        Self {
            text,
            bytes: text.as_bytes(),
            pos: 0,
            document,
            indent: END,
            line_start: 0,
            depth: 0,
            duplicates,
        }
    }

    /// The documents of the text.
    pub(super) fn documents(self) -> Result<Vec<Document<'a>>, YamlError> {
        self.documents_so_far().map(|(documents, _)| documents)
    }

    /// The documents of the text, and whether what follows it would belong to the last of them.
    pub(super) fn documents_so_far(mut self) -> Result<(Vec<Document<'a>>, bool), YamlError> {
        let mut documents = Vec::new();
        // A guess that avoids most of the growing: real lockfiles have a node per 15 to 40 bytes.
        self.document.nodes.reserve(self.bytes.len() / 16);
        loop {
            self.next_line()?;
            let has_content = self.indent != END;
            if has_content {
                self.block(END)?;
                if self.indent != END {
                    return Err(self.error("indented differently from what stands above it"));
                }
                let next = Document { text: self.text, nodes: Vec::new(), made: Vec::new() };
                documents.push(std::mem::replace(&mut self.document, next));
            }
            if self.at_marker() {
                self.pos += 3;
                self.end_line()?;
            } else if self.pos >= self.bytes.len() {
                return Ok((documents, has_content));
            }
        }
    }

    /// What is left of a document from a line on that starts an entry, up to the end of the text: the entries of a
    /// section, if the line is indented, and those of the document. `None` where it is not all of that kind.
    pub(super) fn rest(mut self, from: usize) -> Option<Rest<'a>> {
        self.pos = from;
        self.next_line().ok()?;
        // As many as there are around the line.
        self.depth = if self.indent > 0 { 2 } else { 1 };
        let mut of_section = 0;
        if self.indent > 0 {
            let key = self.key().ok()??;
            self.mapping(self.indent, key).ok()?;
            of_section = self.document.nodes.len();
        }
        if self.indent == 0 && !self.at_marker() {
            let key = self.key().ok()??;
            self.depth = 1;
            self.mapping(0, key).ok()?;
        }
        let is_end = self.indent == END && self.pos >= self.bytes.len();
        is_end.then_some(Rest { document: self.document, of_section })
    }

    /// A mapping, a sequence or a scalar that starts on the current line and belongs to a parent with the given
    /// indentation.
    fn block(&mut self, parent: i32) -> Result<(), YamlError> {
        self.enter()?;
        let indent = self.indent;
        if self.at_dash() {
            self.sequence(indent)?;
        } else {
            match self.key()? {
                Some(key) => self.mapping(indent, key)?,
                None => self.inline(parent)?,
            }
        }
        self.leave();
        Ok(())
    }

    fn mapping(&mut self, indent: i32, first: Node) -> Result<(), YamlError> {
        let mapping = self.open(Tag::Mapping, first.offset as usize);
        let mut key = first;
        // Package managers sort their keys: then nothing is to be remembered but the last.
        let mut is_sorted = true;
        loop {
            self.document.nodes.push(key);
            self.value_after_key(indent)?;
            if self.indent != indent {
                break;
            }
            if self.at_dash() {
                return Err(self.error("expected a key, found an item of a list"));
            }
            let next = match self.key()? {
                Some(key) => key,
                None => return Err(self.error("expected a key and a colon")),
            };
            is_sorted = is_sorted && self.document.bytes(key) < self.document.bytes(next);
            key = next;
        }
        if self.indent > indent {
            return Err(self.error("indented more than the key above it"));
        }
        self.close(mapping);
        match (mapping, self.duplicates) {
            (0, TopDuplicates::Kept) => Ok(()),
            _ if is_sorted => Ok(()),
            _ => self.refuse_duplicates(mapping),
        }
    }

    /// What follows a colon, on the same line or below it.
    fn value_after_key(&mut self, indent: i32) -> Result<(), YamlError> {
        self.skip_blanks();
        if !self.at_line_end() {
            return self.inline(indent);
        }
        let offset = self.pos;
        self.end_line()?;
        self.next_line()?;
        if self.indent > indent {
            self.block(indent)
        } else if self.indent == indent && self.at_dash() {
            self.enter()?;
            self.sequence(indent)?;
            self.leave();
            Ok(())
        } else {
            self.push_empty(offset);
            Ok(())
        }
    }

    fn sequence(&mut self, indent: i32) -> Result<(), YamlError> {
        let sequence = self.open(Tag::Sequence, self.pos);
        loop {
            self.pos += 1;
            self.skip_blanks();
            if self.at_line_end() {
                let offset = self.pos;
                self.end_line()?;
                self.next_line()?;
                if self.indent > indent {
                    self.block(indent)?;
                } else {
                    self.push_empty(offset);
                }
            } else {
                self.indent = (self.pos - self.line_start) as i32;
                self.block(indent)?;
            }
            if self.indent != indent || !self.at_dash() {
                break;
            }
        }
        if self.indent > indent {
            return Err(self.error("indented more than the list above it"));
        }
        self.close(sequence);
        Ok(())
    }

    /// A value that starts on the current line; leaves the parser at the next line that says something.
    fn inline(&mut self, parent: i32) -> Result<(), YamlError> {
        match self.bytes[self.pos] {
            b'{' | b'[' => self.flow()?,
            b'\'' | b'"' => {
                let offset = self.pos;
                let text = self.quoted(parent)?;
                self.push_quoted(text, offset);
            }
            b'|' | b'>' => return self.block_scalar(parent),
            _ => return self.plain_lines(parent),
        }
        self.end_line()?;
        self.next_line()
    }

    /// A key and its colon, if the current line has one; otherwise the parser stays where it is.
    fn key(&mut self) -> Result<Option<Node>, YamlError> {
        let offset = self.pos;
        match self.bytes[offset] {
            b'?' if self.is_separated(offset + 1) => self.explicit_key().map(Some),
            quote @ (b'\'' | b'"') => match self.short_quoted_key(quote) {
                Some(key) => Ok(Some(key)),
                None => self.quoted_key(quote),
            },
            b'{' | b'[' | b'|' | b'>' => Ok(None),
            _ => {
                self.refuse_indicator()?;
                Ok(self.plain_key(offset))
            }
        }
    }

    /// A key in quotes as nearly all are: nothing escaped, the colon right behind it.
    fn short_quoted_key(&mut self, quote: u8) -> Option<Node> {
        let offset = self.pos;
        let length = memchr::memchr3(quote, b'\\', b'\n', &self.bytes[offset + 1..])?;
        let end = offset + 1 + length;
        let closed = self.bytes[end] == quote && self.bytes.get(end + 1) == Some(&b':');
        if !closed || !self.is_separated(end + 2) {
            return None;
        }
        self.pos = end + 2;
        Some(Node::new(Tag::Quoted, offset, length))
    }

    fn quoted_key(&mut self, quote: u8) -> Result<Option<Node>, YamlError> {
        let offset = self.pos;
        if !self.line_has_colon_after_quote(quote) {
            return Ok(None);
        }
        let text = self.quoted(END)?;
        self.skip_blanks();
        if self.bytes.get(self.pos) == Some(&b':') && self.is_separated(self.pos + 1) {
            self.pos += 1;
            return Ok(Some(self.scalar(Tag::Quoted, text, offset)));
        }
        self.pos = offset;
        Ok(None)
    }

    /// Keeps a quoted value of many lines from being read twice as a possible key at each nesting level.
    fn line_has_colon_after_quote(&self, quote: u8) -> bool {
        let rest = &self.bytes[self.pos + 1..];
        let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
        memchr::memchr(quote, line).is_some_and(|closing| memchr::memchr(b':', &line[closing..]).is_some())
    }

    fn plain_key(&mut self, offset: usize) -> Option<Node> {
        let mut from = offset;
        let mut may_have_comment = false;
        loop {
            // Keys are short: looking at each byte costs less than calling for many at once.
            let rest = self.bytes[from..].iter().position(|&byte| matches!(byte, b':' | b'\n' | b'#'))?;
            let at = from + rest;
            match self.bytes[at] {
                b'\n' => return None,
                b'#' => may_have_comment = true,
                _ if self.is_separated(at + 1) => {
                    let text = self.text[offset..at].trim_end_matches([' ', '\t']);
                    if may_have_comment && text.contains(" #") {
                        return None;
                    }
                    self.pos = at + 1;
                    return Some(Node::new(Tag::Plain, offset, text.len()));
                }
                _ => {}
            }
            from = at + 1;
        }
    }

    /// `? key`, with its colon on a line of its own: what emitters do with keys over 1,024 characters.
    fn explicit_key(&mut self) -> Result<Node, YamlError> {
        let indent = self.indent;
        self.pos += 1;
        self.skip_blanks();
        let offset = self.pos;
        if self.at_line_end() {
            return Err(self.error("expected a key after the question mark"));
        }
        let node = self.document.nodes.len();
        self.inline(indent)?;
        let colon = self.bytes.get(self.pos) == Some(&b':') && self.is_separated(self.pos + 1);
        if self.indent != indent || !colon {
            return Err(self.error("expected the colon of the key above"));
        }
        self.pos += 1;
        let key = self.document.nodes[node];
        self.document.nodes.truncate(node);
        if key.is_collection() {
            let message = "a key that is a mapping or a list is not supported".to_owned();
            return Err(YamlError { offset, message, cause: Cause::Syntax });
        }
        Ok(key)
    }

    /// Moves to the next line that says something, from the start of a line.
    pub(super) fn next_line(&mut self) -> Result<(), YamlError> {
        loop {
            let start = self.pos;
            let mut at = start;
            while self.bytes.get(at) == Some(&b' ') {
                at += 1;
            }
            self.pos = at;
            match self.bytes.get(at) {
                // Blank, as between any two packages.
                Some(b'\n') if at + 1 < self.bytes.len() => {
                    self.pos = at + 1;
                    continue;
                }
                None | Some(b'\t' | b'\r' | b'\n' | b'#' | b'-' | b'.') => {}
                Some(_) => {
                    self.line_start = start;
                    self.indent = (at - start) as i32;
                    return Ok(());
                }
            }
            if self.bytes.get(at) == Some(&b'\t') {
                self.skip_blanks();
                if !self.at_line_end() {
                    self.pos = at;
                    return Err(self.error("a tab in the indentation; YAML takes only spaces there"));
                }
            }
            if self.at_line_end() {
                self.skip_line();
                if self.pos < self.bytes.len() {
                    continue;
                }
                self.indent = END;
                return Ok(());
            }
            if at == start && self.at_marker() {
                self.indent = END;
                return Ok(());
            }
            self.line_start = start;
            self.indent = (at - start) as i32;
            return Ok(());
        }
    }

    /// After a value: only blanks and a comment may follow on its line.
    pub(super) fn end_line(&mut self) -> Result<(), YamlError> {
        let value_end = self.pos;
        self.skip_blanks();
        let comment = self.bytes.get(self.pos) == Some(&b'#');
        if !self.at_line_end() || (comment && self.pos == value_end && !self.at_line_start()) {
            return Err(self.error("unexpected text after a value"));
        }
        self.skip_line();
        Ok(())
    }

    fn at_line_start(&self) -> bool {
        self.pos == 0 || matches!(self.bytes[self.pos - 1], b'\n' | b' ' | b'\t')
    }

    /// Goes past the end of the current line.
    pub(super) fn skip_line(&mut self) {
        self.pos = self.line_end(self.pos).saturating_add(1).min(self.bytes.len());
    }

    /// The offset of the line feed that ends the line, or the end of the text.
    pub(super) fn line_end(&self, from: usize) -> usize {
        memchr::memchr(b'\n', &self.bytes[from..]).map_or(self.bytes.len(), |length| from + length)
    }

    pub(super) fn skip_blanks(&mut self) {
        while matches!(self.bytes.get(self.pos), Some(b' ' | b'\t')) {
            self.pos += 1;
        }
    }

    /// Whether the line says nothing more.
    pub(super) fn at_line_end(&self) -> bool {
        match self.bytes.get(self.pos) {
            None | Some(b'\n' | b'#') => true,
            Some(b'\r') => matches!(self.bytes.get(self.pos + 1), None | Some(b'\n')),
            Some(_) => false,
        }
    }

    /// Whether white space or the end stands at an offset.
    pub(super) fn is_separated(&self, at: usize) -> bool {
        matches!(self.bytes.get(at), None | Some(b' ' | b'\n' | b'\r' | b'\t'))
    }

    fn at_dash(&self) -> bool {
        self.bytes.get(self.pos) == Some(&b'-') && self.is_separated(self.pos + 1)
    }

    /// Whether `---` or `...` starts the line.
    pub(super) fn at_marker(&self) -> bool {
        let starts_line = self.pos == 0 || self.bytes.get(self.pos.wrapping_sub(1)) == Some(&b'\n');
        let rest = self.bytes.get(self.pos..).unwrap_or_default();
        starts_line
            && (rest.starts_with(b"---") || rest.starts_with(b"..."))
            && self.is_separated(self.pos + 3)
    }

    /// Refuses what may not start a plain scalar, naming the construct.
    pub(super) fn refuse_indicator(&self) -> Result<(), YamlError> {
        let byte = self.bytes[self.pos];
        if byte.is_ascii_alphanumeric() {
            return Ok(());
        }
        let message = match byte {
            b'&' => "a YAML anchor is not supported in a lockfile",
            b'*' => "a YAML alias is not supported in a lockfile",
            b'!' => "a YAML tag is not supported in a lockfile",
            b'%' => "a YAML directive is not supported in a lockfile",
            b'@' | b'`' => "a text that starts like this needs quotes",
            b',' | b']' | b'}' => "a bracket or comma that nothing opened",
            b'-' if self.is_separated(self.pos + 1) => "a list can't start behind a key",
            b'?' | b':' if self.is_separated(self.pos + 1) => "expected a value",
            _ => return Ok(()),
        };
        Err(self.error(message))
    }

    pub(super) fn open(&mut self, tag: Tag, offset: usize) -> usize {
        self.document.nodes.push(Node::new(tag, offset, 0));
        self.document.nodes.len() - 1
    }

    /// Ends a mapping or sequence with the last node that there is.
    pub(super) fn close(&mut self, index: usize) {
        let node = self.document.nodes[index];
        let count = self.document.nodes.len() - index;
        self.document.nodes[index] = Node::new(node.tag(), node.offset as usize, count);
    }

    /// Refuses a mapping just closed in which a key stands twice.
    pub(super) fn refuse_duplicates(&self, mapping: usize) -> Result<(), YamlError> {
        refuse_duplicates(&self.document, mapping)
    }

    /// Adds a scalar without quotes. A text that is borrowed stands at the offset.
    pub(super) fn push_plain(&mut self, text: Cow<'a, str>, offset: usize) {
        let node = self.scalar(Tag::Plain, text, offset);
        self.document.nodes.push(node);
    }

    /// Adds a scalar in quotes, or a block scalar. A text that is borrowed stands behind the quote at the offset.
    pub(super) fn push_quoted(&mut self, text: Cow<'a, str>, offset: usize) {
        let node = self.scalar(Tag::Quoted, text, offset);
        self.document.nodes.push(node);
    }

    /// Adds the scalar where nothing stands.
    pub(super) fn push_empty(&mut self, offset: usize) {
        self.document.nodes.push(Node::new(Tag::Plain, offset, 0));
    }

    fn scalar(&mut self, tag: Tag, text: Cow<'a, str>, offset: usize) -> Node {
        match text {
            Cow::Borrowed(text) => Node::new(tag, offset, text.len()),
            Cow::Owned(text) => {
                let tag = if tag == Tag::Plain { Tag::PlainMade } else { Tag::QuotedMade };
                self.document.made.push(text);
                Node::new(tag, offset, self.document.made.len() - 1)
            }
        }
    }

    pub(super) fn enter(&mut self) -> Result<(), YamlError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("nested more than {MAX_DEPTH} levels deep");
            return Err(YamlError { offset: self.pos, message, cause: Cause::Limit });
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(super) fn error(&self, message: &str) -> YamlError {
        self.error_at(self.pos, message)
    }

    pub(super) fn error_at(&self, offset: usize, message: &str) -> YamlError {
        let line = self.text.get(offset..self.line_end(offset.min(self.bytes.len()))).unwrap_or_default();
        let message = match line.trim() {
            "" => message.to_owned(),
            found => format!("{message}: {:?}", shorten(found)),
        };
        YamlError { offset, message, cause: Cause::Syntax }
    }
}

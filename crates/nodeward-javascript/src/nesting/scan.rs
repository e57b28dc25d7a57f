//! One reading of a text: bytes to tokens, tokens to frames.

use memchr::memchr3;

use super::Dialect;
use super::bytes::{Regex, is_word, line_end, may_be_type_parameters, regex_end, space_end, word_end};
use super::frame::{Frames, Opened};
use super::words::{Word, goes_on, word};

/// How a reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// At the end of the text.
    Whole,
    /// At a byte that nests too deep.
    TooDeep(usize),
    /// At a byte where the parser would stop.
    Unmatched(usize),
    /// As the last, but at what the text ends in the middle of.
    Unfinished(usize),
    /// At a byte that can be read in one way more than are followed.
    TooMany(usize),
}

/// The token before, as far as it decides what may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// A statement starts.
    Start,
    /// Something that is a value or a name.
    Operand,
    /// An operator or a keyword that a value follows.
    Prefix,
    /// A word that may be either.
    Contextual,
    /// `if`, `for`, `while`, `with`.
    Control,
    /// `)` after the head of a statement.
    ControlEnd,
    /// `}`
    Brace,
    /// `/` that divides: a value must follow.
    Division,
    /// `++`, `--`, and with types `!` and `>`: before a value or after it.
    Either,
    /// `.`, `?.`
    Dot,
}

/// Whether a byte that could start a literal or a tag does.
enum Starts {
    Yes,
    No,
    Maybe,
}

/// A place in the text and what is open there.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) at: usize,
    pub(super) before: Before,
    /// A line ended since the token before.
    newline: bool,
    /// How a `/` or `<` at this byte is read: as the start of a literal or a tag, or not.
    forced: Option<(usize, bool)>,
    /// Places so far where both were tried.
    probes: u32,
    /// This is such a trial itself.
    probing: bool,
    pub(super) frames: Frames,
}

/// How far both readings are tried where either may be right.
const WINDOW: usize = 4096;

/// Places of one text where both may be tried.
const MAX_PROBES: u32 = 20_000;

/// Takes a reading to be followed later; `false` where there are too many.
type Fork<'f> = dyn FnMut(Reading) -> bool + 'f;

impl Reading {
    pub(super) fn new(frames: Frames) -> Self {
        Self { at: 0, before: Before::Start, newline: true, forced: None, probes: 0, probing: false, frames }
    }

    /// Reads to the end, or to where it fails.
    pub(super) fn run(&mut self, text: &[u8], dialect: Dialect, fork: &mut Fork<'_>) -> End {
        if self.at == 0 && text.starts_with(b"#!") {
            self.at = line_end(text, 0);
        }
        while self.at < text.len() {
            let read = match self.frames.innermost() {
                Opened::Tag | Opened::ClosingTag => self.tag(text, dialect),
                Opened::Children => self.children(text),
                _ => self.token(text, dialect, fork),
            };
            if let Err(end) = read {
                return end;
            }
            if self.frames.is_too_deep() {
                return End::TooDeep(self.at.min(text.len()));
            }
        }
        End::Whole
    }

    fn token(&mut self, text: &[u8], dialect: Dialect, fork: &mut Fork<'_>) -> Result<(), End> {
        let byte = text[self.at];
        match byte {
            b'\n' | b'\r' => {
                self.newline = true;
                self.at = space_end(text, self.at + 1);
                return Ok(());
            }
            b' ' | b'\t' | 0x0b | 0x0c => {
                self.at = space_end(text, self.at + 1);
                return Ok(());
            }
            b'/' if matches!(text.get(self.at + 1), Some(b'/' | b'*')) => return self.comment(text),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' | b'#' | b'\\' | 0x80.. => {
                self.word(text);
                return Ok(());
            }
            b'0'..=b'9' => self.number(text)?,
            b'.' => self.dot(text)?,
            b')' | b']' | b'}' | b';' | b',' | b':' | b'?' | b'=' | b'&' | b'|' | b'^' | b'%' | b'*'
            | b'>'
                if self.before == Before::Division =>
            {
                return Err(End::Unmatched(self.at));
            }
            b'"' | b'\'' => self.string(text)?,
            b'`' => {
                self.at += 1;
                self.frames.step();
                self.template(text)?;
            }
            b'(' => {
                let control = self.before == Before::Control;
                self.open(if control { Opened::Control } else { Opened::Paren });
            }
            b'[' => self.open(Opened::Bracket),
            b'{' => self.open(Opened::Brace),
            b')' | b']' | b'}' => self.close(text)?,
            b';' => {
                self.at += 1;
                self.frames.end_statement();
                self.before = Before::Start;
            }
            b',' => {
                self.frames.comma();
                self.operator(1);
            }
            b':' => {
                self.frames.colon();
                self.operator(1);
            }
            b'?' => self.question(text),
            b'+' | b'-' => self.sign(text),
            b'!' => {
                self.frames.step();
                self.operator(1);
                if dialect.types {
                    self.before = Before::Either;
                }
            }
            b'=' | b'&' | b'|' | b'^' | b'%' | b'*' => {
                self.frames.step();
                let run = text[self.at..].iter().take_while(|byte| b"=&|^%*".contains(byte)).count();
                let arrow = text[self.at + run - 1] == b'=' && text.get(self.at + run) == Some(&b'>');
                self.operator(run + usize::from(arrow));
            }
            b'/' => self.slash(text, dialect, fork)?,
            b'<' => self.less(text, dialect, fork)?,
            b'>' => self.greater(text, dialect),
            _ => {
                self.frames.step();
                self.operator(1);
            }
        }
        self.newline = false;
        Ok(())
    }

    fn operator(&mut self, length: usize) {
        self.at += length;
        self.before = Before::Prefix;
    }

    pub(super) fn open(&mut self, opened: Opened) {
        self.at += 1;
        self.frames.open(opened);
        self.before = if opened == Opened::Brace { Before::Start } else { Before::Prefix };
    }

    fn close(&mut self, text: &[u8]) -> Result<(), End> {
        let innermost = self.frames.innermost();
        let after = match (text[self.at], innermost) {
            (b')', Opened::Paren) | (b']', Opened::Bracket) => Before::Operand,
            (b')', Opened::Control) => Before::ControlEnd,
            (b'}', Opened::Brace | Opened::Hole) => Before::Brace,
            _ => return Err(End::Unmatched(self.at)),
        };
        self.at += 1;
        self.frames.close();
        self.before = after;
        if innermost == Opened::Hole { self.template(text) } else { Ok(()) }
    }

    /// The text of a template up to its end or to the next hole.
    fn template(&mut self, text: &[u8]) -> Result<(), End> {
        loop {
            let Some(found) = memchr3(b'`', b'\\', b'$', &text[self.at..]) else {
                return Err(End::Unfinished(self.at));
            };
            self.at += found + 1;
            match text[self.at - 1] {
                b'`' => {
                    self.before = Before::Operand;
                    return Ok(());
                }
                b'\\' => self.at = (self.at + 1).min(text.len()),
                _ if text.get(self.at) == Some(&b'{') => {
                    self.at += 1;
                    self.frames.open(Opened::Hole);
                    self.before = Before::Prefix;
                    return Ok(());
                }
                _ => {}
            }
        }
    }

    fn string(&mut self, text: &[u8]) -> Result<(), End> {
        self.literal()?;
        let start = self.at;
        let quote = text[start];
        let mut at = start + 1;
        loop {
            match text.get(at) {
                Some(&byte) if byte == quote => break,
                Some(b'\\') if text.get(at + 1) == Some(&b'\r') && text.get(at + 2) == Some(&b'\n') => {
                    at += 3
                }
                Some(b'\\') => at += 2,
                Some(b'\n' | b'\r') => return Err(End::Unmatched(start)),
                None => return Err(End::Unfinished(start)),
                Some(_) => at += 1,
            }
        }
        self.at = at + 1;
        self.before = Before::Operand;
        Ok(())
    }

    fn number(&mut self, text: &[u8]) -> Result<(), End> {
        self.literal()?;
        let rest = text[self.at..].iter();
        self.at +=
            rest.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')).count();
        self.before = Before::Operand;
        Ok(())
    }

    /// A number or a string: nothing that is a value can stand before it on its line.
    fn literal(&mut self) -> Result<(), End> {
        if self.before == Before::Operand && !self.newline {
            return Err(End::Unmatched(self.at));
        }
        self.new_statement(b"");
        Ok(())
    }

    fn dot(&mut self, text: &[u8]) -> Result<(), End> {
        if text.get(self.at + 1).is_some_and(u8::is_ascii_digit) && self.before != Before::Operand {
            return self.number(text);
        }
        if self.before == Before::Division {
            return Err(End::Unmatched(self.at));
        }
        self.frames.step();
        if text[self.at..].starts_with(b"...") {
            self.operator(3);
        } else {
            self.at += 1;
            self.before = Before::Dot;
        }
        Ok(())
    }

    fn question(&mut self, text: &[u8]) {
        let next = text.get(self.at + 1);
        if next == Some(&b'.') && !text.get(self.at + 2).is_some_and(u8::is_ascii_digit) {
            self.frames.step();
            self.at += 2;
            self.before = Before::Dot;
        } else if next == Some(&b'?') {
            self.frames.step();
            self.operator(2);
        } else {
            self.frames.question();
            self.operator(1);
        }
    }

    fn sign(&mut self, text: &[u8]) {
        let html_end = self.newline && text[self.at..].starts_with(b"-->");
        if html_end {
            // A comment to the end of the line in a script; in a module the parser stops.
            self.at = line_end(text, self.at);
            return;
        }
        self.frames.step();
        if text.get(self.at + 1) == Some(&text[self.at]) {
            self.at += 2;
            self.before = Before::Either;
        } else {
            self.operator(1);
        }
    }

    fn slash(&mut self, text: &[u8], dialect: Dialect, fork: &mut Fork<'_>) -> Result<(), End> {
        let end = regex_end(text, self.at);
        let starts = match self.before {
            Before::Start | Before::Prefix | Before::Division | Before::ControlEnd => Starts::Yes,
            Before::Operand if self.newline => Starts::Maybe,
            Before::Operand | Before::Dot | Before::Control => Starts::No,
            Before::Contextual | Before::Brace | Before::Either => Starts::Maybe,
        };
        match (self.choose(text, dialect, starts, end != Regex::None, fork)?, end) {
            (true, Regex::End(end)) => {
                self.at = end;
                self.before = Before::Operand;
            }
            (true, Regex::None) => return Err(End::Unmatched(self.at)),
            (true, Regex::Unfinished) => return Err(End::Unfinished(self.at)),
            (false, _) => {
                self.frames.step();
                self.operator(1);
                // `/=` assigns.
                if text.get(self.at) == Some(&b'=') {
                    self.at += 1;
                }
                self.before = Before::Division;
            }
        }
        Ok(())
    }

    /// Whether to take what starts here as a literal or a tag. Where only a parser could tell, both readings are
    /// tried for a while; if both go on, the other is kept for later.
    fn choose(
        &mut self,
        text: &[u8],
        dialect: Dialect,
        starts: Starts,
        possible: bool,
        fork: &mut Fork<'_>,
    ) -> Result<bool, End> {
        match self.forced {
            Some((at, first)) if at == self.at => {
                self.forced = None;
                return Ok(first);
            }
            _ => {}
        }
        match starts {
            Starts::Yes => return Ok(true),
            Starts::No => return Ok(false),
            Starts::Maybe if !possible => return Ok(false),
            Starts::Maybe => {}
        }
        if self.probing {
            return Err(End::TooMany(self.at));
        }
        self.probes += 1;
        if self.probes > MAX_PROBES {
            return Err(End::TooMany(self.at));
        }
        let first = Self { forced: Some((self.at, true)), ..self.clone() };
        let second = Self { forced: Some((self.at, false)), ..self.clone() };
        if self.fails_soon(first, text, dialect) {
            return Ok(false);
        }
        if self.fails_soon(second.clone(), text, dialect) || fork(second) {
            return Ok(true);
        }
        Err(End::TooMany(self.at))
    }

    /// Whether a reading from here fails within a window. How deep it went until then is kept.
    fn fails_soon(&mut self, mut reading: Self, text: &[u8], dialect: Dialect) -> bool {
        let window = &text[..text.len().min(self.at + WINDOW)];
        reading.probing = true;
        let end = reading.run(window, dialect, &mut |_| false);
        let fails = match end {
            End::Unmatched(_) => true,
            End::Unfinished(_) => window.len() == text.len(),
            End::Whole | End::TooDeep(_) | End::TooMany(_) => false,
        };
        if fails {
            self.frames.deepest = self.frames.deepest.max(reading.frames.deepest);
        }
        fails
    }

    fn less(&mut self, text: &[u8], dialect: Dialect, fork: &mut Fork<'_>) -> Result<(), End> {
        let rest = &text[self.at..];
        if rest.starts_with(b"<!--") && self.choose(text, dialect, Starts::Maybe, true, fork)? {
            self.at = line_end(text, self.at);
            return Ok(());
        }
        if dialect.tags {
            let starts = match self.before {
                Before::Operand if !self.newline => Starts::No,
                Before::Dot | Before::Control => Starts::No,
                Before::Start | Before::Prefix | Before::Division | Before::ControlEnd
                    if !(dialect.types && may_be_type_parameters(rest)) =>
                {
                    Starts::Yes
                }
                _ => Starts::Maybe,
            };
            let possible = rest
                .get(1)
                .is_some_and(|&next| is_word(next) || next == b'>' || next == b'/' || next <= b' ');
            if self.choose(text, dialect, starts, possible, fork)? {
                self.at += 1;
                self.frames.open(Opened::Tag);
                self.before = Before::Operand;
                return Ok(());
            }
        }
        if dialect.types {
            self.frames.open_angle();
            self.operator(1);
        } else {
            self.frames.step();
            let run = rest.iter().take_while(|byte| matches!(byte, b'<' | b'=')).count();
            self.operator(run);
        }
        Ok(())
    }

    fn greater(&mut self, text: &[u8], dialect: Dialect) {
        if dialect.types {
            self.at += 1;
            self.frames.close_angle();
            self.before = Before::Either;
        } else {
            self.frames.step();
            let run = text[self.at..].iter().take_while(|byte| matches!(byte, b'>' | b'=')).count();
            self.operator(run);
        }
    }

    fn word(&mut self, text: &[u8]) {
        let start = self.at;
        let mut end = word_end(text, start);
        if !text[start..end].is_ascii() {
            // Blanks and line ends beyond ASCII hold nothing; alone they are passed over.
            let name = std::str::from_utf8(&text[start..end]).unwrap_or_default();
            let blank = name.char_indices().find(|(_, c)| c.is_whitespace() || *c == '\u{feff}');
            if let Some((0, blank)) = blank {
                self.at = start + blank.len_utf8();
                self.newline |= matches!(blank, '\u{2028}' | '\u{2029}');
                return;
            }
            end = blank.map_or(end, |(at, _)| start + at);
        }
        self.at = end;
        let name = &text[start..end];
        if self.before == Before::Dot {
            self.before = Before::Operand;
            self.newline = false;
            return;
        }
        self.new_statement(name);
        let after_end = self.before == Before::Start;
        self.newline = false;
        self.before = match word(name) {
            Word::Operand => Before::Operand,
            Word::Prefix => {
                self.frames.step();
                Before::Prefix
            }
            Word::Contextual => {
                self.frames.step();
                Before::Contextual
            }
            Word::Await => {
                self.frames.step();
                if self.before == Before::Control { Before::Control } else { Before::Contextual }
            }
            Word::Control => {
                self.frames.head();
                Before::Control
            }
            Word::Do => {
                self.frames.head();
                Before::Prefix
            }
            Word::While => {
                self.frames.tail(after_end);
                Before::Control
            }
            Word::Else => {
                self.frames.tail(after_end);
                Before::Prefix
            }
            Word::Handler => {
                if self.before == Before::Brace {
                    self.frames.handler();
                }
                Before::Prefix
            }
            Word::Case => {
                self.frames.end_statement();
                self.frames.step();
                Before::Prefix
            }
            Word::Implements => {
                self.frames.stick();
                Before::Contextual
            }
        };
    }

    /// Ends the statement before a value or a keyword that can't go on with it.
    fn new_statement(&mut self, name: &[u8]) {
        let ends = match self.before {
            // A decorated class is an expression that may stand on several lines.
            Before::Operand => self.newline && !goes_on(name) && !matches!(name, b"class" | b"abstract"),
            Before::Brace => !goes_on(name),
            _ => false,
        };
        if ends {
            self.frames.end_statement();
            // `else` can't follow: what `ended` keeps is for a statement that a semicolon ended.
            self.before = Before::Start;
        }
    }

    pub(super) fn comment(&mut self, text: &[u8]) -> Result<(), End> {
        if text[self.at + 1] == b'/' {
            self.at = line_end(text, self.at);
            return Ok(());
        }
        let body = &text[self.at + 2..];
        let Some(end) = memchr::memmem::find(body, b"*/") else { return Err(End::Unfinished(self.at)) };
        let body = &body[..end];
        self.newline |= memchr::memchr2(b'\n', b'\r', body).is_some()
            || memchr::memmem::find(body, b"\xe2\x80\xa8").is_some()
            || memchr::memmem::find(body, b"\xe2\x80\xa9").is_some();
        self.at += end + 4;
        Ok(())
    }
}

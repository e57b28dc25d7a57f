//! From characters to commands, in one pass.

use std::iter::Peekable;
use std::str::CharIndices;

use super::{Command, Link, Piece, Redirection, Word};

/// The longest line that is read. Real ones have a few hundred bytes.
pub const MAX_BYTES: usize = 64 * 1024;

/// How deep substitutions are followed.
const MAX_DEPTH: usize = 16;

/// Words that structure commands where a command could stand, and are none. All that they govern may run.
const STRUCTURE: &[&str] =
    &["if", "then", "elif", "else", "fi", "while", "until", "do", "done", "{", "}", "!", "time"];

/// Why a line was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct ShellError {
    /// Where in the line.
    pub at: usize,
    /// What stands there.
    pub what: &'static str,
}

/// Adds the commands of a text.
pub(super) fn read(text: &str, depth: usize, commands: &mut Vec<Command>) -> Result<(), ShellError> {
    if text.len() > MAX_BYTES {
        return Err(ShellError { at: MAX_BYTES, what: "more than a script has" });
    }
    if depth > MAX_DEPTH {
        return Err(ShellError { at: 0, what: "substitutions too deep" });
    }
    let mut lexer = Lexer {
        text,
        chars: text.char_indices().peekable(),
        depth,
        commands,
        current: Command::default(),
        word: None,
        names: false,
    };
    lexer.run()
}

struct Lexer<'t, 'c> {
    text: &'t str,
    chars: Peekable<CharIndices<'t>>,
    depth: usize,
    commands: &'c mut Vec<Command>,
    current: Command,
    /// The word that is being read; a word in quotes can be empty and still be one.
    word: Option<OpenWord>,
    /// Whether the words up to the end of the command are those of `for x in …`.
    names: bool,
}

#[derive(Default)]
struct OpenWord {
    word: Word,
    /// Whether a part of it stood in quotes: `"if"` is a command.
    quoted: bool,
    /// Whether it is `NAME=…`, the name without quotes.
    sets: bool,
    /// What it is the target of.
    redirect: Option<bool>,
}

impl Lexer<'_, '_> {
    fn run(&mut self) -> Result<(), ShellError> {
        while let Some((at, c)) = self.chars.next() {
            match c {
                ' ' | '\t' | '\r' => self.end_word(at)?,
                '\n' | ';' => {
                    if self.is_next(';') {
                        return Err(ShellError { at, what: "a case" });
                    }
                    self.end_command(at, Link::Always)?;
                }
                '&' if self.take('&') => self.end_command(at, Link::And)?,
                '&' if self.take('>') => {
                    self.take('>');
                    self.redirect(at, true)?;
                }
                '&' => self.end_command(at, Link::Always)?,
                '|' if self.take('|') => self.end_command(at, Link::Or)?,
                '|' => {
                    self.take('&');
                    self.end_command(at, Link::Pipe)?;
                }
                '(' if self.word.is_some() => return Err(ShellError { at, what: "a function" }),
                '(' | ')' => self.end_command(at, Link::Always)?,
                '#' if self.word.is_none() => while self.chars.next_if(|&(_, c)| c != '\n').is_some() {},
                '<' | '>' => self.arrow(at, c)?,
                _ => self.in_word(at, c)?,
            }
        }
        self.end_command(self.text.len(), Link::Always)
    }

    fn in_word(&mut self, at: usize, c: char) -> Result<(), ShellError> {
        match c {
            '\'' => self.single(at),
            '"' => self.double(at),
            '\\' => {
                match self.chars.next() {
                    Some((_, '\n')) => {}
                    Some((_, c)) => self.quoted(c),
                    None => self.push('\\'),
                }
                Ok(())
            }
            '$' => self.dollar(at),
            '`' => self.backquotes(at),
            '*' | '?' | '[' => {
                // `[` alone is a command, and the file names that a pattern stands for are not known.
                let is_test = c == '[' && self.word.is_none() && self.next_is_space();
                if is_test {
                    self.push(c)
                } else {
                    self.piece(Piece::Unknown)
                }
                Ok(())
            }
            '~' if self.word.is_none() => {
                self.piece(Piece::Variable("HOME".to_owned()));
                Ok(())
            }
            '=' => {
                let open = self.open();
                open.sets |= !open.quoted && open.word.pieces.len() == 1;
                self.push(c);
                Ok(())
            }
            _ => {
                self.push(c);
                Ok(())
            }
        }
    }

    fn single(&mut self, at: usize) -> Result<(), ShellError> {
        self.open().quoted = true;
        loop {
            match self.chars.next() {
                Some((_, '\'')) => return Ok(()),
                Some((_, c)) => self.push(c),
                None => return Err(ShellError { at, what: "a quote without its end" }),
            }
        }
    }

    fn double(&mut self, at: usize) -> Result<(), ShellError> {
        self.open().quoted = true;
        loop {
            match self.chars.next() {
                Some((_, '"')) => return Ok(()),
                Some((at, '$')) => self.dollar(at)?,
                Some((at, '`')) => self.backquotes(at)?,
                Some((_, '\\')) => match self.chars.next() {
                    Some((_, '\n')) => {}
                    Some((_, c @ ('$' | '`' | '"' | '\\'))) => self.push(c),
                    Some((_, c)) => {
                        self.push('\\');
                        self.push(c);
                    }
                    None => return Err(ShellError { at, what: "a quote without its end" }),
                },
                Some((_, c)) => self.push(c),
                None => return Err(ShellError { at, what: "a quote without its end" }),
            }
        }
    }

    fn dollar(&mut self, at: usize) -> Result<(), ShellError> {
        match self.chars.peek().copied() {
            Some((_, '(')) => {
                self.chars.next();
                self.substitution(at, ')')
            }
            Some((_, '{')) => {
                self.chars.next();
                self.braces(at)
            }
            Some((_, c)) if c.is_ascii_alphabetic() || c == '_' => {
                let mut name = String::new();
                while let Some((_, c)) = self.chars.next_if(|&(_, c)| c.is_ascii_alphanumeric() || c == '_') {
                    name.push(c);
                }
                self.piece(Piece::Variable(name));
                Ok(())
            }
            Some((_, c)) if c.is_ascii_digit() || "@*#?$!-".contains(c) => {
                self.chars.next();
                self.piece(Piece::Variable(c.to_string()));
                Ok(())
            }
            // `$'…'` writes any character: the text is not what it looks like.
            Some((_, '\'')) => Err(ShellError { at, what: "a quote with escapes" }),
            _ => {
                self.push('$');
                Ok(())
            }
        }
    }

    /// `${NAME}`; with anything behind the name, what it gives is not known.
    fn braces(&mut self, at: usize) -> Result<(), ShellError> {
        let mut name = String::new();
        let mut is_plain = true;
        loop {
            match self.chars.next() {
                Some((_, '}')) => break,
                Some((at, '$' | '`')) => {
                    return Err(ShellError { at, what: "a substitution within a variable" });
                }
                Some((_, c)) => {
                    is_plain &= c.is_ascii_alphanumeric() || c == '_';
                    name.push(c);
                }
                None => return Err(ShellError { at, what: "a brace without its end" }),
            }
        }
        self.piece(if is_plain { Piece::Variable(name) } else { Piece::Unknown });
        Ok(())
    }

    fn backquotes(&mut self, at: usize) -> Result<(), ShellError> {
        self.substitution(at, '`')
    }

    /// `$(…)` or `` `…` ``: its commands run, and what they print is not known.
    fn substitution(&mut self, at: usize, end: char) -> Result<(), ShellError> {
        let Some(&(start, _)) = self.chars.peek() else {
            return Err(ShellError { at, what: "a substitution without its end" });
        };
        let (mut depth, mut quote) = (0_usize, None);
        loop {
            let Some((here, c)) = self.chars.next() else {
                return Err(ShellError { at, what: "a substitution without its end" });
            };
            match (c, quote) {
                ('\\', None | Some('"')) => {
                    self.chars.next();
                }
                (c, Some(open)) if c == open => quote = None,
                (c, None) if c == end && depth == 0 => {
                    read(&self.text[start..here], self.depth + 1, self.commands)
                        .map_err(|error| ShellError { at: start + error.at, what: error.what })?;
                    self.piece(Piece::Unknown);
                    return Ok(());
                }
                ('\'' | '"', None) => quote = Some(c),
                ('(', None) if end == ')' => depth += 1,
                (')', None) if end == ')' => depth -= 1,
                _ => {}
            }
        }
    }

    fn arrow(&mut self, at: usize, c: char) -> Result<(), ShellError> {
        // `2>` and `2>&1`: the number belongs to the arrow.
        let is_number = self.word.as_ref().is_some_and(|open| {
            !open.quoted && matches!(open.word.literal(), Some(text) if text.len() == 1 && text.chars().all(|c| c.is_ascii_digit()))
        });
        if is_number {
            self.word = None;
        }
        if c == '<' && self.is_next('<') {
            return Err(ShellError { at, what: "a here-document" });
        }
        if self.is_next('(') {
            return Err(ShellError { at, what: "a substitution of a process" });
        }
        let writes = c == '>';
        let _ = self.take('>') || self.take('|');
        if self.take('&') {
            // To another stream of the same command.
            while self.chars.next_if(|&(_, c)| c.is_ascii_digit() || c == '-').is_some() {}
            return self.end_word(at);
        }
        self.redirect(at, writes)
    }

    fn redirect(&mut self, at: usize, writes: bool) -> Result<(), ShellError> {
        self.end_word(at)?;
        while self.chars.next_if(|&(_, c)| c == ' ' || c == '\t').is_some() {}
        if self.chars.peek().is_none_or(|&(_, c)| "\n;&|()<>".contains(c)) {
            return Err(ShellError { at, what: "a redirection to nothing" });
        }
        self.open().redirect = Some(writes);
        Ok(())
    }

    fn end_word(&mut self, at: usize) -> Result<(), ShellError> {
        let Some(open) = self.word.take() else { return Ok(()) };
        if let Some(writes) = open.redirect {
            self.current.redirections.push(Redirection { writes, target: open.word });
            return Ok(());
        }
        let literal = open.word.literal().filter(|_| !open.quoted);
        if self.current.words.is_empty() {
            match literal {
                Some("case" | "function" | "select" | "coproc") => {
                    return Err(ShellError { at, what: "a case or a function" });
                }
                Some("for") => {
                    self.names = true;
                    return Ok(());
                }
                Some(word) if STRUCTURE.contains(&word) => return Ok(()),
                _ => {}
            }
            if let Some(assignment) = assignment(&open.word).filter(|_| open.sets) {
                self.current.assignments.push(assignment);
                return Ok(());
            }
        }
        if !self.names {
            self.current.words.push(open.word);
        }
        Ok(())
    }

    fn end_command(&mut self, at: usize, next: Link) -> Result<(), ShellError> {
        self.end_word(at)?;
        self.names = false;
        let ended = std::mem::replace(&mut self.current, Command { link: next, ..Command::default() });
        let is_empty =
            ended.words.is_empty() && ended.assignments.is_empty() && ended.redirections.is_empty();
        if !is_empty {
            self.commands.push(ended);
        } else if next == Link::Always
            && matches!(ended.link, Link::And | Link::Or | Link::Pipe)
            && at < self.text.len()
        {
            // `a && (b)`: the group takes the place of its first command.
            self.current.link = ended.link;
        }
        Ok(())
    }

    fn open(&mut self) -> &mut OpenWord {
        self.word.get_or_insert_default()
    }

    fn push(&mut self, c: char) {
        let mut bytes = [0; 4];
        self.open().word.push_text(c.encode_utf8(&mut bytes));
    }

    fn quoted(&mut self, c: char) {
        self.open().quoted = true;
        self.push(c);
    }

    fn piece(&mut self, piece: Piece) {
        self.open().word.pieces.push(piece);
    }

    fn is_next(&mut self, wanted: char) -> bool {
        self.chars.peek().is_some_and(|&(_, c)| c == wanted)
    }

    fn take(&mut self, wanted: char) -> bool {
        self.chars.next_if(|&(_, c)| c == wanted).is_some()
    }

    fn next_is_space(&mut self) -> bool {
        self.chars.peek().is_none_or(|&(_, c)| c.is_whitespace())
    }
}

/// `NAME=value`, where a command could stand.
fn assignment(word: &Word) -> Option<(String, Word)> {
    let Some(Piece::Text(first)) = word.pieces.first() else { return None };
    let (name, value) = first.split_once('=')?;
    let is_name = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        return None;
    }
    let mut pieces = word.pieces.clone();
    pieces[0] = Piece::Text(value.to_owned());
    pieces.retain(|piece| *piece != Piece::Text(String::new()));
    Some((name.to_owned(), Word { pieces }))
}

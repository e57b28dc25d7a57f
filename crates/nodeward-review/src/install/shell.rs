//! The commands in a line for a POSIX shell, which is what npm and its like hand their scripts to.
//!
//! Read is what people write into `scripts`: words with quotes, variables and substitutions, lists (`&&`, `||`, `;`,
//! `|`, `&`), redirections, `if`, `for`, `while`, groups. The answer is flat: every command that may run, whatever it
//! depends on. What is beyond that (here-documents, functions, `case`) is an error: the line was not read. On Windows
//! npm hands the same line to `cmd.exe`, which reads it otherwise.

mod lexer;
#[cfg(test)]
mod tests;

pub use lexer::{MAX_BYTES, ShellError};

/// One line of shell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Program {
    /// Every command that may run, in the order of the text; those of substitutions stand before theirs.
    pub commands: Vec<Command>,
}

/// One command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    /// What decides whether it runs.
    pub link: Link,
    /// Variables that are set for it alone, or for all that follow where there are no words.
    pub assignments: Vec<(String, Word)>,
    /// The program and its arguments.
    pub words: Vec<Word>,
    /// Files that it is made to write or read.
    pub redirections: Vec<Redirection>,
}

/// What decides whether a command runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Link {
    /// It runs in its turn.
    #[default]
    Always,
    /// If what stands before ended well.
    And,
    /// If what stands before failed.
    Or,
    /// Beside what stands before, whose output it reads.
    Pipe,
}

/// A file that a command is made to write or read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirection {
    /// Whether it is written.
    pub writes: bool,
    /// Which file.
    pub target: Word,
}

/// A word as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Word {
    /// Its pieces in order.
    pub pieces: Vec<Piece>,
}

/// A piece of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// What it says.
    Text(String),
    /// A variable, by name.
    Variable(String),
    /// What only running tells: a substitution, a pattern of file names.
    Unknown,
}

impl Word {
    /// What the word is, if all of it stands in the text.
    pub fn literal(&self) -> Option<&str> {
        match &self.pieces[..] {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The word for people, with `…` for what is not known.
    pub fn shown(&self) -> String {
        let mut shown = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => shown.push_str(text),
                Piece::Variable(name) => {
                    shown.push('$');
                    shown.push_str(name);
                }
                Piece::Unknown => shown.push('…'),
            }
        }
        shown
    }

    pub(crate) fn push_text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }
}

impl Command {
    /// The name of the program, if it stands in the text.
    pub fn program(&self) -> Option<&str> {
        self.words.first()?.literal()
    }
}

/// Reads a line.
///
/// # Errors
/// What is beyond the subset, and where.
pub fn parse(text: &str) -> Result<Program, ShellError> {
    let mut program = Program::default();
    lexer::read(text, 0, &mut program.commands)?;
    Ok(program)
}

/// A word as a shell takes it, in quotes where it needs them.
pub fn quote(word: &str) -> String {
    let is_plain =
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:@%+,".contains(c));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

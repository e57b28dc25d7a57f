//! What the code of one file does to the world around it, as far as its text tells: whom it talks to, what it starts,
//! what it writes, which variables it reads, and whether it makes code out of data.
//!
//! For code that nobody has looked at yet, such as what a package runs when it is installed. Names decide, not values:
//! an act is told where the text can do it, on whatever condition. What would hide an act from this look (a computed
//! name that is called, `require` handed on) is an act of its own, [`Deed::Unfollowed`], so that silence means
//! something.

mod bindings;
mod names;
mod reader;
mod texts;

use oxc_allocator::Allocator;

use crate::oxc::Visit as _;
use crate::parse::{Limits, ParseError, parse_within};
use crate::position::LineIndex;
use crate::source::SourceKind;

/// Stands in [`Doing::what`] for a part of a text that is not known.
pub const UNKNOWN: char = '…';

/// What [`Doing::what`] says of a `require` whose argument does not stand in the text; [`loads`](crate::loads()) may know
/// it all the same.
pub const COMPUTED_REQUIRE: &str = "a computed require";

/// The same of an `import()`.
pub const COMPUTED_IMPORT: &str = "a computed import";

/// What kind of thing a file does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Deed {
    /// Prints.
    Print,
    /// Reads one variable of the environment, which is named.
    Variable,
    /// Reads the environment as a whole.
    Environment,
    /// Asks for the user's home folder or name.
    Home,
    /// Names a file or a variable that credentials are kept in.
    Credential,
    /// Writes, moves or removes files: the path, as far as it is known.
    Write,
    /// Starts a program: its command line, as far as it is known.
    Start,
    /// Sends to or fetches from the network.
    Network,
    /// Names a host.
    Host,
    /// Makes code out of text.
    CodeFromText,
    /// Is written so that nobody can read it.
    Obscured,
    /// Loads machine code.
    Native,
    /// Does something that can't be told from the text.
    Unfollowed,
}

/// One thing that a file does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Doing {
    /// Of which kind.
    pub deed: Deed,
    /// To what, with [`UNKNOWN`] for what is not known; empty where there is nothing to say.
    pub what: String,
    /// On which line, from 1.
    pub line: u32,
}

/// The part of a text that names a place where credentials are kept, if it does.
pub fn credential_place(text: &str) -> Option<&'static str> {
    texts::credential_place(text)
}

/// Whether a variable of that name holds what others must not have.
pub fn is_secret_variable(name: &str) -> bool {
    texts::is_secret_variable(name)
}

/// The hosts of the addresses in a text, with [`UNKNOWN`] for what of them is not known.
pub fn hosts(text: &str) -> Vec<String> {
    texts::hosts(text)
}

/// What `text` does. The same text gives the same answer, each thing once, by kind.
///
/// # Errors
/// Text that can't be read.
pub fn conduct(text: &str, kind: SourceKind) -> Result<Vec<Doing>, ParseError> {
    let arena = Allocator::default();
    let parsed = parse_within(&arena, text, kind, &Limits::default())?;
    let bindings = bindings::Bindings::of(parsed.program);
    let mut reader = reader::Reader::new(&bindings);
    reader.visit_program(parsed.program);
    let mut found = reader.finish();
    // What stands behind a fault can be missing from the tree.
    found.extend(parsed.errors.first().map(|error| (Deed::Unfollowed, error.message.clone(), error.offset)));
    let lines = LineIndex::new(text);
    let mut doings: Vec<Doing> = found
        .into_iter()
        .map(|(deed, what, at)| Doing { deed, what, line: lines.position(at).line })
        .collect();
    doings.sort();
    doings.dedup_by(|later, earlier| later.deed == earlier.deed && later.what == earlier.what);
    Ok(doings)
}

#[cfg(test)]
mod tests;

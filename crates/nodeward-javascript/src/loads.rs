//! What a file can load while it runs: modules, workers, child programs, add-ons and files that it reads.
//!
//! [`imports`](crate::imports()) reads off what stands in the text. This follows values too: texts put together,
//! constants, paths from `__dirname`, arrays that are gone through, functions called with known arguments. What is
//! known only in part stays a pattern; what is not known at all is told, never dropped. Most files say plainly what
//! they load, and cost one walk over their tree; scopes are made only for the others.

mod aliases;
mod by_name;
mod calls;
mod fold;
mod functions;
mod leaks;
mod made;
mod members;
mod paths;
mod places;
mod plain;
mod programs;
mod rights;
mod texts;
mod value;
mod wasm;

#[cfg(test)]
mod tests;

use std::path::Path;

pub use aliases::Alias;

use oxc_allocator::Allocator;

use crate::parse::{Limits, ParseError, SyntaxError, parse_within};
use crate::position::LineIndex;
use crate::resolve::{Loader, NodeResolver};
use crate::source::{ModuleFormat, SourceKind};

/// Stands in a pattern for any text.
pub const HOLE: char = '\u{1a}';

/// Stands in a pattern for any text of one file name.
pub const NAME: char = '\u{1b}';

/// What is known of where a file will run.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'s> {
    /// What `process.cwd()` gives, with `/` between folders.
    pub working_directory: &'s str,
    /// Variables of the environment that are known.
    pub environment: &'s [(String, String)],
    /// `process.platform`.
    pub platform: &'s str,
    /// `process.arch`.
    pub architecture: &'s str,
    /// Packages that a text in the file may name for somebody else to load, sorted.
    pub names: &'s [String],
    /// Finds what `require.resolve` gives, which is a path that files are named from. `None`: no file is looked for.
    pub resolver: Option<&'s NodeResolver>,
}

/// How something is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Act {
    /// `require`.
    Require,
    /// `import`, `export … from`, `import()`.
    Import,
    /// `require.resolve`, `import.meta.resolve`: named, and loaded by somebody who gets the name.
    Resolve(Loader),
    /// The script of a worker thread.
    Worker,
    /// The script of a child process.
    Child,
    /// A path made from the file's own: a file that is read, or handed to somebody who may load it.
    Path,
    /// The same, where it is certain that nothing is loaded as code: static files, templates.
    Data,
    /// An add-on by its name, as the package `bindings` looks for it.
    Bindings,
    /// The folder of an add-on, as `node-gyp-build` looks through it.
    AddonFolder,
    /// A package that a text names.
    Named,
}

/// One thing that a file can load.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Load {
    /// Where in the text, in bytes.
    pub start: u32,
    /// On which line, from 1.
    pub line: u32,
    /// How.
    pub act: Act,
    /// What: a specifier or a path, with [`HOLE`] and [`NAME`] for what is not known. `None`: nothing is known.
    pub what: Option<String>,
    /// The file or folder, ending in `/`, whose point of view counts, if it is not the file's own.
    pub from: Option<String>,
    /// Whether the program goes on if it is not there.
    pub optional: bool,
}

impl Load {
    /// Whether it says exactly what is loaded.
    pub fn is_exact(&self) -> bool {
        self.what.as_deref().is_some_and(is_exact)
    }
}

/// Whether a text has no marks for what is not known.
pub fn is_exact(text: &str) -> bool {
    !text.contains([HOLE, NAME])
}

/// A place where a text has code made of strings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MadeCode {
    /// Where in the text, in bytes.
    pub start: u32,
    /// On which line, from 1.
    pub line: u32,
    /// The code, as V8 asks about it, where it is written out. `None`: nobody can tell.
    pub text: Option<String>,
}

/// What one file loads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loads {
    /// In the order of the text, each once.
    pub loads: Vec<Load>,
    /// Whether the text is an ECMAScript module: it says `import`, `export`, `import.meta` or `await` at its top.
    pub is_module: bool,
    /// What it has `require` take names for, wherever in the program.
    pub aliases: Vec<Alias>,
    /// Modules of WebAssembly that stand in it, as base64 or as numbers, in the order of the text.
    pub wasm: Vec<Vec<u8>>,
    /// Where it has code made of strings, in the order of the text.
    pub made: Vec<MadeCode>,
    /// Faults that the parser got over.
    pub errors: Vec<SyntaxError>,
}

/// The words without one of which a text loads nothing that is not named by its own strings. `require` is also made of
/// its end, so that bundlers do not see it.
const WORDS: [&[u8]; 9] = [
    b"quire",
    b"module[",
    b"._load",
    b"import",
    b"export",
    b"__dirname",
    b"__filename",
    b"Worker",
    b"process",
];

/// Whether a text may give its `module` to somebody: `= module`, `(module`, not `module.exports`.
fn hands_module_on(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memmem::find_iter(bytes, b"module").any(|at| {
        let before = bytes[..at].trim_ascii_end().last();
        let after = bytes.get(at + b"module".len());
        matches!(before, Some(b'=' | b'(' | b'[' | b',' | b':' | b'?' | b'|' | b'&'))
            && !after.is_some_and(|next| *next == b'.' || next.is_ascii_alphanumeric() || *next == b'_')
    })
}

/// What `text`, the file at the absolute path `file`, can load.
pub fn loads(
    text: &str,
    file: &Path,
    kind: SourceKind,
    surroundings: &Surroundings<'_>,
) -> Result<Loads, ParseError> {
    if surroundings.names.is_empty()
        && !hands_module_on(text)
        && !WORDS.iter().any(|word| memchr::memmem::find(text.as_bytes(), word).is_some())
        && !wasm::may_hold(text)
        && !made::may_make(text)
    {
        return Ok(Loads { is_module: kind.format == ModuleFormat::Module, ..Loads::default() });
    }
    let arena = Allocator::default();
    let parsed = parse_within(&arena, text, kind, &Limits::default())?;
    let plain = plain::read(parsed.program, text, surroundings);
    let is_module = match kind.format {
        ModuleFormat::Unknown => plain.is_module,
        format => format == ModuleFormat::Module,
    };
    let mut found = plain.loads;
    let mut aliases = Vec::new();
    if plain.has_values {
        calls::read(&parsed, file, surroundings, &plain.dead, &mut found, &mut aliases);
    }
    found.sort_by(|left, right| {
        (left.start, left.act, &left.what, &left.from).cmp(&(
            right.start,
            right.act,
            &right.what,
            &right.from,
        ))
    });
    found.dedup_by(|later, earlier| {
        let same = later.start == earlier.start
            && later.act == earlier.act
            && later.what == earlier.what
            && later.from == earlier.from;
        earlier.optional &= !same || later.optional;
        same
    });
    let mut made = plain.made;
    made.sort();
    if !found.is_empty() || !made.is_empty() {
        let lines = LineIndex::new(text);
        for load in &mut found {
            load.line = lines.position(load.start).line;
        }
        for place in &mut made {
            place.line = lines.position(place.start).line;
        }
    }
    Ok(Loads { loads: found, is_module, aliases, wasm: plain.wasm, made, errors: parsed.errors })
}

/// The path that a `file:` address names; other texts as they are.
pub fn path_of_address(text: &str) -> String {
    value::path_of_address(text)
}

/// `path.join`, with marks for what is not known.
pub fn join_paths(parts: &[&str]) -> String {
    value::join(parts)
}

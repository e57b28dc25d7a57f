//! Which files can a program load? Read off its text, from its entries on, without running any of it.
//!
//! Node.js's own resolution decides what a name means. What a file loads is read by
//! [`nodeward_javascript::loads()`]; what packages do by conventions of their own stands in [`hints::HINTS`]. What is
//! known only in part is narrowed to the files that it can be; what can't be narrowed is told as [`Dynamic`], never
//! dropped.

mod addons;
mod aliases;
mod conventions;
mod elf;
pub mod format;
pub mod graph;
pub mod hints;
mod listing;
mod packages;
mod pattern;
mod quiet;
pub mod recorded;
pub mod recording;
pub mod synthetic;
mod targets;
mod walk;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use nodeward_javascript::{Act, FileClass, ModuleSync};

use crate::seal::Digest;
use crate::source::SourceList;

pub use packages::{Entries, entries_of};

/// What to trace, and for which Node.js.
#[derive(Debug, Clone)]
pub struct Options {
    /// Files where the program starts, or folders of packages.
    pub entries: Vec<PathBuf>,
    /// Files that load although nothing leads to them. The program does not start there.
    pub declared: Vec<PathBuf>,
    /// The folder that all files have to be below. `None`: the package of the first entry, or as far up as files
    /// stand.
    pub root: Option<PathBuf>,
    /// What `process.cwd()` gives. `None`: the root.
    pub working_directory: Option<PathBuf>,
    /// Conditions of `exports` beside those that Node.js always has.
    pub conditions: Vec<String>,
    /// Whether that Node.js knows the condition `module-sync`.
    pub module_sync: ModuleSync,
    /// Variables of the environment that are known when it runs: `NODE_ENV`.
    pub environment: Vec<(String, String)>,
    /// `process.platform`.
    pub platform: String,
    /// `process.arch`.
    pub architecture: String,
    /// What was seen loading: what the files of the list loaded there is listed too.
    pub seen: Option<recorded::Seen>,
    /// Threads; 0 for as many as there are processors.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            declared: Vec::new(),
            root: None,
            working_directory: None,
            conditions: Vec::new(),
            module_sync: ModuleSync::Offered,
            environment: Vec::new(),
            platform: node_platform(std::env::consts::OS).to_owned(),
            architecture: node_architecture(std::env::consts::ARCH).to_owned(),
            seen: None,
            threads: 0,
        }
    }
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// An entry is not there.
    #[error("{path}: cannot be read: {source}")]
    Entry {
        /// The entry.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A folder that names no file to start with.
    #[error("{path}: no file of it can be found that `main`, `exports` or `bin` of its package.json names")]
    NoEntry {
        /// The folder.
        path: PathBuf,
    },
    /// A manifest that is no JSON.
    #[error("{path}: {message}")]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A file stands outside the folder that was given as root.
    #[error("{path} can load, and is not below {root}; give a root that holds both")]
    Outside {
        /// The file.
        path: PathBuf,
        /// The root.
        root: PathBuf,
    },
    /// A file stands outside, and no text leads there.
    #[error(
        "{path} is not below {root}, and only a recording leads there, from {from}: a recording does not move the root; give one that holds both with --root, or take the file out of the recording"
    )]
    Recorded {
        /// The file.
        path: PathBuf,
        /// The one that was seen loading it, or that names it and was seen loading itself.
        from: PathBuf,
        /// The root.
        root: PathBuf,
    },
    /// There is no thread to trace with. On this one nothing is parsed: its stack may be too small.
    #[error(
        "the system gives no thread: {0}; raise the limit on processes (`ulimit -u`, or the container's)"
    )]
    Thread(std::io::Error),
    /// There is nothing to trace.
    #[error("no entry was given")]
    Nothing,
}

/// What a trace found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// The files.
    pub list: SourceList,
    /// Which loads which, sorted; both are places in the list's sources.
    pub edges: Vec<Edge>,
    /// What is not known, or only in part, by file and line.
    pub dynamic: Vec<Dynamic>,
    /// What is named and not there, by file and line.
    pub missing: Vec<Missing>,
    /// What could not be read or parsed: what it loads is not known.
    pub unread: Vec<(String, String)>,
    /// The text of every listed source that has no file.
    pub synthetic: Vec<String>,
    /// Which file carries which WebAssembly in its text, by its hash.
    pub wasm: Vec<(String, Digest)>,
    /// Where code is made of strings, by file and line.
    pub made: Vec<Made>,
}

/// A place where a file has code made of strings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Made {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The code, as V8 asks about it, where it is written out in the file. `None`: nobody can tell.
    pub text: Option<String>,
}

/// One file loads another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Place of the file that loads.
    pub from: usize,
    /// Place of the file that is loaded.
    pub to: usize,
    /// The line that says so, from 1; 0 where no line does.
    pub line: u32,
    /// How.
    pub how: How,
}

/// How one file leads to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// The text says so.
    Loads(Act),
    /// The text says so by a pattern.
    Matches(Act),
    /// The package's convention, by [`hints::HINTS`].
    Hint,
    /// A library that an add-on needs.
    Links,
    /// It was seen loading.
    Seen,
}

impl How {
    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loads(act) | Self::Matches(act) => act_name(act),
            Self::Hint => "convention",
            Self::Links => "links",
            Self::Seen => "seen",
        }
    }
}

/// A word for an act.
pub fn act_name(act: Act) -> &'static str {
    match act {
        Act::Require => "require",
        Act::Import => "import",
        Act::Resolve(_) => "resolve",
        Act::Worker => "worker",
        Act::Child => "child",
        Act::Path => "path",
        Act::Data => "read",
        Act::Bindings | Act::AddonFolder => "addon",
        Act::Named => "named",
    }
}

/// A load that is not known exactly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dynamic {
    /// The file, below the root.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// How it loads.
    pub act: Act,
    /// What is known, `*` for the rest. `None`: nothing.
    pub pattern: Option<String>,
    /// How many files it was narrowed to. `None`: it was not.
    pub matched: Option<usize>,
}

/// Something that is named and not there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// The file that names it, below the root.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What it names.
    pub specifier: String,
    /// Whether the program goes on without it.
    pub optional: bool,
}

/// Traces.
pub fn trace(options: &Options) -> Result<Trace, TraceError> {
    walk::trace(options)
}

/// The most patterns of one place that are told one by one.
const MOST_PATTERNS: usize = 4;

/// A place that can mean very many things, none of which can be narrowed, is told once; so is one that can mean
/// anything.
fn summarise(dynamic: &mut Vec<Dynamic>) {
    let mut kept: Vec<Dynamic> = Vec::with_capacity(dynamic.len());
    for place in dynamic
        .chunk_by(|left, right| (&left.file, left.line, left.act) == (&right.file, right.line, right.act))
    {
        let (open, narrowed): (Vec<&Dynamic>, Vec<&Dynamic>) =
            place.iter().partition(|dynamic| dynamic.matched.is_none());
        match &open[..] {
            many if many.len() > MOST_PATTERNS || many.iter().any(|open| open.pattern.is_none()) => {
                kept.push(Dynamic { pattern: None, ..many[0].clone() })
            }
            few => kept.extend(few.iter().map(|dynamic| (*dynamic).clone())),
        }
        kept.extend(narrowed.into_iter().cloned());
    }
    kept.sort();
    *dynamic = kept;
}

/// What Node.js calls an operating system.
pub fn node_platform(system: &str) -> &str {
    match system {
        "macos" => "darwin",
        "windows" => "win32",
        other => other,
    }
}

/// What Node.js calls an architecture.
pub fn node_architecture(architecture: &str) -> &str {
    match architecture {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        "x86" => "ia32",
        "powerpc64" => "ppc64",
        other => other,
    }
}

/// Whether a listed file looks like a test, a benchmark or an example, by its path within its package.
pub fn is_test(path: &str) -> bool {
    let within = path.rfind("node_modules/").map_or(path, |at| {
        let below = &path[at + "node_modules/".len()..];
        let name = if below.starts_with('@') { 2 } else { 1 };
        below.splitn(name + 1, '/').nth(name).unwrap_or(below)
    });
    FileClass::of_path(Path::new(within)) == FileClass::Test
}

impl Trace {
    /// Listed files that look like tests, benchmarks or examples, by their paths within their packages. The entries
    /// themselves are what was asked for.
    pub fn tests(&self) -> impl Iterator<Item = &str> {
        let is_entry = |path: &str| self.list.entries.iter().any(|entry| entry == path);
        let paths = self.list.sources.iter().map(|source| source.path.as_str());
        paths.filter(move |path| is_test(path) && !is_entry(path))
    }

    /// The shortest way from an entry to a file: edges, in the order in which they are gone. `None` if the file is
    /// not in the list; empty for an entry.
    pub fn explain(&self, path: &str) -> Option<Vec<&Edge>> {
        let at =
            |path: &str| self.list.sources.binary_search_by(|source| source.path.as_str().cmp(path)).ok();
        let wanted = at(path)?;
        let mut from: Vec<Option<&Edge>> = vec![None; self.list.sources.len()];
        let mut seen = vec![false; self.list.sources.len()];
        let mut open: std::collections::VecDeque<usize> =
            self.list.entries.iter().filter_map(|entry| at(entry)).collect();
        open.iter().for_each(|&entry| seen[entry] = true);
        while let Some(file) = open.pop_front() {
            let first = self.edges.partition_point(|edge| edge.from < file);
            for edge in self.edges[first..].iter().take_while(|edge| edge.from == file) {
                if !std::mem::replace(&mut seen[edge.to], true) {
                    from[edge.to] = Some(edge);
                    open.push_back(edge.to);
                }
            }
        }
        if !seen[wanted] {
            return None;
        }
        let mut chain = Vec::new();
        let mut file = wanted;
        while let Some(edge) = from[file] {
            chain.push(edge);
            file = edge.from;
        }
        chain.reverse();
        Some(chain)
    }
}

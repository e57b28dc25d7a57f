//! JavaScript and TypeScript as Node.js loads them: parsing, semantics, resolution, the module graph.
//!
//! The parser underneath is pinned and stays behind this crate: other crates name its types only through
//! [`oxc`], and only the lint crate does. Nothing here runs what it reads, and nothing here uses the network.

pub mod oxc;
pub mod parse;
pub mod source;

pub use parse::{Limits, ParseError, Parsed, SyntaxError, WORKER_STACK, parse, parse_within};
pub use source::{Language, ModuleFormat, SourceKind};

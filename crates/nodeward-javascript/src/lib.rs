//! JavaScript and TypeScript as Node.js loads them: parsing, semantics, resolution, the module graph.
//!
//! The parser underneath is pinned and stays behind this crate: other crates name its types only through
//! [`oxc`], and only the lint crate does. Nothing here runs what it reads, and nothing here uses the network.

pub mod bounded;
pub mod conduct;
pub mod discover;
pub mod fuzz;
pub mod graph;
pub mod imports;
pub mod loads;
pub mod manifest;
mod nesting;
pub mod oxc;
pub mod parse;
pub mod position;
pub mod resolve;
pub mod source;
pub mod tsconfig;

pub use conduct::{Deed, Doing, conduct};
pub use discover::{Discovered, FileClass, SourceFile, Tree, discover};
pub use graph::{Edge, ModuleGraph, ModuleId, Target};
pub use imports::{Import, ImportKind, imports, imports_of};
pub use loads::{Act, Alias, Load, Loads, MadeCode, Surroundings, loads};
pub use manifest::Manifest;
pub use parse::{Limits, ParseError, Parsed, SyntaxError, WORKER_STACK, parse, parse_within};
pub use position::{LineColumn, LineIndex};
pub use resolve::{Loader, ModuleSync, NodeResolver, ResolveError, Resolved, Resolver};
pub use source::{Language, ModuleFormat, SourceKind};
pub use tsconfig::Mappings;

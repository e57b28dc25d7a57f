//! Which files a program can load in production: the source list, and what is made of it. And the record of what a
//! package was built from.
//!
//! Nothing here prints, reads the environment or picks an exit code, and nothing here runs what it traces.

pub mod built;
pub mod bundle;
pub mod files;
pub mod launch;
pub mod log;
pub mod seal;
pub mod source;
pub mod trace;

pub use source::{Origin, Source, SourceKind, SourceList};

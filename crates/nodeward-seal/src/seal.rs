//! The seal: the source list with the hash of every file, as `nodeward.seal.json`.
//!
//! [`Document`] is the file itself. It is written in one way only ([`Document::write`]), so that two seals of the
//! same tree are the same bytes, a change is one line of a diff, and a [`signature`] over the rest of the document
//! means something. [`make`] reads the files and hashes them; [`compare`] tells what changed since.
//!
//! A document from outside is checked while it is read: what can't be a seal is an error with its line and column.

pub mod adapters;
pub mod compare;
mod document;
mod mains;
mod make;
pub mod signature;
mod values;
mod write;

pub use document::{
    CacheFile, Document, EvalMode, EvalRules, MAX_BYTES, SealError, SealedManifest, SealedSource,
    SignatureBlock,
};
pub(crate) use document::{position_of, synthetic_hash};
pub use make::{Declared, MakeError, make};
pub use values::{Digest, SealPath};
pub(crate) use write::Quoted;

/// The name of the file.
pub const FILE_NAME: &str = "nodeward.seal.json";

/// What the paths of synthetic code begin with; the SHA-512 of the code follows.
pub const SYNTHETIC: &str = "synthetic:";

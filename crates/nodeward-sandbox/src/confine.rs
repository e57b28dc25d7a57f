//! Starting a program that is confined.
//!
//! Three processes: this one, which stays outside and watches; the helper, this program once more, which leaves its
//! namespaces; and its child, the first process of the new ones, which puts the root together, starts the program and
//! ends when that ends. With the first process of a namespace all others of it end.

mod addresses;
mod connect;
mod copied;
mod disk;
mod filter;
mod group;
mod inside;
mod left;
mod message;
mod mounts;
mod named;
mod namespaces;
mod outside;
mod rules;
mod sockets;
mod tree;
mod view;
mod walk;
mod watch;

use std::io;
use std::path::Path;

pub use group::Counted;
pub use inside::obey;
pub use outside::{Ended, Helper, Running, Sockets, Stop, Streams, spawn};

use serde::{Deserialize, Serialize};

/// The first argument that the helper is started with.
pub const HELPER: &str = "__confine";

/// Why a program was not confined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Failure {
    /// The kernel, or who set it up, does not offer a layer.
    #[error("cannot confine the program: {layer}: {reason}")]
    Layer {
        /// Which: `namespaces`, `mounts`, `landlock`, `seccomp`, `limits`.
        layer: String,
        /// What the kernel said, and what can be done.
        reason: String,
    },
    /// A declared path can't be put in place.
    #[error("{path}: {reason}")]
    Path {
        /// The path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The program can't be started.
    #[error("cannot start {program}: {reason}")]
    Program {
        /// The program.
        program: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Failure {
    fn layer(layer: &str, error: impl Into<io::Error>) -> Self {
        Self::Layer { layer: layer.to_owned(), reason: error.into().to_string() }
    }

    fn path(path: &Path, error: impl Into<io::Error>) -> Self {
        Self::Path { path: path.display().to_string(), reason: error.into().to_string() }
    }
}

//! Why a program was not started.

use std::io;
use std::path::PathBuf;

use nodeward_sandbox::{Missing, SandboxError};

use super::node::NodeError;

/// Why a program was not started. The messages say what to do.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// Files are not what the seal lists.
    #[error("{} of the sealed files {}: {}; restore them, or seal again if the change is meant", .0.len(), if .0.len() == 1 { "is not as sealed" } else { "are not as sealed" }, some(.0))]
    Files(Vec<String>),
    /// An option of Node.js that could run other code.
    #[error("{option}: {reason}")]
    Option {
        /// The option.
        option: String,
        /// Why it is refused, and what to do.
        reason: String,
    },
    /// The main file is not one that may be started.
    #[error("{main}: {reason}")]
    Main {
        /// What stands on the command line.
        main: String,
        /// Why it is refused, and what to do.
        reason: String,
    },
    /// Node.js itself is refused.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// A file or folder that the command line names can't be used.
    #[error("{path}: {reason}")]
    Path {
        /// The path.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// There is nowhere to put the guard.
    #[error(
        "no folder for the guard, which needs a few hundred kilobytes where the program can't write: {0}; set TMPDIR to one"
    )]
    Place(String),
    /// The code cache is not what the seal lists.
    #[error("{path}: {source}")]
    Cache {
        /// The file.
        path: String,
        /// Why.
        source: super::cache::CacheError,
    },
    /// The kernel can't enforce everything.
    #[error("the kernel can't enforce everything, so nothing was started: missing is {}; start on a newer kernel, or accept it with --allow-partial", listed(.0))]
    Partial(Vec<Missing>),
    /// The kernel layer or the start failed.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// A file of ours can't be written.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn listed(missing: &[Missing]) -> String {
    missing.iter().map(ToString::to_string).collect::<Vec<_>>().join(", and ")
}

/// The first of many.
fn some(files: &[String]) -> String {
    const SHOWN: usize = 10;
    let mut text = files.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if files.len() > SHOWN {
        text.push_str(&format!(" and {} more", files.len() - SHOWN));
    }
    text
}

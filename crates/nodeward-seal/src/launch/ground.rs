//! What can be had ready before the seal is known, and is, while another thread reads it.

use std::fs;
use std::path::{Path, PathBuf};

use nodeward_sandbox::{Sandbox, Support};

use super::error::LaunchError;
use super::known::Known;
use super::node::{Node, NodeError};
use super::place::{Parents, Place};
use super::prepare::Mode;
use super::system;
use crate::seal::Digest;

/// What is asked for before the seal is known.
#[derive(Debug)]
pub struct GroundRequest<'a> {
    /// The Node.js to start.
    pub node: &'a Path,
    /// The hashes of which it has to have one, if there are any.
    pub trusted: &'a [Digest],
    /// Whether the seal is enforced.
    pub mode: Mode,
    /// Where a folder for the guard may be made.
    pub parents: &'a Parents,
    /// Where what is found out about programs is kept from start to start.
    pub known: Option<&'a Path>,
    /// What the program may write. What is known is not kept there.
    pub writes: &'a [PathBuf],
}

/// Node.js, the folder of the guard, and the sandbox with what every program may read.
#[derive(Debug)]
pub struct Ground {
    pub(super) node: Node,
    pub(super) known: Known,
    pub(super) support: Support,
    pub(super) sandbox: Result<(Sandbox, Option<PathBuf>), LaunchError>,
    pub(super) place: Result<Place, String>,
}

impl Ground {
    /// Looks at Node.js and makes everything ready.
    ///
    /// # Errors
    /// Node.js may not be started. What else fails is told by [`super::Launch::prepare`], in its order.
    pub fn prepare(request: &GroundRequest<'_>) -> Result<Self, NodeError> {
        let is_kept_from_the_program = |folder: &&Path| {
            let folder = real(folder);
            let writes = request.writes.iter().map(|write| real(write));
            !writes.into_iter().any(|write| folder.starts_with(&write) || write.starts_with(&folder))
        };
        let mut known = Known::read(request.known.filter(is_kept_from_the_program));
        let node = Node::examine_knowing(request.node, request.trusted, &mut known)?;
        let support = match request.mode {
            Mode::Enforce => Support::probe(),
            Mode::Report => Support { landlock: false, seccomp: false },
        };
        let sandbox = Sandbox::new(support).map_err(LaunchError::from).and_then(|sandbox| {
            let loader = match request.mode {
                Mode::Enforce => system::allow(&sandbox, &node, &mut known)?,
                Mode::Report => None,
            };
            Ok((sandbox, loader))
        });
        let place = Place::make(request.parents);
        Ok(Self { node, known, support, sandbox, place })
    }
}

/// The real path of what may not be there yet.
fn real(path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    for above in path.ancestors() {
        if let Ok(mut real) = fs::canonicalize(above) {
            real.extend(rest.iter().rev());
            return real;
        }
        rest.extend(above.file_name());
    }
    path.to_owned()
}

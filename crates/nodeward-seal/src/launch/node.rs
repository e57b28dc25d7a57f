//! Node.js itself: which file it is, which version, and whether it is only Node.js.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::known::{Identity, Known};
use crate::files;
use crate::seal::Digest;

/// The note by which Node.js finds a program inside itself.
#[cfg(target_os = "linux")]
const SINGLE_EXECUTABLE: &[u8] = b"NODE_SEA_BLOB";

/// The oldest version that the guard knows.
const OLDEST: u32 = 20;

/// The versions that the attacks were tried on. Another one may load code in ways that nobody guards.
const TRIED: &[u32] = &[20, 22, 24, 26];

/// A Node.js that may be started.
#[derive(Debug)]
pub struct Node {
    /// The open file, which is the one that is started.
    pub file: File,
    /// Its real path.
    pub path: PathBuf,
    /// `v22.1.0`.
    pub version: String,
    /// The first number of the version.
    pub major: u32,
    /// What tells whether the file was changed.
    pub(super) identity: Option<Identity>,
    /// Whether an earlier start has asked it, and not this one.
    pub(super) is_known: bool,
}

/// Why a Node.js is refused.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// It can't be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It carries a program.
    #[error(
        "{0} is a single executable application: it runs the program inside instead of the sealed one; start a plain Node.js"
    )]
    SingleExecutable(PathBuf),
    /// Anybody may change it.
    #[error(
        "{0} can be written to by every user of this machine; take that right away, or start another Node.js"
    )]
    Writable(PathBuf),
    /// It is not the one that is trusted.
    #[error("{path} has the SHA-256 {found}, which is not among the trusted ones")]
    Untrusted {
        /// The file.
        path: PathBuf,
        /// Its hash.
        found: Digest,
    },
    /// It is no Node.js.
    #[error("{path} does not behave like Node.js: {reason}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// How.
        reason: String,
    },
    /// It is too old.
    #[error("{path} is Node.js {version}; enforcement needs 20 or newer")]
    Old {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: String,
    },
    /// Nobody has tried to get around enforcement there.
    #[error(
        "{path} is Node.js {version}, and enforcement was tried on 20, 22, 24 and 26 only: another version may load code by ways that are not guarded; start one of these, or accept it with --allow-partial"
    )]
    Untried {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: String,
    },
}

impl Node {
    /// Looks at a file. Nothing of it runs before it is known to be a plain Node.js; then it is asked for its version,
    /// with an empty environment. `trusted` are the hashes of which it has to have one; without any, none is computed.
    ///
    /// # Errors
    /// It may not be started.
    pub fn examine(path: &Path, trusted: &[Digest]) -> Result<Self, NodeError> {
        Self::examine_knowing(path, trusted, &mut Known::default())
    }

    /// The same; what is known is not asked again.
    pub(super) fn examine_knowing(
        path: &Path,
        trusted: &[Digest],
        known: &mut Known,
    ) -> Result<Self, NodeError> {
        let failed = |source| NodeError::Read { path: path.into(), source };
        let path = std::fs::canonicalize(path).map_err(failed)?;
        let mut file = files::open_regular(&path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            if metadata.permissions().mode() & 0o002 != 0 {
                return Err(NodeError::Writable(path));
            }
        }
        if !trusted.is_empty() {
            let found = hash(&mut file).map_err(failed)?;
            if !trusted.contains(&found) {
                return Err(NodeError::Untrusted { path, found });
            }
        }
        #[cfg(target_os = "linux")]
        match nodeward_sandbox::has_note(&file, SINGLE_EXECUTABLE) {
            Some(false) => {}
            Some(true) => return Err(NodeError::SingleExecutable(path)),
            None => {
                return Err(NodeError::Foreign {
                    path,
                    reason: "it is no program that this system can start".to_owned(),
                });
            }
        }
        let identity = Identity::of(&metadata);
        let found = identity.and_then(|identity| known.version(identity)).map(str::to_owned);
        let is_known = found.is_some();
        let version = match found {
            Some(version) => version,
            None => {
                let version = version(&path)?;
                // What was asked is what stands at the path.
                if let Some(identity) = identity.filter(|_| Identity::at(&path) == identity) {
                    known.note_version(&path, identity, &version);
                }
                version
            }
        };
        let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
        match major {
            Some(major) if major >= OLDEST => Ok(Self { file, path, version, major, identity, is_known }),
            Some(_) => Err(NodeError::Old { path, version }),
            None => Err(NodeError::Foreign { path, reason: format!("it gives its version as {version:?}") }),
        }
    }

    /// Asks after all.
    pub(super) fn confirm(&self) -> Result<(), NodeError> {
        let found = version(&self.path)?;
        if found == self.version {
            return Ok(());
        }
        let reason = format!("it was known as {} and is {found}", self.version);
        Err(NodeError::Foreign { path: self.path.clone(), reason })
    }

    /// What is to be said of a version that was not tried.
    pub(super) fn untried(&self) -> Option<NodeError> {
        let Self { path, version, major, .. } = self;
        (!TRIED.contains(major)).then(|| NodeError::Untried { path: path.clone(), version: version.clone() })
    }

    /// `linux-x64`, in the words of Node.js.
    pub fn platform() -> String {
        let system = match std::env::consts::OS {
            "macos" => "darwin",
            "windows" => "win32",
            other => other,
        };
        let processor = match std::env::consts::ARCH {
            "x86_64" => "x64",
            "aarch64" => "arm64",
            other => other,
        };
        format!("{system}-{processor}")
    }
}

fn hash(file: &mut File) -> io::Result<Digest> {
    use sha2::Digest as _;
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match io::Read::read(file, &mut buffer)? {
            0 => return Ok(Digest(hasher.finalize().into())),
            count => hasher.update(&buffer[..count]),
        }
    }
}

fn version(path: &Path) -> Result<String, NodeError> {
    let failed = |reason: String| NodeError::Foreign { path: path.into(), reason };
    let output = Command::new(path).arg("--version").env_clear().output();
    let output = output.map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().chars().take(500).collect()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().chars().take(40).collect())
}

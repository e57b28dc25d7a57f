//! What a confined program may do, in one value.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a program that is confined may see and do. Whatever is not named here is not there for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// Files and folders that are there, under their own paths.
    pub paths: Vec<PathRule>,
    /// Files that are made for it, with their content, and can be read.
    pub files: Vec<(OsString, Vec<u8>)>,
    /// The folder that it is started in. It has to be there by [`Self::paths`].
    pub directory: OsString,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Whom it can reach.
    pub network: Network,
    /// What it may use up.
    pub limits: Limits,
}

/// A file, or a folder with all below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathRule {
    /// Where it is, from the root of the file system.
    pub path: OsString,
    /// What stands there instead, if something else does: a copy that is put in its place afterwards.
    pub from: Option<OsString>,
    /// What may be done with it.
    pub access: Access,
    /// Whether symbolic links on the way are followed, as the system's own are. Where they are not and there is one, it
    /// came since the path was looked at, and nothing is started.
    pub follows_links: bool,
}

/// What may be done with a path. Each one includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Access {
    /// Files are read and folders listed.
    Read,
    /// Files are started as programs, too.
    Execute,
    /// Everything below is made, written and removed, too.
    Write,
}

/// Whom a confined program can reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Network {
    /// Nobody but itself, by the loopback interface of its own network.
    None,
    /// Hosts, through whoever is given the sockets of its network.
    Hosts {
        /// The ports of them all.
        ports: Vec<u16>,
        /// Addresses that are reached without asking for a name.
        addresses: Vec<IpAddr>,
    },
    /// Everybody, as if it were not confined.
    Unconfined,
}

/// What a confined program may use up, with all that it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// How long it runs.
    pub time: Duration,
    /// Processor time of each process, in seconds.
    pub processor_seconds: u64,
    /// Memory of each process, and of all together, in bytes.
    pub memory: u64,
    /// Processes at once.
    pub processes: u64,
    /// The largest file, in bytes.
    pub file_size: u64,
    /// What it may add to folders that it writes to, and what its private folder for temporary files holds, in bytes.
    pub disk: u64,
}

impl Default for Limits {
    /// Enough for the largest builds that we know (a browser engine's bindings), and no more than a laptop bears.
    fn default() -> Self {
        const GIB: u64 = 1 << 30;
        Self {
            time: Duration::from_secs(30 * 60),
            processor_seconds: 2 * 60 * 60,
            memory: 8 * GIB,
            processes: 512,
            file_size: 2 * GIB,
            disk: 4 * GIB,
        }
    }
}

impl Confinement {
    /// Nothing but the folder that it is started in, which it may write to.
    pub fn of_folder(folder: &std::path::Path) -> Self {
        Self {
            paths: vec![PathRule::new(folder, Access::Write)],
            files: Vec::new(),
            directory: folder.into(),
            environment: Vec::new(),
            network: Network::None,
            limits: Limits::default(),
        }
    }
}

impl PathRule {
    /// A path that is what it is: one without symbolic links.
    pub fn new(path: impl Into<PathBuf>, access: Access) -> Self {
        Self { path: path.into().into(), from: None, access, follows_links: false }
    }

    /// A path of the system's, with the symbolic links that it may have.
    pub fn of_system(path: impl Into<PathBuf>, access: Access) -> Self {
        Self { follows_links: true, ..Self::new(path, access) }
    }
}

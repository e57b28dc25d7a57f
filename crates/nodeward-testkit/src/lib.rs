//! What Nodeward's own tests share. Never part of the binary.

pub mod osv;
pub mod project;
pub mod upstream;
pub mod workload;

use std::path::{Path, PathBuf};

pub use project::Project;
pub use upstream::{Reply, Upstream};

/// The folder with real data for tests: `NODEWARD_DATA`, or `shared/data` beside the checkout. `None` where it is
/// absent; the caller says that it skipped.
pub fn data_dir() -> Option<PathBuf> {
    let dir = match std::env::var_os("NODEWARD_DATA") {
        Some(dir) => PathBuf::from(dir),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
    };
    dir.is_dir().then_some(dir)
}

/// [`data_dir`], or a line on standard error that says which test skipped and why.
pub fn data_or_skip(test: &str) -> Option<PathBuf> {
    let dir = data_dir();
    if dir.is_none() {
        use std::io::Write as _;
        // Written past the test harness, which would keep what a passing test prints to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED {test}: no test data (set NODEWARD_DATA to the folder)");
    }
    dir
}

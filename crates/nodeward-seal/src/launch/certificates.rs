//! Certificates to trust that a variable names. Who sets variables must not have the program read whatever they name:
//! only files that hold certificates, and no private key, are opened to it.

use std::path::Path;

use nodeward_sandbox::{Grant, Sandbox, SandboxError, certificates};

use super::system::allow_if_there;

/// Folders of certificates hold a few hundred, each under two names.
const MAX_FILES: usize = 4096;

/// Allows to read a file of certificates, or those in a folder. `allowed` are folders that may be read already.
pub(super) fn allow(sandbox: &Sandbox, path: &Path, allowed: &[&str]) -> Result<(), SandboxError> {
    if allowed.iter().any(|folder| path.starts_with(folder)) {
        return Ok(());
    }
    if !path.is_dir() {
        return allow_file(sandbox, path).map(drop);
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten().take(MAX_FILES);
    let mut any = false;
    for entry in entries {
        any |= allow_file(sandbox, &entry.path())?;
    }
    if any { allow_if_there(sandbox, path, Grant::List) } else { Ok(()) }
}

fn allow_file(sandbox: &Sandbox, path: &Path) -> Result<bool, SandboxError> {
    let Some((file, _)) = certificates::read(path) else { return Ok(false) };
    sandbox.allow(&file, Grant::Read, &path.to_string_lossy())?;
    Ok(true)
}

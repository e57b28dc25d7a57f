//! Certificates to trust that a variable names. Who sets variables must not have the program read whatever they name:
//! only files that hold certificates, and no private key, are opened to it.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use nodeward_sandbox::{Grant, Sandbox, SandboxError};

use super::system::allow_if_there;

/// The certificates of all authorities that browsers trust are a quarter of a megabyte.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

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
    let Some(file) = certificates(path) else { return Ok(false) };
    sandbox.allow(&file, Grant::Read, &path.to_string_lossy())?;
    Ok(true)
}

/// The open file, if it is text with certificates and without keys.
fn certificates(path: &Path) -> Option<File> {
    // A pipe would keep whoever opens it waiting.
    if !path.is_file() {
        return None;
    }
    let file = File::open(path).ok()?;
    let mut text = Vec::new();
    (&file).take(MAX_BYTES + 1).read_to_end(&mut text).ok()?;
    let has = |mark: &[u8]| text.windows(mark.len()).any(|window| window == mark);
    let holds = text.len() as u64 <= MAX_BYTES
        && (has(b"-----BEGIN CERTIFICATE-----") || has(b"-----BEGIN TRUSTED CERTIFICATE-----"))
        && !has(b"PRIVATE KEY-----");
    holds.then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_certificates_count() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let is = |text: &str| {
            std::fs::write(&file, text).unwrap();
            certificates(&file).is_some()
        };
        let certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        assert!(is(certificate));
        assert!(!is("root:x:0:0"));
        assert!(!is(&format!("{certificate}-----BEGIN RSA PRIVATE KEY-----\n")));
        assert!(certificates(folder.path()).is_none());
        assert!(certificates(Path::new("/dev/zero")).is_none());
    }
}

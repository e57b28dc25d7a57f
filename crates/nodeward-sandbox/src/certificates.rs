//! Certificates to trust that a variable names. Who sets variables must not have a program read whatever they name.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// The certificates of all authorities that browsers trust are a quarter of a megabyte.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// The open file and its content, if it is text with certificates and without private keys.
#[must_use]
pub fn read(path: &Path) -> Option<(File, Vec<u8>)> {
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
    holds.then_some((file, text))
}

/// The certificates of a text alone: what stands around them is nobody's business.
#[must_use]
pub fn alone(text: &[u8]) -> Vec<u8> {
    let mut found = Vec::new();
    let mut is_within = false;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let is = |mark: &[u8]| line.trim_ascii() == mark;
        is_within |= is(b"-----BEGIN CERTIFICATE-----") || is(b"-----BEGIN TRUSTED CERTIFICATE-----");
        if is_within {
            found.extend_from_slice(line);
        }
        is_within &= !(is(b"-----END CERTIFICATE-----") || is(b"-----END TRUSTED CERTIFICATE-----"));
    }
    found
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
            read(&file).is_some()
        };
        let certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        assert!(is(certificate));
        assert!(!is("root:x:0:0"));
        assert!(!is(&format!("{certificate}-----BEGIN RSA PRIVATE KEY-----\n")));
        let around = format!("password = x\n{certificate}token = y\n{certificate}");
        assert_eq!(alone(around.as_bytes()), format!("{certificate}{certificate}").into_bytes());
        assert!(read(folder.path()).is_none());
        assert!(read(Path::new("/dev/zero")).is_none());
    }
}

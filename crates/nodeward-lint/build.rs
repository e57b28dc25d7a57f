//! Names the sources that findings depend on, so that the cache of one build is not taken for that of another.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// From this crate's folder: its own sources, those of the parser's crate and of the report's, and the versions of
/// everything else.
const SOURCES: [&str; 6] = [
    "src",
    "../nodeward-javascript/src",
    "../nodeward-package/src/place.rs",
    "../nodeward-report/src/excerpt.rs",
    "../nodeward-report/src/finding.rs",
    "../../Cargo.lock",
];

fn main() -> io::Result<()> {
    let mut hash = Hash(0xcbf2_9ce4_8422_2325);
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
        add(Path::new(source), &mut hash)?;
    }
    println!("cargo::rustc-env=NODEWARD_LINT_SOURCES={}-{:016x}", env!("CARGO_PKG_VERSION"), hash.0);
    Ok(())
}

fn add(path: &Path, hash: &mut Hash) -> io::Result<()> {
    if path.is_dir() {
        let entries = fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path()));
        let mut entries = entries.collect::<io::Result<Vec<PathBuf>>>()?;
        entries.sort();
        return entries.iter().try_for_each(|entry| add(entry, hash));
    }
    hash.add(path.to_string_lossy().as_bytes());
    hash.add(&fs::read(path)?);
    Ok(())
}

/// FNV-1a: nobody to defend against here.
struct Hash(u64);

impl Hash {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes.len().to_le_bytes().iter().chain(bytes) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

//! The content hash of what a package runs when it is installed.
//!
//! SHA-256 over records. A record is a tag and fields; each of them is its length in bytes, as eight bytes, the
//! highest first, and then its bytes, so that no two lists of records are the same bytes. In order:
//!
//! 1. `nodeward install scripts 1`, without fields.
//! 2. `script`, stage, command: for every script that runs, in the order in which they do.
//! 3. `run-script`, name, command: for every other script of the manifest that those start, by name.
//! 4. `settings`, JSON: the members of `package.json` that decide how the code runs ([`SETTINGS`]), sorted by key at
//!    every depth, without spaces.
//! 5. `coverage`, and `reached` or `whole`.
//! 6. For every file that the scripts can reach (`reached`) or every file of the package (`whole`), by path: `file`,
//!    path, bytes; or `link`, path, target. Where `package.json` is among them, its record is `manifest` and the whole
//!    document in the form of 4, but for `version`, `gitHead` and keys that start with `_`: a new version with the same
//!    scripts keeps its hash.
//! 7. `end`, without fields.
//!
//! Other packages that lie within the package, by what the lockfile says or, without one, by what is installed, are not
//! part of it: they have decisions of their own. What came with the package's tarball is, whatever the folder is called
//! (`node_modules`, `.git`); of `node_modules/.bin`, what does not lead to other packages' files or to the programs that
//! `bin` names, as package managers put it there. Of a folder elsewhere, and of the project's own, `node_modules` and
//! `.git` are not part.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Read as _;
use std::str::FromStr;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::folder::{Listed, PackageFolder};
use super::stage::Script;

/// The members of `package.json` that decide how code runs without any file naming them.
pub const SETTINGS: &[&str] =
    &["type", "main", "exports", "imports", "bin", "binary", "config", "gypfile", "napi", "directories"];

/// The most bytes that one hash is made over.
const MAX_BYTES: u64 = 8 << 30;

/// A content hash: `sha256-` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentHash([u8; 32]);

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256-")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ContentHash {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "a content hash is `sha256-` and 64 hexadecimal digits in lower case";
        let digits = text.strip_prefix("sha256-").ok_or(WRONG)?;
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if digits.len() != 64 || !digits.bytes().all(is_hex) {
            return Err(WRONG);
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).map_err(|_| WRONG)?;
        }
        Ok(Self(bytes))
    }
}

/// Which files of a package its scripts can reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// These, by path below the package.
    Files(BTreeSet<String>),
    /// It can't be told, for this reason: any of them.
    Whole(String),
}

/// What the hash is made over, but for the files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Covered<'a> {
    pub(super) scripts: &'a [Script],
    pub(super) run_scripts: &'a BTreeMap<String, String>,
    /// The document of `package.json`.
    pub(super) manifest: &'a Value,
    pub(super) reach: &'a Reach,
}

/// The hash of a package as it lies on the disk.
///
/// # Errors
/// A file that can't be read, or too much of it: a hash over a part would pass for one over all.
pub(super) fn hash(package: &PackageFolder, covered: Covered<'_>) -> std::io::Result<ContentHash> {
    let mut records = Records { sha: Sha256::new(), bytes: 0 };
    records.add("nodeward install scripts 1", &[]);
    for script in covered.scripts {
        records.add("script", &[script.stage.as_bytes(), script.command.as_bytes()]);
    }
    for (name, command) in covered.run_scripts {
        records.add("run-script", &[name.as_bytes(), command.as_bytes()]);
    }
    let is_setting = |key: &str| SETTINGS.contains(&key);
    records.add("settings", &[canonical(covered.manifest, &is_setting).as_bytes()]);
    let files: Vec<Listed> = match covered.reach {
        Reach::Files(files) => {
            records.add("coverage", &[b"reached"]);
            files.iter().map(|path| Listed { path: path.clone(), link: None }).collect()
        }
        Reach::Whole(_) => {
            records.add("coverage", &[b"whole"]);
            package.files("")?
        }
    };
    for Listed { path, link } in files {
        if let Some(target) = link {
            records.add("link", &[path.as_bytes(), target.as_bytes()]);
        } else if path == "package.json" {
            let stays = |key: &str| !matches!(key, "version" | "gitHead") && !key.starts_with('_');
            records.add("manifest", &[canonical(covered.manifest, &stays).as_bytes()]);
        } else {
            records.file(package, &path)?;
        }
    }
    records.add("end", &[]);
    Ok(ContentHash(records.sha.finalize().into()))
}

struct Records {
    sha: Sha256,
    bytes: u64,
}

impl Records {
    fn add(&mut self, tag: &str, fields: &[&[u8]]) {
        self.field(tag.as_bytes());
        for field in fields {
            self.field(field);
        }
    }

    fn field(&mut self, bytes: &[u8]) {
        self.sha.update((bytes.len() as u64).to_be_bytes());
        self.sha.update(bytes);
    }

    /// A file may be larger than memory, so its length comes from the system, and has to be true.
    fn file(&mut self, package: &PackageFolder, path: &str) -> std::io::Result<()> {
        let mut file = package.file(path)?;
        let length = file.metadata()?.len();
        self.bytes += length;
        if self.bytes > MAX_BYTES {
            return Err(std::io::Error::other(format!("more than {MAX_BYTES} bytes")));
        }
        self.field(b"file");
        self.field(path.as_bytes());
        self.sha.update(length.to_be_bytes());
        let (mut buffer, mut left) = (vec![0; 64 << 10], length);
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            left = left
                .checked_sub(read as u64)
                .ok_or_else(|| std::io::Error::other("it changed while it was read"))?;
            self.sha.update(&buffer[..read]);
        }
        if left > 0 {
            return Err(std::io::Error::other("it changed while it was read"));
        }
        Ok(())
    }
}

/// A document with the keys sorted at every depth and no spaces, of the members that are wanted at its top.
fn canonical(document: &Value, is_wanted: &dyn Fn(&str) -> bool) -> String {
    let Value::Object(members) = document else { return document.to_string() };
    let kept =
        members.iter().filter(|(key, _)| is_wanted(key)).map(|(key, value)| (key.clone(), value.clone()));
    let mut kept = Value::Object(kept.collect());
    kept.sort_all_objects();
    kept.to_string()
}

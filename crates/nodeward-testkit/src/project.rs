//! Projects on disk, in a few lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A project in a folder of its own that goes away with it.
#[derive(Debug)]
pub struct Project {
    folder: TempDir,
}

impl Default for Project {
    fn default() -> Self {
        Self::empty()
    }
}

impl Project {
    /// A folder with nothing in it.
    #[expect(clippy::expect_used, reason = "a test without a temporary folder can't go on")]
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder can be made") }
    }

    /// An npm project: `package.json` and a `package-lock.json` of version 3, from lines such as `lodash@4.17.20`,
    /// `dev:mocha@9.0.0` or `express@4.17.1 > qs@6.7.0` (the first requires the second).
    pub fn npm(lines: &[&str]) -> Self {
        let project = Self::empty();
        let (manifest, lock) = npm_files(lines);
        project.file("package.json", manifest).file("package-lock.json", lock)
    }

    /// Adds a file.
    #[expect(clippy::expect_used, reason = "a test that can't write its files can't go on")]
    pub fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.folder.path().join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).expect("a folder can be made");
        }
        std::fs::write(path, text).expect("a file can be written");
        self
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A path in it.
    pub fn join(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// A file's text.
    #[expect(clippy::expect_used, reason = "a test that can't read its files can't go on")]
    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.join(path)).expect("the file can be read")
    }
}

/// One entry of the lockfile.
struct Locked {
    version: String,
    development: bool,
    /// Names and ranges.
    requires: Vec<(String, String)>,
}

/// The manifest and the lockfile of [`Project::npm`].
pub fn npm_files(lines: &[&str]) -> (String, String) {
    let mut direct: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
    let mut packages: BTreeMap<String, Locked> = BTreeMap::new();
    for line in lines {
        let (line, development) = match line.strip_prefix("dev:") {
            Some(rest) => (rest, true),
            None => (*line, false),
        };
        let chain: Vec<(String, String)> = line.split('>').map(|label| split_label(label.trim())).collect();
        for (at, (name, version)) in chain.iter().enumerate() {
            if at == 0 {
                let section = if development { "devDependencies" } else { "dependencies" };
                let entries = direct.entry(section).or_default();
                if !entries.iter().any(|(known, _)| known == name) {
                    entries.push((name.clone(), format!("^{version}")));
                }
            }
            let entry = packages.entry(name.clone()).or_insert_with(|| Locked {
                version: version.clone(),
                development,
                requires: Vec::new(),
            });
            entry.development &= development;
            if let Some((next, next_version)) = chain.get(at + 1) {
                entry.requires.push((next.clone(), format!("^{next_version}")));
            }
        }
    }
    let mut root = String::from("\"name\": \"shop\",\n      \"version\": \"1.0.0\"");
    for (section, entries) in &direct {
        let _ = write!(root, ",\n      \"{section}\": {{ {} }}", object(entries));
    }
    let manifest = format!("{{\n  {}\n}}\n", root.replace("\n      ", "\n  "));
    let mut lock = format!(
        "{{\n  \"name\": \"shop\",\n  \"version\": \"1.0.0\",\n  \"lockfileVersion\": 3,\n  \"requires\": true,\n  \
         \"packages\": {{\n    \"\": {{\n      {root}\n    }}"
    );
    for (name, Locked { version, development, requires }) in &packages {
        let unscoped = name.rsplit('/').next().unwrap_or(name);
        let _ = write!(
            lock,
            ",\n    \"node_modules/{name}\": {{\n      \"version\": \"{version}\",\n      \
             \"resolved\": \"https://registry.example.org/{name}/-/{unscoped}-{version}.tgz\",\n      \
             \"integrity\": \"sha512-{}==\"",
            "A".repeat(86)
        );
        if *development {
            lock.push_str(",\n      \"dev\": true");
        }
        if !requires.is_empty() {
            let _ = write!(lock, ",\n      \"dependencies\": {{ {} }}", object(requires));
        }
        lock.push_str("\n    }");
    }
    lock.push_str("\n  }\n}\n");
    (manifest, lock)
}

fn split_label(label: &str) -> (String, String) {
    match label.rfind('@') {
        Some(at) if at > 0 => (label[..at].to_owned(), label[at + 1..].to_owned()),
        _ => (label.to_owned(), "1.0.0".to_owned()),
    }
}

fn object(entries: &[(String, String)]) -> String {
    entries.iter().map(|(name, range)| format!("\"{name}\": \"{range}\"")).collect::<Vec<_>>().join(", ")
}

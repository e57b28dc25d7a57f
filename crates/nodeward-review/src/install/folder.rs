//! The files of one package, none of which is trusted: read within limits, and never through a link that leads out.

use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

/// The largest file that is read for what it says.
pub const MAX_READ_BYTES: u64 = 32 << 20;
/// The most files of a package that are listed. The largest real ones have some ten thousand.
pub const MAX_FILES: usize = 200_000;

/// A package's folder.
#[derive(Debug, Clone)]
pub struct PackageFolder {
    /// Its real path.
    root: PathBuf,
}

/// What stands at a path of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// A regular file: its path below the package, with `/`.
    File(String),
    /// A folder.
    Folder(String),
    /// Something outside the package, or that is no file.
    Foreign,
    /// Nothing.
    Missing,
}

impl PackageFolder {
    /// The folder at a path.
    ///
    /// # Errors
    /// What the system says where there is no folder.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let root = fs::canonicalize(path)?;
        if !fs::metadata(&root)?.is_dir() {
            return Err(std::io::Error::other("not a folder"));
        }
        Ok(Self { root })
    }

    /// The real path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What stands at a path below the package, links followed as long as they stay within it.
    pub(super) fn entry(&self, path: &str) -> Entry {
        let Some(clean) = clean(path) else { return Entry::Foreign };
        let Ok(real) = fs::canonicalize(self.root.join(&clean)) else { return Entry::Missing };
        let Some(below) = self.below(&real) else { return Entry::Foreign };
        match fs::metadata(&real) {
            Ok(metadata) if metadata.is_file() => Entry::File(below),
            Ok(metadata) if metadata.is_dir() => Entry::Folder(below),
            Ok(_) => Entry::Foreign,
            Err(_) => Entry::Missing,
        }
    }

    /// The path below the package of a real path: with `/`, and not in another package that stands in this one.
    pub(super) fn below(&self, real: &Path) -> Option<String> {
        let below = real.strip_prefix(&self.root).ok()?;
        let is_other = below.components().any(|part| part.as_os_str() == "node_modules");
        if is_other {
            return None;
        }
        Some(below.to_str()?.replace(std::path::MAIN_SEPARATOR, "/"))
    }

    /// The bytes of a file.
    pub(super) fn read(&self, path: &str) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file(path)?.take(MAX_READ_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_READ_BYTES {
            return Err(std::io::Error::other(format!("more than {MAX_READ_BYTES} bytes")));
        }
        Ok(bytes)
    }

    /// The file, opened. What is no regular file is refused before it is: a pipe may never begin.
    pub(super) fn file(&self, path: &str) -> std::io::Result<fs::File> {
        let path = self.root.join(path);
        if !fs::symlink_metadata(&path)?.is_file() {
            return Err(std::io::Error::other("not a regular file"));
        }
        fs::File::open(path)
    }

    /// The target of a symbolic link.
    pub(super) fn link(&self, path: &str) -> std::io::Result<String> {
        let target = fs::read_link(self.root.join(path))?;
        target
            .into_os_string()
            .into_string()
            .map_err(|_| std::io::Error::other("a link whose target is no Unicode"))
    }

    /// Every file and symbolic link of the package below a folder, sorted; other packages and `.git` left out.
    pub(super) fn files(&self, below: &str) -> std::io::Result<Vec<Listed>> {
        let (mut found, mut open) = (Vec::new(), vec![below.to_owned()]);
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(self.root.join(&folder))? {
                let entry = entry?;
                let name = entry.file_name();
                let Some(name) = name.to_str() else {
                    return Err(std::io::Error::other(format!("{folder}: a name that is no Unicode")));
                };
                if matches!(name, "node_modules" | ".git") {
                    continue;
                }
                let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    open.push(path);
                } else if found.len() == MAX_FILES {
                    return Err(std::io::Error::other(format!("more than {MAX_FILES} files")));
                } else {
                    found.push(Listed { path, is_link: kind.is_symlink() });
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Listed {
    /// Its path below the package, with `/`.
    pub(super) path: String,
    /// Whether it is a symbolic link.
    pub(super) is_link: bool,
}

/// A path without `.` and `..`; `None` where it leads out.
pub(super) fn clean(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => parts.push(name.to_str()?),
            Component::CurDir => {}
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

/// A path meant from a folder below the package, without `.` and `..`; `None` where it leads out.
pub(super) fn join(folder: &str, path: &str) -> Option<String> {
    if folder.is_empty() || path.starts_with('/') { clean(path) } else { clean(&format!("{folder}/{path}")) }
}

//! The files of one package, none of which is trusted: read within limits, and never through a link that leads out.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::shims;
use super::stage::Role;

/// The largest file that is read for what it says.
pub const MAX_READ_BYTES: u64 = 32 << 20;
/// The most files of a package that are listed. The largest real ones have some ten thousand.
pub const MAX_FILES: usize = 200_000;

/// A package's folder.
#[derive(Debug, Clone)]
pub struct PackageFolder {
    /// Its real path.
    root: PathBuf,
    inside: Inside,
    /// The programs that its manifest names, and their files.
    bins: BTreeMap<String, String>,
}

/// What of a folder is not the package's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inside {
    /// Every `node_modules`, and `.git`: where people work.
    Modules,
    /// These folders, in which other packages lie.
    Packages(Vec<String>),
}

impl Inside {
    /// By how a package came.
    pub fn of(role: Role, others: Vec<String>) -> Self {
        if role.is_alone() { Self::Modules } else { Self::Packages(others) }
    }
}

/// What stands in `node_modules/.bin` of a package and belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) name: String,
    /// Whether it leads to what the manifest gives this name.
    pub(super) is_named: bool,
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
    pub fn open(path: &Path, inside: Inside) -> std::io::Result<Self> {
        let root = fs::canonicalize(path)?;
        if !fs::metadata(&root)?.is_dir() {
            return Err(std::io::Error::other("not a folder"));
        }
        Ok(Self { root, inside, bins: BTreeMap::new() })
    }

    /// Takes the programs from the manifest: package managers put them into `.bin`.
    pub(super) fn name_programs(&mut self, manifest: &Value) {
        let named = |(name, file): (&str, &Value)| Some((name.to_owned(), clean(file.as_str()?)?));
        self.bins = match &manifest["bin"] {
            Value::Object(bins) => {
                bins.iter().filter_map(|(name, file)| named((name.as_str(), file))).collect()
            }
            bin => {
                let name = manifest["name"].as_str().unwrap_or_default();
                named((name.rsplit('/').next().unwrap_or_default(), bin)).into_iter().collect()
            }
        };
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
        let below = below.to_str()?.replace(std::path::MAIN_SEPARATOR, "/");
        (!self.is_other(&below)).then_some(below)
    }

    /// Whether a path below the package is in another one.
    fn is_other(&self, below: &str) -> bool {
        match &self.inside {
            Inside::Modules => below.split('/').any(|part| part == "node_modules"),
            Inside::Packages(others) => others.iter().any(|other| {
                below.strip_prefix(&**other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }),
        }
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
    fn link(&self, path: &str) -> std::io::Result<String> {
        let target = fs::read_link(self.root.join(path))?;
        target
            .into_os_string()
            .into_string()
            .map_err(|_| std::io::Error::other("a link whose target is no Unicode"))
    }

    /// Every file and symbolic link of the package below a folder, sorted; what is other packages' left out.
    pub(super) fn files(&self, below: &str) -> std::io::Result<Vec<Listed>> {
        let (mut found, mut open) = (Vec::new(), vec![below.to_owned()]);
        while let Some(folder) = open.pop() {
            let is_bin = folder == BIN || folder.ends_with(&format!("/{BIN}"));
            for (name, kind) in self.entries(&folder)? {
                let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                if self.inside == Inside::Modules && matches!(&*name, "node_modules" | ".git")
                    || self.is_other(&path)
                {
                    continue;
                }
                if kind.is_dir() {
                    open.push(path);
                    continue;
                }
                if found.len() == MAX_FILES {
                    return Err(std::io::Error::other(format!("more than {MAX_FILES} files")));
                }
                let listed = match is_bin {
                    true => self.in_bin(&folder, &name, kind)?.filter(|(_, is_named)| !is_named),
                    false => {
                        let link = kind.is_symlink().then(|| self.link(&path)).transpose()?;
                        Some((Listed { path, link }, false))
                    }
                };
                found.extend(listed.map(|(listed, _)| listed));
            }
        }
        found.sort();
        Ok(found)
    }

    fn entries(&self, folder: &str) -> std::io::Result<Vec<(String, fs::FileType)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.root.join(folder))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                return Err(std::io::Error::other(format!("{folder}: a name that is no Unicode")));
            };
            found.push((name, entry.file_type()?));
        }
        Ok(found)
    }

    /// The package's own among the programs that its scripts find first.
    pub(super) fn programs(&self) -> std::io::Result<Vec<Program>> {
        let mut found = Vec::new();
        if self.inside == Inside::Modules || fs::symlink_metadata(self.root.join(BIN)).is_err() {
            return Ok(found);
        }
        for (name, kind) in self.entries(BIN)? {
            if let Some((_, is_named)) = self.in_bin(BIN, &name, kind)? {
                found.push(Program { name, is_named });
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// A program in a `.bin`, by where it leads, and whether the manifest has it so; `None` where that is to another
    /// package.
    fn in_bin(
        &self,
        folder: &str,
        name: &str,
        kind: fs::FileType,
    ) -> std::io::Result<Option<(Listed, bool)>> {
        let path = format!("{folder}/{name}");
        let target = match kind.is_symlink() {
            true => Some(self.link(&path)?),
            false => self.started(&path),
        };
        let relative = target.filter(|target| !target.starts_with('/'));
        let Some(target) = relative else {
            let link = kind.is_symlink().then(|| self.link(&path)).transpose()?;
            return Ok(Some((Listed { path, link }, false)));
        };
        let Some(leads) = join(folder, &target).filter(|leads| !self.is_other(leads)) else {
            return Ok(None);
        };
        let is_named = folder == BIN && self.bins.get(name) == Some(&leads);
        Ok(Some((Listed { path, link: Some(target) }, is_named)))
    }

    /// The file that a script in `.bin` does nothing but start.
    fn started(&self, path: &str) -> Option<String> {
        let mut bytes = Vec::new();
        self.file(path).ok()?.take(shims::MAX_BYTES).read_to_end(&mut bytes).ok()?;
        shims::target(std::str::from_utf8(&bytes).ok()?, &self.root).map(str::to_owned)
    }
}

/// Where package managers put programs.
const BIN: &str = "node_modules/.bin";

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Listed {
    /// Its path below the package, with `/`.
    pub(super) path: String,
    /// Where a symbolic link, or what stands for one in `.bin`, leads.
    pub(super) link: Option<String>,
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

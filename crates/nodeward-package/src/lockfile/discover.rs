//! Which lockfiles and manifests stand in a folder tree: a repository has one project, or a hundred.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::project::read_file;
use super::{Format, workspaces};
use crate::{LockfileError, Manifest};

const MAX_FOLDERS: usize = 500_000;
const MAX_DEPTH: usize = 64;

/// A lockfile on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its path.
    pub path: PathBuf,
    /// Its format, by name and content.
    pub format: Format,
}

/// What [`discover`] saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovery {
    /// Every lockfile in use, by folder. Several package managers' may stand side by side.
    pub lockfiles: Vec<Found>,
    /// Lockfiles that no package manager reads, because another stands in front of them: `package-lock.json`
    /// beside `npm-shrinkwrap.json`, `bun.lockb` beside `bun.lock`.
    pub shadowed: Vec<Found>,
    /// Every `package.json` that no lockfile answers for: neither beside it, nor as a member of a workspace above.
    pub manifests: Vec<PathBuf>,
    /// `node_modules` folders beside the lockfiles and manifests found.
    pub installed: Vec<PathBuf>,
    /// What could not be looked into. Whoever reports must say so: it was not checked.
    pub unread: Vec<LockfileError>,
}

/// The names by which package managers find their lockfiles, in the order in which [`read`](super::read) prefers
/// one; a later one that shares a manager with an earlier one is shadowed by it.
const NAMES: [(&str, Manager); 7] = [
    ("npm-shrinkwrap.json", Manager::Npm),
    ("package-lock.json", Manager::Npm),
    ("pnpm-lock.yaml", Manager::Pnpm),
    ("yarn.lock", Manager::Yarn),
    ("bun.lock", Manager::Bun),
    ("bun.lockb", Manager::Bun),
    ("shrinkwrap.yaml", Manager::Pnpm),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Manager {
    Npm,
    Pnpm,
    Yarn,
    Bun,
}

/// Looks through a folder tree. Skips `node_modules`, version control and package managers' stores, and follows no
/// symbolic links.
pub fn discover(folder: &Path) -> Discovery {
    let mut discovery = Discovery::default();
    let mut manifests = Vec::new();
    let mut open = vec![(folder.to_path_buf(), 0)];
    let mut seen = 0;
    while let Some((folder, depth)) = open.pop() {
        seen += 1;
        if seen > MAX_FOLDERS {
            let message = format!("more than {MAX_FOLDERS} folders; the rest is not looked at");
            discovery.unread.push(LockfileError::Io { file: folder, message });
            break;
        }
        let names = match list(&folder) {
            Ok(names) => names,
            Err(error) => {
                let message = error.to_string();
                discovery.unread.push(LockfileError::Io { file: folder, message });
                continue;
            }
        };
        look(&folder, &names, &mut discovery, &mut manifests);
        let inner = names.iter().filter(|(name, entry)| **entry == Entry::Folder && !is_skipped(name));
        // Popped from the end, so pushed in reverse to be seen in order.
        let inner: Vec<PathBuf> = inner.map(|(name, _)| folder.join(name)).collect();
        if depth == MAX_DEPTH && !inner.is_empty() {
            let message = format!("folders nest deeper than {MAX_DEPTH}; the rest is not looked at");
            discovery.unread.push(LockfileError::Io { file: folder, message });
            continue;
        }
        open.extend(inner.into_iter().rev().map(|inner| (inner, depth + 1)));
    }
    discovery.manifests = uncovered(&discovery, manifests);
    discovery
}

/// The lockfiles directly in a folder, preferred first.
pub(super) fn standing_in(folder: &Path) -> Vec<Found> {
    let mut discovery = Discovery::default();
    let names = list(folder).unwrap_or_default();
    look(folder, &names, &mut discovery, &mut Vec::new());
    discovery.lockfiles
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    File,
    Folder,
    /// A link to nothing or to a folder, a pipe, a device.
    Other,
}

type Entries = BTreeMap<OsString, Entry>;

fn list(folder: &Path) -> std::io::Result<Entries> {
    let mut names = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let is_file = kind.is_file() || kind.is_symlink() && entry.path().is_file();
        let kind = match (is_file, kind.is_dir()) {
            (true, _) => Entry::File,
            (_, true) => Entry::Folder,
            _ => Entry::Other,
        };
        names.insert(entry.file_name(), kind);
    }
    Ok(names)
}

fn look(folder: &Path, names: &Entries, discovery: &mut Discovery, manifests: &mut Vec<PathBuf>) {
    let mut managers: Vec<Manager> = Vec::new();
    let entry = |name: &str| names.get(OsStr::new(name)).copied();
    for name in NAMES.iter().map(|(name, _)| *name).chain(["package.json"]) {
        if !matches!(entry(name), None | Some(Entry::File)) {
            let message = "neither a regular file nor a link to one".to_owned();
            discovery.unread.push(LockfileError::Io { file: folder.join(name), message });
        }
    }
    for (name, manager) in NAMES {
        if entry(name) != Some(Entry::File) {
            continue;
        }
        let path = folder.join(name);
        let format = match manager {
            Manager::Npm => Format::NpmPackageLock,
            Manager::Pnpm => Format::Pnpm,
            Manager::Bun => Format::Bun,
            Manager::Yarn if is_berry(&path) => Format::YarnBerry,
            Manager::Yarn => Format::YarnClassic,
        };
        let list = match managers.contains(&manager) {
            true => &mut discovery.shadowed,
            false => &mut discovery.lockfiles,
        };
        list.push(Found { path, format });
        managers.push(manager);
    }
    let has_manifest = entry("package.json") == Some(Entry::File);
    if has_manifest {
        manifests.push(folder.join("package.json"));
    }
    let installed = folder.join("node_modules");
    // Some have it elsewhere, by a link.
    let is_installed = match entry("node_modules") {
        Some(Entry::Folder) => true,
        Some(Entry::Other) => installed.is_dir(),
        _ => false,
    };
    if (has_manifest || !managers.is_empty()) && is_installed {
        discovery.installed.push(installed);
    }
}

fn is_berry(path: &Path) -> bool {
    use std::io::Read as _;
    let mut start = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(4096).read_to_end(&mut start));
    read.is_ok() && memchr::memmem::find(&start, b"__metadata:").is_some()
}

/// Folders in which nothing belongs to the project.
fn is_skipped(name: &OsStr) -> bool {
    matches!(
        name.to_str(),
        Some(
            "node_modules"
                | "bower_components"
                | ".git"
                | ".hg"
                | ".svn"
                | ".jj"
                | ".yarn"
                | ".pnpm-store"
                | ".npm"
        )
    )
}

/// The manifests that no lockfile answers for.
fn uncovered(discovery: &Discovery, manifests: Vec<PathBuf>) -> Vec<PathBuf> {
    // By folder: what its lockfiles cover below it. Filled when the first manifest below asks.
    let mut coverage: BTreeMap<&Path, Option<Coverage>> =
        discovery.lockfiles.iter().filter_map(|found| Some((found.path.parent()?, None))).collect();
    let is_covered = |coverage: &mut BTreeMap<&Path, Option<Coverage>>, manifest: &Path| {
        let Some(folder) = manifest.parent() else { return false };
        if coverage.contains_key(folder) {
            return true;
        }
        folder.ancestors().skip(1).any(|above| {
            let Some(slot) = coverage.get_mut(above) else { return false };
            let below = folder.strip_prefix(above).unwrap_or(folder).to_string_lossy().replace('\\', "/");
            slot.get_or_insert_with(|| Coverage::of(above)).holds(&below)
        })
    };
    manifests.into_iter().filter(|manifest| !is_covered(&mut coverage, manifest)).collect()
}

/// Which folders below it the lockfiles of a folder speak of.
struct Coverage {
    patterns: Vec<Box<str>>,
    pnpm: Option<Vec<u8>>,
}

impl Coverage {
    fn of(folder: &Path) -> Self {
        let path = folder.join("package.json");
        let manifest = read_file(&path).ok().and_then(|bytes| Manifest::parse(&path, &bytes).ok());
        Self {
            patterns: manifest.map(|manifest| manifest.workspaces).unwrap_or_default(),
            pnpm: read_file(&folder.join("pnpm-lock.yaml")).ok(),
        }
    }

    fn holds(&self, below: &str) -> bool {
        workspaces::is_member(&self.patterns, below)
            || self.pnpm.as_ref().is_some_and(|text| imports(text, below))
    }
}

/// Whether a pnpm lockfile has an importer of that folder: a line `  folder:`, possibly quoted.
fn imports(text: &[u8], folder: &str) -> bool {
    ["", "'", "\""].iter().any(|quote| {
        let line = format!("\n  {quote}{folder}{quote}:");
        memchr::memmem::find(text, line.as_bytes()).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        root
    }

    fn relative<'a>(root: &Path, paths: impl IntoIterator<Item = &'a Path>) -> Vec<String> {
        paths.into_iter().map(|path| path.strip_prefix(root).unwrap().display().to_string()).collect()
    }

    #[test]
    fn a_monorepo_is_told_apart() {
        let root = tree(&[
            ("package.json", r#"{"workspaces": ["packages/*"]}"#),
            ("package-lock.json", "{}"),
            ("npm-shrinkwrap.json", "{}"),
            ("yarn.lock", "__metadata:\n  version: 8\n"),
            ("packages/a/package.json", "{}"),
            ("packages/a/node_modules/x/package.json", "{}"),
            ("packages/a/node_modules/x/package-lock.json", "{}"),
            ("tools/package.json", "{}"),
            ("site/package.json", "{}"),
            (
                "site/pnpm-lock.yaml",
                "lockfileVersion: '9.0'\nimporters:\n  .:\n    x\n  'part/one':\n    y\n",
            ),
            ("site/part/one/package.json", "{}"),
            ("site/part/two/package.json", "{}"),
            ("site/node_modules/.keep", ""),
            (".git/package.json", "{}"),
        ]);
        let discovery = discover(root.path());
        let lockfiles = relative(root.path(), discovery.lockfiles.iter().map(|found| found.path.as_path()));
        assert_eq!(lockfiles, ["npm-shrinkwrap.json", "yarn.lock", "site/pnpm-lock.yaml"]);
        assert_eq!(discovery.lockfiles[1].format, Format::YarnBerry);
        let shadowed = relative(root.path(), discovery.shadowed.iter().map(|found| found.path.as_path()));
        assert_eq!(shadowed, ["package-lock.json"]);
        let manifests = relative(root.path(), discovery.manifests.iter().map(PathBuf::as_path));
        assert_eq!(manifests, ["site/part/two/package.json", "tools/package.json"]);
        let installed = relative(root.path(), discovery.installed.iter().map(PathBuf::as_path));
        assert_eq!(installed, ["packages/a/node_modules", "site/node_modules"]);
        assert!(discovery.unread.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_installed_may_lie_elsewhere() {
        let root = tree(&[("a/package.json", "{}"), ("deps/.keep", ""), ("b/package.json", "{}")]);
        std::os::unix::fs::symlink("../deps", root.path().join("a/node_modules")).unwrap();
        std::os::unix::fs::symlink("../nowhere", root.path().join("b/node_modules")).unwrap();
        let discovery = discover(root.path());
        let installed = relative(root.path(), discovery.installed.iter().map(PathBuf::as_path));
        assert_eq!(installed, ["a/node_modules"]);
    }

    #[test]
    fn what_cannot_be_opened_is_said() {
        let root = tree(&[("package-lock.json/x", ""), ("a/package.json", "{}")]);
        assert_eq!(discover(&root.path().join("absent")).unread.len(), 1);
        let discovery = discover(root.path());
        assert_eq!(discovery.manifests, [root.path().join("a/package.json")]);
        let unread: Vec<String> = discovery.unread.iter().map(ToString::to_string).collect();
        let file = root.path().join("package-lock.json");
        assert_eq!(unread, [format!("{}: neither a regular file nor a link to one", file.display())]);
    }

    #[test]
    #[cfg(unix)]
    fn links_to_nothing_are_said_and_names_can_be_any_bytes() {
        use std::os::unix::ffi::OsStrExt as _;
        let root = tree(&[]);
        std::os::unix::fs::symlink("gone", root.path().join("yarn.lock")).unwrap();
        std::os::unix::fs::symlink(".", root.path().join("round")).unwrap();
        let folder = root.path().join(OsStr::from_bytes(b"\xff\xfe"));
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("package-lock.json"), "{}").unwrap();
        let discovery = discover(root.path());
        assert_eq!(discovery.unread.len(), 1, "{:?}", discovery.unread);
        assert_eq!(discovery.lockfiles.len(), 1);
        assert_eq!(discovery.lockfiles[0].path, folder.join("package-lock.json"));
    }
}

//! What the names of packages lead to, for programs that were installed as npm does it: every package a folder, and no
//! package a link. Node.js looks through folders for each name that it meets; sealed, nobody has to.

use std::path::{Path, PathBuf};

use nodeward_javascript::{Loader, ModuleSync, NodeResolver, Resolved};
use rustc_hash::FxHashSet;

use super::document::SealedSource;
use super::values::SealPath;

const PACKAGES: &str = "node_modules/";
const MANIFEST: &str = "/package.json";

/// Finds the main files of packages.
pub(super) struct Mains<'s> {
    root: PathBuf,
    sources: &'s [SealedSource],
    /// Names that some folder of packages has without a manifest: which package a name means there, no manifest says.
    unclear: FxHashSet<&'s str>,
    /// For Node.js with the condition `module-sync` and without.
    resolvers: [NodeResolver; 2],
}

impl<'s> Mains<'s> {
    /// For the sources, sorted, and the manifests below a real path. None where a folder of packages holds a link: a
    /// nearer package would be missed that stands elsewhere.
    pub(super) fn of(root: &Path, sources: &'s [SealedSource], manifests: &[String]) -> Option<Self> {
        let known: FxHashSet<&str> =
            manifests.iter().filter_map(|manifest| manifest.strip_suffix(MANIFEST)).collect();
        let mut folders = FxHashSet::default();
        let mut unclear = FxHashSet::default();
        for source in sources {
            for (at, _) in source.path.as_str().match_indices(PACKAGES) {
                let path = source.path.as_str();
                // `my_node_modules` is a folder like any other.
                if at > 0 && path.as_bytes().get(at - 1) != Some(&b'/') {
                    continue;
                }
                folders.insert(&path[..at + PACKAGES.len()]);
                let (package, name) = package_at(path, at);
                if !known.contains(package) {
                    // A file there is found by its name without the ending, too.
                    unclear.insert(name.split('.').next().unwrap_or(name));
                    unclear.insert(name);
                }
            }
        }
        if folders.iter().any(|folder| has_links(&root.join(folder))) {
            return None;
        }
        let resolvers = [ModuleSync::Offered, ModuleSync::Unknown].map(|sync| NodeResolver::new(&[], sync));
        Some(Self { root: root.to_owned(), sources, unclear, resolvers })
    }

    /// The main file of the package that a manifest is of.
    pub(super) fn main(&self, manifest: &str) -> Option<SealPath> {
        let package = manifest.strip_suffix(MANIFEST)?;
        let at = package.rfind(PACKAGES).filter(|at| *at == 0 || package.as_bytes()[at - 1] == b'/')?;
        let name = &package[at + PACKAGES.len()..];
        let parts = if name.starts_with('@') { 2 } else { 1 };
        if name.split('/').count() != parts || self.unclear.contains(name) {
            return None;
        }
        let from = self.root.join(&package[..at]);
        let [offered, unknown] =
            self.resolvers.each_ref().map(|resolver| resolver.resolve(&from, name, Loader::Require).ok());
        let (Some(Resolved::File(file)), true) = (&offered, offered == unknown) else { return None };
        let file = file.strip_prefix(&self.root).ok()?.to_str()?;
        let file = if std::path::MAIN_SEPARATOR == '/' { file.to_owned() } else { file.replace('\\', "/") };
        let at = self.sources.binary_search_by(|source| source.path.as_str().cmp(&file)).ok()?;
        Some(self.sources[at].path.clone())
    }
}

/// The folder of the package, and its name, of a path below the folder of packages that begins at a place.
fn package_at(path: &str, at: usize) -> (&str, &str) {
    let from = at + PACKAGES.len();
    let mut slashes = path[from..].match_indices('/').map(|(slash, _)| from + slash);
    let scoped = path[from..].starts_with('@');
    let end = if scoped { slashes.nth(1) } else { slashes.next() }.unwrap_or(path.len());
    (&path[..end], &path[from..end])
}

/// Whether a folder of packages holds links. Programs of packages are linked into a folder of their own.
fn has_links(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return true };
    entries.flatten().any(|entry| match entry.file_type() {
        Ok(kind) if kind.is_symlink() => true,
        Ok(kind) if kind.is_dir() && entry.file_name().as_encoded_bytes().starts_with(b"@") => {
            has_links(&entry.path())
        }
        Ok(_) => false,
        Err(_) => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::values::Digest;
    use crate::{Origin, SourceKind};

    struct Tree {
        folder: tempfile::TempDir,
        sources: Vec<SealedSource>,
        manifests: Vec<String>,
    }

    impl Tree {
        fn new(files: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let mut tree = Self { folder, sources: Vec::new(), manifests: Vec::new() };
            for (path, text) in files {
                let file = tree.folder.path().join(path);
                std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                std::fs::write(file, text).unwrap();
                if path.ends_with("package.json") {
                    tree.manifests.push((*path).to_owned());
                } else {
                    tree.sources.push(SealedSource {
                        path: SealPath::parse(path).unwrap(),
                        kind: SourceKind::Cjs,
                        sha256: Digest::of(text.as_bytes()),
                        size: text.len() as u64,
                        origin: Origin::Static,
                        package: None,
                        content: None,
                    });
                }
            }
            tree.sources.sort_by(|a, b| a.path.cmp(&b.path));
            tree
        }

        fn main(&self, manifest: &str) -> Option<String> {
            let root = self.folder.path().canonicalize().unwrap();
            let mains = Mains::of(&root, &self.sources, &self.manifests)?;
            mains.main(manifest).map(|main| main.to_string())
        }
    }

    const FLAT: [(&str, &str); 12] = [
        ("app.js", ""),
        ("package.json", "{\"name\": \"app\"}"),
        ("node_modules/a/package.json", "{\"main\": \"lib\"}"),
        ("node_modules/a/lib/index.js", ""),
        (
            "node_modules/a/node_modules/@s/b/package.json",
            "{\"exports\": {\"require\": \"./r.cjs\", \"default\": \"./d.mjs\"}}",
        ),
        ("node_modules/a/node_modules/@s/b/r.cjs", ""),
        (
            "node_modules/sync/package.json",
            "{\"exports\": {\"module-sync\": \"./e.mjs\", \"default\": \"./c.js\"}}",
        ),
        ("node_modules/sync/e.mjs", ""),
        ("node_modules/sync/c.js", ""),
        ("node_modules/none/package.json", "{\"exports\": {\"./x\": \"./x.js\"}}"),
        ("node_modules/none/x.js", ""),
        ("node_modules/a/lib/package.json", "{}"),
    ];

    #[test]
    fn a_name_leads_where_every_node_goes() {
        let tree = Tree::new(&FLAT);
        assert_eq!(tree.main("node_modules/a/package.json").unwrap(), "node_modules/a/lib/index.js");
        let scoped = "node_modules/a/node_modules/@s/b/package.json";
        assert_eq!(tree.main(scoped).unwrap(), "node_modules/a/node_modules/@s/b/r.cjs");
        for other in ["node_modules/sync", "node_modules/none", "node_modules/a/lib"] {
            assert_eq!(tree.main(&format!("{other}/package.json")), None, "{other}");
        }
        assert_eq!(tree.main("package.json"), None);
    }

    #[test]
    fn a_name_without_a_manifest_somewhere_is_left_out() {
        for file in ["node_modules/x/node_modules/a.js", "node_modules/x/node_modules/a/index.js"] {
            let mut files = FLAT.to_vec();
            files.push((file, ""));
            let tree = Tree::new(&files);
            assert_eq!(tree.main("node_modules/a/package.json"), None, "{file}");
            assert!(tree.main("node_modules/a/node_modules/@s/b/package.json").is_some(), "{file}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn with_links_there_is_none() {
        let link = |at: &str| {
            let tree = Tree::new(&FLAT);
            let at = tree.folder.path().join(at);
            std::fs::create_dir_all(at.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink("elsewhere", at).unwrap();
            tree.main("node_modules/a/package.json")
        };
        assert_eq!(link("node_modules/linked"), None);
        assert_eq!(link("node_modules/a/node_modules/@s/linked"), None);
        assert!(link("node_modules/.bin/linked").is_some());
        assert!(link("linked").is_some());
    }
}

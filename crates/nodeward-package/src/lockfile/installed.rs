//! An installed `node_modules`: what is really on disk, whatever the lockfile says.
//!
//! Every package's own manifest is read; npm's note `.package-lock.json` is not. Flat trees (npm, yarn), the
//! virtual stores of pnpm, yarn and bun, and links to workspace members are followed. A folder counts once, by its
//! real path, so that links in a circle end.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::project::{is_folder, kind_of, read_file};
use super::{Format, MAX_PACKAGES};
use crate::graph::{Edge, EdgeKind, GraphBuilder, Origin, Package, PackageId, ReachFrom};
use crate::manifest::Bundled;
use crate::place::Place;
use crate::{DependencyGraph, LockfileError, Manifest, PackageName};

/// Folders within `node_modules` in which package managers keep the packages that the others link to.
const STORES: [&str; 3] = [".pnpm", ".bun", ".store"];

/// Reads what is installed in a project's folder.
///
/// # Errors
/// No `node_modules`, more packages than any project has, or what the file system refuses.
pub fn read_installed(project: &Path) -> Result<DependencyGraph, LockfileError> {
    let project = if project.as_os_str().is_empty() { Path::new(".") } else { project };
    let modules = project.join("node_modules");
    let refused = |path: &Path, error: std::io::Error| LockfileError::Io {
        file: path.into(),
        message: error.to_string(),
    };
    let root = project.canonicalize().map_err(|error| refused(project, error))?;
    if !is_folder(&modules)? {
        let message = "nothing is installed: there is no such folder".to_owned();
        return Err(LockfileError::Io { file: modules, message });
    }
    let mut walk = Walk {
        builder: GraphBuilder::new(&modules, Format::Installed),
        modules: modules.clone(),
        root: root.clone(),
        by_folder: HashMap::new(),
        holders: HashMap::new(),
        manifests: Vec::new(),
        open: Vec::new(),
    };
    let manifest = walk.manifest(&root, "the project");
    let package = super::root_package(manifest.as_ref().unwrap_or(&Manifest::default()));
    let id = walk.builder.add_root(Package { position: Default::default(), ..package });
    walk.by_folder.insert(root.clone(), id);
    walk.manifests.push((root.clone(), manifest.unwrap_or_default()));
    walk.open.push(Modules {
        holder: root.clone(),
        folder: root.join("node_modules"),
        bundled: Bundled::None,
    });
    while let Some(modules) = walk.open.pop() {
        walk.scan(&modules).map_err(|error| as_named(error, &root, project))?;
    }
    Ok(walk.finish())
}

/// An error about a file of the project, by the name that the user would give it.
fn as_named(error: LockfileError, root: &Path, project: &Path) -> LockfileError {
    let LockfileError::Io { file, message } = error else { return error };
    let file = match file.strip_prefix(root) {
        Ok(below) => project.strip_prefix(".").unwrap_or(project).join(below),
        Err(_) => file,
    };
    LockfileError::Io { file, message }
}

/// A `node_modules` to look into.
struct Modules {
    /// The real folder whose look-ups it serves.
    holder: PathBuf,
    folder: PathBuf,
    /// What its owner's tarball carried.
    bundled: Bundled,
}

struct Walk {
    builder: GraphBuilder,
    modules: PathBuf,
    root: PathBuf,
    /// Packages by real folder.
    by_folder: HashMap<PathBuf, PackageId>,
    /// What stands in the `node_modules` of a folder.
    holders: HashMap<PathBuf, HashMap<String, PackageId>>,
    /// By package, its real folder and its manifest.
    manifests: Vec<(PathBuf, Manifest)>,
    open: Vec<Modules>,
}

impl Walk {
    fn scan(&mut self, modules: &Modules) -> Result<(), LockfileError> {
        let mut found = HashMap::new();
        for name in names(&modules.folder)? {
            if STORES.contains(&name.as_str()) {
                self.scan_store(&modules.folder.join(&name))?;
            } else if name.starts_with('.') {
                // `.bin`, `.cache` and the like hold no packages.
            } else if name.starts_with('@') {
                for unscoped in names(&modules.folder.join(&name))? {
                    self.package(modules, format!("{name}/{unscoped}"), &mut found)?;
                }
            } else {
                self.package(modules, name, &mut found)?;
            }
        }
        self.holders.insert(modules.holder.clone(), found);
        Ok(())
    }

    /// A store has a folder per release, each with its own `node_modules`.
    fn scan_store(&mut self, store: &Path) -> Result<(), LockfileError> {
        for name in names(store)? {
            let entry = store.join(&name);
            let (holder, folder) = match name.as_str() {
                // What pnpm makes visible to every package of the store.
                "node_modules" => (store.to_path_buf(), entry),
                _ => (entry.clone(), entry.join("node_modules")),
            };
            if is_folder(&folder)? {
                let holder = holder.canonicalize().unwrap_or(holder);
                self.open.push(Modules { holder, folder, bundled: Bundled::None });
            }
        }
        Ok(())
    }

    fn package(
        &mut self,
        modules: &Modules,
        name: String,
        found: &mut HashMap<String, PackageId>,
    ) -> Result<(), LockfileError> {
        let path = modules.folder.join(&name);
        let Some(kind) = kind_of(&path)? else {
            self.builder.remark(format!("{} is a link to nothing", self.shown(&path)), Default::default());
            return Ok(());
        };
        if !kind.is_dir() {
            return Ok(());
        }
        let refused =
            |error: std::io::Error| LockfileError::Io { file: path.clone(), message: error.to_string() };
        let real = path.canonicalize().map_err(refused)?;
        let Ok(required) = PackageName::parse(&name) else {
            let message = format!("{} has a name that no package can have", self.shown(&path));
            self.builder.remark(message, Default::default());
            return Ok(());
        };
        let id = match self.by_folder.get(&real) {
            Some(&id) => id,
            None => self.add(modules, required, real)?,
        };
        found.insert(name, id);
        Ok(())
    }

    fn add(
        &mut self,
        modules: &Modules,
        required: PackageName,
        real: PathBuf,
    ) -> Result<PackageId, LockfileError> {
        if self.builder.len() == MAX_PACKAGES {
            let message = format!("more than {MAX_PACKAGES} packages are installed");
            return Err(LockfileError::Limit { place: Place::file(&self.modules), message });
        }
        let shown = self.shown(&real);
        let manifest = self.manifest(&real, &shown).unwrap_or_default();
        let name = manifest.name.clone().unwrap_or_else(|| required.clone());
        let version = manifest.version.as_ref().map_or("", |version| &version.text);
        let origin = self.origin(&real, &shown);
        let first_party = origin.is_first_party();
        let mut package = Package::new(name, version, origin);
        package.bundled = modules.bundled.contains(required.as_str());
        if package.name != required {
            package.alias = Some(required);
        }
        package.install_script = Some(runs_on_install(&manifest, &real));
        package.license = manifest.license.clone();
        package.engines_node = manifest.engines_node().map(|engine| engine.value.clone());
        package.folder = Some(shown.into());
        let id = if first_party { self.builder.add_root(package) } else { self.builder.add(package) };
        let folder = real.join("node_modules");
        if is_folder(&folder)? {
            self.open.push(Modules { holder: real.clone(), folder, bundled: manifest.bundled.clone() });
        }
        self.by_folder.insert(real.clone(), id);
        self.manifests.push((real, manifest));
        Ok(id)
    }

    /// A link out of `node_modules` leads to a workspace member, or to a folder elsewhere on this machine.
    fn origin(&self, real: &Path, shown: &str) -> Origin {
        let installed = |path: &Path| path.components().any(|part| part.as_os_str() == "node_modules");
        match real.strip_prefix(&self.root) {
            Ok(inside) if installed(inside) => Origin::Registry { resolved: None },
            Ok(_) => Origin::Workspace { path: shown.into() },
            // A project within a workspace is linked to the store above it.
            Err(_) if installed(real) => Origin::Registry { resolved: None },
            Err(_) => Origin::File { path: shown.into() },
        }
    }

    /// The manifest in a folder. One that can't be read is noted; its package stays, without a version.
    fn manifest(&mut self, folder: &Path, shown: &str) -> Option<Manifest> {
        let path = folder.join("package.json");
        if !path.is_file() {
            self.builder.remark(format!("{shown} has no package.json"), Default::default());
            return None;
        }
        let shown_path = Path::new(shown).join("package.json");
        match read_file(&path).and_then(|bytes| Manifest::parse(&shown_path, &bytes)) {
            Ok(manifest) => Some(manifest),
            Err(error) => {
                self.builder.remark(error.to_string(), Default::default());
                None
            }
        }
    }

    /// A path as it is reported: relative to the project, with `/`.
    fn shown(&self, path: &Path) -> String {
        let inside = path.strip_prefix(&self.root).unwrap_or(path);
        inside.to_string_lossy().replace('\\', "/")
    }

    fn find(&self, from: &Path, name: &str) -> Option<PackageId> {
        from.ancestors().find_map(|folder| self.holders.get(folder)?.get(name).copied())
    }

    fn finish(mut self) -> DependencyGraph {
        let mut edges = Vec::new();
        for (folder, manifest) in &self.manifests {
            let from = self.by_folder[folder];
            let first_party = self.builder.package(from).origin.is_first_party();
            let wanted = |kind: EdgeKind| first_party || kind != EdgeKind::Development;
            edges.extend(manifest.dependencies.iter().filter(|one| wanted(one.kind)).map(|one| {
                let to = self.find(folder, &one.name);
                let name = self.builder.required_name(to, &one.name);
                Edge { from, to, kind: one.kind, name, specifier: one.specifier.clone() }
            }));
        }
        for edge in edges {
            self.builder.require(edge);
        }
        self.builder.finish(ReachFrom::Edges)
    }
}

fn runs_on_install(manifest: &Manifest, folder: &Path) -> bool {
    manifest.has_install_script() || !manifest.gypfile_denied && folder.join("binding.gyp").is_file()
}

/// The names in a folder, sorted, so that two runs give one graph.
fn names(folder: &Path) -> Result<Vec<String>, LockfileError> {
    let refused =
        |error: std::io::Error| LockfileError::Io { file: folder.into(), message: error.to_string() };
    if !is_folder(folder)? {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(refused)? {
        // A name that is no Unicode is none that could be required.
        names.extend(entry.map_err(refused)?.file_name().into_string().ok());
    }
    names.sort_unstable();
    Ok(names)
}

/// How an installed tree differs from the lockfile beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drift {
    /// Packages of the installed graph whose release the lockfile does not have.
    pub unlocked: Vec<PackageId>,
    /// Packages of the lockfile's graph that are not on disk, though nothing says they may be left out.
    pub absent: Vec<PackageId>,
}

/// Compares releases by name and version; where in `node_modules` they stand does not count.
pub fn drift(locked: &DependencyGraph, installed: &DependencyGraph) -> Drift {
    Drift {
        unlocked: missing_from(installed, locked, |package| !package.bundled),
        absent: missing_from(locked, installed, |package| !package.reach.optional && !package.reach.peer),
    }
}

fn missing_from(
    graph: &DependencyGraph,
    other: &DependencyGraph,
    counts: fn(&Package) -> bool,
) -> Vec<PackageId> {
    let releases: HashSet<(&str, &str)> =
        other.packages().iter().map(|package| (package.name.as_str(), &*package.version_text)).collect();
    // A lockfile may leave the version of a git or file dependency open.
    let open: HashSet<&str> = other
        .packages()
        .iter()
        .filter(|package| package.version_text.is_empty())
        .map(|package| package.name.as_str())
        .collect();
    let is_missing = |package: &Package| {
        let name = package.name.as_str();
        let is_release = matches!(package.origin, Origin::Registry { .. } | Origin::Http { .. });
        is_release
            && !package.version_text.is_empty()
            && counts(package)
            && !open.contains(name)
            && !releases.contains(&(name, &*package.version_text))
    };
    graph.iter().filter(|(_, package)| is_missing(package)).map(|(id, _)| id).collect()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::lockfile::{Input, parse_as};

    /// Writes manifests (path, text); a text that starts with `->` makes a link.
    fn project(entries: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in entries {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match text.strip_prefix("->") {
                Some(target) => symlink(target, path).unwrap(),
                None => {
                    fs::create_dir_all(&path).unwrap();
                    fs::write(path.join("package.json"), text).unwrap();
                }
            }
        }
        root
    }

    fn lines(graph: &DependencyGraph) -> Vec<String> {
        let folder = |id: PackageId| graph.package(id).folder.as_deref().unwrap_or(".");
        let mut lines: Vec<String> =
            graph.iter().map(|(id, package)| format!("{} {}", folder(id), package.label())).collect();
        let edge = |edge: &Edge| {
            format!("{} -{}> {}", folder(edge.from), edge.name, edge.to.map_or("nothing", folder))
        };
        lines.extend(graph.edges().iter().map(edge));
        lines.sort();
        lines
    }

    #[test]
    fn a_flat_tree() {
        let root = project(&[
            (
                "",
                r#"{"name": "shop", "version": "1.0.0", "dependencies": {"a": "*", "@s/b": "*", "gone": "1"}, "devDependencies": {"d": "*"}}"#,
            ),
            (
                "node_modules/a",
                r#"{"name": "a", "version": "1.0.0", "scripts": {"postinstall": "x"}, "dependencies": {"d": "*"}, "bundleDependencies": ["d"], "devDependencies": {"z": "*"}}"#,
            ),
            ("node_modules/a/node_modules/d", r#"{"name": "d", "version": "1.0.0"}"#),
            ("node_modules/@s/b", r#"{"name": "real-b", "version": "2.0.0", "dependencies": {"d": "*"}}"#),
            ("node_modules/d", r#"{"name": "d", "version": "2.0.0"}"#),
            ("node_modules/.cache/x", "{}"),
            ("node_modules/broken", "{"),
            ("node_modules/dead", "->nowhere"),
        ]);
        fs::write(root.path().join("node_modules/d/binding.gyp"), "").unwrap();
        let graph = read_installed(root.path()).unwrap();
        assert_eq!(
            lines(&graph),
            [
                ". -@s/b> node_modules/@s/b",
                ". -a> node_modules/a",
                ". -d> node_modules/d",
                ". -gone> nothing",
                ". shop@1.0.0",
                "node_modules/@s/b -d> node_modules/d",
                "node_modules/@s/b real-b@2.0.0",
                "node_modules/a -d> node_modules/a/node_modules/d",
                "node_modules/a a@1.0.0",
                "node_modules/a/node_modules/d d@1.0.0",
                "node_modules/broken broken",
                "node_modules/d d@2.0.0",
            ]
        );
        let at = |folder: &str| {
            graph.packages().iter().find(|package| package.folder.as_deref() == Some(folder)).unwrap()
        };
        assert_eq!(at("node_modules/a").install_script, Some(true));
        assert_eq!(at("node_modules/d").install_script, Some(true));
        assert_eq!(at("node_modules/@s/b").install_script, Some(false));
        assert!(at("node_modules/a/node_modules/d").bundled);
        assert_eq!(graph.remarks().len(), 2, "{:?}", graph.remarks());
    }

    #[test]
    fn a_store_with_links_and_a_workspace() {
        let root = project(&[
            ("", r#"{"name": "shop", "dependencies": {"a": "*", "ui": "workspace:*"}}"#),
            ("packages/ui", r#"{"name": "ui", "version": "0.1.0", "devDependencies": {"b": "*"}}"#),
            ("packages/ui/node_modules/b", "->../../../node_modules/.pnpm/b@2.0.0/node_modules/b"),
            (
                "node_modules/.pnpm/a@1.0.0/node_modules/a",
                r#"{"name": "a", "version": "1.0.0", "dependencies": {"b": "*"}, "peerDependencies": {"c": "*"}}"#,
            ),
            ("node_modules/.pnpm/a@1.0.0/node_modules/b", "->../../b@2.0.0/node_modules/b"),
            (
                "node_modules/.pnpm/b@2.0.0/node_modules/b",
                r#"{"name": "b", "version": "2.0.0", "dependencies": {"a": "*"}}"#,
            ),
            ("node_modules/.pnpm/b@2.0.0/node_modules/a", "->../../a@1.0.0/node_modules/a"),
            ("node_modules/.pnpm/c@3.0.0/node_modules/c", r#"{"name": "c", "version": "3.0.0"}"#),
            ("node_modules/.pnpm/node_modules/c", "->../c@3.0.0/node_modules/c"),
            ("node_modules/a", "->.pnpm/a@1.0.0/node_modules/a"),
            ("node_modules/ui", "->../packages/ui"),
            ("node_modules/self", "->.."),
        ]);
        let graph = read_installed(root.path()).unwrap();
        assert_eq!(
            lines(&graph),
            [
                ". -a> node_modules/.pnpm/a@1.0.0/node_modules/a",
                ". -ui> packages/ui",
                ". shop",
                "node_modules/.pnpm/a@1.0.0/node_modules/a -b> node_modules/.pnpm/b@2.0.0/node_modules/b",
                "node_modules/.pnpm/a@1.0.0/node_modules/a -c> node_modules/.pnpm/c@3.0.0/node_modules/c",
                "node_modules/.pnpm/a@1.0.0/node_modules/a a@1.0.0",
                "node_modules/.pnpm/b@2.0.0/node_modules/b -a> node_modules/.pnpm/a@1.0.0/node_modules/a",
                "node_modules/.pnpm/b@2.0.0/node_modules/b b@2.0.0",
                "node_modules/.pnpm/c@3.0.0/node_modules/c c@3.0.0",
                "packages/ui -b> node_modules/.pnpm/b@2.0.0/node_modules/b",
                "packages/ui ui@0.1.0",
            ]
        );
        assert_eq!(graph.roots().len(), 2);
    }

    #[test]
    fn drift_names_what_the_lockfile_does_not_have() {
        let root = project(&[
            ("", r#"{"name": "shop", "dependencies": {"a": "*", "b": "*"}}"#),
            ("node_modules/a", r#"{"name": "a", "version": "1.0.1"}"#),
            ("node_modules/b", r#"{"name": "b", "version": "1.0.0"}"#),
        ]);
        let lock = br#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"a": "*", "b": "*"}, "optionalDependencies": {"o": "*"}},
            "node_modules/a": {"version": "1.0.0"}, "node_modules/b": {"version": "1.0.0"}, "node_modules/o": {"version": "1.0.0", "optional": true}}}"#;
        let input = Input { file: Path::new("package-lock.json"), bytes: lock, manifests: &[] };
        let locked = parse_as(Format::NpmPackageLock, &input).unwrap();
        let installed = read_installed(root.path()).unwrap();
        let drift = drift(&locked, &installed);
        let label = |graph: &DependencyGraph, ids: &[PackageId]| {
            ids.iter().map(|&id| graph.package(id).label()).collect::<Vec<_>>()
        };
        assert_eq!(label(&installed, &drift.unlocked), ["a@1.0.1"]);
        assert_eq!(label(&locked, &drift.absent), ["a@1.0.0"]);
    }

    #[test]
    fn nothing_installed_is_said() {
        let root = project(&[("", "{}")]);
        assert!(read_installed(root.path()).unwrap_err().to_string().contains("nothing is installed"));
    }
}

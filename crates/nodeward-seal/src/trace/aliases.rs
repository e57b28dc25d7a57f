//! Names that the program has `require` take for other things, as `module-alias` and `tsconfig-paths` have it: known
//! from the files that say so and from the manifest or the `tsconfig.json` that they read. What they stand for is listed beside what the names mean by
//! themselves, as they count only from the moment on that they are told.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use nodeward_javascript::{Alias, Mappings, Resolver, loads};
use serde_json::Value;

use super::packages::{self, Manifests};
use super::targets::slashed;

/// The package that reads aliases from a manifest when it is loaded.
const READER: &str = "module-alias";

/// The package that reads them from a `tsconfig.json`, and its file that does so when it is loaded.
const CONFIG_READER: (&str, &str) = ("tsconfig-paths", "register.js");

/// What is known of them so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Aliases {
    /// A name and what stands in its place.
    names: BTreeSet<(String, String)>,
    /// A name with at most one `*`, and a path in which that stands for the same.
    patterns: BTreeSet<(String, String)>,
    /// Folders that names are looked for in as well.
    folders: BTreeSet<String>,
}

impl Aliases {
    /// Adds what a file says. True: it was not known.
    pub(super) fn add(&mut self, told: &[Alias], sources: &Sources<'_>) -> bool {
        let size = |aliases: &Self| (aliases.names.len(), aliases.patterns.len(), aliases.folders.len());
        let before = size(self);
        for alias in told {
            match alias {
                Alias::Name { name, target } => {
                    self.names.insert((name.clone(), target.clone()));
                }
                Alias::Folder(folder) => {
                    self.folders.insert(folder.clone());
                }
                Alias::Pattern { name, target } => {
                    self.patterns.insert((name.clone(), target.clone()));
                }
                Alias::Manifest(folder) => self.add_manifest(Path::new(folder), sources.manifests),
                Alias::Config { at, base } => {
                    if let Some(mappings) = sources.mappings(at.as_deref()) {
                        self.add_mappings(&mappings, sources.base(base.as_deref()));
                    }
                }
            }
        }
        before != size(self)
    }

    /// What a `tsconfig.json` says, or what it comes to where it is said from where names start: at another base, or
    /// below the folder of what was compiled, as it counts while the program runs.
    fn add_mappings(&mut self, mappings: &Mappings, base: Option<PathBuf>) {
        let folder = mappings.files.first().and_then(|file| file.parent()).unwrap_or(Path::new("/"));
        let written = mappings.base.as_deref().unwrap_or(folder);
        let mut bases = vec![written];
        bases.extend(base.as_deref().or(mappings.out.as_deref()));
        for base in bases {
            if mappings.base.is_some() || base != written {
                self.folders.insert(slashed(base));
            }
            for (name, targets) in &mappings.paths {
                for target in targets {
                    let target = match target.strip_prefix(written) {
                        Ok(below) => base.join(below),
                        Err(_) => target.clone(),
                    };
                    self.patterns.insert((name.clone(), slashed(&target)));
                }
            }
        }
    }

    fn add_manifest(&mut self, folder: &Path, manifests: &Manifests) {
        let Some(manifest) = manifests.nearest(folder).filter(|found| found.folder == folder) else { return };
        let base = slashed(folder);
        let below = |path: &str| match path.starts_with('/') {
            true => path.to_owned(),
            false => loads::join_paths(&[&base, path]),
        };
        let names = manifest.json.get("_moduleAliases").and_then(Value::as_object);
        for (name, target) in names.into_iter().flatten() {
            if let Some(target) = target.as_str() {
                self.names.insert((name.clone(), below(target)));
            }
        }
        let folders = manifest.json.get("_moduleDirectories").and_then(Value::as_array);
        for folder in folders.into_iter().flatten().filter_map(Value::as_str) {
            if folder != "node_modules" {
                self.folders.insert(below(folder));
            }
        }
    }

    /// What may stand in the place of a name in a file of the program or of a package.
    pub(super) fn of(&self, name: &str, is_installed: bool) -> Vec<String> {
        if name.is_empty() || name.starts_with(['.', '/', '#']) || Path::new(name).is_absolute() {
            return Vec::new();
        }
        let named = self.names.iter().filter_map(|(alias, target)| {
            let rest = name.strip_prefix(alias.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| loads::join_paths(&[target, rest]))
        });
        let patterns = self.patterns.iter().filter_map(|(pattern, target)| match pattern.split_once('*') {
            None => (pattern == name).then(|| target.clone()),
            Some((before, after)) => {
                let held = name.strip_prefix(before)?.strip_suffix(after)?;
                Some(loads::join_paths(&[&target.replacen('*', held, 1)]))
            }
        });
        let folders = self.folders.iter().filter(|_| !is_installed);
        named.chain(patterns).chain(folders.map(|folder| loads::join_paths(&[folder, name]))).collect()
    }
}

/// Where aliases are read from.
pub(super) struct Sources<'w> {
    pub(super) manifests: &'w Manifests,
    pub(super) resolver: &'w Resolver,
    pub(super) working: &'w Path,
    pub(super) environment: &'w [(String, String)],
}

impl Sources<'_> {
    fn variable(&self, name: &str) -> Option<&str> {
        self.environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What counts in the place of `baseUrl`.
    fn base(&self, said: Option<&str>) -> Option<PathBuf> {
        said.or_else(|| self.variable("TS_NODE_BASEURL"))
            .map(|base| self.working.join(base).components().collect())
    }

    /// The `tsconfig.json` that counts, with what it extends.
    pub(super) fn mappings(&self, at: Option<&str>) -> Option<Mappings> {
        let at = self.working.join(at.or_else(|| self.variable("TS_NODE_PROJECT")).unwrap_or("."));
        if at.is_file() {
            return self.resolver.mappings(&at);
        }
        let names = ["tsconfig.json", "jsconfig.json"];
        let file =
            at.ancestors().flat_map(|folder| names.map(|name| folder.join(name))).find(|file| file.is_file());
        self.resolver.mappings(&file?)
    }
}

/// Which aliases count once a file is loaded, as its package looks for them: those of the manifest in the folder that
/// it is installed in, else in the working directory, or of a `tsconfig.json`.
pub(super) fn read_by(file: &Path, working: &Path) -> Option<Alias> {
    let (package, name) = packages::installed(file)?;
    if name == CONFIG_READER.0 {
        return (file == package.join(CONFIG_READER.1)).then_some(Alias::Config { at: None, base: None });
    }
    if name != READER {
        return None;
    }
    let above = package.parent().and_then(Path::parent).map(Path::to_path_buf);
    let base = above
        .filter(|folder| folder.join("package.json").is_file())
        .unwrap_or_else(|| PathBuf::from(working));
    Some(Alias::Manifest(slashed(&base)))
}

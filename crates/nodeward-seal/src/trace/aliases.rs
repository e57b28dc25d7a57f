//! Names that the program has `require` take for other things, as `module-alias` has it: known from the files that
//! say so and from the manifest that it reads. What they stand for is listed beside what the names mean by
//! themselves, as they count only from the moment on that they are told.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use nodeward_javascript::{Alias, loads};
use serde_json::Value;

use super::packages::{self, Manifests};
use super::targets::slashed;

/// The package that reads aliases from a manifest when it is loaded.
const READER: &str = "module-alias";

/// What is known of them so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Aliases {
    /// A name and what stands in its place.
    names: BTreeSet<(String, String)>,
    /// Folders that names are looked for in as well.
    folders: BTreeSet<String>,
}

impl Aliases {
    /// Adds what a file says. True: it was not known.
    pub(super) fn add(&mut self, told: &[Alias], manifests: &Manifests) -> bool {
        let before = (self.names.len(), self.folders.len());
        for alias in told {
            match alias {
                Alias::Name { name, target } => {
                    self.names.insert((name.clone(), target.clone()));
                }
                Alias::Folder(folder) => {
                    self.folders.insert(folder.clone());
                }
                Alias::Manifest(folder) => self.add_manifest(Path::new(folder), manifests),
            }
        }
        before != (self.names.len(), self.folders.len())
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
        let folders = self.folders.iter().filter(|_| !is_installed);
        named.chain(folders.map(|folder| loads::join_paths(&[folder, name]))).collect()
    }
}

/// Which manifest's aliases count once a file is loaded, as its package looks for one: in the folder that it is
/// installed in, else in the working directory.
pub(super) fn read_by(file: &Path, working: &Path) -> Option<Alias> {
    let (package, _) = packages::installed(file).filter(|(_, name)| name == READER)?;
    let above = package.parent().and_then(Path::parent).map(Path::to_path_buf);
    let base = above
        .filter(|folder| folder.join("package.json").is_file())
        .unwrap_or_else(|| PathBuf::from(working));
    Some(Alias::Manifest(slashed(&base)))
}

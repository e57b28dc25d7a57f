//! What the signals look at. The binary gathers it; nothing here opens a file.

use std::path::{Path, PathBuf};

use nodeward_package::npm_config::{Layer, NpmConfig};
use nodeward_package::{DependencyGraph, Manifest, Origin, Package, PackageId};
use rustc_hash::FxHashSet;

use crate::install::Judged;

/// Everything at once.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The projects, one for each lockfile.
    pub projects: &'a [Project<'a>],
    /// npm's configuration, all layers.
    pub npm: &'a NpmConfig,
    /// The files that the configuration was read from.
    pub configuration_files: &'a [ConfigurationFile],
}

/// One lockfile (or bare manifest) and what stands beside it.
#[derive(Debug, Clone, Copy)]
pub struct Project<'a> {
    /// What the lockfile says.
    pub graph: &'a DependencyGraph,
    /// The manifests of the project and its members.
    pub manifests: &'a [ProjectManifest<'a>],
    /// All lockfiles in the lockfile's folder, itself included, as the user would name them.
    pub lockfiles: &'a [PathBuf],
    /// What `node_modules` holds, where there is one.
    pub installed: Option<&'a DependencyGraph>,
    /// What the installed packages say of themselves, where `node_modules` was looked into.
    pub installed_packages: &'a [InstalledPackage],
    /// What runs when it is installed, read, and what was decided about it; empty where nobody looked.
    pub scripts: &'a [Judged<'a>],
}

/// A `package.json` of the project or of a member of its workspace.
#[derive(Debug, Clone, Copy)]
pub struct ProjectManifest<'a> {
    /// Its folder relative to the lockfile's, with `/`; empty for the lockfile's own.
    pub folder: &'a str,
    /// The file, as the user would name it.
    pub file: &'a Path,
    /// What it says.
    pub manifest: &'a Manifest,
}

/// What an installed package says about being installed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstalledPackage {
    /// Its folder relative to the lockfile's: `node_modules/a/node_modules/b`.
    pub folder: Box<str>,
    /// The scripts that an install runs, as (`postinstall`, command).
    pub install_scripts: Vec<(Box<str>, Box<str>)>,
    /// It has a `binding.gyp`.
    pub binding_gyp: bool,
}

/// A configuration file and how it lies on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationFile {
    /// The same path as in the settings' places.
    pub file: PathBuf,
    /// Which layer it stands for.
    pub layer: Layer,
    /// Unix permission bits; `None` where there are none, or not known.
    pub mode: Option<u32>,
    /// Whether git tracks it; `None` where that is not known.
    pub tracked: Option<bool>,
}

impl InstalledPackage {
    /// What an installed package's own manifest says; `folder` is relative to the lockfile's.
    pub fn new(folder: &str, manifest: &Manifest, binding_gyp: bool) -> Self {
        let stages = ["preinstall", "install", "postinstall"];
        let scripts = stages.into_iter().filter_map(|stage| manifest.script(stage));
        Self {
            folder: folder.into(),
            install_scripts: scripts.map(|script| (script.name.clone(), script.value.clone())).collect(),
            // npm builds by itself only where the manifest does not deny it.
            binding_gyp: binding_gyp && !manifest.gypfile_denied,
        }
    }
}

impl Context<'_> {
    pub(crate) fn configuration_file(&self, file: &Path) -> Option<&ConfigurationFile> {
        self.configuration_files.iter().find(|known| known.file == file)
    }
}

impl<'a> Project<'a> {
    /// What is known of the scripts of a release.
    pub(crate) fn scripts_of(&self, package: &Package) -> Option<&'a Judged<'a>> {
        self.scripts
            .iter()
            .find(|judged| judged.item.name == package.name && judged.item.version == package.version_text)
    }

    /// Name and major version of the package manager that the project says it uses.
    pub(crate) fn package_manager(&self) -> Option<(&'a str, u64)> {
        let own = self.manifests.iter().find(|manifest| manifest.folder.is_empty())?;
        let (name, version) = own.manifest.package_manager.as_ref()?.text.split_once('@')?;
        Some((name, version.split('.').next()?.parse().ok()?))
    }

    /// The packages that are not the project's own, one for each release: two copies in one tree are one release.
    pub(crate) fn releases(&self) -> impl Iterator<Item = (PackageId, &'a Package)> {
        self.releases_from(|_| true)
    }

    /// The same, of some origins only; those are told apart first, since most signals want few.
    pub(crate) fn releases_from(
        &self,
        is_wanted: impl Fn(&Origin) -> bool,
    ) -> impl Iterator<Item = (PackageId, &'a Package)> {
        let mut seen = FxHashSet::default();
        self.graph.iter().filter(move |(_, package)| {
            let origin = std::mem::discriminant(&package.origin);
            !package.origin.is_first_party()
                && is_wanted(&package.origin)
                && seen.insert((&package.name, &package.version_text, origin))
        })
    }

    /// The same, but entries of one release that differ in where they come from or what they are checked against
    /// are each there: one bad copy among good ones must not hide.
    /// Only those that are wanted, which is asked first: most signals want few.
    pub(crate) fn entries(
        &self,
        is_wanted: impl Fn(&Package) -> bool,
    ) -> impl Iterator<Item = (PackageId, &'a Package)> {
        let mut seen = FxHashSet::default();
        self.graph.iter().filter(move |(_, package)| {
            let key = (&package.name, &package.version_text, &package.origin, &package.integrity);
            !package.origin.is_first_party() && is_wanted(package) && seen.insert(key)
        })
    }
}

//! Gathers what signals look at beside the lockfile: manifests, npm's settings, what is installed.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::civil::Date;
use nodeward_package::lockfile::{self, Format};
use nodeward_package::npm_config::Layer;
use nodeward_package::{DependencyGraph, LockfileError, Manifest, Origin};
use nodeward_report::{Finding, Gap, Printable};
use nodeward_review::install::{Decisions, Hashes, Judged};
use nodeward_review::{ConfigurationFile, Context, InstalledPackage, ProjectManifest};

use crate::disk;
use crate::git;
use crate::install_scripts::{self, Known};
use crate::npm_settings::NpmSettings;
use crate::projects::Project;

/// Every name that a package manager's lockfile can have.
pub(crate) const LOCKFILE_NAMES: [&str; 7] = [
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "shrinkwrap.yaml",
    "bun.lock",
    "bun.lockb",
];

/// A manifest no larger than this is read; real ones have a few kilobytes.
const MAX_MANIFEST_BYTES: u64 = 16 << 20;

/// Runs every signal on a project.
pub(crate) fn signals(
    project: &Project,
    installed: Option<&DependencyGraph>,
    npm: &NpmSettings,
    (decisions, today): (&Decisions, Date),
    gaps: &mut Vec<Gap>,
) -> Vec<Finding> {
    let manifests = manifests(project, gaps);
    let manifests: Vec<ProjectManifest<'_>> =
        manifests.iter().map(|(folder, file, manifest)| ProjectManifest { folder, file, manifest }).collect();
    let lockfiles = lockfiles(project);
    let installed_packages = installed.map_or_else(Vec::new, |graph| installed_packages(project, graph));
    let configuration_files: Vec<ConfigurationFile> = npm
        .files
        .iter()
        .map(|file| ConfigurationFile {
            file: file.path.clone(),
            layer: file.layer,
            mode: file.mode,
            tracked: match file.layer {
                Layer::Project => git::is_tracked(&file.path),
                _ => None,
            },
        })
        .collect();
    // Without a tree there is nothing to read, and the lockfile says the rest.
    let looks =
        installed.is_some() || project.graph.format() == Format::Installed || !decisions.allow.is_empty();
    let items = match looks {
        true => {
            let manager = install_scripts::manager(project);
            install_scripts::take(project, installed, manager, Hashes::Of(&decisions.allow)).items
        }
        false => Vec::new(),
    };
    let known = Known::read(&project.folder);
    let scripts: Vec<Judged<'_>> =
        items.iter().map(|item| Judged { item, state: known.state(item, decisions, today) }).collect();
    let beside = nodeward_review::Project {
        scripts: &scripts,
        graph: &project.graph,
        manifests: &manifests,
        lockfiles: &lockfiles,
        installed,
        installed_packages: &installed_packages,
    };
    nodeward_review::check(&Context {
        projects: &[beside],
        npm: &npm.config,
        configuration_files: &configuration_files,
    })
}

/// The manifests of the project and of its workspace's members, by folder relative to the lockfile's. One that is
/// missing is the lockfile reader's to report.
fn manifests(project: &Project, gaps: &mut Vec<Gap>) -> Vec<(String, PathBuf, Manifest)> {
    let mut folders: Vec<&str> = vec![""];
    folders.extend(project.graph.roots().iter().filter_map(
        |&root| match &project.graph.package(root).origin {
            Origin::Workspace { path } => Some(&**path),
            _ => None,
        },
    ));
    folders
        .into_iter()
        .filter_map(|folder| {
            let file = beside(project, folder).join("package.json");
            match try_read_manifest(&file) {
                Ok(manifest) => Some((folder.to_owned(), file, manifest?)),
                Err(error) => {
                    gaps.push(Gap {
                        message: Printable(&format!("{error:#}")).to_string(),
                        remedy: "mend it, or make it readable, and scan again".to_owned(),
                    });
                    None
                }
            }
        })
        .collect()
}

/// A manifest that says something to us, if it is there and can be read.
pub(crate) fn read_manifest(file: &Path) -> Option<Manifest> {
    try_read_manifest(file).ok().flatten()
}

/// The same; what is wrong with one that is there is an error.
pub(crate) fn try_read_manifest(file: &Path) -> anyhow::Result<Option<Manifest>> {
    match disk::read_bounded(file, MAX_MANIFEST_BYTES) {
        Ok(bytes) => Ok(Some(Manifest::parse(file, &bytes)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

/// A path beside the lockfile, as the user would name it: without a leading `./`.
pub(crate) fn beside(project: &Project, path: &str) -> PathBuf {
    let path = project.folder.join(path);
    path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path)
}

fn lockfiles(project: &Project) -> Vec<PathBuf> {
    LOCKFILE_NAMES.iter().map(|name| beside(project, name)).filter(|file| file.is_file()).collect()
}

/// What is installed beside a lockfile, where there is something. What can't be read there is `Err`.
pub(crate) fn installed(project: &Project) -> Option<Result<DependencyGraph, LockfileError>> {
    let is_lockfile = !matches!(
        project.graph.format(),
        Format::Installed | Format::Manifest | Format::CycloneDx | Format::Spdx
    );
    (is_lockfile && project.folder.join("node_modules").is_dir())
        .then(|| lockfile::read_installed(beside(project, "").as_path()))
}

/// What the installed packages that run something say of it.
fn installed_packages(project: &Project, installed: &DependencyGraph) -> Vec<InstalledPackage> {
    let folders = installed.packages().iter().filter(|package| package.install_script == Some(true));
    folders
        .filter_map(|package| {
            let folder = package.folder.clone()?;
            let path = project.folder.join(&*folder);
            let manifest = read_manifest(&path.join("package.json"))?;
            Some(InstalledPackage::new(&folder, &manifest, path.join("binding.gyp").is_file()))
        })
        .collect()
}

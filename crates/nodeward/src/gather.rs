//! Gathers what signals look at beside the lockfile: manifests, npm's settings, statements about Node.js.

use std::path::{Path, PathBuf};

use nodeward_advisory::node::{NodeUse, Schedule};
use nodeward_package::npm_config::Layer;
use nodeward_package::{Manifest, Origin};
use nodeward_report::Finding;
use nodeward_review::{ConfigurationFile, Context, ProjectManifest};

use crate::git;
use crate::npm_settings::NpmSettings;
use crate::projects::Project;
use crate::session::Session;

/// Every name that a package manager's lockfile can have.
const LOCKFILE_NAMES: [&str; 7] = [
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
pub(crate) fn signals(project: &Project, npm: &NpmSettings) -> Vec<Finding> {
    let manifests = manifests(project);
    let manifests: Vec<ProjectManifest<'_>> =
        manifests.iter().map(|(folder, file, manifest)| ProjectManifest { folder, file, manifest }).collect();
    let lockfiles = lockfiles(project);
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
    let beside = nodeward_review::Project {
        graph: &project.graph,
        manifests: &manifests,
        lockfiles: &lockfiles,
        installed: None,
        installed_packages: &[],
    };
    nodeward_review::check(&Context {
        projects: &[beside],
        npm: &npm.config,
        configuration_files: &configuration_files,
    })
}

/// The manifests of the project and of its workspace's members, by folder relative to the lockfile's. One that is
/// missing or broken is the lockfile reader's to report: it reads the same files.
fn manifests(project: &Project) -> Vec<(String, PathBuf, Manifest)> {
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
            let manifest = read_manifest(&file)?;
            Some((folder.to_owned(), file, manifest))
        })
        .collect()
}

fn read_manifest(file: &Path) -> Option<Manifest> {
    if std::fs::metadata(file).ok()?.len() > MAX_MANIFEST_BYTES {
        return None;
    }
    Manifest::parse(file, &std::fs::read(file).ok()?).ok()
}

/// A path beside the lockfile, as the user would name it: without a leading `./`.
fn beside(project: &Project, path: &str) -> PathBuf {
    let path = project.folder.join(path);
    path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path)
}

fn lockfiles(project: &Project) -> Vec<PathBuf> {
    LOCKFILE_NAMES.iter().map(|name| beside(project, name)).filter(|file| file.is_file()).collect()
}

/// Everything that says on which Node.js the projects run.
pub(crate) fn node_statements(
    _projects: &[Project],
    _schedule: &Schedule,
    _session: &Session,
) -> anyhow::Result<Vec<NodeUse>> {
    Ok(Vec::new())
}

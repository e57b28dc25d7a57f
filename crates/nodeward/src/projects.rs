//! From the paths of the command line to the projects behind them.
//!
//! What can't be read is told, and the rest is still looked at: a gap is never silent.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::bail;
use nodeward_package::lockfile::{self, Format};
use nodeward_package::{DependencyGraph, LockfileError};
use nodeward_report::{Gap, Printable};

use crate::session::Session;
use crate::undo;

/// One project as it was read.
#[derive(Debug)]
pub(crate) struct Project {
    /// Its name, or its folder's.
    pub(crate) name: String,
    /// The folder that its lockfile stands in, as the user would name it; never empty.
    pub(crate) folder: PathBuf,
    /// Its graph.
    pub(crate) graph: DependencyGraph,
}

/// Everything behind the paths.
#[derive(Debug, Default)]
pub(crate) struct Projects {
    /// What was read.
    pub(crate) projects: Vec<Project>,
    /// What was not.
    pub(crate) gaps: Vec<Gap>,
    /// How many paths or files could not be read at all.
    failures: Vec<String>,
    /// Manifests that no lockfile and no installed tree answers for.
    unresolved: Vec<PathBuf>,
    /// The folders of all that was read or should have been.
    folders: BTreeSet<PathBuf>,
}

/// Whose work notes in the projects may tell of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notes {
    /// Somebody else's: what is read may be half changed.
    Foreign,
    /// This run's own.
    Own,
}

/// Reads every project behind the paths; the current folder where there is no path.
///
/// Fails only where nothing at all could be read.
pub(crate) fn read(paths: &[PathBuf], notes: Notes, session: &Session) -> anyhow::Result<Projects> {
    let mut projects = Projects::default();
    let here = [PathBuf::from(".")];
    for path in if paths.is_empty() { &here[..] } else { paths } {
        if path.is_dir() && path.file_name().is_none_or(|name| name != "node_modules") {
            projects.read_folder(path);
        } else {
            projects.read_file(path);
        }
    }
    projects.tell_unresolved();
    if notes == Notes::Foreign {
        projects.tell_unfinished();
    }
    if projects.projects.is_empty() {
        let Some((last, others)) = projects.failures.split_last() else {
            bail!("nothing to look at");
        };
        for failure in others {
            session.print_error(&anyhow::anyhow!("{failure}"));
        }
        bail!("{last}");
    }
    Ok(projects)
}

impl Projects {
    fn read_folder(&mut self, folder: &Path) {
        let discovery = lockfile::discover(folder);
        for error in &discovery.unread {
            self.fail(error);
        }
        let nothing =
            discovery.lockfiles.is_empty() && discovery.manifests.is_empty() && discovery.unread.is_empty();
        let installed = folder.join("node_modules");
        if nothing && installed.is_dir() {
            self.read_file(&short(&installed));
            return;
        }
        if nothing {
            self.failures.push(format!(
                "{}: no lockfile and no package.json here or below; name the project's folder, a lockfile or an SBOM",
                folder.display()
            ));
            self.gaps.push(Gap {
                message: format!("{}: no project was found", folder.display()),
                remedy: "name the project's folder, a lockfile or an SBOM".to_owned(),
            });
            return;
        }
        for found in &discovery.lockfiles {
            self.read_file(&short(&found.path));
        }
        for manifest in &discovery.manifests {
            let installed = manifest.with_file_name("node_modules");
            if discovery.installed.contains(&installed) {
                self.read_file(&short(&installed));
            } else {
                self.read_file(&short(manifest));
            }
        }
    }

    fn read_file(&mut self, path: &Path) {
        self.folders.insert(path.parent().unwrap_or(Path::new("")).to_path_buf());
        match lockfile::read(path) {
            Ok(graph) => self.add(path, graph),
            Err(error) => self.fail(&error),
        }
    }

    fn add(&mut self, path: &Path, graph: DependencyGraph) {
        if graph.format() == Format::Manifest {
            // A manifest that requires nothing (an example, a test's fixture) leaves nothing unchecked.
            if graph.edges().is_empty() {
                if self.projects.is_empty() && self.unresolved.is_empty() {
                    self.push(path, graph);
                }
                return;
            }
            self.unresolved.push(path.to_path_buf());
        }
        self.push(path, graph);
    }

    fn push(&mut self, path: &Path, graph: DependencyGraph) {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
            _ => PathBuf::from("."),
        };
        let name = graph
            .roots()
            .first()
            .map(|&root| graph.package(root).name.as_str())
            .filter(|name| !name.starts_with('('))
            .map(str::to_owned)
            .or_else(|| {
                let absolute = std::fs::canonicalize(&folder).ok()?;
                Some(absolute.file_name()?.to_string_lossy().into_owned())
            })
            .unwrap_or_else(|| "project".to_owned());
        self.projects.push(Project { name, folder, graph });
    }

    fn fail(&mut self, error: &LockfileError) {
        let remedy = match error {
            LockfileError::Io { .. } => "check the path and its permissions, and try again",
            LockfileError::UnknownFormat { .. } => "name a lockfile, a package.json or an SBOM",
            LockfileError::MergeConflict { .. } => "resolve the conflict, and check again",
            _ => "write it anew with the package manager that it belongs to, and check again",
        };
        let message = error.to_string();
        // Some say themselves what to do.
        let has_remedy = message.contains("; ");
        self.failures.push(if has_remedy { message.clone() } else { format!("{message}; {remedy}") });
        self.gaps.push(Gap { message: Printable(&message).to_string(), remedy: remedy.to_owned() });
    }

    /// Where work on the files broke off, what is read is neither what was nor what should be.
    fn tell_unfinished(&mut self) {
        for folder in &self.folders {
            self.failures.extend(undo::said(folder));
            self.gaps.extend(undo::gap(folder));
        }
    }

    fn tell_unresolved(&mut self) {
        let Some(first) = self.unresolved.first() else { return };
        let message = match self.unresolved.len() {
            1 => format!("{}: no lockfile, so the versions are not known", first.display()),
            count => format!(
                "{} and {} more package.json: no lockfile, so the versions are not known",
                first.display(),
                count - 1
            ),
        };
        self.gaps.push(Gap {
            message: Printable(&message).to_string(),
            remedy:
                "install, or write a lockfile alone with `npm install --package-lock-only --ignore-scripts`"
                    .to_owned(),
        });
    }
}

/// `./a` is `a` to the user.
fn short(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_path_buf()
}

//! Which source files are looked at.
//!
//! Symbolic links are not followed, so that nothing outside the folders is read. What nobody wrote (built, bundled,
//! minified) is left out of the project's own code, counted, and read when it is named.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use nodeward_javascript::discover::{FileClass, Tree, discover};
use nodeward_lint::Origin;
use nodeward_lint::driver::SourceFile;
use nodeward_package::lockfile;
use nodeward_report::{Gap, Printable};

use super::on_disk;

/// Folders that hold what a build made, where the sources stand beside them.
const BUILT: &[&str] = &["build", "dist", "out"];
/// Folders that hold nothing else, wherever they stand.
const MADE: &[&str] = &["coverage", ".next", ".nuxt", ".svelte-kit", ".turbo", ".cache"];

/// Whether tests are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tests {
    Looked,
    LeftOut,
}

/// The files of a run.
#[derive(Debug, Default)]
pub(crate) struct Selected {
    /// Each once, whatever the paths.
    pub(crate) files: Vec<SourceFile>,
    /// How many were left out, because nobody wrote them.
    pub(crate) left_out: usize,
    /// What could not be read.
    pub(crate) gaps: Vec<Gap>,
    known: HashSet<PathBuf>,
}

/// The project's own source below the paths; the current folder where there is no path.
pub(crate) fn own(paths: &[PathBuf], tests: Tests) -> anyhow::Result<Selected> {
    let mut selected = Selected::default();
    let here = [PathBuf::from(".")];
    for path in if paths.is_empty() { &here[..] } else { paths } {
        let metadata = std::fs::metadata(path)
            .map_err(|error| anyhow::anyhow!("cannot read {}: {error}", path.display()))?;
        if metadata.is_dir() {
            selected.add_folder(path, tests);
        } else if metadata.is_file() {
            selected.add(on_disk(path.clone(), shown(path)));
        } else {
            anyhow::bail!("{} is neither a file nor a folder", path.display());
        }
    }
    Ok(selected)
}

impl Selected {
    fn add_folder(&mut self, folder: &Path, tests: Tests) {
        // What git ignores is read where it is asked for by name.
        let installed = folder.components().any(|part| part.as_os_str() == "node_modules");
        let found = discover(folder, if installed { Tree::Dependency } else { Tree::Project });
        self.unread(folder, &found.unread);
        for file in found.files {
            if file.class == FileClass::Generated || is_built(folder, &file.path) {
                self.left_out += 1;
            } else if tests == Tests::Looked || file.class != FileClass::Test {
                let path = folder.join(&file.path);
                self.add(on_disk(path.clone(), shown(&path)));
            }
        }
    }

    fn unread(&mut self, folder: &Path, unread: &[(PathBuf, String)]) {
        for (path, reason) in unread {
            let message = format!("{} was not checked: {reason}", shown(&folder.join(path)).display());
            self.gaps.push(Gap {
                message: Printable(&message).to_string(),
                remedy: "make it readable, and check again".to_owned(),
            });
        }
    }

    fn add(&mut self, file: SourceFile) {
        let nodeward_lint::Text::Disk(path) = &file.text else { return };
        let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        self.add_once(file, real);
    }

    fn add_once(&mut self, file: SourceFile, real: PathBuf) {
        if self.known.insert(real) {
            self.files.push(file);
        }
    }

    /// Adds the production dependencies that are installed beside a project.
    pub(crate) fn add_dependencies(&mut self, project: &Path) -> anyhow::Result<()> {
        let graph = lockfile::read_installed(project)?;
        let root = std::fs::canonicalize(project)?;
        for package in graph.packages() {
            let Some(folder) = &package.folder else { continue };
            if package.origin.is_first_party() || !package.reach.production {
                continue;
            }
            let folder = project.join(&**folder);
            // A link of the tree may lead anywhere; what is outside belongs to somebody else.
            let real = std::fs::canonicalize(&folder).ok().filter(|real| real.starts_with(&root));
            let Some(real) = real else {
                self.unread(&folder, &[(PathBuf::new(), "it stands outside the project".to_owned())]);
                continue;
            };
            let found = discover(&folder, Tree::Dependency);
            self.unread(&folder, &found.unread);
            let origin =
                Origin::Dependency { name: package.name.clone(), version: package.version_text.clone() };
            for file in found.files.iter().filter(|file| file.class != FileClass::Test) {
                let path = folder.join(&file.path);
                let below = real.join(&file.path);
                // Below the folder no link is followed, so that its own real path is enough.
                self.add_once(
                    SourceFile { origin: origin.clone(), ..on_disk(path.clone(), shown(&path)) },
                    below,
                );
            }
        }
        Ok(())
    }
}

/// Whether a build made the file: `dist/a.js` beside a `src`, `coverage/b.js`.
fn is_built(root: &Path, below: &Path) -> bool {
    let mut folder = root.to_path_buf();
    for part in below.parent().into_iter().flat_map(Path::components) {
        let name = part.as_os_str();
        let is = |names: &[&str]| names.iter().any(|known| name == *known);
        if is(MADE) || (is(BUILT) && folder.join("package.json").is_file() && folder.join("src").is_dir()) {
            return true;
        }
        folder.push(name);
    }
    false
}

/// `./a` is `a` to the user.
fn shown(path: &Path) -> PathBuf {
    let parts = path.components().filter(|part| *part != Component::CurDir);
    parts.collect()
}

//! The programs of the machine, looked for along `PATH` where no dependency of a project can have put them.
//!
//! `npm run`, `npx` and the like put the programs of dependencies first in `PATH`. Whatever Nodeward starts
//! unconfined, a package manager, Node.js or git, must be none of these: its author would run as the user before a
//! single script was judged.

use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use anyhow::bail;

use crate::session::{self, Session};

/// The variable by which yarn 2 and later tell of the folder where they put programs for a script.
const BERRY_FOLDER: &str = "BERRY_BIN_FOLDER";

/// The folders of `PATH` in which programs are looked for, in order: none of the project, none in which a package
/// manager puts programs of dependencies.
pub(crate) fn folders(project: Option<&Path>, session: &Session) -> Vec<PathBuf> {
    let grounds = grounds(project, session);
    let berry = session.variable(BERRY_FOLDER).map(Path::new);
    let mut folders = session::program_folders(session);
    folders.retain(|folder| {
        let real = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.clone());
        let is_foreign = |folder: &Path| !is_of_dependencies(folder) && !is_within(folder, &grounds);
        is_foreign(folder) && is_foreign(&real) && berry != Some(folder)
    });
    folders
}

/// `PATH` for a program that is started unconfined: what it looks for by name has to be the machine's, too.
pub(crate) fn path(project: Option<&Path>, session: &Session) -> OsString {
    std::env::join_paths(folders(project, session)).unwrap_or_default()
}

/// A program of the machine. One that only leads into the project is none.
pub(crate) fn find(name: &str, project: Option<&Path>, session: &Session) -> Option<PathBuf> {
    let grounds = grounds(project, session);
    let is_foreign = |file: &PathBuf| {
        let real = std::fs::canonicalize(file);
        file.is_file() && real.is_ok_and(|real| !is_within(&real, &grounds))
    };
    candidates(name, folders(project, session)).find(is_foreign)
}

/// The same, where nothing can be done without.
///
/// # Errors
/// It is not there, or only where dependencies put theirs; says what it is needed for.
pub(crate) fn needed(
    name: &str,
    purpose: &str,
    project: &Path,
    session: &Session,
) -> anyhow::Result<PathBuf> {
    if let Some(file) = find(name, Some(project), session) {
        return Ok(file);
    }
    match candidates(name, session::program_folders(session)).find(|file| file.is_file()) {
        Some(file) => bail!(
            "{name} is on the PATH only as {}, where a dependency can have put it, and is not started from there (have one outside of the project and of any node_modules/.bin); {purpose}",
            file.display()
        ),
        None => bail!("{name} is not on the PATH; {purpose}"),
    }
}

fn candidates(name: &str, folders: Vec<PathBuf>) -> impl Iterator<Item = PathBuf> {
    let names = if cfg!(windows) {
        [".exe", ".cmd", ".bat", ""].iter().map(|extension| format!("{name}{extension}")).collect()
    } else {
        vec![name.to_owned()]
    };
    folders
        .into_iter()
        .flat_map(move |folder| names.clone().into_iter().map(move |name| folder.join(OsString::from(name))))
}

/// The project's folder, and the current one where that is a project: what is built or asked about elsewhere was named
/// from there.
fn grounds(project: Option<&Path>, session: &Session) -> Vec<PathBuf> {
    let here = session.directory.join("package.json").is_file().then_some(session.directory.as_path());
    let project = project.map(|project| session.directory.join(project));
    let named = [project.as_deref(), here].into_iter().flatten();
    named.flat_map(|folder| [Some(folder.to_owned()), std::fs::canonicalize(folder).ok()]).flatten().collect()
}

fn is_within(path: &Path, grounds: &[PathBuf]) -> bool {
    grounds.iter().any(|ground| path.starts_with(ground))
}

/// Whether a package manager puts programs of dependencies there: `node_modules/.bin`, and the folder that yarn 2 and
/// later make for a script.
fn is_of_dependencies(folder: &Path) -> bool {
    let names: Vec<&OsStr> = folder
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name),
            _ => None,
        })
        .collect();
    let is_bin = |pair: &[&OsStr]| {
        pair[0].eq_ignore_ascii_case("node_modules") && pair[1].eq_ignore_ascii_case(".bin")
    };
    names.windows(2).any(is_bin) || names.last().is_some_and(|name| is_made_by_berry(name))
}

/// `xfs-` and eight digits.
fn is_made_by_berry(name: &OsStr) -> bool {
    let digits = name.to_str().and_then(|name| name.strip_prefix("xfs-"));
    digits.is_some_and(|digits| digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_dependencies_are_known_by_their_names() {
        for folder in
            ["/p/node_modules/.bin", "/p/node_modules/.bin/more", "/P/Node_Modules/.BIN", "/tmp/xfs-0a1b2c3d"]
        {
            assert!(is_of_dependencies(Path::new(folder)), "{folder}");
        }
        for folder in
            ["/usr/lib/node_modules/npm/bin", "/p/.bin", "/usr/bin", "/tmp/xfs-0a1b2c3g", "/tmp/xfs-1"]
        {
            assert!(!is_of_dependencies(Path::new(folder)), "{folder}");
        }
    }
}

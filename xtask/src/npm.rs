//! Packages from npm, through the user's own npm and its configuration.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

/// Unpacks the tarball of one release into a folder, in which it is then `package`. Its dependencies are not fetched,
/// and nothing of it is run.
///
/// # Errors
/// npm is missing or can't reach its registry, or the disk is full.
pub(crate) fn unpack(release: &str, into: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(into)?;
    let npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
        .args(["pack", "--ignore-scripts", "--json", "--loglevel=error", release])
        .current_dir(into)
        .output()
        .context("running npm")?;
    ensure!(npm.status.success(), "npm pack: {}", String::from_utf8_lossy(&npm.stderr).trim());
    let tarball = fs::read_dir(into)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .context("npm pack wrote no tarball")?;
    let tar =
        Command::new("tar").arg("-xzf").arg(&tarball).current_dir(into).status().context("running tar")?;
    ensure!(tar.success(), "tar could not unpack {release}");
    fs::remove_file(&tarball)?;
    Ok(())
}

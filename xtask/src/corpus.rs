//! The packages with known flaws, and what the rules find of them.
//!
//! They are fetched by name with the user's own `npm`, which never runs their scripts, into a folder outside the
//! checkout: nothing of them becomes part of it. What cannot be had any more is written down with the reason.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::{cargo, run as run_command, say};

/// What stands for everyday production code: the policy `common` is measured on it.
const CLOSURE: &[&str] =
    &["express", "fastify", "mongoose", "mysql2", "sequelize", "socket.io", "webpack", "pug", "ejs"];
/// How many packages are fetched at a time.
const WORKERS: usize = 3;
/// The most bytes of a tarball, of what it holds, and its most entries.
const TARBALL_BYTES: u64 = 256 << 20;
const UNPACKED_BYTES: u64 = 1 << 30;
const ENTRIES: usize = 50_000;

/// Where the packages are and what is known of them.
struct Corpus {
    folder: PathBuf,
    labels: PathBuf,
}

/// `cargo xtask corpus [--dir DIR] [--only NAME]`.
pub(crate) fn fetch(root: &Path, args: &[String]) -> anyhow::Result<()> {
    let corpus = Corpus::open(root, args)?;
    let only = value(args, "--only").unwrap_or_default();
    let names: Vec<String> = corpus.releases()?.into_iter().filter(|name| name.contains(only)).collect();
    let next = AtomicUsize::new(0);
    let missing = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = corpus.release(name) {
                        let line = format!("{name}\t{error:#}");
                        missing.lock().expect("no thread panics with it").push(line.replace('\n', " "));
                    }
                }
            });
        }
    });
    let mut missing = missing.into_inner().expect("no thread panics with it");
    missing.sort();
    if only.is_empty() {
        corpus.closure()?;
        fs::write(corpus.folder.join("missing.tsv"), missing.join("\n"))?;
    }
    say(&format!(
        "{} of {} releases are in {}; missing.tsv says why the others are not",
        names.len() - missing.len(),
        names.len(),
        corpus.folder.display()
    ));
    Ok(())
}

/// The closure, fetched if need be.
pub(crate) fn closure(root: &Path) -> anyhow::Result<PathBuf> {
    let corpus = Corpus { folder: cache()?.join("nodeward-corpus"), labels: PathBuf::new() };
    refuse_inside(root, &corpus.folder)?;
    corpus.closure()?;
    Ok(corpus.folder.join("closure"))
}

/// `cargo xtask recall [--dir DIR] [OPTION…]`: the options are those of the example `recall` of the lint crate.
pub(crate) fn recall(root: &Path, args: &[String]) -> anyhow::Result<()> {
    let corpus = Corpus::open(root, args)?;
    let example = ["run", "--release", "--quiet", "-p", "nodeward-lint", "--example", "recall", "--"];
    let mut command = cargo();
    command.args(example).arg(&corpus.labels).arg(&corpus.folder);
    let dir = args.iter().position(|arg| arg == "--dir");
    let own = |at: &usize| dir.is_none_or(|dir| *at != dir && *at != dir + 1);
    command.args((0..args.len()).filter(own).map(|at| &args[at]));
    run_command(&mut command)
}

/// Other people's code has no place in the checkout.
fn refuse_inside(root: &Path, folder: &Path) -> anyhow::Result<()> {
    ensure!(!folder.starts_with(root), "{} is inside the checkout", folder.display());
    Ok(())
}

fn value<'a>(args: &'a [String], name: &str) -> Option<&'a str> {
    let at = args.iter().position(|arg| arg == name)?;
    args.get(at + 1).map(String::as_str)
}

impl Corpus {
    fn open(root: &Path, args: &[String]) -> anyhow::Result<Self> {
        let data =
            std::env::var_os("NODEWARD_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
        let labels = data.join("vulnerable-code/labels.json");
        ensure!(labels.is_file(), "no labels: set NODEWARD_DATA to the folder with the test data");
        let folder = match value(args, "--dir") {
            Some(dir) => PathBuf::from(dir),
            None => cache()?.join("nodeward-corpus"),
        };
        let folder = std::path::absolute(folder)?;
        refuse_inside(root, &folder)?;
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let folder = folder.canonicalize()?;
        refuse_inside(&root.canonicalize()?, &folder)?;
        Ok(Self { folder, labels })
    }

    /// `name@version` of every label.
    fn releases(&self) -> anyhow::Result<BTreeSet<String>> {
        let labels: Vec<Value> = serde_json::from_slice(&fs::read(&self.labels)?)?;
        let text = |label: &Value, key: &str| label[key].as_str().unwrap_or_default().trim().to_owned();
        Ok(labels
            .iter()
            .map(|label| format!("{}@{}", text(label, "package"), text(label, "version")))
            .collect())
    }

    /// Fetches and unpacks one release, unless it is there.
    fn release(&self, name: &str) -> anyhow::Result<()> {
        let folder = self.folder.join(name.replace('/', "+"));
        if folder.join("done").exists() {
            return Ok(());
        }
        // What an earlier run began is begun again.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let mut npm = Command::new("npm");
        npm.args(["pack", name, "--ignore-scripts", "--silent", "--pack-destination"]).arg(&folder);
        npm.current_dir(&folder);
        let result = checked(&mut npm).and_then(|_| unpack(&folder));
        match result {
            Ok(()) => Ok(fs::write(folder.join("done"), "")?),
            Err(error) => {
                let _ = fs::remove_dir_all(&folder);
                Err(error)
            }
        }
    }

    /// Installs the closure, unless it is there.
    fn closure(&self) -> anyhow::Result<()> {
        let folder = self.folder.join("closure");
        if folder.join("node_modules").is_dir() {
            return Ok(());
        }
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("package.json"), "{ \"private\": true }\n")?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"]).args(CLOSURE);
        checked(npm.current_dir(&folder)).map(drop)
    }
}

/// Unpacks the one tarball of a folder, within limits.
fn unpack(folder: &Path) -> anyhow::Result<()> {
    let is_tarball = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "tgz");
    let mut files = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let tarball = files.find(is_tarball).context("npm wrote no tarball")?;
    let size = fs::metadata(&tarball)?.len();
    ensure!(size <= TARBALL_BYTES, "{size} bytes are more than the limit of {TARBALL_BYTES}");
    let list = checked(Command::new("tar").arg("-tvzf").arg(&tarball))?;
    let lines: Vec<&str> = list.lines().collect();
    ensure!(lines.len() <= ENTRIES, "{} entries are more than the limit of {ENTRIES}", lines.len());
    // GNU tar writes mode, owner and size first, BSD tar a count of links as well: the size is the largest number.
    let numbers = |line: &str| {
        line.split_whitespace().skip(1).take(4).filter_map(|word| word.parse::<u64>().ok()).max()
    };
    let unpacked: u64 = lines.iter().filter_map(|line| numbers(line)).sum();
    ensure!(unpacked <= UNPACKED_BYTES, "{unpacked} unpacked bytes are more than {UNPACKED_BYTES}");
    let mut tar = Command::new("tar");
    tar.args(["-xzf"]).arg(&tarball).arg("-C").arg(folder).args(["--no-same-owner", "--no-same-permissions"]);
    checked(&mut tar)?;
    // A folder that its owner may not read would be unreadable to the rules as well.
    checked(Command::new("chmod").args(["-R", "u+rwX"]).arg(folder))?;
    fs::remove_file(tarball)?;
    Ok(())
}

/// Runs a program to its end; what it writes to standard output.
fn checked(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("starting {}", command.get_program().display()))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().chars().take(300).collect::<String>();
    ensure!(output.status.success(), "{} ({})", text(&output.stderr), output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The user's folder for what can be fetched again.
fn cache() -> anyhow::Result<PathBuf> {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || named("HOME").or_else(|| named("USERPROFILE"));
    named("XDG_CACHE_HOME")
        .or_else(|| named("LOCALAPPDATA"))
        .or_else(|| home().map(|home| home.join(".cache")))
        .context("no folder for caches: name one with --dir")
}

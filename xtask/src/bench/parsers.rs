//! Lockfiles of 10 MB, read by Nodeward and by the package managers' own parsers.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::{Bench, median};
use crate::{cargo, run as run_command, say};

/// Package manager, its lockfile, the package that reads it.
const PARSERS: [(&str, &str, &str); 3] = [
    ("npm", "package-lock.json", "@npmcli/arborist"),
    ("pnpm", "pnpm-lock.yaml", "@pnpm/lockfile.fs"),
    ("yarn", "yarn.lock", "@yarnpkg/lockfile"),
];

/// What `@pnpm/lockfile.fs` wants beside it.
const PEERS: [&str; 1] = ["@pnpm/logger"];

const PAIRS: usize = 5;

impl Bench {
    /// Times both within their processes, so that neither's start counts, in turn.
    pub(super) fn parsers(&self) -> anyhow::Result<()> {
        let folder = self.folder.join("parsers");
        let script = self.root.join("bench/parsers.mjs");
        prepare(&folder, &script)?;
        let example = ["build", "--release", "--quiet", "-p", "nodeward-package", "--example", "parse_time"];
        run_command(cargo().args(example))?;
        let program = self.binary.with_file_name("examples").join("parse_time");
        say(
            "\n| lockfile of 10 MB | Nodeward | the package manager's parser | ratio, median of pairs |\n|---|---|---|---|",
        );
        for (manager, file, package) in PARSERS {
            let mut pairs = Vec::new();
            for _ in 0..PAIRS {
                let own = milliseconds(Command::new(&program).arg(folder.join(manager).join(file)))?;
                let peer =
                    milliseconds(Command::new("node").arg(&script).arg("time").arg(&folder).arg(manager))?;
                pairs.push((own, peer));
            }
            let middle = |value: fn(&(f64, f64)) -> f64| median(pairs.iter().map(value)).unwrap_or_default();
            let (own, peer) = (middle(|pair| pair.0), middle(|pair| pair.1));
            let ratio = middle(|pair| pair.1 / pair.0);
            say(&format!("| `{file}` | {own:.0} ms | `{package}`: {peer:.0} ms | {ratio:.0} |"));
        }
        Ok(())
    }
}

/// Makes the lockfiles and fetches the parsers, once, into the build folder.
fn prepare(folder: &Path, script: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    if !folder.join("yarn/yarn.lock").exists() {
        run_command(Command::new("node").arg(script).arg("make").arg(folder))?;
    }
    if PARSERS.iter().any(|(_, _, package)| !folder.join("node_modules").join(package).exists()) {
        std::fs::write(folder.join("package.json"), "{\"private\": true}\n")?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]);
        npm.args(PARSERS.map(|(_, _, package)| package)).args(PEERS);
        run_command(npm.current_dir(folder))?;
    }
    Ok(())
}

fn milliseconds(command: &mut Command) -> anyhow::Result<f64> {
    let output = command.output()?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    text.trim().parse().with_context(|| format!("{command:?} printed {text:?}"))
}

//! Lint over everyday production code, with other tools beside it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::{Bench, Sample, json, median, sample};
use crate::{corpus, run as run_command, say};

/// The peers that npm has.
const PEERS: [&str; 4] = ["eslint", "eslint-plugin-security", "@nodesecure/js-x-ray", "oxlint"];
/// Runs of what takes seconds; what takes minutes runs once.
const RUNS: usize = 5;
/// The part that the slowest peer is given.
const PART: &str = "sources/express";

impl Bench {
    /// Rates in megabytes of source for each second of CPU time, so that neither threads nor the set of files count.
    pub(super) fn lint(&self) -> anyhow::Result<()> {
        let closure = corpus::closure(&self.root)?;
        let folder = self.folder.join("lint");
        let script = self.root.join("bench/lint-peers.mjs");
        let bytes = prepare(&folder, &script, &closure)?;

        say(
            "\n| lint | source | CPU | peak memory | MB per CPU-second | Nodeward is faster by |\n|---|---|---|---|---|---|",
        );
        let report = folder.join("nodeward.json");
        let mut own = Command::new(&self.binary);
        own.args(["lint", "--deps", "--policy", "experimental", "--allow-unchecked", "--format", "json"]);
        own.current_dir(&closure);
        let looked = json(&mut own)?["coverage"]["sources"]["bytes"].as_f64().context("no count of bytes")?;
        own.arg("--output").arg(&report);
        let rate = Row { name: "Nodeward, all policies and data flow", bytes: looked }.print(
            &own,
            RUNS,
            &[0, 1],
            None,
        )?;

        let bin = |name: &str| folder.join("node_modules/.bin").join(name);
        let mut oxlint = Command::new(bin("oxlint"));
        oxlint.args(["--no-ignore", "--threads=2", "--silent", "sources"]).current_dir(&folder);
        Row { name: "oxlint, its own rules", bytes }.print(&oxlint, RUNS, &[0, 1], Some(rate))?;

        let mut xray = Command::new("node");
        xray.arg(&script).arg("xray").arg(&folder).arg("sources");
        Row { name: "js-x-ray", bytes }.print(&xray, 1, &[0], Some(rate))?;

        let mut eslint = Command::new("node");
        eslint.arg("--max-old-space-size=8192").arg(folder.join("node_modules/eslint/bin/eslint.js"));
        eslint.args(["-c", "eslint.config.mjs", "--no-ignore", "-f", "json", "-o", "eslint.json", "sources"]);
        eslint.current_dir(&folder);
        Row { name: "eslint-plugin-security", bytes }.print(&eslint, 1, &[0, 1], Some(rate))?;

        match njsscan(&folder) {
            Ok(program) => {
                let part = folder.join(PART);
                let mut njsscan = Command::new(&program);
                // It looks for semgrep, which came with it.
                let path = std::env::var_os("PATH").unwrap_or_default();
                let folders = program.parent().map(Path::to_path_buf).into_iter();
                njsscan.env("PATH", std::env::join_paths(folders.chain(std::env::split_paths(&path)))?);
                njsscan.args(["--json", "-o"]).arg(folder.join("njsscan.json")).arg(&part);
                let name = "njsscan, express alone";
                Row { name, bytes: size(&part)? as f64 }.print(&njsscan, 1, &[0, 1], Some(rate))?;
            }
            Err(error) => say(&format!("njsscan could not be installed: {error:#}")),
        }
        Ok(())
    }
}

struct Row {
    name: &'static str,
    bytes: f64,
}

impl Row {
    /// Measures, prints, and gives the rate.
    fn print(&self, command: &Command, runs: usize, codes: &[i32], own: Option<f64>) -> anyhow::Result<f64> {
        let samples: Vec<Sample> =
            (0..runs).map(|_| sample(command, codes)).collect::<anyhow::Result<_>>()?;
        let cpu =
            median(samples.iter().filter_map(|sample| sample.cpu)).context("GNU time is not installed")?;
        let memory = samples.iter().filter_map(|sample| sample.kibibytes).max().unwrap_or_default();
        let megabytes = self.bytes / 1e6;
        let rate = megabytes / cpu;
        let faster = own.map_or("–".to_owned(), |own| format!("{:.1}", own / rate));
        say(&format!(
            "| {} | {megabytes:.1} MB | {cpu:.2} s | {:.0} MB | {rate:.3} | {faster} |",
            self.name,
            memory as f64 / 1e3 * 1.024
        ));
        Ok(rate)
    }
}

/// Fetches the peers and copies the sources, once, into the build folder; gives the bytes of the copies.
fn prepare(folder: &Path, script: &Path, closure: &Path) -> anyhow::Result<f64> {
    std::fs::create_dir_all(folder)?;
    if PEERS.iter().any(|package| !folder.join("node_modules").join(package).exists()) {
        std::fs::write(folder.join("package.json"), "{\"private\": true}\n")?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]).args(PEERS);
        run_command(npm.current_dir(folder))?;
    }
    let mut node = Command::new("node");
    node.arg(script).arg("prepare").arg(folder).arg(closure.join("node_modules"));
    let output = node.output()?;
    ensure!(output.status.success(), "{node:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout)?.trim().parse().context("no count of bytes")
}

/// The program, in an environment of its own.
fn njsscan(folder: &Path) -> anyhow::Result<PathBuf> {
    let environment = folder.join("python");
    let program = environment.join("bin/njsscan");
    if !program.exists() {
        run_command(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        let mut pip = Command::new(environment.join("bin/pip"));
        run_command(pip.args(["install", "--quiet", "njsscan", "semgrep", "setuptools<81"]))?;
    }
    Ok(program)
}

fn size(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { size(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

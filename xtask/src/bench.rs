//! Measurements against the figures that the project holds itself to (`docs/benchmarks.md`).
//!
//! Everything is a whole process, started fresh, the median of several runs; peers run in turn with Nodeward on the
//! same machine and the same data, and the ratio is what counts. CPU time and memory come from GNU time where it is
//! installed; what takes less than a second is run once more without it for its wall time, to which GNU time would add
//! several milliseconds.

mod lint;
mod parsers;
mod run;
mod trace;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::{cargo, run as run_command, say};

const RECORDS: &str = "250000";
const RELEASES: &str = "1500";
const RUNS: usize = 9;

/// Runs the named measurements, or all: `index`, `scan`, `cold`, `lockfiles`, `peers`, `parsers`, `lint`,
/// `trace`, `run`. `--dist` measures the binary that is shipped, which takes long to build.
pub(crate) fn run(root: &Path, args: &[String]) -> anyhow::Result<()> {
    let (options, names): (Vec<&String>, Vec<&String>) = args.iter().partition(|arg| arg.starts_with('-'));
    let profile = match options.as_slice() {
        [] => "release",
        [option] if *option == "--dist" => "dist",
        _ => anyhow::bail!("the only option is --dist"),
    };
    let bench = Bench::prepare(root, profile)?;
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| *wanted == name);
    say("| measurement | wall, median | CPU, median | peak memory | runs |\n|---|---|---|---|---|");
    if wanted("index") || !bench.database.join("index.nwx").exists() {
        bench.index()?;
    }
    if wanted("scan") {
        bench.scan()?;
    }
    if wanted("cold") {
        bench.cold()?;
    }
    if wanted("lockfiles") {
        bench.lockfiles()?;
    }
    if wanted("peers") {
        bench.peers()?;
    }
    if wanted("parsers") {
        bench.parsers()?;
    }
    if wanted("lint") {
        bench.lint()?;
    }
    if wanted("trace") {
        bench.trace()?;
    }
    if wanted("run") {
        bench.run()?;
    }
    Ok(())
}

struct Bench {
    root: PathBuf,
    folder: PathBuf,
    project: PathBuf,
    database: PathBuf,
    binary: PathBuf,
}

impl Bench {
    /// Builds the binary and the workload, unless they are there.
    fn prepare(root: &Path, profile: &str) -> anyhow::Result<Self> {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        run_command(cargo().args(["build", "--profile", profile, "--quiet", "-p", "nodeward"]))?;
        let folder = target.join("bench");
        if !folder.join("project/package-lock.json").exists() {
            say("making the workload (once)");
            let args =
                ["run", "--release", "--quiet", "-p", "nodeward-testkit", "--example", "workload", "--"];
            run_command(cargo().args(args).arg(&folder).args([RECORDS, RELEASES]))?;
        }
        Ok(Self {
            root: root.to_path_buf(),
            project: folder.join("project"),
            database: folder.join("database"),
            binary: target.join(profile).join("nodeward"),
            folder,
        })
    }

    fn nodeward(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(args).arg("--database").arg(&self.database);
        command
    }

    fn index(&self) -> anyhow::Result<()> {
        let archive = self.folder.join("all.zip");
        let mut command = self.nodeward(&["db", "update", "--force"]);
        command.arg("--from").arg(&archive);
        row(&format!("build the index from a zip of {RECORDS} records"), &measure(&command, 3, &[0])?);
        Ok(())
    }

    fn scan(&self) -> anyhow::Result<()> {
        for what in ["audit", "scan"] {
            let mut command = self.nodeward(&[what, "--offline"]);
            command.arg(&self.project);
            let label = format!("{what} of {RELEASES} releases against {RECORDS} records, file cache warm");
            row(&label, &measure(&command, RUNS, &[0, 1])?);
        }
        Ok(())
    }

    /// The same with the file cache of the index, the lockfile and the binary dropped before each run.
    fn cold(&self) -> anyhow::Result<()> {
        let files =
            [self.database.join("index.nwx"), self.project.join("package-lock.json"), self.binary.clone()];
        let drop_caches = || {
            for file in &files {
                let file = format!("if={}", file.display());
                let _ = Command::new("dd").args([&file, "iflag=nocache", "count=0", "status=none"]).status();
            }
        };
        let mut command = self.nodeward(&["audit", "--offline"]);
        command.arg(&self.project);
        let samples: Vec<Sample> = (0..RUNS)
            .map(|_| sample_after(&drop_caches, &command, &[0, 1]))
            .collect::<anyhow::Result<_>>()?;
        row(&format!("audit of {RELEASES} releases, file cache cold"), &samples);
        Ok(())
    }

    fn lockfiles(&self) -> anyhow::Result<()> {
        let data =
            std::env::var_os("NODEWARD_DATA").map_or_else(|| self.root.join("../shared/data"), PathBuf::from);
        let folder = data.join("lockfiles/large");
        let Ok(entries) = std::fs::read_dir(&folder) else {
            say("no folder of large lockfiles: set NODEWARD_DATA");
            return Ok(());
        };
        let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.sort();
        for file in files {
            let mut command = self.nodeward(&["audit", "--offline"]);
            command.arg(&file);
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            row(&format!("audit of {name}"), &measure(&command, RUNS, &[0, 1, 2])?);
        }
        Ok(())
    }

    fn peers(&self) -> anyhow::Result<()> {
        let lockfile = self.project.join("package-lock.json");
        let mut own = self.nodeward(&["audit", "--offline"]);
        own.arg(&self.project);
        let found = self.found_by_nodeward()?;
        match self.osv_scanner() {
            Some(mut peer) => {
                peer.args([
                    "scan",
                    "source",
                    "--offline",
                    "--offline-vulnerabilities",
                    "--format",
                    "json",
                    "-L",
                ]);
                peer.arg(&lockfile);
                compare("osv-scanner, offline", &own, &peer)?;
                let answer = json(&mut peer)?;
                say(&difference("osv-scanner", &found, &found_by_osv_scanner(&answer)));
            }
            None => say("osv-scanner is not installed: put it on PATH or name it in NODEWARD_OSV_SCANNER"),
        }
        let endpoint = Endpoint::start(&self.root, &self.folder, &lockfile)?;
        let mut peer = Command::new("npm");
        peer.args(["audit", "--json", "--fetch-retries=0", "--registry"])
            .arg(&endpoint.url)
            .current_dir(&self.project);
        compare("npm audit, endpoint on loopback", &own, &peer)?;
        let answer = json(&mut peer)?;
        say(&difference("npm audit", &found, &found_by_npm(&answer)));
        Ok(())
    }

    /// The peer with its database laid out as it wants it.
    fn osv_scanner(&self) -> Option<Command> {
        let program = std::env::var_os("NODEWARD_OSV_SCANNER").unwrap_or_else(|| "osv-scanner".into());
        Command::new(&program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
        let cache = self.folder.join("peer");
        let archive = cache.join("osv-scalibr/npm/all.zip");
        std::fs::create_dir_all(archive.parent()?).ok()?;
        if !archive.exists() {
            std::fs::hard_link(self.folder.join("all.zip"), &archive).ok()?;
        }
        let mut command = Command::new(program);
        command.env("OSV_SCALIBR_LOCAL_DB_CACHE_DIRECTORY", cache);
        Some(command)
    }

    /// Pairs of package and advisory id.
    fn found_by_nodeward(&self) -> anyhow::Result<BTreeSet<(String, String)>> {
        let mut command = self.nodeward(&["audit", "--offline", "--format", "json"]);
        let report = json(command.arg(&self.project))?;
        let findings = report["findings"].as_array().context("a report without findings")?;
        let mut found = BTreeSet::new();
        for finding in findings {
            let Some(name) = finding["subject"]["name"].as_str() else { continue };
            let aliases = finding["aliases"].as_array().into_iter().flatten();
            for id in aliases.chain([&finding["rule"]]).filter_map(Value::as_str) {
                if id.starts_with("GHSA-") || id.starts_with("MAL-") {
                    found.insert((name.to_owned(), id.to_owned()));
                }
            }
        }
        Ok(found)
    }
}

fn found_by_osv_scanner(answer: &Value) -> BTreeSet<(String, String)> {
    let packages = answer["results"].as_array().into_iter().flatten();
    let packages = packages.flat_map(|result| result["packages"].as_array().into_iter().flatten());
    packages
        .flat_map(|package| {
            let name = package["package"]["name"].as_str().unwrap_or_default();
            let ids = package["vulnerabilities"].as_array().into_iter().flatten();
            ids.filter_map(move |flaw| Some((name.to_owned(), flaw["id"].as_str()?.to_owned())))
        })
        .collect()
}

fn found_by_npm(answer: &Value) -> BTreeSet<(String, String)> {
    let packages = answer["vulnerabilities"].as_object().into_iter().flatten();
    packages
        .flat_map(|(name, package)| {
            let via = package["via"].as_array().into_iter().flatten();
            via.filter_map(move |via| {
                Some((name.clone(), via["url"].as_str()?.rsplit('/').next()?.to_owned()))
            })
        })
        .collect()
}

fn difference(peer: &str, own: &BTreeSet<(String, String)>, other: &BTreeSet<(String, String)>) -> String {
    let mut text = format!("Nodeward found {}, {peer} {}.", own.len(), other.len());
    for (what, only) in [("only Nodeward", own.difference(other)), ("only the peer", other.difference(own))] {
        let only: Vec<_> = only.collect();
        if !only.is_empty() {
            text += &format!(" {what}: {}, for example {:?}.", only.len(), &only[..only.len().min(3)]);
        }
    }
    text
}

/// The loopback registry of `bench/npm-audit-endpoint.mjs`, stopped when dropped.
struct Endpoint {
    process: Child,
    url: String,
}

impl Endpoint {
    fn start(root: &Path, folder: &Path, lockfile: &Path) -> anyhow::Result<Self> {
        let port_file = folder.join("endpoint.port");
        let _ = std::fs::remove_file(&port_file);
        let mut node = Command::new("node");
        node.arg("--max-old-space-size=4096").arg(root.join("bench/npm-audit-endpoint.mjs"));
        let process = node.arg(folder.join("all.json")).arg(lockfile).arg(&port_file).spawn()?;
        let started = Instant::now();
        loop {
            if let Ok(port) = std::fs::read_to_string(&port_file)
                && !port.is_empty()
            {
                return Ok(Self { process, url: format!("http://127.0.0.1:{port}/") });
            }
            ensure!(started.elapsed() < Duration::from_secs(60), "the endpoint for npm audit did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One run of a process.
#[derive(Clone, Copy)]
struct Sample {
    wall: f64,
    cpu: Option<f64>,
    kibibytes: Option<u64>,
}

fn measure(command: &Command, runs: usize, codes: &[i32]) -> anyhow::Result<Vec<Sample>> {
    sample(command, codes)?;
    (0..runs).map(|_| sample(command, codes)).collect()
}

/// Below this, what GNU time adds would show.
const SHORT: Duration = Duration::from_secs(1);

/// Runs a command under GNU time where there is one, and once more without it where it is short.
fn sample(command: &Command, codes: &[i32]) -> anyhow::Result<Sample> {
    sample_after(&|| {}, command, codes)
}

/// As [`sample`], with something to do before each run.
fn sample_after(prepare: &dyn Fn(), command: &Command, codes: &[i32]) -> anyhow::Result<Sample> {
    prepare();
    if !Path::new("/usr/bin/time").exists() {
        let wall = wall(command, Command::new(command.get_program()), codes)?.as_secs_f64();
        return Ok(Sample { wall, cpu: None, kibibytes: None });
    }
    let facts = std::env::temp_dir().join(format!("nodeward-bench-{}", std::process::id()));
    let mut time = Command::new("/usr/bin/time");
    time.args(["-q", "-f", "%U %S %M", "-o"]).arg(&facts).arg(command.get_program());
    let mut elapsed = wall(command, time, codes)?;
    if elapsed < SHORT {
        prepare();
        elapsed = wall(command, Command::new(command.get_program()), codes)?;
    }
    let text = std::fs::read_to_string(&facts).unwrap_or_default();
    let _ = std::fs::remove_file(&facts);
    let mut fields = text.split_whitespace();
    let mut seconds = || fields.next().and_then(|field| field.parse::<f64>().ok());
    let cpu = seconds().zip(seconds()).map(|(user, system)| user + system);
    let kibibytes = seconds().map(|field| field as u64);
    Ok(Sample { wall: elapsed.as_secs_f64(), cpu, kibibytes })
}

/// How long a runner takes over a command's arguments.
fn wall(command: &Command, mut runner: Command, codes: &[i32]) -> anyhow::Result<Duration> {
    runner.args(command.get_args()).stdout(Stdio::null()).stderr(Stdio::null());
    for (key, value) in command.get_envs() {
        if let Some(value) = value {
            runner.env(key, value);
        }
    }
    if let Some(folder) = command.get_current_dir() {
        runner.current_dir(folder);
    }
    let started = Instant::now();
    let status = runner.status()?;
    let elapsed = started.elapsed();
    let code = status.code().unwrap_or(-1);
    ensure!(codes.contains(&code), "{command:?} ended with {status}");
    Ok(elapsed)
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn row(label: &str, samples: &[Sample]) {
    let milliseconds =
        |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{:.1} ms", value * 1e3));
    let wall = milliseconds(median(samples.iter().map(|sample| sample.wall)));
    let cpu = milliseconds(median(samples.iter().filter_map(|sample| sample.cpu)));
    let memory = samples.iter().filter_map(|sample| sample.kibibytes).max();
    let memory =
        memory.map_or("–".to_owned(), |kibibytes| format!("{:.1} MB", kibibytes as f64 / 1e3 * 1.024));
    say(&format!("| {label} | {wall} | {cpu} | {memory} | {} |", samples.len()));
}

/// Runs both in turn and prints the ratio pair by pair, which holds when the machine's speed drifts.
fn compare(peer: &str, own: &Command, other: &Command) -> anyhow::Result<()> {
    let (mut ours, mut theirs) = (measure(own, 0, &[0, 1])?, measure(other, 0, &[0, 1])?);
    for _ in 0..5 {
        ours.push(sample(own, &[0, 1])?);
        theirs.push(sample(other, &[0, 1])?);
    }
    row("nodeward audit", &ours);
    row(peer, &theirs);
    let ratio =
        median(theirs.iter().zip(&ours).map(|(theirs, ours)| theirs.wall / ours.wall)).unwrap_or_default();
    say(&format!("{peer} takes {ratio:.0} times as long (median of pairs)."));
    Ok(())
}

fn json(command: &mut Command) -> anyhow::Result<Value> {
    let output = command.stderr(Stdio::null()).output()?;
    serde_json::from_slice(&output.stdout).with_context(|| format!("{command:?} gave no JSON"))
}

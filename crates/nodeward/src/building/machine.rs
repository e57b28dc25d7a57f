//! What scripts find on this machine: asked of the programs themselves, confined as the scripts are.

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, bail};
use nodeward_review::install::Script;
use nodeward_sandbox::{Access, Confinement};
use nodeward_seal::built::{Confined, Machine, Tool};
use nodeward_seal::seal::Digest;
use serde::Deserialize;

use super::attempt::Scene;
use super::folder::Folder;
use crate::confined::{self, Output};
use crate::installing::Ground;
use crate::outcome::Outcome;
use crate::package_manager;

/// What keeps programs in: all of it, or nothing runs (`docs/exec.md`).
const LAYERS: &[&str] = &["namespaces", "landlock", "seccomp", "rights", "limits"];

/// A line of Node.js, and one for each program with its name before it.
const QUESTION: &str = r#"
node -e '
process.report.excludeNetwork = true
const { glibcVersionRuntime } = process.report.getReport().header
const { platform: os, arch: cpu, versions: { node, modules: abi } } = process
console.log(JSON.stringify({ os, cpu, node, abi, glibc: glibcVersionRuntime }))
' 2>/dev/null || exit 1
for tool in cc c++ ld make cmake python3; do
  line=$("$tool" --version 2>/dev/null | head -n 1)
  [ -n "$line" ] && printf '%s\t%s\n' "$tool" "$line"
done
exit 0
"#;

#[derive(Deserialize)]
struct Answer {
    os: String,
    cpu: String,
    node: String,
    abi: String,
    glibc: Option<String>,
}

/// Machine, tools and confinement of the builds to come.
pub(super) fn look(
    folder: &Folder,
    ground: &Ground<'_>,
    names: (&str, &str),
    hosts: &[nodeward_sandbox::gateway::HostRule],
) -> anyhow::Result<(Machine, Vec<Tool>, Confined)> {
    let empty = tempfile::tempdir().context("cannot make a folder")?;
    let real = std::fs::canonicalize(empty.path()).context("cannot make a folder")?;
    let label = format!("{}@{}", names.0, names.1);
    let scene = Scene::new(folder, &real, &label, names, hosts);
    let usual = Script { stage: "install".into(), command: QUESTION.into(), implicit: false };
    let first = folder.scripts.first().unwrap_or(&usual);
    let confined = described(&scene.confinement(ground, first)?, &scene, hosts);
    let scene = Scene::new(folder, &real, &label, names, &[]);
    let run = confined::Run {
        confinement: scene.confinement(ground, &usual)?,
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), QUESTION.into()],
        hosts: Vec::new(),
        is_watched: false,
    };
    let ran = confined::run(run, Output::Kept, ground.watch, ground.session)?;
    ground.watch.check()?;
    if confined::outcome(&ran.ended) != Outcome::Ran(0) {
        bail!("there is no Node.js on the PATH that could run scripts; install one, outside of the project");
    }
    let mut lines = ran.written.lines();
    let answer: Answer = serde_json::from_str(lines.next().unwrap_or_default())
        .context("cannot tell which Node.js this is")?;
    let mut tools: Vec<Tool> = lines
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, version)| Tool { name: name.to_owned(), version: version.trim().to_owned() })
        .collect();
    tools.extend(ground.tools.node_gyp().map(|version| Tool { name: "node-gyp".to_owned(), version }));
    Ok((machine(answer, ground), tools, confined))
}

fn machine(answer: Answer, ground: &Ground<'_>) -> Machine {
    let npm = package_manager::answer("npm", &["--version"], Path::new("."), ground.session);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let program = ground.tools.node().and_then(|node| File::open(node).ok());
    Machine {
        os: answer.os,
        cpu: answer.cpu,
        libc: Some(if answer.glibc.is_some() { "glibc" } else { "musl" }.to_owned()),
        libc_version: answer.glibc,
        kernel: kernel.trim().to_owned(),
        node: answer.node,
        abi: answer.abi,
        node_sha256: program.and_then(|mut program| Digest::of_all(&mut program).ok()),
        package_manager: format!("npm {}", npm.unwrap_or_default()).trim().to_owned(),
    }
}

fn described(
    confinement: &Confinement,
    scene: &Scene<'_>,
    hosts: &[nodeward_sandbox::gateway::HostRule],
) -> Confined {
    let paths = |is_writable: bool| {
        let rules = confinement.paths.iter().filter(|rule| (rule.access == Access::Write) == is_writable);
        rules.map(|rule| rule.path.to_string_lossy().into_owned()).collect()
    };
    let text = |text: &std::ffi::OsString| text.to_string_lossy().into_owned();
    Confined {
        layers: LAYERS.iter().map(|&layer| layer.to_owned()).collect(),
        folder: scene.place().to_string_lossy().into_owned(),
        readable: paths(false),
        writable: paths(true),
        network: hosts.iter().map(ToString::to_string).collect(),
        environment: confinement.environment.iter().map(|(name, value)| (text(name), text(value))).collect(),
        seconds: confinement.limits.time.as_secs(),
        memory: confinement.limits.memory,
        processes: confinement.limits.processes,
        disk: confinement.limits.disk,
    }
}

//! Install scripts, run: each on a copy of its package, confined, and the copy put in the package's place when all of
//! them went well.

mod environment;
mod staging;

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use nodeward_review::install::{Allow, Item, Script};
use nodeward_sandbox::gateway::HostRule;
use nodeward_sandbox::{Access, Confinement, Limits, PathRule};
use serde::{Deserialize, Serialize};

use crate::confined::{self, Output, Ran, Report};
use crate::disk;
use crate::interrupt::Watch;
use crate::session::Session;

pub(crate) use environment::Tools;
use staging::Staging;

/// What has been run, beside what it made: `node_modules/.nodeward-installed.json`.
const RECORD: &str = ".nodeward-installed.json";

/// The record is no larger.
const MAX_RECORD: u64 = 16 << 20;

/// What becomes of a package whose scripts may run.
#[derive(Debug, Serialize)]
pub(crate) struct Installed {
    package: String,
    folder: String,
    reason: String,
    /// Whether all went well, and the result is in place.
    pub(crate) done: bool,
    /// The files that were made, changed or removed, from the package's folder.
    wrote: Vec<String>,
    scripts: Vec<Ended>,
}

#[derive(Debug, Serialize)]
struct Ended {
    stage: String,
    command: String,
    #[serde(flatten)]
    report: Report,
    /// The last of what it wrote to its standard streams.
    written: String,
}

/// What scripts are run with.
pub(crate) struct Ground<'g> {
    /// The project's folder, by its real path.
    pub(crate) project: &'g Path,
    pub(crate) tools: &'g Tools,
    pub(crate) watch: &'g Watch,
    pub(crate) session: &'g Session,
}

/// Runs the scripts of one package in one of its folders.
pub(crate) fn install(
    ground: &Ground<'_>,
    item: &Item,
    folder: &str,
    allow: &Allow,
) -> anyhow::Result<Installed> {
    let Ground { project, watch, session, .. } = *ground;
    let place = project.join(folder);
    let real = std::fs::canonicalize(&place).with_context(|| format!("cannot find {}", place.display()))?;
    // A lockfile may name any place, and a link may lead to one.
    if !real.starts_with(project) {
        bail!("{} lies outside of the project, in {}; run its scripts there", item.label(), real.display());
    }
    let staging = Staging::new(&real).with_context(|| format!("cannot copy {}", real.display()))?;
    let mut installed = Installed {
        package: item.label(),
        folder: folder.to_owned(),
        reason: allow.reason.clone(),
        done: false,
        wrote: Vec::new(),
        scripts: Vec::new(),
    };
    let scripts = item.read().map(|read| &read.scripts[..]).unwrap_or_default();
    for script in scripts {
        let run = prepared(ground, &real, &staging, item, script, allow)?;
        let command = [run.program.clone(), "-c".into(), (&*script.command).into()];
        let ran = confined::run(run, Output::Kept, watch, session)?;
        tell(item, script, &ran, session);
        watch.check()?;
        let went_well = ran.ended.stopped.is_none() && ran.ended.status.success();
        installed.scripts.push(Ended {
            stage: script.stage.to_string(),
            command: script.command.to_string(),
            report: confined::report(&command, &ran),
            written: ran.written,
        });
        if !went_well {
            // The copy goes, and the package is as it was.
            return Ok(installed);
        }
    }
    installed.wrote = staging.changes()?;
    staging
        .put_in_place()
        .with_context(|| format!("cannot put the result in the place of {}", real.display()))?;
    installed.done = true;
    Ok(installed)
}

fn prepared(
    ground: &Ground<'_>,
    real: &Path,
    staging: &Staging,
    item: &Item,
    script: &Script,
    allow: &Allow,
) -> anyhow::Result<confined::Run> {
    let Ground { project, tools, session, .. } = *ground;
    let hosts: Vec<HostRule> = allow
        .network
        .iter()
        .map(|host| host.parse().with_context(|| format!("{}: {host}", allow.place)))
        .collect::<anyhow::Result<_>>()?;
    let mut confinement = Confinement {
        paths: Vec::new(),
        files: Vec::new(),
        directory: real.into(),
        environment: Vec::new(),
        network: confined::network(&hosts)?,
        limits: Limits::default(),
    };
    let modules = project.join("node_modules");
    if let Ok(modules) = std::fs::canonicalize(&modules) {
        confinement.paths.push(PathRule::new(modules, Access::Execute));
    }
    confinement
        .paths
        .push(PathRule { from: Some(staging.folder().into()), ..PathRule::new(real, Access::Write) });
    tools.add(&mut confinement, session);
    tools.describe(&mut confinement, real, item, script, project);
    Ok(confined::Run {
        confinement,
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), (&*script.command).into()],
        hosts,
        is_watched: true,
    })
}

/// Says what was denied to a script, and what it said last if it failed.
fn tell(item: &Item, script: &Script, ran: &Ran, session: &Session) {
    let went_well = ran.ended.stopped.is_none() && ran.ended.status.success();
    let how = match (went_well, ran.ended.status.code()) {
        (true, _) => "done".to_owned(),
        (false, Some(code)) => format!("failed with exit code {code}"),
        (false, None) => "was ended".to_owned(),
    };
    session.note(format_args!(
        "{} {}: {how} in {:.1} s",
        item.label(),
        script.stage,
        ran.ended.time.as_secs_f64()
    ));
    confined::tell(&ran.ended, session);
    if !went_well {
        let lines: Vec<&str> = ran.written.lines().collect();
        for line in &lines[lines.len().saturating_sub(20)..] {
            session.warn(format_args!("  {line}"));
        }
    }
}

/// What scripts made of which package: by folder, the content hash of its scripts before and after.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    schema: String,
    packages: BTreeMap<String, Results>,
    #[serde(skip)]
    file: PathBuf,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Results {
    package: String,
    before: String,
    after: String,
    /// What tells the folder from one that was put there since.
    folder: String,
}

impl Record {
    /// Reads what is there; one that can't be read says nothing.
    pub(crate) fn read(project: &Path) -> Self {
        let file = project.join("node_modules").join(RECORD);
        let bytes = disk::read_bounded(&file, MAX_RECORD).unwrap_or_default();
        let known: Self = serde_json::from_slice(&bytes).unwrap_or_default();
        Self { schema: "nodeward.installed/1".to_owned(), file, ..known }
    }

    /// Whether the scripts that are allowed have made of this folder what it is now.
    pub(crate) fn is_done(&self, project: &Path, item: &Item, folder: &str, allow: &Allow) -> bool {
        let results = results(project, item, folder, allow);
        results.is_some() && self.packages.get(folder) == results.as_ref()
    }

    /// Notes what was made of a folder.
    pub(crate) fn note(&mut self, project: &Path, item: &Item, folder: &str, allow: &Allow) {
        if let Some(results) = results(project, item, folder, allow) {
            self.packages.insert(folder.to_owned(), results);
        }
    }

    /// Writes it.
    pub(crate) fn write(&self) -> anyhow::Result<()> {
        let written = disk::replace_itself(&self.file, |out| {
            serde_json::to_writer_pretty(&mut *out, self)?;
            writeln!(out)
        });
        written.with_context(|| format!("cannot write {}", self.file.display()))
    }
}

fn results(project: &Path, item: &Item, folder: &str, allow: &Allow) -> Option<Results> {
    let after = item.read()?.hash.as_ref().ok()?;
    let metadata = std::fs::metadata(project.join(folder)).ok()?;
    Some(Results {
        package: item.label(),
        before: allow.hash.to_string(),
        after: after.to_string(),
        folder: format!("{}:{}.{}", metadata.ino(), metadata.ctime(), metadata.ctime_nsec()),
    })
}

//! One script of a package, confined.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Context as _;
use nodeward_package::Place;
use nodeward_review::install::Script;
use nodeward_sandbox::gateway::HostRule;
use nodeward_sandbox::{Access, Confinement, PathRule};

use super::{Ground, unconfined};
use crate::confined::{self, Output, Ran};
use crate::session::Session;

const SHELL: &str = "/bin/sh";

/// How much of a command is shown where it begins.
const LONGEST: usize = 60;

/// A package whose scripts are run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// The name that its manifest gives.
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    /// Where it lies for its scripts, by its real path.
    pub(crate) place: &'a Path,
    /// What they see besides `node_modules` and the system: the place, and what they may write to.
    pub(crate) paths: &'a [PathRule],
    /// The hosts that they may reach.
    pub(crate) hosts: &'a [HostRule],
}

/// Runs one script until it and all that it started is gone; what it wrote to its streams is kept.
pub(crate) fn run(ground: &Ground<'_>, subject: &Subject<'_>, script: &Script) -> anyhow::Result<Ran> {
    let run = confined::Run {
        confinement: confinement(ground, subject, script)?,
        program: SHELL.into(),
        arguments: vec!["-c".into(), (&*script.command).into()],
        hosts: subject.hosts.to_vec(),
        is_watched: true,
    };
    match ground.unconfined {
        None => confined::run(run, Output::Kept, ground.watch, ground.session),
        Some(_) => unconfined::run(&run, ground.watch),
    }
}

/// The command line of a script, for reports.
pub(crate) fn command_line(script: &Script) -> [OsString; 3] {
    [SHELL.into(), "-c".into(), (&*script.command).into()]
}

/// Hosts as `nodeward.toml` names them.
pub(crate) fn hosts(named: &[String], place: &Place) -> anyhow::Result<Vec<HostRule>> {
    named.iter().map(|host| host.parse().with_context(|| format!("{place}: {host}"))).collect()
}

pub(crate) fn confinement(
    ground: &Ground<'_>,
    subject: &Subject<'_>,
    script: &Script,
) -> anyhow::Result<Confinement> {
    let Ground { project, tools, session, .. } = *ground;
    let mut confinement = Confinement {
        paths: Vec::new(),
        files: Vec::new(),
        directory: subject.place.into(),
        environment: Vec::new(),
        network: confined::network(subject.hosts),
        limits: ground.limits,
    };
    let modules = project.join("node_modules");
    if let Ok(modules) = std::fs::canonicalize(&modules) {
        confinement.paths.push(PathRule::new(modules, Access::Execute));
    }
    confinement.paths.extend_from_slice(subject.paths);
    tools.add(&mut confinement, session);
    tools.describe(&mut confinement, subject, script, project);
    Ok(confinement)
}

/// Says that a script begins: some take minutes.
pub(crate) fn announce(label: &str, script: &Script, session: &Session) {
    let command: String = script.command.chars().take(LONGEST).collect();
    let more = if command.len() < script.command.len() { "…" } else { "" };
    session.note(format_args!("{label} {}: {command}{more}", script.stage));
}

/// Says what was denied to a script, and what it said last if it failed.
pub(crate) fn tell(label: &str, script: &Script, ran: &Ran, session: &Session) {
    let how = match (ran.went_well(), ran.ended.status.code()) {
        (true, _) => "done".to_owned(),
        (false, Some(code)) => format!("failed with exit code {code}"),
        (false, None) => "was ended".to_owned(),
    };
    session.note(format_args!("{label} {}: {how} in {:.1} s", script.stage, ran.ended.time.as_secs_f64()));
    confined::tell(&ran.ended, session);
    if !ran.went_well() {
        let lines: Vec<&str> = ran.written.lines().collect();
        for line in &lines[lines.len().saturating_sub(20)..] {
            session.warn(format_args!("  {line}"));
        }
    }
}

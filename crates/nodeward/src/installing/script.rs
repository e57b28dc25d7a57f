//! One script of a package, confined.

use std::path::Path;

use anyhow::Context as _;
use nodeward_review::install::{Allow, Script};
use nodeward_sandbox::gateway::HostRule;
use nodeward_sandbox::{Access, Confinement, Limits, PathRule};

use super::Ground;
use crate::confined::{self, Output, Ran};
use crate::session::Session;

/// A package whose scripts are run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// `name@version`.
    pub(crate) label: &'a str,
    /// The name that its manifest gives.
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    /// Where it lies for its scripts, by its real path.
    pub(crate) place: &'a Path,
    /// What lies there for them, and is all that they write to.
    pub(crate) copy: &'a Path,
    /// The hosts that they may reach.
    pub(crate) hosts: &'a [HostRule],
}

/// Runs one script until it and all that it started is gone; what it wrote to its streams is kept.
pub(crate) fn run(ground: &Ground<'_>, subject: &Subject<'_>, script: &Script) -> anyhow::Result<Ran> {
    let run = confined::Run {
        confinement: confinement(ground, subject, script)?,
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), (&*script.command).into()],
        hosts: subject.hosts.to_vec(),
        is_watched: true,
    };
    confined::run(run, Output::Kept, ground.watch, ground.session)
}

/// The hosts of an allowance.
pub(crate) fn hosts(allow: &Allow) -> anyhow::Result<Vec<HostRule>> {
    let parsed =
        allow.network.iter().map(|host| host.parse().with_context(|| format!("{}: {host}", allow.place)));
    parsed.collect()
}

fn confinement(ground: &Ground<'_>, subject: &Subject<'_>, script: &Script) -> anyhow::Result<Confinement> {
    let Ground { project, tools, session, .. } = *ground;
    let mut confinement = Confinement {
        paths: Vec::new(),
        files: Vec::new(),
        directory: subject.place.into(),
        environment: Vec::new(),
        network: confined::network(subject.hosts)?,
        limits: Limits::default(),
    };
    let modules = project.join("node_modules");
    if let Ok(modules) = std::fs::canonicalize(&modules) {
        confinement.paths.push(PathRule::new(modules, Access::Execute));
    }
    confinement
        .paths
        .push(PathRule { from: Some(subject.copy.into()), ..PathRule::new(subject.place, Access::Write) });
    tools.add(&mut confinement, session);
    tools.describe(&mut confinement, subject, script, project);
    Ok(confinement)
}

/// Says what was denied to a script, and what it said last if it failed.
pub(crate) fn tell(subject: &Subject<'_>, script: &Script, ran: &Ran, session: &Session) {
    let went_well = ran.ended.stopped.is_none() && ran.ended.status.success();
    let how = match (went_well, ran.ended.status.code()) {
        (true, _) => "done".to_owned(),
        (false, Some(code)) => format!("failed with exit code {code}"),
        (false, None) => "was ended".to_owned(),
    };
    session.note(format_args!(
        "{} {}: {how} in {:.1} s",
        subject.label,
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

//! Programs that run confined, as several commands start them, and what is told of them.

use std::ffi::OsString;
use std::os::fd::AsFd as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

use anyhow::Context as _;
use nodeward_sandbox::confine::{self, Ended, Helper, Stop, Streams};
use nodeward_sandbox::{Act, Confinement, Event, Fate};
use serde::Serialize;

use crate::interrupt;
use crate::outcome::Outcome;
use crate::output;
use crate::session::Session;

/// The most events that are shown where nobody asked for all.
const MOST_SHOWN: usize = 10;

/// A program to run.
pub(crate) struct Run {
    /// What it may do.
    pub(crate) confinement: Confinement,
    /// Its file.
    pub(crate) program: OsString,
    /// Its arguments, without its own name.
    pub(crate) arguments: Vec<OsString>,
    /// Whether what it tries is told of.
    pub(crate) is_watched: bool,
}

/// Runs a program with the standard streams of this one, until it and all that it started is gone.
pub(crate) fn run(run: Run, _session: &Session) -> anyhow::Result<Ended> {
    let helper = Helper::this().context("cannot tell where this program is")?;
    let watch = interrupt::Watch::start()?;
    let input = std::io::stdin().as_fd().try_clone_to_owned().ok();
    let streams = Streams::Shared(input);
    let running =
        confine::spawn(&helper, run.confinement, run.program, run.arguments, streams, run.is_watched)?;
    let ended = running.wait(&|| watch.check().is_err())?;
    watch.check()?;
    Ok(ended)
}

/// Sets a variable of an environment.
pub(crate) fn set(environment: &mut Vec<(OsString, OsString)>, name: &str, value: OsString) {
    environment.retain(|(known, _)| known != name);
    environment.push((name.into(), value));
}

/// Says what was denied, and why the program was ended.
pub(crate) fn tell(ended: &Ended, session: &Session) {
    let denied: Vec<(&Event, u64)> =
        ended.events.iter().filter(|(event, _)| event.fate == Fate::Denied).collect();
    for (event, times) in denied.iter().take(MOST_SHOWN) {
        let again = if *times > 1 { format!(" ({times} times)") } else { String::new() };
        session.warn(format_args!("denied: {} {}{again}", verb(event.act), event.subject));
    }
    if denied.len() > MOST_SHOWN {
        session.warn(format_args!("and {} more; --report FILE lists them", denied.len() - MOST_SHOWN));
    }
    if let Some(stop) = ended.stopped {
        session.insist(format_args!("ended: {}", reason(stop)));
    }
}

fn verb(act: Act) -> &'static str {
    match act {
        Act::Read => "read",
        Act::Write => "write",
        Act::Execute => "start",
        Act::Connect => "connect to",
        Act::Signal => "signal to",
        Act::Process => "processes:",
    }
}

fn reason(stop: Stop) -> &'static str {
    match stop {
        Stop::Time => "it ran longer than it may (--time)",
        Stop::Memory => "it used more memory than it may (--memory)",
        Stop::Processes => "it made more processes than it may (--processes)",
        Stop::Disk => "it wrote more than it may (--disk)",
        Stop::Asked => "asked to",
    }
}

/// The exit code of the program as a shell has it, or the one that says that it was ended.
pub(crate) fn outcome(ended: &Ended) -> Outcome {
    if ended.stopped.is_some() {
        return Outcome::NotEnforced;
    }
    let signal = ended.status.signal().map(|signal| 128 + signal);
    let code = ended.status.code().or(signal).and_then(|code| u8::try_from(code).ok());
    Outcome::Ran(code.unwrap_or(255))
}

/// `nodeward.confined/1`; documented in `docs/formats/confined.md`.
#[derive(Serialize)]
struct Report<'r> {
    schema: &'static str,
    command: Vec<String>,
    code: Option<i32>,
    signal: Option<i32>,
    stopped: Option<&'static str>,
    milliseconds: u128,
    memory: u64,
    events: Vec<Line<'r>>,
    dropped: u64,
}

#[derive(Serialize)]
struct Line<'r> {
    act: &'static str,
    subject: &'r str,
    fate: &'static str,
    times: u64,
}

/// Writes all that it tried.
pub(crate) fn write_report(file: &Path, command: &[OsString], ended: &Ended) -> anyhow::Result<()> {
    let report = Report {
        schema: "nodeward.confined/1",
        command: command.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
        code: ended.status.code(),
        signal: ended.status.signal(),
        stopped: ended.stopped.map(name),
        milliseconds: ended.time.as_millis(),
        memory: ended.memory,
        events: ended.events.iter().map(|(event, times)| line(event, times)).collect(),
        dropped: ended.events.dropped,
    };
    output::write(Some(file), |out| {
        serde_json::to_writer_pretty(&mut *out, &report)?;
        writeln!(out)
    })
}

fn name(stop: Stop) -> &'static str {
    match stop {
        Stop::Time => "time",
        Stop::Memory => "memory",
        Stop::Processes => "processes",
        Stop::Disk => "disk",
        Stop::Asked => "asked",
    }
}

fn line(event: &Event, times: u64) -> Line<'_> {
    let act = match event.act {
        Act::Read => "read",
        Act::Write => "write",
        Act::Execute => "execute",
        Act::Connect => "connect",
        Act::Signal => "signal",
        Act::Process => "process",
    };
    let fate = match event.fate {
        Fate::Allowed => "allowed",
        Fate::Denied => "denied",
    };
    Line { act, subject: &event.subject, fate, times }
}

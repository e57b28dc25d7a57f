//! A script without confinement, where its owner chose that by name and the machine can't do better.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nodeward_sandbox::confine::{Ended, Failure, Stop};
use nodeward_sandbox::{Confinement, Events};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::confined::{self, Output, Ran};
use crate::interrupt::Watch;
use crate::session::Session;

/// How often a running script and the user are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long what is left of a script may hold its streams.
const PATIENCE: Duration = Duration::from_secs(1);

/// The layer that this machine does not offer, if one is missing: tried with a program that does nothing, before
/// anything of a package runs. What a script brings about later is no reason to let it go.
pub(crate) fn missing_layer(watch: &Watch, session: &Session) -> anyhow::Result<Option<String>> {
    let folder = tempfile::tempdir().context("cannot make a folder for temporary files")?;
    let real = std::fs::canonicalize(folder.path()).context("cannot make a folder for temporary files")?;
    let mut confinement = Confinement::of_folder(&real);
    confinement.network = confined::network(&[]);
    confinement.add_system(|_| None);
    let run = confined::Run {
        confinement,
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), ":".into()],
        hosts: Vec::new(),
        is_watched: true,
    };
    match confined::run(run, Output::Kept, watch, session) {
        Ok(_) => Ok(None),
        Err(error) => match error.downcast_ref::<Failure>() {
            Some(Failure::Layer { layer, reason }) => Ok(Some(format!("{layer}: {reason}"))),
            _ => Err(error),
        },
    }
}

/// Runs what would be confined as anybody could: in its folder, with the same few variables and an empty home. All of
/// its group ends with it; what left that is not known of.
pub(super) fn run(run: &confined::Run, watch: &Watch) -> anyhow::Result<Ran> {
    let started = Instant::now();
    let home = tempfile::tempdir().context("cannot make a folder for temporary files")?;
    let mut command = Command::new(&run.program);
    command.args(&run.arguments).current_dir(&run.confinement.directory).env_clear();
    command.envs(run.confinement.environment.iter().map(|(name, value)| (name, value)));
    command.env("HOME", home.path()).env("npm_config_cache", home.path().join(".npm")).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("cannot start the shell")?;
    let written = confined::Written::default();
    let out = child.stdout.take().map(|out| written.keep(out));
    let errors = child.stderr.take().map(|errors| written.keep(errors));
    let mut stopped = None;
    while stopped.is_none() && !is_over(&child)? {
        let over = started.elapsed() > run.confinement.limits.time;
        stopped = if over { Some(Stop::Time) } else { watch.check().err().map(|_| Stop::Asked) };
        std::thread::sleep(LOOK_EVERY);
    }
    let status = end(&mut child)?;
    // What left its group may hold the streams for ever.
    let readers: Vec<_> = [out, errors].into_iter().flatten().collect();
    let asked = Instant::now();
    while readers.iter().any(|reader| !reader.is_finished()) && asked.elapsed() < PATIENCE {
        std::thread::sleep(LOOK_EVERY);
    }
    let ended = Ended {
        status,
        stopped,
        events: Events::default(),
        time: started.elapsed(),
        memory: 0,
        grouped: Vec::new(),
    };
    Ok(Ran::new(ended, written.text()))
}

/// Whether it ended. It is not waited for: its number stays that of its group, and of nobody else.
fn is_over(child: &Child) -> anyhow::Result<bool> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let over = waitid(WaitId::Pid(Pid::from_child(child)), options).context("cannot wait for a script")?;
    Ok(over.is_some())
}

/// Ends what is left of its group.
fn end(child: &mut Child) -> anyhow::Result<std::process::ExitStatus> {
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    child.wait().context("cannot wait for a script")
}

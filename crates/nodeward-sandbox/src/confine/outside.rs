//! The process that asks for a confined program, and watches it.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};

use super::message::{self, Order, Reply};
use super::watch::Watch;
use super::{Failure, HELPER, disk, tree};
use crate::confinement::{Access, Confinement, Network};
use crate::events::Events;

/// How often what a program uses is looked at.
const EACH: Duration = Duration::from_millis(50);

/// How many of these looks go by between two at the disk, which take longer.
const DISK_EACH: u32 = 5;

/// How the helper is started: a program that calls [`obey`](super::obey) when its first argument is [`HELPER`].
#[derive(Debug, Clone)]
pub struct Helper {
    /// Its file.
    pub program: PathBuf,
}

impl Helper {
    /// This very program.
    pub fn this() -> io::Result<Self> {
        // The file that runs, also where another stands at its path by now.
        let same = PathBuf::from("/proc/self/exe");
        Ok(Self { program: if same.exists() { same } else { std::env::current_exe()? } })
    }
}

/// What becomes of a program's standard streams.
#[derive(Debug)]
pub enum Streams {
    /// They are those of this process, but for the input, which is this if there is one.
    Shared(Option<OwnedFd>),
    /// There is no input, and the output comes by [`Running::output`].
    Taken,
}

/// The sockets of the program's network through which hosts are reached.
#[derive(Debug)]
pub struct Sockets {
    /// Receives questions for names.
    pub names: OwnedFd,
    /// Receives connections, for each port in the order of [`Network::Ports`].
    pub listeners: Vec<OwnedFd>,
}

/// A program that runs.
#[derive(Debug)]
pub struct Running {
    child: Child,
    control: UnixStream,
    confinement: Confinement,
    sockets: Option<Sockets>,
    started: Instant,
}

/// Why a program was ended before it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It ran too long.
    Time,
    /// It and what it started took too much memory.
    Memory,
    /// There were too many processes.
    Processes,
    /// It wrote too much.
    Disk,
    /// Whoever started it wanted it ended.
    Asked,
}

/// What became of a program.
#[derive(Debug)]
pub struct Ended {
    /// How it ended; for one that was stopped, by a signal.
    pub status: ExitStatus,
    /// Why it was stopped, if it was.
    pub stopped: Option<Stop>,
    /// What it was seen trying.
    pub events: Events,
    /// How long it ran, with what it takes to confine it.
    pub time: Duration,
    /// The most memory that was seen in use at once, in bytes.
    pub memory: u64,
}

/// Starts a program that is confined. `is_watched`: what it tries is told of, at some cost for each file it opens.
pub fn spawn(
    helper: &Helper,
    confinement: Confinement,
    program: OsString,
    arguments: Vec<OsString>,
    streams: Streams,
    is_watched: bool,
) -> Result<Running, Failure> {
    let started = Instant::now();
    let failed = |error: io::Error| Failure::layer("processes", error);
    let (mut control, theirs) = UnixStream::pair().map_err(failed)?;
    let mut command = Command::new(&helper.program);
    command.arg(HELPER).env_clear().stdin(OwnedFd::from(theirs));
    let input = match streams {
        Streams::Shared(input) => input,
        Streams::Taken => {
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            None
        }
    };
    let child = command.spawn().map_err(failed)?;
    // It holds the other end of the stream.
    drop(command);
    let order = Order { confinement, program, arguments, watched: is_watched, has_input: input.is_some() };
    message::send_order(&mut control, &order, input.as_ref().map(|input| input.as_fd())).map_err(failed)?;
    let mut running = Running { child, control, confinement: order.confinement, sockets: None, started };
    if matches!(running.confinement.network, Network::Ports(_)) {
        running.receive_sockets()?;
    }
    Ok(running)
}

impl Running {
    fn receive_sockets(&mut self) -> Result<(), Failure> {
        match message::receive_reply(&mut self.control) {
            Ok(Reply::Sockets(mut sockets)) if !sockets.is_empty() => {
                let names = sockets.remove(0);
                self.sockets = Some(Sockets { names, listeners: sockets });
                Ok(())
            }
            Ok(Reply::Failed(failure)) => Err(failure),
            Ok(_) => Err(Failure::layer("network", io::Error::other("the helper ended"))),
            Err(error) => Err(Failure::layer("network", error)),
        }
    }

    /// The sockets of its network, once.
    pub fn take_sockets(&mut self) -> Option<Sockets> {
        self.sockets.take()
    }

    /// What it writes, once.
    pub fn output(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.child.stdout.take(), self.child.stderr.take())
    }

    /// Waits until it and all that it started is gone. It is ended when `asked` says so.
    pub fn wait(mut self, asked: &dyn Fn() -> bool) -> Result<Ended, Failure> {
        let mut watcher = Watcher::new(&self.confinement, self.child.id(), self.started);
        let mut listening: Option<JoinHandle<Events>> = None;
        let outcome = loop {
            if let Some(stop) = watcher.look(asked) {
                break Outcome::Stopped(stop);
            }
            if !self.has_reply() {
                continue;
            }
            match message::receive_reply(&mut self.control) {
                Ok(Reply::Listener(listener, network)) => {
                    let listener = Arc::new(listener);
                    let watch = Watch::new(&self.confinement, self.child.id(), network);
                    match std::thread::Builder::new()
                        .name("watch".to_owned())
                        .spawn(move || watch.run(&listener))
                    {
                        Ok(thread) => listening = Some(thread),
                        Err(error) => break Outcome::Failed(Failure::layer("processes", error)),
                    }
                }
                Ok(Reply::Ended(status)) => break Outcome::Ended(ExitStatus::from_raw(status)),
                Ok(Reply::Failed(failure)) => break Outcome::Failed(failure),
                Ok(Reply::Sockets(_)) => {}
                Ok(Reply::Gone) => {
                    break Outcome::Failed(Failure::layer("processes", io::Error::other("the helper ended")));
                }
                Err(error) => break Outcome::Failed(Failure::layer("processes", error)),
            }
        };
        if !matches!(outcome, Outcome::Ended(_)) {
            // The first process of the namespace goes with it, and all others with that.
            let _ = self.child.kill();
        }
        let waited = self.child.wait().map_err(|error| Failure::layer("processes", error))?;
        let events = listening.and_then(|thread| thread.join().ok()).unwrap_or_default();
        let (status, stopped) = match outcome {
            Outcome::Ended(status) => (status, None),
            Outcome::Stopped(stop) => (waited, Some(stop)),
            Outcome::Failed(failure) => return Err(failure),
        };
        Ok(Ended { status, stopped, events, time: self.started.elapsed(), memory: watcher.memory })
    }

    /// Waits a little for a reply.
    fn has_reply(&self) -> bool {
        let mut poll = [PollFd::new(&self.control, PollFlags::IN)];
        let time = Timespec { tv_sec: 0, tv_nsec: i64::from(EACH.subsec_nanos()) };
        rustix::event::poll(&mut poll, Some(&time)).is_ok_and(|ready| ready > 0)
    }
}

impl Drop for Running {
    /// Nothing outlives whoever started it.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

enum Outcome {
    Ended(ExitStatus),
    Stopped(Stop),
    Failed(Failure),
}

/// Looks at what a program uses.
struct Watcher {
    confinement: Confinement,
    helper: u32,
    started: Instant,
    looks: u32,
    /// What the folders held that it may write to, in bytes.
    before: u64,
    memory: u64,
}

impl Watcher {
    fn new(confinement: &Confinement, helper: u32, started: Instant) -> Self {
        let before = disk::held(writable(confinement));
        Self { confinement: confinement.clone(), helper, started, looks: 0, before, memory: 0 }
    }

    fn look(&mut self, asked: &dyn Fn() -> bool) -> Option<Stop> {
        let limits = &self.confinement.limits;
        if asked() {
            return Some(Stop::Asked);
        }
        if self.started.elapsed() > limits.time {
            return Some(Stop::Time);
        }
        self.looks += 1;
        let usage = tree::usage(self.helper);
        self.memory = self.memory.max(usage.memory);
        if usage.memory > limits.memory {
            return Some(Stop::Memory);
        }
        // The two that hold the program count as well.
        if usage.processes > limits.processes.saturating_add(2) {
            return Some(Stop::Processes);
        }
        if self.looks.is_multiple_of(DISK_EACH) {
            let held = disk::held(writable(&self.confinement));
            if held.saturating_sub(self.before) > limits.disk {
                return Some(Stop::Disk);
            }
        }
        None
    }
}

fn writable(confinement: &Confinement) -> impl Iterator<Item = PathBuf> {
    let rules = confinement.paths.iter().filter(|rule| rule.access == Access::Write);
    rules.map(|rule| PathBuf::from(rule.from.as_ref().unwrap_or(&rule.path)))
}

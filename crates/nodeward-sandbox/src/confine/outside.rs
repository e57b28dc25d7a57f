//! The process that asks for a confined program, and watches it.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::Signal;

use super::disk::Disk;
use super::group::{Counted, Group};
use super::message::{self, Order, Reply};
use super::watch::Watch;
use super::{Failure, HELPER, tree};
use crate::confinement::{Access, Confinement, Network};
use crate::events::{Act, Event, Events, Fate};
use crate::sys;

/// How often what a program uses is looked at.
const EACH: Duration = Duration::from_millis(50);

/// How long a program has to end by itself once it was asked to.
const GRACE: Duration = Duration::from_secs(5);

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
    /// Receives connections, for each port in the order of [`Network::Hosts`].
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
    disk: Disk,
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
    /// One of the two processes that hold it ended first.
    Lost,
    /// What it holds or writes could not be seen, so that no limit would hold for it.
    Hidden,
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
    /// What the kernel itself limited of all its processes together. The rest was looked at from outside.
    pub grouped: Vec<Counted>,
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
    sys::mind_children();
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
    let writable: Vec<PathBuf> = writable(&confinement).collect();
    let disk = Disk::watch(&writable, confinement.limits.file_size).map_err(failed)?;
    let child = command.spawn().map_err(failed)?;
    disk.belongs_to(child.id());
    // It holds the other end of the stream.
    drop(command);
    let order = Order { confinement, program, arguments, watched: is_watched, has_input: input.is_some() };
    message::send_order(&mut control, &order, input.as_ref().map(|input| input.as_fd())).map_err(failed)?;
    let confinement = order.confinement;
    let mut running = Running { child, control, confinement, sockets: None, started, disk };
    if matches!(running.confinement.network, Network::Hosts { .. }) {
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

    /// Waits until it and all that it started is gone. A signal that `asked` tells of is sent on to it, and it is
    /// ended when it goes on for long, or another one comes.
    pub fn wait(mut self, asked: &dyn Fn() -> Option<i32>) -> Result<Ended, Failure> {
        let mut watcher = Watcher::new(&self.confinement, self.child.id(), self.started);
        let mut listening: Option<JoinHandle<()>> = None;
        let events: Arc<Mutex<Events>> = Arc::default();
        let mut group = Group::default();
        let mut is_grouped = false;
        let mut asked_at: Option<Instant> = None;
        let outcome = loop {
            if let Some(signal) = asked() {
                let signal = Signal::from_named_raw(signal);
                let sent = signal.is_some_and(|signal| tree::signal(self.child.id(), signal));
                if asked_at.is_some() || !sent {
                    break Outcome::Stopped(Stop::Asked);
                }
                asked_at = Some(Instant::now());
            }
            if asked_at.is_some_and(|at| at.elapsed() > GRACE) {
                break Outcome::Stopped(Stop::Asked);
            }
            // The kernel takes as long as short programs run.
            if !is_grouped && self.started.elapsed() > EACH {
                is_grouped = true;
                group = Group::of(self.child.id(), &self.confinement.limits);
            }
            if let Some(stop) = watcher.look(&self.disk, &group) {
                break Outcome::Stopped(stop);
            }
            if !self.has_reply() {
                continue;
            }
            match message::receive_reply(&mut self.control) {
                Ok(Reply::Listener(listener, network)) => {
                    let listener = Arc::new(listener);
                    let watch = Watch::new(&self.confinement, self.child.id(), network, events.clone());
                    match std::thread::Builder::new()
                        .name("watch".to_owned())
                        .spawn(move || watch.run(&listener))
                    {
                        Ok(thread) => listening = Some(thread),
                        Err(error) => break Outcome::Failed(Failure::layer("processes", error)),
                    }
                }
                Ok(Reply::Ended(status, left)) => break Outcome::Ended(ExitStatus::from_raw(status), left),
                Ok(Reply::Failed(failure)) => break Outcome::Failed(failure),
                Ok(Reply::Sockets(_)) => {}
                Ok(Reply::Gone) => break Outcome::Lost(io::Error::other("the helper ended")),
                Err(error) => break Outcome::Lost(error),
            }
        };
        if !matches!(outcome, Outcome::Ended(..)) {
            // The first process of the namespace goes with it, and all others with that.
            let _ = self.child.kill();
        }
        let waited = self.child.wait().map_err(|error| Failure::layer("processes", error))?;
        let was_started = listening.is_some();
        if let Some(thread) = listening {
            join(&thread);
        }
        let mut events = events.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (status, stopped) = match outcome {
            Outcome::Ended(status, left) => {
                for subject in left {
                    events.add(Event { act: Act::Outlive, subject, fate: Fate::Denied });
                }
                (status, group.ended_one().then_some(Stop::Memory))
            }
            Outcome::Stopped(stop) => (waited, Some(stop)),
            // It was the helper that the kernel chose, with whom all ended.
            Outcome::Failed(_) | Outcome::Lost(_) if group.ended_one() => (waited, Some(Stop::Memory)),
            // What it tried until then is told.
            Outcome::Lost(_) if was_started => (waited, Some(Stop::Lost)),
            Outcome::Lost(error) => return Err(Failure::layer("processes", error)),
            Outcome::Failed(failure) => return Err(failure),
        };
        let (time, grouped) = (self.started.elapsed(), group.counted());
        Ok(Ended { status, stopped, events, time, memory: watcher.memory, grouped })
    }

    /// Waits a little for a reply.
    fn has_reply(&self) -> bool {
        let mut poll = [PollFd::new(&self.control, PollFlags::IN)];
        let time = Timespec { tv_sec: 0, tv_nsec: i64::from(EACH.subsec_nanos()) };
        rustix::event::poll(&mut poll, Some(&time)).is_ok_and(|ready| ready > 0)
    }
}

/// Waits for who answers calls, of which there are none any more; but not for ever.
fn join(thread: &JoinHandle<()>) {
    let end = Instant::now() + GRACE;
    while !thread.is_finished() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(1));
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
    Ended(ExitStatus, Vec<String>),
    Stopped(Stop),
    Failed(Failure),
    Lost(io::Error),
}

/// Looks at what a program uses.
struct Watcher {
    confinement: Confinement,
    helper: u32,
    started: Instant,
    memory: u64,
}

impl Watcher {
    fn new(confinement: &Confinement, helper: u32, started: Instant) -> Self {
        Self { confinement: confinement.clone(), helper, started, memory: 0 }
    }

    fn look(&mut self, disk: &Disk, group: &Group) -> Option<Stop> {
        let limits = &self.confinement.limits;
        if self.started.elapsed() > limits.time {
            return Some(Stop::Time);
        }
        let usage = tree::usage(self.helper);
        let memory = usage.memory + tree::private_memory(self.helper) + disk.unnamed_memory();
        self.memory = self.memory.max(memory);
        if memory > limits.memory || group.ended_one() {
            return Some(Stop::Memory);
        }
        // The two that hold the program count as well.
        if usage.tasks > limits.processes.saturating_add(2) {
            return Some(Stop::Processes);
        }
        if disk.added() > limits.disk {
            return Some(Stop::Disk);
        }
        disk.is_hidden().then_some(Stop::Hidden)
    }
}

fn writable(confinement: &Confinement) -> impl Iterator<Item = PathBuf> {
    let rules = confinement.paths.iter().filter(|rule| rule.access == Access::Write);
    rules.map(|rule| PathBuf::from(rule.from.as_ref().unwrap_or(&rule.path)))
}

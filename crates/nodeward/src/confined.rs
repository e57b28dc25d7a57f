//! Programs that run confined, as several commands start them, and what is told of them.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use nodeward_sandbox::confine::{self, Counted, Ended, Helper, Sockets, Stop, Streams};
use nodeward_sandbox::gateway::{
    Gateway, GatewayPolicy, HostRule, NameAnswer, NetworkEvent, NetworkLimits, NetworkSummary, UpstreamProxy,
    permitted_ports,
};
use nodeward_sandbox::{Access, Act, Confinement, Event, Events, Fate, HOME, Network};
use rustix::event::{PollFd, PollFlags, Timespec};
use serde::Serialize;

use crate::disk;
use crate::interrupt;
use crate::outcome::Outcome;
use crate::programs;
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
    /// The hosts that it may reach, where its network has a way out.
    pub(crate) hosts: Vec<HostRule>,
    /// Whether what it tries is told of.
    pub(crate) is_watched: bool,
}

/// What became of it.
pub(crate) struct Ran {
    /// As the sandbox has it, with what the network was asked for among the events.
    pub(crate) ended: Ended,
    /// The last of what it wrote, where that was kept.
    pub(crate) written: String,
    /// The names of this process's variables that were not handed on.
    withheld: Vec<String>,
    connections: Vec<Connection>,
    traffic: Vec<Traffic>,
}

/// All that went to a host that may be reached, and came from there.
#[derive(Debug, Clone, Serialize)]
struct Traffic {
    host: String,
    port: u16,
    connections: u64,
    sent: u64,
    received: u64,
}

/// A connection to a host that may be reached.
#[derive(Debug, Clone, Serialize)]
struct Connection {
    host: String,
    port: u16,
    sent: u64,
    received: u64,
    milliseconds: u128,
}

impl Ran {
    /// Of a program that nobody watched.
    pub(crate) fn new(ended: Ended, written: String) -> Self {
        Self { ended, written, withheld: Vec::new(), connections: Vec::new(), traffic: Vec::new() }
    }

    /// Whether it ended by itself, and says that all went well.
    pub(crate) fn went_well(&self) -> bool {
        self.ended.stopped.is_none() && self.ended.status.success()
    }
}

/// The network that reaches these hosts and no other.
pub(crate) fn network(hosts: &[HostRule]) -> Network {
    let addresses = hosts.iter().filter_map(HostRule::address).collect();
    Network::Hosts { ports: permitted_ports(hosts).into_iter().collect(), addresses }
}

/// Where a program's standard streams lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// They are those of this process.
    Shared,
    /// There is no input, and what it writes is kept: the last of it, both streams together.
    Kept,
}

/// The most that is kept of what a program writes, in bytes.
const MOST_KEPT: usize = 64 << 10;

/// Runs a program until it and all that it started is gone.
pub(crate) fn run(
    run: Run,
    output: Output,
    watch: &interrupt::Watch,
    session: &Session,
) -> anyhow::Result<Ran> {
    let helper = Helper::this().context("cannot tell where this program is")?;
    let withheld = withheld(&run.confinement);
    let streams = match output {
        Output::Shared => Streams::Shared(std::io::stdin().as_fd().try_clone_to_owned().ok()),
        Output::Kept => Streams::Taken,
    };
    let mut running =
        confine::spawn(&helper, run.confinement, run.program, run.arguments, streams, run.is_watched)?;
    let written = Written::default();
    let (out, errors) = running.output();
    let readers = [out.map(|out| written.keep(out)), errors.map(|errors| written.keep(errors))];
    let seen: Arc<Mutex<Vec<NetworkEvent>>> = Arc::default();
    let gateway = match running.take_sockets() {
        Some(sockets) => Some(gateway(sockets, run.hosts, seen.clone(), session)?),
        None => None,
    };
    let first = std::cell::Cell::new(true);
    let mut ended = running.wait(&|| watch.next(&first))?;
    let network = gateway.map(Gateway::stop).unwrap_or_default();
    written.end();
    for reader in readers.into_iter().flatten() {
        let _ = reader.join();
    }
    let seen = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
    let connections = seen.into_iter().filter_map(|event| note(event, &mut ended.events)).collect();
    ended.events.dropped = ended.events.dropped.saturating_add(network.left_out);
    Ok(Ran { ended, connections, traffic: traffic(network), withheld, written: written.text() })
}

fn traffic(network: NetworkSummary) -> Vec<Traffic> {
    let all = network.traffic.into_iter().map(|traffic| Traffic {
        host: traffic.host,
        port: traffic.port,
        connections: traffic.connections,
        sent: traffic.bytes_out,
        received: traffic.bytes_in,
    });
    all.collect()
}

/// The names of variables that a program does not get.
fn withheld(confinement: &Confinement) -> Vec<String> {
    let is_handed_on = |name: &OsString| confinement.environment.iter().any(|(known, _)| known == name);
    let names = std::env::vars_os().map(|(name, _)| name).filter(|name| !is_handed_on(name));
    let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

/// The last of what a program writes, both streams together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written {
    kept: Arc<Mutex<Vec<u8>>>,
    is_over: Arc<AtomicBool>,
}

/// How often it is looked whether anybody is left who could write.
const EACH: Duration = Duration::from_millis(50);

impl Written {
    /// Keeps the last of what comes, until the other end is closed or nobody is left.
    pub(crate) fn keep(&self, mut from: impl Read + AsFd + Send + 'static) -> JoinHandle<()> {
        let to = self.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            loop {
                // Asked first: what is there by then is read.
                let is_over = to.is_over.load(Ordering::SeqCst);
                if !has_more(&from, if is_over { Duration::ZERO } else { EACH }) {
                    if is_over {
                        return;
                    }
                    continue;
                }
                let Ok(read @ 1..) = from.read(&mut buffer) else { return };
                let mut kept = to.kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend_from_slice(&buffer[..read]);
                if kept.len() > MOST_KEPT {
                    let over = kept.len() - MOST_KEPT / 2;
                    kept.drain(..over);
                }
            }
        })
    }

    /// Nobody is left who could write. The streams may be open all the same, where nobody can reach them.
    fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// What was kept.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.kept.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

fn has_more(from: &impl AsFd, within: Duration) -> bool {
    let mut poll = [PollFd::new(from, PollFlags::IN)];
    let time = Timespec { tv_sec: 0, tv_nsec: i64::from(within.subsec_nanos()) };
    match rustix::event::poll(&mut poll, Some(&time)) {
        Ok(ready) => ready > 0,
        // What fails otherwise is told by reading.
        Err(error) => error != rustix::io::Errno::INTR,
    }
}

fn gateway(
    sockets: Sockets,
    rules: Vec<HostRule>,
    seen: Arc<Mutex<Vec<NetworkEvent>>>,
    session: &Session,
) -> anyhow::Result<Gateway> {
    let proxy = ["HTTPS_PROXY", "https_proxy"].iter().find_map(|name| session.variable(name));
    let proxy = proxy.map(str::parse::<UpstreamProxy>).transpose().context("HTTPS_PROXY")?;
    let policy = GatewayPolicy { rules, limits: NetworkLimits::default(), proxy };
    let listeners = sockets.listeners.into_iter().map(TcpListener::from).collect();
    let note = move |event| seen.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    Gateway::start(UdpSocket::from(sockets.names), listeners, policy, note)
        .context("cannot open the way to named hosts")
}

/// Adds what the network was asked for to what was tried; a connection is kept by itself, too.
fn note(event: NetworkEvent, events: &mut Events) -> Option<Connection> {
    let mut add = |act, subject, fate| events.add(Event { act, subject, fate });
    match event {
        NetworkEvent::NameAsked { name, answer, .. } => {
            let is_denied = matches!(answer, NameAnswer::Denied | NameAnswer::TooMany);
            let fate = if is_denied { Fate::Denied } else { Fate::Allowed };
            add(Act::Name, name, fate);
            None
        }
        NetworkEvent::Refused { host, port, refusal } => {
            add(Act::Connect, format!("{host}:{port} ({refusal})"), Fate::Denied);
            None
        }
        NetworkEvent::Failed { host, port, error, .. } => {
            add(Act::Connect, format!("{host}:{port} (failed: {error})"), Fate::Allowed);
            None
        }
        NetworkEvent::Connected { host, port, bytes_out, bytes_in, duration, .. } => {
            add(Act::Connect, format!("{host}:{port}"), Fate::Allowed);
            let milliseconds = duration.as_millis();
            Some(Connection { host, port, sent: bytes_out, received: bytes_in, milliseconds })
        }
        // What later versions tell as well.
        _ => None,
    }
}

/// The Node.js of `PATH`, by its real path. One that lies in the project or leads there is none of the machine's, and
/// neither is what is no program.
pub(crate) fn node(project: &Path, session: &Session) -> Option<PathBuf> {
    let project = std::fs::canonicalize(project).unwrap_or_else(|_| project.to_owned());
    let found = programs::folders(Some(&project), session).into_iter().map(|folder| folder.join("node"));
    found.filter_map(|node| std::fs::canonicalize(node).ok()).find(|node| {
        let mut start = [0; 4];
        let is_program = File::open(node).and_then(|mut file| file.read_exact(&mut start)).is_ok();
        is_program && start == *b"\x7fELF" && !node.starts_with(&project)
    })
}

/// Sets a variable of an environment.
pub(crate) fn set(environment: &mut Vec<(OsString, OsString)>, name: &str, value: OsString) {
    environment.retain(|(known, _)| known != name);
    environment.push((name.into(), value));
}

/// Says what was denied, and why the program was ended.
pub(crate) fn tell(ended: &Ended, session: &Session) {
    let mut denied: Vec<(&Event, u64)> =
        ended.events.iter().filter(|(event, _)| event.fate == Fate::Denied).collect();
    denied.sort_by_key(|(event, _)| rank(event));
    for (event, times) in denied.iter().take(MOST_SHOWN) {
        let again = if *times > 1 { format!(" ({times} times)") } else { String::new() };
        session.warn(format_args!("denied: {} {}{again}", verb(event.act), event.subject));
    }
    if denied.len() > MOST_SHOWN {
        session.warn(format_args!("and {} more; --report FILE lists them", denied.len() - MOST_SHOWN));
    }
    let dropped = ended.events.dropped;
    if dropped > 0 {
        session.warn(format_args!("it tried more than can be listed: {dropped} left out"));
    }
    if let Some(stop) = ended.stopped {
        session.insist(format_args!("ended: {}", reason(stop)));
        return;
    }
    // A limit of one process, which that process or a shell around it ends with.
    let signal = ended.status.signal().or_else(|| ended.status.code().map(|code| code - 128));
    if let Some((_, told)) = LIMITS.iter().find(|(limit, _)| signal == Some(*limit)) {
        session.insist(format_args!("the system ended it: {told}"));
    }
}

/// What is said first, of much: many looks at files must not hide what was to be sent where.
fn rank(event: &Event) -> u8 {
    match event.act {
        Act::Connect | Act::Name => 0,
        Act::Signal | Act::Outlive => 1,
        Act::Write | Act::Execute => 2,
        Act::Read if event.subject.starts_with(HOME) || event.subject.starts_with("/proc") => 2,
        Act::Read => 3,
    }
}

/// Signals that the kernel ends a process with at a limit of one process, the same on all architectures here.
const LIMITS: &[(i32, &str)] = &[
    (25, "a file was to grow larger than one may be (--disk)"),
    (24, "a process used more processor time than one may"),
];

fn verb(act: Act) -> &'static str {
    match act {
        Act::Read => "read",
        Act::Write => "write",
        Act::Execute => "start",
        Act::Name => "ask for",
        Act::Connect => "connect to",
        Act::Signal => "signal to",
        Act::Outlive => "go on after its end:",
    }
}

fn reason(stop: Stop) -> &'static str {
    match stop {
        Stop::Time => "it ran longer than it may (--time)",
        Stop::Memory => "it used more memory than it may (--memory)",
        Stop::Processes => "it made more processes than it may (--processes)",
        Stop::Disk => "it wrote more than it may (--disk)",
        Stop::Lost => "one of the processes that hold it was ended",
        Stop::Hidden => {
            "a process or a folder of it can't be looked into, so that no limit would hold for it"
        }
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
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    schema: &'static str,
    command: Vec<String>,
    code: Option<i32>,
    signal: Option<i32>,
    stopped: Option<&'static str>,
    milliseconds: u128,
    memory: u64,
    grouped: Vec<&'static str>,
    events: Vec<Line>,
    connections: Vec<Connection>,
    traffic: Vec<Traffic>,
    /// Left out where the report is for others than whoever ran it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) withheld: Option<Vec<String>>,
    dropped: u64,
}

#[derive(Debug, Serialize)]
struct Line {
    act: &'static str,
    subject: String,
    fate: &'static str,
    times: u64,
}

fn counted_name(counted: Counted) -> &'static str {
    match counted {
        Counted::Memory => "memory",
        Counted::Processes => "processes",
    }
}

/// All that it tried.
pub(crate) fn report(command: &[OsString], ran: &Ran) -> Report {
    let ended = &ran.ended;
    Report {
        schema: "nodeward.confined/1",
        command: command.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
        code: ended.status.code(),
        signal: ended.status.signal(),
        stopped: ended.stopped.map(name),
        milliseconds: ended.time.as_millis(),
        memory: ended.memory,
        grouped: ended.grouped.iter().map(|counted| counted_name(*counted)).collect(),
        events: ended.events.iter().map(|(event, times)| line(event, times)).collect(),
        connections: ran.connections.clone(),
        traffic: ran.traffic.clone(),
        withheld: Some(ran.withheld.clone()),
        dropped: ended.events.dropped,
    }
}

/// Where a report goes: found before anything runs that could put something else there.
#[derive(Debug)]
pub(crate) struct ReportFile {
    named: PathBuf,
    to: Destination,
}

#[derive(Debug)]
enum Destination {
    /// A regular file, or nothing yet: in this very folder.
    Replaced(PathBuf),
    /// A pipe or a device.
    Open(File),
}

impl ReportFile {
    /// Finds it. Nothing below a folder that a confined program may write to is taken: what is written there would be
    /// written for it.
    pub(crate) fn find(named: &Path, confinement: Option<&Confinement>) -> anyhow::Result<Self> {
        let context = || format!("cannot write {}", named.display());
        disk::refuse_leading_out(named, &std::env::current_dir()?).with_context(context)?;
        if std::fs::metadata(named).is_ok_and(|metadata| !metadata.is_file()) {
            let file = File::options().write(true).open(named).with_context(context)?;
            return Ok(Self { named: named.to_owned(), to: Destination::Open(file) });
        }
        let name = named.file_name().with_context(|| format!("{} names no file", named.display()))?;
        let folder = named.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = std::fs::canonicalize(folder).with_context(context)?;
        let writes = confinement.iter().flat_map(|confinement| &confinement.paths);
        if let Some(rule) =
            writes.filter(|rule| rule.access == Access::Write).find(|rule| folder.starts_with(&rule.path))
        {
            anyhow::bail!(
                "{}: a report can't lie in {}, which the program may write to",
                named.display(),
                Path::new(&rule.path).display()
            );
        }
        Ok(Self { named: named.to_owned(), to: Destination::Replaced(folder.join(name)) })
    }

    /// Writes what is reported.
    pub(crate) fn write(self, report: &impl Serialize) -> anyhow::Result<()> {
        let render = |out: &mut dyn Write| -> std::io::Result<()> {
            serde_json::to_writer_pretty(&mut *out, report)?;
            writeln!(out)
        };
        let written = match self.to {
            // A program may have made a link of a folder on the way since.
            Destination::Replaced(file)
                if file
                    .parent()
                    .is_none_or(|folder| !std::fs::canonicalize(folder).is_ok_and(|real| real == folder)) =>
            {
                anyhow::bail!("cannot write {}: its folder is another than before", self.named.display())
            }
            Destination::Replaced(file) => disk::replace_itself(&file, render),
            Destination::Open(file) => {
                let mut out = std::io::BufWriter::new(file);
                render(&mut out).and_then(|()| out.flush())
            }
        };
        written.with_context(|| format!("cannot write {}", self.named.display()))
    }
}

fn name(stop: Stop) -> &'static str {
    match stop {
        Stop::Time => "time",
        Stop::Memory => "memory",
        Stop::Processes => "processes",
        Stop::Disk => "disk",
        Stop::Lost => "lost",
        Stop::Hidden => "hidden",
        Stop::Asked => "asked",
    }
}

fn line(event: &Event, times: u64) -> Line {
    let act = match event.act {
        Act::Read => "read",
        Act::Write => "write",
        Act::Execute => "execute",
        Act::Name => "name",
        Act::Connect => "connect",
        Act::Signal => "signal",
        Act::Outlive => "outlive",
    };
    let fate = match event.fate {
        Fate::Allowed => "allowed",
        Fate::Denied => "denied",
    };
    Line { act, subject: event.subject.clone(), fate, times }
}

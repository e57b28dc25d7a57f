//! The helper: what happens in the processes that become, or hold, the confined program.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::FileType;
use rustix::net::{AddressFamily, SocketType};
use rustix::process::{DumpableBehavior, Pid, Resource, Rlimit, Signal, WaitOptions, WaitStatus};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::filter::Filters;
use super::message::{self, Order};
use super::view::View;
use super::{Failure, addresses, left, namespaces, rules, sockets};
use crate::confinement::{Confinement, Limits, Network};
use crate::sys::{self, Fork};

/// The port at which names are asked for.
const NAMES: u16 = 53;

/// The least number of the descriptor over which the listener is sent, and how many come after it that it may have.
const CONTROL: i32 = 500;
const CONTROLS: u16 = 400;

/// What the helper exits with when it could not do what it was told; the reason went to who told it.
const FAILED: u8 = 125;

/// Does what the process at the other end of standard input says. It is called before anything else, by a process
/// that has one thread.
pub fn obey() -> ExitCode {
    sys::mind_children();
    let Ok(input) = io::stdin().as_fd().try_clone_to_owned() else { return FAILED.into() };
    let mut control = UnixStream::from(input);
    let Ok((order, input)) = message::receive_order(&mut control) else { return FAILED.into() };
    match outer(&control, &order, input) {
        Ok(status) => u8::try_from(status).unwrap_or(FAILED).into(),
        Err(failure) => {
            let _ = message::reply_failed(&control, &failure);
            FAILED.into()
        }
    }
}

/// Leaves the namespaces and waits for the first process of the new ones.
fn outer(control: &UnixStream, order: &Order, input: Option<OwnedFd>) -> Result<i32, Failure> {
    // Dies with who started it, and all below dies with it.
    let dies = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    dies.map_err(|error| Failure::layer("processes", error))?;
    if is_closed(control) {
        return Err(Failure::layer("processes", io::Error::other("the process outside is gone")));
    }
    // Whatever descriptors it was started with are not the program's.
    sys::close_others_on_start().map_err(|error| Failure::layer("processes", error))?;
    // A session of its own: nothing reaches the terminal of who started it.
    let _ = rustix::process::setsid();
    let shares_network = order.confinement.network == Network::Unconfined;
    // What is declared is taken hold of as the user who asks, before the namespaces change who that is.
    namespaces::leave(shares_network).map_err(|error| Failure::Layer {
        layer: "namespaces".to_owned(),
        reason: format!("{error}; user namespaces are switched off here, or the container forbids them"),
    })?;
    // Open at this end for as long as this process lives.
    let (alive, outer_lives) = UnixStream::pair().map_err(|error| Failure::layer("processes", error))?;
    match sys::fork().map_err(|error| Failure::layer("processes", error))? {
        Fork::Parent(child) => {
            let status = wait_for(child).map_err(|error| Failure::layer("processes", error));
            drop(alive);
            status
        }
        Fork::Child => {
            drop(alive);
            let code = match first(control, &outer_lives, order, input) {
                Ok(()) => 0,
                Err(failure) => {
                    let _ = message::reply_failed(control, &failure);
                    i32::from(FAILED)
                }
            };
            std::process::exit(code)
        }
    }
}

/// The first process of the new namespaces.
fn first(
    control: &UnixStream,
    outer_lives: &UnixStream,
    order: &Order,
    input: Option<OwnedFd>,
) -> Result<(), Failure> {
    let dies = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    dies.map_err(|error| Failure::layer("processes", error))?;
    // It may have died before that was asked for.
    if is_closed(outer_lives) {
        return Err(Failure::layer("processes", io::Error::other("the process outside is gone")));
    }
    let confinement = &order.confinement;
    if confinement.network != Network::Unconfined {
        let sockets = open_network(&confinement.network).map_err(|error| Failure::layer("network", error))?;
        let sockets: Vec<BorrowedFd<'_>> = sockets.iter().map(|socket| socket.as_fd()).collect();
        if !sockets.is_empty() {
            message::reply_descriptors(control, b'S', &sockets)
                .map_err(|error| Failure::layer("network", error))?;
        }
    }
    let _ = rustix::system::sethostname(b"confined");
    let Limits { disk, memory, .. } = confinement.limits;
    // What lies in memory counts as such.
    View::open(confinement)?.enter(disk.min(memory))?;
    // Before the copy is made: what runs in it must not look into this process.
    let closed = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable);
    closed.map_err(|error| Failure::layer("processes", error))?;
    match sys::fork().map_err(|error| Failure::layer("processes", error))? {
        Fork::Parent(child) => {
            drop(input);
            drop_rights().map_err(|error| Failure::layer("rights", error))?;
            let status = reap(child).map_err(|error| Failure::layer("processes", error))?;
            message::reply_ended(control, status, &left::running())
                .map_err(|error| Failure::layer("processes", error))
        }
        Fork::Child => {
            let failure = match become_program(control, order, input) {
                Ok(never) => match never {},
                Err(failure) => failure,
            };
            let _ = message::reply_failed(control, &failure);
            std::process::exit(i32::from(FAILED))
        }
    }
}

/// Whether nobody holds the other end of a stream.
fn is_closed(stream: &UnixStream) -> bool {
    let mut poll = [PollFd::new(stream, PollFlags::RDHUP)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    rustix::event::poll(&mut poll, Some(&now)).is_ok_and(|ready| ready > 0)
}

/// The sockets by which the network is left.
fn open_network(network: &Network) -> io::Result<Vec<OwnedFd>> {
    let names = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    sys::raise_loopback(names.as_fd())?;
    let Network::Hosts { ports, addresses } = network else { return Ok(Vec::new()) };
    for address in addresses.iter().filter(|address| !address.is_loopback()) {
        addresses::add(*address)?;
    }
    // One for both families, where the second one is needed: not every kernel has it.
    let any: IpAddr = match addresses.iter().any(IpAddr::is_ipv6) {
        true => Ipv6Addr::UNSPECIFIED.into(),
        false => Ipv4Addr::UNSPECIFIED.into(),
    };
    let mut sockets = vec![UdpSocket::bind((Ipv4Addr::LOCALHOST, NAMES))?.into()];
    for port in ports {
        sockets.push(TcpListener::bind((any, *port))?.into());
    }
    Ok(sockets)
}

/// Gives everything up that is not needed, and starts the program in the place of this process.
fn become_program(
    control: &UnixStream,
    order: &Order,
    input: Option<OwnedFd>,
) -> Result<Infallible, Failure> {
    let confinement = &order.confinement;
    // What it sends to its own group is not for those that hold it.
    rustix::process::setsid().map_err(|error| Failure::layer("processes", error))?;
    limit(&confinement.limits).map_err(|error| Failure::layer("limits", error))?;
    drop_rights().map_err(|error| Failure::layer("rights", error))?;
    rules::confine(confinement)?;
    refuse_streams(input.as_ref())?;
    let mut command = prepared(confinement, order, input);
    filter(control, order.watched).map_err(|error| Failure::layer("seccomp", error))?;
    let error = command.exec();
    let reason = reason(Path::new(&order.program), &error);
    Err(Failure::Program { program: order.program.display().to_string(), reason })
}

/// Why a program can't be started, as it is seen in here. The kernel tells a number alone.
fn reason(program: &Path, error: &io::Error) -> String {
    let is_there = |path: &Path| std::fs::metadata(path).is_ok();
    let mut start = [0; 256];
    let read = File::open(program).and_then(|mut file| file.read(&mut start)).unwrap_or(0);
    let line = start[..read].strip_prefix(b"#!").and_then(|rest| rest.split(|byte| *byte == b'\n').next());
    let interpreter = line.and_then(|line| std::str::from_utf8(line).ok()?.split_whitespace().next());
    let told = match (error.kind(), interpreter) {
        (io::ErrorKind::NotFound, _) if !is_there(program) => {
            "it is not there for it; show it with --read".to_owned()
        }
        (_, Some(interpreter)) if !is_there(Path::new(interpreter)) => {
            format!("its first line names {interpreter}, which is not there for it")
        }
        (io::ErrorKind::NotFound, _) => "a library that it names to load it is not there for it".to_owned(),
        (io::ErrorKind::PermissionDenied, _) => {
            let mode = std::fs::metadata(program).map(|metadata| metadata.mode() & 0o111);
            match mode {
                Ok(0) => "it is no program: nobody may execute the file (chmod +x)".to_owned(),
                _ => "it may not be read or executed by this user, or is shown for reading only".to_owned(),
            }
        }
        _ => return error.to_string(),
    };
    format!("{told} ({error})")
}

fn prepared(confinement: &Confinement, order: &Order, input: Option<OwnedFd>) -> Command {
    let mut command = Command::new(&order.program);
    command
        .args(&order.arguments)
        .env_clear()
        .envs(confinement.environment.iter().map(|(name, value)| (name, value)));
    command.current_dir(&confinement.directory);
    command.stdin(input.map_or_else(Stdio::null, Stdio::from));
    command
}

/// Standard streams lead to files and to whoever is at the other end, and no further.
fn refuse_streams(input: Option<&OwnedFd>) -> Result<(), Failure> {
    let (output, errors) = (io::stdout(), io::stderr());
    let streams = input.map(|input| input.as_fd()).into_iter().chain([output.as_fd(), errors.as_fd()]);
    for stream in streams {
        if let Some((layer, reason)) = leads_on(stream) {
            return Err(Failure::layer(layer, io::Error::other(reason)));
        }
    }
    Ok(())
}

/// Why a stream is more than one, and of which layer.
fn leads_on(stream: BorrowedFd<'_>) -> Option<(&'static str, &'static str)> {
    let status = rustix::fs::fstat(stream).ok()?;
    if FileType::from_raw_mode(status.st_mode).is_dir() {
        return Some(("mounts", "a standard stream is a folder, from which others are found"));
    }
    match rustix::net::sockopt::socket_type(stream).ok()? {
        SocketType::STREAM | SocketType::SEQPACKET => {}
        _ => return Some(("network", "a standard stream is a socket for datagrams, which reaches others")),
    }
    let family = rustix::net::sockopt::socket_domain(stream).ok()?;
    if family != AddressFamily::UNIX && sys::network_of(stream).is_none() {
        return Some((
            "network",
            "a standard stream is a socket, of which kernels before 5.14 don't say whose it is",
        ));
    }
    let accepts = rustix::net::sockopt::socket_acceptconn(stream).unwrap_or(true);
    (accepts || rustix::net::getpeername(stream).is_err()).then_some((
        "network",
        "a standard stream is a socket without anybody at the other end, which can get one",
    ))
}

fn filter(control: &UnixStream, watched: bool) -> io::Result<()> {
    // By a number that the program will hardly use itself, and can't know: messages to it are not watched.
    let mut chance = [0; 2];
    rustix::rand::getrandom(&mut chance, rustix::rand::GetRandomFlags::empty())?;
    let number = CONTROL + i32::from(u16::from_ne_bytes(chance) % CONTROLS);
    let control = rustix::io::fcntl_dupfd_cloexec(control, number)
        .or_else(|_| rustix::io::fcntl_dupfd_cloexec(control, 3))?;
    let control = UnixStream::from(control);
    let filters = Filters::new(control.as_raw_fd(), watched).map_err(io::Error::other)?;
    // Where the kernel does not tell of sockets, those in folders of others can't be told from the program's own.
    let network = sockets::ask_this_network().ok();
    for filter in [&filters.allowed, &filters.unknown] {
        seccompiler::apply_filter(filter).map_err(io::Error::other)?;
    }
    let listener = sys::listen(&filters.watched)?;
    let descriptors: Vec<BorrowedFd<'_>> =
        std::iter::once(listener.as_fd()).chain(network.as_ref().map(|network| network.as_fd())).collect();
    message::reply_descriptors(&control, b'L', &descriptors)
}

fn limit(limits: &Limits) -> io::Result<()> {
    for (resource, most) in [
        (Resource::Cpu, limits.processor_seconds),
        (Resource::Data, limits.memory),
        (Resource::Nproc, limits.processes),
        (Resource::Fsize, limits.file_size),
        (Resource::Core, 0),
    ] {
        let known = rustix::process::getrlimit(resource).maximum;
        let most = Some(known.map_or(most, |known| known.min(most)));
        rustix::process::setrlimit(resource, Rlimit { current: most, maximum: most })?;
    }
    Ok(())
}

/// No capabilities, not even in these namespaces, and none to be had by starting a program.
fn drop_rights() -> io::Result<()> {
    for capability in CapabilitySet::all().iter() {
        match rustix::thread::remove_capability_from_bounding_set(capability) {
            // One that this kernel does not know.
            Ok(()) | Err(rustix::io::Errno::INVAL) => {}
            Err(error) => return Err(error.into()),
        }
    }
    rustix::thread::clear_ambient_capability_set()?;
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    rustix::thread::set_capabilities(None, none)?;
    Ok(rustix::thread::set_no_new_privs(true)?)
}

fn wait_for(child: Pid) -> io::Result<i32> {
    let waited = rustix::io::retry_on_intr(|| rustix::process::waitpid(Some(child), WaitOptions::empty()))?;
    Ok(waited.and_then(|(_, status)| status.exit_status()).unwrap_or(i32::from(FAILED)))
}

/// Waits for all processes until this one has ended.
fn reap(child: Pid) -> io::Result<i32> {
    loop {
        let waited = rustix::io::retry_on_intr(|| rustix::process::wait(WaitOptions::empty()))?;
        match waited {
            Some((pid, status)) if pid == child => return Ok(raw(status)),
            _ => {}
        }
    }
}

fn raw(status: WaitStatus) -> i32 {
    status.as_raw()
}

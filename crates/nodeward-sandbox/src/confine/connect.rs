//! Connections of a confined program. The process outside makes them in its place: with a copy of the socket and of the
//! address, so that neither can become another between the look at it and the connection.
//!
//! A socket of the file system belongs to no network: whoever may write to its file can connect to its service. Here
//! only those can be connected to that were made inside.

use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags};

use super::copied::{Copied, Copies};
use super::sockets::Listeners;
use super::view;
use crate::confinement::{Confinement, Network};
use crate::surroundings::{SHARED, TEMPORARY};
use crate::sys::{self, Answer, Call};

/// The longest address that Linux takes, in bytes.
const LONGEST: usize = 128;

/// What is known of where a program may connect to.
pub(super) struct Connections {
    /// Its folders in memory, which nobody else has.
    private: Vec<&'static str>,
    /// Tells of the sockets in its network, where that is its own.
    network: Option<Listeners>,
    copies: Copies,
}

/// A connection that was asked for.
pub(super) struct Wanted {
    socket: Copied,
    /// The address, as it is used.
    address: Vec<u8>,
    /// What the address is of, held for as long as it is used.
    file: Option<OwnedFd>,
}

/// Why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    /// What the program is told.
    pub(super) error: i32,
    /// Whether that is for what it may do, and not for what there is.
    pub(super) denied: bool,
}

impl From<Errno> for Refused {
    fn from(error: Errno) -> Self {
        Self { error: error.raw_os_error(), denied: false }
    }
}

const DENIED: Refused = Refused { error: libc::EACCES, denied: true };

impl Connections {
    /// `network`: a descriptor by which the program's own network tells of its sockets.
    pub(super) fn new(confinement: &Confinement, network: Option<OwnedFd>) -> Self {
        // What is declared under such a name is not private.
        let is_own = |folder: &&str| !confinement.paths.iter().any(|rule| rule.path == **folder);
        Self {
            private: [TEMPORARY, SHARED].into_iter().filter(is_own).collect(),
            network: network.filter(|_| confinement.network != Network::Unconfined).map(Listeners::new),
            copies: Copies::default(),
        }
    }

    /// Makes the connection, or says why not. `None`: it is answered later, by another thread.
    pub(super) fn make(
        &mut self,
        listener: &Arc<OwnedFd>,
        call: &Call,
        address: &[u8],
    ) -> Result<Option<Answer>, Refused> {
        let wanted = self.wanted(listener, call, address)?;
        // Whether it waits can't be known: the program holds the same open socket, and can have it wait meanwhile.
        if rustix::net::sockopt::socket_type(wanted.socket.socket()?)? == SocketType::DGRAM {
            return Ok(Some(wanted.connect()));
        }
        let (listener, call) = (listener.clone(), *call);
        // Given to the thread once there is one: what could not be started would be dropped here.
        let (gives, takes) = std::sync::mpsc::channel::<Wanted>();
        let started = std::thread::Builder::new().name("connect".to_owned()).spawn(move || {
            let Ok(wanted) = takes.recv() else { return };
            let answer = wanted.connect();
            wanted.socket.close();
            sys::answer(listener.as_fd(), &call, answer);
        });
        started.map_err(|_| Errno::AGAIN)?;
        let _ = gives.send(wanted);
        Ok(None)
    }

    fn wanted(&mut self, listener: &impl AsFd, call: &Call, address: &[u8]) -> Result<Wanted, Refused> {
        let copied = socket_of(call, &self.copies)?;
        let place = path_of(address).map(|_| Place::of(call)).transpose()?;
        // From here on it is known whose socket and whose place that is.
        if !sys::still_waits(listener.as_fd(), call) {
            return Err(Errno::INTR.into());
        }
        let family = address.get(..2).map(|bytes| u16::from_ne_bytes([bytes[0], bytes[1]]));
        let family = family.ok_or(Errno::INVAL)?;
        let socket = copied.socket()?;
        match rustix::net::sockopt::socket_domain(socket)? {
            AddressFamily::UNIX if family != AddressFamily::UNIX.as_raw() => Err(Errno::INVAL.into()),
            AddressFamily::UNIX => self.wanted_by_name(copied, place, address),
            AddressFamily::INET | AddressFamily::INET6 if self.is_of_its_network(socket) => {
                Ok(Wanted { socket: copied, address: address.to_vec(), file: None })
            }
            // The kernel itself.
            AddressFamily::NETLINK if address.iter().skip(2).all(|byte| *byte == 0) => {
                Ok(Wanted { socket: copied, address: address.to_vec(), file: None })
            }
            _ => Err(DENIED),
        }
    }

    /// Whether a socket was made inside, and not handed on as a stream.
    fn is_of_its_network(&self, socket: BorrowedFd<'_>) -> bool {
        let Some(network) = &self.network else { return true };
        sys::network_of(network.socket()) == sys::network_of(socket)
    }

    fn wanted_by_name(
        &mut self,
        socket: Copied,
        place: Option<Place>,
        address: &[u8],
    ) -> Result<Wanted, Refused> {
        if rustix::net::sockopt::socket_type(socket.socket()?)? == SocketType::DGRAM {
            return Err(DENIED);
        }
        match address.get(2) {
            None => Err(Errno::INVAL.into()),
            // A name of its network, which has no file.
            Some(0) if self.network.is_some() && self.is_of_its_network(socket.socket()?) => {
                Ok(Wanted { socket, address: address.to_vec(), file: None })
            }
            Some(0) => Err(DENIED),
            Some(_) => {
                let place = place.ok_or(Errno::INVAL)?;
                let file = place.find(path_of(address).ok_or(Errno::INVAL)?)?;
                if !self.was_made_inside(&place, &file)? {
                    return Err(DENIED);
                }
                // That very file, whatever stands at its path by now.
                let path = format!("/proc/self/fd/{}\0", file.as_raw_fd());
                let family = AddressFamily::UNIX.as_raw().to_ne_bytes();
                let address = family.into_iter().chain(path.into_bytes()).collect();
                Ok(Wanted { socket, address, file: Some(file) })
            }
        }
    }

    fn was_made_inside(&mut self, place: &Place, file: &OwnedFd) -> Result<bool, Refused> {
        let status = rustix::fs::fstat(file)?;
        if FileType::from_raw_mode(status.st_mode) != FileType::Socket {
            return Err(Errno::CONNREFUSED.into());
        }
        let is_private = |folder: &&str| {
            let folder = view::find_below(&place.root, Path::new(folder));
            folder.and_then(rustix::fs::fstat).is_ok_and(|folder| folder.st_dev == status.st_dev)
        };
        if self.private.iter().any(is_private) {
            return Ok(true);
        }
        Ok(self.network.as_mut().is_some_and(|network| network.listens(&status)))
    }
}

impl Wanted {
    fn connect(&self) -> Answer {
        let _held = &self.file;
        let Ok(socket) = self.socket.socket() else { return Answer::Fails(libc::EBADF) };
        match sys::connect(socket, &self.address) {
            Ok(()) => Answer::Done,
            Err(error) => Answer::Fails(error.raw_os_error().unwrap_or(libc::EACCES)),
        }
    }
}

/// The address that a call passes, as bytes.
pub(super) fn address_of(call: &Call) -> Result<Vec<u8>, Errno> {
    let length = usize::try_from(call.arguments[2] as i32).map_err(|_| Errno::INVAL)?;
    if length > LONGEST {
        return Err(Errno::INVAL);
    }
    let mut bytes = vec![0; length];
    let read = sys::read_memory(call.pid, call.arguments[1], &mut bytes);
    if read == length { Ok(bytes) } else { Err(Errno::FAULT) }
}

/// The path in the address of a socket that has one.
pub(super) fn path_of(address: &[u8]) -> Option<&Path> {
    let path = address.get(2..)?.split(|&byte| byte == 0).next().filter(|path| !path.is_empty())?;
    Some(Path::new(OsStr::from_bytes(path)))
}

/// A copy of the socket that a call is about.
fn socket_of(call: &Call, copies: &Copies) -> Result<Copied, Errno> {
    let number = call.arguments[0] as i32;
    let thread = i32::try_from(call.pid).ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)?;
    // Kernels before 6.9 know a thread by its process alone, which may have ended before it.
    let held = rustix::process::pidfd_open(thread, PidfdFlags::from_bits_retain(libc::PIDFD_THREAD));
    let held = match held {
        Err(Errno::INVAL) => rustix::process::pidfd_open(process_of(call)?, PidfdFlags::empty())?,
        other => other?,
    };
    copies.make(|| rustix::process::pidfd_getfd(held, number, PidfdGetfdFlags::empty()))
}

fn process_of(call: &Call) -> Result<Pid, Errno> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", call.pid)).map_err(|_| Errno::SRCH)?;
    let group = status.lines().find_map(|line| line.strip_prefix("Tgid:")?.trim().parse().ok());
    group.and_then(Pid::from_raw).ok_or(Errno::SRCH)
}

/// Where a process looks paths up, held: its number may be another's by the next look.
struct Place {
    root: OwnedFd,
    /// Its folder, as it sees it itself; its root is not ours.
    folder: Option<PathBuf>,
}

impl Place {
    fn of(call: &Call) -> Result<Self, Errno> {
        let directory = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(format!("/proc/{}/root", call.pid), directory, Mode::empty())?;
        Ok(Self { root, folder: std::fs::read_link(format!("/proc/{}/cwd", call.pid)).ok() })
    }

    /// What a path leads to from here.
    fn find(&self, path: &Path) -> Result<OwnedFd, Errno> {
        let folder = if path.is_relative() { self.folder.as_deref().ok_or(Errno::ACCESS)? } else { path };
        view::find_below(&self.root, &folder.join(path))
    }
}

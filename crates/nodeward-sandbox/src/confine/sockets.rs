//! Which sockets of the file system are listened to in a network.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::fs::Stat;
use rustix::net::sockopt::Timeout;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink};

/// The kernel's numbers of what is asked and answered.
const BY_FAMILY: u16 = 20;
const REQUEST_ALL: u16 = 0x301;
const ERROR: u16 = 2;
const DONE: u16 = 3;
/// The state of a socket that is listened to, as a bit.
const LISTENING: u32 = 1 << 10;
/// Asks for the file of each socket, and is what tells it.
const SHOW_FILE: u32 = 2;
const FILE: u16 = 1;

/// How much of an answer comes at once.
const AT_ONCE: usize = 32 << 10;

/// How many pieces an answer may have.
const MOST: usize = 1_000;

/// By which the network of the caller tells of its sockets, also to who gets this.
pub(super) fn ask_this_network() -> io::Result<OwnedFd> {
    let (family, kind) = (AddressFamily::NETLINK, SocketType::RAW);
    let protocol = Some(netlink::SOCK_DIAG);
    let socket = rustix::net::socket_with(family, kind, SocketFlags::CLOEXEC, protocol)?;
    rustix::net::sockopt::set_socket_timeout(&socket, Timeout::Recv, Some(Duration::from_secs(1)))?;
    Ok(socket)
}

/// A network that tells of its sockets.
#[derive(Debug)]
pub(super) struct Listeners {
    socket: OwnedFd,
    /// How often it was asked.
    asked: u32,
    /// Whether an answer did not come whole: the rest of it could be taken for the next one.
    is_lost: bool,
}

impl Listeners {
    /// Of the network that [`ask_this_network`] was called in.
    pub(super) fn new(socket: OwnedFd) -> Self {
        Self { socket, asked: 0, is_lost: false }
    }

    /// A socket of that network.
    pub(super) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Whether it is known that somebody of that network listens at this file. Once the kernel did not answer in full,
    /// nothing is known any more.
    pub(super) fn listens(&mut self, file: &Stat) -> bool {
        if self.is_lost {
            return false;
        }
        self.asked = self.asked.wrapping_add(1);
        let known = self.ask(file);
        self.is_lost = known.is_err();
        known.unwrap_or(false)
    }

    fn ask(&self, file: &Stat) -> io::Result<bool> {
        rustix::net::send(&self.socket, &question(self.asked), SendFlags::empty())?;
        let mut buffer = vec![0; AT_ONCE];
        let mut found = false;
        for _ in 0..MOST {
            let got = rustix::net::recv(&self.socket, buffer.as_mut_slice(), RecvFlags::TRUNC);
            // More than the buffer holds is cut off.
            let piece = buffer.get(..got?.1).ok_or_else(|| io::Error::other("an answer is too long"))?;
            let mut rest = piece;
            while let Some(Message { kind, number, content, next }) = message(rest) {
                match kind {
                    _ if number != self.asked => {}
                    DONE => return Ok(found),
                    ERROR => return Err(io::Error::other("the kernel does not tell of sockets")),
                    _ => found |= is_of(content, file),
                }
                rest = next;
            }
        }
        Err(io::Error::other("there are too many sockets"))
    }
}

/// Asks for all sockets of the file system that are listened to.
fn question(number: u32) -> Vec<u8> {
    let mut question = Vec::new();
    question.extend(40_u32.to_ne_bytes());
    question.extend(BY_FAMILY.to_ne_bytes());
    question.extend(REQUEST_ALL.to_ne_bytes());
    question.extend(number.to_ne_bytes());
    question.extend([0; 4]);
    // The family, the protocol, and two bytes of nothing; the states; any file; what is to be told; any socket.
    question.extend([AddressFamily::UNIX.as_raw() as u8, 0, 0, 0]);
    question.extend(LISTENING.to_ne_bytes());
    question.extend(0_u32.to_ne_bytes());
    question.extend(SHOW_FILE.to_ne_bytes());
    question.extend([0; 8]);
    question
}

/// One message of an answer, and what comes after it.
struct Message<'b> {
    kind: u16,
    /// That of the question.
    number: u32,
    content: &'b [u8],
    next: &'b [u8],
}

fn message(bytes: &[u8]) -> Option<Message<'_>> {
    let length = u32::from_ne_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    let kind = u16::from_ne_bytes(bytes.get(4..6)?.try_into().ok()?);
    let number = u32::from_ne_bytes(bytes.get(8..12)?.try_into().ok()?);
    let next = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    Some(Message { kind, number, content: bytes.get(16..length)?, next })
}

/// Whether a socket that is told of has this file.
fn is_of(message: &[u8], file: &Stat) -> bool {
    let mut rest = message.get(16..).unwrap_or_default();
    while let Some(length) = rest.get(..2).map(|bytes| usize::from(u16::from_ne_bytes([bytes[0], bytes[1]])))
    {
        let (Some(kind), Some(value)) = (rest.get(2..4), rest.get(4..length)) else { return false };
        if u16::from_ne_bytes([kind[0], kind[1]]) == FILE {
            return is_file(value, file);
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    false
}

/// The kernel tells the lower half of a file's number, and of its device 12 and 20 bits.
fn is_file(value: &[u8], file: &Stat) -> bool {
    let number = |at: usize| Some(u32::from_ne_bytes(value.get(at..at + 4)?.try_into().ok()?));
    let device = rustix::fs::major(file.st_dev) << 20 | rustix::fs::minor(file.st_dev);
    number(0) == Some(file.st_ino as u32) && number(4) == Some(device)
}

//! What the processes of one confinement tell each other, over a stream: a letter, and descriptors or JSON.

use std::ffi::OsString;
use std::io::{self, IoSlice, IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};
use serde::{Deserialize, Serialize};

use super::Failure;
use crate::confinement::Confinement;

/// The most descriptors in one message.
const MOST_DESCRIPTORS: usize = 64;

/// The longest order or failure, in bytes.
const MOST_BYTES: usize = 64 << 20;

/// What the helper is to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) confinement: Confinement,
    pub(super) program: OsString,
    pub(super) arguments: Vec<OsString>,
    /// Whether the process outside wants to be told of calls.
    pub(super) watched: bool,
    /// Whether there is a standard input beside the order.
    pub(super) has_input: bool,
}

/// What comes back.
#[derive(Debug)]
pub(super) enum Reply {
    /// Sockets in the program's network: one for names, then one for each port.
    Sockets(Vec<OwnedFd>),
    /// By which watched calls are told, and by which the program's network tells of its sockets.
    Listener(OwnedFd, Option<OwnedFd>),
    /// Nothing was started.
    Failed(Failure),
    /// The program has ended, with this status as `waitpid` has it; and these command lines of what it left running.
    Ended(i32, Vec<String>),
    /// Nobody will say anything more.
    Gone,
}

pub(super) fn send_order(
    to: &mut UnixStream,
    order: &Order,
    input: Option<BorrowedFd<'_>>,
) -> io::Result<()> {
    let text = serde_json::to_vec(order)?;
    send(to, b'O', input.as_slice())?;
    to.write_all(&(text.len() as u64).to_ne_bytes())?;
    to.write_all(&text)
}

pub(super) fn receive_order(from: &mut UnixStream) -> io::Result<(Order, Option<OwnedFd>)> {
    let (_, mut descriptors) = receive(from)?;
    let order = serde_json::from_slice(&receive_bytes(from)?)?;
    Ok((order, descriptors.pop()))
}

pub(super) fn reply_descriptors(
    to: &UnixStream,
    letter: u8,
    descriptors: &[BorrowedFd<'_>],
) -> io::Result<()> {
    send(to, letter, descriptors)
}

pub(super) fn reply_failed(mut to: &UnixStream, failure: &Failure) -> io::Result<()> {
    let text = serde_json::to_vec(failure)?;
    send(to, b'F', &[])?;
    to.write_all(&(text.len() as u64).to_ne_bytes())?;
    to.write_all(&text)
}

pub(super) fn reply_ended(mut to: &UnixStream, status: i32, left: &[String]) -> io::Result<()> {
    let text = serde_json::to_vec(left)?;
    send(to, b'E', &[])?;
    to.write_all(&status.to_ne_bytes())?;
    to.write_all(&(text.len() as u64).to_ne_bytes())?;
    to.write_all(&text)
}

/// The next reply, whatever it is.
pub(super) fn receive_reply(from: &mut UnixStream) -> io::Result<Reply> {
    let (letter, descriptors) = match receive(from) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Reply::Gone),
        other => other?,
    };
    match letter {
        b'S' => Ok(Reply::Sockets(descriptors)),
        b'L' => {
            let mut descriptors = descriptors.into_iter();
            let listener = descriptors.next().ok_or_else(|| io::Error::other("no descriptor came"))?;
            Ok(Reply::Listener(listener, descriptors.next()))
        }
        b'F' => Ok(Reply::Failed(serde_json::from_slice(&receive_bytes(from)?)?)),
        b'E' => {
            let mut status = [0; 4];
            from.read_exact(&mut status)?;
            let left = serde_json::from_slice(&receive_bytes(from)?)?;
            Ok(Reply::Ended(i32::from_ne_bytes(status), left))
        }
        _ => Err(io::Error::other("an unknown reply")),
    }
}

fn receive_bytes(from: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    from.read_exact(&mut length)?;
    let length = usize::try_from(u64::from_ne_bytes(length)).ok().filter(|length| *length <= MOST_BYTES);
    let mut bytes = vec![0; length.ok_or_else(|| io::Error::other("too long"))?];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn send(to: &UnixStream, letter: u8, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::Error::other("too many descriptors"));
    }
    rustix::net::sendmsg(to.as_fd(), &[IoSlice::new(&[letter])], &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

fn receive(from: &UnixStream) -> io::Result<(u8, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut letter = [0];
    let got = rustix::io::retry_on_intr(|| {
        rustix::net::recvmsg(
            from.as_fd(),
            &mut [IoSliceMut::new(&mut letter)],
            &mut ancillary,
            RecvFlags::CMSG_CLOEXEC,
        )
    })?;
    if got.bytes == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let descriptors = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    Ok((letter[0], descriptors.flatten().collect()))
}

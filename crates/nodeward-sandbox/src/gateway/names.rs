//! Answers the questions for names that come from inside. None is ever passed on: a name that is asked for carries
//! nothing out.

use std::io::ErrorKind;
use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::PollFlags;

use super::event::{NetworkEvent, RecordKind};
use super::message::{Datagram, read};
use super::running::Shared;

/// The longest datagram that is looked at whole: a question is shorter than this with all that may follow it.
const DATAGRAM: usize = 4096;

/// How many datagrams are taken before a pause, so that a flood does not keep this machine busy. What comes in the
/// meantime is dropped by the kernel, and resolvers ask again.
const AT_ONCE: u32 = 256;
const PAUSE: Duration = Duration::from_millis(50);

/// Answers until all has to end.
pub(super) fn answer(socket: &UdpSocket, shared: &Shared) {
    let mut buffer = [0; DATAGRAM];
    let mut taken = 0;
    while !shared.stop.is_raised() {
        match socket.recv_from(&mut buffer) {
            Ok((length, from)) => {
                if let Some(reply) = reply(&buffer[..length], shared) {
                    // One that can't be sent is as good as lost: it is asked for again.
                    let _ = socket.send_to(&reply, from);
                }
                taken += 1;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                shared.stop.wait(&[(socket.as_fd(), PollFlags::IN)], None);
            }
            // Such as word that an answer found nobody any more.
            Err(_) => taken += 1,
        }
        if taken >= AT_ONCE {
            taken = 0;
            shared.stop.pause(PAUSE);
        }
    }
}

fn reply(datagram: &[u8], shared: &Shared) -> Option<Vec<u8>> {
    let query = match read(datagram) {
        Datagram::Query(query) => query,
        Datagram::Fault(reply) => return Some(reply.to_vec()),
        Datagram::Nothing => return None,
    };
    let (answer, told) = shared.hosts.answer(&query);
    shared.reporter.tell(NetworkEvent::NameAsked {
        name: query.name().to_owned(),
        kind: RecordKind(query.kind()),
        answer: told,
    });
    Some(query.reply(answer))
}

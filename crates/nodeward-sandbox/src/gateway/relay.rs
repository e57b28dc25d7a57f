//! Copies both ways between two sockets until both have ended, or something ends it.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::event::PollFlags;

use super::event::Ending;
use super::stop::Stop;

const BUFFER: usize = 32 * 1024;

/// How often one direction goes on before the other has its turn.
const ROUNDS: usize = 8;

/// How many bytes may still be sent and received by all connections together.
pub(super) struct Budget(AtomicU64);

impl Budget {
    pub(super) fn new(bytes: u64) -> Self {
        Self(AtomicU64::new(bytes))
    }

    pub(super) fn is_spent(&self) -> bool {
        self.0.load(Ordering::SeqCst) == 0
    }

    /// Whether so many more may pass. If not, none may any more: the rest would be of no use.
    fn spend(&self, bytes: u64) -> bool {
        let left = |left: u64| Some(left.saturating_sub(bytes));
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left).is_ok_and(|before| before >= bytes)
    }
}

/// What a connection has carried, and how it ended.
#[derive(Debug)]
pub(super) struct Relayed {
    pub(super) bytes_out: u64,
    pub(super) bytes_in: u64,
    pub(super) ending: Ending,
}

/// Copies from `inside` to `outside` and back.
pub(super) fn relay(
    inside: &TcpStream,
    outside: &TcpStream,
    budget: &Budget,
    idle: Duration,
    stop: &Stop,
) -> Relayed {
    let (mut out, mut back) = (Direction::new(), Direction::new());
    let ending = run(&mut out, &mut back, inside, outside, budget, idle, stop);
    if ending != Ending::Closed {
        // What was cut off must not look whole to either end.
        [inside, outside].into_iter().for_each(reset_when_closed);
    }
    Relayed { bytes_out: out.moved, bytes_in: back.moved, ending }
}

/// Makes the other end see a connection that broke, not one that ended.
pub(super) fn reset_when_closed(stream: &TcpStream) {
    // It is closed all the same where this fails.
    let _ = rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO));
}

fn run(
    out: &mut Direction,
    back: &mut Direction,
    inside: &TcpStream,
    outside: &TcpStream,
    budget: &Budget,
    idle: Duration,
    stop: &Stop,
) -> Ending {
    if inside.set_nonblocking(true).and_then(|()| outside.set_nonblocking(true)).is_err() {
        return Ending::Broken;
    }
    let mut heard = Instant::now();
    while !(out.is_done && back.is_done) {
        if stop.is_raised() {
            return Ending::Stopped;
        }
        let moved = out.pump(inside, outside, budget).and_then(|out_moved| {
            back.pump(outside, inside, budget)
                .map(|back_moved| out_moved == Moved::Some || back_moved == Moved::Some)
        });
        match moved {
            Err(ending) => return ending,
            Ok(true) => heard = Instant::now(),
            Ok(false) => {
                let Some(left) = idle.checked_sub(heard.elapsed()).filter(|left| !left.is_zero()) else {
                    return Ending::Idle;
                };
                let ready = [
                    (inside.as_fd(), out.wants_read() | back.wants_write()),
                    (outside.as_fd(), back.wants_read() | out.wants_write()),
                ];
                // A socket that nothing is wanted of would wake us for having been closed, again and again.
                let ready: Vec<_> = ready.into_iter().filter(|(_, wanted)| !wanted.is_empty()).collect();
                stop.wait(&ready, Some(left));
            }
        }
    }
    Ending::Closed
}

#[derive(PartialEq, Eq)]
enum Moved {
    Some,
    Nothing,
}

/// One way through.
struct Direction {
    buffer: Box<[u8]>,
    /// What was read and not yet written.
    waiting: std::ops::Range<usize>,
    /// The sender has ended, and the receiver was told.
    is_done: bool,
    moved: u64,
}

impl Direction {
    fn new() -> Self {
        Self { buffer: vec![0; BUFFER].into(), waiting: 0..0, is_done: false, moved: 0 }
    }

    fn wants_read(&self) -> PollFlags {
        if self.waiting.is_empty() && !self.is_done { PollFlags::IN } else { PollFlags::empty() }
    }

    fn wants_write(&self) -> PollFlags {
        if self.waiting.is_empty() { PollFlags::empty() } else { PollFlags::OUT }
    }

    /// Moves what can be moved without waiting.
    fn pump(&mut self, from: &TcpStream, to: &TcpStream, budget: &Budget) -> Result<Moved, Ending> {
        let mut moved = Moved::Nothing;
        for _ in 0..ROUNDS {
            let step = if self.is_done {
                Ok(0)
            } else if self.waiting.is_empty() {
                self.fill(from, to, budget)
            } else {
                self.drain(to)
            };
            match step {
                Ok(0) => break,
                Ok(_) => moved = Moved::Some,
                Err(Stuck::Waiting) => break,
                Err(Stuck::Ended(ending)) => return Err(ending),
            }
        }
        Ok(moved)
    }

    fn fill(&mut self, mut from: &TcpStream, to: &TcpStream, budget: &Budget) -> Result<usize, Stuck> {
        let length = from.read(&mut self.buffer)?;
        if length == 0 {
            self.is_done = true;
            // Fails where the receiver has gone: then the other direction will tell.
            let _ = to.shutdown(Shutdown::Write);
            return Ok(1);
        }
        if !budget.spend(length as u64) {
            return Err(Stuck::Ended(Ending::BytesSpent));
        }
        self.waiting = 0..length;
        Ok(length)
    }

    fn drain(&mut self, mut to: &TcpStream) -> Result<usize, Stuck> {
        let length = to.write(&self.buffer[self.waiting.clone()])?;
        self.waiting.start += length;
        self.moved += length as u64;
        Ok(length)
    }
}

enum Stuck {
    Waiting,
    Ended(Ending),
}

impl From<io::Error> for Stuck {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::Interrupted => Self::Waiting,
            _ => Self::Ended(Ending::Broken),
        }
    }
}

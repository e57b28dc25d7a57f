//! Takes connections from inside, and sees each through on a thread of its own.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;

use super::event::{NetworkEvent, Refusal, Step};
use super::hosts::Target;
use super::outside::Unreached;
use super::relay::{relay, reset_when_closed};
use super::running::Shared;
use super::slots::Slot;

/// How long to wait after the system could not take a connection: most often for want of descriptors, which others
/// give back as they end.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// Takes connections until all has to end. Those for which there is no slot wait in the listeners' queues.
pub(super) fn accept(listeners: &[TcpListener], shared: &Arc<Shared>) {
    let mut turn = 0;
    while let Some(slot) = shared.slots.take(&shared.stop) {
        let Some(stream) = next(listeners, &mut turn, shared) else { return };
        start(stream, slot, shared);
    }
}

/// The next connection to whichever listener's turn it is.
fn next(listeners: &[TcpListener], turn: &mut usize, shared: &Shared) -> Option<TcpStream> {
    let ready: Vec<_> = listeners.iter().map(|listener| (listener.as_fd(), PollFlags::IN)).collect();
    while !shared.stop.is_raised() {
        for _ in 0..listeners.len() {
            let listener = &listeners[*turn % listeners.len()];
            *turn = turn.wrapping_add(1);
            match listener.accept() {
                Ok((stream, _)) => return Some(stream),
                Err(error) if is_of_the_connection(&error) => {}
                Err(error) => {
                    fail_to_accept(listener.local_addr(), error, shared);
                    shared.stop.pause(AFTER_FAILURE);
                }
            }
        }
        shared.stop.wait(&ready, None);
    }
    None
}

/// There is none, or it went away before it was taken: no fault of this machine.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::ConnectionAborted)
}

fn start(stream: TcpStream, slot: Slot, shared: &Arc<Shared>) {
    let local = stream.local_addr();
    let theirs = Arc::clone(shared);
    let thread = thread::Builder::new().name("gateway connection".to_owned());
    let started = thread.spawn(move || {
        serve(&stream, &theirs);
        // Closed before the slot is given back, so that no more descriptors are open than slots are taken.
        drop(stream);
        drop(slot);
    });
    if let Err(error) = started {
        fail_to_accept(local, error, shared);
    }
}

fn fail_to_accept(local: io::Result<SocketAddr>, error: io::Error, shared: &Shared) {
    let local = local.unwrap_or(SocketAddr::from(([0; 4], 0)));
    let (host, port) = (local.ip().to_string(), local.port());
    shared.reporter.tell(NetworkEvent::Failed { host, port, step: Step::Accept, error: error.to_string() });
}

/// One connection, from the host that is meant to its end.
fn serve(inside: &TcpStream, shared: &Shared) {
    let Ok(local) = inside.local_addr() else { return };
    // One that was taken in the last moment, and nothing is told of it.
    if shared.stop.is_raised() {
        return reset_when_closed(inside);
    }
    let target = match shared.hosts.target(local) {
        Ok(target) => target,
        Err((host, refusal)) => return refuse(inside, host.to_string(), local.port(), refusal, shared),
    };
    let host = target.host.to_string();
    if shared.budget.is_spent() {
        return refuse(inside, host, target.port, Refusal::BytesSpent, shared);
    }
    match shared.outside.reach(&target, &shared.hosts, shared.limits.dial) {
        // `relay` sends nothing once all has to end, which it may have had to in the meantime.
        Ok(outside) => carry(inside, &outside, &target, shared),
        Err(Unreached::Refused(refusal)) => refuse(inside, host, target.port, refusal, shared),
        Err(Unreached::Failed(step, error)) => {
            reset_when_closed(inside);
            let error = error.to_string();
            shared.reporter.tell(NetworkEvent::Failed { host, port: target.port, step, error });
        }
    }
}

fn refuse(inside: &TcpStream, host: String, port: u16, refusal: Refusal, shared: &Shared) {
    reset_when_closed(inside);
    shared.reporter.tell(NetworkEvent::Refused { host, port, refusal });
}

fn carry(inside: &TcpStream, outside: &TcpStream, target: &Target, shared: &Shared) {
    // What is sent in small pieces is not to wait twice; a connection without it is no worse than slow.
    let _ = inside.set_nodelay(true).and_then(|()| outside.set_nodelay(true));
    let start = Instant::now();
    let relayed = relay(inside, outside, &shared.budget, shared.limits.idle, &shared.stop);
    shared.reporter.tell(NetworkEvent::Connected {
        host: target.host.to_string(),
        port: target.port,
        bytes_out: relayed.bytes_out,
        bytes_in: relayed.bytes_in,
        duration: start.elapsed(),
        ending: relayed.ending,
    });
}

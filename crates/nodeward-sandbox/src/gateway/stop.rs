//! One word that ends all waiting at once.

use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long to wait where the system could not wait for us.
const SHORTLY: Duration = Duration::from_millis(50);

pub(super) struct Stop {
    is_raised: AtomicBool,
    raised_from: UnixStream,
    /// Readable from the moment that the other end is closed, for all who wait.
    watched: UnixStream,
}

impl Stop {
    pub(super) fn new() -> io::Result<Self> {
        let (raised_from, watched) = UnixStream::pair()?;
        Ok(Self { is_raised: AtomicBool::new(false), raised_from, watched })
    }

    pub(super) fn raise(&self) {
        self.is_raised.store(true, Ordering::SeqCst);
        // Can't fail on a connected pair; if it did, the flag is still seen at the next thing that happens.
        let _ = self.raised_from.shutdown(Shutdown::Both);
    }

    pub(super) fn is_raised(&self) -> bool {
        self.is_raised.load(Ordering::SeqCst)
    }

    /// Waits until a descriptor is ready for what it is waited for, the time is over, or all has to end. It may
    /// return without any of that: callers look for themselves.
    pub(super) fn wait(&self, ready: &[(BorrowedFd<'_>, PollFlags)], time: Option<Duration>) {
        let mut files: Vec<PollFd<'_>> =
            ready.iter().map(|&(file, flags)| PollFd::from_borrowed_fd(file, flags)).collect();
        files.push(PollFd::from_borrowed_fd(self.watched.as_fd(), PollFlags::IN));
        let time = time.and_then(|time| Timespec::try_from(time).ok());
        match poll(&mut files, time.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            // Short of memory: not to be asked again at once.
            Err(_) => thread::sleep(SHORTLY),
        }
    }

    /// Waits for some time, or until all has to end.
    pub(super) fn pause(&self, time: Duration) {
        if !self.is_raised() {
            self.wait(&[], Some(time));
        }
    }
}

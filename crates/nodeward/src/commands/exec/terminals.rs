//! Terminals as they were before a program had them.

use rustix::fs::OFlags;
use rustix::termios::{OptionalActions, Termios};

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

/// The standard streams that are terminals, put back when this is dropped.
pub(super) struct Terminals(Vec<Terminal>);

struct Terminal {
    stream: OwnedFd,
    settings: Termios,
    flags: OFlags,
}

impl Terminals {
    /// Remembers how they are set.
    pub(super) fn remember() -> Self {
        let (input, output, errors) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
        let streams = [input.as_fd(), output.as_fd(), errors.as_fd()];
        Self(streams.into_iter().filter_map(Terminal::of).collect())
    }
}

impl Terminal {
    fn of(stream: BorrowedFd<'_>) -> Option<Self> {
        let settings = rustix::termios::tcgetattr(stream).ok()?;
        let flags = rustix::fs::fcntl_getfl(stream).ok()?;
        Some(Self { stream: stream.try_clone_to_owned().ok()?, settings, flags })
    }

    fn put_back(&self) {
        // Whoever has the terminal by now would be disturbed, and this process stopped for it.
        let is_ours =
            rustix::termios::tcgetpgrp(&self.stream).is_ok_and(|group| group == rustix::process::getpgrp());
        if is_ours {
            let _ = rustix::termios::tcsetattr(&self.stream, OptionalActions::Now, &self.settings);
        }
        let _ = rustix::fs::fcntl_setfl(&self.stream, self.flags);
    }
}

impl Drop for Terminals {
    fn drop(&mut self) {
        self.0.iter().for_each(Terminal::put_back);
    }
}

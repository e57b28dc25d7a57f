//! Ctrl-C and its kin while files are being changed: noticed, so that all can be put back first, and then obeyed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::Context as _;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// What ends a program by default and can be caught.
const SIGNALS: &[i32] = &[
    SIGINT,
    SIGTERM,
    #[cfg(unix)]
    signal_hook::consts::SIGHUP,
];

/// The user, or the system, asked to stop.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(crate) struct Interrupted {
    signal: i32,
}

impl Interrupted {
    /// Ends the program as the signal would have, so that whoever started it sees why.
    pub(crate) fn obey(&self) {
        // Where that can't be done, the program ends with an exit code of its own.
        let _ = signal_hook::low_level::emulate_default_handler(self.signal);
    }
}

/// While it lives, signals are remembered instead of obeyed.
#[derive(Debug)]
pub(crate) struct Watch {
    over: Arc<AtomicBool>,
    signal: Arc<AtomicUsize>,
    /// The last one that nobody was told of.
    untold: Arc<AtomicUsize>,
}

impl Watch {
    /// From now on.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let watch = Self { over: Arc::default(), signal: Arc::default(), untold: Arc::default() };
        for &signal in SIGNALS {
            // The handler stays when the watch is over; it then does what would be done without it.
            flag::register_conditional_default(signal, watch.over.clone())
                .and_then(|_| flag::register_usize(signal, watch.signal.clone(), signal as usize))
                .and_then(|_| flag::register_usize(signal, watch.untold.clone(), signal as usize))
                .context("cannot watch for signals")?;
        }
        Ok(watch)
    }

    /// The signals as they come, each for one caller. `first`: this caller was not told of the first one yet.
    #[cfg(target_os = "linux")]
    pub(crate) fn next(&self, first: &std::cell::Cell<bool>) -> Option<i32> {
        let untold = self.untold.swap(0, Ordering::SeqCst);
        let known = if first.get() { self.signal.load(Ordering::SeqCst) } else { untold };
        let signal = i32::try_from(known).ok().filter(|signal| *signal != 0)?;
        first.set(false);
        Some(signal)
    }

    /// An error from the first signal on.
    pub(crate) fn check(&self) -> Result<(), Interrupted> {
        match self.signal.load(Ordering::SeqCst) {
            0 => Ok(()),
            signal => Err(Interrupted { signal: signal as i32 }),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
    }
}

//! How many connections there may be at once.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::stop::Stop;

pub(super) struct Slots {
    taken: Mutex<usize>,
    limit: usize,
    changed: Condvar,
}

/// The right to one connection, given back when dropped, also by a thread that panics.
pub(super) struct Slot(Arc<Slots>);

impl Slots {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { taken: Mutex::new(0), limit, changed: Condvar::new() })
    }

    /// Waits for a slot. There is none once all has to end.
    pub(super) fn take(self: &Arc<Self>, stop: &Stop) -> Option<Slot> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |taken: &mut usize| *taken >= self.limit && !stop.is_raised();
        let mut taken = self.changed.wait_while(taken, full).unwrap_or_else(PoisonError::into_inner);
        if stop.is_raised() {
            return None;
        }
        *taken += 1;
        Some(Slot(Arc::clone(self)))
    }

    /// Makes whoever waits look whether all has to end.
    pub(super) fn wake(&self) {
        // With the lock, so that nobody is between looking and waiting.
        let _taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        self.changed.notify_all();
    }

    /// Waits until every slot has been given back, but no longer than `time`.
    pub(super) fn wait_for_all(&self, time: Duration) {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self.changed.wait_timeout_while(taken, time, |taken| *taken > 0);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        *taken -= 1;
        self.0.changed.notify_all();
    }
}

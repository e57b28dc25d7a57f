//! Work on a second thread while this one works too.
//!
//! What a thread found is taken when it is sent: to wait for the thread's end would be to wait for the system to take
//! it down, which took up to a millisecond where all the work took twenty.

use std::sync::mpsc::{Receiver, channel};
use std::thread::{Builder, Scope};

/// Does both, the second on a thread of its own; after the first where there can be no thread.
pub fn both<A, B: Send>(here: impl FnOnce() -> A, beside: impl Fn() -> B + Sync) -> (A, B) {
    let (found, found_beside) = std::thread::scope(|scope| {
        let receiver = start(scope, &beside);
        let found = here();
        (found, receiver.and_then(|receiver| receiver.recv().ok()))
    });
    (found, found_beside.unwrap_or_else(beside))
}

/// Starts a thread, and tells where to receive what it finds; nothing where there can be no thread.
pub(crate) fn start<'s, T: Send + 's>(
    scope: &'s Scope<'s, '_>,
    work: impl FnOnce() -> T + Send + 's,
) -> Option<Receiver<T>> {
    let (sender, receiver) = channel();
    // Where nobody receives it, nobody wants it any more.
    let work = move || drop(sender.send(work()));
    Builder::new().spawn_scoped(scope, work).ok().map(|_| receiver)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_done() {
        let word = "beside".to_owned();
        assert_eq!(both(|| word.len(), || word.clone()), (6, word.clone()));
    }

    #[test]
    fn what_is_not_received_is_no_error() {
        std::thread::scope(|scope| drop(start(scope, || 1)));
    }
}

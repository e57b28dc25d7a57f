//! Work by several threads, as many as the system gives. A limit on processes (`ulimit -u`, a container's) counts
//! threads too, and is no reason to fail while there is one thread.
//!
//! What a thread found is taken when it is sent: to wait for the thread's end would be to wait for the system to take
//! it down, which took up to a millisecond where all the work took twenty.

use std::io;
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, channel};
use std::thread::{Builder, Scope, ScopedJoinHandle};

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

/// The same work by as many threads as can be had, and at most so many; this one is among them.
pub fn together<R: Send>(threads: NonZeroUsize, work: impl Fn() -> R + Sync) -> Vec<R> {
    std::thread::scope(|scope| {
        let (others, _) = spawned(scope, threads.get() - 1, Builder::new, &work);
        let own = work();
        std::iter::once(own).chain(others.into_iter().map(joined)).collect()
    })
}

/// The same by threads that have each a stack of so many bytes, which this one may not have.
///
/// # Errors
/// The system gives not even one.
pub fn with_stacks<R: Send>(
    threads: NonZeroUsize,
    stack: usize,
    work: impl Fn() -> R + Sync,
) -> io::Result<Vec<R>> {
    std::thread::scope(|scope| {
        let (workers, refusal) = spawned(scope, threads.get(), || Builder::new().stack_size(stack), &work);
        match refusal {
            Some(error) if workers.is_empty() => Err(error),
            _ => Ok(workers.into_iter().map(joined).collect()),
        }
    })
}

/// Threads, until the system gives no more of them.
fn spawned<'s, R: Send + 's, W: Fn() -> R + Sync>(
    scope: &'s Scope<'s, '_>,
    threads: usize,
    builder: impl Fn() -> Builder,
    work: &'s W,
) -> (Vec<ScopedJoinHandle<'s, R>>, Option<io::Error>) {
    let mut workers = Vec::with_capacity(threads);
    for _ in 0..threads {
        match builder().spawn_scoped(scope, work) {
            Ok(worker) => workers.push(worker),
            Err(refusal) => return (workers, Some(refusal)),
        }
    }
    (workers, None)
}

fn joined<R>(worker: ScopedJoinHandle<'_, R>) -> R {
    worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
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
    fn fewer_threads_do_the_same() {
        let three = NonZeroUsize::new(3).unwrap();
        assert_eq!(together(three, || 7), [7; 3]);
        assert_eq!(with_stacks(three, 1 << 20, || 7).unwrap(), [7; 3]);
        // No system has so much memory for a stack.
        let refused = || Builder::new().stack_size(1 << 60);
        let (workers, refusal) = std::thread::scope(|scope| {
            let (workers, refusal) = spawned(scope, 3, refused, &|| 7);
            (workers.len(), refusal)
        });
        assert!(workers == 0 && refusal.is_some());
        assert!(with_stacks(three, 1 << 60, || 7).is_err());
    }

    #[test]
    fn what_is_not_received_is_no_error() {
        std::thread::scope(|scope| drop(start(scope, || 1)));
    }
}

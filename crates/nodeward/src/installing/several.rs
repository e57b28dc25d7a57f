//! The same work by several threads.

use std::io;

/// More do not help where all of them wait for one disk.
const MOST: usize = 4;

/// What is less is done before another thread has begun.
pub(super) const WORTH: usize = 8;

/// Has as many threads at once do this as the machine has processors, and no more than the pieces of work are worth. Each
/// goes on until nothing is left to do. Gives the first error.
pub(super) fn at_once(pieces: usize, work: &(dyn Fn() -> io::Result<()> + Sync)) -> io::Result<()> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let begin = |_| std::thread::Builder::new().spawn_scoped(scope, work).ok();
        // Where there are no more threads, it takes longer.
        let others: Vec<_> = (1..(pieces / WORTH + 1).min(processors).min(MOST)).map_while(begin).collect();
        let mut outcome = work();
        for other in others {
            let ended = other.join().unwrap_or_else(|_| Err(io::Error::other("a thread ended")));
            outcome = outcome.and(ended);
        }
        outcome
    })
}

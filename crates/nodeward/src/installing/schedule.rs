//! Work that waits for other work, several at once.

use std::sync::{Condvar, Mutex, PoisonError};

/// What became of one piece of work.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn<T> {
    /// It was done, well or not.
    Done(T),
    /// It was left out, as what it waited for did not go well: that piece.
    Skipped(usize),
    /// It was not begun, as all was to stop.
    Left,
}

/// Whether what waits for a piece of work may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    GoOn,
    /// What waits for it is left out.
    SkipWhatWaits,
    /// Nothing more is begun.
    Stop,
}

#[derive(Debug)]
enum State<T> {
    Waiting,
    Running,
    Over(Turn<T>, bool),
}

/// Does all pieces, at most `most` at once, each when those before it are over; of several the first in the list. No
/// piece waits for one that stands after it in the list.
pub(super) fn run<T: Send>(
    before: &[Vec<usize>],
    most: usize,
    work: &(dyn Fn(usize) -> (T, Then) + Sync),
) -> Vec<Turn<T>> {
    let states: Vec<State<T>> = before.iter().map(|_| State::Waiting).collect();
    let (board, changed) = (Mutex::new((states, false)), Condvar::new());
    let worker = || {
        let mut locked = board.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let (states, is_over) = &mut *locked;
            if !*is_over {
                skip(states, before);
            }
            let is_left = |state: &State<T>| matches!(state, State::Waiting);
            if *is_over || !states.iter().any(is_left) {
                changed.notify_all();
                return;
            }
            let Some(next) = (0..states.len()).find(|&at| is_ready(states, before, at)) else {
                locked = changed.wait(locked).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            states[next] = State::Running;
            drop(locked);
            let (done, then) = work(next);
            locked = board.lock().unwrap_or_else(PoisonError::into_inner);
            locked.0[next] = State::Over(Turn::Done(done), then == Then::GoOn);
            // Before anybody else looks.
            locked.1 |= then == Then::Stop;
            changed.notify_all();
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..most.min(before.len()) {
            // Where there are no more threads, it takes longer.
            let _ = std::thread::Builder::new().spawn_scoped(scope, worker);
        }
        worker();
    });
    let (states, _) = board.into_inner().unwrap_or_else(PoisonError::into_inner);
    let turn = |state| match state {
        State::Over(turn, _) => turn,
        State::Waiting | State::Running => Turn::Left,
    };
    states.into_iter().map(turn).collect()
}

/// Leaves out what waits for something that did not go well. One look is enough, as nothing waits for what stands
/// after it.
fn skip<T>(states: &mut [State<T>], before: &[Vec<usize>]) {
    for at in 0..states.len() {
        if !matches!(states[at], State::Waiting) {
            continue;
        }
        let cause = before[at].iter().find_map(|&other| match &states[other] {
            State::Over(Turn::Skipped(cause), _) => Some(*cause),
            State::Over(_, false) => Some(other),
            _ => None,
        });
        if let Some(cause) = cause {
            states[at] = State::Over(Turn::Skipped(cause), false);
        }
    }
}

fn is_ready<T>(states: &[State<T>], before: &[Vec<usize>], at: usize) -> bool {
    let is_done = |&other: &usize| matches!(states[other], State::Over(_, true));
    matches!(states[at], State::Waiting) && before[at].iter().all(is_done)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn what_waits_comes_after() {
        let before = [vec![], vec![0], vec![0], vec![1, 2], vec![]];
        for most in 1..4 {
            let order = Mutex::new(Vec::new());
            let turns = run(&before, most, &|at| {
                order.lock().unwrap().push(at);
                (at * 10, Then::GoOn)
            });
            assert_eq!(turns, [0, 10, 20, 30, 40].map(Turn::Done));
            let order = order.into_inner().unwrap();
            let place = |at: usize| order.iter().position(|&other| other == at).unwrap();
            for (at, waits) in before.iter().enumerate() {
                assert!(waits.iter().all(|&other| place(other) < place(at)), "{order:?}");
            }
        }
    }

    #[test]
    fn what_waits_for_a_failure_is_left_out_and_the_rest_is_not() {
        let before = [vec![], vec![0], vec![1], vec![], vec![3]];
        let turns = run(&before, 2, &|at| ((), if at == 0 { Then::SkipWhatWaits } else { Then::GoOn }));
        assert_eq!(
            turns,
            [Turn::Done(()), Turn::Skipped(0), Turn::Skipped(0), Turn::Done(()), Turn::Done(())]
        );
    }

    #[test]
    fn nothing_is_begun_after_a_stop() {
        let turns = run(&[vec![], vec![], vec![1]], 1, &|_| ((), Then::Stop));
        assert_eq!(turns, [Turn::Done(()), Turn::Left, Turn::Left]);
    }

    #[test]
    fn as_many_at_once_as_asked_for() {
        // Each waits for another one that runs at the same time.
        let barrier = Barrier::new(2);
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        run(&vec![vec![]; 8], 2, &|_| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            barrier.wait();
            now.fetch_sub(1, Ordering::SeqCst);
            ((), Then::GoOn)
        });
        assert_eq!(most.into_inner(), 2);
    }
}

//! Runs a witness on a backtracking matcher, to see whether its steps really grow.
//!
//! The automaton takes lookarounds and back references for more than they match. The matcher here gives them
//! their meaning, and counts.

use super::charset::CharSet;
use super::program::{At, Look, Op, Program};
use super::syntax::{Assertion, Direction, Sets, Sign};

/// Steps after which a match counts as endless.
const ENDLESS: u32 = 60_000;
/// Alternatives remembered at a time; more would be memory for a hostile pattern to take.
const MAX_PENDING: usize = 200_000;
/// Lookarounds within lookarounds.
const MAX_NESTED: u32 = 24;

/// The growth that a witness is to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Growth {
    Polynomial,
    Exponential,
}

/// Whether matching takes more steps than in proportion to the number of pumps.
pub(super) fn grows(
    program: &Program,
    sets: &Sets,
    [prefix, pump, suffix]: [&[u32]; 3],
    growth: Growth,
) -> bool {
    let steps = |pumps: usize| {
        let pumped = std::iter::repeat_n(pump, pumps).flatten();
        let text: Vec<u32> = prefix.iter().chain(pumped).chain(suffix).copied().collect();
        Matcher::new(program, sets, &text).steps()
    };
    match growth {
        Growth::Exponential => {
            let (few, more) = (steps(5), steps(10));
            more >= ENDLESS || more >= few.saturating_mul(3) && steps(40) >= ENDLESS
        }
        Growth::Polynomial => {
            let (few, many) = (steps(16), steps(48));
            // Three times the pumps: linear work triples, quadratic work grows up to ninefold.
            many >= ENDLESS || many >= few.saturating_mul(5)
        }
    }
}

/// Whether matching takes steps as the cube of the number of pumps, or more.
pub(super) fn is_cubic(program: &Program, sets: &Sets, [prefix, pump, suffix]: [&[u32]; 3]) -> bool {
    let steps = |pumps: usize| {
        let pumped = std::iter::repeat_n(pump, pumps).flatten();
        let text: Vec<u32> = prefix.iter().chain(pumped).chain(suffix).copied().collect();
        Matcher::new(program, sets, &text).steps()
    };
    // Twice the pumps: the square grows fourfold, the cube eightfold, with what both do beside somewhat less.
    [4, 8, 16, 32].windows(2).any(|pumps| match (steps(pumps[0]), steps(pumps[1])) {
        (_, ENDLESS) => true,
        (few, more) => pumps[1] > 8 && more >= few.saturating_mul(11) / 2,
    })
}

struct Matcher<'a> {
    program: &'a Program,
    sets: &'a Sets,
    text: &'a [u32],
    steps: u32,
}

/// Where the matcher is, all that a later alternative has to get back.
#[derive(Debug, Clone)]
struct Thread {
    at: At,
    position: usize,
}

/// What to put back when an alternative fails.
enum Pending {
    Try(Thread),
    Slot(u32, Option<usize>),
    Register(u32, Option<usize>),
}

impl<'a> Matcher<'a> {
    fn new(program: &'a Program, sets: &'a Sets, text: &'a [u32]) -> Self {
        Self { program, sets, text, steps: 0 }
    }

    fn steps(mut self) -> u32 {
        let mut slots = vec![None; self.program.slots as usize];
        let start = Thread { at: self.program.start, position: 0 };
        self.run(start, Direction::Ahead, &mut slots, 0);
        self.steps
    }

    fn run(&mut self, start: Thread, direction: Direction, slots: &mut [Option<usize>], nested: u32) -> bool {
        let mut registers = vec![None; self.program.registers as usize];
        let mut pending = vec![Pending::Try(start)];
        while let Some(next) = pending.pop() {
            let mut thread = match next {
                Pending::Try(thread) => thread,
                Pending::Slot(slot, value) => {
                    slots[slot as usize] = value;
                    continue;
                }
                Pending::Register(register, value) => {
                    registers[register as usize] = value;
                    continue;
                }
            };
            loop {
                self.steps += 1;
                if self.steps >= ENDLESS || pending.len() > MAX_PENDING {
                    self.steps = ENDLESS;
                    return false;
                }
                let Thread { at, position } = thread;
                let next = match &self.program.ops[at as usize] {
                    Op::Accept { .. } => return true,
                    Op::Char { set, next, .. } => {
                        self.character(*set, position, direction).map(|to| (*next, to))
                    }
                    Op::Split(targets) => {
                        let rest = targets[1..].iter().rev();
                        pending.extend(rest.map(|&at| Pending::Try(Thread { at, position })));
                        Some((targets[0], position))
                    }
                    Op::Assert { kind, next } => {
                        self.holds(*kind, position, direction).then_some((*next, position))
                    }
                    Op::Look(look) => {
                        self.look(look, position, slots, nested).then_some((look.next, position))
                    }
                    Op::BackReference { group, next, .. } => {
                        self.same(slots, *group, position, direction).map(|to| (*next, to))
                    }
                    Op::Save { slot, next } => {
                        pending.push(Pending::Slot(*slot, slots[*slot as usize]));
                        slots[*slot as usize] = Some(position);
                        Some((*next, position))
                    }
                    Op::Mark { register, next } => {
                        pending.push(Pending::Register(*register, registers[*register as usize]));
                        registers[*register as usize] = Some(position);
                        Some((*next, position))
                    }
                    Op::Check { register, next } => {
                        (registers[*register as usize] != Some(position)).then_some((*next, position))
                    }
                    Op::Counted { next } => Some((*next, position)),
                };
                match next {
                    Some((at, position)) => thread = Thread { at, position },
                    None => break,
                }
            }
        }
        false
    }

    fn character(&self, set: u32, position: usize, direction: Direction) -> Option<usize> {
        let (index, to) = match direction {
            Direction::Ahead => (position, position + 1),
            Direction::Behind => (position.checked_sub(1)?, position - 1),
        };
        self.text.get(index).filter(|&&character| self.sets.get(set).contains(character)).map(|_| to)
    }

    fn holds(&self, kind: Assertion, position: usize, direction: Direction) -> bool {
        let is = |index: Option<usize>, set: &CharSet| {
            index.and_then(|index| self.text.get(index)).is_some_and(|&character| set.contains(character))
        };
        let before = position.checked_sub(1);
        // A lookbehind's assertions were mirrored when it was compiled.
        let kind = match (direction, kind) {
            (Direction::Behind, Assertion::InputStart) => Assertion::InputEnd,
            (Direction::Behind, Assertion::InputEnd) => Assertion::InputStart,
            (Direction::Behind, Assertion::LineStart) => Assertion::LineEnd,
            (Direction::Behind, Assertion::LineEnd) => Assertion::LineStart,
            (_, kind) => kind,
        };
        match kind {
            Assertion::InputStart => position == 0,
            Assertion::InputEnd => position == self.text.len(),
            Assertion::LineStart => position == 0 || is(before, &CharSet::line_ends()),
            Assertion::LineEnd => position == self.text.len() || is(Some(position), &CharSet::line_ends()),
            Assertion::WordEdge => is(before, &CharSet::word()) != is(Some(position), &CharSet::word()),
            Assertion::NoWordEdge => is(before, &CharSet::word()) == is(Some(position), &CharSet::word()),
        }
    }

    fn look(&mut self, look: &Look, position: usize, slots: &mut [Option<usize>], nested: u32) -> bool {
        if nested >= MAX_NESTED {
            return look.sign == Sign::Positive;
        }
        let mut inner = slots.to_vec();
        let start = Thread { at: look.body, position };
        let matched = self.run(start, look.direction, &mut inner, nested + 1);
        if matched && look.sign == Sign::Positive {
            slots.copy_from_slice(&inner);
        }
        matched == (look.sign == Sign::Positive)
    }

    /// Where the text goes on after a repetition of what the group captured.
    fn same(
        &self,
        slots: &[Option<usize>],
        group: u32,
        position: usize,
        direction: Direction,
    ) -> Option<usize> {
        let slot = |slot: u32| slots.get(slot as usize).copied().flatten();
        let (Some(low), Some(high)) = (slot(2 * group), slot(2 * group + 1)) else { return Some(position) };
        let captured = self.text.get(low..high)?;
        let (from, to, goes_on) = match direction {
            Direction::Ahead => (position, position + captured.len(), position + captured.len()),
            Direction::Behind => {
                let from = position.checked_sub(captured.len())?;
                (from, position, from)
            }
        };
        (self.text.get(from..to)? == captured).then_some(goes_on)
    }
}

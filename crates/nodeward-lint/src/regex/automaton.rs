//! The position automaton: one state per character of the pattern, and an edge for every way to get from
//! one to the next, so that two ways are two edges.
//!
//! Assertions on the next character narrow an edge's label. Assertions on the previous one (`\b`, `^` with
//! `m`, one-character lookbehinds) need it known: each state is divided by which of those sets its character
//! is in.

use rustc_hash::FxHashMap;

use super::Reason;
use super::alphabet::{Alphabet, Kinds};
use super::charset::CharSet;
use super::program::{At, Op, Program};
use super::syntax::{Assertion, Direction, SetId, Sets, Sign, Span};

pub(super) type StateId = u32;

const MAX_STATES: usize = 4_000;
const MAX_EDGES: usize = 60_000;
/// Of the sets that assertions look back for, this many are told apart.
const MAX_BEHIND: usize = 3;
/// Ways through the same operation between two characters; two are enough to be ambiguous.
const MAX_WAYS: u8 = 2;

#[derive(Debug)]
pub(super) struct Automaton {
    pub(super) states: Vec<State>,
}

#[derive(Debug)]
pub(super) struct State {
    /// In the order in which an engine tries them.
    pub(super) exits: Vec<Exit>,
    pub(super) span: Span,
    pub(super) role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Before the first character.
    Start,
    /// Skips characters in search of a match.
    Search,
    /// Part of the pattern (region 0) or of a lookahead in it.
    Inside(u16),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Exit {
    Step(Edge),
    /// A match, if the next character is one of these, or there is none and `at_end`.
    Accept {
        region: u16,
        next: Kinds,
        at_end: bool,
    },
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) to: StateId,
    pub(super) label: Kinds,
    /// Whether a counted repetition goes back here: then this edge alone makes no loop that counts.
    pub(super) counted: bool,
}

impl State {
    pub(super) fn edges(&self) -> impl Iterator<Item = &Edge> {
        self.exits.iter().filter_map(|exit| match exit {
            Exit::Step(edge) => Some(edge),
            Exit::Accept { .. } => None,
        })
    }
}

/// Makes sure that the sets which assertions ask for are part of the alphabet.
pub(super) fn intern_assertion_sets(program: &Program, sets: &mut Sets) -> Watched {
    let mut watched = Watched { word: None, line_ends: None, behind: Vec::new() };
    for op in &program.ops {
        match op {
            Op::Assert { kind: Assertion::WordEdge | Assertion::NoWordEdge, .. }
                if watched.word.is_none() =>
            {
                let word = sets.intern(CharSet::word());
                watched.word = Some(word);
                watched.behind.push(word);
            }
            Op::Assert { kind: Assertion::LineStart | Assertion::LineEnd, .. }
                if watched.line_ends.is_none() =>
            {
                let line_ends = sets.intern(CharSet::line_ends());
                watched.line_ends = Some(line_ends);
                watched.behind.push(line_ends);
            }
            _ => {}
        }
    }
    for op in &program.ops {
        if let Op::Look(look) = op
            && look.direction == Direction::Behind
            && let Some(set) = look.neighbour
            && watched.behind.len() < MAX_BEHIND
            && !watched.behind.contains(&set)
        {
            watched.behind.push(set);
        }
    }
    watched
}

/// The sets that assertions look for.
#[derive(Debug)]
pub(super) struct Watched {
    word: Option<SetId>,
    line_ends: Option<SetId>,
    behind: Vec<SetId>,
}

/// What is known of the character before an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Previous {
    None,
    /// Which of the watched sets it is in, a bit each.
    In(u8),
}

pub(super) fn build(program: &Program, alphabet: &Alphabet, watched: &Watched) -> Result<Automaton, Reason> {
    let signatures = (0..1_u8 << watched.behind.len())
        .map(|signature| {
            let kinds = watched.behind.iter().enumerate().fold(alphabet.all(), |kinds, (bit, &set)| {
                let mask = alphabet.mask(set);
                kinds & if signature >> bit & 1 == 1 { mask } else { !mask }
            });
            (signature, kinds)
        })
        .filter(|&(_, kinds)| kinds != 0)
        .collect();
    let mut builder = Builder {
        program,
        alphabet,
        watched,
        signatures,
        states: vec![State { exits: Vec::new(), span: (0, 0), role: Role::Start }],
        known: FxHashMap::default(),
        waiting: vec![(0, program.start, Previous::None, 0)],
        edges: 0,
        ways: vec![0; program.ops.len()],
        marked: vec![0; program.registers as usize],
    };
    while let Some((state, from, previous, region)) = builder.waiting.pop() {
        builder.exits(state, from, previous, region)?;
    }
    Ok(Automaton { states: builder.states })
}

struct Builder<'a> {
    program: &'a Program,
    alphabet: &'a Alphabet,
    watched: &'a Watched,
    /// The watched sets a character can be in, and the kinds that are.
    signatures: Vec<(u8, Kinds)>,
    states: Vec<State>,
    known: FxHashMap<(At, u8), StateId>,
    waiting: Vec<(StateId, At, Previous, u16)>,
    edges: usize,
    ways: Vec<u8>,
    /// How often the way walked now passed each mark.
    marked: Vec<u8>,
}

/// A place on the way from one character to the next, with what the way demands of the next one.
#[derive(Debug, Clone, Copy)]
struct Way {
    at: At,
    next: Kinds,
    at_end: bool,
    counted: bool,
    region: u16,
}

enum Visit {
    Enter(Way),
    Unmark(u32),
}

impl Builder<'_> {
    /// Finds every way from `from` to a character or an end, in the engine's order.
    fn exits(&mut self, state: StateId, from: At, previous: Previous, region: u16) -> Result<(), Reason> {
        let mut touched = Vec::new();
        let first = Way { at: from, next: self.alphabet.all(), at_end: true, counted: false, region };
        let mut stack = vec![Visit::Enter(first)];
        while let Some(visit) = stack.pop() {
            let way = match visit {
                Visit::Enter(way) => way,
                Visit::Unmark(register) => {
                    self.marked[register as usize] -= 1;
                    continue;
                }
            };
            let index = way.at as usize;
            if self.ways[index] >= MAX_WAYS || (way.next == 0 && !way.at_end) {
                continue;
            }
            self.ways[index] += 1;
            touched.push(way.at);
            self.visit(state, way, previous, &mut stack)?;
        }
        touched.into_iter().for_each(|at| self.ways[at as usize] = 0);
        Ok(())
    }

    fn visit(
        &mut self,
        state: StateId,
        way: Way,
        previous: Previous,
        stack: &mut Vec<Visit>,
    ) -> Result<(), Reason> {
        let program = self.program;
        let mut on = |way: Way| stack.push(Visit::Enter(way));
        match &program.ops[way.at as usize] {
            Op::Char { set, span, next } => self.step(state, way, *set, *span, *next)?,
            Op::Accept { region } => {
                let exit = Exit::Accept { region: *region, next: way.next, at_end: way.at_end };
                self.states[state as usize].exits.push(exit);
            }
            Op::Split(targets) => {
                targets.iter().rev().for_each(|&at| on(Way { at, ..way }));
            }
            Op::Assert { kind, next } => {
                if let Some(way) =
                    asserted(*kind, Way { at: *next, ..way }, previous, self.watched, self.alphabet)
                {
                    on(way);
                }
            }
            Op::Look(look) => {
                let mut after = Some(Way { at: look.next, ..way });
                if let Some(set) = look.neighbour {
                    after = match look.direction {
                        Direction::Ahead => Some(Way {
                            at: look.next,
                            next: way.next & self.alphabet.mask(set),
                            at_end: way.at_end && look.sign == Sign::Negative,
                            ..way
                        }),
                        Direction::Behind => {
                            let bit = self.watched.behind.iter().position(|&known| known == set);
                            let holds = match (previous, bit) {
                                (Previous::None, _) => look.sign == Sign::Negative,
                                (Previous::In(signature), Some(bit)) => signature >> bit & 1 == 1,
                                (Previous::In(_), None) => true,
                            };
                            after.filter(|_| holds)
                        }
                    };
                }
                let inside = (look.loops && look.direction == Direction::Ahead).then_some(Way {
                    at: look.body,
                    region: look.region,
                    ..way
                });
                after.into_iter().chain(inside).for_each(on);
            }
            Op::BackReference { copy, .. } => on(Way { at: *copy, ..way }),
            Op::Save { next, .. } => on(Way { at: *next, ..way }),
            Op::Counted { next } => on(Way { at: *next, counted: true, ..way }),
            Op::Mark { register, next } => {
                self.marked[*register as usize] += 1;
                stack.push(Visit::Unmark(*register));
                stack.push(Visit::Enter(Way { at: *next, ..way }));
            }
            Op::Check { register, next } => {
                // An iteration that began on this very way has matched nothing, which engines refuse.
                if self.marked[*register as usize] == 0 {
                    on(Way { at: *next, ..way });
                }
            }
        }
        Ok(())
    }

    fn step(&mut self, state: StateId, way: Way, set: SetId, span: Span, next: At) -> Result<(), Reason> {
        let label = self.alphabet.mask(set) & way.next;
        for index in 0..self.signatures.len() {
            let (signature, kinds) = self.signatures[index];
            if label & kinds == 0 {
                continue;
            }
            self.edges += 1;
            if self.edges > MAX_EDGES {
                return Err(Reason::TooLarge);
            }
            let to = self.state(way, span, next, signature)?;
            let edge = Edge { to, label: label & kinds, counted: way.counted };
            self.states[state as usize].exits.push(Exit::Step(edge));
        }
        Ok(())
    }

    fn state(&mut self, way: Way, span: Span, next: At, signature: u8) -> Result<StateId, Reason> {
        let key = (way.at, signature);
        if let Some(&known) = self.known.get(&key) {
            return Ok(known);
        }
        if self.states.len() >= MAX_STATES {
            return Err(Reason::TooLarge);
        }
        let id = u32::try_from(self.states.len()).map_err(|_| Reason::TooLarge)?;
        let role = if self.program.search == Some(way.at) { Role::Search } else { Role::Inside(way.region) };
        self.states.push(State { exits: Vec::new(), span, role });
        self.known.insert(key, id);
        self.waiting.push((id, next, Previous::In(signature), way.region));
        Ok(id)
    }
}

/// The way on past an assertion, if there is one.
fn asserted(
    kind: Assertion,
    way: Way,
    previous: Previous,
    watched: &Watched,
    alphabet: &Alphabet,
) -> Option<Way> {
    let was_in = |set: Option<SetId>| match previous {
        Previous::None => false,
        Previous::In(signature) => watched
            .behind
            .iter()
            .position(|&known| Some(known) == set)
            .is_some_and(|bit| signature >> bit & 1 == 1),
    };
    let mask = |set: Option<SetId>| set.map_or(0, |set| alphabet.mask(set));
    let (next, at_end) = match kind {
        Assertion::InputStart if previous != Previous::None => return None,
        Assertion::LineStart if previous != Previous::None && !was_in(watched.line_ends) => return None,
        Assertion::InputStart | Assertion::LineStart => return Some(way),
        Assertion::InputEnd => (0, true),
        Assertion::LineEnd => (mask(watched.line_ends), true),
        Assertion::WordEdge | Assertion::NoWordEdge => {
            let other = (kind == Assertion::WordEdge) == was_in(watched.word);
            let word = mask(watched.word);
            if other { (!word, true) } else { (word, false) }
        }
    };
    Some(Way { next: way.next & next, at_end: way.at_end && at_end, ..way })
}

//! Turns an ambiguous word into a string on which an engine really backtracks, or finds that there is none.
//!
//! The automaton is run as an engine would search it, with its states in the order of preference, so that
//! what comes after a match is seen never to be tried. The pump must keep the ambiguous states alive, and
//! the suffix must make every path fail that is tried before or with them.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use super::alphabet::{Alphabet, each};
use super::ambiguity::{Budget, Candidate, Exhausted, path};
use super::automaton::{Automaton, Edge, Exit, Role, StateId};

const MAX_SUFFIX: usize = 3;
const MAX_SUFFIX_LISTS: usize = 400;
const ROUNDS: usize = 4;
/// Choices of characters tried for the same path.
const CHOICES: usize = 4;

/// A witness in kinds of characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) prefix: Vec<u32>,
    pub(super) pump: Vec<u32>,
    pub(super) suffix: Vec<u32>,
}

impl Word {
    /// The same strings with a pump that repeats nothing, and a prefix that does not repeat the pump.
    fn shortened(mut self) -> Self {
        let length = self.pump.len();
        let repeats = |root: &usize| {
            length.is_multiple_of(*root) && self.pump.chunks(*root).all(|chunk| *chunk == self.pump[..*root])
        };
        let root = (1..length).find(repeats).unwrap_or(length);
        self.pump.truncate(root);
        while self.prefix.ends_with(&self.pump) {
            self.prefix.truncate(self.prefix.len() - root);
        }
        self
    }
}

pub(super) struct Engine<'a> {
    pub(super) automaton: &'a Automaton,
    pub(super) alphabet: &'a Alphabet,
    pub(super) after_match: AfterMatch,
}

/// What the caller of a search does with a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterMatch {
    Stop,
    /// With the flag `g`, searches on from its end.
    Continue,
}

impl Engine<'_> {
    /// A word that pumps the candidate and then fails, and that `confirm` agrees to.
    pub(super) fn witness(
        &self,
        candidate: &Candidate,
        budget: &mut Budget,
        confirm: &mut dyn FnMut(&Word) -> bool,
    ) -> Result<Option<Word>, Exhausted> {
        let mut tried = FxHashSet::default();
        for choice in 0..CHOICES {
            let pump = self.choose(&candidate.pump, choice);
            for prefix in self.prefixes(candidate.first, pump[0], choice, budget)? {
                if !tried.insert((prefix.clone(), pump.clone())) {
                    continue;
                }
                let Some(alive) = self.pumped(candidate, &prefix, &pump, budget)? else { continue };
                // What is behind the last ambiguous state is tried after all its ways have failed, unless one of
                // them leads to a match: then everything has to fail.
                let last = alive.iter().position(|&state| state == candidate.last);
                let before = last.map_or(&alive[..], |last| &alive[..=last]);
                let mut failed = Vec::new();
                let is_exponential = candidate.first == candidate.last;
                // A search goes on to the next start only where all has failed at the one before.
                let searches = self.automaton.states[candidate.first as usize].role == Role::Search;
                let ways =
                    [(!searches).then_some(before), (is_exponential || searches).then_some(&alive[..])];
                for tried_first in ways.into_iter().flatten() {
                    let Some(suffix) = self.failing(candidate, tried_first, budget)? else { continue };
                    if failed.contains(&suffix) {
                        continue;
                    }
                    failed.push(suffix.clone());
                    let word = Word { prefix: prefix.clone(), pump: pump.clone(), suffix }.shortened();
                    if confirm(&word) {
                        return Ok(Some(word));
                    }
                }
            }
        }
        Ok(None)
    }

    fn choose(&self, masks: &[u128], choice: usize) -> Vec<u32> {
        masks
            .iter()
            .map(|&mask| {
                let kinds = self.alphabet.by_readability(mask);
                kinds[choice % kinds.len()]
            })
            .collect()
    }

    /// Words that lead to `state`: the shortest, and that after each possible first character.
    fn prefixes(
        &self,
        state: StateId,
        pumped: u32,
        choice: usize,
        budget: &mut Budget,
    ) -> Result<Vec<Vec<u32>>, Exhausted> {
        let labels = |edges: Vec<Edge>| edges.iter().map(|edge| edge.label).collect::<Vec<_>>();
        let mut prefixes = Vec::new();
        let searching = self.automaton.states[state as usize].role == Role::Search;
        if !searching && let Ok(edges) = path(self.automaton, 0, state, &|_| true, budget) {
            prefixes.push(self.choose(&labels(edges), choice));
        }
        let searches = (0..).zip(&self.automaton.states).filter(|(_, state)| state.role == Role::Search);
        for (search, _) in searches {
            let Ok(edges) = path(self.automaton, search, state, &|_| true, budget) else { continue };
            let rest = self.choose(&labels(edges), choice);
            let entering = self.automaton.states[0].edges().find(|edge| edge.to == search);
            let mask = entering.map_or(0, |edge| edge.label);
            if mask >> pumped & 1 == 1 {
                prefixes.push([&[pumped], &rest[..]].concat());
            }
            let others = self.alphabet.by_readability(mask).into_iter().filter(|&kind| kind != pumped);
            prefixes.extend(others.take(24).map(|kind| [&[kind], &rest[..]].concat()));
        }
        budget.spend(prefixes.len())?;
        Ok(prefixes)
    }

    /// The states alive after pumping, the preferred first, if the ambiguous ones are among them.
    fn pumped(
        &self,
        candidate: &Candidate,
        prefix: &[u32],
        pump: &[u32],
        budget: &mut Budget,
    ) -> Result<Option<Vec<StateId>>, Exhausted> {
        let mut list = vec![0];
        let mut previous = None;
        for &kind in prefix {
            list = self.step(&list, previous, kind, budget)?;
            previous = Some(kind);
        }
        for round in 0..ROUNDS {
            if !list.contains(&candidate.first) || (round > 0 && !list.contains(&candidate.last)) {
                return Ok(None);
            }
            let before = list.clone();
            for &kind in pump {
                list = self.step(&list, previous, kind, budget)?;
                previous = Some(kind);
            }
            if before == list {
                break;
            }
        }
        let is_alive = list.contains(&candidate.first) && list.contains(&candidate.last);
        Ok(is_alive.then_some(list))
    }

    /// One character further: every state once, the preferred first, none behind a match.
    fn step(
        &self,
        list: &[StateId],
        previous: Option<u32>,
        kind: u32,
        budget: &mut Budget,
    ) -> Result<Vec<StateId>, Exhausted> {
        let (mut out, mut seen) = (Vec::new(), Seen::new(self.automaton.states.len()));
        let mut closed: Vec<u16> = Vec::new();
        for &id in list {
            let state = &self.automaton.states[id as usize];
            let region = region(state.role);
            if closed.contains(&region) {
                continue;
            }
            budget.spend(state.exits.len())?;
            for exit in &state.exits {
                match *exit {
                    Exit::Step(edge) if edge.label >> kind & 1 == 1 && seen.insert(edge.to) => {
                        out.push(edge.to);
                    }
                    Exit::Accept { region: 0, next, .. } if next >> kind & 1 == 1 => {
                        let empty = !matches!(state.role, Role::Inside(_));
                        let onward = self.onward(previous, kind, empty);
                        out.extend(onward.into_iter().filter(|&state| seen.insert(state)));
                        return Ok(out);
                    }
                    Exit::Accept { region: ended, next, .. } if ended == region && next >> kind & 1 == 1 => {
                        closed.push(region);
                        break;
                    }
                    _ => {}
                }
            }
        }
        Ok(out)
    }

    /// Where a search goes that continues after a match: on from its end, or past it when it was empty.
    fn onward(&self, previous: Option<u32>, kind: u32, empty: bool) -> Vec<StateId> {
        if self.after_match == AfterMatch::Stop {
            return Vec::new();
        }
        let searching = |edge: &&Edge| self.automaton.states[edge.to as usize].role == Role::Search;
        let entered = |kind: u32| {
            let mut edges = self.automaton.states[0].edges().filter(searching);
            edges.find(|edge| edge.label >> kind & 1 == 1).map(|edge| edge.to)
        };
        match previous.and_then(entered) {
            Some(search) if !empty => {
                let edges = self.automaton.states[search as usize].edges();
                edges.filter(|edge| edge.label >> kind & 1 == 1).map(|edge| edge.to).collect()
            }
            _ => entered(kind).into_iter().collect(),
        }
    }

    /// A suffix on which none of the states ends in a match.
    fn failing(
        &self,
        candidate: &Candidate,
        alive: &[StateId],
        budget: &mut Budget,
    ) -> Result<Option<Vec<u32>>, Exhausted> {
        let region_of = |state: StateId| region(self.automaton.states[state as usize].role);
        let watched = region_of(candidate.last);
        let start: Vec<StateId> = alive
            .iter()
            .copied()
            .filter(|&state| region_of(state) == watched)
            .filter(|&state| self.automaton.states[state as usize].role != Role::Search)
            .collect();
        let accepts = |list: &[StateId], kind: Option<u32>| {
            list.iter().flat_map(|&state| &self.automaton.states[state as usize].exits).any(
                |exit| match *exit {
                    Exit::Accept { region, next, at_end } => {
                        region == watched && kind.map_or(at_end, |kind| next >> kind & 1 == 1)
                    }
                    Exit::Step(_) => false,
                },
            )
        };
        let mut kinds: Vec<u32> = each(self.alphabet.all()).collect();
        kinds.sort_by_key(|&kind| self.alphabet.last_sample(kind) != 0x21);
        let mut seen = FxHashSet::from_iter([start.clone()]);
        let mut queue = VecDeque::from([(start, Vec::new())]);
        while let Some((list, suffix)) = queue.pop_front() {
            if !accepts(&list, None) {
                return Ok(Some(suffix));
            }
            if suffix.len() == MAX_SUFFIX {
                continue;
            }
            for &kind in &kinds {
                budget.spend(list.len() + 1)?;
                if accepts(&list, Some(kind)) {
                    continue;
                }
                let mut after = self.step(&list, None, kind, budget)?;
                after.retain(|&state| region_of(state) == watched);
                if seen.len() < MAX_SUFFIX_LISTS && seen.insert(after.clone()) {
                    queue.push_back((after, [&suffix[..], &[kind]].concat()));
                }
            }
        }
        Ok(None)
    }

    /// How many paths an engine may follow on the word with this many pumps.
    pub(super) fn paths(&self, word: &Word, pumps: usize) -> f64 {
        let mut counts = vec![0.0; self.automaton.states.len()];
        counts[0] = 1.0;
        let mut total = 0.0;
        let pumped = std::iter::repeat_n(&word.pump, pumps).flatten();
        for &kind in word.prefix.iter().chain(pumped).chain(&word.suffix) {
            let mut next = vec![0.0; counts.len()];
            for (state, count) in self.automaton.states.iter().zip(&counts).filter(|(_, count)| **count > 0.0)
            {
                for edge in state.edges().filter(|edge| edge.label >> kind & 1 == 1) {
                    next[edge.to as usize] += *count;
                }
            }
            total += next.iter().sum::<f64>();
            counts = next;
        }
        total
    }
}

fn region(role: Role) -> u16 {
    match role {
        Role::Inside(region) => region,
        Role::Start | Role::Search => 0,
    }
}

/// The states already in a list.
struct Seen(Vec<u64>);

impl Seen {
    fn new(states: usize) -> Self {
        Self(vec![0; states.div_ceil(64)])
    }

    fn insert(&mut self, state: StateId) -> bool {
        let (word, bit) = (state as usize / 64, 1 << (state % 64));
        let fresh = self.0[word] & bit == 0;
        self.0[word] |= bit;
        fresh
    }
}

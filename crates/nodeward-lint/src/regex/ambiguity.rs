//! Finds the words on which an automaton has too many paths.
//!
//! Exponentially many: a state with two different ways to come back to itself on one word. Polynomially
//! many: two states that each come back on a word which also leads from the one to the other.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::alphabet::Kinds;
use super::automaton::{Automaton, Edge, Role, StateId};
use super::graph::components;

/// Candidates kept per component, since the first may turn out to have no failing suffix.
const CANDIDATES: usize = 6;

/// What is left of the work that one pattern may cost.
#[derive(Debug)]
pub(super) struct Budget {
    left: u32,
}

/// The budget ran out.
#[derive(Debug)]
pub(super) struct Exhausted;

impl Budget {
    pub(super) fn new(steps: u32) -> Self {
        Self { left: steps }
    }

    /// Lets `work` have up to `steps` of what is left.
    pub(super) fn part<T>(
        &mut self,
        steps: u32,
        work: impl FnOnce(&mut Self) -> Result<T, Exhausted>,
    ) -> Result<T, Exhausted> {
        let steps = steps.min(self.left);
        let mut part = Self { left: steps };
        let done = work(&mut part);
        self.left -= steps - part.left;
        done
    }

    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Exhausted> {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        let enough = steps <= self.left;
        self.left = self.left.saturating_sub(steps);
        if enough { Ok(()) } else { Err(Exhausted) }
    }
}

/// An ambiguous word, not yet known to make a match fail.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// Comes back to itself on the pump.
    pub(super) first: StateId,
    /// As well; the same state when ambiguity is exponential.
    pub(super) last: StateId,
    /// For each character of the pump, what it may be.
    pub(super) pump: Vec<Kinds>,
    /// The states whose spans are the ambiguous part.
    pub(super) states: Vec<StateId>,
    /// Whether the two ways are two edges between the same states: a loop within a loop.
    pub(super) nested: bool,
}

/// The automaton's loops: its components that have an edge inside.
#[derive(Debug)]
pub(super) struct Loops {
    /// The component of each state.
    of: Vec<usize>,
    /// The states of each component that is a loop; larger numbers come first on any path.
    members: Vec<Vec<StateId>>,
}

/// Which edges make a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    Included,
    Excluded,
}

impl Loops {
    pub(super) fn new(automaton: &Automaton, counted: Counted) -> Self {
        let usable = |edge: &&Edge| counted == Counted::Included || !edge.counted;
        let (of, count) = components(automaton.states.len(), &|state, next| {
            next.extend(automaton.states[state].edges().filter(usable).map(|edge| edge.to as usize));
        });
        let mut members = vec![Vec::new(); count];
        for (state, &component) in (0..).zip(&of) {
            members[component].push(state);
        }
        for members in &mut members {
            if let [single] = members[..]
                && !automaton.states[single as usize].edges().filter(usable).any(|edge| edge.to == single)
            {
                members.clear();
            }
        }
        Self { of, members }
    }

    pub(super) fn each(&self) -> impl DoubleEndedIterator<Item = (usize, &[StateId])> {
        self.members.iter().enumerate().filter(|(_, members)| !members.is_empty()).map(|(id, m)| (id, &m[..]))
    }
}

/// Words with two different paths from a state of the component back to it.
pub(super) fn exponential(
    automaton: &Automaton,
    loops: &Loops,
    component: usize,
    budget: &mut Budget,
) -> Result<Vec<Candidate>, Exhausted> {
    let inside = |edge: &&Edge| loops.of[edge.to as usize] == component;
    let edges = |state: StateId| automaton.states[state as usize].edges().filter(inside);
    let mut search = Pairs { came: FxHashMap::default(), queue: VecDeque::new() };
    let mut merges: Vec<(Option<Pair>, StateId, StateId, Kinds)> = Vec::new();
    for &state in &loops.members[component] {
        let all: Vec<&Edge> = edges(state).collect();
        budget.spend(all.len() * all.len() / 2 + 1)?;
        for (index, one) in all.iter().enumerate() {
            for other in &all[index + 1..] {
                let label = one.label & other.label;
                if label == 0 {
                    continue;
                }
                if one.to == other.to {
                    merges.push((None, state, one.to, label));
                } else {
                    search.reach(Pair::new(one.to, other.to), From::Split(state), label);
                }
            }
        }
        if merges.len() >= CANDIDATES {
            break;
        }
    }
    'search: while let Some(pair) = search.queue.pop_front() {
        if merges.len() >= CANDIDATES {
            break;
        }
        for one in edges(pair.0) {
            budget.spend(1)?;
            for other in edges(pair.1) {
                budget.spend(1)?;
                let label = one.label & other.label;
                if label == 0 {
                    continue;
                }
                if one.to == other.to {
                    merges.push((Some(pair), pair.0, one.to, label));
                    continue 'search;
                }
                search.reach(Pair::new(one.to, other.to), From::Pair(pair), label);
            }
        }
    }
    merges
        .into_iter()
        .map(|(pair, before, merged, label)| {
            let (first, mut pump, mut states) = match pair {
                Some(pair) => search.trace(pair),
                None => (before, Vec::new(), vec![before]),
            };
            pump.push(label);
            states.push(merged);
            let back = path(automaton, merged, first, &|edge| inside(&edge), budget)?;
            states.extend(back.iter().map(|edge| edge.to));
            pump.extend(back.iter().map(|edge| edge.label));
            Ok(Candidate { first, last: first, pump, states, nested: pair.is_none() })
        })
        .collect()
}

/// Two states without order: both paths can be swapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Pair(StateId, StateId);

impl Pair {
    fn new(one: StateId, other: StateId) -> Self {
        Self(one.min(other), one.max(other))
    }
}

#[derive(Debug, Clone, Copy)]
enum From {
    /// Both paths leave this state.
    Split(StateId),
    Pair(Pair),
}

struct Pairs {
    came: FxHashMap<Pair, (From, Kinds)>,
    queue: VecDeque<Pair>,
}

impl Pairs {
    fn reach(&mut self, pair: Pair, from: From, label: Kinds) {
        self.came.entry(pair).or_insert_with(|| {
            self.queue.push_back(pair);
            (from, label)
        });
    }

    /// The state in which the two paths to `pair` split, their word, and the states on them.
    fn trace(&self, mut pair: Pair) -> (StateId, Vec<Kinds>, Vec<StateId>) {
        let (mut word, mut states) = (Vec::new(), Vec::new());
        loop {
            let (from, label) = self.came[&pair];
            word.push(label);
            states.extend([pair.0, pair.1]);
            match from {
                From::Pair(before) => pair = before,
                From::Split(state) => {
                    word.reverse();
                    states.push(state);
                    return (state, word, states);
                }
            }
        }
    }
}

/// The shortest path between two states; empty when they are the same.
pub(super) fn path(
    automaton: &Automaton,
    from: StateId,
    to: StateId,
    usable: &dyn Fn(&Edge) -> bool,
    budget: &mut Budget,
) -> Result<Vec<Edge>, Exhausted> {
    let mut came: FxHashMap<StateId, (StateId, Edge)> = FxHashMap::default();
    let mut queue = VecDeque::from([from]);
    while let Some(state) = queue.pop_front() {
        if state == to {
            break;
        }
        for edge in automaton.states[state as usize].edges().filter(|edge| usable(edge)) {
            budget.spend(1)?;
            if edge.to != from && !came.contains_key(&edge.to) {
                came.insert(edge.to, (state, *edge));
                queue.push_back(edge.to);
            }
        }
    }
    let mut edges = Vec::new();
    let mut state = to;
    while state != from {
        let Some(&(before, edge)) = came.get(&state) else { return Err(Exhausted) };
        edges.push(edge);
        state = before;
    }
    edges.reverse();
    Ok(edges)
}

/// Which loops can be reached from which.
pub(super) struct Reach {
    from: FxHashMap<usize, Vec<bool>>,
}

impl Reach {
    pub(super) fn new(automaton: &Automaton, loops: &Loops, budget: &mut Budget) -> Result<Self, Exhausted> {
        let mut from = FxHashMap::default();
        for (id, members) in loops.each() {
            let mut seen = vec![false; automaton.states.len()];
            let mut stack = members.to_vec();
            members.iter().for_each(|&state| seen[state as usize] = true);
            while let Some(state) = stack.pop() {
                for edge in automaton.states[state as usize].edges() {
                    budget.spend(1)?;
                    if !std::mem::replace(&mut seen[edge.to as usize], true) {
                        stack.push(edge.to);
                    }
                }
            }
            from.insert(id, seen);
        }
        Ok(Self { from })
    }

    pub(super) fn leads(&self, from: usize, to: StateId) -> bool {
        self.from.get(&from).is_some_and(|seen| seen[to as usize])
    }
}

/// Words on which `one` and `other` both loop, and which lead from the one to the other.
pub(super) fn polynomial(
    automaton: &Automaton,
    loops: &Loops,
    reach: &Reach,
    (one, other): (usize, usize),
    budget: &mut Budget,
) -> Result<Vec<Candidate>, Exhausted> {
    let edges = |state: StateId, component: usize| {
        let inside = move |edge: &&Edge| loops.of[edge.to as usize] == component && !edge.counted;
        automaton.states[state as usize].edges().filter(inside)
    };
    let labels = |component: usize| {
        let members = loops.members[component].iter();
        members.flat_map(|&state| edges(state, component)).fold(0, |labels, edge| labels | edge.label)
    };
    if labels(one) & labels(other) == 0 {
        return Ok(Vec::new());
    }
    let (firsts, lasts) = (&loops.members[one], &loops.members[other]);
    budget.spend(firsts.len() * lasts.len())?;
    let mut nodes = Vec::with_capacity(firsts.len() * lasts.len());
    let mut index = FxHashMap::default();
    for &first in firsts {
        for &last in lasts {
            index.insert((first, last), nodes.len());
            nodes.push((first, last));
        }
    }
    let mut next: Vec<Vec<(usize, Kinds)>> = Vec::with_capacity(nodes.len());
    for &(first, last) in &nodes {
        let mut out = Vec::new();
        for left in edges(first, one) {
            for right in edges(last, other) {
                budget.spend(1)?;
                if left.label & right.label != 0 {
                    out.push((index[&(left.to, right.to)], left.label & right.label));
                }
            }
        }
        next.push(out);
    }
    let (component, count) =
        components(nodes.len(), &|node, out| out.extend(next[node].iter().map(|edge| edge.0)));
    let product = Product { automaton, nodes, next, component };
    let mut found = Vec::new();
    for common in 0..count {
        found.extend(product.crossing(common, |state| reaches(reach, loops, state, one, other), budget)?);
    }
    Ok(found)
}

/// Whether a path from `one` to `other` may lead through `state`. (That it leads on to `other` is left to
/// the search.)
fn reaches(reach: &Reach, loops: &Loops, state: StateId, one: usize, other: usize) -> bool {
    reach.leads(one, state) && loops.of[state as usize] >= other
}

/// A node of the product, and the state of the third path.
type Place = (usize, StateId);

/// Two loops that read the same word.
struct Product<'a> {
    automaton: &'a Automaton,
    nodes: Vec<(StateId, StateId)>,
    next: Vec<Vec<(usize, Kinds)>>,
    component: Vec<usize>,
}

impl Product<'_> {
    /// Within one component of the product, a third path that starts in the first loop's state and ends in
    /// the second's. Where in the component it ends does not matter: from there it goes back with the second.
    fn crossing(
        &self,
        common: usize,
        useful: impl Fn(StateId) -> bool,
        budget: &mut Budget,
    ) -> Result<Vec<Candidate>, Exhausted> {
        let mut came: FxHashMap<Place, Option<(Place, Kinds)>> = FxHashMap::default();
        let mut queue = VecDeque::new();
        for node in (0..self.nodes.len()).filter(|&node| self.component[node] == common) {
            let within = self.next[node].iter().any(|&(to, _)| self.component[to] == common);
            if within {
                let start = (node, self.nodes[node].0);
                came.insert(start, None);
                queue.push_back(start);
            }
        }
        let mut found = Vec::new();
        while let Some(place) = queue.pop_front() {
            let (node, middle) = place;
            if middle == self.nodes[node].1 {
                found.push(self.candidate(place, &came, common, budget)?);
                if found.len() >= CANDIDATES / 2 {
                    break;
                }
                continue;
            }
            for &(to, label) in self.next[node].iter().filter(|edge| self.component[edge.0] == common) {
                for edge in self.automaton.states[middle as usize].edges() {
                    budget.spend(1)?;
                    let after = (to, edge.to);
                    if edge.label & label != 0 && useful(edge.to) && !came.contains_key(&after) {
                        came.insert(after, Some((place, edge.label & label)));
                        queue.push_back(after);
                    }
                }
            }
        }
        Ok(found)
    }

    fn candidate(
        &self,
        end: Place,
        came: &FxHashMap<Place, Option<(Place, Kinds)>>,
        common: usize,
        budget: &mut Budget,
    ) -> Result<Candidate, Exhausted> {
        let (mut pump, mut states, mut place) = (Vec::new(), Vec::new(), end);
        loop {
            let (first, last) = self.nodes[place.0];
            states.extend([first, place.1, last]);
            match came[&place] {
                Some((before, label)) => {
                    pump.push(label);
                    place = before;
                }
                None => break,
            }
        }
        pump.reverse();
        pump.extend(self.back(end.0, place.0, common, budget)?);
        let (first, last) = self.nodes[place.0];
        Ok(Candidate { first, last, pump, states, nested: false })
    }

    /// The shortest word from one node of the component to another.
    fn back(
        &self,
        from: usize,
        to: usize,
        common: usize,
        budget: &mut Budget,
    ) -> Result<Vec<Kinds>, Exhausted> {
        let mut came: FxHashMap<usize, (usize, Kinds)> = FxHashMap::default();
        let mut queue = VecDeque::from([from]);
        while let Some(node) = queue.pop_front() {
            if node == to {
                break;
            }
            for &(next, label) in self.next[node].iter().filter(|edge| self.component[edge.0] == common) {
                budget.spend(1)?;
                if next != from && !came.contains_key(&next) {
                    came.insert(next, (node, label));
                    queue.push_back(next);
                }
            }
        }
        let (mut word, mut node) = (Vec::new(), to);
        while node != from {
            let Some(&(before, label)) = came.get(&node) else { return Err(Exhausted) };
            word.push(label);
            node = before;
        }
        word.reverse();
        Ok(word)
    }
}

/// Whether a component is the implicit search for the start of a match.
pub(super) fn is_search(automaton: &Automaton, members: &[StateId]) -> bool {
    members.iter().any(|&state| automaton.states[state as usize].role == Role::Search)
}

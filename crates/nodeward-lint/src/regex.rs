//! Which regular expressions a hostile string can make slow, and the string that does it.
//!
//! JavaScript engines match by backtracking: they try the ways to match one after the other until one
//! succeeds. A pattern is dangerous when some string has many ways to match a part of it and then fails, so
//! that all of them are tried. [`analyse`] takes a pattern as text and finds such strings without running it.
//! It says nothing about where the string comes from: rules weigh that.
//!
//! # Method
//!
//! 1. The pattern becomes a program of operations in an engine's order of preference (`program`), and that a
//!    position automaton whose edges are the ways from one character to the next, each with its multiplicity
//!    (`automaton`). Characters are reduced to the kinds that the pattern tells apart (`alphabet`).
//! 2. Exponential: within a strongly connected component, some state has two different paths back to itself
//!    on one word. Searching pairs of states for paths which split and meet again decides it (`ambiguity`).
//!    This is the criterion EDA of Weber and Seidl, *On the degree of ambiguity of finite automata* (1991),
//!    applied to backtracking by Weideman, van der Merwe, Berglund and Watson, *Analyzing matching time
//!    behavior of backtracking regular expression matchers by using ambiguity of NFA* (CIAA 2016).
//! 3. Polynomial: two loops that read one word which also leads from the first to the second (IDA, same
//!    sources). We search triples, restricted to one component of the product of both loops, as in the cubic
//!    algorithm of Allauzen, Mohri and Rastogi, *General algorithms for testing the ambiguity of finite
//!    automata* (DLT 2008). The longest chain of such pairs gives the degree.
//! 4. A search tries every start of the string, which is a loop of its own in front of the pattern: `\s+$` is
//!    linear at each start and quadratic in all. [`Verdict::Polynomial`] gives both degrees.
//! 5. Ambiguity costs nothing when the first way succeeds, so a witness needs a suffix that fails, and no
//!    preferred alternative may succeed before. `witness` searches it by running the automaton with its states
//!    in the engine's order, as the prioritised automata of Berglund, Drewes and van der Merwe, *Analyzing
//!    catastrophic backtracking behavior in practical regular expression matching* (AFL 2014).
//! 6. Lookaheads and back references are taken for more than they match. Where that happened, the witness is
//!    replayed on a small backtracking matcher with counted steps (`replay`), and is dropped unless they grow.
//!
//! # Limits
//!
//! Sizes and steps are bounded, and what is over them is [`Verdict::Unknown`], never safe. Repetitions counted
//! above 25 are taken for unbounded ones in the search for exponential time, and for one pass in the search
//! for polynomial time up to 1,000. Case is ignored for ASCII letters only, and Unicode properties are
//! approximated. Costs of a back reference's own comparison are not seen.

mod alphabet;
mod ambiguity;
mod automaton;
mod charset;
mod graph;
mod known;
mod parse;
mod program;
mod replay;
mod syntax;
mod unicode;
mod verdict;
mod witness;

use std::cell::Cell;

use alphabet::Alphabet;
use ambiguity::{Budget, Candidate, Counted, Exhausted, Loops, Reach};
pub(crate) use known::{known_literal, known_made};
use program::{Program, Reading};
use replay::Growth;
use syntax::{Node, Pattern, Sets, Span};
pub use verdict::{Reason, Text, Verdict, Witness};
use witness::{AfterMatch, Engine, Word};

/// Repetitions counted up to here are written out.
const COUNTED: u32 = 25;
/// The same, for patterns that would become too large.
const COUNTED_LARGE: u32 = 3;
/// Steps allowed to each of the two searches, a few nanoseconds each.
const STEPS: u32 = 300_000;
/// Of these, for the witness of one candidate.
const CANDIDATE_STEPS: u32 = 20_000;
/// Pairs of loops for which a witness is searched.
const MAX_CHECKED: usize = 48;
/// Witnesses replayed for one pattern, each at a cost of up to a millisecond.
const MAX_REPLAYS: u32 = 6;

/// Analyses the pattern of a literal or of a call of `RegExp`, given the string's value.
///
/// Spans in the answer are byte ranges of `pattern`.
#[must_use]
pub fn analyse(pattern: &str, flags: &str) -> Verdict {
    let mut pattern = match parse::parse(pattern, flags) {
        Ok(pattern) if !pattern.loops => return Verdict::Safe,
        Ok(pattern) => pattern,
        Err(reason) => return Verdict::Unknown(reason),
    };
    let mut sets = std::mem::take(&mut pattern.sets);
    let mut worst = analyse_at(&pattern.root, &pattern, &mut sets, Reading::Forward);
    let mut behind = Vec::new();
    program::looping_lookbehinds(&pattern.root, &mut behind);
    for body in behind {
        worst = worst.worse(analyse_at(body, &pattern, &mut sets, Reading::Backward));
    }
    worst
}

/// Analyses a literal as it stands in source, `/…/flags`.
#[must_use]
pub fn analyse_literal(literal: &str) -> Verdict {
    match literal.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')) {
        Some((pattern, flags)) => match analyse(pattern, flags) {
            Verdict::Polynomial { degree, degree_at_start, witness, shown_at_start } => {
                Verdict::Polynomial { degree, degree_at_start, witness: witness.shifted(1), shown_at_start }
            }
            Verdict::Exponential { witness } => Verdict::Exponential { witness: witness.shifted(1) },
            other => other,
        },
        None => Verdict::Unknown(Reason::Syntax("not a literal")),
    }
}

fn analyse_at(root: &Node, pattern: &Pattern, sets: &mut Sets, reading: Reading) -> Verdict {
    match analyse_with(root, pattern, sets, reading, COUNTED) {
        Err(Reason::TooLarge) => analyse_with(root, pattern, sets, reading, COUNTED_LARGE),
        other => other,
    }
    .unwrap_or_else(Verdict::Unknown)
}

fn analyse_with(
    root: &Node,
    pattern: &Pattern,
    sets: &mut Sets,
    reading: Reading,
    counted: u32,
) -> Result<Verdict, Reason> {
    let program = program::compile(root, pattern, sets, reading, counted)?;
    let watched = automaton::intern_assertion_sets(&program, sets);
    let alphabet = Alphabet::new(sets)?;
    let automaton = automaton::build(&program, &alphabet, &watched)?;
    let after_match = if pattern.global && !pattern.sticky { AfterMatch::Continue } else { AfterMatch::Stop };
    let engine = Engine { automaton: &automaton, alphabet: &alphabet, after_match };
    let analysis = Analysis { engine, program: &program, sets, reading, replays: Cell::new(MAX_REPLAYS) };
    let exponential = analysis.exponential();
    if let Ok(Some(witness)) = exponential {
        return Ok(Verdict::Exponential { witness });
    }
    let polynomial = analysis.polynomial();
    match (exponential, polynomial) {
        (_, Ok(Some(verdict))) => Ok(verdict),
        (Err(Exhausted), _) | (_, Err(Exhausted)) => Err(Reason::TooComplex),
        (Ok(_), Ok(None)) => Ok(Verdict::Safe),
    }
}

struct Analysis<'a> {
    engine: Engine<'a>,
    program: &'a Program,
    sets: &'a Sets,
    reading: Reading,
    /// How many more witnesses may be replayed.
    replays: Cell<u32>,
}

impl Analysis<'_> {
    fn exponential(&self) -> Result<Option<Witness>, Exhausted> {
        let automaton = self.engine.automaton;
        let loops = Loops::new(automaton, Counted::Included);
        let mut budget = Budget::new(STEPS);
        let mut exhausted = false;
        for (component, _) in loops.each() {
            for candidate in ambiguity::exponential(automaton, &loops, component, &mut budget)? {
                match self.confirmed(&candidate, Growth::Exponential, &mut budget) {
                    Ok(Some(word)) => return Ok(Some(self.witness(&candidate, &word))),
                    Ok(None) => {}
                    Err(Exhausted) => exhausted = true,
                }
            }
        }
        if exhausted { Err(Exhausted) } else { Ok(None) }
    }

    /// The word for a candidate, when it makes an engine work as the theory says.
    fn confirmed(
        &self,
        candidate: &Candidate,
        growth: Growth,
        budget: &mut Budget,
    ) -> Result<Option<Word>, Exhausted> {
        let mut replayed = |word: &Word| {
            // Two ways back to a state may be there while one of them is never tried, because a match comes first.
            if !self.program.approximate && growth == Growth::Polynomial {
                return true;
            }
            let left = self.replays.get();
            self.replays.set(left.saturating_sub(1));
            let [prefix, pump, suffix] = self.texts(word);
            left > 0 && replay::grows(self.program, self.sets, [&prefix.0, &pump.0, &suffix.0], growth)
        };
        budget.part(CANDIDATE_STEPS, |budget| self.engine.witness(candidate, budget, &mut replayed))
    }

    fn polynomial(&self) -> Result<Option<Verdict>, Exhausted> {
        let automaton = self.engine.automaton;
        let loops = Loops::new(automaton, Counted::Excluded);
        let mut budget = Budget::new(STEPS);
        let reach = Reach::new(automaton, &loops, &mut budget)?;
        let mut found = Vec::new();
        let mut exhausted = false;
        for (one, _) in loops.each().rev() {
            for (other, others) in loops.each() {
                if other >= one || found.len() >= MAX_CHECKED || !reach.leads(one, others[0]) {
                    continue;
                }
                match self.crossing(&loops, &reach, (one, other), &mut budget) {
                    Ok(Some((candidate, word))) => found.push(Crossing { one, other, candidate, word }),
                    Ok(None) => {}
                    Err(Exhausted) => exhausted = true,
                }
            }
        }
        if found.is_empty() {
            return if exhausted { Err(Exhausted) } else { Ok(None) };
        }
        let inside: Vec<&Crossing> =
            found.iter().filter(|crossing| !self.searches(&loops, crossing.one)).collect();
        let degree = chain(&loops, &reach, &found.iter().collect::<Vec<_>>()) + 1;
        let degree_at_start = chain(&loops, &reach, &inside) + 1;
        let pumps = 12;
        let best = found
            .iter()
            .map(|crossing| {
                (crossing, self.engine.paths(&crossing.word, pumps) / crossing.word.pump.len() as f64)
            })
            .max_by(|(_, one), (_, other)| one.total_cmp(other))
            .map(|(crossing, _)| self.witness(&crossing.candidate, &crossing.word));
        Ok(best.map(|witness| {
            let [prefix, pump, suffix] =
                [&witness.prefix.0, &witness.pump.0, &witness.suffix.0].map(Vec::as_slice);
            let is_less =
                degree_at_start > 2 && !replay::is_cubic(self.program, self.sets, [prefix, pump, suffix]);
            let shown_at_start = if is_less { 2 } else { degree_at_start };
            Verdict::Polynomial { degree, degree_at_start, witness, shown_at_start }
        }))
    }

    fn crossing(
        &self,
        loops: &Loops,
        reach: &Reach,
        pair: (usize, usize),
        budget: &mut Budget,
    ) -> Result<Option<(Candidate, Word)>, Exhausted> {
        let mut exhausted = false;
        for candidate in ambiguity::polynomial(self.engine.automaton, loops, reach, pair, budget)? {
            match self.confirmed(&candidate, Growth::Polynomial, budget) {
                Ok(Some(word)) => return Ok(Some((candidate, word))),
                Ok(None) => {}
                Err(Exhausted) => exhausted = true,
            }
        }
        if exhausted { Err(Exhausted) } else { Ok(None) }
    }

    fn searches(&self, loops: &Loops, component: usize) -> bool {
        loops
            .each()
            .any(|(id, members)| id == component && ambiguity::is_search(self.engine.automaton, members))
    }

    fn texts(&self, word: &Word) -> [Text; 3] {
        let sample =
            |kinds: &[u32]| Text(kinds.iter().map(|&kind| self.engine.alphabet.sample(kind)).collect());
        let suffix = word.suffix.iter().map(|&kind| self.engine.alphabet.last_sample(kind)).collect();
        [sample(&word.prefix), sample(&word.pump), Text(suffix)]
    }

    fn witness(&self, candidate: &Candidate, word: &Word) -> Witness {
        let [prefix, pump, suffix] = self.texts(word);
        let span = self.ambiguous(candidate);
        let reversed = |mut text: Text| {
            text.0.reverse();
            text
        };
        match self.reading {
            Reading::Forward => Witness { prefix, pump, suffix, span },
            Reading::Backward => {
                Witness { prefix: reversed(suffix), pump: reversed(pump), suffix: reversed(prefix), span }
            }
        }
    }

    /// The part of the pattern where the paths differ: for each state the innermost loop around it, and
    /// around all of them the smallest loop that holds them, if one does.
    fn ambiguous(&self, candidate: &Candidate) -> std::ops::Range<u32> {
        let states = &self.engine.automaton.states;
        let spans = candidate.states.iter().map(|&state| states[state as usize].span);
        let spans = spans.filter(|span| span.0 < span.1);
        let ends = [candidate.first, candidate.last].map(|state| states[state as usize].span);
        let around = |inner: Span| {
            let holding = |span: &&Span| span.0 <= inner.0 && inner.1 <= span.1;
            let mut loops: Vec<Span> = self.program.loops.iter().filter(holding).copied().collect();
            loops.sort_by_key(|span| span.1 - span.0);
            loops.dedup();
            loops.truncate(1 + usize::from(candidate.nested));
            loops.last().copied().unwrap_or(inner)
        };
        let all = spans.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1))).unwrap_or((0, 0));
        if candidate.first == candidate.last {
            let (start, end) = around(all);
            return start..end;
        }
        let ends = ends.into_iter().filter(|span| span.0 < span.1).map(around);
        let (start, end) = ends.fold(all, |one, other| (one.0.min(other.0), one.1.max(other.1)));
        start..end
    }
}

/// Two loops that share a word.
struct Crossing {
    one: usize,
    other: usize,
    candidate: Candidate,
    word: Word,
}

/// The length of the longest chain of crossings, each reachable from the one before.
fn chain(loops: &Loops, reach: &Reach, crossings: &[&Crossing]) -> u32 {
    let members: Vec<(usize, &[u32])> = loops.each().collect();
    let mut best = vec![0_u32; members.last().map_or(0, |(id, _)| id + 1)];
    // Components are numbered against the direction of edges, so the largest come first on a path.
    for &(id, states) in members.iter().rev() {
        let entered = members
            .iter()
            .filter(|&&(before, _)| before > id && reach.leads(before, states[0]))
            .map(|&(before, _)| best[before])
            .max()
            .unwrap_or(0);
        let crossed = crossings
            .iter()
            .filter(|crossing| crossing.other == id)
            .map(|crossing| best[crossing.one] + 1)
            .max()
            .unwrap_or(0);
        best[id] = entered.max(crossed);
    }
    best.into_iter().max().unwrap_or(0)
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;

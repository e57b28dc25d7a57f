//! The parameters that a walk enters functions by, and where it notes what it has seen behind each.

use super::graph::{FunctionId, NodeId};
use super::taint::FREE;
use super::unit::Unit;
use super::values::Link;

/// How many parameters of a function are told apart; those behind count as the last.
const APART: u32 = 12;

/// How many places there are at most while parameters are told apart. Real units have a tenth of that.
const PLACES: usize = 1 << 26;

/// Numbers for the parameters of functions that the unit itself calls, and a place for each of their function's nodes.
pub(super) struct Entries {
    /// For each function the number of its first parameter.
    firsts: Vec<u32>,
    /// For each node its first place.
    bases: Vec<u32>,
    /// How many parameters there are.
    pub(super) count: usize,
    /// How many places.
    pub(super) places: usize,
    apart: u32,
}

impl Entries {
    pub(super) fn new(unit: &Unit, links: &[Link]) -> Self {
        let entries = Self::within(unit, links, APART);
        if entries.places <= PLACES { entries } else { Self::within(unit, links, 1) }
    }

    fn within(unit: &Unit, links: &[Link], apart: u32) -> Self {
        let mut is_called = vec![false; unit.functions.len()];
        for link in links {
            is_called[link.function.0 as usize] = true;
        }
        let mut count = 0_u32;
        let mut firsts = Vec::with_capacity(unit.functions.len() + 1);
        for (function, is_called) in unit.functions.iter().zip(is_called) {
            firsts.push(count);
            // The parameters, `this`, `arguments` and the rest.
            let own = u32::try_from(function.parameters.len() + 3).unwrap_or(apart).min(apart);
            count += if is_called { own } else { 0 };
        }
        firsts.push(count);
        let mut places = 0_u32;
        let bases = unit.owners.iter().map(|owner| {
            let at = owner.0 as usize;
            let base = places;
            places = places.saturating_add(firsts[at + 1] - firsts[at]);
            base
        });
        let bases = bases.collect();
        Self { firsts, bases, count: count as usize, places: places as usize, apart }
    }

    /// The context of what enters a function by a parameter.
    pub(super) fn context(&self, unit: &Unit, function: FunctionId, parameter: NodeId) -> u32 {
        // An arrow function's `this` is that of the function around it.
        if unit.owners.get(parameter.index()) != Some(&function) {
            return FREE;
        }
        let record = &unit.functions[function.0 as usize];
        let at = record.parameters.iter().position(|known| *known == parameter).unwrap_or_else(|| {
            let others = [record.this, record.all, record.rest];
            record.parameters.len() + others.iter().position(|known| *known == parameter).unwrap_or(0)
        });
        let at = u32::try_from(at).unwrap_or(u32::MAX).min(self.apart - 1);
        self.firsts[function.0 as usize] + at
    }

    /// Where it is noted what was seen at a node, which is the function's own, in a context.
    pub(super) fn place(&self, node: NodeId, owner: FunctionId, context: u32) -> usize {
        (self.bases[node.index()] + (context - self.firsts[owner.0 as usize])) as usize
    }
}

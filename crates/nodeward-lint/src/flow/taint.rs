//! Where values from outside go.
//!
//! A walk from all sources at once over the joined graph. Calls and returns are matched: what enters a function by
//! one call leaves it only to that call (Reps, Horwitz and Sagiv's tabulation, with the argument of the call as the
//! fact that is remembered). Through properties of objects and variables that several functions share, the call is
//! forgotten: what is stored may be read by anybody.

use std::collections::VecDeque;

use nodeward_javascript::oxc::Span;
use rustc_hash::{FxHashMap, FxHashSet};

use super::graph::{Label, NodeId, Taint};
use super::models::{Models, Origin};
use super::unit::Unit;
use super::values::{Fact, Values, passed};

/// How many steps a unit's walk takes at most, for each node.
const STEPS_PER_NODE: usize = 24;

/// How a value came one step further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// It comes from outside here.
    Source(Origin),
    /// It is the same value or a part of it.
    Same,
    /// It was put between other text.
    Joined,
    /// It was handed to a function of the unit.
    Passed,
    /// A function of the unit handed it back.
    Returned,
    /// It was stored in a property or a shared variable.
    Stored,
    /// A function that nothing is known of may have handed it on.
    Guessed,
    /// It chose a property.
    Chosen,
}

/// A node reached with certain dangers.
#[derive(Debug, Clone, Copy)]
struct Visit {
    node: NodeId,
    /// The call by which the walk entered this function; see [`Context`].
    context: u32,
    taint: Taint,
    before: u32,
    way: Way,
}

/// No call: from a source in the function itself, or from what is shared.
const FREE: u32 = u32::MAX;

/// A finished walk.
pub(crate) struct Walk {
    visits: Vec<Visit>,
    /// Visits of each node.
    of: FxHashMap<NodeId, Vec<u32>>,
    /// Whether the bound on steps was reached.
    pub(crate) is_cut: bool,
}

/// One step of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) node: NodeId,
    pub(crate) span: Span,
    pub(crate) way: Way,
}

/// Edges for the walk: the unit's, and what calls of unknown functions do.
struct Web {
    out: Vec<u32>,
    edges: Vec<(NodeId, Label, bool)>,
    /// For each node that is an argument, the parameters it is passed to, with the context of the call.
    passed: FxHashMap<NodeId, Vec<(NodeId, u32)>>,
    /// For each returned node, the calls: context, result.
    returned: FxHashMap<NodeId, Vec<(u32, NodeId)>>,
    /// Results by context.
    results: Vec<NodeId>,
    keys: FxHashMap<NodeId, Vec<u32>>,
}

impl Walk {
    /// Walks from the sources.
    pub(crate) fn run(unit: &Unit, values: &Values<'_>, sources: &[(NodeId, Taint, Origin)]) -> Self {
        let web = Web::new(unit, values);
        let mut walker = Walker {
            unit,
            values,
            web,
            visits: Vec::new(),
            reached: FxHashMap::default(),
            queue: VecDeque::new(),
            entered: FxHashMap::default(),
            left: FxHashMap::default(),
        };
        for (node, taint, origin) in sources {
            walker.visit(*node, FREE, *taint, u32::MAX, Way::Source(*origin));
        }
        let limit = STEPS_PER_NODE * values.nodes() + 10_000;
        let mut is_cut = false;
        while let Some(at) = walker.queue.pop_front() {
            if walker.visits.len() > limit {
                is_cut = true;
                break;
            }
            walker.step(at);
        }
        let mut of: FxHashMap<NodeId, Vec<u32>> = FxHashMap::default();
        for (at, visit) in walker.visits.iter().enumerate() {
            of.entry(visit.node).or_default().push(u32::try_from(at).expect("visits are bounded"));
        }
        Self { visits: walker.visits, of, is_cut }
    }

    /// What is dangerous in a node.
    pub(crate) fn taint(&self, node: NodeId) -> Taint {
        self.of.get(&node).map_or(Taint::NONE, |visits| {
            visits.iter().fold(Taint::NONE, |taint, at| taint.and(self.visits[*at as usize].taint))
        })
    }

    /// How a danger came to a node, from its source.
    pub(crate) fn path(&self, node: NodeId, taint: Taint, unit: &Unit) -> Option<Vec<Step>> {
        let visits = self.of.get(&node)?;
        let first = visits.iter().find(|at| self.visits[**at as usize].taint.meets(taint))?;
        let mut steps = Vec::new();
        let mut at = *first;
        while let Some(visit) = self.visits.get(at as usize) {
            let span = unit.spans.get(visit.node.index()).copied().unwrap_or_default();
            steps.push(Step { node: visit.node, span, way: visit.way });
            at = visit.before;
        }
        steps.reverse();
        Some(steps)
    }
}

struct Walker<'u, 'v> {
    unit: &'u Unit,
    values: &'v Values<'u>,
    web: Web,
    visits: Vec<Visit>,
    reached: FxHashMap<(NodeId, u32), Taint>,
    queue: VecDeque<u32>,
    /// For each context the visits of the argument.
    entered: FxHashMap<u32, Vec<u32>>,
    /// For each context the dangers that come back.
    left: FxHashMap<u32, Taint>,
}

impl Walker<'_, '_> {
    fn visit(&mut self, node: NodeId, context: u32, taint: Taint, before: u32, way: Way) {
        let known = self.reached.entry((node, context)).or_default();
        let new = taint.without(*known);
        if new.is_empty() {
            return;
        }
        *known = known.and(new);
        // What is reached freely need not be reached by calls once more.
        if context != FREE
            && self.reached.get(&(node, FREE)).is_some_and(|free| new.without(*free).is_empty())
        {
            return;
        }
        let at = u32::try_from(self.visits.len()).expect("visits are bounded");
        self.visits.push(Visit { node, context, taint: new, before, way });
        self.queue.push_back(at);
    }

    fn owner(&self, node: NodeId) -> u32 {
        self.unit.owners.get(node.index()).map_or(u32::MAX, |owner| owner.0)
    }

    fn step(&mut self, at: u32) {
        let visit = self.visits[at as usize];
        let node = visit.node;
        let owner = self.owner(node);
        for edge in self.web.out(node) {
            let (to, label, is_guess) = self.web.edges[edge];
            let Some((left, way)) = along(label, visit.taint) else { continue };
            let way = if is_guess { Way::Guessed } else { way };
            let context = if self.owner(to) == owner { visit.context } else { FREE };
            self.visit(to, context, left, at, way);
        }
        if let Some(targets) = self.values.flows.get(&node) {
            for to in targets {
                self.visit(*to, FREE, visit.taint, at, Way::Stored);
            }
        }
        self.enter(at, visit);
        self.leave(at, visit);
        self.choose(at, visit);
    }

    fn enter(&mut self, at: u32, visit: Visit) {
        let Some(passed) = self.web.passed.get(&visit.node) else { return };
        for (parameter, context) in passed.clone() {
            self.entered.entry(context).or_default().push(at);
            self.visit(parameter, context, visit.taint, at, Way::Passed);
            if let Some(left) = self.left.get(&context) {
                let back = Taint(left.0 & visit.taint.0);
                let result = self.web.results[context as usize];
                self.visit(result, visit.context, back, at, Way::Returned);
            }
        }
    }

    fn leave(&mut self, at: u32, visit: Visit) {
        let Some(returned) = self.web.returned.get(&visit.node) else { return };
        if visit.context == FREE {
            for (_, result) in returned.clone() {
                self.visit(result, FREE, visit.taint, at, Way::Returned);
            }
            return;
        }
        let left = self.left.entry(visit.context).or_default();
        *left = left.and(visit.taint);
        let result = self.web.results[visit.context as usize];
        for entry in self.entered.get(&visit.context).cloned().unwrap_or_default() {
            let outer = self.visits[entry as usize];
            // What the argument was not, the result is not because of it; a danger that arose inside stays.
            let back = Taint(visit.taint.0 & (outer.taint.0 | Taint::PROTOTYPE.0));
            self.visit(result, outer.context, back, entry, Way::Returned);
        }
    }

    /// A property name from outside may choose the prototype.
    fn choose(&mut self, at: u32, visit: Visit) {
        if !visit.taint.meets(Taint::KEY.and(Taint::CONSTRUCTOR)) {
            return;
        }
        let Some(reads) = self.web.keys.get(&visit.node) else { return };
        for read in reads.clone() {
            let value = self.unit.computed[read as usize].value;
            if value != NodeId::NONE {
                self.visit(value, visit.context, Taint::PROTOTYPE, at, Way::Chosen);
            }
        }
    }
}

/// What is left of a danger along an edge, and how to call the step.
fn along(label: Label, taint: Taint) -> Option<(Taint, Way)> {
    let (left, way) = match label {
        Label::Same => (taint, Way::Same),
        Label::Tested(cleared) | Label::Derived(cleared) => (taint.without(cleared), Way::Same),
        Label::Joined(cleared) => (taint.without(cleared), Way::Joined),
        Label::Load(_) => (taint.without(Taint::PROTOTYPE), Way::Same),
        Label::LoadAny => (taint, Way::Same),
        Label::Store(_) | Label::StoreAny => return None,
    };
    (!left.is_empty()).then_some((left, way))
}

impl Web {
    fn new(unit: &Unit, values: &Values<'_>) -> Self {
        let mut contexts: FxHashMap<(u32, NodeId), u32> = FxHashMap::default();
        let mut results = Vec::new();
        let mut passes: FxHashMap<NodeId, Vec<(NodeId, u32)>> = FxHashMap::default();
        let mut returned: FxHashMap<NodeId, Vec<(u32, NodeId)>> = FxHashMap::default();
        let mut linked: FxHashSet<u32> = FxHashSet::default();
        for link in &values.links {
            linked.insert(link.call);
            let call = &unit.calls[link.call as usize];
            let record = &unit.functions[link.function.0 as usize];
            let mut pairs = passed(unit, link.call, link.function);
            if let Some(receiver) = call.receiver.get() {
                pairs.push((receiver, record.this));
            }
            for (argument, parameter) in pairs {
                let next = u32::try_from(results.len()).expect("a unit's calls fit 32 bits");
                let context = *contexts.entry((link.call, argument)).or_insert_with(|| {
                    results.push(call.result);
                    next
                });
                passes.entry(argument).or_default().push((parameter, context));
            }
            returned.entry(record.returned).or_default().push((u32::MAX, call.result));
        }
        let mut triples: Vec<(NodeId, NodeId, Label, bool)> = unit
            .edges
            .iter()
            .filter(|edge| !matches!(edge.label, Label::Store(_) | Label::StoreAny))
            .map(|edge| (edge.from, edge.to, edge.label, false))
            .collect();
        unknown_calls(unit, values, &linked, &mut triples);
        triples.sort_unstable();
        let mut out = vec![0_u32; unit.spans.len() + 1];
        for (from, ..) in &triples {
            out[from.index() + 1] += 1;
        }
        for at in 1..out.len() {
            out[at] += out[at - 1];
        }
        let mut keys: FxHashMap<NodeId, Vec<u32>> = FxHashMap::default();
        for (at, computed) in unit.computed.iter().enumerate() {
            if !computed.is_write {
                keys.entry(computed.key).or_default().push(u32::try_from(at).expect("fits 32 bits"));
            }
        }
        let edges = triples.into_iter().map(|(_, to, label, is_guess)| (to, label, is_guess)).collect();
        Self { out, edges, passed: passes, returned, results, keys }
    }

    fn out(&self, node: NodeId) -> std::ops::Range<usize> {
        match self.out.get(node.index()..node.index() + 2) {
            Some([from, to]) => *from as usize..*to as usize,
            _ => 0..0,
        }
    }
}

/// What calls do whose functions are not in the unit.
fn unknown_calls(
    unit: &Unit,
    values: &Values<'_>,
    linked: &FxHashSet<u32>,
    edges: &mut Vec<(NodeId, NodeId, Label, bool)>,
) {
    let models = Models::get();
    for (at, call) in unit.calls.iter().enumerate() {
        let at = u32::try_from(at).expect("a unit's calls fit 32 bits");
        if linked.contains(&at) || call.callee == NodeId::NONE && call.receiver == NodeId::NONE {
            continue;
        }
        let arguments = unit.arguments(call);
        let known = values.of(call.callee).find_map(|fact| match fact {
            Fact::Api(api) => models.result(api),
            _ => None,
        });
        if let Some(cleared) = known {
            for argument in arguments.iter().filter_map(|argument| argument.node.get()) {
                edges.push((argument, call.result, Label::Derived(cleared), false));
            }
            continue;
        }
        if call.kind == super::graph::CallKind::Implied {
            continue;
        }
        let transfer = models.transfer(unit.names.text(call.name));
        if let (Some(cleared), Some(receiver)) = (transfer.receiver, call.receiver.get()) {
            edges.push((receiver, call.result, Label::Derived(cleared), !transfer.is_known));
        }
        if let Some(cleared) = transfer.arguments {
            for argument in arguments.iter().filter_map(|argument| argument.node.get()) {
                edges.push((argument, call.result, Label::Derived(cleared), !transfer.is_known));
            }
        }
        // A callback of an unknown function may be given what the function was given.
        if transfer.is_known {
            continue;
        }
        for argument in arguments.iter().filter_map(|argument| argument.node.get()) {
            for fact in values.of(argument) {
                let Fact::Function(function) = fact else { continue };
                for parameter in &unit.functions[function.0 as usize].parameters {
                    let given = arguments.iter().filter_map(|given| given.node.get());
                    for given in given.filter(|given| *given != argument).chain(call.receiver.get()) {
                        edges.push((given, *parameter, Label::Derived(Taint::NONE), true));
                    }
                }
            }
        }
    }
}

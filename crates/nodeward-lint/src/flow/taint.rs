//! Where values from outside go.
//!
//! A walk from all sources at once over the joined graph. Calls and returns are matched: what enters a function by
//! one call leaves it only to that call (Reps, Horwitz and Sagiv's tabulation, with the parameter as the fact that is
//! remembered, so that a function is walked once for each parameter and not for each call). Through properties of
//! objects and variables that several functions share, the call is forgotten: what is stored may be read by anybody.

use std::collections::VecDeque;

use super::entries::Entries;
use super::graph::{Label, NameId, NodeId, Taint};
use super::lists::Lists;
use super::models::{Models, Origin, Transfer};
use super::unit::Unit;
use super::values::{Fact, Values, passed};
use crate::driver::Deadline;
use nodeward_javascript::oxc::Span;

/// How many steps a unit's walk takes at most, for each node.
const STEPS_PER_NODE: usize = 24;

/// After how many steps the clock is asked.
pub(super) const STEPS_PER_LOOK: u32 = 1 << 14;

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
    /// The same, put between other text.
    ReturnedJoined,
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
    /// The parameter by which the walk entered this function ([`Entries`]), or [`FREE`], or [`OUTSIDE`].
    context: u32,
    taint: Taint,
    before: u32,
    way: Way,
}

/// No parameter: from a source in the function itself, or from what is shared.
pub(super) const FREE: u32 = u32::MAX;
/// A call from outside of the unit: what the function gives back goes there, and to no call in the unit.
const OUTSIDE: u32 = u32::MAX - 1;

/// A finished walk.
pub(crate) struct Walk {
    visits: Vec<Visit>,
    /// Visits of each node.
    of: Lists<u32>,
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

/// A node that calls of unknown functions take further.
const GUESSED: u8 = 1;
/// An argument.
const PASSED: u8 = 1 << 1;
/// What a function returns.
const RETURNED: u8 = 1 << 2;
/// The name of a property.
const NAMES: u8 = 1 << 3;

/// Edges for walks: the unit's, and what calls of unknown functions do.
pub(crate) struct Web {
    /// What each node is; most are nothing of this, and one byte says so.
    kinds: Vec<u8>,
    /// Beside the unit's own: what calls of unknown functions do, and whether that is a guess.
    guesses: Lists<(NodeId, Label, bool)>,
    /// For each node that is an argument, where it is passed to.
    passed: Lists<Pass>,
    /// For each returned node, the results of the calls.
    returned: Lists<(NodeId, Way)>,
    entries: Entries,
    /// For each node that names a property to read, the read.
    keys: Lists<u32>,
}

/// An argument becomes a parameter.
#[derive(Debug, Clone, Copy)]
struct Pass {
    parameter: NodeId,
    /// The parameter as a context; [`FREE`] where it is another function's.
    context: u32,
    /// What the call gives, and how it comes there.
    result: NodeId,
    way: Way,
    /// Whether only a method's name says that it is that function which is called.
    is_guess: bool,
}

impl Walk {
    /// Walks from the sources.
    pub(crate) fn run(
        unit: &Unit,
        values: &Values<'_>,
        web: &Web,
        sources: &[(NodeId, Taint, Origin)],
        deadline: Deadline,
    ) -> Self {
        let has_callers = sources.iter().any(|(_, _, origin)| *origin == Origin::Caller);
        let mut walker = Walker {
            unit,
            values,
            web,
            visits: Vec::new(),
            free: vec![Taint::NONE; values.nodes()],
            outside: vec![Taint::NONE; if has_callers { values.nodes() } else { 0 }],
            reached: vec![Taint::NONE; web.entries.places],
            queue: VecDeque::new(),
            entered: Lists::new(web.entries.count),
            left: vec![(Taint::NONE, false); web.entries.count],
        };
        for (node, taint, origin) in sources {
            let context = if *origin == Origin::Caller { OUTSIDE } else { FREE };
            walker.visit(*node, context, *taint, u32::MAX, Way::Source(*origin));
        }
        let limit = STEPS_PER_NODE * values.nodes() + 10_000;
        let mut is_cut = false;
        let mut steps = 0_u32;
        while let Some(at) = walker.queue.pop_front() {
            steps = steps.wrapping_add(1);
            let is_late = steps.is_multiple_of(STEPS_PER_LOOK) && deadline.is_over();
            if walker.visits.len() > limit || is_late {
                is_cut = true;
                break;
            }
            walker.step(at);
        }
        let mut of = Lists::new(values.nodes());
        for (visit, at) in walker.visits.iter().zip(0..) {
            of.push(visit.node.index(), at);
        }
        Self { visits: walker.visits, of, is_cut }
    }

    /// What is dangerous in a node.
    pub(crate) fn taint(&self, node: NodeId) -> Taint {
        let visits = self.of.iter(node.index());
        visits.fold(Taint::NONE, |taint, at| taint.and(self.visits[at as usize].taint))
    }

    /// How a danger came to a node, from its source: each way by which it was reached anew.
    pub(crate) fn paths(&self, node: NodeId, taint: Taint, unit: &Unit) -> impl Iterator<Item = Vec<Step>> {
        let visits = self.of.iter(node.index());
        visits.filter(move |at| self.visits[*at as usize].taint.meets(taint)).map(|at| self.path(at, unit))
    }

    fn path(&self, at: u32, unit: &Unit) -> Vec<Step> {
        let mut at = at;
        let mut steps = Vec::new();
        while let Some(visit) = self.visits.get(at as usize) {
            let span = unit.spans.get(visit.node.index()).copied().unwrap_or_default();
            steps.push(Step { node: visit.node, span, way: visit.way });
            at = visit.before;
        }
        steps.reverse();
        steps
    }
}

struct Walker<'u, 'v> {
    unit: &'u Unit,
    values: &'v Values<'u>,
    web: &'v Web,
    visits: Vec<Visit>,
    /// What is dangerous in each node whatever the call.
    free: Vec<Taint>,
    /// What is dangerous in each node if the function was called from outside.
    outside: Vec<Taint>,
    /// What is dangerous in each node by the parameter that it came in by, in the places of [`Entries`].
    reached: Vec<Taint>,
    queue: VecDeque<u32>,
    /// For each parameter the visits of arguments, with what the call gives.
    entered: Lists<(u32, NodeId, Way)>,
    /// For each parameter the dangers that come back, and whether in what first came back the value was put between
    /// other text.
    left: Vec<(Taint, bool)>,
}

impl Walker<'_, '_> {
    fn visit(&mut self, node: NodeId, context: u32, taint: Taint, before: u32, way: Way) {
        let free = &mut self.free[node.index()];
        // What is reached freely need not be reached by calls once more.
        if taint.without(*free).is_empty() {
            return;
        }
        let known = match context {
            FREE => free,
            OUTSIDE => &mut self.outside[node.index()],
            _ => &mut self.reached[self.web.entries.place(node, self.unit.owners[node.index()], context)],
        };
        let new = taint.without(*known);
        if new.is_empty() {
            return;
        }
        *known = known.and(new);
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
        let unit = self.unit;
        for edge in unit.out(node) {
            let Some((left, way)) = along(edge.label, visit.taint) else { continue };
            let context = if self.owner(edge.to) == owner { visit.context } else { FREE };
            self.visit(edge.to, context, left, at, way);
        }
        let kinds = self.web.kinds.get(node.index()).copied().unwrap_or_default();
        if kinds & GUESSED != 0 {
            self.guess(at, visit, owner);
        }
        let values = self.values;
        for to in values.flows(node) {
            self.visit(to, FREE, visit.taint, at, Way::Stored);
        }
        if kinds & PASSED != 0 {
            self.enter(at, visit);
        }
        if kinds & RETURNED != 0 {
            self.leave(at, visit);
        }
        if kinds & NAMES != 0 {
            self.choose(at, visit);
        }
    }

    /// What calls of unknown functions do.
    fn guess(&mut self, at: u32, visit: Visit, owner: u32) {
        let mut cursor = self.web.guesses.start(visit.node.index());
        while let Some((to, label, is_guess)) = self.web.guesses.next(&mut cursor) {
            let Some((left, way)) = along(label, visit.taint) else { continue };
            let way = if is_guess { Way::Guessed } else { way };
            let context = if self.owner(to) == owner { visit.context } else { FREE };
            self.visit(to, context, left, at, way);
        }
    }

    fn enter(&mut self, at: u32, visit: Visit) {
        let mut cursor = self.web.passed.start(visit.node.index());
        while let Some(pass) = self.web.passed.next(&mut cursor) {
            let way = if pass.is_guess { Way::Guessed } else { Way::Passed };
            if pass.context != FREE {
                self.entered.push(pass.context as usize, (at, pass.result, pass.way));
            }
            self.visit(pass.parameter, pass.context, visit.taint, at, way);
            if pass.context != FREE {
                self.give_back(pass.context, (at, pass.result, pass.way), self.left[pass.context as usize]);
            }
        }
    }

    fn leave(&mut self, at: u32, visit: Visit) {
        if visit.context == OUTSIDE {
            return;
        }
        if visit.context == FREE {
            let mut cursor = self.web.returned.start(visit.node.index());
            while let Some((result, way)) = self.web.returned.next(&mut cursor) {
                self.visit(result, FREE, visit.taint, at, way);
            }
            return;
        }
        let context = visit.context as usize;
        let (known, is_joined) = self.left[context];
        let new = visit.taint.without(known);
        if new.is_empty() {
            return;
        }
        let is_joined = if known.is_empty() { self.is_joined_within(at) } else { is_joined };
        self.left[context] = (known.and(new), is_joined);
        let mut cursor = self.entered.start(context);
        while let Some(entry) = self.entered.next(&mut cursor) {
            self.give_back(visit.context, entry, (new, is_joined));
        }
    }

    /// Whether a value was put between other text since it entered the function.
    fn is_joined_within(&self, at: u32) -> bool {
        let mut at = at as usize;
        while let Some(visit) = self.visits.get(at) {
            match visit.way {
                Way::Joined | Way::ReturnedJoined => return true,
                Way::Passed | Way::Source(_) => return false,
                _ => at = visit.before as usize,
            }
        }
        false
    }

    /// What comes back of one argument.
    fn give_back(
        &mut self,
        context: u32,
        (entry, result, way): (u32, NodeId, Way),
        (left, is_joined): (Taint, bool),
    ) {
        let outer = self.visits[entry as usize];
        // What the argument was not, the result is not because of it; a prototype that a name of it chose inside is.
        let names = Taint::KEY.and(Taint::CONSTRUCTOR);
        let arisen = if outer.taint.meets(names) { Taint::PROTOTYPE } else { Taint::NONE };
        let back = Taint(left.0 & outer.taint.and(arisen).0);
        debug_assert_ne!(context, FREE);
        let way = if is_joined && way == Way::Returned { Way::ReturnedJoined } else { way };
        if !back.is_empty() {
            let context = self.context_at(result, outer);
            self.visit(result, context, back, entry, way);
        }
    }

    /// The context in which a visit goes on at another node: that of its function, and none in another's.
    fn context_at(&self, node: NodeId, visit: Visit) -> u32 {
        if self.owner(node) == self.owner(visit.node) { visit.context } else { FREE }
    }

    /// A property name from outside may choose the prototype.
    fn choose(&mut self, at: u32, visit: Visit) {
        if !visit.taint.meets(Taint::KEY.and(Taint::CONSTRUCTOR)) {
            return;
        }
        let mut cursor = self.web.keys.start(visit.node.index());
        while let Some(read) = self.web.keys.next(&mut cursor) {
            let value = self.unit.computed[read as usize].value;
            if value != NodeId::NONE {
                let context = self.context_at(value, visit);
                self.visit(value, context, Taint::PROTOTYPE, at, Way::Chosen);
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
    /// Of a solved unit.
    pub(crate) fn new(unit: &Unit, values: &Values<'_>) -> Self {
        let entries = Entries::new(unit, &values.links);
        let mut kinds = vec![0_u8; unit.spans.len()];
        let mut passes = Lists::default();
        let mut returned = Lists::default();
        let mut linked = vec![false; unit.calls.len()];
        // Few names are those of functions that are linked, and each is asked for once.
        let mut cleaners: Vec<Option<bool>> = vec![None; unit.names.texts().len()];
        let mut is_cleaner = |name: NameId| match cleaners.get_mut(name.0 as usize) {
            Some(known) => *known.get_or_insert_with(|| Models::get().is_cleaner(unit.names.text(name))),
            None => false,
        };
        for link in &values.links {
            // Of a function that says that it makes harmless it is a guess that it does not.
            let cleans = is_cleaner(unit.calls[link.call as usize].name);
            let way = if cleans { Way::Guessed } else { Way::Returned };
            linked[link.call as usize] = true;
            let is_guess = values.is_guess(*link);
            let call = &unit.calls[link.call as usize];
            let record = &unit.functions[link.function.0 as usize];
            let mut pass = |argument: NodeId, parameter: NodeId| {
                let context = entries.context(unit, link.function, parameter);
                let result = call.result;
                passes.push(argument.index(), Pass { parameter, context, result, way, is_guess });
                kinds[argument.index()] |= PASSED;
            };
            passed(unit, link.call, link.function, &mut pass);
            if let Some(receiver) = call.receiver.get() {
                pass(receiver, record.this);
            }
            returned.push(record.returned.index(), (call.result, way));
            kinds[record.returned.index()] |= RETURNED;
        }
        let guesses = unknown_calls(unit, values, &linked);
        for (at, kinds) in kinds.iter_mut().enumerate() {
            if !guesses.is_empty(at) {
                *kinds |= GUESSED;
            }
        }
        let mut keys = Lists::default();
        for (computed, at) in unit.computed.iter().zip(0..) {
            if let (false, Some(key)) = (computed.is_write, computed.key.get()) {
                keys.push(key.index(), at);
                kinds[key.index()] |= NAMES;
            }
        }
        Self { kinds, guesses, passed: passes, returned, entries, keys }
    }
}

/// What calls do whose functions are not in the unit.
fn unknown_calls(unit: &Unit, values: &Values<'_>, linked: &[bool]) -> Lists<(NodeId, Label, bool)> {
    let mut edges = Lists::default();
    let mut edge =
        |from: NodeId, to: NodeId, label, is_guess| edges.push(from.index(), (to, label, is_guess));
    let models = Models::get();
    let mut transfers: Vec<Option<Transfer>> = vec![None; unit.names.texts().len()];
    for (call, is_linked) in unit.calls.iter().zip(linked) {
        if *is_linked || call.callee == NodeId::NONE && call.receiver == NodeId::NONE {
            continue;
        }
        let arguments = unit.arguments(call);
        let known = values.of(call.callee).find_map(|fact| match fact {
            Fact::Api(api) if call.kind == super::graph::CallKind::New => models.result_of_new(api),
            Fact::Api(api) => models.result(api),
            _ => None,
        });
        if let Some(cleared) = known {
            for argument in arguments.iter().filter_map(|argument| argument.node.get()) {
                edge(argument, call.result, Label::Derived(cleared), false);
            }
            continue;
        }
        if call.kind == super::graph::CallKind::Implied {
            continue;
        }
        let transfer = match transfers.get_mut(call.name.0 as usize) {
            Some(known) => *known.get_or_insert_with(|| models.transfer(unit.names.text(call.name))),
            None => models.transfer(""),
        };
        if let (Some(cleared), Some(receiver)) = (transfer.receiver, call.receiver.get()) {
            edge(receiver, call.result, Label::Derived(cleared), !transfer.is_known);
        }
        if let Some(cleared) = transfer.arguments {
            for argument in arguments.iter().filter_map(|argument| argument.node.get()) {
                edge(argument, call.result, Label::Derived(cleared), !transfer.is_known);
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
                        edge(given, *parameter, Label::Derived(Taint::NONE), true);
                    }
                }
            }
        }
    }
    edges
}

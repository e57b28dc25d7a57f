//! Which functions, objects and known interfaces each node may hold.
//!
//! Functions and objects are told apart by where they are made; properties belong to objects; what is called is
//! found while it goes (Andersen's analysis, with a small bound on what one node may hold: a node that may hold more
//! is as good as unknown). A call that nothing is known of, but whose method name only few functions of the unit
//! bear, is taken to call those.

mod given;
mod held;
mod index;

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use held::Held;

use super::graph::{CallKind, FunctionId, Label, NameId, NodeId, ObjectId, Seed};
use super::lists::Lists;
use super::models::{ApiId, Models, Segment};
use super::taint::STEPS_PER_LOOK;
use super::unit::Unit;
use crate::driver::Deadline;

pub(crate) use index::passed;
use index::{CALLED, EXTENDED, Index, STORED_IN, cell_key};

/// How many facts a node holds at most.
const FACTS: usize = held::MOST;
/// How many functions of one name a call of an unknown method may mean.
const NAMESAKES: usize = 3;
/// The cell of an object for properties with computed names.
const ANY: NameId = NameId(u32::MAX - 1);
/// The cell of an object that all its properties flow to.
const ALL: NameId = NameId(u32::MAX - 2);

/// What a node may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fact {
    Function(FunctionId),
    Object(ObjectId),
    /// A function, object or value of the platform or a known package.
    Api(ApiId),
    /// Functions here are called with arguments that this stands for.
    Callback(ApiId),
    Deliver(NodeId),
}

/// One call and a function that it may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Link {
    pub(crate) call: u32,
    pub(crate) function: FunctionId,
}

/// An edge found while solving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Flow {
    to: NodeId,
    /// Whether a call passes it on. A property may join the same nodes, and taint takes each its own way: it follows
    /// the calls themselves.
    is_call: bool,
}

/// The answer.
pub(crate) struct Values<'u> {
    unit: &'u Unit,
    models: &'static Models,
    /// Model names by the unit's names.
    segments: Vec<Option<Segment>>,
    held: Vec<Held>,
    /// Edges found while solving, by where they begin.
    flows: Lists<Flow>,
    cells: FxHashMap<u64, NodeId>,
    cells_of: Lists<(NameId, NodeId)>,
    /// The object that a cell belongs to, by the cell's number past the unit's nodes.
    cell_objects: Vec<ObjectId>,
    /// The name of each cell, likewise.
    cell_names: Vec<NameId>,
    /// Objects with an [`ANY`] or [`ALL`] cell.
    computed_names: FxHashSet<ObjectId>,
    parents: Lists<ObjectId>,
    children: Lists<ObjectId>,
    pub(crate) links: Vec<Link>,
    /// The links that only a method's name speaks for.
    guessed: FxHashSet<Link>,
    queue: VecDeque<(NodeId, Fact)>,
    index: Index,
    deadline: Deadline,
    /// Whether the time was over before the end.
    pub(crate) is_cut: bool,
}

impl<'u> Values<'u> {
    /// Solves a unit.
    pub(crate) fn solve(unit: &'u Unit, deadline: Deadline) -> Self {
        let models = Models::get();
        let mut values = Self {
            unit,
            models,
            segments: unit.names.texts().iter().map(|text| models.segment(text)).collect(),
            held: vec![Held::default(); unit.spans.len()],
            flows: Lists::new(unit.spans.len()),
            cells: FxHashMap::default(),
            cells_of: Lists::new(unit.objects as usize),
            cell_objects: Vec::new(),
            cell_names: Vec::new(),
            computed_names: FxHashSet::default(),
            parents: Lists::default(),
            children: Lists::default(),
            links: Vec::new(),
            guessed: FxHashSet::default(),
            queue: VecDeque::new(),
            index: Index::new(unit),
            deadline,
            is_cut: false,
        };
        values.seed();
        values.run();
        values.exported_handlers();
        values.run();
        values.give_objects();
        values.run();
        values.guess_methods();
        values.run();
        values.links.sort_unstable();
        values
    }

    /// The facts of a node.
    pub(crate) fn of(&self, node: NodeId) -> impl Iterator<Item = Fact> + use<> {
        self.held.get(node.index()).copied().unwrap_or_default().facts()
    }

    /// How many nodes there are, properties included.
    pub(crate) fn nodes(&self) -> usize {
        self.held.len()
    }

    /// Where values go that are put into properties or taken out of them.
    pub(crate) fn flows(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.flows.iter(node.index()).filter(|flow| !flow.is_call).map(|flow| flow.to)
    }

    /// The object whose property a node is, for nodes past the unit's own.
    pub(crate) fn is_cell(&self, node: NodeId) -> bool {
        node.index() >= self.unit.spans.len()
    }

    /// Whether a node is what an object holds under names that are computed.
    pub(crate) fn is_any_cell(&self, node: NodeId) -> bool {
        let at = node.index().checked_sub(self.unit.spans.len());
        at.and_then(|at| self.cell_names.get(at)).is_some_and(|name| *name == ANY)
    }

    /// Whether a node is what an object holds under one name.
    pub(crate) fn is_named_cell(&self, node: NodeId) -> bool {
        let at = node.index().checked_sub(self.unit.spans.len());
        at.and_then(|at| self.cell_names.get(at)).is_some_and(|name| *name != ANY && *name != ALL)
    }

    /// Whether only a method's name speaks for a link.
    pub(crate) fn is_guess(&self, link: Link) -> bool {
        self.guessed.contains(&link)
    }

    /// The properties of an object that are known.
    pub(crate) fn properties(&self, object: ObjectId) -> impl Iterator<Item = (NameId, NodeId)> + '_ {
        self.cells_of.iter(object.0 as usize)
    }

    /// The property of this name, if anything was stored in it.
    pub(crate) fn property(&self, object: ObjectId, name: NameId) -> Option<NodeId> {
        self.cells.get(&cell_key(object, name)).copied()
    }

    fn seed(&mut self) {
        for (node, seed) in &self.unit.seeds {
            match seed {
                Seed::Function(id) => self.add(*node, Fact::Function(*id)),
                Seed::Object(id) => self.add(*node, Fact::Object(*id)),
                Seed::Deliver(target) => self.add(*node, Fact::Deliver(*target)),
                Seed::Typed(name) => {
                    if let Some(api) = self.models.typed(self.unit.names.text(*name)) {
                        self.add(*node, Fact::Api(api));
                    }
                }
                Seed::Module(name) => {
                    if let Some(api) = self.models.module(self.unit.names.text(*name)) {
                        self.add(*node, Fact::Api(api));
                    }
                }
                Seed::Global(name) => {
                    if let Some(api) = self.models.global(self.unit.names.text(*name)) {
                        self.add(*node, Fact::Api(api));
                    }
                }
            }
        }
        self.named_handlers();
    }

    fn add(&mut self, node: NodeId, fact: Fact) {
        if self.held[node.index()].add(fact) {
            self.queue.push_back((node, fact));
        }
    }

    fn run(&mut self) {
        let mut steps = 0_u32;
        while let Some((node, fact)) = self.queue.pop_front() {
            steps = steps.wrapping_add(1);
            if steps.is_multiple_of(STEPS_PER_LOOK) && self.deadline.is_over() {
                self.is_cut = true;
                self.queue.clear();
                return;
            }
            let is_cell = self.is_cell(node);
            if !matches!(fact, Fact::Callback(_)) {
                if !is_cell {
                    self.along_edges(node, fact);
                }
                let mut cursor = self.flows.start(node.index());
                while let Some(flow) = self.flows.next(&mut cursor) {
                    self.add(flow.to, fact);
                }
            }
            if is_cell {
                if let Fact::Function(function) = fact {
                    let object = self.cell_objects[node.index() - self.unit.spans.len()];
                    let this = self.unit.functions[function.0 as usize].this;
                    self.add(this, Fact::Object(object));
                }
                self.callback(node, fact);
                continue;
            }
            if self.index.is(node, STORED_IN | CALLED | EXTENDED) {
                self.at_stores(node, fact);
                self.at_calls(node, fact);
                self.superclass(node, fact);
            }
            self.callback(node, fact);
        }
    }

    fn along_edges(&mut self, node: NodeId, fact: Fact) {
        let unit = self.unit;
        for edge in unit.out(node) {
            match edge.label {
                Label::Same | Label::Tested(_) => self.add(edge.to, fact),
                Label::Load(name) => self.load(edge.to, fact, name),
                Label::LoadAny => match fact {
                    Fact::Object(object) => {
                        let all = self.cell(object, ALL);
                        self.flow(all, edge.to);
                    }
                    Fact::Api(api) => {
                        if let Some(element) = self.models.element(api) {
                            self.add(edge.to, Fact::Api(element));
                        }
                    }
                    _ => {}
                },
                // What is stored flows on once the object is known; only what becomes a prototype is asked for here.
                Label::Store(name) if Some(name) == self.index.prototype => {
                    for held in self.of(edge.to) {
                        self.store(node, held, name);
                    }
                }
                Label::Store(_) | Label::StoreAny | Label::Derived(_) | Label::Joined(_) => {}
            }
        }
    }

    fn load(&mut self, to: NodeId, fact: Fact, name: NameId) {
        match fact {
            Fact::Object(object) => {
                let cell = self.cell(object, name);
                self.flow(cell, to);
            }
            Fact::Function(function) => {
                let record = &self.unit.functions[function.0 as usize];
                let (instance, statics) = (record.instance, record.statics);
                if Some(name) == self.index.prototype {
                    self.add(to, Fact::Object(instance));
                } else {
                    let cell = self.cell(statics, name);
                    self.flow(cell, to);
                }
            }
            Fact::Api(api) => {
                if let Some(member) =
                    self.segments[name.0 as usize].and_then(|name| self.models.child(api, name))
                {
                    self.add(to, Fact::Api(member));
                }
            }
            Fact::Callback(_) | Fact::Deliver(_) => {}
        }
    }

    fn at_stores(&mut self, base: NodeId, fact: Fact) {
        let mut cursor = self.index.stores.start(base.index());
        while let Some(at) = self.index.stores.next(&mut cursor) {
            let edge = self.unit.edges[at as usize];
            match edge.label {
                Label::Store(name) => self.store(edge.from, fact, name),
                _ => self.store(edge.from, fact, ANY),
            }
        }
    }

    fn store(&mut self, value: NodeId, base: Fact, name: NameId) {
        match base {
            Fact::Object(object) => {
                let cell = self.cell(object, name);
                self.flow(value, cell);
            }
            Fact::Function(function) => {
                let record = &self.unit.functions[function.0 as usize];
                let (instance, statics) = (record.instance, record.statics);
                if Some(name) == self.index.prototype {
                    for fact in self.of(value) {
                        if let Fact::Object(object) = fact {
                            self.inherit(instance, object);
                            self.inherit(object, instance);
                        }
                    }
                } else {
                    let cell = self.cell(statics, name);
                    self.flow(value, cell);
                }
            }
            Fact::Api(_) | Fact::Callback(_) | Fact::Deliver(_) => {}
        }
    }

    /// The node of an object's property.
    fn cell(&mut self, object: ObjectId, name: NameId) -> NodeId {
        let cell = NodeId(u32::try_from(self.held.len()).expect("a unit's nodes fit 32 bits"));
        let known = *self.cells.entry(cell_key(object, name)).or_insert(cell);
        if known != cell {
            return known;
        }
        self.held.push(Held::default());
        self.cell_objects.push(object);
        self.cell_names.push(name);
        let index = object.0 as usize;
        self.cells_of.push(index, (name, cell));
        // What is stored under a computed name may be any property; what is read so may be any.
        match name {
            ANY => {
                let mut cursor = self.cells_of.start(index);
                while let Some((_, other)) = self.cells_of.next(&mut cursor) {
                    self.flow(cell, other);
                }
                self.computed_names.insert(object);
            }
            ALL => {
                let mut cursor = self.cells_of.start(index);
                while let Some((_, other)) = self.cells_of.next(&mut cursor) {
                    self.flow(other, cell);
                }
                self.computed_names.insert(object);
            }
            _ if self.computed_names.contains(&object) => {
                if let Some(any) = self.property(object, ANY) {
                    self.flow(any, cell);
                }
                if let Some(all) = self.property(object, ALL) {
                    self.flow(cell, all);
                }
            }
            _ => {}
        }
        let mut cursor = self.parents.start(index);
        while let Some(parent) = self.parents.next(&mut cursor) {
            let inherited = self.cell(parent, name);
            self.flow(inherited, cell);
        }
        let mut cursor = self.children.start(index);
        while let Some(child) = self.children.next(&mut cursor) {
            if let Some(heir) = self.property(child, name) {
                self.flow(cell, heir);
            } else if let Some(all) = self.property(child, ALL) {
                self.flow(cell, all);
            }
        }
        cell
    }

    fn inherit(&mut self, child: ObjectId, parent: ObjectId) {
        let known = self.parents.iter(child.0 as usize);
        let is_full = known.take(FACTS).enumerate().any(|(at, known)| known == parent || at + 1 == FACTS);
        if child == parent || is_full {
            return;
        }
        self.parents.push(child.0 as usize, parent);
        self.children.push(parent.0 as usize, child);
        // What the child is asked for it may have from the parent; what nobody asks it for stays there.
        let mut cursor = self.cells_of.start(child.0 as usize);
        while let Some((name, cell)) = self.cells_of.next(&mut cursor) {
            let inherited = self.cell(parent, name);
            self.flow(inherited, cell);
        }
        if self.property(child, ALL).is_some() {
            let mut cursor = self.cells_of.start(parent.0 as usize);
            while let Some((name, cell)) = self.cells_of.next(&mut cursor) {
                let heir = self.cell(child, name);
                self.flow(cell, heir);
            }
        }
    }

    fn flow(&mut self, from: NodeId, to: NodeId) {
        self.join(from, Flow { to, is_call: false });
    }

    fn join(&mut self, from: NodeId, flow: Flow) {
        // The same edge twice does no harm, and comes at once if it comes.
        if from != flow.to && self.flows.last(from.index()) != Some(flow) {
            self.flows.push(from.index(), flow);
            self.hand_on(from, flow.to);
        }
    }

    /// What a node holds the other holds too; that functions are called back is a matter of their place alone.
    fn hand_on(&mut self, from: NodeId, to: NodeId) {
        for fact in self.of(from) {
            if !matches!(fact, Fact::Callback(_)) {
                self.add(to, fact);
            }
        }
    }

    fn at_calls(&mut self, callee: NodeId, fact: Fact) {
        let mut cursor = self.index.calls.start(callee.index());
        while let Some(at) = self.index.calls.next(&mut cursor) {
            match fact {
                Fact::Function(function) => self.link(at, function),
                Fact::Api(api) => self.call_api(at, api),
                Fact::Deliver(target) => {
                    let call = &self.unit.calls[at as usize];
                    if let Some(first) = self.unit.arguments(call).first().and_then(|first| first.node.get())
                    {
                        self.flow(first, target);
                    }
                }
                Fact::Object(_) | Fact::Callback(_) => {}
            }
        }
    }

    /// A call may call this function.
    fn link(&mut self, at: u32, function: FunctionId) {
        let link = Link { call: at, function };
        // A node learns of a function once, and a call has one callee: only a guess may have been here before.
        if self.guessed.contains(&link) {
            return;
        }
        self.links.push(link);
        let unit = self.unit;
        let call = &unit.calls[at as usize];
        let record = &unit.functions[function.0 as usize];
        passed(unit, at, function, &mut |from, to| self.pass(from, to));
        match call.kind {
            CallKind::New => {
                self.add(record.this, Fact::Object(record.instance));
                self.add(call.result, Fact::Object(record.instance));
            }
            _ => {
                if let Some(receiver) = call.receiver.get() {
                    self.pass(receiver, record.this);
                }
            }
        }
        self.pass(record.returned, call.result);
    }

    /// Facts go from one node to another for good, but what is dangerous goes there only by the call.
    fn pass(&mut self, from: NodeId, to: NodeId) {
        self.join(from, Flow { to, is_call: true });
    }

    fn call_api(&mut self, at: u32, api: ApiId) {
        let unit = self.unit;
        let call = &unit.calls[at as usize];
        let kind = if call.kind == CallKind::New { Segment::NEW } else { Segment::RESULT };
        if let Some(result) = self.models.child(api, kind) {
            self.add(call.result, Fact::Api(result));
        }
        for (position, argument) in unit.arguments(call).iter().enumerate() {
            let Some(node) = argument.node.get() else { continue };
            if let Some(callback) = self.models.argument(api, position) {
                self.add(node, Fact::Callback(callback));
            }
        }
        if let Some(copies) = self.models.copies(api) {
            let arguments = unit.arguments(call);
            let first = arguments.first().and_then(|first| first.node.get());
            if let Some(first) = first {
                if copies.result {
                    self.flow(first, call.result);
                }
                if copies.merge {
                    for other in arguments.iter().skip(1).filter_map(|other| other.node.get()) {
                        self.flow(other, first);
                    }
                }
            }
            if copies.inherit
                && let [child, parent, ..] = arguments
                && let (Some(child), Some(parent)) = (child.node.get(), parent.node.get())
            {
                for fact in self.of(child) {
                    for parent in self.of(parent) {
                        if let (Fact::Function(child), Fact::Function(parent)) = (fact, parent) {
                            let child = self.unit.functions[child.0 as usize].instance;
                            let parent = self.unit.functions[parent.0 as usize].instance;
                            self.inherit(child, parent);
                        }
                    }
                }
            }
        }
    }

    fn superclass(&mut self, node: NodeId, fact: Fact) {
        let Fact::Function(parent) = fact else { return };
        let mut cursor = self.index.superclasses.start(node.index());
        while let Some(class) = self.index.superclasses.next(&mut cursor) {
            let (child, parent) =
                (&self.unit.functions[class.0 as usize], &self.unit.functions[parent.0 as usize]);
            self.inherit(child.instance, parent.instance);
            self.inherit(child.statics, parent.statics);
        }
    }

    fn guess_methods(&mut self) {
        let unit = self.unit;
        let mut named: FxHashMap<NameId, Vec<FunctionId>> = FxHashMap::default();
        for edge in &unit.edges {
            if let Label::Store(name) = edge.label {
                for fact in self.of(edge.from) {
                    if let Fact::Function(function) = fact {
                        let functions = named.entry(name).or_default();
                        if !functions.contains(&function) && functions.len() <= NAMESAKES {
                            functions.push(function);
                        }
                    }
                }
            }
        }
        for (at, call) in unit.calls.iter().enumerate() {
            if call.receiver == NodeId::NONE
                || call.callee == NodeId::NONE
                || self.of(call.callee).next().is_some()
                || self.of(call.receiver).any(|fact| matches!(fact, Fact::Api(_)))
                || self.models.is_built_in_method(unit.names.text(call.name))
            {
                continue;
            }
            let Some(functions) = named.get(&call.name) else { continue };
            if functions.len() <= NAMESAKES {
                let at = u32::try_from(at).expect("a unit's calls fit 32 bits");
                for &function in functions {
                    self.link(at, function);
                    self.guessed.insert(Link { call: at, function });
                }
            }
        }
    }
}

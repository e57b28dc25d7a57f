//! From syntax to a [`FileGraph`]: one walk over the tree, in the order in which the code runs.
//!
//! Local variables are followed from assignment to assignment, so that `x = escape(x)` leaves nothing of the old
//! value behind; branches meet in a node of their own, loops begin with one. A variable that several functions share
//! and somebody writes has one node for all its values. A test such as `if (name.includes('..')) return` is seen by
//! what comes after it: the variable is a new node from there on, marked with what the test rules out.

mod call;
mod class;
mod expression;
mod function;
mod guard;
mod keys;
mod look;
mod made;
mod module;
mod names;
mod pattern;
mod regex;
mod replace;
mod statement;
mod tested;

use nodeward_javascript::oxc::{GetSpan as _, ScopeId, Semantic, Span, SymbolId};
use rustc_hash::{FxHashMap, FxHashSet};

use super::graph::{
    Edge, FileGraph, Function, FunctionId, Label, NameId, NodeId, ObjectId, Seed, Spot, Taint,
};

/// What a list or a map is made of its parts: that one of them is a prototype makes it none.
const HELD: Label = Label::Derived(Taint::PROTOTYPE);

/// The graph of a parsed file.
pub(crate) fn lower(semantic: &Semantic<'_>) -> FileGraph {
    let mut lowerer = Lowerer::new(semantic);
    lowerer.note_patterns();
    lowerer.program(semantic.nodes().program());
    lowerer.graph
}

/// Where `break` leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Breakable {
    Loop,
    Switch,
}

/// What one branch changed, and whether its end is reached.
struct Branch {
    changes: Vec<(SymbolId, NodeId)>,
    /// The same of properties that tests have looked at.
    tested: Vec<(tested::Path, NodeId)>,
    is_dead: bool,
}

struct Lowerer<'a, 's> {
    semantic: &'s Semantic<'a>,
    graph: FileGraph,
    /// The node that holds each variable's value at this point.
    current: Vec<NodeId>,
    /// The node that all values of a variable flow to, for variables that several functions use.
    all_values: Vec<NodeId>,
    sharing: Vec<Sharing>,
    log: Vec<(SymbolId, NodeId)>,
    /// Properties that tests have looked at, and what they were before.
    tested: FxHashMap<tested::Path, NodeId>,
    tested_log: Vec<(tested::Path, NodeId)>,
    /// Paths by the variables in them, whatever is known of them now.
    tested_of: FxHashMap<SymbolId, Vec<tested::Path>>,
    /// Variables that hold keys, and of what.
    owners: FxHashMap<SymbolId, keys::Owner>,
    /// For lists that a shell is given, by where they begin: which elements it parses, and the call.
    parsed_by_shell: FxHashMap<u32, (std::ops::Range<usize>, Span)>,
    /// Whether it was said on the way here that what is sent is plain text.
    sends_plain: bool,
    /// How many branches of the function at hand this point is in.
    depth: u32,
    /// Variables made of others, and the dangers that both have or have not.
    made: FxHashMap<SymbolId, (Option<SymbolId>, Taint)>,
    /// Where variables are assigned, in the order of the text.
    writes: Vec<(u32, SymbolId)>,
    /// Nodes at the head of each loop around this point.
    loops: Vec<FxHashMap<SymbolId, NodeId>>,
    breakables: Vec<Breakable>,
    is_dead: bool,
    function: FunctionId,
    this: NodeId,
    superclass: NodeId,
    globals: FxHashMap<NameId, NodeId>,
    /// Constants that hold a regular expression.
    patterns: FxHashMap<SymbolId, NameId>,
    /// Regular expressions that properties of these names hold.
    held_patterns: FxHashMap<NameId, Vec<NameId>>,
}

/// Who uses a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sharing {
    /// Only the function that declares it.
    Local,
    /// Inner functions too, and nobody writes it after its declaration.
    Constant,
    /// Inner functions too, and somebody writes it.
    Mutable,
}

impl<'a, 's> Lowerer<'a, 's> {
    fn new(semantic: &'s Semantic<'a>) -> Self {
        let symbols = semantic.scoping().symbols_len();
        let graph = FileGraph::with_room(semantic.nodes().len());
        let (sharing, writes) = survey(semantic);
        Self {
            semantic,
            graph,
            current: vec![NodeId::NONE; symbols],
            all_values: vec![NodeId::NONE; symbols],
            sharing,
            log: Vec::new(),
            tested: FxHashMap::default(),
            tested_log: Vec::new(),
            tested_of: FxHashMap::default(),
            owners: FxHashMap::default(),
            parsed_by_shell: FxHashMap::default(),
            sends_plain: false,
            depth: 0,
            made: FxHashMap::default(),
            writes,
            loops: Vec::new(),
            breakables: Vec::new(),
            is_dead: false,
            function: FunctionId(0),
            this: NodeId::NONE,
            superclass: NodeId::NONE,
            globals: FxHashMap::default(),
            patterns: FxHashMap::default(),
            held_patterns: FxHashMap::default(),
        }
    }

    // Nodes and edges.

    fn node(&mut self, span: Span) -> NodeId {
        let id = NodeId(u32::try_from(self.graph.spans.len()).expect("fewer nodes than bytes in the source"));
        self.graph.spans.push(span);
        self.graph.owners.push(self.function);
        id
    }

    fn edge(&mut self, from: NodeId, to: NodeId, label: Label) {
        if from != to && from != NodeId::NONE && to != NodeId::NONE {
            self.graph.edges.push(Edge { from, to, label });
        }
    }

    /// A new node that `from` flows to, or none where there is nothing to flow.
    fn step(&mut self, from: Option<NodeId>, label: Label, span: Span) -> Option<NodeId> {
        let from = from?;
        let node = self.node(span);
        self.edge(from, node, label);
        Some(node)
    }

    /// A node for what any of these may be.
    fn meet(&mut self, nodes: &[Option<NodeId>], span: Span) -> Option<NodeId> {
        let mut some: Vec<NodeId> = nodes.iter().flatten().copied().collect();
        some.dedup();
        match some[..] {
            [] => None,
            [only] => Some(only),
            _ => {
                let node = self.node(span);
                for from in some {
                    self.edge(from, node, Label::Same);
                }
                Some(node)
            }
        }
    }

    fn seed(&mut self, seed: Seed, span: Span) -> NodeId {
        let node = self.node(span);
        self.graph.seeds.push((node, seed));
        node
    }

    fn new_object(&mut self) -> ObjectId {
        let id = ObjectId(self.graph.objects);
        self.graph.objects += 1;
        id
    }

    fn name(&mut self, text: &str) -> NameId {
        self.graph.names.intern(text)
    }

    fn load(&mut self, base: Option<NodeId>, name: &str, span: Span) -> Option<NodeId> {
        let base = base?;
        let name = self.name(name);
        let node = self.node(span);
        self.edge(base, node, Label::Load(name));
        Some(node)
    }

    fn store(&mut self, base: Option<NodeId>, name: &str, value: Option<NodeId>) {
        let (Some(base), Some(value)) = (base, value) else { return };
        let name = self.name(name);
        self.edge(value, base, Label::Store(name));
    }

    fn spot(&mut self, node: Option<NodeId>, spot: Spot, span: Span) {
        if let Some(node) = node {
            self.graph.spots.push((node, spot, span));
        }
    }

    fn global(&mut self, name: &str, span: Span) -> NodeId {
        let name = self.name(name);
        if let Some(node) = self.globals.get(&name) {
            return *node;
        }
        let node = self.seed(Seed::Global(name), span);
        self.globals.insert(name, node);
        node
    }

    // Variables.

    fn read(&mut self, symbol: SymbolId, span: Span) -> Option<NodeId> {
        let index = symbol_index(symbol);
        match self.sharing[index] {
            Sharing::Local => self.current[index].get(),
            Sharing::Constant => Some(match self.current[index].get() {
                Some(node) => node,
                None => self.shared(symbol, span),
            }),
            Sharing::Mutable => Some(self.shared(symbol, span)),
        }
    }

    /// The node that all values of a variable flow to.
    fn shared(&mut self, symbol: SymbolId, span: Span) -> NodeId {
        let index = symbol_index(symbol);
        if let Some(node) = self.all_values[index].get() {
            return node;
        }
        let node = self.node(span);
        self.all_values[index] = node;
        if self.sharing[index] == Sharing::Mutable {
            self.spot(Some(node), Spot::AnyTime, span);
        }
        node
    }

    fn write(&mut self, symbol: SymbolId, value: Option<NodeId>, span: Span) {
        let index = symbol_index(symbol);
        self.set(symbol, NodeId::from_option(value));
        self.forget(symbol);
        if !self.made.is_empty() {
            self.made.retain(|made, (of, _)| *made != symbol && *of != Some(symbol));
        }
        let Some(value) = value else { return };
        if self.sharing[index] != Sharing::Local {
            let all = self.shared(symbol, span);
            self.edge(value, all, Label::Same);
        }
        for at in 0..self.loops.len() {
            if let Some(head) = self.loops[at].get(&symbol).copied() {
                self.edge(value, head, Label::Same);
            }
        }
    }

    fn set(&mut self, symbol: SymbolId, node: NodeId) {
        let slot = &mut self.current[symbol_index(symbol)];
        self.log.push((symbol, *slot));
        *slot = node;
    }

    // Branches.

    /// Walks one branch and takes back what it changed.
    fn branch(&mut self, walk: impl FnOnce(&mut Self)) -> Branch {
        let mark = self.log.len();
        let tested_mark = self.tested_log.len();
        let was_dead = std::mem::replace(&mut self.is_dead, false);
        self.depth += 1;
        let sends_plain = self.sends_plain;
        walk(self);
        self.sends_plain = sends_plain;
        self.depth -= 1;
        let mut changes: Vec<(SymbolId, NodeId)> = Vec::new();
        // One branch seldom changes more than a few variables.
        let mut seen = FxHashSet::default();
        for at in mark..self.log.len() {
            let symbol = self.log[at].0;
            let is_new = match changes.len() {
                0..16 => changes.iter().all(|(known, _)| *known != symbol),
                16 => {
                    seen.extend(changes.iter().map(|(known, _)| *known));
                    seen.insert(symbol)
                }
                _ => seen.insert(symbol),
            };
            if is_new {
                changes.push((symbol, self.current[symbol_index(symbol)]));
            }
        }
        while self.log.len() > mark {
            if let Some((symbol, old)) = self.log.pop() {
                self.current[symbol_index(symbol)] = old;
            }
        }
        let tested = self.take_tested(tested_mark);
        Branch { changes, tested, is_dead: std::mem::replace(&mut self.is_dead, was_dead) }
    }

    /// Goes on after branches of which exactly one was taken.
    fn join(&mut self, branches: &[Branch], span: Span) {
        let alive: Vec<&Branch> = branches.iter().filter(|branch| !branch.is_dead).collect();
        match alive[..] {
            [] => self.is_dead = true,
            [only] => {
                for (symbol, node) in &only.changes {
                    self.set(*symbol, *node);
                }
                for (path, node) in &only.tested {
                    self.set_tested(path.clone(), *node);
                }
            }
            _ => {
                let mut symbols: Vec<SymbolId> =
                    alive.iter().flat_map(|branch| branch.changes.iter().map(|change| change.0)).collect();
                symbols.sort_unstable();
                symbols.dedup();
                for symbol in symbols {
                    let before = self.current[symbol_index(symbol)];
                    let values: Vec<Option<NodeId>> = alive
                        .iter()
                        .map(|branch| {
                            let change = branch.changes.iter().find(|change| change.0 == symbol);
                            change.map_or(before, |change| change.1).get()
                        })
                        .collect();
                    let met = self.meet(&values, span);
                    self.set(symbol, NodeId::from_option(met));
                }
            }
        }
    }

    /// Walks the body of a loop; what it assigns is known at its head.
    fn in_loop(&mut self, span: Span, walk: impl FnOnce(&mut Self)) {
        let from = self.writes.partition_point(|(at, _)| *at < span.start);
        let to = self.writes.partition_point(|(at, _)| *at < span.end);
        let mut symbols: Vec<SymbolId> = self.writes[from..to].iter().map(|(_, symbol)| *symbol).collect();
        symbols.sort_unstable();
        symbols.dedup();
        let mut heads = FxHashMap::default();
        for symbol in symbols {
            if self.sharing[symbol_index(symbol)] == Sharing::Mutable {
                continue;
            }
            let before = self.current[symbol_index(symbol)];
            let head = self.node(self.semantic.scoping().symbol_span(symbol));
            self.edge(before, head, Label::Same);
            self.set(symbol, head);
            self.forget(symbol);
            heads.insert(symbol, head);
        }
        self.loops.push(heads);
        self.breakables.push(Breakable::Loop);
        let body = self.branch(walk);
        self.breakables.pop();
        let heads = self.loops.pop().unwrap_or_default();
        // After the loop a variable is what it was at the head; whatever the body assigned went there.
        let _ = (body, heads);
    }
}

fn symbol_index(symbol: SymbolId) -> usize {
    symbol.index()
}

/// Who uses each variable, and where variables are assigned again.
fn survey(semantic: &Semantic<'_>) -> (Vec<Sharing>, Vec<(u32, SymbolId)>) {
    let scoping = semantic.scoping();
    let mut functions: Vec<ScopeId> = Vec::with_capacity(scoping.scopes_len());
    for scope in scoping.scope_descendants_from_root() {
        let flags = scoping.scope_flags(scope);
        let own = flags.is_function() || flags.is_arrow() || flags.is_top() || flags.is_class_static_block();
        let function = match scoping.scope_parent_id(scope) {
            Some(parent) if !own => functions.get(parent.index()).copied().unwrap_or(scope),
            _ => scope,
        };
        if functions.len() <= scope.index() {
            functions.resize(scope.index() + 1, scope);
        }
        functions[scope.index()] = function;
    }
    let mut sharing = Vec::with_capacity(scoping.symbols_len());
    let mut writes = Vec::new();
    for symbol in scoping.symbol_ids() {
        let home = functions[scoping.symbol_scope_id(symbol).index()];
        let is_mutated =
            scoping.symbol_is_mutated(symbol) || !scoping.symbol_redeclarations(symbol).is_empty();
        let mut is_captured = false;
        for reference in scoping.get_resolved_references(symbol) {
            is_captured |= functions[reference.scope_id().index()] != home;
            if reference.is_write() {
                writes.push((semantic.nodes().kind(reference.node_id()).span().start, symbol));
            }
        }
        for redeclaration in scoping.symbol_redeclarations(symbol) {
            writes.push((redeclaration.span.start, symbol));
        }
        sharing.push(match (is_captured, is_mutated) {
            (false, _) => Sharing::Local,
            (true, false) => Sharing::Constant,
            (true, true) => Sharing::Mutable,
        });
        // A `var` in a loop holds its value from one turn to the next.
        if is_mutated {
            writes.push((scoping.symbol_span(symbol).start, symbol));
        }
    }
    writes.sort_unstable();
    (sharing, writes)
}

impl Lowerer<'_, '_> {
    /// A function's record, before its body is walked.
    fn new_function(&mut self, name: &str, span: Span) -> FunctionId {
        let id = FunctionId(u32::try_from(self.graph.functions.len()).expect("fewer functions than bytes"));
        let name = self.name(name);
        let parent = self.function;
        let instance = self.new_object();
        let statics = self.new_object();
        let outer = std::mem::replace(&mut self.function, id);
        let returned = self.node(span);
        let this = self.node(span);
        self.function = outer;
        self.graph.functions.push(Function {
            name,
            span,
            parameters: Vec::new(),
            parameter_names: Vec::new(),
            rest: NodeId::NONE,
            all: NodeId::NONE,
            this,
            returned,
            parent,
            instance,
            statics,
            sends: super::graph::Sends::default(),
        });
        id
    }

    fn function_record(&mut self, id: FunctionId) -> &mut Function {
        &mut self.graph.functions[id.0 as usize]
    }

    fn cleared(&mut self, value: Option<NodeId>, taint: Taint, span: Span) -> Option<NodeId> {
        self.step(value, Label::Derived(taint), span)
    }
}

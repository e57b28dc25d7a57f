//! The graphs of all files of a unit, joined into one.
//!
//! A unit is what is analysed together: a project's own files, or one dependency.

use nodeward_javascript::oxc::Span;

use super::graph::{
    Argument, Call, Computed, Edge, FileGraph, Function, FunctionId, Label, NameId, Names, NodeId, ObjectId,
    Seed, Shape, Spot,
};

/// A unit.
#[derive(Debug, Default)]
pub(crate) struct Unit {
    pub(crate) names: Names,
    pub(crate) spans: Vec<Span>,
    pub(crate) owners: Vec<FunctionId>,
    /// For each file the number of its first node.
    pub(crate) first_nodes: Vec<u32>,
    /// By where they begin.
    pub(crate) edges: Vec<Edge>,
    /// For each node its first edge; and how many there are.
    starts: Vec<u32>,
    pub(crate) functions: Vec<Function>,
    pub(crate) calls: Vec<Call>,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) computed: Vec<Computed>,
    pub(crate) seeds: Vec<(NodeId, Seed)>,
    pub(crate) spots: Vec<(NodeId, Spot, Span)>,
    pub(crate) extends: Vec<(FunctionId, NodeId)>,
    pub(crate) objects: u32,
    /// For each file what it exports.
    pub(crate) exports: Vec<NodeId>,
}

impl Unit {
    /// Joins files. `resolve` tells which of them a specifier in another means, if it is one of them.
    pub(crate) fn join(files: Vec<FileGraph>, resolve: impl Fn(usize, &str) -> Option<usize>) -> Self {
        let mut unit = Self::default();
        unit.make_room(&files);
        for graph in files {
            unit.add(graph);
        }
        // What a file imports from another is what the other exports.
        for at in 0..unit.seeds.len() {
            let (to, seed) = unit.seeds[at];
            if let Seed::Module(name) = seed
                && let Some(target) = resolve(unit.file(to), unit.names.text(name))
            {
                unit.edges.push(Edge { from: unit.exports[target], to, label: Label::Same });
                // The seed of a module of the unit is the edge.
                unit.seeds[at].1 = Seed::Module(NameId::NONE);
            }
        }
        unit.sort_edges();
        unit
    }

    /// The edges that begin at a node.
    pub(crate) fn out(&self, node: NodeId) -> &[Edge] {
        match self.starts.get(node.index()..).and_then(|starts| starts.first_chunk()) {
            Some(&[from, to]) => self.edges.get(from as usize..to as usize).unwrap_or_default(),
            None => &[],
        }
    }

    /// By where they begin, and otherwise as they were.
    fn sort_edges(&mut self) {
        let mut starts = vec![0_u32; self.spans.len() + 1];
        for edge in &self.edges {
            starts[edge.from.index()] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut sorted = self.edges.clone();
        for edge in self.edges.iter().rev() {
            let start = &mut starts[edge.from.index()];
            *start -= 1;
            sorted[*start as usize] = *edge;
        }
        (self.edges, self.starts) = (sorted, starts);
    }

    fn make_room(&mut self, files: &[FileGraph]) {
        let sum = |size: fn(&FileGraph) -> usize| files.iter().map(size).sum::<usize>();
        self.spans.reserve(sum(|file| file.spans.len()));
        self.owners.reserve(sum(|file| file.owners.len()));
        // One more for each import that may be of the unit.
        self.edges.reserve(sum(|file| file.edges.len()) + sum(|file| file.seeds.len()));
        self.functions.reserve(sum(|file| file.functions.len()));
        self.calls.reserve(sum(|file| file.calls.len()));
        self.arguments.reserve(sum(|file| file.arguments.len()));
        self.seeds.reserve(sum(|file| file.seeds.len()));
    }

    /// The file that a node is in.
    pub(crate) fn file(&self, node: NodeId) -> usize {
        self.first_nodes.partition_point(|first| *first <= node.0).saturating_sub(1)
    }

    /// The arguments of a call.
    pub(crate) fn arguments(&self, call: &Call) -> &[Argument] {
        self.arguments.get(call.arguments.0 as usize..call.arguments.1 as usize).unwrap_or_default()
    }

    fn add(&mut self, graph: FileGraph) {
        let first = u32::try_from(self.spans.len()).expect("a unit's nodes fit 32 bits");
        let first_function = u32::try_from(self.functions.len()).expect("a unit's functions fit 32 bits");
        let first_argument = u32::try_from(self.arguments.len()).expect("a unit's arguments fit 32 bits");
        let first_object = self.objects;
        let names: Vec<NameId> =
            graph.names.texts().iter().map(|text| self.names.intern_shared(text)).collect();
        let node = |id: NodeId| if id == NodeId::NONE { id } else { NodeId(id.0 + first) };
        let name = |id: NameId| names.get(id.0 as usize).copied().unwrap_or(NameId::NONE);
        let function = |id: FunctionId| FunctionId(id.0 + first_function);
        let object = |id: ObjectId| ObjectId(id.0 + first_object);

        self.first_nodes.push(first);
        self.spans.extend_from_slice(&graph.spans);
        self.owners.extend(graph.owners.iter().map(|owner| function(*owner)));
        self.edges.extend(graph.edges.iter().map(|edge| Edge {
            from: node(edge.from),
            to: node(edge.to),
            label: match edge.label {
                Label::Load(id) => Label::Load(name(id)),
                Label::Store(id) => Label::Store(name(id)),
                label => label,
            },
        }));
        self.functions.extend(graph.functions.into_iter().map(|record| Function {
            name: name(record.name),
            span: record.span,
            parameters: record.parameters.into_iter().map(node).collect(),
            parameter_names: record.parameter_names.into_iter().map(name).collect(),
            rest: node(record.rest),
            all: node(record.all),
            this: node(record.this),
            returned: node(record.returned),
            parent: function(record.parent),
            instance: object(record.instance),
            statics: object(record.statics),
            sends: record.sends,
        }));
        self.arguments.extend(graph.arguments.iter().map(|argument| Argument {
            node: node(argument.node),
            shape: match argument.shape {
                Shape::Text(id) => Shape::Text(name(id)),
                shape => shape,
            },
        }));
        self.calls.extend(graph.calls.iter().map(|call| Call {
            kind: call.kind,
            callee: node(call.callee),
            receiver: node(call.receiver),
            name: name(call.name),
            arguments: (call.arguments.0 + first_argument, call.arguments.1 + first_argument),
            result: node(call.result),
            span: call.span,
            function: function(call.function),
        }));
        self.computed.extend(graph.computed.iter().map(|computed| Computed {
            base: node(computed.base),
            key: node(computed.key),
            value: node(computed.value),
            is_write: computed.is_write,
            span: computed.span,
            function: function(computed.function),
        }));
        self.seeds.extend(graph.seeds.iter().map(|(id, seed)| {
            let seed = match seed {
                Seed::Function(id) => Seed::Function(function(*id)),
                Seed::Object(id) => Seed::Object(object(*id)),
                Seed::Module(id) => Seed::Module(name(*id)),
                Seed::Global(id) => Seed::Global(name(*id)),
                Seed::Typed(id) => Seed::Typed(name(*id)),
                Seed::Deliver(id) => Seed::Deliver(node(*id)),
            };
            (node(*id), seed)
        }));
        self.spots.extend(graph.spots.iter().map(|(id, spot, span)| {
            let spot = match spot {
                Spot::PropertyWrite(id) => Spot::PropertyWrite(name(*id)),
                Spot::Match(id) => Spot::Match(name(*id)),
                spot => *spot,
            };
            (node(*id), spot, *span)
        }));
        self.extends.extend(graph.extends.iter().map(|(id, superclass)| (function(*id), node(*superclass))));
        self.objects += graph.objects;
        self.exports.push(node(graph.exports));
    }
}

//! Look-ups over a unit that does not change: edges by where they begin, stores by their object, calls by their
//! callee.

use rustc_hash::FxHashMap;

use crate::flow::graph::{FunctionId, Label, NameId, NodeId, ObjectId, Shape};
use crate::flow::unit::Unit;

/// Edges by where they begin, stores by their object, calls by their callee.
pub(super) struct Index {
    out: Vec<u32>,
    pub(super) stores: FxHashMap<NodeId, Vec<u32>>,
    pub(super) calls: FxHashMap<NodeId, Vec<u32>>,
    pub(super) superclasses: FxHashMap<NodeId, Vec<FunctionId>>,
}

/// From which argument to which parameter a call passes values.
pub(crate) fn passed(unit: &Unit, call: u32, function: FunctionId) -> Vec<(NodeId, NodeId)> {
    let call = &unit.calls[call as usize];
    let record = &unit.functions[function.0 as usize];
    let mut pairs = Vec::new();
    for (position, argument) in unit.arguments(call).iter().enumerate() {
        let Some(node) = argument.node.get() else { continue };
        if argument.shape == Shape::Spread {
            pairs.extend(record.parameters.iter().skip(position).map(|parameter| (node, *parameter)));
        } else if let Some(parameter) = record.parameters.get(position) {
            pairs.push((node, *parameter));
        }
        if record.rest != NodeId::NONE
            && (position >= record.parameters.len() || argument.shape == Shape::Spread)
        {
            pairs.push((node, record.rest));
        }
        if record.all != NodeId::NONE {
            pairs.push((node, record.all));
        }
    }
    pairs
}

impl Index {
    pub(super) fn new(unit: &Unit) -> Self {
        let mut out = vec![0_u32; unit.spans.len() + 1];
        for edge in &unit.edges {
            out[edge.from.index() + 1] += 1;
        }
        for at in 1..out.len() {
            out[at] += out[at - 1];
        }
        let mut stores: FxHashMap<NodeId, Vec<u32>> = FxHashMap::default();
        for (at, edge) in unit.edges.iter().enumerate() {
            if matches!(edge.label, Label::Store(_) | Label::StoreAny) {
                stores
                    .entry(edge.to)
                    .or_default()
                    .push(u32::try_from(at).expect("a unit's edges fit 32 bits"));
            }
        }
        let mut calls: FxHashMap<NodeId, Vec<u32>> = FxHashMap::default();
        for (at, call) in unit.calls.iter().enumerate() {
            if call.callee != NodeId::NONE {
                calls
                    .entry(call.callee)
                    .or_default()
                    .push(u32::try_from(at).expect("a unit's calls fit 32 bits"));
            }
        }
        let mut superclasses: FxHashMap<NodeId, Vec<FunctionId>> = FxHashMap::default();
        for (class, superclass) in &unit.extends {
            superclasses.entry(*superclass).or_default().push(*class);
        }
        Self { out, stores, calls, superclasses }
    }

    pub(super) fn out(&self, node: NodeId) -> std::ops::Range<usize> {
        match self.out.get(node.index()..node.index() + 2) {
            Some([from, to]) => *from as usize..*to as usize,
            _ => 0..0,
        }
    }
}

/// Two nodes as one number: hashed at once, and well spread.
pub(super) fn pair(from: NodeId, to: NodeId) -> u64 {
    u64::from(from.0) << 32 | u64::from(to.0)
}

pub(super) fn cell_key(object: ObjectId, name: NameId) -> u64 {
    u64::from(object.0) << 32 | u64::from(name.0)
}

//! Look-ups over a unit that does not change: stores by their object, calls by their callee.

use crate::flow::graph::{FunctionId, Label, NameId, NodeId, ObjectId, Shape};
use crate::flow::lists::Lists;
use crate::flow::unit::Unit;

/// Stores by their object, calls by their callee.
pub(super) struct Index {
    pub(super) stores: Lists<u32>,
    pub(super) calls: Lists<u32>,
    pub(super) superclasses: Lists<FunctionId>,
    /// The name `prototype`, if anything of the unit has it.
    pub(super) prototype: Option<NameId>,
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
        let nodes = unit.spans.len();
        let mut stores = Lists::new(nodes);
        for (edge, at) in unit.edges.iter().zip(0..) {
            if matches!(edge.label, Label::Store(_) | Label::StoreAny) {
                stores.push(edge.to.index(), at);
            }
        }
        let mut calls = Lists::new(nodes);
        for (call, at) in unit.calls.iter().zip(0..) {
            if let Some(callee) = call.callee.get() {
                calls.push(callee.index(), at);
            }
        }
        let mut superclasses = Lists::default();
        for (class, superclass) in &unit.extends {
            if let Some(superclass) = superclass.get() {
                superclasses.push(superclass.index(), *class);
            }
        }
        Self { stores, calls, superclasses, prototype: unit.names.find("prototype") }
    }
}

pub(super) fn cell_key(object: ObjectId, name: NameId) -> u64 {
    u64::from(object.0) << 32 | u64::from(name.0)
}

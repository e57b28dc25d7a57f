//! Look-ups over a unit that does not change: stores by their object, calls by their callee.

use crate::flow::graph::{FunctionId, Label, NameId, NodeId, ObjectId, Shape};
use crate::flow::lists::Lists;
use crate::flow::unit::Unit;

/// The object of a store.
pub(super) const STORED_IN: u8 = 1;
/// The callee of a call.
pub(super) const CALLED: u8 = 1 << 1;
/// What a class extends.
pub(super) const EXTENDED: u8 = 1 << 2;

/// Stores by their object, calls by their callee.
pub(super) struct Index {
    /// What each node is; most are nothing of this, and one byte says so.
    kinds: Vec<u8>,
    pub(super) stores: Lists<u32>,
    pub(super) calls: Lists<u32>,
    pub(super) superclasses: Lists<FunctionId>,
    /// The name `prototype`, if anything of the unit has it.
    pub(super) prototype: Option<NameId>,
}

/// From which argument to which parameter a call passes values.
pub(crate) fn passed(unit: &Unit, call: u32, function: FunctionId, pass: &mut impl FnMut(NodeId, NodeId)) {
    let call = &unit.calls[call as usize];
    let record = &unit.functions[function.0 as usize];
    for (position, argument) in unit.arguments(call).iter().enumerate() {
        let Some(node) = argument.node.get() else { continue };
        if argument.shape == Shape::Spread {
            for parameter in record.parameters.iter().skip(position) {
                pass(node, *parameter);
            }
        } else if let Some(parameter) = record.parameters.get(position) {
            pass(node, *parameter);
        }
        if record.rest != NodeId::NONE
            && (position >= record.parameters.len() || argument.shape == Shape::Spread)
        {
            pass(node, record.rest);
        }
        if record.all != NodeId::NONE {
            pass(node, record.all);
        }
    }
}

impl Index {
    pub(super) fn new(unit: &Unit) -> Self {
        let nodes = unit.spans.len();
        let mut kinds = vec![0; nodes];
        let mut stores = Lists::new(nodes);
        for (edge, at) in unit.edges.iter().zip(0..) {
            if matches!(edge.label, Label::Store(_) | Label::StoreAny) {
                stores.push(edge.to.index(), at);
                kinds[edge.to.index()] |= STORED_IN;
            }
        }
        let mut calls = Lists::new(nodes);
        for (call, at) in unit.calls.iter().zip(0..) {
            if let Some(callee) = call.callee.get() {
                calls.push(callee.index(), at);
                kinds[callee.index()] |= CALLED;
            }
        }
        let mut superclasses = Lists::default();
        for (class, superclass) in &unit.extends {
            if let Some(superclass) = superclass.get() {
                superclasses.push(superclass.index(), *class);
                kinds[superclass.index()] |= EXTENDED;
            }
        }
        Self { kinds, stores, calls, superclasses, prototype: unit.names.find("prototype") }
    }

    /// Whether a node is any of these; properties are none.
    pub(super) fn is(&self, node: NodeId, kinds: u8) -> bool {
        self.kinds.get(node.index()).is_some_and(|own| own & kinds != 0)
    }
}

pub(super) fn cell_key(object: ObjectId, name: NameId) -> u64 {
    u64::from(object.0) << 32 | u64::from(name.0)
}

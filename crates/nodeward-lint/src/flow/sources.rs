//! Where values from outside come in, and who controls them.

use rustc_hash::FxHashSet;

use super::graph::{Edge, Label, NameId, NodeId, ObjectId, Seed, Taint};
use super::models::{Models, Origin};
use super::report::Mode;
use super::unit::Unit;
use super::values::{Fact, Values};

/// A node, what is dangerous in it, and who controls it.
pub(super) type Source = (NodeId, Taint, Origin);

/// Nodes whose values come from outside.
pub(super) fn sources(unit: &Unit, values: &Values<'_>, mode: Mode) -> Vec<Source> {
    let models = Models::get();
    let mut found = Vec::new();
    for node in 0..unit.spans.len() {
        let node = NodeId(u32::try_from(node).expect("a unit's nodes fit 32 bits"));
        for fact in values.of(node) {
            if let Fact::Api(api) = fact
                && let Some(origin) = models.origin(api)
            {
                let taint = match origin {
                    Origin::Secret => Taint::SECRET,
                    Origin::Fetched => Taint::FETCHED,
                    Origin::Archive => Taint::PATH,
                    _ => {
                        let one_line = if models.is_one_line(api) { Taint::LINE } else { Taint::NONE };
                        Taint::OUTSIDE.without(one_line)
                    }
                };
                found.push((node, taint, origin));
            }
        }
    }
    found.sort_by_key(|(node, _, origin)| (*origin, *node));
    if mode == Mode::Library {
        for parameter in exported_parameters(unit, values) {
            found.push((parameter, Taint::OUTSIDE, Origin::Caller));
        }
    }
    found
}

/// Parameters of functions that somebody outside can call: exported, methods of what is exported, returned by those.
fn exported_parameters(unit: &Unit, values: &Values<'_>) -> Vec<NodeId> {
    let mut queue: Vec<(NodeId, u8)> =
        unit.exports.iter().copied().chain(given_to_browsers(unit)).map(|node| (node, 0)).collect();
    let mut seen = vec![false; values.nodes()];
    for (node, _) in &queue {
        seen[node.index()] = true;
    }
    let mut functions = Vec::new();
    let mut known = FxHashSet::default();
    let mut opened: FxHashSet<ObjectId> = FxHashSet::default();
    while let Some((node, depth)) = queue.pop() {
        let is_near = depth < 6;
        let mut next = |node: NodeId| {
            if node != NodeId::NONE && is_near && !std::mem::replace(&mut seen[node.index()], true) {
                queue.push((node, depth + 1));
            }
        };
        for fact in values.of(node) {
            match fact {
                Fact::Function(function) => {
                    if !known.insert(function) {
                        continue;
                    }
                    functions.push(function);
                    let record = &unit.functions[function.0 as usize];
                    next(record.returned);
                    for object in [record.instance, record.statics] {
                        for (_, cell) in values.properties(object) {
                            next(cell);
                        }
                    }
                }
                // Many nodes hold the same object, and all its properties were seen with the first.
                Fact::Object(object) if is_near && opened.insert(object) => {
                    for (_, cell) in values.properties(object) {
                        next(cell);
                    }
                }
                _ => {}
            }
        }
    }
    functions.sort_unstable();
    let mut parameters = Vec::new();
    for function in functions {
        let record = &unit.functions[function.0 as usize];
        parameters.extend(record.parameters.iter().copied());
        parameters.extend(record.rest.get());
        parameters.extend(record.all.get());
    }
    // Prototype methods of built-in types and the like are not exported, but a parameter is a parameter once.
    parameters.dedup();
    parameters
}

/// What scripts hand to others without exporting it: methods of jQuery, properties of the window.
fn given_to_browsers(unit: &Unit) -> Vec<NodeId> {
    let is = |name: NameId, wanted: &[&str]| wanted.contains(&unit.names.text(name));
    let mut holders: FxHashSet<NodeId> = FxHashSet::default();
    for (node, seed) in &unit.seeds {
        if matches!(seed, Seed::Global(name) if is(*name, &["window", "self", "globalThis", "global"])) {
            holders.insert(*node);
        }
    }
    for edge in &unit.edges {
        if matches!(edge.label, Label::Load(name) if is(name, &["fn"])) {
            holders.insert(edge.to);
        }
    }
    let given = |edge: &&Edge| matches!(edge.label, Label::Store(_)) && holders.contains(&edge.to);
    unit.edges.iter().filter(given).map(|edge| edge.from).collect()
}

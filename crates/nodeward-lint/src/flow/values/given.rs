//! What nobody in the unit hands in: the parameters of handlers that somebody else calls, and the objects of others
//! that the unit puts something into.

use rustc_hash::FxHashMap;

use super::{ALL, Fact, Values};
use crate::flow::graph::{NodeId, ObjectId};
use crate::flow::models::ApiId;

impl Values<'_> {
    /// Parameters whose names say what they are.
    pub(super) fn named_handlers(&mut self) {
        // Handlers are often handed to somebody else's server: their parameters' names say what they are.
        for function in &self.unit.functions {
            let names: Vec<&str> =
                function.parameter_names.iter().map(|name| self.unit.names.text(*name)).collect();
            let (request, response) = match names[..] {
                ["req" | "request", "res" | "response" | "reply" | "resp", ..] => (0, Some(1)),
                ["err" | "error", "req" | "request", "res" | "response", ..] => (1, Some(2)),
                ["ctx", "next"] => {
                    if let Some(api) = self.models.context() {
                        self.add(function.parameters[0], Fact::Api(api));
                    }
                    continue;
                }
                // Functions of AWS Lambda; those of Azure.
                ["event", ..] => {
                    if let Some(api) = self.models.module("~lambda") {
                        self.add(function.parameters[0], Fact::Api(api));
                    }
                    continue;
                }
                ["context", "req" | "request"] => (1, None),
                _ => continue,
            };
            let (asked, answered) = (self.models.request(), self.models.response());
            if let Some(api) = asked {
                self.add(function.parameters[request], Fact::Api(api));
            }
            if let (Some(api), Some(at)) = (answered, response) {
                self.add(function.parameters[at], Fact::Api(api));
            }
        }
    }

    /// A function that is a known callback gets known parameters; of an object the functions that it holds.
    pub(super) fn callback(&mut self, node: NodeId, fact: Fact) {
        let may_pair = match fact {
            Fact::Function(_) | Fact::Object(_) => self.held[node.index()].has_callback(),
            Fact::Callback(_) => true,
            Fact::Api(_) | Fact::Deliver(_) => false,
        };
        if !may_pair {
            return;
        }
        for other in self.of(node) {
            let (function, api) = match (fact, other) {
                (Fact::Function(function), Fact::Callback(api))
                | (Fact::Callback(api), Fact::Function(function)) => (function, api),
                (Fact::Object(object), Fact::Callback(api)) | (Fact::Callback(api), Fact::Object(object)) => {
                    self.callbacks_in(object, api);
                    continue;
                }
                _ => continue,
            };
            let unit = self.unit;
            for (position, parameter) in unit.functions[function.0 as usize].parameters.iter().enumerate() {
                if let Some(known) = self.models.parameter(api, position) {
                    self.add(*parameter, Fact::Api(known));
                }
            }
        }
    }

    /// Options with handlers among them, and lists of handlers.
    fn callbacks_in(&mut self, object: ObjectId, api: ApiId) {
        let models = self.models;
        for (name, member) in models.members(api) {
            if let Some(name) = self.unit.names.find(name) {
                let cell = self.cell(object, name);
                self.add(cell, Fact::Callback(*member));
            }
        }
        let all = self.cell(object, ALL);
        self.add(all, Fact::Callback(models.any_member(api).unwrap_or(api)));
    }

    /// What frameworks call by the name under which a file exports it.
    pub(super) fn exported_handlers(&mut self) {
        let mut found = Vec::new();
        for node in &self.unit.exports {
            for fact in self.of(*node) {
                let Fact::Object(object) = fact else { continue };
                for (name, cell) in self.properties(object) {
                    if let Some(api) = self.models.exported(self.unit.names.text(name)) {
                        found.push((cell, api));
                    }
                }
            }
        }
        for (cell, api) in found {
            self.add(cell, Fact::Callback(api));
        }
    }

    /// Objects that come from elsewhere hold what is stored in them, too: each gets a name of its own.
    pub(super) fn give_objects(&mut self) {
        let mut next = self.unit.objects;
        let mut kept: FxHashMap<ApiId, u32> = FxHashMap::default();
        for base in (0..u32::try_from(self.unit.spans.len()).expect("a unit's nodes fit 32 bits")).map(NodeId)
        {
            if !self.index.stores.is_empty(base.index())
                && !self.of(base).any(|fact| matches!(fact, Fact::Object(_) | Fact::Function(_)))
            {
                let shared = self.of(base).find_map(|fact| match fact {
                    Fact::Api(api) if self.models.is_shared(api) => Some(api),
                    _ => None,
                });
                let object = match shared {
                    Some(api) => *kept.entry(api).or_insert(next),
                    None => next,
                };
                next = next.max(object + 1);
                self.add(base, Fact::Object(ObjectId(object)));
            }
        }
        // What one handler leaves in a request the next finds there.
        if kept.is_empty() {
            return;
        }
        for node in (0..u32::try_from(self.unit.spans.len()).expect("a unit's nodes fit 32 bits")).map(NodeId)
        {
            let shared = self.of(node).find_map(|fact| match fact {
                Fact::Api(api) => kept.get(&api).copied(),
                _ => None,
            });
            if let Some(object) = shared {
                self.add(node, Fact::Object(ObjectId(object)));
            }
        }
    }
}

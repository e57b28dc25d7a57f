//! The facts of one node, in sixteen bytes.

use super::Fact;
use crate::flow::graph::{FunctionId, NodeId, ObjectId};
use crate::flow::models::ApiId;

/// How many facts a node holds at most.
pub(super) const MOST: usize = 4;

/// The lowest bits of a packed fact say what it is; none of them set is no fact.
const KIND: u32 = 7;
const BITS: u32 = 3;
const CALLBACK: u32 = 4;

/// What a node may hold, the oldest first.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Held([u32; MOST]);

impl Held {
    /// Adds a fact; false if it was there, or there is no room.
    pub(super) fn add(&mut self, fact: Fact) -> bool {
        let new = pack(fact);
        for slot in &mut self.0 {
            if *slot == 0 {
                *slot = new;
                return true;
            }
            if *slot == new {
                return false;
            }
        }
        false
    }

    /// Whether one of the facts is a callback.
    pub(super) fn has_callback(self) -> bool {
        self.0.iter().any(|packed| packed & KIND == CALLBACK)
    }

    /// The facts, the newest first.
    pub(super) fn facts(self) -> impl Iterator<Item = Fact> {
        self.0.into_iter().rev().filter_map(unpack)
    }
}

fn pack(fact: Fact) -> u32 {
    let (kind, id) = match fact {
        Fact::Function(FunctionId(id)) => (1, id),
        Fact::Object(ObjectId(id)) => (2, id),
        Fact::Api(ApiId(id)) => (3, id),
        Fact::Callback(ApiId(id)) => (CALLBACK, id),
        Fact::Deliver(NodeId(id)) => (5, id),
    };
    // A file has at most 16 million syntax nodes, and a unit's memory ends long before this does.
    assert!(id < 1 << (32 - BITS), "a unit's parts fit 29 bits");
    id << BITS | kind
}

fn unpack(packed: u32) -> Option<Fact> {
    let id = packed >> BITS;
    Some(match packed & KIND {
        1 => Fact::Function(FunctionId(id)),
        2 => Fact::Object(ObjectId(id)),
        3 => Fact::Api(ApiId(id)),
        CALLBACK => Fact::Callback(ApiId(id)),
        5 => Fact::Deliver(NodeId(id)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_come_back_newest_first() {
        let facts = [
            Fact::Function(FunctionId(0)),
            Fact::Object(ObjectId(7)),
            Fact::Deliver(NodeId(3)),
            Fact::Callback(ApiId(1)),
            Fact::Api(ApiId(1)),
        ];
        let mut held = Held::default();
        assert_eq!(facts.map(|fact| held.add(fact)), [true, true, true, true, false]);
        assert!(held.has_callback() && !Held::default().has_callback());
        assert!(!held.add(facts[1]));
        let newest: Vec<Fact> = facts[..4].iter().rev().copied().collect();
        assert_eq!(held.facts().collect::<Vec<_>>(), newest);
    }
}

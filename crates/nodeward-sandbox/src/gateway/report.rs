//! Tells what happens, each thing once and only so many: the program inside must not be able to fill a report.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::event::{NameAnswer, NetworkEvent, NetworkSummary, RecordKind, Refusal, Step, Traffic};

type Events = dyn Fn(NetworkEvent) + Send + Sync;

pub(super) struct Reporter {
    events: Box<Events>,
    /// How many events of each sort are told.
    limit: usize,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    /// Nothing is told after this.
    is_closed: bool,
    /// By sort, so that many of one can't hide the others.
    seen: HashMap<Sort, HashSet<Key>>,
    connections: usize,
    traffic: BTreeMap<(String, u16), Traffic>,
    summary: NetworkSummary,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Sort {
    Answered,
    Denied,
    Refused,
    Failed,
}

#[derive(PartialEq, Eq, Hash)]
enum Key {
    Name(String, RecordKind, NameAnswer),
    Refused(String, u16, mem::Discriminant<Refusal>),
    Failed(String, u16, Step),
}

impl Reporter {
    pub(super) fn new(limit: usize, events: impl Fn(NetworkEvent) + Send + Sync + 'static) -> Self {
        Self { events: Box::new(events), limit, told: Mutex::default() }
    }

    pub(super) fn tell(&self, event: NetworkEvent) {
        // Told under the lock: none comes after `close` has returned.
        let mut told = self.lock();
        if told.is_closed {
            return;
        }
        told.count(&event);
        if told.is_news(&event, self.limit) {
            (self.events)(event);
        }
    }

    /// Ends the telling.
    pub(super) fn close(&self) -> NetworkSummary {
        let mut told = self.lock();
        told.is_closed = true;
        let mut summary = mem::take(&mut told.summary);
        summary.traffic = mem::take(&mut told.traffic).into_values().collect();
        summary
    }

    /// A receiver that panicked has harmed nothing of what is kept here.
    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    fn count(&mut self, event: &NetworkEvent) {
        let summary = &mut self.summary;
        match event {
            NetworkEvent::NameAsked { answer: NameAnswer::Denied | NameAnswer::TooMany, .. } => {
                summary.names_denied += 1;
            }
            NetworkEvent::NameAsked { .. } => summary.names_answered += 1,
            NetworkEvent::Refused { .. } => summary.refused += 1,
            NetworkEvent::Failed { .. } => summary.failed += 1,
            NetworkEvent::Connected { host, port, bytes_out, bytes_in, .. } => {
                // Bounded: only what a rule permits is ever connected to, and names below a star are counted.
                let traffic = self.traffic.entry((host.clone(), *port)).or_insert_with(|| Traffic {
                    host: host.clone(),
                    port: *port,
                    connections: 0,
                    bytes_out: 0,
                    bytes_in: 0,
                });
                traffic.connections += 1;
                traffic.bytes_out += bytes_out;
                traffic.bytes_in += bytes_in;
            }
        }
    }

    fn is_news(&mut self, event: &NetworkEvent, limit: usize) -> bool {
        let (sort, key) = match event {
            NetworkEvent::Connected { .. } => return self.is_connection_told(limit),
            NetworkEvent::NameAsked { name, kind, answer } => {
                let denied = matches!(answer, NameAnswer::Denied | NameAnswer::TooMany);
                let sort = if denied { Sort::Denied } else { Sort::Answered };
                (sort, Key::Name(name.clone(), *kind, *answer))
            }
            NetworkEvent::Refused { host, port, refusal } => {
                (Sort::Refused, Key::Refused(host.clone(), *port, mem::discriminant(refusal)))
            }
            NetworkEvent::Failed { host, port, step, .. } => {
                (Sort::Failed, Key::Failed(host.clone(), *port, *step))
            }
        };
        let seen = match self.seen.entry(sort) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(HashSet::new()),
        };
        if seen.contains(&key) {
            return false;
        }
        if seen.len() >= limit {
            // Whether it was left out before can't be known without keeping it.
            self.summary.left_out += 1;
            return false;
        }
        seen.insert(key)
    }

    /// Every connection is news. What those carried that are not told is added up all the same.
    fn is_connection_told(&mut self, limit: usize) -> bool {
        if self.connections >= limit {
            self.summary.left_out += 1;
            return false;
        }
        self.connections += 1;
        true
    }
}

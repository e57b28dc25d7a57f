//! What a confined program was seen trying.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The most different events of one kind that are kept of one run. Many of one kind can't hide those of another.
const MOST: usize = 2_000;

/// How much of a subject is kept, in bytes.
const LONGEST: usize = 1_000;

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// To read a file or list a folder.
    Read,
    /// To write, make, remove or rename.
    Write,
    /// To start a program.
    Execute,
    /// To learn the address of a name.
    Name,
    /// To reach an address of the network, or a host.
    Connect,
    /// To send a signal to another process.
    Signal,
    /// To go on after the program that was started has ended.
    Outlive,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It is within what was declared.
    Allowed,
    /// It is not.
    Denied,
}

/// One thing that was tried, once or often.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Event {
    /// What.
    pub act: Act,
    /// With what: a path, an address, a program with its arguments. Text from the program: hostile.
    pub subject: String,
    /// What became of it.
    pub fate: Fate,
}

/// Events and how often each was seen, in the order of the first time.
#[derive(Debug, Clone, Default)]
pub struct Events {
    known: BTreeMap<Arc<Event>, usize>,
    list: Vec<(Arc<Event>, u64)>,
    /// How many different ones there are of each kind.
    kinds: HashMap<Kind, usize>,
    /// How many were left out because there were too many different ones of their kind.
    pub dropped: u64,
}

/// What was tried, what became of it, and for which secret it was, if for one.
type Kind = (Act, Fate, Option<&'static str>);

impl Events {
    /// Notes one. Of a long subject only the beginning is kept.
    pub fn add(&mut self, event: Event) {
        self.note(event, None);
    }

    /// Notes one that was for a secret of this name: those are a kind of their own.
    pub fn add_secret(&mut self, event: Event, name: &'static str) {
        self.note(event, Some(name));
    }

    fn note(&mut self, mut event: Event, secret: Option<&'static str>) {
        if event.subject.len() > LONGEST {
            let end = event.subject.floor_char_boundary(LONGEST);
            event.subject.truncate(end);
            event.subject.push('…');
        }
        if let Some(&place) = self.known.get(&event) {
            self.list[place].1 += 1;
            return;
        }
        let of_kind = self.kinds.entry((event.act, event.fate, secret)).or_default();
        if *of_kind >= MOST {
            self.dropped += 1;
            return;
        }
        *of_kind += 1;
        let event = Arc::new(event);
        self.known.insert(event.clone(), self.list.len());
        self.list.push((event, 1));
    }

    /// Each with the number of times that it was seen.
    pub fn iter(&self) -> impl Iterator<Item = (&Event, u64)> {
        self.list.iter().map(|(event, times)| (&**event, *times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_of_a_kind_hide_no_other() {
        let mut events = Events::default();
        let event = |act, fate, subject: &str| Event { act, subject: subject.to_owned(), fate };
        for number in 0..MOST + 5 {
            events.add(event(Act::Read, Fate::Denied, &number.to_string()));
        }
        events.add(event(Act::Read, Fate::Denied, "7"));
        events.add_secret(event(Act::Read, Fate::Denied, "key"), ".ssh");
        events.add(event(Act::Connect, Fate::Denied, "host"));
        events.add(event(Act::Read, Fate::Allowed, "file"));
        assert_eq!((events.iter().count(), events.dropped), (MOST + 3, 5));
        let times = |subject: &str| events.iter().find(|(event, _)| event.subject == subject).unwrap().1;
        assert_eq!((times("7"), times("key"), times("host"), times("file")), (2, 1, 1, 1));
    }
}

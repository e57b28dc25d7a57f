//! What a confined program was seen trying.

use std::collections::BTreeMap;

/// The most different events that are kept of one run.
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
    known: BTreeMap<Event, usize>,
    list: Vec<(Event, u64)>,
    /// How many were left out because there were too many different ones.
    pub dropped: u64,
}

impl Events {
    /// Notes one. Of a long subject only the beginning is kept.
    pub fn add(&mut self, mut event: Event) {
        if event.subject.len() > LONGEST {
            let end = event.subject.floor_char_boundary(LONGEST);
            event.subject.truncate(end);
            event.subject.push('…');
        }
        if let Some(&place) = self.known.get(&event) {
            self.list[place].1 += 1;
        } else if self.list.len() < MOST {
            self.known.insert(event.clone(), self.list.len());
            self.list.push((event, 1));
        } else {
            self.dropped += 1;
        }
    }

    /// Each with the number of times that it was seen.
    pub fn iter(&self) -> impl Iterator<Item = (&Event, u64)> {
        self.list.iter().map(|(event, times)| (event, *times))
    }
}

//! How bad what a script does is, for findings.

use nodeward_report::Severity;

use super::decision::State;
use super::deed::{Deed, Kind, summary};
use super::inventory::Item;

/// A package with scripts, and what was decided about it.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// The package.
    pub item: &'a Item,
    /// What follows for it.
    pub state: State<'a>,
}

impl Judged<'_> {
    /// All that its scripts do.
    pub fn deeds(&self) -> Vec<Deed> {
        let read = self.item.read().into_iter();
        let mut deeds: Vec<Deed> =
            read.flat_map(|read| read.reading.deeds.iter().flatten().cloned()).collect();
        if deeds.len() > 1 {
            deeds.retain(|deed| deed.kind != Kind::Nothing);
        }
        deeds
    }

    /// The same in words; `None` where nothing was read.
    pub fn summary(&self) -> Option<String> {
        self.item.read().map(|_| summary(&self.deeds()))
    }

    /// How bad that is by itself: most scripts do what they are there for.
    pub fn severity(&self) -> Severity {
        let deeds = self.deeds();
        let talks = deeds.iter().any(|deed| deed.kind == Kind::Downloads);
        let one = |deed: &Deed| match deed.kind {
            // `eval` of something is bad style, text that nobody can read is meant to be so.
            Kind::Hidden
                if matches!(deed.what.as_str(), "eval" | "Function" | "setTimeout" | "setInterval") =>
            {
                Severity::Medium
            }
            Kind::Hidden => Severity::High,
            Kind::Credentials if is_place(&deed.what) && talks => Severity::Medium,
            Kind::Credentials => Severity::Low,
            _ => Severity::Info,
        };
        deeds.iter().map(one).max().unwrap_or(Severity::Info)
    }
}

/// A place where credentials are kept, rather than a variable that somebody sets for this very script.
fn is_place(what: &str) -> bool {
    what.contains(['.', '/', '\\', ' ']) || what.chars().any(|c| c.is_ascii_lowercase())
}

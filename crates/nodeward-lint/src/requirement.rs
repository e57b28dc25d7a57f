//! Requirements: a team's own rules, written as data.
//!
//! A requirement names something (a global, an API, what a module exports, a property) and says what may not be done
//! with it, or with which kinds of values. It is known under every alias, as for the built-in rules. Requirements hold
//! for the project's own code; reading them from a file, and their exceptions, are the caller's business.

mod bindings;
mod check;
mod demand;
mod name;
mod page;
#[cfg(test)]
pub(crate) mod tests;
mod trial;
mod value;

use std::sync::Arc;

use nodeward_package::Place;
use nodeward_report::{Severity, Threat};

pub(crate) use check::Checker;
pub use demand::{Accepted, Access, Demand, Limit, Subject, ValueSort};
pub use name::{Module, ModulePattern, Name};
pub use trial::{Trial, Verdict, trial};

/// One rule of a team.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// Its name in reports and suppressions.
    pub id: Arc<str>,
    /// What is wrong, in one line: the title of its findings.
    pub message: String,
    /// What to do instead, in one line.
    pub next_step: Option<String>,
    /// Where to read more.
    pub explanation: Option<String>,
    /// How bad.
    pub severity: Severity,
    /// Which of the twelve.
    pub threat: Threat,
    /// What is asked.
    pub demand: Demand,
    /// Code that has nothing of it.
    pub good: Vec<Example>,
    /// Code that does what it forbids.
    pub bad: Vec<Example>,
    /// Where it stands.
    pub place: Place,
    /// The folder, absolute and with `/`, that its relative modules are named from.
    pub folder: Arc<str>,
}

/// Code that shows what a requirement means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The code.
    pub code: String,
    /// Where it stands.
    pub place: Place,
}

/// Whether a text can be the name of a requirement: it has to fit a comment that suppresses.
pub fn is_id(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    text.len() <= 100 && text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(fits)
}

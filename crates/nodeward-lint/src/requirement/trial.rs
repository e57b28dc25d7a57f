//! Holds a requirement against its own examples.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Example, Requirement};
use crate::{Options, Origin, SourceFile, Text, lint};

/// The languages that an example is tried in; the first that it parses in counts.
const NAMES: [&str; 3] = ["example.js", "example.ts", "example.tsx"];

/// One example, and whether the requirement does with it what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial<'r> {
    /// The example.
    pub example: &'r Example,
    /// Whether it is one of those that the requirement has to find.
    pub is_bad: bool,
    /// What came out.
    pub verdict: Verdict,
}

/// What came out of a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Passed,
    /// It should find something, and finds nothing.
    Missed,
    /// It should find nothing, and finds something on these lines, from 1.
    Found(Vec<u32>),
    /// The example is no program.
    Unparsed(String),
}

/// Tries all examples.
pub fn trial(requirement: &Arc<Requirement>) -> Vec<Trial<'_>> {
    let options = Options {
        only: vec![requirement.id.to_string()],
        requirements: vec![requirement.clone()],
        directory: PathBuf::from(&*requirement.folder),
        ..Options::default()
    };
    let bad = requirement.bad.iter().map(|example| (example, true));
    let good = requirement.good.iter().map(|example| (example, false));
    let one = |(example, is_bad)| Trial { example, is_bad, verdict: verdict(example, is_bad, &options) };
    bad.chain(good).map(one).collect()
}

fn verdict(example: &Example, is_bad: bool, options: &Options) -> Verdict {
    let mut reason = String::new();
    for name in NAMES {
        let file = SourceFile {
            path: Arc::from(Path::new(name)),
            text: Text::Memory(example.code.as_str().into()),
            origin: Origin::FirstParty,
        };
        let outcome = lint(&[file], options);
        if let Some(gap) = outcome.gaps.first() {
            if reason.is_empty() {
                reason = gap.message.trim_start_matches("example.js was not checked: ").to_owned();
            }
            continue;
        }
        let lines: Vec<u32> = outcome.findings.iter().map(|linted| linted.finding.place.line).collect();
        return match (is_bad, lines.is_empty()) {
            (true, true) => Verdict::Missed,
            (false, false) => Verdict::Found(lines),
            _ => Verdict::Passed,
        };
    }
    Verdict::Unparsed(reason)
}

//! Outcomes in the form in which the cache keeps them.
//!
//! What a rule or a requirement says of itself is not kept but looked up again, and places name files by their
//! numbers in the unit.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use nodeward_package::Place;
use nodeward_package::place::Position;
use nodeward_report::{Confidence, Evidence, Excerpt, Gap};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{HiddenFinding, Job, Linted, Outcome, SourceFile, report};
use crate::fix::{Edit, Fix, Safety};
use crate::issue::Finder;
use crate::policy::Policy;
use crate::rules;

/// The outcome of a unit, file by file.
#[derive(Serialize, Deserialize)]
struct Unit(Vec<OfFile>);

#[derive(Serialize, Deserialize)]
struct OfFile {
    findings: Vec<Found>,
    hidden: Vec<(Found, String)>,
    gaps: Vec<(String, String)>,
    files: usize,
    bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct Found {
    /// The rule, or the place of the requirement among those of the run.
    finder: Named,
    policy: u8,
    confidence: u8,
    title: String,
    at: (u32, u32),
    excerpt: Option<(String, usize, usize, u32, u32)>,
    next_step: Option<String>,
    evidence: Vec<Fact>,
    fix: Option<Change>,
}

#[derive(Serialize, Deserialize)]
struct Fact {
    label: String,
    value: String,
    /// File, line and column.
    at: Option<(usize, u32, u32)>,
}

#[derive(Serialize, Deserialize)]
struct Change {
    is_safe: bool,
    title: String,
    edits: Vec<(usize, usize, String)>,
}

#[derive(Serialize, Deserialize)]
enum Named {
    Rule(String),
    Requirement(usize),
}

const CONFIDENCES: [Confidence; 3] = [Confidence::Low, Confidence::Medium, Confidence::High];

/// The outcomes of the files of a unit, in their order; `None` if something of them has no form here.
pub(super) fn encode(files: &[&SourceFile], outcomes: &[(usize, Outcome)]) -> Option<Vec<u8>> {
    let numbered = files.iter().enumerate().map(|(number, file)| (&*file.path, number));
    let files: FxHashMap<&Path, usize> = numbered.collect();
    let of_file = |(_, outcome): &(usize, Outcome)| {
        Some(OfFile {
            findings: outcome.findings.iter().map(|linted| found(&files, linted)).collect::<Option<_>>()?,
            hidden: outcome
                .hidden
                .iter()
                .map(|hidden| Some((found(&files, &hidden.linted)?, hidden.reason.clone())))
                .collect::<Option<_>>()?,
            gaps: outcome.gaps.iter().map(|gap| (gap.message.clone(), gap.remedy.clone())).collect(),
            files: outcome.files,
            bytes: outcome.bytes,
        })
    };
    serde_json::to_vec(&Unit(outcomes.iter().map(of_file).collect::<Option<_>>()?)).ok()
}

fn found(files: &FxHashMap<&Path, usize>, linted: &Linted) -> Option<Found> {
    let finding = &linted.finding;
    let evidence = match linted.requirement {
        // The last says where the requirement stands.
        Some(_) => finding.evidence.split_last()?.1,
        None => &finding.evidence[..],
    };
    let place = |place: &Place| Some((*files.get(&*place.file)?, place.line, place.column));
    let facts = evidence.iter().map(|fact| {
        let at = match &fact.place {
            Some(known) => Some(place(known)?),
            None => None,
        };
        Some(Fact { label: fact.label.to_owned(), value: fact.value.clone(), at })
    });
    Some(Found {
        finder: match linted.requirement {
            Some(at) => Named::Requirement(at),
            None => Named::Rule(finding.rule.to_string()),
        },
        policy: Policy::ALL.iter().position(|policy| *policy == linted.policy)? as u8,
        confidence: CONFIDENCES.iter().position(|confidence| *confidence == finding.confidence)? as u8,
        title: finding.title.clone(),
        at: (finding.place.line, finding.place.column),
        excerpt: finding.excerpt.as_ref().map(|excerpt| {
            let Excerpt { text, meant, end } = excerpt;
            (text.clone(), meant.start, meant.end, end.line, end.column)
        }),
        next_step: finding.next_step.clone(),
        evidence: facts.collect::<Option<_>>()?,
        fix: linted.fix.as_ref().map(|fix| {
            let edits = fix.edits.iter().map(|edit| (edit.start, edit.end, edit.text.clone()));
            let is_safe = fix.safety == Safety::Safe;
            Change { is_safe, title: fix.title.to_owned(), edits: edits.collect() }
        }),
    })
}

/// The outcomes of a unit whose files have these places among all; `None` if they are not of this unit.
pub(super) fn decode(
    payload: &[u8],
    files: &[&SourceFile],
    places: &[usize],
    job: &Job<'_>,
) -> Option<Vec<(usize, Outcome)>> {
    let Unit(stored) = serde_json::from_slice(payload).ok()?;
    if stored.len() != files.len() {
        return None;
    }
    let mut outcomes = Vec::with_capacity(files.len());
    for (own, of_file) in stored.into_iter().enumerate() {
        let linted = |found: Found| linted(found, own, files, job);
        let hidden = of_file
            .hidden
            .into_iter()
            .map(|(found, reason)| Some(HiddenFinding { linted: linted(found)?, reason }));
        outcomes.push((
            places[own],
            Outcome {
                hidden: hidden.collect::<Option<_>>()?,
                findings: of_file.findings.into_iter().map(linted).collect::<Option<_>>()?,
                gaps: of_file.gaps.into_iter().map(|(message, remedy)| Gap { message, remedy }).collect(),
                files: of_file.files,
                bytes: of_file.bytes,
            },
        ));
    }
    Some(outcomes)
}

fn linted(found: Found, own: usize, files: &[&SourceFile], job: &Job<'_>) -> Option<Linted> {
    let finder = match &found.finder {
        Named::Rule(id) => Finder::Rule(rules::find(id)?),
        Named::Requirement(at) => Finder::Requirement(job.options.requirements.get(*at)?.clone(), *at),
    };
    let place = |file: usize, line: u32, column: u32| {
        Some(Place { file: Arc::<Path>::clone(&files.get(file)?.path), line, column })
    };
    let mut finding = report::finding(&finder, files[own], place(own, found.at.0, found.at.1)?, found.title);
    finding.confidence = *CONFIDENCES.get(usize::from(found.confidence))?;
    finding.excerpt = match found.excerpt {
        Some((text, start, end, line, column)) => {
            text.get(start..end)?;
            Some(Excerpt { text, meant: start..end, end: Position { line, column } })
        }
        None => None,
    };
    finding.next_step = found.next_step;
    let facts = found.evidence.into_iter().map(|Fact { label, value, at }| {
        let place = match at {
            Some((file, line, column)) => Some(place(file, line, column)?),
            None => None,
        };
        Some(Evidence { label: known(&label)?, value, place })
    });
    finding.evidence = facts.collect::<Option<_>>()?;
    let fix = match found.fix {
        Some(Change { is_safe, title, edits }) => Some(Fix {
            safety: if is_safe { Safety::Safe } else { Safety::Unsafe },
            title: known(&title)?,
            edits: edits.into_iter().map(|(start, end, text)| Edit { start, end, text }).collect(),
        }),
        None => None,
    };
    let policy = *Policy::ALL.get(usize::from(found.policy))?;
    Some(report::linted(finder, finding, policy, fix))
}

/// The most different labels and titles that are kept for the rest of the run.
const MAX_KNOWN: usize = 500;

/// A label as those that stand in rules: they are few, so each is kept once and for good.
fn known(text: &str) -> Option<&'static str> {
    static KNOWN: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known.iter().find(|known| **known == text) {
        return Some(found);
    }
    if known.len() >= MAX_KNOWN || text.len() > 200 {
        return None;
    }
    let kept: &'static str = Box::leak(text.to_owned().into_boxed_str());
    known.push(kept);
    Some(kept)
}

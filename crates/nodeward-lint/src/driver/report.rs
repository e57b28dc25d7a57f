//! What was found in the files of a unit, in the words of a report.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::Arc;

use nodeward_javascript::oxc::Span;
use nodeward_package::Place;
use nodeward_package::place::LineIndex;
use nodeward_report::{Evidence, Excerpt, Finding, Kind, Subject};

use super::file::{Looked, clip};
use super::{HiddenFinding, Job, Linted, Origin, Outcome, SourceFile};
use crate::issue::{Finder, Issue};
use crate::suppress::{self, Known};
use crate::{Fix, Policy};

/// The outcome for each file of a unit.
pub(super) fn outcomes(unit: Vec<Looked<'_>>, job: &Job<'_>) -> Vec<(usize, Outcome)> {
    let texts: Vec<(&SourceFile, Arc<str>)> =
        unit.iter().map(|looked| (looked.file, looked.text.clone())).collect();
    // Most files have nothing to say, and need no lines.
    let files: Vec<File<'_>> =
        texts.iter().map(|(source, text)| File { source, text, lines: OnceCell::new() }).collect();
    unit.into_iter()
        .enumerate()
        .map(|(own, looked)| (looked.at, Reporter { files: &files, own }.outcome(looked, job)))
        .collect()
}

struct File<'f> {
    source: &'f SourceFile,
    text: &'f str,
    lines: OnceCell<LineIndex<'f>>,
}

impl File<'_> {
    fn lines(&self) -> &LineIndex<'_> {
        self.lines.get_or_init(|| LineIndex::new(self.text))
    }

    fn place(&self, span: Span) -> Place {
        Place::at(self.source.path.clone(), self.lines().position(span.start as usize))
    }
}

/// Turns issues of one file into findings.
struct Reporter<'r> {
    files: &'r [File<'r>],
    own: usize,
}

impl Reporter<'_> {
    fn outcome(&self, looked: Looked<'_>, job: &Job<'_>) -> Outcome {
        let mut issues = looked.issues;
        Issue::sort(&mut issues);
        let (kept, hidden) = if issues.is_empty() && looked.ignores.is_empty() {
            (issues, Vec::new())
        } else {
            let lines = self.files[self.own].lines();
            let known = Known { runs: &|id| job.runs(id), exists: &|id| job.knows(id) };
            suppress::apply(issues, &looked.ignores, lines, known)
        };
        // A comment may hide what this policy does not show: it is not in vain.
        let is_shown = |issue: &Issue| !job.options.only.is_empty() || issue.policy <= job.options.policy;
        let hidden = hidden
            .into_iter()
            .filter(|hidden| is_shown(&hidden.issue))
            .map(|hidden| HiddenFinding { linted: self.linted(hidden.issue), reason: hidden.reason });
        Outcome {
            hidden: hidden.collect(),
            findings: kept.into_iter().filter(is_shown).map(|issue| self.linted(issue)).collect(),
            gaps: looked.gaps,
            files: usize::from(looked.is_checked),
            bytes: if looked.is_checked { looked.text.len() as u64 } else { 0 },
        }
    }

    fn linted(&self, issue: Issue) -> Linted {
        let own = &self.files[self.own];
        let mut finding = finding(&issue.finder, own.source, own.place(issue.span), clip(&issue.title));
        let (start, end) = (issue.span.start as usize, issue.span.end as usize);
        finding.excerpt = Some(Excerpt::of(own.text, start..end, own.lines().position(end)));
        finding.confidence = issue.confidence;
        finding.next_step = issue.next_step.map(Cow::into_owned);
        let facts = issue.facts.into_iter().map(|fact| Evidence {
            label: fact.label,
            value: clip(&fact.value),
            place: fact.span.map(|span| self.files[fact.file.unwrap_or(self.own)].place(span)),
        });
        finding.evidence = facts.collect();
        linted(issue.finder, finding, issue.policy, issue.fix)
    }
}

/// A finding with what its rule or requirement says of all of its kind.
pub(super) fn finding(finder: &Finder, source: &SourceFile, place: Place, title: String) -> Finding {
    let subject = match &source.origin {
        Origin::FirstParty => Subject::File,
        Origin::Dependency { name, version } => {
            Subject::Release { name: name.clone(), version: version.clone() }
        }
    };
    let (threat, severity) = match finder {
        Finder::Rule(rule) => (rule.threat, rule.severity),
        Finder::Requirement(requirement, _) => (requirement.threat, requirement.severity),
    };
    let mut finding = Finding::new(finder.id(), Kind::Lint, threat, severity, subject, place, title);
    match finder {
        Finder::Rule(rule) => finding.cwes = rule.cwe_names().map(Into::into).collect(),
        Finder::Requirement(requirement, _) => {
            finding.references = requirement.explanation.iter().cloned().collect();
        }
    }
    finding
}

/// The finding, with where it is asked for if it is.
pub(super) fn linted(finder: Finder, mut finding: Finding, policy: Policy, fix: Option<Fix>) -> Linted {
    let requirement = match finder {
        Finder::Rule(_) => None,
        Finder::Requirement(requirement, at) => {
            finding.evidence.push(Evidence {
                label: "required by",
                value: requirement.id.to_string(),
                place: Some(requirement.place.clone()),
            });
            Some(at)
        }
    };
    Linted { finding, policy, fix, requirement }
}

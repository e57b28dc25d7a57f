//! One file: read, parse, ask the rules, and say what they found in the words of a report.

use nodeward_javascript::oxc::{Allocator, Span};
use nodeward_javascript::{Limits, ParseError, SourceKind, parse_within};
use nodeward_package::Place;
use nodeward_package::place::LineIndex;
use nodeward_report::{Evidence, Finding, Gap, Kind, Subject};

use super::{HiddenFinding, Job, Linted, Origin, Outcome, SourceFile, Text};
use crate::context::Context;
use crate::issue::Issue;
use crate::rules::syntax_error;
use crate::suppress;

/// The most characters of somebody else's text in one title or fact.
const MAX_TEXT: usize = 160;

/// One thread's share, with the memory that it uses again for each file.
pub(super) struct Worker<'j> {
    job: &'j Job<'j>,
    arena: Allocator,
}

impl<'j> Worker<'j> {
    pub(super) fn new(job: &'j Job<'j>) -> Self {
        Self { job, arena: Allocator::default() }
    }

    /// Everything about one file.
    pub(super) fn lint(&mut self, file: &SourceFile) -> Outcome {
        let outcome = match read(&file.text, self.job.options.budget.bytes) {
            Ok(text) => self.lint_text(file, &text),
            Err(reason) => unchecked(file, &reason),
        };
        self.arena.reset();
        outcome
    }

    fn lint_text(&self, file: &SourceFile, text: &str) -> Outcome {
        let kind = SourceKind::of_path(&file.path)
            .or_else(|| SourceKind::of_hashbang(text))
            .unwrap_or(SourceKind::JAVASCRIPT);
        let budget = &self.job.options.budget;
        let parsed = match parse_within(&self.arena, text, kind, &Limits { bytes: budget.bytes }) {
            Ok(parsed) => parsed,
            Err(error) => return self.unparsed(file, text, &error),
        };
        let semantic = parsed.semantic();
        if semantic.nodes().len() > budget.nodes {
            return unchecked(file, &format!("more than {} nodes", budget.nodes));
        }
        let lines = LineIndex::new(text);
        let context = Context::new(&semantic, &file.path);
        self.job.dispatch.run(&context);
        let ignores = match file.origin {
            Origin::FirstParty => suppress::read(&context, &lines),
            Origin::Dependency { .. } => Vec::new(),
        };
        let ran = |id: &str| self.job.rules.iter().any(|rule| rule.id == id);
        let (kept, hidden) = suppress::apply(context.into_issues(), &ignores, &lines, ran);
        let report = Reporter { file, lines: &lines };
        let hidden = hidden.into_iter().map(|hidden| HiddenFinding {
            finding: report.linted(hidden.issue).finding,
            reason: hidden.reason,
        });
        let hidden = hidden.collect();
        let findings = kept.into_iter().map(|issue| report.linted(issue)).collect();
        Outcome { findings, hidden, gaps: Vec::new(), files: 1, bytes: text.len() as u64 }
    }

    /// A file that cannot be parsed was not checked; and it is a finding, because it is broken or hides something.
    fn unparsed(&self, file: &SourceFile, text: &str, error: &ParseError) -> Outcome {
        let mut outcome = unchecked(file, &error.to_string());
        let runs = self.job.rules.iter().any(|rule| rule.id == syntax_error::RULE.id);
        if let (Some(offset), true) = (error.offset(), runs) {
            let issue = Issue::new(&syntax_error::RULE, Span::new(offset, offset), error.to_string());
            let lines = LineIndex::new(text);
            let report = Reporter { file, lines: &lines };
            outcome.findings.push(report.linted(issue.next("mend it, or leave it out of what is checked")));
        }
        outcome
    }
}

fn read(text: &Text, most: usize) -> Result<std::sync::Arc<str>, String> {
    match text {
        Text::Memory(text) => Ok(text.clone()),
        Text::Disk(path) => {
            let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
            if size > most as u64 {
                return Err(format!("{size} bytes are more than the limit of {most}"));
            }
            let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
            Ok(String::from_utf8_lossy(&bytes).into())
        }
    }
}

fn unchecked(file: &SourceFile, reason: &str) -> Outcome {
    let gap = Gap {
        message: clip(&format!("{} was not checked: {reason}", file.path.display())),
        remedy: "mend the file, or leave it out of what is checked".into(),
    };
    Outcome { gaps: vec![gap], ..Outcome::default() }
}

/// Turns issues of one file into findings.
struct Reporter<'r> {
    file: &'r SourceFile,
    lines: &'r LineIndex<'r>,
}

impl Reporter<'_> {
    fn linted(&self, issue: Issue) -> Linted {
        let rule = issue.rule;
        let subject = match &self.file.origin {
            Origin::FirstParty => Subject::File,
            Origin::Dependency { name, version } => {
                Subject::Release { name: name.clone(), version: version.clone() }
            }
        };
        let place = self.place(issue.span);
        let title = clip(&issue.title);
        let mut finding =
            Finding::new(rule.id, Kind::Lint, rule.threat, rule.severity, subject, place, title);
        finding.confidence = rule.confidence;
        finding.cwes = rule.cwe_names().map(Into::into).collect();
        finding.next_step = issue.next_step.map(Into::into);
        finding.evidence = issue
            .facts
            .into_iter()
            .map(|fact| Evidence {
                label: fact.label,
                value: clip(&fact.value),
                place: fact.span.map(|span| self.place(span)),
            })
            .collect();
        Linted { finding, fix: issue.fix }
    }

    fn place(&self, span: Span) -> Place {
        Place::at(self.file.path.clone(), self.lines.position(span.start as usize))
    }
}

/// Somebody else's text at a length that fits a line or two. What it holds is made visible when it is printed.
fn clip(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

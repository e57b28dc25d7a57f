//! What a rule says about one file, before it becomes a finding.

use nodeward_javascript::oxc::Span;

use crate::fix::{Edit, Fix, Safety};
use crate::rule::Rule;

/// One thing that a rule found.
pub(crate) struct Issue {
    pub(crate) rule: &'static Rule,
    pub(crate) span: Span,
    pub(crate) title: String,
    pub(crate) next_step: Option<&'static str>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) fix: Option<Fix>,
}

/// One fact that bears an issue out.
pub(crate) struct Fact {
    pub(crate) label: &'static str,
    pub(crate) value: String,
    pub(crate) span: Option<Span>,
}

impl Issue {
    /// Something at a place, in one short line without a full stop.
    pub(crate) fn new(rule: &'static Rule, span: Span, title: impl Into<String>) -> Self {
        Self { rule, span, title: title.into(), next_step: None, facts: Vec::new(), fix: None }
    }

    /// What to do next, in one short line.
    pub(crate) fn next(mut self, step: &'static str) -> Self {
        self.next_step = Some(step);
        self
    }

    /// A fact at another place of the same file.
    pub(crate) fn fact(mut self, label: &'static str, value: impl Into<String>, span: Span) -> Self {
        self.facts.push(Fact { label, value: value.into(), span: Some(span) });
        self
    }

    /// A fact without a place.
    pub(crate) fn note(mut self, label: &'static str, value: impl Into<String>) -> Self {
        self.facts.push(Fact { label, value: value.into(), span: None });
        self
    }

    /// Replaces one stretch of the text.
    pub(crate) fn fix(
        mut self,
        safety: Safety,
        title: &'static str,
        span: Span,
        text: impl Into<String>,
    ) -> Self {
        let edit = Edit { start: span.start as usize, end: span.end as usize, text: text.into() };
        self.fix = Some(Fix { safety, title, edits: vec![edit] });
        self
    }
}

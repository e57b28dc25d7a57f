//! What a rule says about one file, before it becomes a finding.

use nodeward_javascript::oxc::Span;
use nodeward_report::Confidence;

use crate::fix::{Edit, Fix, Safety};
use crate::policy::Policy;
use crate::rule::Rule;

/// One thing that a rule found.
pub(crate) struct Issue {
    pub(crate) rule: &'static Rule,
    pub(crate) span: Span,
    pub(crate) title: String,
    pub(crate) confidence: Confidence,
    /// The narrowest policy that shows it.
    pub(crate) policy: Policy,
    pub(crate) next_step: Option<&'static str>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) fix: Option<Fix>,
}

/// One fact that bears an issue out.
pub(crate) struct Fact {
    pub(crate) label: &'static str,
    pub(crate) value: String,
    pub(crate) span: Option<Span>,
    /// Which file of the unit the span is in, where it is not the issue's own.
    pub(crate) file: Option<usize>,
}

impl Issue {
    /// Something at a place, in one short line without a full stop.
    pub(crate) fn new(rule: &'static Rule, span: Span, title: impl Into<String>) -> Self {
        Self {
            rule,
            span,
            title: title.into(),
            confidence: rule.confidence,
            policy: rule.policy,
            next_step: None,
            facts: Vec::new(),
            fix: None,
        }
    }

    /// In the order of the text, each thing once.
    pub(crate) fn sort(issues: &mut Vec<Self>) {
        issues.sort_by(|a, b| {
            let key = |issue: &Self| (issue.span.start, issue.span.end);
            key(a).cmp(&key(b)).then_with(|| a.rule.id.cmp(b.rule.id)).then_with(|| a.title.cmp(&b.title))
        });
        issues.dedup_by(|a, b| a.span == b.span && a.rule.id == b.rule.id);
    }

    /// Only under this policy, or under the rule's if that is wider.
    pub(crate) fn under(mut self, policy: Policy) -> Self {
        self.policy = self.policy.max(policy);
        self
    }

    /// Less sure than the rule.
    pub(crate) fn at_most(mut self, confidence: Confidence) -> Self {
        self.confidence = self.confidence.min(confidence);
        self
    }

    /// What to do next, in one short line.
    pub(crate) fn next(mut self, step: &'static str) -> Self {
        self.next_step = Some(step);
        self
    }

    /// A fact at another place of the same file.
    pub(crate) fn fact(mut self, label: &'static str, value: impl Into<String>, span: Span) -> Self {
        self.facts.push(Fact { label, value: value.into(), span: Some(span), file: None });
        self
    }

    /// A fact in a file of the unit.
    pub(crate) fn fact_in(
        mut self,
        file: usize,
        label: &'static str,
        value: impl Into<String>,
        span: Span,
    ) -> Self {
        self.facts.push(Fact { label, value: value.into(), span: Some(span), file: Some(file) });
        self
    }

    /// A fact without a place.
    pub(crate) fn note(mut self, label: &'static str, value: impl Into<String>) -> Self {
        self.facts.push(Fact { label, value: value.into(), span: None, file: None });
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

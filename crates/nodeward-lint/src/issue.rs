//! What a rule says about one file, before it becomes a finding.

use std::borrow::Cow;
use std::sync::Arc;

use nodeward_javascript::oxc::Span;
use nodeward_report::Confidence;

use crate::fix::{Edit, Fix, Safety};
use crate::policy::Policy;
use crate::requirement::Requirement;
use crate::rule::{Rule, Scope};

/// What found it.
#[derive(Clone)]
pub(crate) enum Finder {
    /// A rule.
    Rule(&'static Rule),
    /// A requirement of the team, and its place among those of the run.
    Requirement(Arc<Requirement>, usize),
}

impl Finder {
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Rule(rule) => rule.id,
            Self::Requirement(requirement, _) => &requirement.id,
        }
    }

    pub(crate) fn scope(&self) -> Scope {
        match self {
            Self::Rule(rule) => rule.scope,
            Self::Requirement(..) => Scope::Everywhere,
        }
    }

    /// Two requirements can have one name, from two files.
    fn key(&self) -> (&str, usize) {
        match self {
            Self::Rule(rule) => (rule.id, 0),
            Self::Requirement(requirement, at) => (&requirement.id, *at + 1),
        }
    }
}

/// One thing that a rule found.
pub(crate) struct Issue {
    pub(crate) finder: Finder,
    pub(crate) span: Span,
    pub(crate) title: String,
    pub(crate) confidence: Confidence,
    /// The narrowest policy that shows it.
    pub(crate) policy: Policy,
    pub(crate) next_step: Option<Cow<'static, str>>,
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
            finder: Finder::Rule(rule),
            span,
            title: title.into(),
            confidence: rule.confidence,
            policy: rule.policy,
            next_step: None,
            facts: Vec::new(),
            fix: None,
        }
    }

    /// What a requirement says of a place, and what stands there.
    pub(crate) fn of_requirement(
        requirement: &Arc<Requirement>,
        at: usize,
        span: Span,
        found: impl Into<String>,
    ) -> Self {
        let issue = Self {
            finder: Finder::Requirement(requirement.clone(), at),
            span,
            title: requirement.message.clone(),
            confidence: Confidence::High,
            // Who asks for it asks under every policy.
            policy: Policy::Common,
            next_step: requirement.next_step.clone().map(Cow::Owned),
            facts: Vec::new(),
            fix: None,
        };
        issue.note("found", found)
    }

    /// In the order of the text, each thing once.
    pub(crate) fn sort(issues: &mut Vec<Self>) {
        issues.sort_by(|a, b| {
            let key = |issue: &Self| (issue.span.start, issue.span.end);
            key(a)
                .cmp(&key(b))
                .then_with(|| a.finder.key().cmp(&b.finder.key()))
                .then_with(|| a.title.cmp(&b.title))
        });
        issues.dedup_by(|a, b| a.span == b.span && a.finder.key() == b.finder.key());
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
        self.next_step = Some(Cow::Borrowed(step));
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

//! Patterns made of values from outside.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "regex-injection",
    summary: "a value from outside becomes a regular expression",
    threat: Threat::Dos,
    cwes: &[1333, 730, 400],
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    policy: Policy::Strict,
    scope: Scope::Production,
    docs: include_str!("regex_injection.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::PatternText],
        does: "becomes a regular expression",
        next: "escape it, or search with includes",
        accept: grade::in_part,
    }],
};

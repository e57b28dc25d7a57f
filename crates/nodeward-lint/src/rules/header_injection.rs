//! Values from outside in headers.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "header-injection",
    summary: "a value from outside becomes part of a header",
    threat: Threat::Exf,
    cwes: &[113, 93],
    severity: Severity::Low,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("header_injection.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::Header],
        does: "becomes part of a header",
        next: "encode the value, or choose it from a list",
        accept: grade::seldom,
    }],
};

//! Query documents from outside.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "nosql-injection",
    summary: "an object from outside becomes a query of a database",
    threat: Threat::Qui,
    cwes: &[943],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Strict,
    scope: Scope::Production,
    docs: include_str!("nosql_injection.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::NoSql],
        does: "becomes a query, operators and all",
        next: "make a string of it, or compare with $eq",
        accept: grade::outside,
    }],
};

//! Values from outside in SQL.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "sql-injection",
    summary: "a value from outside becomes part of an SQL query",
    threat: Threat::Qui,
    cwes: &[89],
    severity: Severity::Critical,
    confidence: Confidence::High,
    policy: Policy::Strict,
    scope: Scope::Production,
    docs: include_str!("sql_injection.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::Sql],
        does: "becomes part of an SQL query",
        next: "put a placeholder in the text and hand the value over beside it",
        accept: grade::text,
    }],
};

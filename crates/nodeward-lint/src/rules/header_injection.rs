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
        accept,
    }],
};

/// Even what clients send is often harmless, which headers are sent a caller may say, and what came in one line goes
/// out in one.
fn accept(finding: &FlowFinding) -> Option<Grade> {
    grade::in_part(finding).filter(|_| !finding.is_one_line).map(|_| Grade::EXPERIMENTAL)
}

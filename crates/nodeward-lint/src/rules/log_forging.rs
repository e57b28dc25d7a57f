//! Log entries that a client writes.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "log-forging",
    summary: "a value from outside may write entries of its own into a log",
    threat: Threat::Lqc,
    cwes: &[117],
    severity: Severity::Low,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("log_forging.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::LogText],
        does: "may begin new lines in the log",
        next: "take line breaks out of the value, or log it as a field of a structured log",
        accept,
    }],
};

/// Values that are logged as they are may be objects, which are printed with their line breaks escaped: only text
/// that is part of other text counts.
fn accept(finding: &FlowFinding) -> Option<Grade> {
    let is_plain = finding.origin == Origin::Remote
        && finding.ends_joined
        && finding.is_direct
        && grade::is_certain(finding);
    is_plain.then_some(Grade::EXPERIMENTAL)
}

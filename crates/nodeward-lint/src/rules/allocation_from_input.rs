//! Sizes from outside.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "allocation-from-input",
    summary: "a number from outside decides how much memory is taken or how often a loop runs",
    threat: Threat::Dos,
    cwes: &[770, 789, 834],
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("allocation_from_input.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::Allocation],
        does: "decides how much memory is taken, or how often a loop runs",
        next: "compare the number with the most that is meant",
        accept,
    }],
};

/// Sizes are what callers of a library are for.
fn accept(finding: &FlowFinding) -> Option<Grade> {
    (finding.origin == Origin::Remote).then_some(Grade::EXPERIMENTAL)
}

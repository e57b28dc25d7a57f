//! Names from outside that choose what an object does.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "reflection",
    summary: "a value from outside decides which method runs, or whose properties are copied",
    threat: Threat::Rce,
    cwes: &[470, 915, 913],
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("reflection.md"),
    checks: &[
        Check::Flow {
            sinks: &[SinkKind::MethodName],
            does: "decides which method is called",
            next: "look the name up in a Map of the functions that are meant",
            accept,
        },
        Check::Flow {
            sinks: &[SinkKind::CopiedObject],
            does: "decides which object is copied",
            next: "test the name against a list of those that are meant",
            accept,
        },
    ],
};

/// Callers of a library may call the method themselves.
fn accept(finding: &FlowFinding) -> Option<Grade> {
    (finding.origin == Origin::Remote && finding.is_direct && finding.guesses == 0)
        .then_some(Grade::EXPERIMENTAL)
}

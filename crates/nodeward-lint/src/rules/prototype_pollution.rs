//! Writes to prototypes under names from outside.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "prototype-pollution",
    summary: "a name from outside may write to the prototype of all objects",
    threat: Threat::Rce,
    cwes: &[1321, 915],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Strict,
    scope: Scope::Production,
    docs: include_str!("prototype_pollution.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::PrototypeWrite],
        does: "may write to the prototype of all objects",
        next: "refuse __proto__, constructor and prototype, or use a Map or Object.create(null)",
        accept: pollution,
    }],
};

/// A library's callers hand on what their own clients send, which is how most such flaws are reached.
fn pollution(finding: &FlowFinding) -> Option<Grade> {
    let is_strict = finding.origin == Origin::Caller && grade::is_certain(finding);
    if is_strict { Some(Grade::STRICT) } else { grade::outside(finding) }
}

//! Modules chosen from outside.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "unintended-require-flow",
    summary: "a value from outside decides which module is loaded",
    threat: Threat::Uir,
    cwes: &[829, 98],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Strict,
    scope: Scope::Production,
    docs: include_str!("unintended_require_flow.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::ModuleName],
        does: "decides which module is loaded",
        next: "choose the module from a list of names",
        accept: grade::in_part,
    }],
};

//! Programs chosen from outside.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "program-from-input",
    summary: "a value from outside decides which program is started",
    threat: Threat::Shp,
    cwes: &[78, 426],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Strict,
    scope: Scope::Production,
    docs: include_str!("program_from_input.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::ProgramName],
        does: "decides which program is started",
        next: "choose the program from a list of names",
        accept: grade::text,
    }],
};

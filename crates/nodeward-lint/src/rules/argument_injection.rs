//! Arguments of programs from outside.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "argument-injection",
    summary: "a value from outside may be read as an option of a program",
    threat: Threat::Shp,
    cwes: &[88],
    severity: Severity::High,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("argument_injection.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::ProgramArguments],
        does: "may be read as an option of a program",
        next: "put `--` in front of it, or test that it does not begin with a dash",
        accept: grade::seldom,
    }],
};

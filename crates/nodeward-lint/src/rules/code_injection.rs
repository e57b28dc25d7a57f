//! Values from outside that are run as code.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "code-injection",
    summary: "a value from outside is run as code",
    threat: Threat::Rce,
    cwes: &[94, 95],
    severity: Severity::Critical,
    confidence: Confidence::High,
    policy: Policy::Strict,
    scope: Scope::Production,
    docs: include_str!("code_injection.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::Code, SinkKind::Timer],
        does: "is run as code",
        next: "look the value up in a table of functions, or parse it with JSON.parse",
        accept: grade::code,
    }],
};

//! Requests to hosts chosen from outside.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "ssrf",
    summary: "a value from outside decides which host is asked",
    threat: Threat::Exf,
    cwes: &[918],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Strict,
    scope: Scope::Production,
    docs: include_str!("ssrf.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::Request],
        does: "decides which host is asked",
        next: "compare the host with a list of those that are meant",
        accept: grade::in_part,
    }],
};

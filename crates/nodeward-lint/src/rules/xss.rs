//! Values from outside in markup.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "xss",
    summary: "a value from outside becomes markup",
    threat: Threat::Exf,
    cwes: &[79, 80],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("xss.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::Markup],
        does: "becomes markup",
        next: "escape the value where it enters the markup, or send it as JSON",
        accept: grade::seldom,
    }],
};

//! Redirects to places chosen from outside.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "open-redirect",
    summary: "a value from outside decides where a browser is sent",
    threat: Threat::Exf,
    cwes: &[601],
    severity: Severity::Medium,
    confidence: Confidence::High,
    policy: Policy::Strict,
    scope: Scope::Production,
    docs: include_str!("open_redirect.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::Redirect],
        does: "decides where a browser is sent",
        next: "allow only paths of this site, from a list",
        accept: grade::outside,
    }],
};

//! Templates made of values from outside.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "template-injection",
    summary: "a value from outside is compiled as a template",
    threat: Threat::Rce,
    cwes: &[1336, 94],
    severity: Severity::Critical,
    confidence: Confidence::High,
    policy: Policy::Strict,
    scope: Scope::Production,
    docs: include_str!("template_injection.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::Template],
        does: "is compiled as a template",
        next: "keep templates in files, and hand values to them as data",
        accept: grade::outside,
    }],
};

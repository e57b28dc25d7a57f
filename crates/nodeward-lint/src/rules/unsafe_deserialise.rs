//! Serialised objects from outside.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "unsafe-deserialise",
    summary: "an object from outside is revived with code in it",
    threat: Threat::Rce,
    cwes: &[502],
    severity: Severity::Critical,
    confidence: Confidence::High,
    policy: Policy::Strict,
    scope: Scope::Production,
    docs: include_str!("unsafe_deserialise.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::Deserialise],
        does: "is revived as an object that may hold code",
        next: "use JSON.parse, or the schema of js-yaml that has only data",
        accept: grade::outside,
    }],
};

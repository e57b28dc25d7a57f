//! Values from outside in other query languages.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "query-injection",
    summary: "a value from outside becomes part of an LDAP, XPath or GraphQL query",
    threat: Threat::Qui,
    cwes: &[90, 643, 943],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Strict,
    scope: Scope::Production,
    docs: include_str!("query_injection.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::OtherQuery],
        does: "becomes part of a query",
        next: "escape the value for the language, or hand it over as a variable",
        accept: grade::text,
    }],
};

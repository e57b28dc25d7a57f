//! Files that cannot be parsed. The driver reports them: there is no tree to walk.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "syntax-error",
    summary: "a file cannot be parsed, so nothing in it was checked",
    threat: Threat::Lqc,
    cwes: &[],
    severity: Severity::Low,
    confidence: Confidence::High,
    policy: Policy::Common,
    scope: Scope::Everywhere,
    docs: include_str!("syntax_error.md"),
    checks: &[],
};

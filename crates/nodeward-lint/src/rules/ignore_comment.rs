//! Comments that hide findings, and hide none. What they say is read in `suppress.rs`.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "ignore-comment",
    summary: "a comment that hides findings has no reason, no such rule, or nothing to hide",
    threat: Threat::Dex,
    cwes: &[],
    severity: Severity::Low,
    confidence: Confidence::High,
    policy: Policy::Common,
    scope: Scope::Everywhere,
    docs: include_str!("ignore_comment.md"),
    checks: &[],
};

//! Secrets on their way out.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "secret-sent",
    summary: "a secret of this machine is sent over the network",
    threat: Threat::Mtp,
    cwes: &[506, 200, 522],
    severity: Severity::High,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Everywhere,
    docs: include_str!("secret_sent.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::Sent],
        does: "is sent over the network",
        next: "find out where it goes, and why",
        accept,
    }],
};

fn accept(finding: &FlowFinding) -> Option<Grade> {
    (finding.origin == Origin::Secret).then_some(Grade::EXPERIMENTAL)
}

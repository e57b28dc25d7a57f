//! Fetched text that is run.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "runs-fetched",
    summary: "what was fetched from the network is run",
    threat: Threat::Mtp,
    cwes: &[494, 829, 94],
    severity: Severity::Critical,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Everywhere,
    docs: include_str!("runs_fetched.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::RunsFetched],
        does: "is run",
        next: "ship the code, or compare its hash before it is run",
        accept,
    }],
};

fn accept(finding: &FlowFinding) -> Option<Grade> {
    (finding.origin == Origin::Fetched).then_some(Grade::EXPERIMENTAL)
}

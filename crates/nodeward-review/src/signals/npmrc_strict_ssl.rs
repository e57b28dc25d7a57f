//! TLS certificates that nobody checks.

use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::Context;
use crate::signal::Signal;

pub(crate) const SIGNAL: Signal = Signal {
    id: "npmrc-strict-ssl",
    summary: "the registry's TLS certificate is not checked",
    threat: Threat::Mtp,
    severity: Severity::High,
    confidence: Confidence::High,
    docs: include_str!("npmrc_strict_ssl.md"),
    check,
};

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    let Some(setting) = context.npm.get("strict-ssl").filter(|setting| setting.as_bool() == Some(false))
    else {
        return Vec::new();
    };
    let mut finding =
        signal.file(setting.place.clone(), "strict-ssl=false: anybody on the way can pass for the registry");
    finding.next_step = Some("remove it; for a certificate of your own, set cafile".into());
    vec![finding]
}

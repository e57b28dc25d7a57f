//! Registries asked over plain http.

use nodeward_package::WebAddress;
use nodeward_package::npm_config::Setting;
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::Context;
use crate::signal::{Signal, clip, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "npmrc-http",
    summary: "a configured registry is asked over plain http",
    threat: Threat::Mtp,
    severity: Severity::High,
    confidence: Confidence::High,
    docs: include_str!("npmrc_http.md"),
    check,
};

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    context.npm.registries().filter_map(|setting| finding(signal, setting)).collect()
}

fn finding(signal: &Signal, setting: &Setting) -> Option<Finding> {
    let address = WebAddress::parse(&setting.value)?;
    if address.scheme != "http" || address.is_this_machine() {
        return None;
    }
    let mut finding =
        signal.file(setting.place.clone(), format!("{} is asked over plain http", clip(&address.host)));
    finding.evidence.push(fact_of("setting", clip(&setting.key)));
    finding.next_step = Some("write https:// instead".into());
    Some(finding)
}

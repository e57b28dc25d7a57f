//! Credentials that do not expire and can do everything.

use nodeward_package::npm_config::{Layer, Setting};
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::Context;
use crate::signal::{Signal, clip, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "npmrc-long-lived",
    summary: "the registry is entered with a password or an all-powerful token",
    threat: Threat::Exf,
    severity: Severity::Info,
    confidence: Confidence::Medium,
    docs: include_str!("npmrc_long_lived.md"),
    check,
};

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    context.npm.settings().iter().filter_map(|setting| finding(signal, setting)).collect()
}

fn finding(signal: &Signal, setting: &Setting) -> Option<Finding> {
    // A project's file is reported for holding it at all.
    if setting.layer == Layer::Project || !setting.is_secret() || setting.section.is_some() {
        return None;
    }
    let title = match setting.option() {
        "_password" | "_auth" => "a password can publish, where a read-only token would do",
        "_authToken" | "_authtoken" if is_old_form(&setting.value) => {
            "a token of the old kind never expires and can publish"
        }
        _ => return None,
    };
    let mut finding = signal.file(setting.place.clone(), title);
    finding.evidence.push(fact_of("setting", clip(&setting.key)));
    finding.next_step = Some("make a granular token: read-only, for these packages, with an end".into());
    Some(finding)
}

/// Before tokens got a prefix they were UUIDs.
fn is_old_form(token: &str) -> bool {
    let groups: Vec<usize> = token.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && token.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

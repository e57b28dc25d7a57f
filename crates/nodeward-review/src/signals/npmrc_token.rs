//! Secrets written into a project's configuration.

use nodeward_package::WebAddress;
use nodeward_package::npm_config::{Layer, Setting};
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::Context;
use crate::signal::{Signal, clip, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "npmrc-token",
    summary: "a project's npm configuration holds a token or password",
    threat: Threat::Exf,
    severity: Severity::High,
    confidence: Confidence::High,
    docs: include_str!("npmrc_token.md"),
    check,
};

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    let settings = context.npm.settings().iter();
    let secrets = settings.filter(|setting| setting.layer == Layer::Project && holds_a_secret(setting));
    secrets.map(|setting| finding(signal, context, setting)).collect()
}

/// A secret as text. A `${VARIABLE}` is how it should be done.
pub(super) fn holds_a_secret(setting: &Setting) -> bool {
    let secret = setting.is_secret() && !setting.value.is_empty();
    let in_url = WebAddress::parse(&setting.value).is_some_and(|address| address.has_password);
    (secret || in_url) && !setting.uses_variables()
}

fn finding(signal: &Signal, context: &Context<'_>, setting: &Setting) -> Finding {
    let tracked = context.configuration_file(&setting.place.file).and_then(|file| file.tracked);
    let what = if matches!(setting.option(), "_password" | "_auth") { "password" } else { "token" };
    let title = match tracked {
        Some(true) => format!("a {what} is committed"),
        _ => format!("a {what} stands in the project"),
    };
    let mut finding = signal.file(setting.place.clone(), title);
    finding.severity = match tracked {
        Some(true) => Severity::Critical,
        Some(false) => Severity::Medium,
        None => Severity::High,
    };
    finding.evidence.push(fact_of("setting", clip(&setting.key)));
    finding.next_step = Some(match tracked {
        Some(false) => "move it to your own ~/.npmrc, or write ${NPM_TOKEN} here".into(),
        _ => "revoke it now; then write ${NPM_TOKEN} here and set the variable".into(),
    });
    finding
}

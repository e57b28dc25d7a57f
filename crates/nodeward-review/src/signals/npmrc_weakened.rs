//! Settings that switch a safeguard off.

use nodeward_package::npm_config::{NpmConfig, Setting};
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::Context;
use crate::signal::Signal;

pub(crate) const SIGNAL: Signal = Signal {
    id: "npmrc-weakened",
    summary: "npm's configuration switches a safeguard off",
    threat: Threat::Mtp,
    severity: Severity::Low,
    confidence: Confidence::High,
    docs: include_str!("npmrc_weakened.md"),
    check,
};

struct Safeguard {
    key: &'static str,
    /// The value that gives it up.
    given_up: bool,
    severity: Severity,
    says: &'static str,
    next_step: &'static str,
}

const SAFEGUARDS: &[Safeguard] = &[
    Safeguard {
        key: "package-lock",
        given_up: false,
        severity: Severity::Medium,
        says: "package-lock=false: each install may bring other releases",
        next_step: "remove it and commit the lockfile",
    },
    Safeguard {
        key: "unsafe-perm",
        given_up: true,
        severity: Severity::Medium,
        says: "unsafe-perm=true: install scripts run as root when npm does",
        next_step: "remove it; since npm 7 it does nothing",
    },
    Safeguard {
        key: "always-auth",
        given_up: true,
        severity: Severity::Low,
        says: "always-auth=true: the token goes along with every request, tarballs of other hosts included",
        next_step: "remove it; since npm 7 it does nothing",
    },
    Safeguard {
        key: "audit",
        given_up: false,
        severity: Severity::Info,
        says: "audit=false: npm does not warn of known flaws on install",
        next_step: "remove it, or let CI run nodeward audit",
    },
    Safeguard {
        key: "engine-strict",
        given_up: false,
        severity: Severity::Info,
        says: "engine-strict=false: releases for other versions of Node.js install without a word",
        next_step: "remove it",
    },
];

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    SAFEGUARDS.iter().filter_map(|safeguard| finding(signal, context.npm, safeguard)).collect()
}

fn finding(signal: &Signal, npm: &NpmConfig, safeguard: &Safeguard) -> Option<Finding> {
    let setting: &Setting = npm.get(safeguard.key)?;
    if setting.as_bool() != Some(safeguard.given_up) {
        return None;
    }
    let mut finding = signal.file(setting.place.clone(), safeguard.says);
    finding.severity = safeguard.severity;
    finding.next_step = Some(safeguard.next_step.into());
    Some(finding)
}

//! Install scripts that the lockfile says are not there.

use nodeward_report::{Confidence, Finding, Severity, Threat};

use super::install_script::add_evidence;
use crate::context::Context;
use crate::install::State;
use crate::signal::{Signal, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "install-script-hidden",
    summary: "a release runs a script that the lockfile does not know of",
    threat: Threat::Mtp,
    severity: Severity::High,
    confidence: Confidence::High,
    docs: include_str!("install_script_hidden.md"),
    check,
};

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for project in context.projects {
        for (id, package) in project.releases() {
            let Some(judged) = project.scripts_of(package).filter(|judged| judged.item.is_hidden()) else {
                continue;
            };
            // What was looked at is known, however it came; a change has a finding of its own.
            if !matches!(judged.state, State::Undecided | State::Expired(_)) {
                continue;
            }
            let scripts = judged.item.read().map_or(&[][..], |read| &read.scripts);
            let title = format!("{} runs a script that the lockfile does not know of", judged.item.label());
            let mut finding = signal.release(project.graph, id, title);
            // Some clients publish without noting that a binding.gyp implies a build.
            let is_implied = scripts.iter().all(|script| script.implicit);
            finding.severity =
                if is_implied { Severity::Medium.max(judged.severity()) } else { Severity::High };
            finding.evidence.push(fact_of("lockfile", "says that it has none"));
            add_evidence(&mut finding, judged);
            finding.next_step = Some(
                "do not install it with scripts; compare the tarball with the registry's document, and report it".into(),
            );
            findings.push(finding);
        }
    }
    findings
}

//! Install scripts that are not those that were allowed.

use nodeward_report::{Confidence, Finding, Severity, Threat};

use super::install_script::add_evidence;
use crate::context::Context;
use crate::install::{Content, State};
use crate::signal::{Signal, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "install-script-changed",
    summary: "an install script is not the one that was allowed",
    threat: Threat::Mtp,
    severity: Severity::Medium,
    confidence: Confidence::High,
    docs: include_str!("install_script_changed.md"),
    check,
};

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for project in context.projects {
        for (id, package) in project.releases() {
            let Some(judged) = project.scripts_of(package) else { continue };
            let State::Changed { since, version, content } = judged.state else { continue };
            let label = judged.item.label();
            let (title, severity) = match (content, version) {
                (Content::Same, _) => {
                    (format!("{label} has the install scripts of an allowed version"), Severity::Info)
                }
                // Scripts that have run leave files.
                (Content::Differs, false) => {
                    (format!("{label} is not as it was when it was allowed"), Severity::Low)
                }
                (Content::Differs, true) => {
                    (format!("{label} has other install scripts than were allowed"), Severity::Medium)
                }
                (Content::Untold, _) => {
                    (format!("{label} has install scripts that could not be compared"), Severity::Medium)
                }
            };
            let mut finding = signal.release(project.graph, id, title);
            finding.severity =
                if content == Content::Same { severity } else { severity.max(judged.severity()) };
            add_evidence(&mut finding, judged);
            let versions = since.versions.join(", ");
            finding.evidence.push(fact_of("allowed", format!("{versions}, by {}", since.place)));
            finding.next_step = Some(
                "read what is new (nodeward install-scripts --explain NAME), then allow it anew with --allow"
                    .into(),
            );
            findings.push(finding);
        }
    }
    findings
}

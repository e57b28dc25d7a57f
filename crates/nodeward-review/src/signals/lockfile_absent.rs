//! Projects without a lockfile.

use nodeward_package::{EdgeKind, Format};
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::Context;
use crate::signal::Signal;

pub(crate) const SIGNAL: Signal = Signal {
    id: "lockfile-absent",
    summary: "the project has dependencies but no lockfile",
    threat: Threat::Mtp,
    severity: Severity::Medium,
    confidence: Confidence::High,
    docs: include_str!("lockfile_absent.md"),
    check,
};

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    let bare = context.projects.iter().filter(|project| project.graph.format() == Format::Manifest);
    let mut findings = Vec::new();
    for project in bare.filter(|project| project.lockfiles.is_empty()) {
        let wanted = project.graph.edges().iter().filter(|edge| edge.kind != EdgeKind::OptionalPeer).count();
        if wanted == 0 {
            continue;
        }
        let place = project.graph.roots().first().map(|&root| project.graph.place(root));
        let place =
            place.unwrap_or_else(|| nodeward_package::Place::file(project.graph.file().to_path_buf()));
        let plural = if wanted == 1 { "dependency" } else { "dependencies" };
        let mut finding =
            signal.file(place, format!("no lockfile for {wanted} {plural}: each install may bring others"));
        finding.next_step = Some("commit the lockfile that your package manager writes".into());
        findings.push(finding);
    }
    findings
}

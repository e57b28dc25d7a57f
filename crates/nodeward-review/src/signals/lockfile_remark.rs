//! What the reader of a lockfile found odd.

use nodeward_package::Place;
use nodeward_report::{Confidence, Evidence, Finding, Severity, Threat};

use crate::context::{Context, Project};
use crate::signal::{Signal, clip, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "lockfile-remark",
    summary: "a lockfile has entries that do not fit together",
    threat: Threat::Dex,
    severity: Severity::Info,
    confidence: Confidence::Medium,
    docs: include_str!("lockfile_remark.md"),
    check,
};

const MAX_SHOWN: usize = 5;

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    context.projects.iter().filter_map(|project| in_project(signal, project)).collect()
}

fn in_project(signal: &Signal, project: &Project<'_>) -> Option<Finding> {
    let remarks = project.graph.remarks();
    let place = |position| Place::at(project.graph.file().clone(), position);
    let first = remarks.first()?;
    let title = if remarks.len() == 1 {
        clip(&first.message)
    } else {
        format!("{} entries do not fit together", remarks.len())
    };
    let mut finding = signal.file(place(first.position), title);
    for remark in remarks.iter().take(MAX_SHOWN) {
        let value = clip(&remark.message);
        finding.evidence.push(Evidence { label: "remark", value, place: Some(place(remark.position)) });
    }
    if remarks.len() > MAX_SHOWN {
        finding.evidence.push(fact_of("and", format!("{} more", remarks.len() - MAX_SHOWN)));
    }
    finding.next_step = Some("install again to write the file anew".into());
    Some(finding)
}

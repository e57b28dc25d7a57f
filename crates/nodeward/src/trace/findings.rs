//! What a trace found, as findings.

use std::path::Path;
use std::sync::Arc;

use nodeward_package::Place;
use nodeward_package::place::Position;
use nodeward_report::render::{self, Style};
use nodeward_report::{
    Confidence, Coverage, Finding, Gap, Kind, Progress, Report, Severity, Subject, Threat, Tolerance,
};
use nodeward_seal::trace::Trace;
use nodeward_seal::trace::format::Document;

use crate::output;
use crate::session::Session;

/// The report of a trace.
pub(crate) fn report(found: &Trace, document: &Document, fail_on: Severity, session: &Session) -> Report {
    let mut findings: Vec<Finding> = Vec::new();
    let open = document.dynamic.iter().filter(|dynamic| dynamic.matched.is_none());
    for dynamic in open.filter(|dynamic| !matches!(dynamic.how.as_str(), "path" | "read")) {
        let own = found.list.get(&dynamic.file).is_some_and(|source| source.package.is_none());
        let what = dynamic.pattern.as_deref().map_or("anything".to_owned(), |pattern| format!("{pattern:?}"));
        let mut finding = Finding::new(
            "trace-dynamic-load",
            Kind::Lint,
            Threat::Uir,
            if own { Severity::Medium } else { Severity::Low },
            Subject::File,
            place(&dynamic.file, dynamic.line),
            format!("{} of {what}: which files it loads can't be told from the text", dynamic.how),
        );
        finding.confidence = Confidence::High;
        finding.next_step =
            Some("name what it may load, or record it: nodeward trace --record -- npm test".to_owned());
        findings.push(finding);
    }
    for file in &document.tests {
        let mut finding = Finding::new(
            "trace-test-code",
            Kind::Lint,
            Threat::Uir,
            Severity::Low,
            Subject::File,
            place(file, 0),
            "looks like test code or an example, and can load in production",
        );
        finding.confidence = Confidence::Medium;
        finding.next_step = Some(format!("see why: nodeward trace --explain {file}"));
        findings.push(finding);
    }
    let gaps = document.unread.iter().map(|unread| Gap {
        message: format!("{}: {}", unread.file, unread.reason),
        remedy: "what it loads is not known".to_owned(),
    });
    let mut report = Report {
        command: "trace",
        tool_version: env!("CARGO_PKG_VERSION"),
        now: session.now,
        projects: Vec::new(),
        findings,
        suppressed: Vec::new(),
        changes: Vec::new(),
        progress: Progress::Proposed,
        coverage: Coverage { gaps: gaps.collect(), tolerance: Tolerance::Never, ..Coverage::default() },
        fail_on,
    };
    report.sort();
    report
}

fn place(file: &str, line: u32) -> Place {
    match line {
        0 => Place::file(file),
        line => Place::at(Arc::from(Path::new(file)), Position { line, column: 1 }),
    }
}

/// Writes the report in one of the formats of reports.
pub(crate) fn write(report: &Report, name: &str, style: Style, output: Option<&Path>) -> anyhow::Result<()> {
    let format = render::FORMATS.iter().find(|format| format.name == name);
    let format = format.expect("every name that is asked for stands in the table");
    output::write(output, |out| (format.write)(report, style, out))
}

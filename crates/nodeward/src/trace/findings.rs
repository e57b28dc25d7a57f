//! What a trace found, as findings.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use nodeward_package::place::Position;
use nodeward_package::{DependencyGraph, PackageId, PackageName, Place};
use nodeward_report::render::{self, Style};
use nodeward_report::{
    Confidence, Coverage, Evidence, Finding, Gap, Kind, Progress, Report, Severity, Subject, Threat,
    Tolerance,
};
use nodeward_seal::trace::format::Document;
use nodeward_seal::trace::{Trace, act_name};

use crate::output;
use crate::session::Session;

/// Loads that can't be told from the text.
const DYNAMIC: &str = "trace-dynamic-load";

/// Test code that can load in production.
const TEST: &str = "trace-test-code";

/// Packages that are installed for production and never load.
const NEVER: &str = "trace-never-loaded";

/// How many of several are named.
const NAMED: usize = 5;

/// What is worth knowing of a file: the package that it belongs to, as `name@version`, and the finding.
pub(crate) type Noted = (Option<String>, Finding);

/// The loads of a trace that could not be narrowed. `place` gives a file's place as the user would name it.
pub(crate) fn dynamic_loads(found: &Trace, place: &dyn Fn(&str, u32) -> Place) -> Vec<Noted> {
    let open = found.dynamic.iter().filter(|dynamic| dynamic.matched.is_none());
    let noted = open
        .map(|dynamic| (dynamic, act_name(dynamic.act)))
        .filter(|(_, how)| !matches!(*how, "path" | "read"));
    let noted = noted.map(|(dynamic, how)| {
        let package = found.list.get(&dynamic.file).and_then(|source| source.package.clone());
        let what = dynamic.pattern.as_deref().map_or("anything".to_owned(), |pattern| format!("{pattern:?}"));
        let mut finding = Finding::new(
            DYNAMIC,
            Kind::Signal,
            Threat::Uir,
            if package.is_none() { Severity::Medium } else { Severity::Low },
            Subject::File,
            place(&dynamic.file, dynamic.line),
            format!("{how} of {what}: which files it loads can't be told from the text"),
        );
        finding.confidence = Confidence::High;
        finding.next_step =
            Some("name what it may load, or record it: nodeward seal --record -- npm test".to_owned());
        (package, finding)
    });
    noted.collect()
}

/// A listed file that looks like test code.
pub(crate) fn test_code(file: &str, place: Place) -> Finding {
    let mut finding = Finding::new(
        TEST,
        Kind::Signal,
        Threat::Uir,
        Severity::Low,
        Subject::File,
        place,
        "looks like test code or an example, and can load in production",
    );
    finding.confidence = Confidence::Medium;
    finding.next_step = Some(format!("see why: nodeward trace --explain {file}"));
    finding
}

/// One finding for each package and rule, with the other places as evidence; the project's own stay as they are.
pub(crate) fn by_package(noted: Vec<Noted>) -> Vec<Finding> {
    let mut own = Vec::new();
    let mut packages: BTreeMap<(Arc<str>, String), Vec<Finding>> = BTreeMap::new();
    for (package, finding) in noted {
        match package {
            None => own.push(finding),
            Some(package) => packages.entry((finding.rule.clone(), package)).or_default().push(finding),
        }
    }
    for ((_, package), findings) in packages {
        let count = findings.len();
        let mut findings = findings.into_iter();
        let Some(mut first) = findings.next() else { continue };
        if let Some((name, version)) = package.rsplit_once('@')
            && let Ok(name) = PackageName::parse(name)
        {
            first.subject = Subject::Release { name, version: version.into() };
        }
        for other in findings.take(NAMED) {
            let (label, value) = ("also", other.title);
            first.evidence.push(Evidence { label, value, place: Some(other.place) });
        }
        if count > NAMED + 1 {
            let value = format!("{} more places in {package}", count - NAMED - 1);
            first.evidence.push(Evidence { label: "and", value, place: None });
        }
        own.push(first);
    }
    own
}

/// The packages that a lockfile installs for production and that are not among those that load.
pub(crate) fn never_loaded(graph: &DependencyGraph, loads: &dyn Fn(&str) -> bool) -> Vec<PackageId> {
    let mut never: Vec<(String, PackageId)> = graph
        .iter()
        .filter(|(id, package)| {
            !graph.is_root(*id) && !package.origin.is_first_party() && package.reach.production
        })
        .map(|(id, package)| (package.label(), id))
        .filter(|(label, _)| !loads(label))
        .collect();
    never.sort();
    never.dedup_by(|one, other| one.0 == other.0);
    never.into_iter().map(|(_, id)| id).collect()
}

/// What to say of them: each that the project itself asks for, and the others together.
pub(crate) fn of_never_loaded(graph: &DependencyGraph, never: &[PackageId]) -> Vec<Finding> {
    let finding = |id: PackageId, title: &str, step: &str| {
        let package = graph.package(id);
        let title = format!("{} {title}", package.label());
        let subject = Subject::Release { name: package.name.clone(), version: package.version_text.clone() };
        let mut finding =
            Finding::new(NEVER, Kind::Signal, Threat::Uir, Severity::Info, subject, graph.place(id), title);
        finding.confidence = Confidence::Medium;
        finding.next_step = Some(step.to_owned());
        finding
    };
    let (direct, others): (Vec<PackageId>, Vec<PackageId>) =
        never.iter().partition(|id| graph.is_direct(**id));
    let mut findings: Vec<Finding> = direct
        .into_iter()
        .map(|id| {
            finding(
                id,
                "is installed for production, and never loads",
                "remove it, or move it to devDependencies; see what loads: nodeward trace",
            )
        })
        .collect();
    if let Some((&first, rest)) = others.split_first() {
        let title = match rest.len() {
            0 => "comes with other packages for production, and never loads".to_owned(),
            more => format!("comes with other packages for production, as {more} more do, and never loads"),
        };
        let mut together = finding(first, &title, "see what brings it in: nodeward why");
        for &id in rest.iter().take(NAMED) {
            let value = graph.package(id).label();
            together.evidence.push(Evidence { label: "also", value, place: Some(graph.place(id)) });
        }
        if rest.len() > NAMED {
            let value = format!("{} more; nodeward trace --verbose names them", rest.len() - NAMED);
            together.evidence.push(Evidence { label: "and", value, place: None });
        }
        findings.push(together);
    }
    findings
}

/// The report of a trace. `graph` is what the lockfile says.
pub(crate) fn report(
    found: &Trace,
    graph: Option<&DependencyGraph>,
    document: &Document,
    fail_on: Severity,
    session: &Session,
) -> Report {
    let mut findings: Vec<Finding> =
        dynamic_loads(found, &place).into_iter().map(|(_, finding)| finding).collect();
    findings.extend(document.tests.iter().map(|file| test_code(file, place(file, 0))));
    if let Some(graph) = graph {
        let names: HashSet<&str> = document.never_loaded.iter().flatten().map(String::as_str).collect();
        let never = never_loaded(graph, &|label| !names.contains(label));
        findings.extend(of_never_loaded(graph, &never));
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

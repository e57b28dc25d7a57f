//! The findings as JSON, `"schema": "nodeward.findings/1"`: for programs, complete, with stable keys.
//!
//! The types here are the wire format and nothing else: keys are only ever added, never renamed or given another
//! meaning. `docs/formats/findings-1.schema.json` describes them, and a test holds the two together.

use std::collections::BTreeMap;
use std::io::{self, Write};

use nodeward_package::Place;
use serde::Serialize;

use super::{OutputFormat, Style};
use crate::exposure::{Counts, exposures};
use crate::plan::Verdict;
use crate::sbom::purl;
use crate::{
    Change, ChangeKind, Evidence, Excerpt, Finding, Reachable, Report, ScannedProject, Severity, Subject,
    Suppressed,
};
use crate::{fingerprint, safe_json};

/// This format.
pub const FORMAT: OutputFormat =
    OutputFormat { name: "json", summary: "everything, for programs (nodeward.findings/1)", write };

/// The value of the `schema` key.
pub const SCHEMA: &str = "nodeward.findings/1";

fn write(report: &Report, _: Style, out: &mut dyn Write) -> io::Result<()> {
    safe_json::write(&WireReport::new(report), out)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireReport<'a> {
    schema: &'static str,
    tool: WireTool<'a>,
    generated: String,
    verdict: &'static str,
    exit_code: u8,
    fail_on: Severity,
    summary: WireSummary,
    coverage: WireCoverage<'a>,
    projects: Vec<WireProject<'a>>,
    findings: Vec<WireFinding<'a>>,
    suppressed: Vec<WireSuppressed<'a>>,
    changes: Vec<WireChange<'a>>,
    threats: Vec<WireThreat>,
}

#[derive(Serialize)]
struct WireTool<'a> {
    name: &'static str,
    version: &'a str,
    command: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireSummary {
    findings: usize,
    at_threshold: usize,
    malware: usize,
    suppressed: usize,
    by_severity: BTreeMap<&'static str, usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireCoverage<'a> {
    complete: bool,
    source: &'a str,
    advisories: u64,
    newest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sources: Option<WireSources<'a>>,
    gaps: Vec<WireGap<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireSources<'a> {
    files: usize,
    bytes: u64,
    left_out: usize,
    rules: usize,
    chosen: &'a str,
}

#[derive(Serialize)]
struct WireGap<'a> {
    message: &'a str,
    remedy: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireProject<'a> {
    name: &'a str,
    file: String,
    format: &'static str,
    packages: usize,
    production_packages: usize,
}

#[derive(Serialize)]
struct WirePlace {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum WireSubject<'a> {
    Release { name: &'a str, version: &'a str, purl: String },
    Node { version: &'a str },
    File,
}

#[derive(Serialize)]
struct WireEvidence<'a> {
    label: &'a str,
    value: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<WirePlace>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireExcerpt<'a> {
    before: &'a str,
    meant: &'a str,
    after: &'a str,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireFinding<'a> {
    id: &'a str,
    fingerprint: String,
    aliases: Vec<&'a str>,
    kind: &'static str,
    threat: &'static str,
    severity: Severity,
    score: Option<f64>,
    vector: Option<&'a str>,
    cwes: Vec<&'a str>,
    confidence: &'static str,
    title: &'a str,
    details: Option<&'a str>,
    subject: WireSubject<'a>,
    place: WirePlace,
    #[serde(skip_serializing_if = "Option::is_none")]
    excerpt: Option<WireExcerpt<'a>>,
    paths: &'a [Vec<String>],
    production: bool,
    reachable: &'static str,
    affected_range: Option<&'a str>,
    fixed_versions: &'a [String],
    evidence: Vec<WireEvidence<'a>>,
    next_step: Option<&'a str>,
    references: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<usize>>,
}

#[derive(Serialize)]
struct WireSuppressed<'a> {
    finding: WireFinding<'a>,
    reason: &'a str,
    until: Option<&'a str>,
    source: &'a str,
}

#[derive(Serialize)]
struct WireChange<'a> {
    project: usize,
    kind: &'static str,
    package: &'a str,
    from: &'a str,
    to: Option<&'a str>,
    instruction: &'a str,
    clears: &'a [usize],
    checked: bool,
    breaking: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireThreat {
    code: &'static str,
    title: &'static str,
    findings: usize,
    by_severity: BTreeMap<&'static str, usize>,
    cleared_by_changes: usize,
    reduce: String,
}

impl<'a> WireReport<'a> {
    fn new(report: &'a Report) -> Self {
        let names = fingerprint::fingerprints(&report.findings);
        let mut changes_of: Vec<Vec<usize>> = vec![Vec::new(); report.findings.len()];
        for (number, change) in report.changes.iter().enumerate() {
            for &index in &change.clears {
                if let Some(list) = changes_of.get_mut(index) {
                    list.push(number);
                }
            }
        }
        let findings = report
            .findings
            .iter()
            .zip(names)
            .zip(changes_of)
            .map(|((finding, name), changes)| WireFinding::new(finding, name, Some(changes)))
            .collect();
        Self {
            schema: SCHEMA,
            tool: WireTool { name: "nodeward", version: report.tool_version, command: report.command },
            generated: report.now.to_string(),
            verdict: Verdict::of(report).name(),
            exit_code: report.exit_code(),
            fail_on: report.fail_on,
            summary: WireSummary::new(report),
            coverage: WireCoverage::new(report),
            projects: report.projects.iter().map(WireProject::new).collect(),
            findings,
            suppressed: report.suppressed.iter().map(WireSuppressed::new).collect(),
            changes: report.changes.iter().map(WireChange::new).collect(),
            threats: threats(report),
        }
    }
}

fn by_severity(counts: Counts) -> BTreeMap<&'static str, usize> {
    Severity::WORST_FIRST.into_iter().map(|severity| (severity.name(), counts.get(severity))).collect()
}

fn threats(report: &Report) -> Vec<WireThreat> {
    exposures(report)
        .into_iter()
        .map(|row| WireThreat {
            code: row.threat.code(),
            title: row.threat.title(),
            findings: row.now.total(),
            by_severity: by_severity(row.now),
            cleared_by_changes: row.cleared_by_changes,
            reduce: row.reduce,
        })
        .collect()
}

impl WireSummary {
    fn new(report: &Report) -> Self {
        Self {
            findings: report.findings.len(),
            at_threshold: report.at_threshold().count(),
            malware: report.findings.iter().filter(|finding| finding.kind == crate::Kind::Malware).count(),
            suppressed: report.suppressed.len(),
            by_severity: by_severity(Counts::of(&report.findings)),
        }
    }
}

impl<'a> WireCoverage<'a> {
    fn new(report: &'a Report) -> Self {
        let coverage = &report.coverage;
        Self {
            complete: coverage.gaps.is_empty(),
            source: &coverage.source,
            advisories: coverage.advisories,
            newest: coverage.newest.map(|newest| newest.to_string()),
            sources: coverage.sources.as_ref().map(|sources| WireSources {
                files: sources.files,
                bytes: sources.bytes,
                left_out: sources.left_out,
                rules: sources.rules,
                chosen: &sources.chosen,
            }),
            gaps: coverage
                .gaps
                .iter()
                .map(|gap| WireGap { message: &gap.message, remedy: &gap.remedy })
                .collect(),
        }
    }
}

impl<'a> WireProject<'a> {
    fn new(project: &'a ScannedProject) -> Self {
        let third_party =
            || project.graph.packages().iter().filter(|package| !package.origin.is_first_party());
        Self {
            name: &project.name,
            file: with_slashes(project.graph.file()),
            format: project.graph.format().name(),
            packages: third_party().count(),
            production_packages: third_party().filter(|package| package.reach.production).count(),
        }
    }
}

fn with_slashes(path: &std::path::Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

impl WirePlace {
    fn new(place: &Place) -> Self {
        Self {
            file: with_slashes(&place.file),
            line: (place.line > 0).then_some(place.line),
            column: (place.line > 0 && place.column > 0).then_some(place.column),
        }
    }
}

impl<'a> WireSubject<'a> {
    fn new(subject: &'a Subject) -> Self {
        match subject {
            Subject::Release { name, version } => {
                Self::Release { name: name.as_str(), version, purl: purl::of_release(name, version) }
            }
            Subject::Node { version } => Self::Node { version },
            Subject::File => Self::File,
        }
    }
}

impl<'a> WireEvidence<'a> {
    fn new(evidence: &'a Evidence) -> Self {
        Self {
            label: evidence.label,
            value: &evidence.value,
            place: evidence.place.as_ref().map(WirePlace::new),
        }
    }
}

impl<'a> WireExcerpt<'a> {
    fn new(excerpt: &'a Excerpt) -> Self {
        let [before, meant, after] = excerpt.parts();
        Self { before, meant, after, end_line: excerpt.end.line, end_column: excerpt.end.column }
    }
}

impl<'a> WireFinding<'a> {
    fn new(finding: &'a Finding, fingerprint: String, changes: Option<Vec<usize>>) -> Self {
        Self {
            id: &finding.rule,
            fingerprint,
            aliases: finding.aliases.iter().map(|alias| &**alias).collect(),
            kind: finding.kind.name(),
            threat: finding.threat.code(),
            severity: finding.severity,
            score: finding.score,
            vector: finding.vector.as_deref(),
            cwes: finding.cwes.iter().map(|cwe| &**cwe).collect(),
            confidence: finding.confidence.name(),
            title: &finding.title,
            details: finding.details.as_deref(),
            subject: WireSubject::new(&finding.subject),
            place: WirePlace::new(&finding.place),
            excerpt: finding.excerpt.as_ref().map(WireExcerpt::new),
            paths: &finding.paths,
            production: finding.production,
            reachable: reachable(finding.reachable),
            affected_range: finding.affected_range.as_deref(),
            fixed_versions: &finding.fixed_versions,
            evidence: finding.evidence.iter().map(WireEvidence::new).collect(),
            next_step: finding.next_step.as_deref(),
            references: &finding.references,
            changes,
        }
    }
}

fn reachable(reachable: Reachable) -> &'static str {
    match reachable {
        Reachable::Unknown => "unknown",
        Reachable::No => "no",
        Reachable::Static => "static",
        Reachable::Recorded => "recorded",
    }
}

impl<'a> WireSuppressed<'a> {
    fn new(suppressed: &'a Suppressed) -> Self {
        let name = fingerprint::fingerprints(std::slice::from_ref(&suppressed.finding)).concat();
        Self {
            finding: WireFinding::new(&suppressed.finding, name, None),
            reason: &suppressed.reason,
            until: suppressed.until.as_deref(),
            source: &suppressed.source,
        }
    }
}

impl<'a> WireChange<'a> {
    fn new(change: &'a Change) -> Self {
        Self {
            project: change.project,
            kind: match change.kind {
                ChangeKind::UpgradeWithinRange => "upgrade-within-range",
                ChangeKind::UpgradeBeyondRange => "upgrade-beyond-range",
                ChangeKind::Override => "override",
                ChangeKind::Replace => "replace",
            },
            package: &change.package,
            from: &change.from,
            to: Some(change.to.as_str()).filter(|to| !to.is_empty()),
            instruction: &change.instruction,
            clears: &change.clears,
            checked: change.checked,
            breaking: change.breaking,
        }
    }
}

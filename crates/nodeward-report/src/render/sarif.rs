//! SARIF 2.1.0, as GitHub code scanning and editors read it.
//!
//! Every advisory is a rule, with help and a security severity; every finding is a result, named by a fingerprint
//! that stays when lines move. What could not be checked makes the invocation unsuccessful, so that no gap looks
//! like a clean run.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};

use nodeward_package::Place;
use serde_json::{Value, json};

use super::markdown::escape;
use super::{OutputFormat, Style};
use crate::plan::subject_label;
use crate::sbom::purl;
use crate::{Confidence, Finding, Kind, Report, Severity, Subject, fingerprint, fit, safe_json};

/// This format.
pub const FORMAT: OutputFormat =
    OutputFormat { name: "sarif", summary: "SARIF 2.1.0, for code scanning", write };

/// Code scanning takes at most this many results of a run; the worst come first.
const MAX_RESULTS: usize = 25_000;

fn write(report: &Report, _: Style, out: &mut dyn Write) -> io::Result<()> {
    safe_json::write(&log(report), out)
}

fn log(report: &Report) -> Value {
    let rules = Rules::of(report);
    let any_suppressed = !report.suppressed.is_empty();
    let names = fingerprint::fingerprints(&report.findings);
    let mut results: Vec<Value> = report
        .findings
        .iter()
        .zip(&names)
        .take(MAX_RESULTS)
        .map(|(finding, name)| {
            let mut result = result(finding, name, &rules);
            if any_suppressed {
                // Once one result says how it is suppressed, all have to say.
                result["suppressions"] = json!([]);
            }
            result
        })
        .collect();
    for suppressed in report.suppressed.iter().take(MAX_RESULTS - results.len()) {
        let name = fingerprint::fingerprints(std::slice::from_ref(&suppressed.finding)).concat();
        let mut result = result(&suppressed.finding, &name, &rules);
        let until = suppressed.until.as_deref().map(|until| format!(" (until {until})")).unwrap_or_default();
        result["suppressions"] = json!([{
            "kind": "external",
            "status": "accepted",
            "justification": format!("{}{until}, by {}", suppressed.reason, suppressed.source),
        }]);
        results.push(result);
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Nodeward",
                "version": report.tool_version,
                "semanticVersion": report.tool_version,
                "shortDescription": { "text": "Supply-chain security for Node.js" },
                "rules": rules.values,
            } },
            "automationDetails": { "id": format!("nodeward/{}/", report.command) },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { "%SRCROOT%": { "description": { "text": "the folder that was scanned" } } },
            "invocations": [invocation(report)],
            "results": results,
            "properties": {
                "advisories": report.coverage.advisories,
                "advisorySource": report.coverage.source,
                "failOn": report.fail_on.name(),
            },
        }],
    })
}

fn invocation(report: &Report) -> Value {
    let gaps: Vec<Value> = report
        .coverage
        .gaps
        .iter()
        .map(|gap| {
            let remedy = if gap.remedy.is_empty() { String::new() } else { format!(". To mend it: {}", gap.remedy) };
            json!({ "level": "error", "message": { "text": format!("not checked: {}{remedy}", gap.message) } })
        })
        .collect();
    json!({
        "executionSuccessful": gaps.is_empty(),
        "exitCode": report.exit_code(),
        "endTimeUtc": report.now.to_string(),
        "toolExecutionNotifications": gaps,
    })
}

/// The rules of a run, each once, in the order of first use.
struct Rules<'a> {
    index: HashMap<&'a str, usize>,
    values: Vec<Value>,
}

impl<'a> Rules<'a> {
    fn of(report: &'a Report) -> Self {
        let mut rules = Self { index: HashMap::new(), values: Vec::new() };
        // Findings come worst first, so a rule is described by the worst of its findings.
        for finding in report.findings.iter().chain(report.suppressed.iter().map(|hidden| &hidden.finding)) {
            if !rules.index.contains_key(&*finding.rule) {
                rules.index.insert(&finding.rule, rules.values.len());
                rules.values.push(rule(finding));
            }
        }
        rules
    }
}

fn rule(finding: &Finding) -> Value {
    let title = fit::cut(&rule_title(finding), 250);
    let details = finding.details.as_deref().map(|details| clip(details, 4_000));
    let mut rule = json!({
        "id": &*finding.rule,
        "name": rule_name(finding),
        "shortDescription": { "text": title },
        "fullDescription": { "text": details.as_deref().map_or(title.clone(), |details| clip(details, 1_000).into_owned()) },
        "help": { "text": help_text(finding), "markdown": help_markdown(finding) },
        "defaultConfiguration": { "level": level(finding.severity) },
        "properties": {
            "tags": tags(finding),
            "precision": match finding.confidence {
                Confidence::High => "very-high",
                Confidence::Medium => "medium",
                Confidence::Low => "low",
            },
            "security-severity": format!("{:.1}", security_severity(finding)),
            "threat": finding.threat.code(),
        },
    });
    if let Some(link) = links(finding).next() {
        rule["helpUri"] = json!(link);
    }
    rule
}

/// What the rule says of any package: a signal's title often begins with the one that it is about.
fn rule_title(finding: &Finding) -> Cow<'_, str> {
    match (&finding.kind, &finding.subject) {
        (Kind::Signal | Kind::Project, Subject::Release { name, .. }) => {
            let label = subject_label(&finding.subject);
            let rest =
                finding.title.strip_prefix(&label).or_else(|| finding.title.strip_prefix(name.as_str()));
            rest.filter(|rest| rest.starts_with(' '))
                .map_or(Cow::Borrowed(&*finding.title), |rest| Cow::Owned(format!("a package{rest}")))
        }
        _ => Cow::Borrowed(&finding.title),
    }
}

fn rule_name(finding: &Finding) -> &'static str {
    match finding.kind {
        Kind::Malware => "MaliciousPackage",
        Kind::Advisory => "KnownVulnerability",
        Kind::Signal => "DependencySignal",
        Kind::Project => "ProjectConfiguration",
        Kind::Lint => "SourceCode",
    }
}

/// Code scanning sorts and filters by this number, not by the level.
fn security_severity(finding: &Finding) -> f64 {
    match finding.score {
        Some(score) if score > 0.0 && score <= 10.0 => score,
        _ => match finding.severity {
            Severity::Critical => 9.5,
            Severity::High => 8.0,
            Severity::Medium => 5.5,
            Severity::Low => 2.5,
            Severity::Info => 0.1,
        },
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// At most twenty, which is what code scanning takes.
fn tags(finding: &Finding) -> Vec<String> {
    let mut tags = vec![
        "security".to_owned(),
        "supply-chain".to_owned(),
        finding.kind.name().to_owned(),
        format!("threat/{}", finding.threat.code()),
    ];
    for cwe in finding.cwes.iter().take(10) {
        if let Some(number) = cwe_number(cwe) {
            tags.push(format!("external/cwe/cwe-{number:03}"));
        }
    }
    tags
}

fn cwe_number(cwe: &str) -> Option<u32> {
    cwe.strip_prefix("CWE-").and_then(|digits| digits.parse().ok())
}

fn links(finding: &Finding) -> impl Iterator<Item = &str> {
    finding.references.iter().map(String::as_str).filter(|link| is_web_link(link))
}

/// Whether a reference is a link that a reader may follow: http or https and nothing odd in it.
pub(crate) fn is_web_link(link: &str) -> bool {
    let web = link.starts_with("https://") || link.starts_with("http://");
    web && link.len() < 2_000
        && link.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte))
}

fn help_text(finding: &Finding) -> String {
    let mut lines = vec![clip(&rule_title(finding), 500).into_owned()];
    lines.extend(finding.details.as_deref().map(|details| clip(details, 4_000).into_owned()));
    lines.extend(facts(finding).into_iter().map(|(name, value)| format!("{name}: {value}")));
    lines.extend(links(finding).take(10).map(str::to_owned));
    lines.join("\n\n")
}

fn help_markdown(finding: &Finding) -> String {
    let mut text = format!("**{}**\n\n", escape(&rule_title(finding), 500));
    if let Some(details) = &finding.details {
        // The author's own markup stays out: it could hold links and pictures of the attacker's choice.
        let lines: Vec<String> = clip(details, 4_000).lines().map(|line| escape(line, 4_000)).collect();
        text += &format!("{}\n\n", lines.join("\n"));
    }
    for (name, value) in facts(finding) {
        text += &format!("- {name}: {}\n", escape(&value, 1_000));
    }
    let links: Vec<String> = links(finding).take(10).map(|link| format!("- <{link}>")).collect();
    if !links.is_empty() {
        text += &format!("\nRead more:\n\n{}\n", links.join("\n"));
    }
    text
}

fn facts(finding: &Finding) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Threat", format!("{} {}", finding.threat.code(), finding.threat.title()))];
    if !finding.aliases.is_empty() {
        facts.push(("Also known as", finding.aliases.join(", ")));
    }
    if let Some(range) = &finding.affected_range {
        facts.push(("Affected versions", range.clone()));
    }
    if !finding.fixed_versions.is_empty() {
        facts.push(("Fixed in", finding.fixed_versions.join(", ")));
    }
    if let Some(vector) = &finding.vector {
        facts.push(("CVSS", vector.clone()));
    }
    facts
}

fn result(finding: &Finding, fingerprint: &str, rules: &Rules<'_>) -> Value {
    let subject = subject_label(&finding.subject);
    let mut location = json!({ "physicalLocation": physical_location(&finding.place) });
    if let Some(excerpt) = &finding.excerpt {
        let region = &mut location["physicalLocation"]["region"];
        region["endLine"] = json!(excerpt.end.line);
        region["endColumn"] = json!(excerpt.end.column);
        region["snippet"] = json!({ "text": excerpt.text });
    }
    if let Subject::Release { name, .. } = &finding.subject {
        location["logicalLocations"] =
            json!([{ "name": name.as_str(), "fullyQualifiedName": subject, "kind": "module" }]);
    }
    let mut result = json!({
        "ruleId": &*finding.rule,
        "ruleIndex": rules.index[&*finding.rule],
        "level": level(finding.severity),
        "message": { "text": message(finding) },
        "locations": [location],
        "partialFingerprints": { "primaryLocationLineHash": fingerprint, "nodeward/1": fingerprint },
        "properties": properties(finding),
    });
    let related: Vec<Value> = finding
        .evidence
        .iter()
        .filter_map(|evidence| {
            let place = evidence.place.as_ref()?;
            let text = format!("{}: {}", evidence.label, clip(&evidence.value, 500));
            Some(json!({ "physicalLocation": physical_location(place), "message": { "text": text } }))
        })
        .take(20)
        .collect();
    if finding.kind == Kind::Lint && related.len() > 1 {
        let steps: Vec<Value> = related.iter().map(|step| json!({ "location": step })).collect();
        result["codeFlows"] = json!([{ "threadFlows": [{ "locations": steps }] }]);
    }
    if !related.is_empty() {
        result["relatedLocations"] = json!(related);
    }
    result
}

/// The message stands alone in a list of alerts: what, in which release, how it came in, what to do.
fn message(finding: &Finding) -> String {
    let subject = subject_label(&finding.subject);
    let mut text = match finding.kind {
        Kind::Malware => format!("MALWARE: {subject}: {}", clip(&finding.title, 500)),
        Kind::Advisory => format!("{subject}: {}", clip(&finding.title, 500)),
        Kind::Signal | Kind::Project | Kind::Lint => clip(&finding.title, 500).into_owned(),
    };
    if !finding.fixed_versions.is_empty() {
        text += &format!(". Fixed in {}", finding.fixed_versions.join(", "));
    }
    if !finding.production {
        text += ". Used for development only";
    }
    if let Some(path) = finding.paths.first().filter(|path| path.len() > 2) {
        text += &format!(". Brought in by {}", fit::chain(path, 200));
    }
    if let Some(next) = &finding.next_step {
        text += &format!(". Next: {}", clip(next, 500));
    }
    // `[words](target)` is a link in a SARIF message.
    (text + ".").replace("](", "] (")
}

fn properties(finding: &Finding) -> Value {
    let mut properties = json!({
        "severity": finding.severity.name(),
        "kind": finding.kind.name(),
        "threat": finding.threat.code(),
        "confidence": finding.confidence.name(),
        "production": finding.production,
        "fixedVersions": finding.fixed_versions,
        "paths": finding.paths,
    });
    if let Subject::Release { name, version } = &finding.subject {
        properties["purl"] = json!(purl::of_release(name, version));
    }
    if let Some(score) = finding.score {
        properties["score"] = json!(score);
    }
    if let Some(vector) = &finding.vector {
        properties["vector"] = json!(vector);
    }
    properties
}

fn physical_location(place: &Place) -> Value {
    let file = place.file.to_string_lossy().replace('\\', "/");
    let file = file.strip_prefix("./").unwrap_or(&file);
    // Code scanning wants a line even where the whole file is meant.
    let mut region = json!({ "startLine": place.line.max(1) });
    if place.line > 0 && place.column > 0 {
        region["startColumn"] = json!(place.column);
    }
    let artifact = if let Some(absolute) = file.strip_prefix('/') {
        json!({ "uri": format!("file:///{}", percent_encode(absolute)) })
    } else {
        json!({ "uri": percent_encode(file), "uriBaseId": "%SRCROOT%" })
    };
    json!({ "artifactLocation": artifact, "region": region })
}

fn percent_encode(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/@+,=!$&'()*;".contains(&byte) {
            uri.push(byte as char);
        } else {
            uri += &format!("%{byte:02X}");
        }
    }
    uri
}

/// At most so many characters, for fields whose readers take no more.
fn clip(text: &str, characters: usize) -> Cow<'_, str> {
    match text.char_indices().nth(characters) {
        Some((at, _)) => Cow::Owned(format!("{}…", &text[..at])),
        None => Cow::Borrowed(text),
    }
}

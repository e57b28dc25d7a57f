//! Findings as an editor shows them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use nodeward_lint::{Linted, rules};
use nodeward_package::Place;
use nodeward_package::place::{LineIndex, Position as Counted};
use nodeward_report::{Finding, Printable, Severity};
use serde_json::{Value, json};

use super::documents::{Document, Shown};
use super::position::{Encoding, Lines, Position, Range};
use super::protocol::{ERROR, HINT, INFORMATION, WARNING};
use super::uri;

/// Larger files are not read to show a step in them exactly.
const MAX_STEP_FILE: u64 = 4 << 20;
/// More in one file are no help.
const MAX_SHOWN: usize = 2_000;

/// What the client can show.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Abilities {
    pub(super) related: bool,
    pub(super) links: bool,
}

/// The findings of a document with the bytes that they mean in its text.
pub(super) fn placed(findings: Vec<Linted>, text: &str, edits: u64) -> Vec<Shown> {
    let lines = LineIndex::new(text);
    let place = |linted: Linted| {
        let Place { line, column, .. } = linted.finding.place;
        let start = lines.offset(Counted { line, column });
        let end =
            linted.finding.excerpt.as_ref().map_or(start, |excerpt| lines.offset(excerpt.end)).max(start);
        let follows_values = rules::find(&linted.finding.rule).is_some_and(|rule| rule.follows_values());
        Shown { linted, range: start..end, follows_values, edits }
    };
    findings.into_iter().take(MAX_SHOWN).map(place).collect()
}

/// All that is to be shown of a document.
pub(super) fn publish(document: &Document, abilities: Abilities, encoding: Encoding, here: &Path) -> Value {
    let mut steps = Steps { here, encoding, files: HashMap::new() };
    let mut diagnostics: Vec<Value> =
        document.shown.iter().map(|shown| diagnostic(document, shown, abilities, &mut steps)).collect();
    if let Some(reason) = &document.unchecked {
        let start = Position { line: 0, character: 0 };
        diagnostics.push(json!({
            "range": Range { start, end: start },
            "severity": INFORMATION,
            "source": "nodeward",
            "message": Printable(reason).to_string(),
        }));
    }
    let mut params = json!({ "uri": document.uri, "diagnostics": diagnostics });
    if let Some(version) = document.version {
        params["version"] = version.into();
    }
    params
}

fn diagnostic(document: &Document, shown: &Shown, abilities: Abilities, steps: &mut Steps<'_>) -> Value {
    let finding = &shown.linted.finding;
    let mut value = json!({
        "range": document.lines.range(&document.text, shown.range.clone()),
        "severity": severity(finding.severity),
        "code": &*finding.rule,
        "source": "nodeward",
        "message": message(finding),
    });
    if let (Some(link), true) = (link(finding), abilities.links) {
        value["codeDescription"] = json!({ "href": link });
    }
    if abilities.related {
        let related: Vec<Value> = finding
            .evidence
            .iter()
            .filter_map(|fact| {
                let location = steps.location(fact.place.as_ref()?)?;
                let message = format!("{}: {}", fact.label, fact.value);
                Some(json!({ "location": location, "message": Printable(&message).to_string() }))
            })
            .collect();
        if !related.is_empty() {
            value["relatedInformation"] = related.into();
        }
    }
    value
}

fn message(finding: &Finding) -> String {
    let title = Printable(&finding.title).to_string();
    match &finding.next_step {
        Some(step) => format!("{title}\n{}", Printable(step)),
        None => title,
    }
}

fn severity(severity: Severity) -> u8 {
    match severity {
        Severity::Critical | Severity::High => ERROR,
        Severity::Medium => WARNING,
        Severity::Low => INFORMATION,
        Severity::Info => HINT,
    }
}

/// Where to read more: the team's own link, or the weakness.
fn link(finding: &Finding) -> Option<String> {
    if let Some(link) = finding.references.first() {
        return Some(link.clone());
    }
    let number = finding.cwes.first()?.strip_prefix("CWE-")?;
    Some(format!("https://cwe.mitre.org/data/definitions/{number}.html"))
}

/// Turns places in other files into places of the client.
struct Steps<'s> {
    here: &'s Path,
    encoding: Encoding,
    files: HashMap<PathBuf, Option<(String, Lines)>>,
}

impl Steps<'_> {
    fn location(&mut self, place: &Place) -> Option<Value> {
        let path = self.here.join(&place.file);
        let encoding = self.encoding;
        let read = self.files.entry(path.clone()).or_insert_with(|| {
            let small =
                std::fs::metadata(&path).is_ok_and(|found| found.is_file() && found.len() <= MAX_STEP_FILE);
            let text = if small { std::fs::read_to_string(&path).ok()? } else { return None };
            let lines = Lines::new(&text, encoding);
            Some((text, lines))
        });
        let at = match read {
            Some((text, lines)) => {
                let offset = LineIndex::new(text).offset(Counted { line: place.line, column: place.column });
                lines.position(text, offset)
            }
            // As good as it gets: right wherever all characters are one unit.
            None => {
                Position { line: place.line.saturating_sub(1), character: place.column.saturating_sub(1) }
            }
        };
        Some(json!({ "uri": uri::of_path(&path), "range": Range { start: at, end: at } }))
    }
}

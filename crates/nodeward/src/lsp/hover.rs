//! The page of the rule under the cursor.

use std::sync::Arc;

use nodeward_lint::{Requirement, rules};
use nodeward_report::Printable;
use serde_json::{Value, json};

use super::documents::Document;
use super::position::Position;

/// How the client wants text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Markup {
    #[default]
    Plain,
    Markdown,
}

/// What there is to read at a place: about the findings there, or about a rule that a comment names.
pub(super) fn at(
    document: &Document,
    position: Position,
    requirements: &[Arc<Requirement>],
    markup: Markup,
) -> Option<Value> {
    let offset = document.lines.offset(&document.text, position);
    let meant =
        document.shown.iter().filter(|shown| shown.range.start <= offset && offset <= shown.range.end);
    // The innermost says most about the place.
    if let Some(shown) = meant.min_by_key(|shown| shown.range.len()) {
        let page = page(&shown.linted.finding.rule, requirements)?;
        let range = document.lines.range(&document.text, shown.range.clone());
        return Some(json!({ "contents": contents(&page, markup), "range": range }));
    }
    let page = page(named(&document.text, offset)?, requirements)?;
    Some(json!({ "contents": contents(&page, markup) }))
}

fn contents(page: &str, markup: Markup) -> Value {
    let kind = match markup {
        Markup::Markdown => "markdown",
        Markup::Plain => "plaintext",
    };
    json!({ "kind": kind, "value": page })
}

fn page(id: &str, requirements: &[Arc<Requirement>]) -> Option<String> {
    if let Some(rule) = rules::find(id) {
        let cwes: Vec<String> = rule.cwe_names().collect();
        let head = format!(
            "**{}** · {} {} · {} · policy {}{}",
            rule.id,
            rule.threat.code(),
            rule.threat.title(),
            rule.severity.name(),
            rule.policy,
            if cwes.is_empty() { String::new() } else { format!(" · {}", cwes.join(", ")) }
        );
        return Some(format!("{head}\n\n{}", languages(rule.docs)));
    }
    let requirement = requirements.iter().find(|requirement| *requirement.id == *id)?;
    let place = requirement.place.to_string();
    let head = format!(
        "**{}** · {} {} · {} · required by {}",
        requirement.id,
        requirement.threat.code(),
        requirement.threat.title(),
        requirement.severity.name(),
        Printable(&place)
    );
    Some(format!("{head}\n\n{}", languages(&requirement.page())))
}

/// Editors colour code by the first word of its fence, and show none of the others: the verdict becomes text.
fn languages(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    for line in page.lines() {
        let info = line.trim_start_matches('`');
        let fence = &line[..line.len() - info.len()];
        let mut words = info.split(' ');
        match (fence.len() >= 3, words.next(), words.next()) {
            (true, Some(language), Some(verdict @ ("bad" | "good"))) => {
                text.push_str(&format!(
                    "{}:\n\n{fence}{language}\n",
                    if verdict == "bad" { "Bad" } else { "Good" }
                ));
            }
            _ => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

/// The rule that a comment names at a place.
fn named(text: &str, offset: usize) -> Option<&str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let line = &text[text[..offset].rfind('\n').map_or(0, |at| at + 1)..];
    let line = &line[..line.find('\n').unwrap_or(line.len())];
    line.contains("nodeward-ignore").then_some(())?;
    let start = text[..offset]
        .rfind(|c| !fits(c))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let end = text[offset..].find(|c| !fits(c)).map_or(text.len(), |at| offset + at);
    Some(&text[start..end])
}

//! What an editor can change at a click: the fixes of findings, and the comment that hides one.

use nodeward_lint::{Safety, apply, suppress};
use serde_json::{Value, json};

use super::documents::{Document, Shown};
use super::position::Range;

/// More at one place are no help, and each is tried.
const MAX_SUPPRESSED: usize = 20;

const QUICK_FIX: &str = "quickfix";
const FIX_ALL: &str = "source.fixAll.nodeward";

/// The kinds, for the client.
pub(super) const KINDS: [&str; 2] = [QUICK_FIX, FIX_ALL];

/// The changes that are offered for a part of a document.
pub(super) fn offered(document: &Document, range: Range, only: Option<&[String]>) -> Vec<Value> {
    let wants = |kind: &str| {
        only.is_none_or(|only| {
            only.iter().any(|wanted| {
                kind == wanted || kind.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.starts_with('.'))
            })
        })
    };
    let start = document.lines.offset(&document.text, range.start);
    let end = document.lines.offset(&document.text, range.end).max(start);
    let meant: Vec<&Shown> =
        document.shown.iter().filter(|shown| shown.range.start <= end && start <= shown.range.end).collect();
    let mut actions = Vec::new();
    if wants(QUICK_FIX) {
        actions.extend(meant.iter().filter_map(|shown| fix(document, shown)));
        let mut lines: Vec<(u32, &str)> = Vec::new();
        for shown in meant.iter().take(MAX_SUPPRESSED) {
            let line = document.lines.position(&document.text, shown.range.start).line;
            let rule: &str = &shown.linted.finding.rule;
            // One comment speaks for all findings of a rule on its line.
            if !lines.contains(&(line, rule)) {
                lines.push((line, rule));
                actions.extend(suppression(document, shown));
            }
        }
    }
    // Not what a menu at a place is for: only who asks for it gets it.
    if only.is_some() && wants(FIX_ALL) {
        actions.extend(fix_all(document));
    }
    actions
}

fn edit(document: &Document, edits: &[Value]) -> Value {
    json!({ "changes": { &document.uri: edits } })
}

fn diagnostic(document: &Document, shown: &Shown) -> Value {
    // As much as lets the client tell which of its own is meant.
    json!({
        "range": document.lines.range(&document.text, shown.range.clone()),
        "code": &*shown.linted.finding.rule,
        "source": "nodeward",
        "message": shown.linted.finding.title,
    })
}

fn fix(document: &Document, shown: &Shown) -> Option<Value> {
    let fix = shown.linted.fix.as_ref().filter(|_| shown.edits == document.edits)?;
    let edits: Vec<Value> = fix
        .edits
        .iter()
        .map(|edit| {
            let range = document.lines.range(&document.text, edit.start..edit.end);
            json!({ "range": range, "newText": edit.text })
        })
        .collect();
    let is_safe = fix.safety == Safety::Safe;
    let note = if is_safe { "" } else { " (may change what the program does)" };
    Some(json!({
        "title": format!("{}{note}", capital(fix.title)),
        "kind": QUICK_FIX,
        "isPreferred": is_safe,
        "diagnostics": [diagnostic(document, shown)],
        "edit": edit(document, &edits),
    }))
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// Writes the comment up to where the reason has to stand: without one it hides nothing.
fn suppression(document: &Document, shown: &Shown) -> Option<Value> {
    let rule = &shown.linted.finding.rule;
    let written = suppress::comment(&document.path, &document.text, shown.range.start, rule)?;
    let range = document.lines.range(&document.text, written.start..written.end);
    Some(json!({
        "title": format!("Suppress {rule} here: write the reason after the colon"),
        "kind": QUICK_FIX,
        "diagnostics": [diagnostic(document, shown)],
        "edit": edit(document, &[json!({ "range": range, "newText": written.text })]),
    }))
}

/// All changes that cannot alter what the program does, in one.
fn fix_all(document: &Document) -> Option<Value> {
    let fresh = document.shown.iter().filter(|shown| shown.edits == document.edits);
    let safe = fresh.filter_map(|shown| shown.linted.fix.as_ref()).filter(|fix| fix.safety == Safety::Safe);
    let (text, made) = apply(&document.text, safe);
    if made == 0 {
        return None;
    }
    let range = document.lines.range(&document.text, 0..document.text.len());
    Some(json!({
        "title": format!("Make {made} safe {}", if made == 1 { "change" } else { "changes" }),
        "kind": FIX_ALL,
        "edit": edit(document, &[json!({ "range": range, "newText": text })]),
    }))
}

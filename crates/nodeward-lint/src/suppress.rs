//! `// nodeward-ignore RULE: reason`, on the line above or at the end of the line.
//!
//! The reason is obligatory: without one nothing is hidden. Comments that hide nothing are findings themselves, so
//! that they go when the code does. In dependencies the comments do not count: nobody silences the check of their
//! own code.

mod comment;

use nodeward_javascript::oxc::Span;
use nodeward_package::place::LineIndex;

use crate::context::Context;
use crate::issue::Issue;
use crate::rules::ignore_comment;

pub use comment::comment;

/// What such a comment begins with.
const MARK: &str = "nodeward-ignore";

/// One such comment.
pub(crate) struct Ignore {
    span: Span,
    rules: Vec<String>,
    reason: String,
    line: u32,
}

/// An issue that a comment hides.
pub(crate) struct Hidden {
    pub(crate) issue: Issue,
    pub(crate) reason: String,
}

/// What is known of the names in comments.
#[derive(Clone, Copy)]
pub(crate) struct Known<'k> {
    /// Whether it was run at all: a comment for what was not may well be needed.
    pub(crate) runs: &'k dyn Fn(&str) -> bool,
    /// Whether there is such a rule or requirement.
    pub(crate) exists: &'k dyn Fn(&str) -> bool,
}

/// The comments of a file.
pub(crate) fn read(context: &Context<'_, '_>) -> Vec<Ignore> {
    let text = context.semantic.source_text();
    if memchr::memmem::find(text.as_bytes(), MARK.as_bytes()).is_none() {
        return Vec::new();
    }
    let lines = LineIndex::new(text);
    let comments = context.semantic.comments().iter();
    let ignores = comments.filter_map(|comment| {
        let span = comment.content_span();
        let said = context.text(span).trim_matches(|c: char| c.is_whitespace() || c == '*');
        let said = said.strip_prefix(MARK)?;
        if said.starts_with(|c: char| c.is_alphanumeric() || c == '-') {
            return None;
        }
        let (rules, reason) = said.split_once(':').unwrap_or((said, ""));
        let rules = rules.split([',', ' ', '\t', '\n']).map(str::trim).filter(|rule| !rule.is_empty());
        let rules = rules.map(str::to_owned).collect();
        let line = covered_line(text, comment.span, &lines);
        Some(Ignore { span: comment.span, rules, reason: reason.trim().to_owned(), line })
    });
    ignores.collect()
}

/// The line that a comment speaks of: its own, if code stands before it there; else the next that has code.
fn covered_line(text: &str, span: Span, lines: &LineIndex<'_>) -> u32 {
    let (start, end) = (span.start as usize, span.end as usize);
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    // A comment in JSX stands in braces of its own.
    let before = text[line_start..start].trim_start_matches(|c: char| c.is_whitespace() || c == '{');
    let own = lines.position(start).line;
    if !before.is_empty() {
        return own;
    }
    let mut at = end;
    loop {
        let Some(rest) = text.get(at..) else { return own };
        let skipped = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '}');
        at = text.len() - skipped.len();
        let comment_end = if skipped.starts_with("//") {
            skipped.find('\n')
        } else if skipped.starts_with("/*") {
            skipped.find("*/").map(|end| end + 2)
        } else {
            return lines.position(at).line;
        };
        match comment_end {
            Some(end) => at += end,
            None => return own,
        }
    }
}

/// Parts the issues into those that stay and those that are hidden, and says what is wrong with the comments.
pub(crate) fn apply(
    issues: Vec<Issue>,
    ignores: &[Ignore],
    lines: &LineIndex<'_>,
    known: Known<'_>,
) -> (Vec<Issue>, Vec<Hidden>) {
    let (mut kept, mut hidden) = (Vec::new(), Vec::new());
    let mut used: Vec<Vec<bool>> = ignores.iter().map(|ignore| vec![false; ignore.rules.len()]).collect();
    for issue in issues {
        let line = lines.position(issue.span.start as usize).line;
        let place = ignores.iter().enumerate().find_map(|(at, ignore)| {
            let speaks = ignore.line == line && !ignore.reason.is_empty();
            let rule = ignore.rules.iter().position(|rule| rule == issue.finder.id())?;
            speaks.then_some((at, rule))
        });
        match place {
            Some((at, rule)) => {
                used[at][rule] = true;
                hidden.push(Hidden { issue, reason: ignores[at].reason.clone() });
            }
            None => kept.push(issue),
        }
    }
    if (known.runs)(ignore_comment::RULE.id) {
        for (ignore, used) in ignores.iter().zip(&used) {
            kept.extend(faults(ignore, used, known));
        }
    }
    (kept, hidden)
}

fn faults(ignore: &Ignore, used: &[bool], known: Known<'_>) -> Vec<Issue> {
    let fault = |title: String, step| Issue::new(&ignore_comment::RULE, ignore.span, title).next(step);
    if ignore.rules.is_empty() {
        return vec![fault("this comment names no rule".into(), "write `nodeward-ignore RULE: reason`")];
    }
    if ignore.reason.is_empty() {
        return vec![fault(
            "this comment gives no reason, so it hides nothing".into(),
            "say after a colon why the finding is all right here",
        )];
    }
    let mut faults = Vec::new();
    for (rule, &used) in ignore.rules.iter().zip(used) {
        if !(known.exists)(rule) {
            faults.push(fault(format!("there is no rule {rule}"), "correct the name, or remove the comment"));
        } else if !used && (known.runs)(rule) {
            faults.push(fault(format!("nothing of {rule} is left to hide here"), "remove the comment"));
        }
    }
    faults
}

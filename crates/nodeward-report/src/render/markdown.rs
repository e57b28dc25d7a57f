//! Markdown for a pull-request comment or a job summary.
//!
//! GitHub refuses comments over 65,536 characters, so the list of findings is cut before that, worst first, and
//! says so.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::sarif::is_web_link;
use super::{OutputFormat, Style};
use crate::exposure::exposures;
use crate::plan::{self, Next, Step, Topic, subject_label};
use crate::{Finding, Printable, Report, fit};

/// This format.
pub const FORMAT: OutputFormat =
    OutputFormat { name: "markdown", summary: "for a pull request or a job summary", write };

/// Characters that the findings may fill.
const MAX_FINDINGS: usize = 45_000;

fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(document(report, style).as_bytes())
}

// Writing to a string cannot fail, so the results of `write!` are dropped here.
fn document(report: &Report, style: Style) -> String {
    let mut text = String::from("## Nodeward\n\n");
    let _ = writeln!(text, "**{}**\n", escape(&plan::verdict_line(report), 300));
    for gap in &report.coverage.gaps {
        let _ = writeln!(text, "> [!WARNING]\n> INCOMPLETE: {}", escape(&gap.message, 500));
        if !gap.remedy.is_empty() {
            let _ = writeln!(text, "> → {}", escape(&gap.remedy, 500));
        }
        text.push('\n');
    }
    for project in report.projects.iter().take(20) {
        let _ = writeln!(text, "- {}", escape(&plan::project_line(project), 300));
    }
    if report.projects.len() > 20 {
        let _ = writeln!(text, "- … and {} more lockfiles", report.projects.len() - 20);
    }
    let _ = writeln!(text, "- Checked against {}\n", escape(&plan::data_line(report), 300));
    if !report.findings.is_empty() {
        let steps = plan::steps(report);
        first(report, &steps, &mut text);
        threats(report, &mut text);
        findings(&steps, style, &mut text);
    }
    suppressed(report, &mut text);
    text
}

fn first(report: &Report, steps: &[Step<'_>], text: &mut String) {
    const STEPS: usize = 15;
    let malicious = steps.iter().filter(|step| step.is_malware()).count();
    if malicious > 0 {
        let what = fit::count(malicious, "malicious release", "malicious releases");
        let _ = writeln!(
            text,
            "> [!CAUTION]\n> **MALWARE: {what} found.** Treat every secret on a machine that installed one as known to \
             others.\n"
        );
    }
    text.push_str("### What to do, worst first\n\n| severity | what | clears | how |\n|---|---|---|---|\n");
    for step in steps.iter().take(STEPS.max(malicious)) {
        let severity = if step.is_malware() { "**MALWARE**".to_owned() } else { step.severity().to_string() };
        let mut title = escape(&step.title(), 160);
        let notes = step.notes(report);
        if !notes.is_empty() {
            let _ = write!(title, " <br> ({})", escape(&notes.join("; "), 200));
        }
        let how = match step.next() {
            Some(Next::Run(command)) => code(command, 300),
            Some(Next::Read(sentence)) => escape(sentence, 300),
            None => String::new(),
        };
        let clears = if step.change.is_some() { step.findings.len().to_string() } else { String::new() };
        let _ = writeln!(text, "| {severity} | {title} | {clears} | {how} |");
    }
    if steps.len() > STEPS.max(malicious) {
        let _ = writeln!(text, "\n… and {} more groups, less pressing.", steps.len() - STEPS.max(malicious));
    }
    text.push('\n');
}

fn threats(report: &Report, text: &mut String) {
    text.push_str("### The twelve threats\n\n| threat | found | what would reduce it |\n|---|---|---|\n");
    let mut clear = Vec::new();
    for row in exposures(report) {
        if row.now.total() == 0 {
            clear.push(row.threat.code());
            continue;
        }
        let (code, title) = (row.threat.code(), row.threat.title());
        let _ = writeln!(text, "| {code} {title} | {} | {} |", row.now.in_words(), row.reduce);
    }
    if !clear.is_empty() {
        let _ = writeln!(
            text,
            "\nNothing found for {} (looked at: dependencies and settings, not source).",
            clear.join(" ")
        );
    }
    text.push('\n');
}

fn findings(steps: &[Step<'_>], style: Style, text: &mut String) {
    text.push_str("### Findings\n\n");
    let limit = if style.verbose { usize::MAX } else { text.len() + MAX_FINDINGS };
    let mut left: usize = steps.iter().map(|step| step.distinct().len()).sum();
    for step in steps {
        if text.len() > limit {
            break;
        }
        let tag = if step.is_malware() { "MALWARE" } else { step.severity().name() };
        let open = if step.is_malware() { " open" } else { "" };
        // The summary is HTML, where Markdown's own escapes do not count.
        let title = html(&fit::cut(&step.title(), 160));
        let _ =
            writeln!(text, "<details{open}><summary>{tag}: {title} ({})</summary>\n", step.findings.len());
        for (finding, times) in step.distinct() {
            if text.len() > limit {
                break;
            }
            left -= 1;
            item(step, finding, times, text);
        }
        text.push_str("\n</details>\n");
    }
    if left > 0 {
        let _ = writeln!(text, "\n… and {left} more findings, less pressing: too many for one comment.");
    }
    text.push('\n');
}

fn item(step: &Step<'_>, finding: &Finding, times: usize, text: &mut String) {
    let id = code(&finding.rule, 80);
    let id = match finding.references.iter().find(|link| is_web_link(link)) {
        Some(link) if !matches!(step.topic, Topic::Rule(_)) => {
            format!("[{id}](<{}>)", link.replace('@', "%40"))
        }
        _ => id,
    };
    let times = if times > 1 { format!(" ({times} times)") } else { String::new() };
    let subject = code(&subject_label(&finding.subject), 120);
    let _ = writeln!(text, "- {} {id} {subject}{times}: {}  ", finding.severity, escape(&finding.title, 200));
    let mut facts = vec![format!("{} at {}", finding.threat.code(), code(&finding.place.to_string(), 200))];
    if !finding.production {
        facts.push("development only".to_owned());
    }
    if let Some(range) = &finding.affected_range {
        facts.push(format!("affected {}", code(range, 120)));
    }
    if !finding.fixed_versions.is_empty() {
        facts.push(format!("fixed in {}", code(&finding.fixed_versions.join(", "), 120)));
    }
    if let Some(path) = finding.paths.first().filter(|path| path.len() > 2) {
        facts.push(format!("through {}", code(&fit::chain(path, 100), 400)));
    }
    let _ = writeln!(text, "  {}", facts.join(" · "));
}

fn suppressed(report: &Report, text: &mut String) {
    const SHOWN: usize = 30;
    if report.suppressed.is_empty() {
        return;
    }
    let _ = writeln!(text, "<details><summary>Suppressed ({})</summary>\n", report.suppressed.len());
    for hidden in report.suppressed.iter().take(SHOWN) {
        let until = hidden.until.as_deref().map(|until| format!(", until {until}")).unwrap_or_default();
        let _ = writeln!(
            text,
            "- {} {}: {} ({})",
            code(&hidden.finding.rule, 80),
            code(&subject_label(&hidden.finding.subject), 120),
            escape(&hidden.reason, 200),
            escape(&format!("{}{until}", hidden.source), 120)
        );
    }
    if report.suppressed.len() > SHOWN {
        let _ = writeln!(text, "- … and {} more", report.suppressed.len() - SHOWN);
    }
    text.push_str("\n</details>\n");
}

/// Text that somebody else wrote, as plain words: no markup, no HTML, no link, nobody mentioned, no issue closed.
/// At most so many columns.
pub fn escape(text: &str, width: usize) -> String {
    let text = fit::cut(text, width);
    let mut escaped = String::with_capacity(text.len() + 16);
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // A comment between the sign and the name keeps GitHub from making a mention or a reference of it.
            '@' => escaped.push_str("@<!-- -->"),
            '#' => escaped.push_str("\\#<!-- -->"),
            // What looks like an address becomes a link by itself, unless its colon or dot is written as an entity.
            ':' if after.starts_with("//") => escaped.push_str("&#58;"),
            '.' if ends_with_www(&escaped) => escaped.push_str("&#46;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '!' | '|' | '~' | '$' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
        rest = after;
    }
    escaped
}

fn ends_with_www(text: &str) -> bool {
    text.len()
        .checked_sub(3)
        .and_then(|start| text.get(start..))
        .is_some_and(|end| end.eq_ignore_ascii_case("www"))
}

/// Text that somebody else wrote, as code: shown as it is, nothing in it read as markup.
pub fn code(text: &str, width: usize) -> String {
    let text = fit::cut_middle(text, width);
    let simple = !text.is_empty() && !text.contains(['`', '|', '\\']) && text.trim() == text;
    if simple { format!("`{text}`") } else { format!("<code>{}</code>", escape(&text, width)) }
}

/// Text for HTML, made safe before.
fn html(text: &str) -> String {
    Printable(text)
        .to_string()
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('@', "@<!-- -->")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_plain_text() {
        assert_eq!(
            escape("a|b `c` <img> @user #12 **x**", 80),
            "a\\|b \\`c\\` &lt;img&gt; @<!-- -->user \\#<!-- -->12 \\*\\*x\\*\\*"
        );
        assert_eq!(
            escape("[x](http://evil.example) www.evil.example", 80),
            "\\[x\\]\\(http&#58;//evil.example\\) www&#46;evil.example"
        );
        assert_eq!(escape("a\\|b", 80), "a\\\\\\|b", "a backslash does not undo the escape of the bar");
        assert_eq!(code("a`|b", 80), "<code>a\\`\\|b</code>");
    }
}

//! GitHub workflow annotations: lines on standard output that the runner turns into marks on a pull request.
//!
//! A runner shows ten errors, ten warnings and ten notices of a step at most, so there is one annotation for each
//! group of findings (what one change clears, what one rule says), not for each finding. Every id is named. Findings
//! in source stand each at its line.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{OutputFormat, Style};
use crate::plan::{self, Next, Step, Verdict};
use crate::{Printable, Report, Severity, fit};

/// This format.
pub const FORMAT: OutputFormat =
    OutputFormat { name: "github", summary: "annotations in a GitHub Actions log", write };

/// Annotations of one rule in source.
const PLACES: usize = 100;
/// Ids named in one annotation; GitHub cuts messages at 4 KiB.
const IDS: usize = 40;

fn write(report: &Report, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    for gap in &report.coverage.gaps {
        let remedy = if gap.remedy.is_empty() { String::new() } else { format!(" → {}", gap.remedy) };
        let message = data(&format!("{}{remedy}", gap.message));
        writeln!(out, "::warning title={}::{message}", property("Nodeward: the check is incomplete"))?;
    }
    for step in plan::steps(report) {
        if step.is_of_source() {
            // What is wrong with a line belongs beside that line.
            for &finding in step.findings.iter().take(PLACES) {
                annotation(&Step { findings: vec![finding], ..step }, report, &mut out)?;
            }
            continue;
        }
        annotation(&step, report, &mut out)?;
    }
    let level = match Verdict::of(report) {
        Verdict::Pass => "notice",
        Verdict::Fail => "error",
        Verdict::Incomplete => "warning",
    };
    writeln!(out, "::{level} title=Nodeward::{}", data(&plan::verdict_line(report)))?;
    out.flush()
}

fn annotation(step: &Step<'_>, report: &Report, out: &mut impl Write) -> io::Result<()> {
    let level = match step.severity() {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "notice",
    };
    let tag = if step.is_malware() { "MALWARE" } else { step.severity().name() };
    let place = &step.findings[0].place;
    let file = place.file.to_string_lossy().replace('\\', "/");
    let mut command = format!("::{level} file={}", property(&file));
    // Writing to a string cannot fail.
    if place.line > 0 {
        let _ = write!(command, ",line={}", place.line);
        if place.column > 0 {
            let _ = write!(command, ",col={}", place.column);
        }
    }
    let title = fit::cut(&format!("{tag}: {}", step.title()), 200);
    writeln!(out, "{command},title={}::{}", property(&title), data(&message(step, report)))
}

fn message(step: &Step<'_>, report: &Report) -> String {
    let mut parts = Vec::new();
    let distinct = step.distinct();
    for (finding, _) in distinct.iter().take(IDS) {
        let subject = plan::subject_label(&finding.subject);
        parts.push(fit::cut(
            &format!("{} {} {subject}: {}", finding.severity, finding.rule, finding.title),
            160,
        ));
    }
    if distinct.len() > IDS {
        parts.push(format!("… {} more", distinct.len() - IDS));
    }
    if let Some(Next::Run(text) | Next::Read(text)) = step.next() {
        parts.push(format!("→ {}", fit::cut(text, 300)));
    }
    let notes = step.notes(report);
    if !notes.is_empty() {
        parts.push(fit::cut(&format!("({})", notes.join("; ")), 300));
    }
    parts.join("\n")
}

/// Escapes the message of a command. Line breaks between our own lines stay, as the escape that the runner knows.
/// `::` would end nothing there, but it is broken all the same: other tools look for it anywhere in a line.
fn data(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| escape(&Printable(line).to_string())).collect();
    apart(&apart(&lines.join("%0A"), "::", ": :"), "##", "# #")
}

/// No two of a sign side by side: of four in a row one pass leaves the middle two together.
fn apart(text: &str, pair: &str, parted: &str) -> String {
    text.replace(pair, parted).replace(pair, parted)
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    escape(&Printable(text).to_string()).replace(':', "%3A").replace(',', "%2C")
}

fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_early() {
        let hostile = "100%0A ::set-env name=a::b\n::error::x, y: ##[add-path]/tmp";
        assert!(
            !data(hostile).contains("::") && !data(hostile).contains('\n') && !data(hostile).contains("##")
        );
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25\\n");
    }
}

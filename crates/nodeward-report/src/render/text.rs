//! Text for a person at a terminal: what was scanned, what to do first, the twelve threats, a verdict.
//!
//! A clean result is three lines. Nothing here is wider than the width asked for, and colour only repeats what the
//! words say.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style as Ansi};

use super::{OutputFormat, Style};
use crate::exposure::{Exposure, exposures};
use crate::fit::{self, chain, columns, cut, cut_middle, wrap};
use crate::plan::{self, Next, Step, Topic, Verdict};
use crate::{Confidence, Finding, Kind, Report, Severity, Subject};

mod source;

/// This format.
pub const FORMAT: OutputFormat = OutputFormat { name: "text", summary: "for a person at a terminal", write };

/// Steps shown without `--verbose`; malware is always shown.
const STEPS: usize = 10;
/// Findings shown without `--verbose` of each of the first steps, and of each of the others.
const ROWS: (usize, usize) = (5, 2);
/// How many steps are the first ones.
const FIRST_STEPS: usize = 3;
/// Findings in source shown without `--verbose` of each rule, where source is what was asked about.
const SOURCE_ROWS: usize = 10;
/// Where the body of a step starts.
const INDENT: usize = 10;

/// A page of known width.
struct Page<'a> {
    out: io::BufWriter<&'a mut dyn Write>,
    width: usize,
    style: Style,
}

impl Page<'_> {
    fn line(&mut self, text: &str) -> io::Result<()> {
        let text = text.trim_end();
        // A build runner takes a line that starts so for a command, and wrapping puts any word at a start.
        match text.trim_start().strip_prefix("::") {
            Some(rest) => {
                let indent = &text[..text.len() - rest.len() - 2];
                writeln!(self.out, "{indent}\\u{{3a}}:{rest}")
            }
            None => writeln!(self.out, "{text}"),
        }
    }

    fn bold(&mut self, text: &str) -> io::Result<()> {
        let text = self.paint(Ansi::new().bold(), text);
        self.line(&text)
    }

    fn paint(&self, ansi: Ansi, text: &str) -> String {
        if self.style.colour { format!("{ansi}{text}{ansi:#}") } else { text.to_owned() }
    }

    /// A wrapped paragraph behind a label; continuation lines start under its text.
    fn paragraph(&mut self, label: &str, text: &str, limit: usize) -> io::Result<()> {
        self.painted_paragraph(Ansi::new(), label, text, limit)
    }

    fn painted_paragraph(&mut self, ansi: Ansi, label: &str, text: &str, limit: usize) -> io::Result<()> {
        let indent = columns(label);
        let painted = if ansi.is_plain() { label.to_owned() } else { self.paint(ansi, label) };
        for (number, line) in wrap(text, self.width.saturating_sub(indent), limit).iter().enumerate() {
            if number == 0 {
                self.line(&format!("{painted}{line}"))?;
            } else {
                self.line(&format!("{:indent$}{line}", ""))?;
            }
        }
        Ok(())
    }

    /// A wrapped paragraph at the body's indent behind a mark.
    fn body(&mut self, mark: &str, text: &str, limit: usize) -> io::Result<()> {
        self.paragraph(&format!("{:INDENT$}{mark}", ""), text, limit)
    }
}

fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { out: io::BufWriter::new(out), width: style.width.clamp(60, 120), style };
    gaps(report, &mut page)?;
    header(report, &mut page)?;
    if !report.findings.is_empty() {
        findings(report, &mut page)?;
    }
    if style.verbose && !report.suppressed.is_empty() {
        suppressed(report, &mut page)?;
    }
    let colour = match Verdict::of(report) {
        Verdict::Pass => AnsiColor::Green,
        Verdict::Fail => AnsiColor::Red,
        Verdict::Incomplete => AnsiColor::Yellow,
    };
    for line in wrap(&plan::verdict_line(report), page.width, 2) {
        let line = page.paint(colour.on_default().bold(), &line);
        page.line(&line)?;
    }
    page.out.flush()
}

fn gaps(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    for gap in &report.coverage.gaps {
        page.painted_paragraph(AnsiColor::Yellow.on_default().bold(), "INCOMPLETE: ", &gap.message, 6)?;
        page.paragraph("            → ", &gap.remedy, 3)?;
    }
    Ok(())
}

fn header(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    const PROJECTS: usize = 3;
    let shown = if page.style.verbose { usize::MAX } else { PROJECTS };
    for project in report.projects.iter().take(shown) {
        page.line(&cut_middle(&plan::project_line(project), page.width))?;
    }
    if report.projects.len() > shown {
        let more = &report.projects[shown..];
        let packages = more.iter().map(|project| project.graph.packages().len()).sum();
        page.line(&format!(
            "… and {} with {}",
            fit::count(more.len(), "more lockfile", "more lockfiles"),
            fit::count(packages, "package", "packages")
        ))?;
    }
    if !report.is_of_source() {
        page.line(&cut(&format!("Checked against {}", plan::data_line(report)), page.width))?;
    }
    match &report.coverage.sources {
        Some(sources) => page.paragraph("", &plan::sources_line(sources), 2),
        None => Ok(()),
    }
}

fn findings(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let steps = plan::steps(report);
    let malicious = steps.iter().filter(|step| step.is_malware()).count();
    if malicious > 0 {
        let what = fit::count(malicious, "malicious release", "malicious releases");
        let banner =
            page.paint(AnsiColor::White.on(AnsiColor::Red).bold(), &format!("!!! MALWARE !!! {what} found"));
        page.line("")?;
        page.line(&banner)?;
    }
    let limit = if page.style.verbose || report.is_of_source() { usize::MAX } else { STEPS.max(malicious) };
    for (number, step) in steps.iter().take(limit).enumerate() {
        let rows = match number {
            _ if page.style.verbose => usize::MAX,
            _ if report.is_of_source() => SOURCE_ROWS,
            0..FIRST_STEPS => ROWS.0,
            _ => ROWS.1,
        };
        page.line("")?;
        write_step(report, step, rows, page)?;
    }
    if steps.len() > limit {
        let rest = &steps[limit..];
        let counts = crate::Counts::of(rest.iter().flat_map(|step| step.findings.iter().copied()));
        let more = fit::count(rest.len(), "more group", "more groups");
        page.line("")?;
        page.paragraph(
            "… ",
            &format!("and {more}, less pressing: {}. --verbose shows all.", counts.in_words()),
            2,
        )?;
    }
    page.line("")?;
    threats(report, page)?;
    page.line("")?;
    page.bold("Next")?;
    for (number, text) in plan::next_steps(report).iter().enumerate() {
        page.paragraph(&format!("  {}. ", number + 1), text, 3)?;
    }
    page.line("")
}

fn severity_style(severity: Severity) -> Ansi {
    match severity {
        Severity::Critical => AnsiColor::Red.on_default().bold(),
        Severity::High => AnsiColor::Red.on_default(),
        Severity::Medium => AnsiColor::Yellow.on_default(),
        Severity::Low => AnsiColor::Cyan.on_default(),
        Severity::Info => Ansi::new(),
    }
}

fn write_step(report: &Report, step: &Step<'_>, limit: usize, page: &mut Page<'_>) -> io::Result<()> {
    let tag = if step.is_malware() { "MALWARE".to_owned() } else { step.severity().name().to_uppercase() };
    let mut title = step.title();
    if step.change.is_some() && !step.is_malware() && step.findings.len() > 1 {
        title += &format!(", clears {}", step.findings.len());
    }
    page.painted_paragraph(severity_style(step.severity()).bold(), &format!("{tag:INDENT$}"), &title, 3)?;
    let notes = step.notes(report);
    if !notes.is_empty() {
        page.body("", &format!("({})", notes.join("; ")), 2)?;
    }
    match step.next() {
        Some(Next::Run(command)) => page.body("$ ", command, 4)?,
        Some(Next::Read(text)) => page.body("→ ", text, 3)?,
        None => {}
    }
    if step.is_of_source() { source::rows(step, limit, page) } else { rows(step, limit, page) }
}

fn rows(step: &Step<'_>, limit: usize, page: &mut Page<'_>) -> io::Result<()> {
    let verbose = page.style.verbose;
    let rows =
        if verbose { step.findings.iter().map(|&finding| (finding, 1)).collect() } else { step.distinct() };
    let shown = &rows[..rows.len().min(limit)];
    let id_width =
        shown.iter().map(|(finding, _)| columns(&fit::shown(&finding.rule))).max().unwrap_or(0).min(20);
    for &(finding, times) in shown {
        match step.topic {
            // A rule with one finding has said all of it in its title.
            Topic::Rule(rule) if step.findings.len() == 1 => {
                let room = page.width - INDENT;
                let place = cut_middle(&place(finding), room / 2);
                let rule = cut(rule, room - columns(&place) - 6);
                page.line(&format!("{:INDENT$}at {place} ({rule})", ""))?;
            }
            Topic::Rule(_) => rule_row(finding, times, page)?,
            _ => advisory_row(step, (finding, times), id_width, page)?,
        }
        if verbose {
            in_full(finding, page)?;
        }
    }
    let hidden = rows.len() - shown.len();
    if hidden > 0 {
        page.line(&format!("{:INDENT$}… {} more", "", fit::grouped(hidden as u64)))?;
    }
    if verbose || matches!(step.topic, Topic::Rule(_)) { Ok(()) } else { whence(step.findings[0], page) }
}

/// File and line: the column is for programs.
fn place(finding: &Finding) -> String {
    let file = finding.place.file.display();
    match finding.place.line {
        0 => file.to_string(),
        line => format!("{file}:{line}"),
    }
}

/// One of many findings of one rule, in one line: what and where.
fn rule_row(finding: &Finding, times: usize, page: &mut Page<'_>) -> io::Result<()> {
    let room = page.width - INDENT;
    let place = cut_middle(&place(finding), room / 3);
    let title = cut(&(repeats(times) + &finding.title), room - columns(&place) - 2);
    page.line(&format!("{:INDENT$}{title}  {place}", ""))
}

fn repeats(times: usize) -> String {
    if times > 1 { format!("({times} times) ") } else { String::new() }
}

/// One finding in one line: severity, id, what.
fn advisory_row(
    step: &Step<'_>,
    (finding, times): (&Finding, usize),
    id_width: usize,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let mut what = repeats(times);
    if finding.kind == Kind::Malware && !step.is_malware() {
        what += "MALWARE ";
    }
    if step.production() && !finding.production {
        what += "(dev) ";
    }
    if step.common_subject().is_none() {
        what += &plan::subject_label(&finding.subject);
        what += ": ";
    }
    what += bare_title(finding);
    let id = cut(&finding.rule, id_width);
    let gap = id_width - columns(&id);
    let severity = page.paint(severity_style(finding.severity), finding.severity.name());
    let severity_gap = INDENT - finding.severity.name().len();
    let what = cut(&what, page.width - INDENT - INDENT - id_width - 2);
    page.line(&format!("{:INDENT$}{severity}{:severity_gap$}{id}{:gap$}  {what}", "", "", ""))
}

/// The title without the package's name before a colon, which the row or the heading has already.
fn bare_title(finding: &Finding) -> &str {
    let Subject::Release { name, .. } = &finding.subject else { return &finding.title };
    let rest = finding.title.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix(": "));
    rest.unwrap_or(&finding.title)
}

/// Where a finding stands and what brings it in.
fn whence(finding: &Finding, page: &mut Page<'_>) -> io::Result<()> {
    let room = page.width - INDENT;
    let place = cut_middle(&format!("at {}", place(finding)), room);
    let Some(path) = finding.paths.first().filter(|path| path.len() > 2) else {
        return page.line(&format!("{:INDENT$}{place}", ""));
    };
    let left = room.saturating_sub(columns(&place) + 10);
    let whole = chain(path, usize::MAX);
    if columns(&whole) <= left {
        return page.line(&format!("{:INDENT$}{place}, through {whole}", ""));
    }
    page.line(&format!("{:INDENT$}{place}", ""))?;
    page.line(&format!("{:INDENT$}through {}", "", chain(path, room - 8)))
}

/// Everything about a finding, for `--verbose`.
fn in_full(finding: &Finding, page: &mut Page<'_>) -> io::Result<()> {
    let threat = format!("{} {}", finding.threat.code(), finding.threat.title());
    page.body("  threat: ", &threat, 1)?;
    page.body("  also known as: ", &finding.aliases.join(", "), 3)?;
    if let Some(score) = finding.score {
        let vector = finding.vector.as_deref().unwrap_or_default();
        page.body("  score: ", &format!("{score:.1} {vector}"), 2)?;
    }
    if finding.confidence != Confidence::High {
        page.body("  confidence: ", finding.confidence.name(), 1)?;
    }
    page.body("  affected: ", finding.affected_range.as_deref().unwrap_or_default(), 4)?;
    page.body("  fixed in: ", &finding.fixed_versions.join(", "), 3)?;
    page.body("  at: ", &finding.place.to_string(), 2)?;
    for path in &finding.paths {
        page.line(&format!("{:INDENT$}  through: {}", "", chain(path, page.width - INDENT - 11)))?;
    }
    for evidence in &finding.evidence {
        let place = evidence.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
        page.body(&format!("  {}: ", evidence.label), &format!("{}{place}", evidence.value), 4)?;
    }
    if let Some(details) = &finding.details {
        let flowing: Vec<&str> = details.split_whitespace().take(400).collect();
        page.body("  ", &flowing.join(" "), 8)?;
    }
    page.body("  → ", finding.next_step.as_deref().unwrap_or_default(), 3)?;
    for reference in finding.references.iter().take(5) {
        page.line(&format!("{:INDENT$}  {}", "", cut_middle(reference, page.width - INDENT - 2)))?;
    }
    Ok(())
}

fn threats(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    const NOW: usize = 16;
    // A narrow page has room for the codes only.
    let name_width = if page.width < 72 { 8 } else { 28 };
    let rows = exposures(report);
    let (found, clear): (Vec<&Exposure>, Vec<&Exposure>) = rows.iter().partition(|row| row.now.total() > 0);
    page.bold(&format!(
        "{:name_width$}{:NOW$}{}",
        "Threat",
        "Found",
        cut("What would reduce it", page.width - name_width - NOW)
    ))?;
    for row in found {
        let name = cut(&format!("{} {}", row.threat.code(), row.threat.title()), name_width - 1);
        let now = match row.now.present().next() {
            Some((severity, number)) if number == row.now.total() => format!("{number} {severity}"),
            Some((severity, number)) => format!("{}, {number} {severity}", row.now.total()),
            None => String::new(),
        };
        for (number, advice) in wrap(&row.reduce, page.width - name_width - NOW, 6).iter().enumerate() {
            let (name, now) = if number == 0 { (name.as_str(), now.as_str()) } else { ("", "") };
            page.line(&format!("{name:name_width$}{now:NOW$}{advice}"))?;
        }
    }
    let codes: Vec<&str> = clear.iter().map(|row| row.threat.code()).collect();
    let clear = format!("{} (looked at: {})", codes.join(" "), plan::looked_at(report));
    page.paragraph("Nothing found for ", &clear, 3)
}

fn suppressed(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    page.bold("Suppressed")?;
    for suppressed in &report.suppressed {
        let until = suppressed.until.as_deref().map(|until| format!(", until {until}")).unwrap_or_default();
        let finding = &suppressed.finding;
        let subject = plan::subject_label(&finding.subject);
        let what =
            format!("{} {subject}: {} ({}{until})", finding.rule, suppressed.reason, suppressed.source);
        page.paragraph("  ", &what, 3)?;
    }
    page.line("")
}

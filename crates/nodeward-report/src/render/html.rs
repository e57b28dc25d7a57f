//! HTML: one file that can be sent to somebody who has no terminal.
//!
//! It loads nothing, runs nothing and sends nothing: the content-security policy allows the one style sheet that is
//! in it, by its hash. Everything works without scripts, in print, in the dark and on a phone.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::sarif::is_web_link;
use super::{OutputFormat, Style};
use crate::exposure::exposures;
use crate::plan::{self, Next, Step, Verdict, subject_label};
use crate::{Confidence, Finding, Printable, Report, Severity, fit};

/// This format.
pub const FORMAT: OutputFormat =
    OutputFormat { name: "html", summary: "one self-contained page, for readers without a terminal", write };

const STYLE: &str = include_str!("html.css");

/// Steps listed under "What to do first".
const STEPS: usize = 12;

fn write(report: &Report, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    head(report, &mut out)?;
    let steps = plan::steps(report);
    summary(report, &steps, &mut out)?;
    if !steps.is_empty() {
        first(report, &steps, &mut out)?;
    }
    threats(report, &mut out)?;
    if !steps.is_empty() {
        findings(&steps, &mut out)?;
    }
    suppressed(report, &mut out)?;
    basis(report, &mut out)?;
    writeln!(out, "</main>\n</body>\n</html>")?;
    out.flush()
}

/// Text that somebody else wrote, for HTML. Long texts are cut.
fn text(text: &str) -> String {
    escape(&Printable(text).to_string())
}

/// For text of our own making, and for what went through [`Printable`] already.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn head(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let style = format!("\n{STYLE}");
    let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
    let title = match report.projects.as_slice() {
        [] => "Nodeward report".to_owned(),
        [project] => format!("Nodeward report: {}", text(&fit::cut(&project.name, 80))),
        [project, rest @ ..] => {
            format!("Nodeward report: {} and {} more", text(&fit::cut(&project.name, 80)), rest.len())
        }
    };
    writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{hash}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"generator\" content=\"nodeward {}\">\n\
         <title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n\
         <p class=\"quiet\">Made {} by <code>nodeward {}</code> {}.</p>",
        text(report.tool_version),
        report.now.strftime("%-d %B %Y, %H:%M UTC"),
        text(report.command),
        text(report.tool_version),
    )
}

fn summary(report: &Report, steps: &[Step<'_>], out: &mut impl Write) -> io::Result<()> {
    for gap in &report.coverage.gaps {
        write!(
            out,
            "<div class=\"banner warn\" role=\"note\"><p><strong>INCOMPLETE:</strong> {}",
            text(&gap.message)
        )?;
        if !gap.remedy.is_empty() {
            write!(out, "<br>→ {}", text(&gap.remedy))?;
        }
        writeln!(out, "</p></div>")?;
    }
    let malicious = steps.iter().filter(|step| step.is_malware()).count();
    if malicious > 0 {
        let what = fit::count(malicious, "malicious release", "malicious releases");
        writeln!(
            out,
            "<div class=\"banner alarm\" role=\"alert\"><p>MALWARE: {what} found. Remove before anything else, and treat \
             every secret on a machine that installed one as known to others.</p></div>"
        )?;
    }
    let verdict = Verdict::of(report);
    writeln!(
        out,
        "<div class=\"banner verdict {}\"><p>{}</p></div>",
        verdict.name(),
        escape(&plan::verdict_line(report))
    )?;
    let counts = crate::Counts::of(&report.findings);
    writeln!(out, "<ul class=\"tiles\">")?;
    for severity in Severity::WORST_FIRST {
        writeln!(
            out,
            "<li><b class=\"{severity}\">{}</b> {severity}</li>",
            fit::grouped(counts.get(severity) as u64)
        )?;
    }
    let production = report.findings.iter().filter(|finding| finding.production).count();
    let packages: u64 = report.projects.iter().map(|project| plan::third_party(project).count() as u64).sum();
    for (number, label) in [
        (production as u64, "in production"),
        (
            report.changes.len() as u64,
            if report.changes.len() == 1 { "change proposed" } else { "changes proposed" },
        ),
        (packages, "packages checked"),
    ] {
        writeln!(out, "<li><b>{}</b> {label}</li>", fit::grouped(number))?;
    }
    writeln!(out, "</ul>")
}

fn severity_label(step: &Step<'_>) -> String {
    if step.is_malware() {
        "<span class=\"severity malware\">malware</span>".to_owned()
    } else {
        let severity = step.severity();
        format!("<span class=\"severity {severity}\">{severity}</span>")
    }
}

fn first(report: &Report, steps: &[Step<'_>], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "<h2>What to do first</h2>\n<ol class=\"steps\">")?;
    for step in steps.iter().take(STEPS) {
        write!(out, "<li>{} <strong>{}</strong>", severity_label(step), text(&step.title()))?;
        if step.change.is_some() {
            write!(out, ": clears {}", fit::count(step.findings.len(), "finding", "findings"))?;
        }
        let notes = step.notes(report);
        if !notes.is_empty() {
            write!(out, " <span class=\"quiet\">({})</span>", text(&notes.join("; ")))?;
        }
        match step.next() {
            Some(Next::Run(command)) => write!(out, "<br><code>{}</code>", text(command))?,
            Some(Next::Read(sentence)) => write!(out, "<br>→ {}", text(sentence))?,
            None => {}
        }
        writeln!(out, "</li>")?;
    }
    writeln!(out, "</ol>")?;
    if steps.len() > STEPS {
        let more = fit::count(steps.len() - STEPS, "more group", "more groups");
        writeln!(out, "<p class=\"quiet\">… and {more}, less pressing, below.</p>")?;
    }
    Ok(())
}

fn threats(report: &Report, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "<h2>The twelve threats</h2>\n<table>\n<caption>Exposure now, by threat of “A Roadmap for Node.js Security”. \
         This run looked at dependencies and settings, not at source.</caption>\n<thead><tr><th \
         scope=\"col\">Threat</th><th scope=\"col\">Found</th><th scope=\"col\">What would reduce \
         it</th></tr></thead>\n<tbody>"
    )?;
    for row in exposures(report) {
        let name = format!("{} {}", row.threat.code(), row.threat.title());
        if row.now.total() == 0 {
            writeln!(
                out,
                "<tr class=\"none\"><th scope=\"row\">{name}</th><td class=\"none\">nothing</td><td \
                 class=\"none dash\">—</td></tr>"
            )?;
            continue;
        }
        let found: Vec<String> = row
            .now
            .present()
            .map(|(severity, number)| format!("<span class=\"count {severity}\">{number} {severity}</span>"))
            .collect();
        writeln!(
            out,
            "<tr><th scope=\"row\">{name}</th><td>{}</td><td>{}</td></tr>",
            found.join(", "),
            commands(&row.reduce)
        )?;
    }
    writeln!(out, "</tbody>\n</table>")
}

/// Our own sentences mark commands with backquotes.
fn commands(sentence: &str) -> String {
    let mut html = String::new();
    for (number, part) in escape(sentence).split('`').enumerate() {
        html += &if number % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() };
    }
    html
}

fn findings(steps: &[Step<'_>], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "<h2>All findings</h2>")?;
    for step in steps {
        let open = if step.is_malware() { " open" } else { "" };
        writeln!(
            out,
            "<details{open}><summary>{} {} <span class=\"quiet\">({})</span></summary>",
            severity_label(step),
            text(&step.title()),
            fit::count(step.findings.len(), "finding", "findings")
        )?;
        for finding in &step.findings {
            self::finding(finding, out)?;
        }
        writeln!(out, "</details>")?;
    }
    Ok(())
}

fn finding(finding: &Finding, out: &mut impl Write) -> io::Result<()> {
    let severity = finding.severity;
    writeln!(
        out,
        "<div class=\"finding\">\n<h3><span class=\"severity {severity}\">{severity}</span> {}: {}</h3>",
        text(&subject_label(&finding.subject)),
        text(&finding.title)
    )?;
    if let Some(details) = &finding.details {
        writeln!(out, "<p>{}</p>", text(&details.split_whitespace().collect::<Vec<_>>().join(" ")))?;
    }
    writeln!(out, "<dl>")?;
    let mut id = text(&finding.rule);
    if !finding.aliases.is_empty() {
        id += &format!(" <span class=\"quiet\">({})</span>", text(&finding.aliases.join(", ")));
    }
    entry("Known as", &id, out)?;
    entry("Threat", &format!("{} {}", finding.threat.code(), finding.threat.title()), out)?;
    if let Some(score) = finding.score {
        let vector = text(finding.vector.as_deref().unwrap_or_default());
        entry("CVSS", &format!("{score:.1} <span class=\"quiet\">{vector}</span>"), out)?;
    }
    entry("Needed in", if finding.production { "production" } else { "development only" }, out)?;
    if finding.confidence != Confidence::High {
        entry("Confidence", finding.confidence.name(), out)?;
    }
    if let Some(range) = &finding.affected_range {
        entry("Affected", &format!("<code>{}</code>", text(range)), out)?;
    }
    if !finding.fixed_versions.is_empty() {
        entry("Fixed in", &text(&finding.fixed_versions.join(", ")), out)?;
    }
    entry("Stands in", &format!("<code>{}</code>", text(&finding.place.to_string())), out)?;
    for path in &finding.paths {
        entry("Brought in by", &escape(&fit::chain(path, 400)), out)?;
    }
    for evidence in &finding.evidence {
        entry(&text(evidence.label), &format!("<code>{}</code>", text(&evidence.value)), out)?;
    }
    if let Some(next) = &finding.next_step {
        entry("Next", &text(next), out)?;
    }
    let links: Vec<String> = finding
        .references
        .iter()
        .filter(|link| is_web_link(link))
        .take(10)
        .map(|link| format!("<a rel=\"noreferrer noopener\" href=\"{0}\">{0}</a>", escape(link)))
        .collect();
    if !links.is_empty() {
        entry("Read more", &links.join("<br>"), out)?;
    }
    writeln!(out, "</dl>\n</div>")
}

/// One line of a finding's facts; both are HTML already.
fn entry(name: &str, value: &str, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "<dt>{name}</dt><dd>{value}</dd>")
}

fn suppressed(report: &Report, out: &mut impl Write) -> io::Result<()> {
    if report.suppressed.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<h2>Suppressed</h2>\n<table>\n<caption>Findings that somebody decided not to act on.</caption>\n<thead><tr><th \
         scope=\"col\">Finding</th><th scope=\"col\">Reason</th><th scope=\"col\">Until</th><th \
         scope=\"col\">Decided in</th></tr></thead>\n<tbody>"
    )?;
    for hidden in &report.suppressed {
        let finding = &hidden.finding;
        writeln!(
            out,
            "<tr><td><span class=\"severity {0}\">{0}</span> {1} {2}</td><td>{3}</td><td>{4}</td><td>{5}</td></tr>",
            finding.severity,
            text(&finding.rule),
            text(&subject_label(&finding.subject)),
            text(&hidden.reason),
            text(hidden.until.as_deref().unwrap_or("no end")),
            text(&hidden.source),
        )?;
    }
    writeln!(out, "</tbody>\n</table>")
}

fn basis(report: &Report, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "<h2>What was checked</h2>\n<ul>")?;
    for project in &report.projects {
        writeln!(out, "<li>{}</li>", text(&plan::project_line(project)))?;
    }
    writeln!(out, "<li>Advisory data: {}</li>\n</ul>", text(&plan::data_line(report)))?;
    let complete = if report.coverage.gaps.is_empty() {
        "Everything that this command looks at was checked."
    } else {
        "Not everything could be checked: see the top of the page."
    };
    writeln!(out, "<p>{complete}</p>\n<footer><p>This page loads nothing and runs nothing.</p></footer>")
}

//! What there is to know about rules: all in a table, one as its page.

use std::io::{self, Write};
use std::sync::Arc;

use nodeward_lint::rule::Scope;
use nodeward_lint::{RULES, Requirement, Rule, rules};
use nodeward_report::Printable;

/// What has a page.
pub(crate) enum Topic<'c> {
    /// A built-in rule.
    Rule(&'static Rule),
    /// A requirement of the team.
    Requirement(&'c Requirement),
}

/// The rule or requirement of that name, or an error that says which one may be meant.
pub(crate) fn topic<'c>(id: &str, requirements: &'c [Arc<Requirement>]) -> anyhow::Result<Topic<'c>> {
    if let Some(rule) = rules::find(id) {
        return Ok(Topic::Rule(rule));
    }
    if let Some(requirement) = requirements.iter().find(|requirement| *requirement.id == *id) {
        return Ok(Topic::Requirement(requirement));
    }
    let known =
        RULES.iter().map(|rule| rule.id).chain(requirements.iter().map(|requirement| &*requirement.id));
    match known.map(|known| (distance(id, known), known)).min() {
        Some((steps, near)) if steps <= id.len().max(3) / 3 + 1 => {
            anyhow::bail!("there is no rule {id:?}: did you mean {near}? (`nodeward lint --list` has all)")
        }
        _ => anyhow::bail!("there is no rule {id:?}: `nodeward lint --list` has all"),
    }
}

/// How many letters have to be changed, added or taken away.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, letter) in a.chars().take(100).enumerate() {
        let mut corner = row[0];
        row[0] = at + 1;
        for (place, other) in b.iter().enumerate() {
            let change = corner + usize::from(letter != *other);
            corner = row[place + 1];
            row[place + 1] = change.min(corner + 1).min(row[place] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// Every rule and requirement, in a table.
pub(crate) fn list(requirements: &[Arc<Requirement>], out: &mut dyn Write) -> io::Result<()> {
    let ids = RULES.iter().map(|rule| rule.id).chain(requirements.iter().map(|requirement| &*requirement.id));
    let width = ids.map(str::len).max().unwrap_or(0);
    writeln!(out, "{:width$}  threat  {:8}  {:12}  CWE", "rule", "severity", "policy")?;
    for rule in RULES {
        let cwes: Vec<String> = rule.cwes.iter().map(u16::to_string).collect();
        writeln!(
            out,
            "{:width$}  {:6}  {:8}  {:12}  {}",
            rule.id,
            rule.threat.code(),
            rule.severity.name(),
            rule.policy.name(),
            cwes.join(" ")
        )?;
    }
    for requirement in requirements {
        let (threat, severity) = (requirement.threat.code(), requirement.severity.name());
        writeln!(out, "{:width$}  {threat:6}  {severity:8}  requirement", requirement.id)?;
    }
    Ok(())
}

/// A page, for a terminal: what it is, then what it says of itself without its markup.
pub(crate) fn explain(topic: &Topic<'_>, out: &mut dyn Write) -> io::Result<()> {
    match topic {
        Topic::Rule(rule) => explain_rule(rule, out),
        Topic::Requirement(requirement) => explain_requirement(requirement, out),
    }
}

fn explain_requirement(requirement: &Requirement, out: &mut dyn Write) -> io::Result<()> {
    let place = requirement.place.to_string();
    writeln!(out, "{}: {}\n", requirement.id, Printable(&requirement.message))?;
    writeln!(out, "  threat      {} {}", requirement.threat.code(), requirement.threat.title())?;
    writeln!(out, "  severity    {}", requirement.severity.name())?;
    writeln!(out, "  policy      every one: it is a requirement of {}", Printable(&place))?;
    writeln!(out, "  looks at    the project's own files\n")?;
    page(&requirement.page(), out)
}

fn explain_rule(rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}: {}\n", rule.id, rule.summary)?;
    writeln!(out, "  threat      {} {}", rule.threat.code(), rule.threat.title())?;
    writeln!(out, "  severity    {}, confidence {}", rule.severity.name(), rule.confidence.name())?;
    writeln!(out, "  policy      {} ({})", rule.policy, rule.policy.bar())?;
    let cwes: Vec<String> = rule.cwe_names().collect();
    if !cwes.is_empty() {
        writeln!(out, "  weaknesses  {}", cwes.join(", "))?;
    }
    let scope = match rule.scope {
        Scope::Everywhere => "all files",
        Scope::Production => "files that are no tests, examples or benchmarks",
    };
    writeln!(out, "  looks at    {scope}\n")?;
    page(rule.docs, out)
}

fn page(markdown: &str, out: &mut dyn Write) -> io::Result<()> {
    // Inside code only the fence that began it ends it.
    let mut fence: Option<&str> = None;
    for line in markdown.lines().skip_while(|line| line.starts_with("# ") || line.is_empty()) {
        let info = line.trim_start_matches('`');
        let mark = &line[..line.len() - info.len()];
        if let Some(open) = fence {
            if line == open {
                fence = None;
            } else {
                writeln!(out, "    {}", Printable(line))?;
            }
        } else if mark.len() >= 3 {
            fence = Some(mark);
            writeln!(out, "  {}:", info.split_whitespace().last().unwrap_or("code"))?;
        } else if let Some(heading) = line.strip_prefix("## ") {
            writeln!(out, "{}", heading.to_uppercase())?;
        } else {
            for line in wrapped(line) {
                writeln!(out, "{}", Printable(&line))?;
            }
        }
    }
    Ok(())
}

fn wrapped(text: &str) -> Vec<String> {
    const WIDTH: usize = 78;
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last().map_or(0, |line| line.chars().count());
        if line > 2 && line + 1 + word.chars().count() > WIDTH {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(if line.is_empty() { "  " } else { " " });
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_its_rule() {
        for rule in RULES {
            assert!(topic(rule.id, &[]).is_ok());
        }
        let error = |id: &str| topic(id, &[]).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error("shel-command").contains("did you mean shell-command?"));
        assert!(!error("no-such-thing-at-all").contains("did you mean"));
    }
}

//! What there is to know about rules: all in a table, one as its page.

use std::io::{self, Write};

use nodeward_lint::rule::Scope;
use nodeward_lint::{RULES, Rule, rules};

/// The rule of that name, or an error that says which one may be meant.
pub(crate) fn rule(id: &str) -> anyhow::Result<&'static Rule> {
    if let Some(rule) = rules::find(id) {
        return Ok(rule);
    }
    let near = RULES.iter().map(|rule| (distance(id, rule.id), rule.id)).min();
    match near {
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

/// Every rule, in a table.
pub(crate) fn list(out: &mut dyn Write) -> io::Result<()> {
    let width = RULES.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
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
    Ok(())
}

/// A rule's page, for a terminal: what it is, then what it says of itself without its markup.
pub(crate) fn explain(rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
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
    let mut code = false;
    for line in markdown.lines().skip_while(|line| line.starts_with("# ") || line.is_empty()) {
        if let Some(fence) = line.strip_prefix("```") {
            code = !code;
            if code {
                writeln!(out, "  {}:", fence.split_whitespace().last().unwrap_or("code"))?;
            }
        } else if code {
            writeln!(out, "    {line}")?;
        } else if let Some(heading) = line.strip_prefix("## ") {
            writeln!(out, "{}", heading.to_uppercase())?;
        } else {
            for line in wrapped(line) {
                writeln!(out, "{line}")?;
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
            assert!(self::rule(rule.id).is_ok());
        }
        let error = |id: &str| rule(id).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error("shel-command").contains("did you mean shell-command?"));
        assert!(!error("no-such-thing-at-all").contains("did you mean"));
    }
}

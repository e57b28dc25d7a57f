//! What there is to read about a requirement, as for a rule.

use std::fmt::Write as _;

use super::{Access, Demand, Limit, Requirement, Subject};

impl Requirement {
    /// Its page, in Markdown, with the sections that a rule's page has.
    pub fn page(&self) -> String {
        let mut page = format!("# {}\n\n## What\n\n{}\n", self.message, self.demand.in_words());
        if let Some(step) = &self.next_step {
            let _ = write!(page, "\n## How to fix\n\n{step}\n");
        }
        if let Some(link) = &self.explanation {
            let _ = write!(page, "\n## Why\n\n{link}\n");
        }
        if !self.bad.is_empty() || !self.good.is_empty() {
            page.push_str("\n## Examples\n");
        }
        for (examples, verdict) in [(&self.bad, "bad"), (&self.good, "good")] {
            for example in examples {
                // A fence longer than any in the code.
                let fence = "`".repeat(3.max(1 + longest_run(&example.code)));
                let _ = write!(page, "\n{fence}ts {verdict}\n{}\n{fence}\n", example.code.trim_end());
            }
        }
        page
    }
}

fn longest_run(code: &str) -> usize {
    code.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

impl Demand {
    /// What it asks, in a sentence.
    pub fn in_words(&self) -> String {
        match self {
            Self::BannedName(names) => format!("Nothing may use {}.", listed(names)),
            Self::BannedCall(names) => format!("Nothing may call {}.", listed(names)),
            Self::BannedProperty(names, access) => {
                let verb = match access {
                    Access::Read => "read",
                    Access::Write => "write",
                    Access::Any => "read or write",
                };
                format!("Nothing may {verb} {}.", listed(names))
            }
            Self::BannedImport(modules, exports) if exports.is_empty() => {
                format!("Nothing may import {}.", listed(modules))
            }
            Self::BannedImport(_, exports) => format!("Nothing may import {}.", listed(exports)),
            Self::Limited(subject, limit) => {
                let place = match subject {
                    Subject::Call(names, None) => format!("Each argument of {}", listed(names)),
                    Subject::Call(names, Some(at)) => format!("Argument {} of {}", at + 1, listed(names)),
                    Subject::Property(names) => format!("What is written to {}", listed(names)),
                };
                match limit {
                    Limit::Only(accepted) => format!("{place} has to be {}.", accepted.in_words()),
                    Limit::Not(denied) => format!("{place} may not be {}.", denied.in_words()),
                }
            }
        }
    }
}

fn listed(names: &[impl ToString]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{}`", name.to_string())).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => String::new(),
    }
}

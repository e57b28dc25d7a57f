//! The table of the twelve threats: what a run found for each, and what would reduce it.

use crate::{Finding, Report, Severity, Threat};

/// How many findings there are of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([usize; 5]);

impl Counts {
    /// Counts findings.
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let mut counts = Self::default();
        for finding in findings {
            counts.0[finding.severity as usize] += 1;
        }
        counts
    }

    /// How many of one severity.
    pub fn get(&self, severity: Severity) -> usize {
        self.0[severity as usize]
    }

    /// How many in all.
    pub fn total(&self) -> usize {
        self.0.iter().sum()
    }

    /// The severities that occur, worst first, with their counts.
    pub fn present(&self) -> impl Iterator<Item = (Severity, usize)> {
        Severity::WORST_FIRST
            .into_iter()
            .map(|severity| (severity, self.get(severity)))
            .filter(|(_, n)| *n > 0)
    }

    /// `1 critical, 3 high`; `nothing` where there is none.
    pub fn in_words(&self) -> String {
        let parts: Vec<String> =
            self.present().map(|(severity, number)| format!("{number} {severity}")).collect();
        if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
    }
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// The threat.
    pub threat: Threat,
    /// What this run found.
    pub now: Counts,
    /// How many of those the proposed changes clear.
    pub cleared_by_changes: usize,
    /// What would reduce it, the proposed changes first, then what helps for good with what exists today.
    pub reduce: String,
}

/// The whole table, all twelve rows.
pub fn exposures(report: &Report) -> Vec<Exposure> {
    let mut cleared = vec![false; report.findings.len()];
    for &index in report.changes.iter().flat_map(|change| &change.clears) {
        if let Some(slot) = cleared.get_mut(index) {
            *slot = true;
        }
    }
    Threat::ALL
        .into_iter()
        .map(|threat| {
            let of_threat =
                report.findings.iter().zip(&cleared).filter(|(finding, _)| finding.threat == threat);
            let now = Counts::of(of_threat.clone().map(|(finding, _)| finding));
            let fixable = of_threat.clone().any(|(finding, _)| !finding.fixed_versions.is_empty());
            let cleared_by_changes = of_threat.filter(|(_, cleared)| **cleared).count();
            let first = match cleared_by_changes {
                0 if fixable => "take the fixed versions; ".to_owned(),
                0 => String::new(),
                number if number == now.total() => "the proposed changes clear all; ".to_owned(),
                number => format!("the proposed changes clear {number} of {}; ", now.total()),
            };
            Exposure { threat, now, cleared_by_changes, reduce: first + for_good(threat) }
        })
        .collect()
}

/// What helps against a threat whatever was found.
fn for_good(threat: Threat) -> &'static str {
    match threat {
        Threat::ZeroDay => {
            "scan every day with fresh data (`nodeward db update`); run a supported Node.js line"
        }
        Threat::Bof => "keep Node.js and native add-ons current; prefer packages without native code",
        Threat::Cry => "use node:crypto in place of crypto packages",
        Threat::Dex => "make the changes that clear most first; suppress with a reason what does not apply",
        Threat::Dos => "limit size and time of input that reaches the package",
        Threat::Exf => "keep tokens out of the project's files and of its install scripts",
        Threat::Lqc => "drop or replace the package; `nodeward why NAME` tells what brings it in",
        Threat::Mtp => "set ignore-scripts=true; have an integrity for every package; install with `npm ci`",
        Threat::Qui => "pass values as parameters, never inside query text",
        Threat::Rce => "keep input out of templates, eval and deserialisers",
        Threat::Shp => "call execFile with a list of arguments, without a shell",
        Threat::Uir => "never build a path or module name from input",
    }
}

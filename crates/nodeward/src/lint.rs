//! What `lint` and `scan` share: from folders to findings in source.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use nodeward_lint::driver::{Linted, SourceFile};
use nodeward_lint::{Options, Policy, Rule, Safety, rules};
use nodeward_report::{Finding, Gap, Printable, Sources, Suppressed};

use crate::config::Config;

pub(crate) mod baseline;
pub(crate) mod changed;
pub(crate) mod files;
pub(crate) mod mend;
pub(crate) mod pages;

/// What was found in source.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The findings.
    pub(crate) findings: Vec<Finding>,
    /// What comments hide.
    pub(crate) suppressed: Vec<Suppressed>,
    /// What was not checked.
    pub(crate) gaps: Vec<Gap>,
    /// What was.
    pub(crate) sources: Option<Sources>,
}

/// What the rules say of the files.
pub(crate) fn look(selected: &files::Selected, options: &Options) -> Found {
    let outcome = match selected.files.is_empty() {
        true => nodeward_lint::Outcome::default(),
        false => nodeward_lint::lint(&selected.files, options),
    };
    let suppressed = outcome.hidden.into_iter().map(|hidden| Suppressed {
        source: format!("a comment at {}", hidden.finding.place),
        finding: hidden.finding,
        reason: hidden.reason,
        until: None,
    });
    let sources = Sources {
        files: outcome.files,
        bytes: outcome.bytes,
        left_out: selected.left_out,
        rules: options.rules().len(),
        chosen: chosen(options),
        fixable: fixable(&outcome.findings),
    };
    let mut gaps = selected.gaps.clone();
    gaps.extend(
        outcome.gaps.into_iter().map(|gap| Gap { message: Printable(&gap.message).to_string(), ..gap }),
    );
    Found {
        suppressed: suppressed.collect(),
        findings: outcome.findings.into_iter().map(|linted| linted.finding).collect(),
        gaps,
        sources: Some(sources),
    }
}

/// The rules of a policy on every core.
pub(crate) fn options(policy: Policy, only: &[String]) -> Options {
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    Options { policy, only: only.to_vec(), threads: Some(threads), ..Options::default() }
}

fn chosen(options: &Options) -> String {
    match options.only.is_empty() {
        true => format!("policy {}", options.policy),
        false => options.only.join(", "),
    }
}

fn fixable(findings: &[Linted]) -> (usize, usize) {
    let of = |safety| {
        let fixes = findings.iter().filter_map(|linted| linted.fix.as_ref());
        fixes.filter(|fix| fix.safety == safety).count()
    };
    (of(Safety::Safe), of(Safety::Unsafe))
}

/// Leaves the suppressions that a run with these rules can tell something of: those of other things, if it looks at
/// other things too, and those of rules that ran.
pub(crate) fn keep_relevant(config: &mut Config, ran: &[&Rule], others: bool) {
    config.suppressions.retain(|suppression| {
        let id = suppression.id.to_ascii_lowercase();
        match rules::find(&id) {
            Some(rule) => ran.iter().any(|known| known.id == rule.id),
            None => others,
        }
    });
}

/// A file by its path, on the disk.
fn on_disk(path: PathBuf, shown: PathBuf) -> SourceFile {
    SourceFile {
        path: shown.into(),
        text: nodeward_lint::Text::Disk(path),
        origin: nodeward_lint::Origin::FirstParty,
    }
}

//! What `lint` and `scan` share: from folders to findings in source.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nodeward_lint::driver::{HiddenFinding, Linted, SourceFile};
use nodeward_lint::{Cache, Options, Policy, Safety, rules};
use nodeward_report::{Finding, Gap, Printable, Sources, Suppressed};

use crate::config::Config;
use crate::session::Session;
use crate::suppress::Sight;
use team::{Ruling, Team};

pub(crate) mod baseline;
pub(crate) mod changed;
pub(crate) mod files;
pub(crate) mod mend;
pub(crate) mod pages;
pub(crate) mod team;
pub(crate) mod trials;

/// The most bytes of outcomes that are kept from run to run.
const MAX_CACHE: u64 = 256 << 20;

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

/// What the rules and the team's requirements say of the files. An exception is called unused only by who saw
/// everything.
pub(crate) fn look(
    selected: &files::Selected,
    options: &Options,
    configs: &[&Config],
    sight: Sight,
) -> Found {
    let outcome = match selected.files.is_empty() {
        true => nodeward_lint::Outcome::default(),
        false => nodeward_lint::lint(&selected.files, options),
    };
    if let Some(cache) = &options.cache {
        cache.trim(MAX_CACHE);
    }
    let sources = Sources {
        files: outcome.files,
        bytes: outcome.bytes,
        left_out: selected.left_out,
        rules: options.rules().len() + options.chosen_requirements().len(),
        chosen: chosen(options),
        fixable: fixable(&outcome.findings),
    };
    let mut gaps = selected.gaps.clone();
    gaps.extend(
        outcome.gaps.into_iter().map(|gap| Gap { message: Printable(&gap.message).to_string(), ..gap }),
    );
    let mut team = Team::new(configs);
    let mut found = Found { gaps, sources: Some(sources), ..Found::default() };
    for hidden in outcome.hidden {
        let HiddenFinding { linted, reason } = hidden;
        let ruling = linted.requirement.map(|at| team.rule(at, &linted.finding));
        if !matches!(ruling, Some(Ruling::Elsewhere)) {
            found.suppressed.push(Suppressed {
                source: format!("a comment at {}", linted.finding.place),
                finding: linted.finding,
                reason,
                until: None,
            });
        }
    }
    let (left, excepted) = settle(outcome.findings, &mut team);
    found.findings.extend(left.into_iter().map(|linted| linted.finding));
    found.suppressed.extend(excepted);
    if sight == Sight::Whole && found.gaps.is_empty() {
        found.findings.extend(team.unused(|id| runs(options, id)));
    }
    found
}

/// The findings that stand, and those that exceptions of the team's requirements hide.
pub(crate) fn settle(findings: Vec<Linted>, team: &mut Team<'_>) -> (Vec<Linted>, Vec<Suppressed>) {
    let (mut left, mut excepted) = (Vec::new(), Vec::new());
    for linted in findings {
        match linted.requirement.map_or(Ruling::Holds, |at| team.rule(at, &linted.finding)) {
            Ruling::Holds => left.push(linted),
            Ruling::Elsewhere => {}
            Ruling::Excepted { reason, source } => {
                excepted.push(Suppressed { finding: linted.finding, reason, until: None, source });
            }
        }
    }
    (left, excepted)
}

/// The rules of a policy and the team's requirements, on every core.
pub(crate) fn options(policy: Policy, only: &[String], configs: &[&Config], directory: &Path) -> Options {
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    Options {
        policy,
        only: only.to_vec(),
        requirements: team::requirements(configs),
        directory: std::fs::canonicalize(directory).unwrap_or_else(|_| directory.to_path_buf()),
        threads: Some(threads),
        ..Options::default()
    }
}

/// The outcomes that are kept from run to run, if there is a place for them.
pub(crate) fn cache(session: &Session) -> Option<Arc<Cache>> {
    let folder = session.cache.as_ref()?.join("lint");
    Some(Arc::new(Cache::new(folder, session.now.into())))
}

/// Whether a rule or a requirement of that name runs.
pub(crate) fn runs(options: &Options, id: &str) -> bool {
    options.rules().iter().any(|rule| rule.id.eq_ignore_ascii_case(id))
        || options.chosen_requirements().iter().any(|(_, known)| known.id.eq_ignore_ascii_case(id))
}

fn chosen(options: &Options) -> String {
    match (options.only.is_empty(), options.requirements.len()) {
        (true, 0) => format!("policy {}", options.policy),
        (true, 1) => format!("policy {}, 1 requirement", options.policy),
        (true, asked) => format!("policy {}, {asked} requirements", options.policy),
        (false, _) => options.only.join(", "),
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
/// other things too, and those of rules and requirements that ran.
pub(crate) fn keep_relevant(config: &mut Config, options: &Options, others: bool) {
    let requirements = &options.requirements;
    config.suppressions.retain(|suppression| {
        let id = suppression.id.to_ascii_lowercase();
        let is_lint = rules::find(&id).is_some()
            || requirements.iter().any(|requirement| requirement.id.eq_ignore_ascii_case(&id));
        if is_lint { runs(options, &id) } else { others }
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

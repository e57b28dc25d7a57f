//! `nodeward audit [PATH…]`: advisories only, and their fixes.

use std::collections::BTreeSet;

use anyhow::Context as _;
use nodeward_advisory::remedy::Planned;
use nodeward_report::{Finding, Progress, Subject};

use crate::cli::{ProjectArgs, ReportArgs};
use crate::fix::{self, Work};
use crate::inspection::{self, Inspection, Job, Scope};
use crate::interrupt::Watch;
use crate::outcome::Outcome;
use crate::remedies::{self, Metadata};
use crate::session::Session;

/// Check advisories only, and apply the fixes.
///
/// With --fix the manifest is edited (its formatting stays), the project's own package manager writes the lockfile
/// with all scripts denied, and the result is checked again. Where anything fails, every file is as it was.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Findings of any severity give exit code 1, unless --fail-on or nodeward.toml says otherwise.

Examples:
  nodeward audit
  nodeward audit --prod --fail-on high
  nodeward audit --fix --dry-run         show the changes, write nothing
  nodeward audit --fix                   make them, and check again")]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    projects: ProjectArgs,
    #[command(flatten)]
    report: ReportArgs,
    /// Make the smallest changes that clear the findings
    #[arg(long)]
    fix: bool,
    /// With --fix: only say what would be done
    #[arg(long, requires = "fix")]
    dry_run: bool,
    /// Ask the registry of npm's configuration whether each proposed change works (--fix does)
    #[arg(long)]
    check_fixes: bool,
}

/// Audits, and with `--fix` mends and audits again.
pub(crate) fn audit(args: &AuditArgs, session: &Session) -> anyhow::Result<Outcome> {
    let metadata =
        if args.check_fixes || args.fix { Metadata::FromRegistry } else { Metadata::FromAdvisories };
    let job = Job::new("audit", Scope::Advisories, &args.projects, &args.report);
    let mut inspection = inspection::inspect(job, session)?;
    let planned = remedies::plan(&mut inspection, metadata, session)?;
    if args.fix {
        let works = works(&inspection, &planned)?;
        say(&works, session);
        if !args.dry_run && works.iter().any(|work| !work.is_empty()) {
            inspection = mend(job, &inspection, &works, session)?;
            remedies::plan(&mut inspection, metadata, session)?;
            inspection.report.progress = Progress::Made;
        } else {
            inspection.report.progress = if args.dry_run { Progress::Shown } else { Progress::Made };
        }
    }
    super::scan::print(&inspection.report, &args.report, session)?;
    let outcome = Outcome::from_code(inspection.report.exit_code());
    // The process ends here: taking the report and its graphs apart would only keep the user waiting.
    std::mem::forget((inspection, planned));
    Ok(outcome)
}

fn works(inspection: &Inspection, planned: &[Planned]) -> anyhow::Result<Vec<Work>> {
    let projects = 0..inspection.report.projects.len();
    projects.filter_map(|index| fix::work(inspection, index, planned).transpose()).collect()
}

fn say(works: &[Work], session: &Session) {
    let lines: Vec<String> = works.iter().flat_map(Work::describe).collect();
    if lines.is_empty() {
        session.note("nothing to fix");
    }
    for line in lines {
        session.note(line);
    }
}

/// Does the work and looks again. A result that can't be read is put back like a failure.
fn mend(job: Job<'_>, before: &Inspection, works: &[Work], session: &Session) -> anyhow::Result<Inspection> {
    let watch = Watch::start()?;
    for (at, work) in works.iter().enumerate() {
        if let Err(error) = work.apply(&watch, session) {
            works[..at].iter().try_for_each(Work::restore)?;
            return Err(error);
        }
    }
    let unchecked = "the package manager's result can't be checked; everything was put back";
    let checked = inspection::inspect(job, session)
        .context(unchecked)
        .and_then(|after| watch.check().context("everything was put back").map(|()| after));
    let after = match checked {
        Ok(after) => after,
        Err(error) => {
            works.iter().try_for_each(Work::restore)?;
            return Err(error);
        }
    };
    let (old, new) = (names(&before.report.findings), names(&after.report.findings));
    for gone in old.difference(&new) {
        session.note(format_args!("gone: {gone}"));
    }
    for left in old.intersection(&new) {
        session.warn(format_args!("still there: {left}"));
    }
    for added in new.difference(&old) {
        session.warn(format_args!("new: {added}"));
    }
    Ok(after)
}

fn names(findings: &[Finding]) -> BTreeSet<String> {
    let named = findings.iter().filter_map(|finding| match &finding.subject {
        Subject::Release { name, version } => Some(format!("{} in {name}@{version}", finding.rule)),
        _ => None,
    });
    named.collect()
}

//! `nodeward audit [PATH…]`: advisories only, and their fixes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use nodeward_advisory::remedy::Planned;
use nodeward_report::{Finding, Progress, Subject};

use crate::cli::{ProjectArgs, ReportArgs};
use crate::fix::{self, Work};
use crate::inspection::{self, Inspection, Job, Scope};
use crate::interrupt::Watch;
use crate::outcome::Outcome;
use crate::projects::Notes;
use crate::remedies::{self, Metadata};
use crate::session::Session;
use crate::undo::{self, Contents, Journal};

/// Check advisories only, and apply the fixes.
///
/// With --fix the manifest is edited (its formatting stays), the project's own package manager writes the lockfile
/// with all scripts denied, and the result is checked again. Where anything fails, every file is as it was; where the
/// run itself is killed, every later one says so, and --undo puts the files back.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Findings of severity low or more give exit code 1, unless --fail-on or
nodeward.toml says otherwise.

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
    /// Put back what an `audit --fix` that was killed left half changed, and do nothing else
    #[arg(long, conflicts_with_all = ["fix", "check_fixes"])]
    undo: bool,
    /// Ask the registry of npm's configuration whether each proposed change works (--fix does)
    #[arg(long)]
    check_fixes: bool,
}

/// Audits, and with `--fix` mends and audits again.
pub(crate) fn audit(args: &AuditArgs, session: &Session) -> anyhow::Result<Outcome> {
    if args.undo {
        return undo(&args.projects.paths, session);
    }
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
    works.iter().filter(|work| !work.is_empty()).try_for_each(Work::refuse_leading_out)?;
    let watch = Watch::start()?;
    let journals = journals(works, session)?;
    for (at, work) in works.iter().enumerate() {
        let journal = journals.get(work.reach().0).expect("every work has a journal");
        if let Err(error) = work.apply(journal, &watch, session) {
            return Err(put_back(&works[..=at], journals, error));
        }
    }
    let unchecked = "the package manager's result can't be checked; everything was put back";
    let checked = inspection::inspect(Job { notes: Notes::Own, ..job }, session)
        .context(unchecked)
        .and_then(|after| watch.check().context("everything was put back").map(|()| after));
    let after = match checked {
        Ok(after) => after,
        Err(error) => {
            return Err(put_back(works, journals, error));
        }
    };
    end(journals)?;
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

/// Notes down what may change, once for each folder.
fn journals<'w>(works: &'w [Work], session: &Session) -> anyhow::Result<BTreeMap<&'w Path, Journal>> {
    let mut folders: BTreeMap<&Path, Contents> = BTreeMap::new();
    for (folder, before) in works.iter().map(Work::reach) {
        folders.entry(folder).or_default().extend(before.clone());
    }
    let mut journals = BTreeMap::new();
    for (folder, before) in &folders {
        match Journal::begin(folder, before, session.now) {
            Ok(journal) => journals.insert(*folder, journal),
            Err(error) => {
                // Nothing has changed yet.
                end(journals)?;
                return Err(error.context("nothing was changed"));
            }
        };
    }
    Ok(journals)
}

/// Makes everything as it was, after an error; the notes stay where that fails.
fn put_back(works: &[Work], journals: BTreeMap<&Path, Journal>, error: anyhow::Error) -> anyhow::Error {
    let restored = works.iter().try_for_each(Work::restore).and_then(|()| end(journals));
    match restored {
        Ok(()) => error,
        Err(broken) => error.context(format!("{broken:#}; `nodeward audit --undo` tries again")),
    }
}

fn end(journals: BTreeMap<&Path, Journal>) -> anyhow::Result<()> {
    journals.into_values().try_for_each(Journal::end)
}

/// Puts back what a killed `audit --fix` left half changed in the folders and below.
fn undo(paths: &[PathBuf], session: &Session) -> anyhow::Result<Outcome> {
    let here = [PathBuf::from(".")];
    let mut undone = false;
    for path in if paths.is_empty() { &here[..] } else { paths } {
        let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) };
        for folder in undo::folders(folder) {
            let Some(files) = undo::restore(&folder)? else { continue };
            undone = true;
            for file in &files {
                session.note(format_args!("put back: {}", file.display()));
            }
            if files.is_empty() {
                session.note(format_args!("nothing had changed in {}", folder.display()));
            }
        }
    }
    if !undone {
        session.note("nothing to undo: no `audit --fix` broke off here");
    }
    Ok(Outcome::Clean)
}

fn names(findings: &[Finding]) -> BTreeSet<String> {
    let named = findings.iter().filter_map(|finding| match &finding.subject {
        Subject::Release { name, version } => Some(format!("{} in {name}@{version}", finding.rule)),
        _ => None,
    });
    named.collect()
}

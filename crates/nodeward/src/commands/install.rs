//! `nodeward install`: the project's own package manager with scripts off, then the scripts that are allowed, confined.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{ValueEnum, ValueHint};
use nodeward_report::Printable;
use nodeward_review::install::{Item, Judged, Listing, State};

use crate::config::Config;
use crate::confined::ReportFile;
use crate::inspection;
use crate::install_scripts::deciding::{self, Terms};
use crate::install_scripts::format::is_open;
use crate::install_scripts::{self, Looked};
use crate::installing::report::{Report, Skipped, Unconfined};
use crate::installing::{self, Ground, Plan, Record, Tools, Unit, own, staging, unconfined};
use crate::interrupt::Watch;
use crate::limits::LimitArgs;
use crate::outcome::Outcome;
use crate::output;
use crate::package_manager::{self, Preparing};
use crate::projects::{self, Notes, Project};
use crate::session::Session;

/// Install the project, and run the install scripts that are allowed, confined
///
/// Asks the project's own package manager (npm, pnpm, yarn, bun) to install with scripts off. Then each package whose
/// scripts `[[install.allow]]` of nodeward.toml allows, as they are, has them run on a copy of it: dependencies first,
/// without network but to the hosts named there, without secrets, and with nothing to write to but the copy, which
/// takes the package's place when all went well. Nothing else runs.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes:
  0    installed, and every script was decided about
  1    installed; scripts that nobody decided about were not run
  2    it could not be installed, or a script failed: its package is as it was
  125  scripts were not run, as they could not be confined

Examples:
  nodeward install
  nodeward install -- ci --omit=dev
  nodeward install --allow esbuild --reason \"puts its binary in place\"
  nodeward install --deny core-js --reason \"only asks for money\"
  nodeward install --scripts-only --report installed.json")]
pub(crate) struct InstallArgs {
    /// Only run the scripts: what is there was installed with scripts off
    #[arg(long, conflicts_with = "arguments")]
    scripts_only: bool,
    /// Once it is installed, write into nodeward.toml that the scripts of this package, as they are, may run
    /// (repeatable)
    #[arg(long, value_name = "NAME[@VERSION]", requires = "reason", group = "decision")]
    allow: Vec<String>,
    /// Write into nodeward.toml that the scripts of this package may not run, in any version (repeatable)
    #[arg(long, value_name = "NAME", requires = "reason", group = "decision")]
    deny: Vec<String>,
    /// Where this machine can't confine, run what is allowed without confinement, and where yarn prepares what comes
    /// from git, let it
    #[arg(long, requires = "reason", group = "decision")]
    allow_unconfined: bool,
    #[command(flatten)]
    terms: Terms,
    /// How many packages have their scripts run at once [default: one for each processor]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    #[command(flatten)]
    limits: LimitArgs,
    /// How to write what was done
    #[arg(short, long, value_enum, default_value = "text")]
    format: Format,
    /// Write what each script tried and wrote to this file, as JSON
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    report: Option<PathBuf>,
    /// What to tell the package manager instead of `install`
    #[arg(last = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Installs. What was done is reported, however it ends.
pub(crate) fn install(args: &InstallArgs, session: &Session) -> anyhow::Result<Outcome> {
    let file = args.report.as_deref().map(|file| ReportFile::find(file, None)).transpose()?;
    let mut report = Report::new();
    let outcome = try_install(args, &mut report, session);
    if let Err(error) = &outcome {
        report.error = Some(format!("{error:#}"));
    }
    let written = file.map_or(Ok(()), |file| file.write(&report)).and_then(|()| match args.format {
        Format::Text => Ok(()),
        Format::Json => output::write(None, |out| {
            serde_json::to_writer_pretty(&mut *out, &report)?;
            out.write_all(b"\n")
        }),
    });
    match (outcome, written) {
        (Ok(outcome), Ok(())) => Ok(outcome),
        (Ok(_), Err(error)) => Err(error),
        (Err(error), written) => {
            if let Err(error) = written {
                session.print_error(&error);
            }
            Err(error)
        }
    }
}

fn try_install(args: &InstallArgs, report: &mut Report, session: &Session) -> anyhow::Result<Outcome> {
    let reason = match (args.terms.reason(), args.deny.is_empty(), args.allow_unconfined) {
        (None, ..) => "",
        (reason, true, false) => deciding::reason(reason, "these scripts may run")?,
        (reason, false, _) => deciding::reason(reason, "these scripts may not run")?,
        (reason, _, true) => deciding::reason(reason, "scripts may run without confinement")?,
    };
    let here = std::fs::canonicalize(".").context("cannot tell the current folder")?;
    let _alone = alone(&here)?;
    let watch = Watch::start()?;
    if !args.scripts_only {
        let preparing = if args.allow_unconfined { Preparing::Chosen(reason) } else { Preparing::Refused };
        let mut prepared = Vec::new();
        let installed = package_manager::install(
            Path::new("."),
            &args.arguments,
            preparing,
            &mut prepared,
            &watch,
            session,
        );
        if !prepared.is_empty() {
            let missing = format!("yarn prepares what comes from git by itself: {}", prepared.join(", "));
            report.unconfined = Some(Unconfined { reason: reason.to_owned(), missing });
        }
        installed?;
    }
    let read = projects::read(&[], Notes::Foreign, session)?;
    let is_here =
        |project: &&Project| std::fs::canonicalize(&project.folder).is_ok_and(|folder| folder == here);
    let projects: Vec<&Project> = read.projects.iter().filter(is_here).collect();
    if projects.is_empty() {
        bail!("there is no project in this folder; go to where its package.json is");
    }
    // Nobody could say what would have run.
    if !here.join("node_modules").is_dir() && projects.iter().any(|project| !project.graph.edges().is_empty())
    {
        bail!(
            "nothing is installed in node_modules of this folder; a member of a workspace is installed from the workspace's folder, and yarn needs `nodeLinker: node-modules`"
        );
    }
    let mut subjects = look(&projects, session)?;
    if !args.allow.is_empty() || !args.deny.is_empty() {
        match args.deny.is_empty() {
            true => deciding::allow(args.terms.wish(&args.allow, reason), &subjects, session)?,
            false => deciding::deny(&args.deny, reason, &subjects, session)?,
        }
        for (project, _, config) in &mut subjects {
            *config = inspection::config(project, session)?;
        }
    }
    let mut run = Run {
        args,
        reason,
        here: &here,
        watch: &watch,
        session,
        report,
        open: Vec::new(),
        is_incomplete: false,
        failed_to_confine: false,
    };
    for subject in &subjects {
        run.project(subject)?;
    }
    Ok(run.outcome())
}

fn look<'a>(projects: &[&'a Project], session: &Session) -> anyhow::Result<Vec<deciding::Subject<'a>>> {
    let look = |&project: &&'a Project| {
        Ok((project, install_scripts::look(project, session)?, inspection::config(project, session)?))
    };
    projects.iter().map(look).collect()
}

/// Keeps others from installing in the same folder for as long as it lives.
fn alone(here: &Path) -> anyhow::Result<File> {
    let folder = File::open(here).with_context(|| format!("cannot open {}", here.display()))?;
    match folder.try_lock() {
        Err(TryLockError::WouldBlock) => bail!("another `nodeward install` is at work here; wait for it"),
        // Some file systems can't lock a folder; nothing is lost but that others are kept out.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(folder),
    }
}

struct Run<'r> {
    args: &'r InstallArgs,
    reason: &'r str,
    here: &'r Path,
    watch: &'r Watch,
    session: &'r Session,
    report: &'r mut Report,
    /// What nobody decided about, and what it does.
    open: Vec<(String, Option<String>)>,
    is_incomplete: bool,
    failed_to_confine: bool,
}

/// What there is to do in a project.
#[derive(Default)]
struct Sorted<'a> {
    units: Vec<Unit<'a>>,
    own: Vec<&'a Item>,
}

/// Why nobody may run a package's scripts yet.
fn why_open(item: &Item, state: State<'_>) -> String {
    match (item.read(), item.listing) {
        (None, _) => "not installed".to_owned(),
        (Some(_), Listing::Listed) => state.name().to_owned(),
        (Some(_), Listing::Unlisted) => {
            let folders = item.folders.join(", ");
            format!("{}: the lockfile has no package in {}", state.name(), Printable(&folders))
        }
    }
}

/// Where a package lies, if others of the same name and version are there.
fn place<'a>(item: &'a Item, looked: &Looked) -> Option<&'a str> {
    let label = item.label();
    let items = looked.inventory.items.iter();
    let same = items.filter(|other| other.label() == label).count();
    // Why nothing that is allowed holds for one that is not listed names the folder already.
    let is_told = same > 1 && item.listing == Listing::Listed;
    item.folders.first().filter(|_| is_told).map(|folder| &**folder)
}

impl Run<'_> {
    /// Runs the scripts of a project.
    fn project(&mut self, (project, looked, config): &deciding::Subject<'_>) -> anyhow::Result<()> {
        for gap in &looked.inventory.gaps {
            self.is_incomplete = true;
            self.session.warn(format_args!("{}; {}", gap.message, gap.remedy));
        }
        self.clear(looked);
        let mut record = Record::read(self.here);
        let sorted = self.sort(looked, config, &record);
        if sorted.units.is_empty() && sorted.own.is_empty() {
            return Ok(());
        }
        let missing = unconfined::missing_layer(self.watch, self.session)?;
        let unconfined = match missing {
            Some(missing) if self.args.allow_unconfined => Some(self.without_confinement(missing)),
            Some(missing) => {
                self.not_confined(&missing);
                return Ok(());
            }
            None => None,
        };
        if unconfined.is_none() && self.args.allow_unconfined && self.report.unconfined.is_none() {
            self.session.note("this machine can confine, and does: --allow-unconfined changes nothing here");
        }
        let tools = Tools::find(Path::new("."), self.session);
        self.tell_headers(&sorted, &tools);
        let ground = Ground {
            project: self.here,
            tools: &tools,
            limits: self.args.limits.limits(),
            unconfined: unconfined.as_ref(),
            watch: self.watch,
            session: self.session,
        };
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        let plan = Plan {
            units: sorted.units,
            before: &looked.inventory.before,
            others: &looked.inventory.others,
            jobs: self.args.jobs.map_or_else(processors, usize::from),
            manager: install_scripts::manager(project),
        };
        self.failed_to_confine |= installing::install(&ground, &plan, &mut record, self.report)?;
        match &config.install.own {
            Some(own) => self.own(&ground, &sorted.own, own),
            None => Ok(()),
        }
    }

    /// Removes what was left by runs that were killed, whether anything is left to run or not.
    fn clear(&self, looked: &Looked) {
        let items = looked.inventory.items.iter().filter(|item| !item.role.is_alone());
        let folders = items.flat_map(|item| &item.folders).map(|folder| &**folder);
        staging::clear(self.here, folders.chain(["node_modules/any"]), self.session);
    }

    /// What runs, and what does not, which is said.
    fn sort<'a>(&mut self, looked: &'a Looked, config: &'a Config, record: &Record) -> Sorted<'a> {
        let mut sorted = Sorted::default();
        for item in &looked.inventory.items {
            let state = looked.state(item, &config.install);
            match state {
                State::Allowed(allow) | State::Changed { since: allow, .. }
                    if !item.folders.is_empty() && item.folders.iter().all(|folder| record.is_done(self.here, item, folder, allow)) => {}
                State::Allowed(allow) => {
                    let is_left = |folder: &&str| !record.is_done(self.here, item, folder, allow);
                    let folders = item.folders.iter().map(|folder| &**folder).filter(is_left);
                    sorted.units.extend(folders.map(|folder| Unit { item, folder, allow }));
                }
                State::AllowedUnread(_) if !item.optional => self.skip(item, "it is not installed"),
                State::Own if item.read().is_none() => {}
                State::Own if config.install.own.is_some() => sorted.own.push(item),
                State::Own => self.session.note(format_args!(
                    "{}: the project's own scripts are left to you; [install.own] of nodeward.toml has them run confined",
                    item.label()
                )),
                _ if is_open(item, state) => {
                    let folder = place(item, looked).map(|folder| format!(" in {folder}")).unwrap_or_default();
                    let label = format!("{}{folder}", item.label());
                    let package = format!("{} ({})", Printable(&label), why_open(item, state));
                    self.open.push((package.clone(), Judged { item, state }.summary()));
                    self.report.undecided.push(package);
                }
                _ => {}
            }
        }
        sorted
    }

    fn own(
        &mut self,
        ground: &Ground<'_>,
        items: &[&Item],
        own: &nodeward_review::install::Own,
    ) -> anyhow::Result<()> {
        for &item in items {
            let failed: Vec<String> = self.report.failed().map(|package| package.package.clone()).collect();
            if !failed.is_empty() {
                self.skip(item, &format!("scripts of {} did not go well", failed.join(", ")));
                continue;
            }
            self.failed_to_confine |= own::install(ground, item, own, self.report);
            self.watch.check()?;
        }
        Ok(())
    }

    fn skip(&mut self, item: &Item, because: &str) {
        self.session.warn(format_args!("{}: its scripts were not run: {because}", item.label()));
        let folder = item.folders.first().map(|folder| folder.to_string()).unwrap_or_default();
        self.report.skipped.push(Skipped { package: item.label(), folder, because: because.to_owned() });
    }

    fn without_confinement(&mut self, missing: String) -> Unconfined {
        // What yarn prepared stays told.
        let before = self.report.unconfined.take().map(|before| format!("; {}", before.missing));
        let missing = missing + &before.unwrap_or_default();
        let unconfined = Unconfined { reason: self.reason.to_owned(), missing };
        self.session.insist(format_args!(
            "scripts run WITHOUT CONFINEMENT: {}; they can read and change all that you can (reason: {})",
            unconfined.missing, unconfined.reason
        ));
        self.report.unconfined = Some(unconfined.clone());
        unconfined
    }

    fn not_confined(&mut self, missing: &str) {
        let error = format!("no script was run, as this machine can't confine: {missing}");
        self.session.print_error(&anyhow::anyhow!("{error}"));
        self.session.note(
            "mend that, or run what is allowed without confinement with --allow-unconfined --reason TEXT, which is recorded",
        );
        self.report.error = Some(error);
        self.failed_to_confine = true;
    }

    fn tell_headers(&self, sorted: &Sorted<'_>, tools: &Tools) {
        let compiles = |unit: &Unit<'_>| {
            unit.item
                .read()
                .is_some_and(|read| read.scripts.iter().any(|script| script.command.contains("node-gyp")))
        };
        if let Some(unit) = sorted.units.iter().find(|unit| compiles(unit)).filter(|_| !tools.has_headers()) {
            self.session.warn(format_args!(
                "{}: Node.js came without its headers (include/node); what compiles add-ons may fail",
                unit.item.label()
            ));
        }
    }

    /// Says what is left to do, and how it ends.
    fn outcome(&self) -> Outcome {
        let (report, session) = (&*self.report, self.session);
        for (package, summary) in &self.open {
            let what = summary.as_ref().map(|summary| format!(" (what they do: {summary})"));
            session.warn(format_args!("{package}: its scripts were not run{}", what.unwrap_or_default()));
        }
        if !report.undecided.is_empty() {
            session.note(
                "look at them with `nodeward install-scripts`; `nodeward install --allow NAME --reason TEXT` allows them, --deny NAME denies them",
            );
        }
        let failed: Vec<&str> = report.failed().map(|package| &*package.package).collect();
        if !failed.is_empty() {
            session.print_error(&anyhow::anyhow!(
                "scripts of {} did not go well; these packages are as they were without them",
                failed.join(", ")
            ));
        }
        let is_done =
            failed.is_empty() && report.skipped.is_empty() && !report.has_left() && !self.is_incomplete;
        match (self.failed_to_confine, is_done, report.undecided.is_empty()) {
            (true, ..) => Outcome::NotEnforced,
            (_, false, _) => Outcome::Incomplete,
            (_, _, false) => Outcome::Findings,
            (_, _, true) => Outcome::Clean,
        }
    }
}

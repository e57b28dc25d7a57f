//! `nodeward install`: the project's own package manager with scripts off, then the scripts that are allowed, confined.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ValueHint;
use nodeward_report::Printable;
use nodeward_review::install::{Allow, Item, State};
use serde::Serialize;

use crate::confined::ReportFile;
use crate::inspection;
use crate::install_scripts::{self, Looked};
use crate::installing::{self, Ground, Installed, Record, Tools};
use crate::interrupt::Watch;
use crate::outcome::Outcome;
use crate::package_manager;
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
  0  installed, and every script was decided about
  1  installed; scripts that nobody decided about were not run
  2  it could not be installed, or a script failed: its package is as it was

Examples:
  nodeward install
  nodeward install -- ci --omit=dev
  nodeward install-scripts --allow esbuild --reason \"puts its binary in place\"
  nodeward install --scripts-only --report installed.json")]
pub(crate) struct InstallArgs {
    /// Only run the scripts: what is there was installed with scripts off
    #[arg(long, conflicts_with = "arguments")]
    scripts_only: bool,
    /// Write what each script tried and wrote to this file, as JSON
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    report: Option<PathBuf>,
    /// What to tell the package manager instead of `install`
    #[arg(last = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

/// `nodeward.installed-scripts/1`; documented in `docs/formats/install-scripts.md`.
#[derive(Debug, Serialize)]
struct Report {
    schema: &'static str,
    packages: Vec<Installed>,
    undecided: Vec<String>,
}

/// Installs.
pub(crate) fn install(args: &InstallArgs, session: &Session) -> anyhow::Result<Outcome> {
    let watch = Watch::start()?;
    if !args.scripts_only {
        let folder = PathBuf::from(".");
        package_manager::install(&folder, &args.arguments, &watch, session)?;
    }
    let read = projects::read(&[], Notes::Foreign, session)?;
    let tools = Tools::find(Path::new("."), session);
    let file = args.report.as_deref().map(|file| ReportFile::find(file, None)).transpose()?;
    let mut report =
        Report { schema: "nodeward.installed-scripts/1", packages: Vec::new(), undecided: Vec::new() };
    let mut failed = Vec::new();
    let here = std::fs::canonicalize(".").context("cannot tell the current folder")?;
    let is_here =
        |project: &&Project| std::fs::canonicalize(&project.folder).is_ok_and(|folder| folder == here);
    for project in read.projects.iter().filter(is_here) {
        scripts(project, &tools, &watch, &mut report, &mut failed, session)?;
    }
    if let Some(file) = file {
        file.write(&report)?;
    }
    for package in &report.undecided {
        session.warn(format_args!("{package}: its scripts were not run"));
    }
    if !failed.is_empty() {
        anyhow::bail!(
            "scripts of {} failed; these packages are as they were without them",
            failed.join(", ")
        );
    }
    if report.undecided.is_empty() {
        return Ok(Outcome::Clean);
    }
    session.note("look at them with `nodeward install-scripts`, and allow what they need with --allow NAME --reason TEXT");
    Ok(Outcome::Findings)
}

fn scripts(
    project: &Project,
    tools: &Tools,
    watch: &Watch,
    report: &mut Report,
    failed: &mut Vec<String>,
    session: &Session,
) -> anyhow::Result<()> {
    let config = inspection::config(project, session)?;
    let looked = install_scripts::look(project, session)?;
    let mut record = Record::read(&project.folder);
    let folder = std::fs::canonicalize(&project.folder)
        .with_context(|| format!("cannot find {}", project.folder.display()))?;
    let ground = Ground { project: &folder, tools, watch, session };
    let mut ran = Vec::new();
    for item in &looked.inventory.items {
        let state = looked.state(item, &config.install);
        match state {
            State::Allowed(allow) | State::Changed { since: allow, .. }
                if is_done(&record, &folder, item, allow) => {}
            State::Allowed(allow) => {
                let compiles = item.read().is_some_and(|read| {
                    read.scripts.iter().any(|script| script.command.contains("node-gyp"))
                });
                if compiles && !tools.has_headers() {
                    session.warn(format_args!(
                        "{}: Node.js came without its headers (include/node); what compiles add-ons may fail",
                        item.label()
                    ));
                }
                for place in &item.folders {
                    let installed = installing::install(&ground, item, place, allow)?;
                    match installed.done {
                        true => ran.push((item.label(), place.clone(), allow)),
                        false if item.optional => {
                            session.warn(format_args!("{} is optional, and left as it was", item.label()))
                        }
                        false => failed.push(Printable(&item.label()).to_string()),
                    }
                    report.packages.push(installed);
                }
            }
            State::Own if item.read().is_some() => {
                session.note(format_args!("{}: the project's own scripts are left to you", item.label()));
            }
            _ if state.is_open() && item.read().is_some() => {
                report.undecided.push(format!("{} ({})", Printable(&item.label()), state.name()));
            }
            _ => {}
        }
    }
    if ran.is_empty() {
        return Ok(());
    }
    // By what they are known now: scripts may replace files of their own package.
    let after: Looked = install_scripts::look(project, session)?;
    for (label, place, allow) in &ran {
        if let Some(item) = after.inventory.items.iter().find(|item| item.label() == *label) {
            record.note(&folder, item, place, allow);
        }
    }
    record.write()
}

fn is_done(record: &Record, project: &Path, item: &Item, allow: &Allow) -> bool {
    !item.folders.is_empty() && item.folders.iter().all(|folder| record.is_done(project, item, folder, allow))
}

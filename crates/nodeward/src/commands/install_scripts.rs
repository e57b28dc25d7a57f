//! `nodeward install-scripts [PATH…]`: what runs when the project is installed, and who said that it may.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{ValueEnum, ValueHint};
use jiff::civil::Date;
use nodeward_report::Printable;
use nodeward_review::install::{Allow, Decisions, State};

use crate::config::Config;
use crate::inspection;
use crate::install_scripts::edit::{self, Wanted};
use crate::install_scripts::format::{Document, PackageEntry, is_open};
use crate::install_scripts::{self, Looked, markdown, text};
use crate::outcome::Outcome;
use crate::output;
use crate::projects::{self, Notes, Project};
use crate::session::Session;

/// List what runs when the project is installed: which scripts, what they do, who allowed them
///
/// Reads the scripts of every installed package, the files that they run and what the lockfile says: preinstall,
/// install and postinstall, the build that a binding.gyp implies, prepare of git dependencies and of the project
/// itself. Says of each what it does, and whether `[[install.allow]]` of nodeward.toml allows this version with these
/// scripts. Nothing is run.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Scripts that nobody decided about, or that are not those that were allowed,
give exit code 1. What could not be read gives exit code 2.

Examples:
  nodeward install-scripts
  nodeward install-scripts --explain esbuild
  nodeward install-scripts --allow esbuild --reason \"puts its binary in place\"
  nodeward install-scripts --format markdown")]
pub(crate) struct InstallScriptsArgs {
    /// Projects, as for scan [default: .]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
    /// How to write the list
    #[arg(short, long, value_enum, default_value = "text")]
    format: Format,
    /// Write the list to a file instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
    /// Say everything about one package
    #[arg(long, value_name = "NAME", conflicts_with = "allow")]
    explain: Option<String>,
    /// Write into nodeward.toml that the scripts of this package, as they are now, may run
    #[arg(long, value_name = "NAME", requires = "reason")]
    allow: Option<String>,
    /// Why they may
    #[arg(long, value_name = "TEXT", requires = "allow")]
    reason: Option<String>,
    /// A host that they may reach (repeatable)
    #[arg(long, value_name = "HOST", requires = "allow")]
    network: Vec<String>,
    /// The last day on which they may: 2027-01-31
    #[arg(long, value_name = "DATE", requires = "allow")]
    until: Option<Date>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Markdown,
}

/// Lists, explains or allows.
pub(crate) fn install_scripts(args: &InstallScriptsArgs, session: &Session) -> anyhow::Result<Outcome> {
    let read = projects::read(&args.paths, Notes::Foreign, session)?;
    let mut looked = Vec::new();
    for project in &read.projects {
        looked.push((
            project,
            install_scripts::look(project, session)?,
            inspection::config(project, session)?,
        ));
    }
    if let Some(name) = &args.allow {
        return allow(name, args, &looked, session);
    }
    let mut document = Document::new(&read.gaps);
    for (project, looked, config) in &looked {
        document.add(project, looked, &config.install);
    }
    for gap in &document.gaps {
        session.warn(format_args!("{}; {}", gap.message, gap.remedy));
    }
    if let Some(name) = &args.explain {
        return explain(name, &document, args);
    }
    let style = session.style(args.output.is_some());
    output::write(args.output.as_deref(), |out| match args.format {
        Format::Text => text::write(&document, style, out),
        Format::Markdown => markdown::write(&document, out),
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, &document)?;
            out.write_all(b"\n")
        }
    })?;
    Ok(match (document.open(), document.is_partial()) {
        (0, false) => Outcome::Clean,
        (0, true) => Outcome::Incomplete,
        _ => Outcome::Findings,
    })
}

fn explain(name: &str, document: &Document, args: &InstallScriptsArgs) -> anyhow::Result<Outcome> {
    let packages: Vec<&PackageEntry> = document
        .projects
        .iter()
        .flat_map(|project| &project.packages)
        .filter(|package| package.name == name)
        .collect();
    if packages.is_empty() {
        bail!("{} runs no script when the project is installed", Printable(name));
    }
    output::write(args.output.as_deref(), |out| match args.format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, &packages)?;
            out.write_all(b"\n")
        }
        _ => text::explain(&packages, out),
    })?;
    Ok(if packages.iter().any(|package| package.open) { Outcome::Findings } else { Outcome::Clean })
}

type Projects<'a> = [(&'a Project, Looked, Config)];

fn allow(
    name: &str,
    args: &InstallScriptsArgs,
    looked: &Projects<'_>,
    session: &Session,
) -> anyhow::Result<Outcome> {
    let reason = args.reason.as_deref().unwrap_or_default().trim();
    if reason.is_empty() {
        bail!("--reason is empty: say why these scripts may run");
    }
    let mut is_known = false;
    for (project, looked, config) in looked {
        is_known |= looked.inventory.items.iter().any(|item| item.name.as_str() == name);
        allow_in(name, reason, args, (project, looked, config), session)?;
    }
    if !is_known {
        bail!("{} runs no script when the project is installed", Printable(name));
    }
    Ok(Outcome::Clean)
}

fn allow_in(
    name: &str,
    reason: &str,
    args: &InstallScriptsArgs,
    (project, looked, config): (&Project, &Looked, &Config),
    session: &Session,
) -> anyhow::Result<()> {
    let decisions: &Decisions = &config.install;
    let (mut wanted, mut in_use): (Vec<Wanted<'_>>, Vec<&Allow>) = (Vec::new(), Vec::new());
    for item in looked.inventory.items.iter().filter(|item| item.name.as_str() == name) {
        let state = looked.state(item, decisions);
        match state {
            State::Allowed(allow) | State::AllowedUnread(allow) => {
                in_use.push(allow);
                session.note(format_args!("{} is allowed already, by {}", item.label(), allow.place));
                continue;
            }
            State::Denied(deny) => {
                bail!("{}: {} is denied there; remove that first", deny.place, item.label())
            }
            State::Own => bail!("{} is the project's own: its scripts need no allowance", item.label()),
            _ if !is_open(item, state) => continue,
            _ => {}
        }
        let Some(read) = item.read() else {
            bail!(
                "{} is not installed, so that its scripts can't be read; install with scripts off, and then allow it",
                item.label()
            );
        };
        let hash = read.hash.clone().map_err(anyhow::Error::msg);
        let hash = hash.with_context(|| format!("{} can't be known again", item.label()))?;
        wanted.push(Wanted { item, hash, reason, network: &args.network, until: args.until });
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let file = edit::allow(config, &project.folder, &wanted, &in_use)?;
    for Wanted { item, .. } in &wanted {
        session.note(format_args!("{} is allowed, in {}", item.label(), file.display()));
    }
    Ok(())
}

//! `nodeward install-scripts [PATH…]`: what runs when the project is installed, and who said that it may.

use std::path::PathBuf;

use anyhow::bail;
use clap::{ValueEnum, ValueHint};
use nodeward_report::Printable;

use crate::inspection;
use crate::install_scripts::deciding::{self, Terms};
use crate::install_scripts::format::{Document, PackageEntry};
use crate::install_scripts::{self, markdown, text};
use crate::outcome::Outcome;
use crate::output;
use crate::projects::{self, Notes};
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
    #[arg(long, value_name = "NAME", conflicts_with = "decision")]
    explain: Option<String>,
    /// Write into nodeward.toml that the scripts of this package, as they are now, may run (repeatable)
    #[arg(long, value_name = "NAME[@VERSION]", requires = "reason", group = "decision")]
    allow: Vec<String>,
    /// Write into nodeward.toml that the scripts of this package may not run, in any version (repeatable)
    #[arg(long, value_name = "NAME", requires = "reason", group = "decision")]
    deny: Vec<String>,
    #[command(flatten)]
    terms: Terms,
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
    if !args.allow.is_empty() {
        let reason = deciding::reason(args.terms.reason(), "these scripts may run")?;
        deciding::allow(args.terms.wish(&args.allow, reason), &looked, session)?;
        return Ok(Outcome::Clean);
    }
    if !args.deny.is_empty() {
        let reason = deciding::reason(args.terms.reason(), "these scripts may not run")?;
        deciding::deny(&args.deny, reason, &looked, session)?;
        return Ok(Outcome::Clean);
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
        // As `nodeward install` has it: nobody can say what more there is to decide.
        _ if !document.gaps.is_empty() => Outcome::Incomplete,
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

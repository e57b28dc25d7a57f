//! The command line: what can be asked for, and which file answers.
//!
//! To add a subcommand: write `commands/NAME.rs` and add its line to [`Command`] and to [`run`].

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use nodeward_report::{Severity, render};

use crate::commands;
use crate::outcome::Outcome;
use crate::session::Session;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// What third-party code does this project run, and what is known against it?
///
/// Nodeward reads lockfiles (npm, yarn, pnpm, bun), installed node_modules, manifests and SBOMs; it never runs what
/// it reads. Advisories come from a local index, so that a scan needs no network.
#[derive(Debug, Parser)]
#[command(
    name = "nodeward",
    version,
    styles = STYLES,
    arg_required_else_help = true,
    subcommand_required = true,
    disable_help_subcommand = true,
    max_term_width = 80,
    after_help = "\
Exit codes:
  0  checked, and nothing at the threshold (--fail-on)
  1  findings at the threshold
  2  the check could not be completed

Examples:
  nodeward scan                      scan the project in this folder
  nodeward scan --format sarif -o nodeward.sarif
  nodeward audit --fix --dry-run     what would clear the advisories?
  nodeward lint                      what in our own code lets attackers in?
  nodeward why minimist              which dependency brings it in?
  nodeward seal app.js               list what production loads, by hash
  nodeward run -- node app.js        let only that load
  nodeward db update                 fetch the newest advisories"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) general: General,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Every subcommand. What help says of one stands with its arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Scan(commands::scan::ScanArgs),
    Audit(commands::audit::AuditArgs),
    Lint(commands::lint::LintArgs),
    Trace(commands::trace::TraceArgs),
    Lsp(commands::lsp::LspArgs),
    Db(commands::db::DbArgs),
    Sbom(commands::sbom::SbomArgs),
    Why(commands::why::WhyArgs),
    Vex(commands::vex::VexArgs),
    InstallScripts(commands::install_scripts::InstallScriptsArgs),
    Logs(commands::logs::LogsArgs),
    Seal(commands::seal::SealArgs),
    Bundle(commands::bundle::BundleArgs),
    Run(commands::run::RunArgs),
    #[cfg(target_os = "linux")]
    Install(commands::install::InstallArgs),
    #[cfg(target_os = "linux")]
    Build(commands::build::BuildArgs),
    #[cfg(target_os = "linux")]
    Exec(commands::exec::ExecArgs),
    Completions(commands::completions::CompletionsArgs),
    Man(commands::man::ManArgs),
}

impl Command {
    /// Whether the advisory index has to have a folder. What runs in a bare container does without.
    pub(crate) fn needs_index(&self) -> bool {
        match self {
            Self::Seal(_) | Self::Bundle(_) | Self::InstallScripts(_) => false,
            #[cfg(target_os = "linux")]
            Self::Install(_) | Self::Build(_) => false,
            _ => !self.runs_a_program(),
        }
    }

    /// How the command ends when nothing could be done.
    pub(crate) fn failed(&self) -> Outcome {
        if self.runs_a_program() { Outcome::NotEnforced } else { Outcome::Incomplete }
    }

    /// Whether the exit code is that of a program that it runs.
    fn runs_a_program(&self) -> bool {
        match self {
            Self::Run(_) => true,
            #[cfg(target_os = "linux")]
            Self::Exec(_) => true,
            _ => false,
        }
    }
}

/// Runs what was asked for.
pub(crate) fn run(cli: &Cli, session: &Session) -> anyhow::Result<Outcome> {
    match &cli.command {
        Command::Scan(args) => commands::scan::scan(args, session),
        Command::Audit(args) => commands::audit::audit(args, session),
        Command::Lint(args) => commands::lint::lint(args, session),
        Command::Trace(args) => commands::trace::trace(args, session),
        Command::Lsp(args) => commands::lsp::lsp(args, session),
        Command::Db(args) => commands::db::db(args, session),
        Command::Sbom(args) => commands::sbom::sbom(args, session),
        Command::Why(args) => commands::why::why(args, session),
        Command::Vex(args) => commands::vex::vex(args, session),
        Command::InstallScripts(args) => commands::install_scripts::install_scripts(args, session),
        Command::Logs(args) => commands::logs::logs(args, session),
        Command::Seal(args) => commands::seal::seal(args, session),
        Command::Bundle(args) => commands::bundle::bundle(args, session),
        Command::Run(args) => Ok(commands::run::run(args, session)),
        #[cfg(target_os = "linux")]
        Command::Install(args) => commands::install::install(args, session),
        #[cfg(target_os = "linux")]
        Command::Build(args) => commands::build::build(args, session),
        #[cfg(target_os = "linux")]
        Command::Exec(args) => commands::exec::exec(args, session),
        Command::Completions(args) => commands::completions::completions(args),
        Command::Man(args) => commands::man::man(args),
    }
}

/// What every subcommand takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "General options")]
pub(crate) struct General {
    /// Never use the network
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// Show every finding and path instead of the groups
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Print nothing on standard error but errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// When to use colour; `auto` also respects NO_COLOR and CLICOLOR_FORCE
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
    /// Read this nodeward.toml instead of the project's own
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// Folder of the advisory index [env: NODEWARD_CACHE, its parent; default: the platform's cache folder]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) database: Option<PathBuf>,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}

/// Which projects to look at.
#[derive(Debug, Args)]
pub(crate) struct ProjectArgs {
    /// Projects: folders (every lockfile below is read), lockfiles, package.json files or SBOMs [default: .]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Only what production reaches; development dependencies are left out
    #[arg(long)]
    pub(crate) prod: bool,
}

/// How to report.
#[derive(Debug, Args)]
#[command(next_help_heading = "Report options")]
pub(crate) struct ReportArgs {
    /// How to write the report
    #[arg(short, long, value_name = "FORMAT", default_value = "text", value_parser = formats())]
    pub(crate) format: String,
    /// Write the report to a file instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// From which severity on findings give exit code 1: info, low, medium, high or critical
    /// [default: `fail-on` of nodeward.toml; else medium, and low for audit]
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<Severity>,
    /// Hide what this OpenVEX document says does not affect the project (repeatable)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) vex: Vec<PathBuf>,
}

fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(
        render::FORMATS
            .iter()
            .map(|format| clap::builder::PossibleValue::new(format.name).help(format.summary)),
    )
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_file_of_commands_is_a_subcommand_and_the_reverse() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .map(|path| path.file_stem().unwrap().to_string_lossy().replace('_', "-"))
            .collect();
        let mut names: Vec<String> =
            Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
        files.sort();
        names.sort();
        assert_eq!(files, names);
    }
}

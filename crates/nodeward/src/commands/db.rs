//! `nodeward db`: keeps the advisory index, and asks it.

mod add;
mod info;
mod show;
mod update;

use clap::{Subcommand, ValueEnum};

use crate::outcome::Outcome;
use crate::session::Session;

/// Keep and ask the advisory index.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  nodeward db update                       fetch what is new
  nodeward db update --from npm-all.zip    take a file, folder or mirror instead
  nodeward db info --verify                is the index whole?
  nodeward db show CVE-2021-23337          what does the advisory say?
  nodeward db add advisories/internal      our own advisories, kept over updates"
)]
pub(crate) struct DbArgs {
    #[command(subcommand)]
    command: DbCommand,
}

#[derive(Debug, Subcommand)]
enum DbCommand {
    /// Fetch the newest advisories and build the index anew
    Update(update::UpdateArgs),
    /// Tell what the index holds, and how old it is
    Info(info::InfoArgs),
    /// Show an advisory, by any of its names
    Show(show::ShowArgs),
    /// List every name of one flaw
    Alias(show::AliasArgs),
    /// Add your own advisories; updates keep them
    Add(add::AddArgs),
    /// Take your own advisories out again
    Remove(add::RemoveArgs),
}

/// How to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AnswerFormat {
    Text,
    Json,
}

/// Runs what was asked for.
pub(crate) fn db(args: &DbArgs, session: &Session) -> anyhow::Result<Outcome> {
    match &args.command {
        DbCommand::Update(args) => update::update(args, session),
        DbCommand::Info(args) => info::info(args, session),
        DbCommand::Show(args) => show::show(args, session),
        DbCommand::Alias(args) => show::alias(args, session),
        DbCommand::Add(args) => add::add(args, session),
        DbCommand::Remove(args) => add::remove(args, session),
    }
}

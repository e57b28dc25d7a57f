//! `nodeward man [COMMAND]`.

use clap::CommandFactory as _;

use crate::cli::Cli;
use crate::outcome::Outcome;
use crate::output;

/// Print the manual page (roff).
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nodeward man scan | man -l -")]
pub(crate) struct ManArgs {
    /// The subcommand whose page to print instead of the main one
    command: Option<String>,
}

/// Prints the page.
pub(crate) fn man(args: &ManArgs) -> anyhow::Result<Outcome> {
    let mut root = Cli::command();
    root.build();
    let command = match &args.command {
        Some(name) => root
            .find_subcommand(name)
            .ok_or_else(|| anyhow::anyhow!("there is no command {name:?}; `nodeward --help` lists them"))?
            .clone(),
        None => root,
    };
    output::write(None, |out| clap_mangen::Man::new(command).render(out))?;
    Ok(Outcome::Clean)
}

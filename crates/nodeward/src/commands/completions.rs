//! `nodeward completions SHELL`.

use clap::CommandFactory as _;

use crate::cli::Cli;
use crate::outcome::Outcome;
use crate::output;

/// Print a completion script for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nodeward completions zsh > ~/.zfunc/_nodeward")]
pub(crate) struct CompletionsArgs {
    /// Which shell
    shell: clap_complete::Shell,
}

/// Prints the script.
pub(crate) fn completions(args: &CompletionsArgs) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "nodeward", &mut script);
    output::write(None, |out| out.write_all(&script))?;
    Ok(Outcome::Clean)
}

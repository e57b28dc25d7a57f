//! `nodeward lsp`: findings in the editor.

use nodeward_lint::Policy;

use crate::lsp;
use crate::outcome::Outcome;
use crate::session::Session;

/// Speak the Language Server Protocol: findings, fixes and explanations in the editor.
///
/// Started by an editor, not by hand: it reads requests from standard input and answers on standard output.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The rules of the policy look at the buffer as you type; values are followed
through the project when a file is opened or saved. nodeward.toml holds as it
does for `nodeward lint`: policy, requirements, suppressions. docs/editor.md says how to set it up in VS Code, Neovim, Helix, Zed and Emacs.")]
pub(crate) struct LspArgs {
    /// Which rules: common, strict or experimental
    /// [default: the client's `policy`; else `policy` of `[lint]` in nodeward.toml; else common]
    #[arg(long, value_name = "POLICY")]
    policy: Option<Policy>,
    /// Use standard input and output; there is no other way, and some editors say so
    #[arg(long)]
    stdio: bool,
}

/// Serves until the client ends it.
pub(crate) fn lsp(args: &LspArgs, session: &Session) -> anyhow::Result<Outcome> {
    lsp::serve(args.policy, session)
}

//! The language server behind `nodeward lsp`: findings while somebody types, with fixes and explanations.
//!
//! It speaks the Language Server Protocol over standard input and output. What the client sends may be anything:
//! sizes are bounded, and what cannot be understood is answered with an error. Nothing is run, and nothing is
//! written but the answers.

mod actions;
mod analysis;
mod diagnostics;
mod documents;
mod hover;
mod position;
mod protocol;
mod server;
mod uri;
mod wire;

pub(crate) use server::serve;

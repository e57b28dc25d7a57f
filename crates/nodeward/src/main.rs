//! `nodeward`: know, keep close, decide and respond.
//!
//! The binary is the only part of Nodeward that prints, reads the environment, talks to the network and picks exit
//! codes. What it finds out, the crates below it decide; what it prints, `nodeward-report` renders.

mod addon;
#[cfg(target_os = "linux")]
mod building;
mod cli;
mod commands;
mod config;
#[cfg(target_os = "linux")]
mod confined;
mod database;
mod disk;
mod feeds;
mod first_run;
mod fix;
mod gather;
mod git;
mod inspection;
mod install_scripts;
#[cfg(target_os = "linux")]
mod installing;
mod interrupt;
#[cfg(target_os = "linux")]
mod limits;
mod lint;
mod loaded;
#[cfg(unix)]
mod logging;
mod lsp;
mod npm_settings;
mod outcome;
mod output;
mod package_manager;
mod programs;
mod projects;
mod refresh;
mod registry;
mod remedies;
mod requirements;
mod runtime;
mod sealing;
mod session;
mod suppress;
mod trace;
mod transport;
mod unchecked;
mod undo;

use std::process::ExitCode;

use clap::Parser as _;

use crate::interrupt::Interrupted;
use crate::outcome::Outcome;

fn main() -> ExitCode {
    // Before there is a second thread.
    #[cfg(target_os = "linux")]
    if std::env::args_os().nth(1).is_some_and(|first| first == nodeward_sandbox::confine::HELPER) {
        return nodeward_sandbox::confine::obey();
    }
    let cli = cli::Cli::parse();
    let session = match session::Session::new(&cli.general, cli.command.needs_index()) {
        Ok(session) => session,
        Err(error) => {
            session::print_error_without_session(&error);
            return cli.command.failed().into();
        }
    };
    cli::run(&cli, &session)
        .unwrap_or_else(|error| {
            session.print_error(&error);
            if let Some(interrupted) = error.downcast_ref::<Interrupted>() {
                interrupted.obey();
            }
            Outcome::Incomplete
        })
        .into()
}

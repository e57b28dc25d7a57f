//! The binary as its users meet it: arguments in; text, files and exit codes out. No test needs the internet.

#![expect(missing_docs, reason = "tests document themselves")]

mod commands;
mod database;
mod harness;
mod scan;
mod suppressions;

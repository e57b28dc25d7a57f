//! How a command ended, and the exit code that says so.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All was done, and nothing reaches the threshold.
    Clean,
    /// Findings at the threshold.
    Findings,
    /// Something could not be done.
    Incomplete,
    /// The program to run was not started, as the seal could not be enforced.
    NotEnforced,
    /// The program ran, and ended with this exit code.
    Ran(u8),
}

impl Outcome {
    /// The exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Incomplete => 2,
            Self::NotEnforced => 125,
            Self::Ran(code) => code,
        }
    }

    /// What a report's own exit code means.
    pub(crate) fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Clean,
            1 => Self::Findings,
            _ => Self::Incomplete,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome.code())
    }
}

//! Systems for which there is no confinement yet.

use std::fs::File;
use std::io;

use crate::{Children, Enforcement, Grant, Program, SandboxError, Support};

impl Support {
    /// Nothing.
    pub fn probe() -> Self {
        Self { landlock: false, seccomp: false }
    }
}

/// Allows everything, and says so.
#[derive(Debug)]
pub struct Sandbox {
    support: Support,
}

impl Sandbox {
    /// Confines nothing.
    pub fn new(support: Support) -> Result<Self, SandboxError> {
        Ok(Self { support })
    }

    /// Everything is allowed anyway.
    pub fn allow(&self, _file: &File, _grant: Grant, _name: &str) -> Result<(), SandboxError> {
        Ok(())
    }

    /// Everything is allowed anyway.
    pub fn allow_regular(&self, _file: &File, _name: &str) -> Result<(), SandboxError> {
        Ok(())
    }

    /// How much will be enforced.
    pub fn enforcement(&self, children: Children) -> Enforcement {
        self.support.enforcement(children)
    }

    /// Starts the program, by its first argument, in the place of this process. Returns only when that failed.
    #[cfg(unix)]
    pub fn start(self, program: &Program, _children: Children) -> SandboxError {
        use std::os::unix::process::CommandExt as _;

        let Some((name, arguments)) = program.arguments.split_first() else {
            return SandboxError::Start(io::Error::other("no program"));
        };
        let mut command = std::process::Command::new(name);
        SandboxError::Start(
            command.args(arguments).env_clear().envs(program.environment.iter().cloned()).exec(),
        )
    }

    /// A process can't be replaced here.
    #[cfg(not(unix))]
    pub fn start(self, _program: &Program, _children: Children) -> SandboxError {
        SandboxError::Start(io::Error::new(io::ErrorKind::Unsupported, "not on this system"))
    }
}

//! What can be enforced, what is asked for, and what went wrong.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io;

/// How much of what was asked for the kernel enforces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enforcement {
    /// All of it.
    Full,
    /// Not all of it; never empty.
    Partial(Vec<Missing>),
    /// Nothing.
    None(Vec<Missing>),
}

impl Enforcement {
    /// What is missing.
    pub fn missing(&self) -> &[Missing] {
        match self {
            Self::Full => &[],
            Self::Partial(missing) | Self::None(missing) => missing,
        }
    }
}

/// What the kernel does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Files are not kept from the program: there is no Landlock, or it is switched off.
    Landlock,
    /// Programs can be started: there is no seccomp, or not for this processor.
    Seccomp,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Landlock => {
                "Landlock (any file can be opened; it needs Linux 5.13 or newer, with `landlock` among its security modules)"
            }
            Self::Seccomp => "seccomp (programs can be started; it needs Linux on x86-64, arm64 or riscv64)",
        })
    }
}

/// What the running kernel offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Support {
    /// Files can be kept from a program.
    pub landlock: bool,
    /// System calls can be kept from a program.
    pub seccomp: bool,
}

impl Support {
    /// How much could be enforced.
    pub fn enforcement(self, children: Children) -> Enforcement {
        let mut missing = Vec::new();
        if !self.landlock {
            missing.push(Missing::Landlock);
        }
        if !self.seccomp && children == Children::Denied {
            missing.push(Missing::Seccomp);
        }
        match (missing.is_empty(), self.landlock || self.seccomp) {
            (true, _) => Enforcement::Full,
            (false, true) => Enforcement::Partial(missing),
            (false, false) => Enforcement::None(missing),
        }
    }
}

/// Whether the program may start others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Children {
    /// Starting a program fails with `EPERM`, whatever its path.
    Denied,
    /// Files with [`Grant::Execute`] may be started. They are confined as their parent is.
    Granted,
}

/// What may be done with a file, or with everything below a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// A file is read, or every file below a folder, whose names may be listed too.
    Read,
    /// A file is read and started as a program.
    Execute,
    /// Names below a folder are listed; no file is read.
    List,
    /// A file is read and written; below a folder, files and folders are made and removed too.
    Write,
}

/// The program to start.
#[derive(Debug)]
pub struct Program {
    /// Its file. This very file is started, whatever stands at its path by then.
    pub file: File,
    /// Its arguments, its own name first.
    pub arguments: Vec<OsString>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
}

/// Why a program was not confined or not started.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A rule was refused.
    #[error("cannot allow {subject}: {reason}")]
    Rule {
        /// The file or folder.
        subject: String,
        /// What the kernel said.
        reason: String,
    },
    /// The kernel offers a restriction and yet refused it.
    #[error("cannot confine the process by {layer}: {reason}")]
    Refused {
        /// `landlock` or `seccomp`.
        layer: &'static str,
        /// What the kernel said.
        reason: String,
    },
    /// The argument or variable holds a zero byte.
    #[error("an argument or a variable of the environment holds a zero byte")]
    ZeroByte,
    /// The program can't be started.
    #[error("cannot start the program")]
    Start(#[source] io::Error),
}

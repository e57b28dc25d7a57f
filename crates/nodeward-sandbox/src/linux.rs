//! Landlock and seccomp.

use std::collections::BTreeMap;
use std::ffi::{CString, OsString};
use std::fs::File;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::sync::Mutex;

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, CompatLevel, Compatible as _, PathBeneath, Ruleset,
    RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetStatus, Scope,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use crate::sys::{self, StartKey};
use crate::{Children, Enforcement, Grant, Program, SandboxError, Support};

/// The newest version whose rights were tried. Kernels that know fewer keep from the program what they know.
const NEWEST: ABI = ABI::V5;

/// On x86-64 the same calls can be made by the numbers of the x32 ABI.
#[cfg(target_arch = "x86_64")]
const EXEC_CALLS_OF_X32: [i64; 2] = [0x4000_0000 + 520, 0x4000_0000 + 545];
#[cfg(not(target_arch = "x86_64"))]
const EXEC_CALLS_OF_X32: [i64; 0] = [];

impl Support {
    /// Asks the kernel.
    pub fn probe() -> Self {
        let landlock = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(ABI::V1))
            .and_then(Ruleset::create)
            .is_ok();
        // A kernel without seccomp has no such line.
        let seccomp = std::fs::read_to_string("/proc/self/status")
            .is_ok_and(|status| status.lines().any(|line| line.starts_with("Seccomp:")))
            && seccompiler::TargetArch::try_from(std::env::consts::ARCH).is_ok();
        Self { landlock, seccomp }
    }
}

/// What a program will be allowed. Everything else is denied from its start on.
#[derive(Debug)]
pub struct Sandbox {
    support: Support,
    rules: Option<Rules>,
}

#[derive(Debug)]
struct Rules {
    created: Mutex<RulesetCreated>,
    /// The same ruleset, for what several threads allow at once.
    handle: OwnedFd,
}

impl Sandbox {
    /// Allows nothing yet.
    pub fn new(support: Support) -> Result<Self, SandboxError> {
        let rules = if support.landlock {
            let rules = Ruleset::default()
                .set_compatibility(CompatLevel::BestEffort)
                .handle_access(AccessFs::from_all(NEWEST))
                // A signal can switch on the debugger of another Node.js of the same user.
                .and_then(|rules| rules.scope(Scope::Signal))
                .and_then(Ruleset::create)
                .map_err(|error| refused("landlock", &error))?;
            let another = rules.try_clone().map_err(|error| refused("landlock", &error))?;
            // Without a handle the kernel turned out not to know Landlock, and nothing can be allowed.
            let handle = Option::<OwnedFd>::from(another);
            let handle = handle.ok_or_else(|| refused("landlock", &"the kernel does not enforce it"))?;
            Some(Rules { created: Mutex::new(rules), handle })
        } else {
            None
        };
        Ok(Self { support, rules })
    }

    /// Allows something with an open file or folder: with this very one, whatever stands at its path later.
    /// `name` is for errors.
    pub fn allow(&self, file: &File, grant: Grant, name: &str) -> Result<(), SandboxError> {
        let Some(rules) = &self.rules else { return Ok(()) };
        let fail = |reason: String| SandboxError::Rule { subject: name.to_owned(), reason };
        let is_folder = rustix::fs::fstat(file)
            .map(|status| rustix::fs::FileType::from_raw_mode(status.st_mode).is_dir())
            .map_err(|error| fail(error.to_string()))?;
        let rule = PathBeneath::new(file.as_fd(), rights(grant, is_folder));
        let mut rules = rules.created.lock().map_err(|_| fail("another thread failed".to_owned()))?;
        (&mut *rules).add_rule(rule).map(drop).map_err(|error| fail(error.to_string()))
    }

    /// Allows to read a regular file: the same as [`Self::allow`] with [`Grant::Read`], in less time, and by several
    /// threads at once.
    pub fn allow_regular(&self, file: &File, name: &str) -> Result<(), SandboxError> {
        let Some(rules) = &self.rules else { return Ok(()) };
        // Every version of Landlock knows this right.
        let right = BitFlags::from(AccessFs::ReadFile).bits();
        sys::add_rule(rules.handle.as_fd(), file.as_fd(), right)
            .map_err(|error| SandboxError::Rule { subject: name.to_owned(), reason: error.to_string() })
    }

    /// How much of it will be enforced.
    pub fn enforcement(&self, children: Children) -> Enforcement {
        self.support.enforcement(children)
    }

    /// Confines the calling thread and starts the program in the place of this process, with its open files as
    /// they are. Returns only when that failed, and the thread may be confined by then.
    pub fn start(self, program: &Program, children: Children) -> SandboxError {
        match self.try_start(program, children) {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }

    fn try_start(
        self,
        program: &Program,
        children: Children,
    ) -> Result<std::convert::Infallible, SandboxError> {
        let arguments = terminated(program.arguments.iter().cloned())?;
        let environment = terminated(program.environment.iter().map(|(name, value)| {
            let mut pair = name.clone();
            pair.push("=");
            pair.push(value);
            pair
        }))?;
        let key = StartKey::new(&program.file).map_err(SandboxError::Start)?;
        if let Some(rules) = self.rules {
            let rules = rules.created.into_inner().map_err(|error| refused("landlock", &error))?;
            let status = rules.restrict_self().map_err(|error| refused("landlock", &error))?;
            if status.ruleset == RulesetStatus::NotEnforced {
                return Err(refused("landlock", &"the kernel does not enforce it"));
            }
        }
        if self.support.seccomp && children == Children::Denied {
            let filter = filter(&key).map_err(|error| refused("seccomp", &error))?;
            seccompiler::apply_filter(&filter).map_err(|error| refused("seccomp", &error))?;
        }
        Err(SandboxError::Start(sys::start(&key, &arguments, &environment)))
    }
}

fn refused(layer: &'static str, reason: &impl std::fmt::Display) -> SandboxError {
    SandboxError::Refused { layer, reason: reason.to_string() }
}

fn terminated(texts: impl Iterator<Item = OsString>) -> Result<Vec<CString>, SandboxError> {
    texts.map(|text| CString::new(text.into_vec()).map_err(|_| SandboxError::ZeroByte)).collect()
}

fn rights(grant: Grant, is_folder: bool) -> BitFlags<AccessFs> {
    let rights = match grant {
        Grant::Read => AccessFs::ReadFile | AccessFs::ReadDir,
        Grant::Execute => AccessFs::ReadFile | AccessFs::Execute,
        Grant::List => AccessFs::ReadDir.into(),
        Grant::Write => AccessFs::from_all(NEWEST) & !BitFlags::from(AccessFs::Execute),
    };
    if is_folder { rights } else { rights & AccessFs::from_file(NEWEST) }
}

/// Denies what starts programs, but for the one call that knows the key.
fn filter(key: &StartKey) -> Result<BpfProgram, seccompiler::BackendError> {
    let unless = |argument: u8, value: u64| {
        let differs = SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Ne, value)?;
        SeccompRule::new(vec![differs])
    };
    let mut calls = BTreeMap::from([
        (libc::SYS_execve, Vec::new()),
        (libc::SYS_execveat, vec![unless(0, key.folder)?, unless(4, key.flags)?]),
    ]);
    calls.extend(EXEC_CALLS_OF_X32.map(|call| (call, Vec::new())));
    SeccompFilter::new(
        calls,
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM as u32),
        std::env::consts::ARCH.try_into()?,
    )?
    .try_into()
}

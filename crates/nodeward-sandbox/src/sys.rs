//! The system calls that no maintained crate makes as they are needed here.

use std::ffi::{CString, c_char};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd};

/// What the call that starts the program passes, and no other call can know.
///
/// The kernel takes a descriptor and flags for 32-bit numbers and ignores the upper halves of their registers; a
/// seccomp filter sees them. With random halves the filter can let one call through and deny the same call to
/// whatever runs afterwards: the numbers are gone with the memory of the process that made the call.
pub(crate) struct StartKey {
    /// The whole first register of `execveat`: the descriptor of the program, and chance.
    pub(crate) folder: u64,
    /// The whole fifth register: `AT_EMPTY_PATH`, and chance.
    pub(crate) flags: u64,
}

impl StartKey {
    pub(crate) fn new(program: &File) -> io::Result<Self> {
        let mut chance = [0; 8];
        let got = rustix::rand::getrandom(&mut chance, rustix::rand::GetRandomFlags::empty())?;
        if got != chance.len() {
            return Err(io::Error::other("the kernel gave too few random bytes"));
        }
        let chance = u64::from_ne_bytes(chance);
        let descriptor = program.as_raw_fd() as u32;
        Ok(Self {
            folder: chance << 32 | u64::from(descriptor),
            flags: chance >> 32 << 32 | libc::AT_EMPTY_PATH as u64,
        })
    }
}

/// Starts a program in the place of this process; returns only when that failed.
pub(crate) fn start(key: &StartKey, arguments: &[CString], environment: &[CString]) -> io::Error {
    let pointers = |texts: &[CString]| -> Vec<*const c_char> {
        texts.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect()
    };
    let (arguments, environment) = (pointers(arguments), pointers(environment));
    // SAFETY: the path and every argument and variable is a C string that outlives the call, and both arrays end
    // with a null pointer. The kernel only reads them. When the call returns, nothing has changed.
    #[expect(unsafe_code, reason = "execveat with whole registers is in no crate")]
    unsafe {
        libc::syscall(
            libc::SYS_execveat,
            key.folder,
            c"".as_ptr(),
            arguments.as_ptr(),
            environment.as_ptr(),
            key.flags,
        );
    }
    io::Error::last_os_error()
}

/// The kernel's `struct landlock_path_beneath_attr`.
#[repr(C, packed)]
struct PathBeneath {
    allowed_access: u64,
    parent_fd: i32,
}

/// The kernel's `LANDLOCK_RULE_PATH_BENEATH`.
const RULE_PATH_BENEATH: libc::c_int = 1;

/// Adds a rule for an open file. The `landlock` crate looks at each file once more before that, and takes the whole
/// ruleset for itself, which keeps other threads from theirs; the kernel needs neither.
pub(crate) fn add_rule(ruleset: BorrowedFd<'_>, file: BorrowedFd<'_>, allowed_access: u64) -> io::Result<()> {
    let rule = PathBeneath { allowed_access, parent_fd: file.as_raw_fd() };
    // SAFETY: both descriptors are open for the call, and the kernel only reads the rule, which outlives it.
    #[expect(unsafe_code, reason = "the landlock crate has no cheaper way")]
    let failed = unsafe {
        libc::syscall(
            libc::SYS_landlock_add_rule,
            ruleset.as_raw_fd(),
            RULE_PATH_BENEATH,
            std::ptr::from_ref(&rule),
            0,
        )
    };
    if failed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

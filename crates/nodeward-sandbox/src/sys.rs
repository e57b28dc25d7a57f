//! The system calls that no maintained crate makes as they are needed here.

use std::ffi::{CString, c_char};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

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

/// Leaves namespaces. The process has one thread.
pub(crate) fn unshare(flags: rustix::thread::UnshareFlags) -> io::Result<()> {
    // SAFETY: no table of open files is left, which is what another thread could be using.
    #[expect(unsafe_code, reason = "the crate leaves other threads to the caller")]
    let left = unsafe { rustix::thread::unshare_unsafe(flags) };
    Ok(left?)
}

/// Which of the two processes this is.
pub(crate) enum Fork {
    /// The one that was there before, and the number of the other.
    Parent(rustix::process::Pid),
    /// The new one.
    Child,
}

/// Makes a copy of this process, which has one thread.
pub(crate) fn fork() -> io::Result<Fork> {
    // SAFETY: the process has one thread, so that no lock is held by one that the copy lacks.
    #[expect(unsafe_code, reason = "no crate has it")]
    let pid = unsafe { libc::fork() };
    match rustix::process::Pid::from_raw(pid) {
        Some(pid) if pid.as_raw_nonzero().get() > 0 => Ok(Fork::Parent(pid)),
        None => Ok(Fork::Child),
        Some(_) => Err(io::Error::last_os_error()),
    }
}

/// What a mount becomes.
pub(crate) struct MountChange {
    /// What it has from now on.
    pub(crate) add: rustix::mount::MountAttrFlags,
    /// Whether those below it become the same.
    pub(crate) below: bool,
}

/// Changes a mount by its descriptor.
pub(crate) fn change_mount(mount: BorrowedFd<'_>, change: MountChange) -> io::Result<()> {
    let attributes = libc::mount_attr {
        attr_set: u64::from(change.add.bits()),
        attr_clr: 0,
        // What is mounted outside later does not come in.
        propagation: libc::MS_PRIVATE,
        userns_fd: 0,
    };
    let flags = libc::AT_EMPTY_PATH | if change.below { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the kernel only reads the structure, of which it is told the size, and both outlive the call.
    #[expect(unsafe_code, reason = "mount_setattr is in no crate")]
    let failed = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            flags,
            std::ptr::from_ref(&attributes),
            size_of::<libc::mount_attr>(),
        )
    };
    if failed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Brings the loopback interface of this network up.
pub(crate) fn raise_loopback(socket: BorrowedFd<'_>) -> io::Result<()> {
    #[repr(C)]
    struct Request {
        name: [u8; libc::IFNAMSIZ],
        flags: libc::c_short,
        rest: [u8; 22],
    }
    let mut request = Request {
        name: [0; libc::IFNAMSIZ],
        flags: (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short,
        rest: [0; 22],
    };
    request.name[..2].copy_from_slice(b"lo");
    // SAFETY: the request is as large as the kernel's `struct ifreq` and outlives the call.
    #[expect(unsafe_code, reason = "no crate has it")]
    let failed =
        unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS as _, std::ptr::from_mut(&mut request)) };
    if failed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Installs a filter of system calls for this thread and gives the descriptor by which the calls that it marks are
/// told. The thread has to have given up new privileges before.
pub(crate) fn listen(filter: &[seccompiler::sock_filter]) -> io::Result<OwnedFd> {
    // Once a call was received, only what kills interrupts it: others would make it fail that never failed before.
    const WAIT_KILLABLE: libc::c_ulong = 1 << 5;
    match listen_with(filter, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | WAIT_KILLABLE) {
        // Kernels before 5.19.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
            listen_with(filter, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER)
        }
        other => other,
    }
}

fn listen_with(filter: &[seccompiler::sock_filter], flags: libc::c_ulong) -> io::Result<OwnedFd> {
    let program = libc::sock_fprog {
        len: u16::try_from(filter.len()).map_err(|_| io::Error::other("the filter is too long"))?,
        filter: filter.as_ptr().cast::<libc::sock_filter>().cast_mut(),
    };
    // SAFETY: `sock_filter` is the kernel's structure in both crates; the kernel only reads it and its length is
    // right. What comes back is a new descriptor that nobody else owns.
    #[expect(unsafe_code, reason = "seccompiler installs no filter with a listener")]
    unsafe {
        let program = std::ptr::from_ref(&program);
        let listener = libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, program);
        match i32::try_from(listener) {
            Ok(listener) if listener >= 0 => Ok(OwnedFd::from_raw_fd(listener)),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// A system call that waits for an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    pub(crate) id: u64,
    /// The process that makes it, as this one sees it.
    pub(crate) pid: u32,
    pub(crate) number: i64,
    pub(crate) arguments: [u64; 6],
}

/// Waits for the next call. `None`: it was gone before it could be read.
pub(crate) fn next_call(listener: BorrowedFd<'_>) -> io::Result<Option<Call>> {
    // SAFETY: the structure holds numbers only, and the kernel wants it zeroed; it fills it and keeps nothing.
    #[expect(unsafe_code, reason = "no crate has it")]
    let (failed, notice) = unsafe {
        let mut notice: libc::seccomp_notif = std::mem::zeroed();
        let failed = libc::ioctl(
            listener.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_RECV as _,
            std::ptr::from_mut(&mut notice),
        );
        (failed, notice)
    };
    if failed != 0 {
        let error = io::Error::last_os_error();
        return match error.raw_os_error() {
            Some(libc::ENOENT | libc::EINTR) => Ok(None),
            _ => Err(error),
        };
    }
    let (number, arguments) = (i64::from(notice.data.nr), notice.data.args);
    Ok(Some(Call { id: notice.id, pid: notice.pid, number, arguments }))
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The kernel makes it.
    Continue,
    /// It was made in place of the caller, and is told to have succeeded.
    Done,
    /// It fails with this error number.
    Fails(i32),
}

/// Answers a call.
pub(crate) fn answer(listener: BorrowedFd<'_>, call: &Call, answer: Answer) {
    let mut response = libc::seccomp_notif_resp {
        id: call.id,
        val: 0,
        error: if let Answer::Fails(number) = answer { -number } else { 0 },
        flags: if answer == Answer::Continue { libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32 } else { 0 },
    };
    // SAFETY: the kernel only reads the structure. It fails where the caller is gone, which is nothing to do about.
    #[expect(unsafe_code, reason = "no crate has it")]
    unsafe {
        libc::ioctl(
            listener.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_SEND as _,
            std::ptr::from_mut(&mut response),
        );
    }
}

/// Whether a call still waits: its process is the one that made it, and no other that has its number by now.
pub(crate) fn still_waits(listener: BorrowedFd<'_>, call: &Call) -> bool {
    // SAFETY: the kernel reads the number, which outlives the call.
    #[expect(unsafe_code, reason = "no crate has it")]
    let failed = unsafe {
        libc::ioctl(
            listener.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_ID_VALID as _,
            std::ptr::from_ref(&call.id),
        )
    };
    failed == 0
}

/// Connects a socket to an address as bytes that the kernel checks.
pub(crate) fn connect(socket: BorrowedFd<'_>, address: &[u8]) -> io::Result<()> {
    let length = libc::socklen_t::try_from(address.len()).map_err(io::Error::other)?;
    // SAFETY: the kernel reads that many bytes, which outlive the call, and makes of them what it can.
    #[expect(unsafe_code, reason = "the crate takes no address as it came")]
    let failed = unsafe { libc::connect(socket.as_raw_fd(), address.as_ptr().cast(), length) };
    if failed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The network that a socket is of, by a number that no other has. `None` before Linux 5.14.
pub(crate) fn network_of(socket: BorrowedFd<'_>) -> Option<u64> {
    const NETWORK_COOKIE: libc::c_int = 71;
    let mut cookie = 0_u64;
    let mut length = size_of::<u64>() as libc::socklen_t;
    // SAFETY: the kernel writes at most the length that it is told, which is that of the number.
    #[expect(unsafe_code, reason = "no crate has it")]
    let failed = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            NETWORK_COOKIE,
            std::ptr::from_mut(&mut cookie).cast(),
            &raw mut length,
        )
    };
    (failed == 0).then_some(cookie)
}

/// Has the kernel wake whoever listens on the processor of the caller, which spares both a wait.
pub(crate) fn wake_in_place(listener: BorrowedFd<'_>) {
    const SYNC_WAKE_UP: u64 = 1;
    // SAFETY: the kernel takes the flags as a number. Kernels before 6.6 refuse, and then it is as it was.
    #[expect(unsafe_code, reason = "no crate has it")]
    unsafe {
        libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SET_FLAGS as _, SYNC_WAKE_UP);
    }
}

/// Children that end are waited for. Who starts this program may have had that ignored, which it then inherits.
pub(crate) fn mind_children() {
    // SAFETY: the default is no function of this program.
    #[expect(unsafe_code, reason = "no crate has it")]
    unsafe {
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
    }
}

/// Reads memory of another process into a buffer; how much could be read.
pub(crate) fn read_memory(pid: u32, address: u64, buffer: &mut [u8]) -> usize {
    let here = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let there =
        libc::iovec { iov_base: std::ptr::without_provenance_mut(address as usize), iov_len: buffer.len() };
    // SAFETY: the kernel writes at most the buffer's length into the buffer, and checks the address in the other.
    #[expect(unsafe_code, reason = "no crate has it")]
    let read =
        unsafe { libc::process_vm_readv(pid as libc::pid_t, &raw const here, 1, &raw const there, 1, 0) };
    usize::try_from(read).unwrap_or(0)
}

/// Has every descriptor but the three standard ones closed when a program is started.
pub(crate) fn close_others_on_start() -> io::Result<()> {
    // SAFETY: only a flag of descriptors is set; none is closed here.
    #[expect(unsafe_code, reason = "no crate has it")]
    let failed =
        unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    if failed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

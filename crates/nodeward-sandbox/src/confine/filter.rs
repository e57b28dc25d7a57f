//! Which system calls a confined program may make.
//!
//! An allow-list: what is not named fails. Left out is what reaches other processes (`ptrace`), keys, the kernel
//! itself, namespaces and mounts, and `io_uring`, whose operations no filter sees.

mod calls;

use std::collections::BTreeMap;
use std::os::fd::RawFd;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

pub(super) use calls::{Subject, WATCHED};

/// `SECCOMP_RET_USER_NOTIF`, of which seccompiler knows nothing, and its marker for it.
const NOTIFY: u32 = 0x7fc0_0000;
const MARK: u32 = 0x4e57;
const MARKED: u32 = 0x7ff0_0000 | MARK;

/// Flags of `clone` that make namespaces.
const NEW_NAMESPACES: u64 = (libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP) as u64;

/// Operations on terminals that put text into their input, or leave them changed for whoever uses them afterwards, the
/// same on all architectures here: `TIOCSTI`, `TIOCLINUX`; `TIOCEXCL`, `TIOCSCTTY`, `TIOCSWINSZ`, `TIOCCONS`, `TIOCSETD`,
/// `TIOCVHANGUP`, `KDSETMODE`, `KDSKBMODE`.
const OF_TERMINALS: [u64; 10] =
    [0x5412, 0x541c, 0x540c, 0x540e, 0x5414, 0x541d, 0x5423, 0x5437, 0x4b3a, 0x4b45];

/// `MSG_FASTOPEN`: a message that makes its own connection, which nobody would be asked about.
const FAST_OPEN: u64 = 0x2000_0000;

/// The largest shared segment of the old kind, in bytes. A system has 4096 of them.
const MOST_SHARED: u64 = 16 << 10;

/// What of a socket's type is its type, and no flag.
const KINDS: u64 = 0xf;

/// What is installed, in this order.
pub(super) struct Filters {
    /// What may be done.
    pub(super) allowed: BpfProgram,
    /// What C libraries try first and do without where it is not known.
    pub(super) unknown: BpfProgram,
    /// What the process outside is told of.
    pub(super) watched: BpfProgram,
}

impl Filters {
    /// `control` is the descriptor over which the listener is sent: a message to it is not watched, as nobody could
    /// answer yet.
    /// Connections are told of in any case, as the process outside makes them; the rest where it is to be watched.
    pub(super) fn new(control: RawFd, is_watched: bool) -> Result<Self, BackendError> {
        let watched =
            if is_watched { watched(control)? } else { notified([(libc::SYS_connect, Vec::new())].into())? };
        Ok(Self { allowed: allowed()?, unknown: unknown()?, watched })
    }
}

fn allowed() -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        calls::ALLOWED.iter().chain(calls::ALLOWED_OF_OLD).map(|&call| (call, Vec::new())).collect();
    let family = |family: libc::c_int| rule(&[(0, SeccompCmpOp::Eq, family as u64)]);
    // Those that have to be connected. What sends datagrams can send each one to another service.
    let streams = |kind: libc::c_int| {
        let kind = (1, SeccompCmpOp::MaskedEq(KINDS), kind as u64);
        rule(&[(0, SeccompCmpOp::Eq, libc::AF_UNIX as u64), kind])
    };
    rules.insert(
        libc::SYS_socket,
        vec![
            streams(libc::SOCK_STREAM)?,
            streams(libc::SOCK_SEQPACKET)?,
            family(libc::AF_INET)?,
            family(libc::AF_INET6)?,
            // The addresses of interfaces.
            rule(&[
                (0, SeccompCmpOp::Eq, libc::AF_NETLINK as u64),
                (2, SeccompCmpOp::Eq, libc::NETLINK_ROUTE as u64),
            ])?,
        ],
    );
    rules.insert(libc::SYS_socketpair, vec![streams(libc::SOCK_STREAM)?, streams(libc::SOCK_SEQPACKET)?]);
    // Small ones, of which there are not many: nobody tells from outside how large they are together.
    let small = SeccompCondition::new(1, SeccompCmpArgLen::Qword, SeccompCmpOp::Le, MOST_SHARED)?;
    rules.insert(libc::SYS_shmget, vec![SeccompRule::new(vec![small])?]);
    // Threads share their open files: others' would be looked for in vain.
    let (thread, files) = (libc::CLONE_THREAD as u64, libc::CLONE_FILES as u64);
    let no_namespaces = (0, SeccompCmpOp::MaskedEq(NEW_NAMESPACES), 0);
    let no_thread = rule(&[no_namespaces.clone(), (0, SeccompCmpOp::MaskedEq(thread), 0)])?;
    let same_files = rule(&[no_namespaces, (0, SeccompCmpOp::MaskedEq(files), files)])?;
    rules.insert(libc::SYS_clone, vec![no_thread, same_files]);
    let own_files = (2, SeccompCmpOp::MaskedEq(u64::from(libc::CLOSE_RANGE_UNSHARE)), 0);
    rules.insert(libc::SYS_close_range, vec![rule(&[own_files])?]);
    let other = OF_TERMINALS.map(|operation| (1, SeccompCmpOp::Ne, operation));
    rules.insert(libc::SYS_ioctl, vec![rule(&other)?]);
    for (call, flags) in [(libc::SYS_sendto, 3), (libc::SYS_sendmsg, 2), (libc::SYS_sendmmsg, 3)] {
        rules.insert(call, vec![rule(&[(flags, SeccompCmpOp::MaskedEq(FAST_OPEN), 0)])?]);
    }
    // Limits of its own, and those of others read: the first process of its namespace is not to be limited.
    let asked = SeccompCondition::new(2, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)?;
    let own = rule(&[(0, SeccompCmpOp::Eq, 0)])?;
    rules.insert(libc::SYS_prlimit64, vec![own, SeccompRule::new(vec![asked])?]);
    // Who can't be looked into is not counted.
    let stays_open = rule(&[(0, SeccompCmpOp::Ne, libc::PR_SET_DUMPABLE as u64)])?;
    rules.insert(libc::SYS_prctl, vec![stays_open]);
    // Named pipes.
    let pipe =
        |mode| rule(&[(mode, SeccompCmpOp::MaskedEq(u64::from(libc::S_IFMT)), u64::from(libc::S_IFIFO))]);
    rules.insert(libc::SYS_mknodat, vec![pipe(2)?]);
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_mknod, vec![pipe(1)?]);
    forbid_set_id(&mut rules)?;
    // Asks for the execution domain, and sets the plain one or the one without random addresses.
    let domains = [0, 0x0004_0000, 0xffff_ffff].map(|domain| rule(&[(0, SeccompCmpOp::Eq, domain)]));
    rules.insert(libc::SYS_personality, domains.into_iter().collect::<Result<_, _>>()?);
    compile(rules, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow)
}

/// No program that runs with the rights of its owner, whoever starts it later and outside.
fn forbid_set_id(rules: &mut BTreeMap<i64, Vec<SeccompRule>>) -> Result<(), BackendError> {
    const SET_ID: u64 = (libc::S_ISUID | libc::S_ISGID) as u64;
    let plain = |mode| rule(&[(mode, SeccompCmpOp::MaskedEq(SET_ID), 0)]);
    for (call, mode) in [(libc::SYS_fchmod, 1), (libc::SYS_fchmodat, 2), (libc::SYS_fchmodat2, 2)] {
        rules.insert(call, vec![plain(mode)?]);
    }
    // Where nothing is made, what stands for the mode is left over from something else.
    let opens = |flags| {
        rule(&[(
            flags,
            SeccompCmpOp::MaskedEq((libc::O_CREAT | libc::O_TMPFILE) as u64 & !(libc::O_DIRECTORY as u64)),
            0,
        )])
    };
    rules.insert(libc::SYS_openat, vec![opens(2)?, plain(3)?]);
    #[cfg(target_arch = "x86_64")]
    {
        rules.insert(libc::SYS_open, vec![opens(1)?, plain(2)?]);
        rules.insert(libc::SYS_creat, vec![plain(1)?]);
        rules.insert(libc::SYS_chmod, vec![plain(1)?]);
    }
    Ok(())
}

fn unknown() -> Result<BpfProgram, BackendError> {
    let calls =
        [libc::SYS_clone3, libc::SYS_openat2, libc::SYS_io_uring_setup].map(|call| (call, Vec::new()));
    compile(calls.into(), SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS as u32))
}

fn watched(control: RawFd) -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        WATCHED.iter().map(|watched| (watched.call, Vec::new())).collect();
    // Only datagrams have an address here.
    let address = SeccompCondition::new(4, SeccompCmpArgLen::Qword, SeccompCmpOp::Ne, 0)?;
    rules.insert(libc::SYS_sendto, vec![SeccompRule::new(vec![address])?]);
    rules.insert(libc::SYS_sendmsg, vec![rule(&[(0, SeccompCmpOp::Ne, control as u64)])?]);
    notified(rules)
}

fn notified(rules: BTreeMap<i64, Vec<SeccompRule>>) -> Result<BpfProgram, BackendError> {
    let mut program = compile(rules, SeccompAction::Allow, SeccompAction::Trace(MARK))?;
    for instruction in &mut program {
        if instruction.k == MARKED {
            instruction.k = NOTIFY;
        }
    }
    Ok(program)
}

fn rule(conditions: &[(u8, SeccompCmpOp, u64)]) -> Result<SeccompRule, BackendError> {
    let conditions = conditions.iter().map(|(argument, operator, value)| {
        // The kernel reads 32 bits of these arguments.
        SeccompCondition::new(*argument, SeccompCmpArgLen::Dword, operator.clone(), *value)
    });
    SeccompRule::new(conditions.collect::<Result<_, _>>()?)
}

fn compile(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    matched: SeccompAction,
) -> Result<BpfProgram, BackendError> {
    SeccompFilter::new(rules, otherwise, matched, std::env::consts::ARCH.try_into()?)?.try_into()
}

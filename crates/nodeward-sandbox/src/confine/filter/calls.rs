//! The system calls by name.

/// What a confined program may call, but for those calls of which it depends on their arguments.
#[rustfmt::skip]
pub(super) const ALLOWED: &[i64] = &[
    libc::SYS_accept, libc::SYS_accept4, libc::SYS_bind, libc::SYS_brk, libc::SYS_capget, libc::SYS_capset,
    libc::SYS_chdir, libc::SYS_clock_getres, libc::SYS_clock_gettime, libc::SYS_clock_nanosleep,
    libc::SYS_clone3, libc::SYS_close, libc::SYS_close_range, libc::SYS_connect, libc::SYS_copy_file_range,
    libc::SYS_dup, libc::SYS_dup3, libc::SYS_epoll_create1, libc::SYS_epoll_ctl, libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2, libc::SYS_eventfd2, libc::SYS_execve, libc::SYS_execveat, libc::SYS_exit,
    libc::SYS_exit_group, libc::SYS_faccessat, libc::SYS_faccessat2, libc::SYS_fadvise64, libc::SYS_fallocate,
    libc::SYS_fchdir, libc::SYS_fchmod, libc::SYS_fchmodat, libc::SYS_fchmodat2, libc::SYS_fchown,
    libc::SYS_fchownat, libc::SYS_fcntl, libc::SYS_fdatasync, libc::SYS_fgetxattr, libc::SYS_flistxattr,
    libc::SYS_flock, libc::SYS_fremovexattr, libc::SYS_fsetxattr, libc::SYS_fstat, libc::SYS_fstatfs,
    libc::SYS_fsync, libc::SYS_ftruncate, libc::SYS_futex, libc::SYS_futex_waitv, libc::SYS_get_robust_list,
    libc::SYS_getcpu, libc::SYS_getcwd, libc::SYS_getdents64, libc::SYS_getegid, libc::SYS_geteuid,
    libc::SYS_getgid, libc::SYS_getgroups, libc::SYS_getitimer, libc::SYS_getpeername, libc::SYS_getpgid,
    libc::SYS_getpid, libc::SYS_getppid, libc::SYS_getpriority, libc::SYS_getrandom, libc::SYS_getresgid,
    libc::SYS_getresuid, libc::SYS_getrlimit, libc::SYS_getrusage, libc::SYS_getsid, libc::SYS_getsockname,
    libc::SYS_getsockopt, libc::SYS_gettid, libc::SYS_gettimeofday, libc::SYS_getuid, libc::SYS_getxattr,
    libc::SYS_inotify_add_watch, libc::SYS_inotify_init1, libc::SYS_inotify_rm_watch,
    libc::SYS_io_uring_setup, libc::SYS_ioprio_get, libc::SYS_kill, libc::SYS_landlock_add_rule,
    libc::SYS_landlock_create_ruleset, libc::SYS_landlock_restrict_self, libc::SYS_lgetxattr,
    libc::SYS_linkat, libc::SYS_listen, libc::SYS_listxattr, libc::SYS_llistxattr, libc::SYS_lremovexattr,
    libc::SYS_lseek, libc::SYS_lsetxattr, libc::SYS_madvise, libc::SYS_membarrier, libc::SYS_memfd_create,
    libc::SYS_mincore, libc::SYS_mkdirat, libc::SYS_mlock, libc::SYS_mlock2, libc::SYS_mlockall,
    libc::SYS_mmap, libc::SYS_mprotect, libc::SYS_mremap, libc::SYS_msgctl, libc::SYS_msgget,
    libc::SYS_msgrcv, libc::SYS_msgsnd, libc::SYS_msync, libc::SYS_munlock, libc::SYS_munlockall,
    libc::SYS_munmap, libc::SYS_nanosleep, libc::SYS_newfstatat, libc::SYS_openat, libc::SYS_openat2,
    libc::SYS_pidfd_open, libc::SYS_pidfd_send_signal, libc::SYS_pipe2, libc::SYS_ppoll, libc::SYS_prctl,
    libc::SYS_pread64, libc::SYS_preadv, libc::SYS_preadv2, libc::SYS_prlimit64, libc::SYS_pselect6,
    libc::SYS_pwrite64, libc::SYS_pwritev, libc::SYS_pwritev2, libc::SYS_read, libc::SYS_readahead,
    libc::SYS_readlinkat, libc::SYS_readv, libc::SYS_recvfrom, libc::SYS_recvmmsg, libc::SYS_recvmsg,
    libc::SYS_remap_file_pages, libc::SYS_removexattr, libc::SYS_renameat, libc::SYS_renameat2,
    libc::SYS_restart_syscall, libc::SYS_rseq, libc::SYS_rt_sigaction, libc::SYS_rt_sigpending,
    libc::SYS_rt_sigprocmask, libc::SYS_rt_sigqueueinfo, libc::SYS_rt_sigreturn, libc::SYS_rt_sigsuspend,
    libc::SYS_rt_sigtimedwait, libc::SYS_rt_tgsigqueueinfo, libc::SYS_sched_get_priority_max,
    libc::SYS_sched_get_priority_min, libc::SYS_sched_getaffinity, libc::SYS_sched_getattr,
    libc::SYS_sched_getparam, libc::SYS_sched_getscheduler, libc::SYS_sched_setaffinity,
    libc::SYS_sched_setattr, libc::SYS_sched_setparam, libc::SYS_sched_setscheduler, libc::SYS_sched_yield,
    libc::SYS_seccomp, libc::SYS_semctl, libc::SYS_semget, libc::SYS_semop, libc::SYS_semtimedop,
    libc::SYS_sendfile, libc::SYS_sendmmsg, libc::SYS_sendmsg, libc::SYS_sendto, libc::SYS_set_robust_list,
    libc::SYS_set_tid_address, libc::SYS_setfsgid, libc::SYS_setfsuid, libc::SYS_setgid, libc::SYS_setgroups,
    libc::SYS_setitimer, libc::SYS_setpgid, libc::SYS_setpriority, libc::SYS_setregid, libc::SYS_setresgid,
    libc::SYS_setresuid, libc::SYS_setreuid, libc::SYS_setrlimit, libc::SYS_setsid, libc::SYS_setsockopt,
    libc::SYS_setuid, libc::SYS_setxattr, libc::SYS_shmat, libc::SYS_shmctl, libc::SYS_shmdt,
    libc::SYS_shutdown, libc::SYS_sigaltstack, libc::SYS_signalfd4,
    libc::SYS_splice, libc::SYS_statfs, libc::SYS_statx, libc::SYS_symlinkat, libc::SYS_sync,
    libc::SYS_sync_file_range, libc::SYS_sysinfo, libc::SYS_tee, libc::SYS_tgkill, libc::SYS_timer_create,
    libc::SYS_timer_delete, libc::SYS_timer_getoverrun, libc::SYS_timer_gettime, libc::SYS_timer_settime,
    libc::SYS_timerfd_create, libc::SYS_timerfd_gettime, libc::SYS_timerfd_settime, libc::SYS_times,
    libc::SYS_tkill, libc::SYS_truncate, libc::SYS_umask, libc::SYS_uname, libc::SYS_unlinkat,
    libc::SYS_utimensat, libc::SYS_vmsplice, libc::SYS_wait4, libc::SYS_waitid, libc::SYS_write,
    libc::SYS_writev,
];

/// Those that only older architectures have.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
pub(super) const ALLOWED_OF_OLD: &[i64] = &[
    libc::SYS_access, libc::SYS_alarm, libc::SYS_arch_prctl, libc::SYS_chmod, libc::SYS_chown,
    libc::SYS_creat, libc::SYS_dup2, libc::SYS_epoll_create, libc::SYS_epoll_wait, libc::SYS_eventfd,
    libc::SYS_fork, libc::SYS_futimesat, libc::SYS_getdents, libc::SYS_getpgrp, libc::SYS_inotify_init,
    libc::SYS_lchown, libc::SYS_link, libc::SYS_lstat, libc::SYS_mkdir, libc::SYS_open, libc::SYS_pause,
    libc::SYS_pipe, libc::SYS_poll, libc::SYS_readlink, libc::SYS_rename, libc::SYS_rmdir, libc::SYS_select,
    libc::SYS_signalfd, libc::SYS_stat, libc::SYS_symlink, libc::SYS_time, libc::SYS_unlink, libc::SYS_utime,
    libc::SYS_utimes, libc::SYS_vfork,
];

/// Those that only older architectures have.
#[cfg(not(target_arch = "x86_64"))]
pub(super) const ALLOWED_OF_OLD: &[i64] = &[];

/// Which arguments of a call, counted from 0, tell what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A path that is opened, and how.
    Open { folder: Option<usize>, path: usize, flags: usize },
    /// A path of which something is changed; where it is a symbolic link, of what that leads to, unless flags say
    /// otherwise.
    Change { folder: Option<usize>, path: usize, flags: Option<usize> },
    /// A name that is made or removed.
    Entry { folder: Option<usize>, path: usize },
    /// A path that becomes another.
    Move { from: (Option<usize>, usize), to: (Option<usize>, usize) },
    /// A folder that is made, which nothing comes of where it is already.
    Folder { folder: Option<usize>, path: usize },
    /// A program that is started.
    Program { folder: Option<usize>, path: usize },
    /// A connection, which the process outside makes.
    Connection,
    /// An address of the network.
    Address { at: usize, length: usize },
    /// A message with an address.
    Message { at: usize },
    /// Several of them.
    Messages { at: usize, count: usize },
    /// A signal to another process.
    Signal,
}

/// A call that the process outside is told of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watched {
    pub(crate) call: i64,
    pub(crate) subject: Subject,
}

const fn watched(call: i64, subject: Subject) -> Watched {
    Watched { call, subject }
}

/// The calls that the process outside is told of.
#[rustfmt::skip]
pub(crate) const WATCHED: &[Watched] = &[
    watched(libc::SYS_execve, Subject::Program { folder: None, path: 0 }),
    watched(libc::SYS_execveat, Subject::Program { folder: Some(0), path: 1 }),
    watched(libc::SYS_connect, Subject::Connection),
    watched(libc::SYS_sendto, Subject::Address { at: 4, length: 5 }),
    watched(libc::SYS_sendmsg, Subject::Message { at: 1 }),
    watched(libc::SYS_sendmmsg, Subject::Messages { at: 1, count: 2 }),
    watched(libc::SYS_openat, Subject::Open { folder: Some(0), path: 1, flags: 2 }),
    #[cfg(target_arch = "x86_64")]
    watched(libc::SYS_open, Subject::Open { folder: None, path: 0, flags: 1 }),
    #[cfg(target_arch = "x86_64")]
    watched(libc::SYS_creat, Subject::Change { folder: None, path: 0, flags: None }),
    watched(libc::SYS_unlinkat, Subject::Entry { folder: Some(0), path: 1 }),
    #[cfg(target_arch = "x86_64")]
    watched(libc::SYS_unlink, Subject::Entry { folder: None, path: 0 }),
    #[cfg(target_arch = "x86_64")]
    watched(libc::SYS_rmdir, Subject::Entry { folder: None, path: 0 }),
    watched(libc::SYS_mkdirat, Subject::Folder { folder: Some(0), path: 1 }),
    #[cfg(target_arch = "x86_64")]
    watched(libc::SYS_mkdir, Subject::Folder { folder: None, path: 0 }),
    watched(libc::SYS_renameat, Subject::Move { from: (Some(0), 1), to: (Some(2), 3) }),
    watched(libc::SYS_renameat2, Subject::Move { from: (Some(0), 1), to: (Some(2), 3) }),
    #[cfg(target_arch = "x86_64")]
    watched(libc::SYS_rename, Subject::Move { from: (None, 0), to: (None, 1) }),
    watched(libc::SYS_linkat, Subject::Entry { folder: Some(0), path: 1 }),
    #[cfg(target_arch = "x86_64")]
    watched(libc::SYS_link, Subject::Entry { folder: None, path: 0 }),
    watched(libc::SYS_symlinkat, Subject::Entry { folder: Some(1), path: 2 }),
    #[cfg(target_arch = "x86_64")]
    watched(libc::SYS_symlink, Subject::Entry { folder: None, path: 1 }),
    watched(libc::SYS_fchmodat, Subject::Change { folder: Some(0), path: 1, flags: None }),
    #[cfg(target_arch = "x86_64")]
    watched(libc::SYS_chmod, Subject::Change { folder: None, path: 0, flags: None }),
    watched(libc::SYS_fchmodat2, Subject::Change { folder: Some(0), path: 1, flags: Some(3) }),
    watched(libc::SYS_fchownat, Subject::Change { folder: Some(0), path: 1, flags: Some(4) }),
    watched(libc::SYS_utimensat, Subject::Change { folder: Some(0), path: 1, flags: Some(3) }),
    watched(libc::SYS_setxattr, Subject::Change { folder: None, path: 0, flags: None }),
    watched(libc::SYS_lsetxattr, Subject::Entry { folder: None, path: 0 }),
    #[cfg(target_arch = "x86_64")]
    watched(libc::SYS_utime, Subject::Change { folder: None, path: 0, flags: None }),
    #[cfg(target_arch = "x86_64")]
    watched(libc::SYS_utimes, Subject::Change { folder: None, path: 0, flags: None }),
    #[cfg(target_arch = "x86_64")]
    watched(libc::SYS_futimesat, Subject::Change { folder: Some(0), path: 1, flags: None }),
    #[cfg(target_arch = "x86_64")]
    watched(libc::SYS_chown, Subject::Change { folder: None, path: 0, flags: None }),
    #[cfg(target_arch = "x86_64")]
    watched(libc::SYS_lchown, Subject::Entry { folder: None, path: 0 }),
    watched(libc::SYS_truncate, Subject::Change { folder: None, path: 0, flags: None }),
    watched(libc::SYS_kill, Subject::Signal),
    watched(libc::SYS_tkill, Subject::Signal),
    watched(libc::SYS_rt_sigqueueinfo, Subject::Signal),
];

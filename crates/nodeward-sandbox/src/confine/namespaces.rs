//! Namespaces: users, mounts, processes, network, System V objects, host name.

use std::io;

use rustix::process::{Gid, Uid};
use rustix::thread::UnshareFlags;

use crate::sys;

/// Leaves all namespaces of the caller. The next child is the first process of the new ones. The user keeps its
/// number, and has no rights over anything that is not of these namespaces.
pub(super) fn leave(shares_network: bool) -> io::Result<()> {
    let (user, group) = (rustix::process::getuid(), rustix::process::getgid());
    unshare(UnshareFlags::NEWUSER)?;
    map(user, group)?;
    let mut flags = UnshareFlags::NEWNS
        | UnshareFlags::NEWPID
        | UnshareFlags::NEWIPC
        | UnshareFlags::NEWUTS
        | UnshareFlags::NEWCGROUP;
    if !shares_network {
        flags |= UnshareFlags::NEWNET;
    }
    unshare(flags)
}

fn unshare(flags: UnshareFlags) -> io::Result<()> {
    sys::unshare(flags)
}

fn map(user: Uid, group: Gid) -> io::Result<()> {
    std::fs::write("/proc/self/setgroups", "deny")?;
    let (user, group) = (user.as_raw(), group.as_raw());
    std::fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    std::fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
}

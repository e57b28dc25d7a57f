//! What a confined program's call names, read from its memory: paths as it means them, arguments, addresses.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::File;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::view;
use crate::sys::{self, Call};

/// The longest path that Linux takes.
const LONGEST_PATH: usize = 4096;

/// How many links of its own a path is followed through.
const MOST_OWN_LINKS: usize = 8;

/// Most paths are shorter.
const USUAL_PATH: usize = 256;

/// The most arguments of a program that are kept.
const MOST_ARGUMENTS: usize = 24;

/// A path as a process sees it.
pub(super) fn inside(pid: u32, path: &Path) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/root")).join(path.strip_prefix("/").unwrap_or(path))
}

/// What a process has for its root.
pub(super) fn root(pid: u32) -> Option<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(format!("/proc/{pid}/root"), flags, Mode::empty()).ok()
}

/// Whether there is something at a path for a process.
pub(super) fn is_there_inside(pid: u32, path: &Path) -> bool {
    root(pid).is_some_and(|root| view::look_below(&root, path, OFlags::NOFOLLOW).is_ok())
}

pub(super) fn number(bytes: &[u8]) -> u64 {
    let mut whole = [0; 8];
    whole[..bytes.len()].copy_from_slice(bytes);
    u64::from_ne_bytes(whole)
}

/// A text that ends with a zero byte.
pub(super) fn text(pid: u32, at: u64) -> Option<Vec<u8>> {
    let mut buffer = vec![0; USUAL_PATH];
    let mut read = sys::read_memory(pid, at, &mut buffer);
    if !buffer[..read].contains(&0) {
        buffer.resize(LONGEST_PATH, 0);
        read = sys::read_memory(pid, at, &mut buffer);
    }
    if !buffer[..read].contains(&0) {
        // The kernel reads what the program itself can't, too.
        let memory = File::open(format!("/proc/{pid}/mem")).ok()?;
        read = memory.read_at(&mut buffer, at).ok()?;
    }
    let end = buffer[..read].iter().position(|&byte| byte == 0)?;
    buffer.truncate(end);
    Some(buffer)
}

/// The path from the root, without `..` and as far as its text tells.
pub(super) fn whole(call: &Call, folder: Option<usize>, text: &[u8]) -> Option<PathBuf> {
    let path = Path::new(OsStr::from_bytes(text));
    if text.is_empty() {
        return None;
    }
    let base = if path.is_absolute() { PathBuf::new() } else { base(call, folder)? };
    let mut path = base.join(path);
    for _ in 0..MOST_OWN_LINKS {
        let Some(led) = led_by_itself(call.pid, &path) else { break };
        path = led;
    }
    Some(joined(Path::new("/"), &path))
}

/// Where a path leads by what a process has open itself.
fn led_by_itself(pid: u32, path: &Path) -> Option<PathBuf> {
    let below = path.strip_prefix("/proc").ok()?;
    let below = below.strip_prefix("self").or_else(|_| below.strip_prefix("thread-self")).ok()?;
    if let Ok(rest) = below.strip_prefix("root") {
        return Some(Path::new("/").join(rest));
    }
    let mut parts = below.components();
    let link = match parts.next()?.as_os_str().to_str()? {
        "cwd" => format!("/proc/{pid}/cwd"),
        "fd" => format!("/proc/{pid}/fd/{}", parts.next()?.as_os_str().to_str()?.parse::<u32>().ok()?),
        _ => return None,
    };
    // The file itself is open already.
    parts.clone().next()?;
    Some(std::fs::read_link(link).ok()?.join(parts.as_path()))
}

/// A path from a folder, unless it is from the root, without `..` and as far as its text tells.
pub(super) fn joined(base: &Path, path: &Path) -> PathBuf {
    let mut found = PathBuf::from("/");
    for part in base.join(path).components() {
        match part {
            Component::ParentDir => drop(found.pop()),
            Component::Normal(name) => found.push(name),
            _ => {}
        }
    }
    found
}

/// What a path that does not start at the root starts at.
pub(super) fn base(call: &Call, folder: Option<usize>) -> Option<PathBuf> {
    let pid = call.pid;
    let descriptor =
        folder.map(|at| call.arguments[at] as i32).filter(|descriptor| *descriptor != libc::AT_FDCWD);
    let link = match descriptor {
        Some(descriptor) => format!("/proc/{pid}/fd/{descriptor}"),
        None => format!("/proc/{pid}/cwd"),
    };
    // As the program sees it: its root is not ours.
    std::fs::read_link(link).ok()
}

pub(super) fn arguments(pid: u32, at: u64) -> Vec<String> {
    let mut pointers = [0; 8 * MOST_ARGUMENTS];
    let read = sys::read_memory(pid, at, &mut pointers);
    let pointers = pointers[..read].chunks_exact(8).map(number).take_while(|pointer| *pointer != 0);
    pointers.filter_map(|pointer| Some(String::from_utf8_lossy(&text(pid, pointer)?).into_owned())).collect()
}

/// An address of the network, and whether it is of the program's own machine; `None` for what is none.
pub(super) fn address(bytes: &[u8]) -> Option<(SocketAddr, bool)> {
    let family = i32::from(u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?));
    let port = u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?);
    let address: IpAddr = match family {
        libc::AF_INET => <[u8; 4]>::try_from(bytes.get(4..8)?).ok()?.into(),
        libc::AF_INET6 => <[u8; 16]>::try_from(bytes.get(8..24)?).ok()?.into(),
        _ => return None,
    };
    let plain = address.to_canonical();
    let is_own = plain.is_loopback() || address.is_unspecified();
    Some((SocketAddr::new(plain, port), is_own))
}

pub(super) fn is_of_files(address: &[u8]) -> bool {
    address.get(..2).is_some_and(|family| family == (libc::AF_UNIX as u16).to_ne_bytes())
}

pub(super) fn shown(path: &Path) -> String {
    let mut text = String::new();
    let _ = write!(text, "{}", path.display());
    text
}

//! All processes below one.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, PidfdFlags, Signal};

use super::view::FILE;
use crate::surroundings::{SHARED, TEMPORARY};

/// The most processes that are looked at.
const MOST: usize = 10_000;

/// How the kernel calls mapped memory that is like a file. It counts as memory already.
const MEMORY: [&[u8]; 3] = [b"/memfd:", b"/dev/zero", b"/SYSV"];

/// What the processes below one use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// How many there are, with their threads.
    pub(super) tasks: u64,
    /// Memory of their own, in bytes; what several share counts for each.
    pub(super) memory: u64,
}

/// What processes hold open that no folder tells of, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Unnamed {
    /// Files that were removed.
    pub(super) disk: u64,
    /// Files that are in memory only.
    pub(super) memory: u64,
    /// Whether there is a process of which that can't be known.
    pub(super) is_hidden: bool,
}

/// What the kernel says of memory that is used: of processes themselves, of what several share, swapped out, and what
/// it takes to tell where all that is.
const SIZES: [&str; 5] = ["RssAnon:", "RssShmem:", "VmSwap:", "VmPTE:", "HugetlbPages:"];

/// A process that goes on, by one of its tasks: the first one may have ended while others go on.
struct Living {
    folder: String,
    status: Status,
}

/// What the kernel says of a task.
struct Status(String);

impl Status {
    /// What is said of a task, whose name may be any bytes.
    fn of(folder: &str) -> Option<Self> {
        let status = std::fs::read(format!("{folder}/status")).ok()?;
        Some(Self(String::from_utf8_lossy(&status).into_owned()))
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
    }

    /// How much memory is used, in bytes. What is ending uses none any more.
    fn memory(&self) -> Option<u64> {
        self.value("RssAnon:")?;
        let size = |name| self.value(name)?.split(' ').next()?.parse::<u64>().ok();
        Some(SIZES.into_iter().filter_map(size).sum::<u64>() * 1024)
    }

    /// How many filters of system calls there are.
    fn filters(&self) -> u32 {
        self.value("Seccomp_filters:").and_then(|filters| filters.parse().ok()).unwrap_or(0)
    }
}

impl Living {
    fn find(pid: u32, tasks: &[u32]) -> Option<Self> {
        std::iter::once(&pid).chain(tasks).find_map(|task| {
            let folder = format!("/proc/{pid}/task/{task}");
            let status = Status::of(&folder)?;
            status.memory().is_some().then_some(Self { folder, status })
        })
    }

    /// Whether it is the program, or started by it: those around it have no filter of their own.
    fn is_confined(&self) -> bool {
        Status::of("/proc/self").is_none_or(|own| self.status.filters() > own.filters())
    }

    fn goes_on(&self) -> bool {
        Status::of(&self.folder).is_some_and(|status| status.memory().is_some())
    }
}

/// All processes below `pid`, as far as there are not too many.
fn below(pid: u32) -> Vec<(u32, Vec<u32>)> {
    let mut found: Vec<(u32, Vec<u32>)> = Vec::new();
    let mut open = children(&tasks(pid), pid);
    while let Some(pid) = open.pop() {
        let tasks = tasks(pid);
        open.extend(children(&tasks, pid));
        found.push((pid, tasks));
        if found.len() > MOST {
            break;
        }
    }
    found
}

/// Adds up what all processes below `pid` use. Those that end meanwhile count for nothing.
pub(super) fn usage(pid: u32) -> Usage {
    let mut usage = Usage::default();
    for (pid, tasks) in below(pid) {
        usage.tasks += tasks.len() as u64;
        usage.memory += Living::find(pid, &tasks).and_then(|living| living.status.memory()).unwrap_or(0);
    }
    usage
}

/// The processes below `pid` alone.
pub(super) fn processes(pid: u32) -> Vec<u32> {
    below(pid).into_iter().map(|(pid, _)| pid).collect()
}

/// What the processes below `pid` hold open, or mapped, that has no name any more, or never had one. Each file counts
/// once.
pub(super) fn unnamed(pid: u32) -> Unnamed {
    let private: Vec<u64> = private(pid).into_iter().map(|(_, device)| device).collect();
    let mut known = HashSet::new();
    let mut found = Unnamed::default();
    for (pid, tasks) in below(pid) {
        let Some(living) = Living::find(pid, &tasks) else { continue };
        let open = std::fs::read_dir(format!("{}/fd", living.folder));
        found.is_hidden |= open.is_err() && living.is_confined() && living.goes_on();
        for file in open.into_iter().flatten().flatten().map(|entry| entry.path()) {
            let Ok(metadata) = std::fs::metadata(&file) else { continue };
            let is_seen = metadata.nlink() > 0 || private.contains(&metadata.dev());
            if !metadata.is_file() || is_seen || !known.insert((metadata.dev(), metadata.ino())) {
                continue;
            }
            let is_memory = std::fs::read_link(&file)
                .is_ok_and(|link| link.as_os_str().as_encoded_bytes().starts_with(b"/memfd:"));
            let size = metadata.blocks() * 512;
            *if is_memory { &mut found.memory } else { &mut found.disk } += size;
        }
        let maps = std::fs::read(format!("{}/maps", living.folder)).unwrap_or_default();
        for mapped in removed_maps(&maps) {
            let key = (mapped.device, mapped.number);
            if !private.contains(&mapped.device) && known.insert(key) {
                // Only root may follow the link. For others it takes up at least what is mapped of it.
                let file = std::fs::metadata(format!("/proc/{pid}/map_files/{}", mapped.range));
                found.disk += file.map_or(mapped.length, |file| file.blocks() * 512);
            }
        }
    }
    found
}

/// A file on disk that was removed and that a process maps.
#[derive(Debug, PartialEq, Eq)]
struct Mapped<'t> {
    range: &'t str,
    length: u64,
    device: u64,
    number: u64,
}

/// Those files, as the kernel lists what a process maps.
fn removed_maps(text: &[u8]) -> impl Iterator<Item = Mapped<'_>> {
    let removed = text.split(|byte| *byte == b'\n').filter(|line| line.ends_with(b" (deleted)"));
    removed.filter_map(|line| {
        let path = line.iter().position(|byte| *byte == b'/')?;
        if MEMORY.iter().any(|memory| line[path..].starts_with(memory)) {
            return None;
        }
        let mut words = std::str::from_utf8(&line[..path]).ok()?.split_ascii_whitespace();
        let (range, device, number) = (words.next()?, words.nth(2)?, words.next()?);
        let hexadecimal = |text| u64::from_str_radix(text, 16).ok();
        let (from, to) = range.split_once('-')?;
        let length = hexadecimal(to)?.checked_sub(hexadecimal(from)?)?;
        let (major, minor) = device.split_once(':')?;
        let part = |text| u32::from_str_radix(text, 16).ok();
        let device = rustix::fs::makedev(part(major)?, part(minor)?);
        Some(Mapped { range, length, device, number: number.parse().ok()? })
    })
}

/// What lies in the private folders of the first process below the helper `pid`, which are in memory, in bytes, with
/// what the kernel keeps of each file.
pub(super) fn private_memory(pid: u32) -> u64 {
    let sizes = private(pid).into_iter().filter_map(|(folder, _)| {
        let status = rustix::fs::statvfs(folder).ok()?;
        let content = status.f_blocks.saturating_sub(status.f_bfree).saturating_mul(status.f_frsize);
        let files = status.f_files.saturating_sub(status.f_ffree).saturating_mul(FILE);
        Some(content.saturating_add(files))
    });
    sizes.sum()
}

/// The private folders, and their devices, as soon as they are there.
fn private(pid: u32) -> Vec<(PathBuf, u64)> {
    let device = |folder: &Path| std::fs::metadata(folder).ok().map(|metadata| metadata.dev());
    // Nobody may look into the first one; those that it started have the same root.
    let inside = children(&tasks(pid), pid).into_iter().flat_map(below).find_map(|(inside, tasks)| {
        let living = Living::find(inside, &tasks)?;
        let folders =
            [TEMPORARY, SHARED].map(|folder| PathBuf::from(format!("{}/root{folder}", living.folder)));
        folders.iter().all(|folder| device(folder).is_some()).then_some(folders)
    });
    let own = |folder: PathBuf, ours: &str| {
        // Until the root is its own, it is ours.
        let device = device(&folder).filter(|inside| device(Path::new(ours)) != Some(*inside))?;
        Some((folder, device))
    };
    let folders = inside.into_iter().flatten().zip([TEMPORARY, SHARED]);
    folders.filter_map(|(folder, ours)| own(folder, ours)).collect()
}

/// Sends a signal to all that runs inside: all below the first process of the namespaces, which is the one child of
/// the helper `pid`. Whether there was any.
pub(super) fn signal(pid: u32, signal: Signal) -> bool {
    let first = children(&tasks(pid), pid);
    let mut sent = false;
    for inside in first.into_iter().flat_map(processes) {
        let Some(process) = i32::try_from(inside).ok().and_then(Pid::from_raw) else { continue };
        let Ok(held) = rustix::process::pidfd_open(process, PidfdFlags::empty()) else { continue };
        // The number may be another's by now; the one that is held stays what it is.
        if processes(pid).contains(&inside) {
            sent |= rustix::process::pidfd_send_signal(held, signal).is_ok();
        }
    }
    sent
}

fn tasks(pid: u32) -> Vec<u32> {
    let Ok(tasks) = std::fs::read_dir(Path::new("/proc").join(pid.to_string()).join("task")) else {
        return Vec::new();
    };
    tasks.flatten().filter_map(|task| task.file_name().to_str()?.parse().ok()).collect()
}

fn children(tasks: &[u32], pid: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for task in tasks {
        let listed = std::fs::read_to_string(format!("/proc/{pid}/task/{task}/children")).unwrap_or_default();
        found.extend(listed.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
    }
    found
}

/// Whether one of the processes below, or one of their threads, has this number in the innermost namespace that it is
/// in.
pub(super) fn has_inner(pid: u32, inner: u32) -> bool {
    let all = below(pid);
    let is = |folder: String| {
        let status = Status::of(&folder);
        let numbers = status.as_ref().and_then(|status| status.value("NSpid:"));
        let last = numbers.and_then(|numbers| numbers.split_whitespace().last()?.parse::<u32>().ok());
        last == Some(inner)
    };
    all.iter().any(|(pid, _)| is(format!("/proc/{pid}")))
        || all.iter().any(|(pid, tasks)| tasks.iter().any(|task| is(format!("/proc/{pid}/task/{task}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_files_that_are_mapped_are_found() {
        let text = b"55e0-55f0 r--p 00000000 fd:00 123        /usr/bin/node\n\
            7f0000000000-7f0000003000 rw-s 00000000 fd:01 77        /files/big (deleted)\n\
            7f10-7f20 rw-s 00000000 00:01 9 /memfd:x (deleted)\n7f20-7f30 rw-s 00000000 00:01 9 /SYSV0 (deleted)\n\
            x (deleted)\n9-1 r--p 0 fd:00 8 /a b (deleted)\n7f30-7f40 rw-p 00000000 00:00 0 \n";
        let device = rustix::fs::makedev(0xfd, 1);
        let big = Mapped { range: "7f0000000000-7f0000003000", length: 0x3000, device, number: 77 };
        assert_eq!(removed_maps(text).collect::<Vec<_>>(), [big]);
    }
}

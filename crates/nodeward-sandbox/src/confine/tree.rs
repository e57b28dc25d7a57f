//! All processes below one.

use std::path::Path;

/// The most processes that are looked at.
const MOST: usize = 10_000;

/// What the processes below one use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// How many there are.
    pub(super) processes: u64,
    /// Memory, in bytes; what several share counts for each.
    pub(super) memory: u64,
}

/// Adds up what all processes below `pid` use. Those that end meanwhile count for nothing.
pub(super) fn usage(pid: u32) -> Usage {
    let page = rustix::param::page_size() as u64;
    let mut usage = Usage::default();
    let mut open = children(pid);
    let mut looked = 0;
    while let Some(pid) = open.pop() {
        looked += 1;
        if looked > MOST {
            break;
        }
        usage.processes += 1;
        let sizes = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
        let resident = sizes.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0);
        usage.memory += resident * page;
        open.extend(children(pid));
    }
    usage
}

fn children(pid: u32) -> Vec<u32> {
    let Ok(tasks) = std::fs::read_dir(Path::new("/proc").join(pid.to_string()).join("task")) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for task in tasks.flatten() {
        let listed = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        found.extend(listed.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
    }
    found
}

/// Whether one of the processes below has this number in the innermost namespace that it is in.
pub(super) fn has_inner(pid: u32, inner: u32) -> bool {
    let mut open = children(pid);
    let mut looked = 0;
    while let Some(pid) = open.pop() {
        looked += 1;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
        let last = numbers.and_then(|numbers| numbers.split_whitespace().last()?.parse::<u32>().ok());
        if last == Some(inner) {
            return true;
        }
        if looked > MOST {
            return false;
        }
        open.extend(children(pid));
    }
    false
}

//! Control groups: the kernel's own limits on memory and processes of all that a program starts, where one can be had.
//!
//! That is so for root, and for others where the system hands a part of the tree to them, as systemd does for the
//! services of a user. Where there is none, nothing is weaker than without: the same limits are looked at from outside.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags};

use super::tree;
use crate::confinement::Limits;

/// What the folders of groups are called, before the number of the process that made them.
const PREFIX: &str = "nodeward-";

/// How often processes are looked for that were started while others were taken in.
const ROUNDS: u32 = 20;

/// How often, and how far apart, the removal of a group is tried whose last processes are just going.
const TRIES: u32 = 200;
const BETWEEN: Duration = Duration::from_millis(5);

/// What a group limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// Memory of all processes, with files in memory, shared segments and what waits in sockets.
    Memory,
    /// Processes and threads.
    Processes,
}

impl Counted {
    const ALL: [Self; 2] = [Self::Memory, Self::Processes];

    fn controller(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Processes => "pids",
        }
    }
}

/// Folders of the kernel that stand for the groups of one program. They are removed when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Group {
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    folder: PathBuf,
    counted: Vec<Counted>,
}

/// A tree of groups, and where in it this process is.
#[derive(Debug, PartialEq, Eq)]
struct Tree {
    top: PathBuf,
    own: PathBuf,
    /// Of the first version there is a tree for each controller; of the second, one for all.
    controller: Option<Counted>,
}

impl Group {
    /// Makes what can be made.
    fn new(limits: &Limits) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let (Ok(groups), Ok(mounts)) =
            (fs::read_to_string("/proc/self/cgroup"), fs::read_to_string("/proc/self/mountinfo"))
        else {
            return Self::default();
        };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{number}", std::process::id());
        let mut group = Self::default();
        for tree in trees(&groups, &mounts) {
            if let Some(part) = Part::new(&tree, &name, limits, &group.counted()) {
                group.parts.push(part);
            }
        }
        group
    }

    /// A group with all processes below a helper in it, and the helper, so that what these start is in it as well.
    pub(super) fn of(helper: u32, limits: &Limits) -> Self {
        let mut group = Self::new(limits);
        let mut taken = HashSet::new();
        for _ in 0..ROUNDS {
            let all = std::iter::once(helper).chain(tree::processes(helper));
            let new: Vec<u32> = all.filter(|process| taken.insert(*process)).collect();
            if group.parts.is_empty() || new.is_empty() {
                break;
            }
            let held: Vec<(u32, OwnedFd)> =
                new.into_iter().filter_map(|process| Some((process, hold(process)?))).collect();
            // A number may have become another's before it was held; of those below, each is what is held.
            let below = tree::processes(helper);
            for (process, held) in held {
                if process == helper || below.contains(&process) {
                    group.take(process, &held);
                }
            }
        }
        group
    }

    /// What it limits.
    pub(super) fn counted(&self) -> Vec<Counted> {
        self.parts.iter().flat_map(|part| part.counted.iter().copied()).collect()
    }

    /// Takes a process in, with all that it starts from now on. A group that can't is given up.
    fn take(&mut self, process: u32, held: &OwnedFd) {
        self.parts.retain(|part| {
            // One that has ended meanwhile needs none, and its number may become another's.
            if has_ended(held) {
                return true;
            }
            let taken = fs::write(part.folder.join("cgroup.procs"), process.to_string());
            let is_fine = taken.is_ok() || has_ended(held);
            if !is_fine {
                part.remove(1);
            }
            is_fine
        });
    }

    /// Whether the kernel ended a process for want of memory.
    pub(super) fn ended_one(&self) -> bool {
        let ended = |part: &Part| {
            ["memory.events", "memory.oom_control"].iter().any(|file| {
                let text = fs::read_to_string(part.folder.join(file)).unwrap_or_default();
                text.lines()
                    .filter_map(|line| line.strip_prefix("oom_kill "))
                    .any(|times| times.trim() != "0")
            })
        };
        self.parts.iter().filter(|part| part.counted.contains(&Counted::Memory)).any(ended)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.parts.iter().for_each(|part| part.remove(TRIES));
    }
}

impl Part {
    /// A group in the nearest place where one can be made that limits something which `known` does not.
    fn new(tree: &Tree, name: &str, limits: &Limits, known: &[Counted]) -> Option<Self> {
        let above = tree.own.ancestors().take_while(|folder| folder.starts_with(&tree.top));
        above.filter(|folder| tree.has_controllers(folder, known)).find_map(|folder| {
            remove_stale(folder);
            let mut part = Self { folder: folder.join(name), counted: Vec::new() };
            fs::create_dir(&part.folder).ok()?;
            let wanted = Counted::ALL.into_iter().filter(|counted| !known.contains(counted));
            part.counted = wanted.filter(|counted| part.limit(*counted, limits).is_ok()).collect();
            if part.counted.is_empty() {
                part.remove(1);
                return None;
            }
            Some(part)
        })
    }

    fn limit(&self, counted: Counted, limits: &Limits) -> io::Result<()> {
        let set = |file: &str, value: u64| {
            // Not made where it is missing: that would be a file of whatever lies there.
            let mut file = fs::File::options().write(true).open(self.folder.join(file))?;
            io::Write::write_all(&mut file, value.to_string().as_bytes())
        };
        match counted {
            // The two that hold the program count as well.
            Counted::Processes => set("pids.max", limits.processes.saturating_add(2)),
            Counted::Memory => {
                let first = set("memory.limit_in_bytes", limits.memory);
                first.or_else(|_| set("memory.max", limits.memory))?;
                // What is swapped out is not to come on top. Not every kernel counts it.
                let _ =
                    set("memory.memsw.limit_in_bytes", limits.memory).or_else(|_| set("memory.swap.max", 0));
                Ok(())
            }
        }
    }

    fn remove(&self, tries: u32) {
        for _ in 0..tries {
            match fs::remove_dir(&self.folder) {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => std::thread::sleep(BETWEEN),
                _ => return,
            }
        }
    }
}

impl Tree {
    /// Whether groups in this folder are limited in what is not known yet.
    fn has_controllers(&self, folder: &Path, known: &[Counted]) -> bool {
        if let Some(counted) = self.controller {
            return !known.contains(&counted);
        }
        let enabled = fs::read_to_string(folder.join("cgroup.subtree_control")).unwrap_or_default();
        let wanted = Counted::ALL.into_iter().filter(|counted| !known.contains(counted));
        wanted.into_iter().any(|counted| enabled.split_whitespace().any(|name| name == counted.controller()))
    }
}

fn hold(process: u32) -> Option<OwnedFd> {
    let process = Pid::from_raw(i32::try_from(process).ok()?)?;
    rustix::process::pidfd_open(process, PidfdFlags::empty()).ok()
}

fn has_ended(process: &OwnedFd) -> bool {
    let mut poll = [PollFd::new(process, PollFlags::IN)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    !rustix::event::poll(&mut poll, Some(&now)).is_ok_and(|ready| ready == 0)
}

/// Groups that were left behind by processes which were killed.
fn remove_stale(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let rest = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        let process = rest.and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        if process.is_some_and(|process| !Path::new(&format!("/proc/{process}")).exists()) {
            // One that has processes stays.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// The trees of this system, from what the kernel says of this process and of what is mounted.
fn trees(groups: &str, mounts: &str) -> Vec<Tree> {
    let mut found = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(own)) = (parts.next(), parts.next()) else { continue };
        let controller = Counted::ALL
            .into_iter()
            .find(|counted| controllers.split(',').any(|name| name == counted.controller()));
        if controller.is_none() && !controllers.is_empty() {
            continue;
        }
        for mount in mounts.lines() {
            let Some((before, after)) = mount.split_once(" - ") else { continue };
            let (mut before, mut after) = (before.split(' ').skip(3), after.split(' '));
            let (Some(root), Some(top), Some(kind)) = (before.next(), before.next(), after.next()) else {
                continue;
            };
            let options = after.nth(1).unwrap_or_default();
            let is_meant = match controller {
                Some(counted) => {
                    kind == "cgroup" && options.split(',').any(|name| name == counted.controller())
                }
                None => kind == "cgroup2",
            };
            if let Ok(below) = Path::new(own).strip_prefix(root)
                && is_meant
            {
                let top = PathBuf::from(top);
                found.push(Tree { own: top.join(below), top, controller });
                break;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: fn() -> Limits = || Limits { memory: 1 << 30, processes: 7, ..Limits::default() };

    #[test]
    fn the_trees_of_both_versions_are_found() {
        let groups = "4:memory:/api/7\n3:cpu,cpuacct:/\n1:name=systemd:/x\n0::/user.slice/a.scope\n";
        let mounts = "30 1 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                      31 1 0:27 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
                      32 1 0:28 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
        let path = PathBuf::from;
        assert_eq!(
            trees(groups, mounts),
            [
                Tree {
                    top: path("/sys/fs/cgroup/memory"),
                    own: path("/sys/fs/cgroup/memory/api/7"),
                    controller: Some(Counted::Memory)
                },
                Tree {
                    top: path("/sys/fs/cgroup/unified"),
                    own: path("/sys/fs/cgroup/unified/user.slice/a.scope"),
                    controller: None
                },
            ]
        );
        // A part of the tree that is mounted, as in containers, and one that this process is not in.
        let part = "32 1 0:28 /user.slice /g rw - cgroup2 cgroup2 rw\n";
        assert_eq!(trees(groups, part)[0].own, path("/g/a.scope"));
        assert!(trees(groups, "32 1 0:28 /other /g rw - cgroup2 cgroup2 rw\n").is_empty());
        assert!(trees("", mounts).is_empty() && trees("nonsense", mounts).is_empty());
    }

    /// A folder stands for the kernel's: files are there beforehand, as it makes them.
    #[test]
    fn of_the_second_version_the_nearest_group_that_limits_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().to_owned();
        let own = top.join("user/app/own");
        fs::create_dir_all(&own).unwrap();
        let tree = Tree { top: top.clone(), own, controller: None };
        let part = || Part::new(&tree, "new", &LIMITS(), &[]);
        assert!(part().is_none());
        fs::write(top.join("user/app/cgroup.subtree_control"), "cpu io").unwrap();
        assert!(part().is_none() && !top.join("user/app/new").exists());
        fs::write(top.join("user/cgroup.subtree_control"), "cpu memory pids\n").unwrap();
        assert!(tree.has_controllers(&top.join("user"), &[]));
        assert!(!tree.has_controllers(&top.join("user"), &Counted::ALL));
        // Nothing is made of files that the kernel did not make, and nothing is left.
        assert!(part().is_none() && !top.join("user/new").exists());
        let group = Part { folder: top.join("user/made"), counted: Vec::new() };
        fs::create_dir(&group.folder).unwrap();
        for file in ["pids.max", "memory.max", "memory.swap.max"] {
            fs::write(group.folder.join(file), "max").unwrap();
        }
        assert!(Counted::ALL.into_iter().all(|counted| group.limit(counted, &LIMITS()).is_ok()));
        let said = |file: &str| fs::read_to_string(group.folder.join(file)).unwrap();
        assert_eq!((&*said("pids.max"), &*said("memory.max")), ("9ax", "1073741824"));
        let group =
            Group { parts: vec![Part { folder: group.folder.clone(), counted: vec![Counted::Memory] }] };
        let events = group.parts[0].folder.join("memory.events");
        for (text, ended) in [("oom 3\noom_kill 0\n", false), ("oom 3\noom_kill 2\n", true)] {
            fs::write(&events, text).unwrap();
            assert_eq!(group.ended_one(), ended);
        }
    }
}

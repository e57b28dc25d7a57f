//! The root folder that a confined program sees: an empty one, in which only what was declared is put.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags,
    UnmountFlags,
};

use super::Failure;
use crate::confinement::{Access, Confinement, PathRule};
use crate::surroundings::{HOME, TEMPORARY};
use crate::sys::{self, MountChange};

/// Where the new root is put together: a folder that is everywhere. What lies there is not needed by then.
const PLACE: &str = "/proc";

/// What of `/dev` is there.
const DEVICES: &[&str] = &["null", "zero", "full", "random", "urandom"];

/// What of `/proc` is about the whole machine and can be read by root.
const OF_THE_MACHINE: &[&str] = &[
    "kallsyms",
    "kcore",
    "key-users",
    "keys",
    "kmsg",
    "kpagecgroup",
    "kpagecount",
    "kpageflags",
    "pagetypeinfo",
    "sched_debug",
    "slabinfo",
    "timer_list",
    "vmallocinfo",
];

/// How much memory of the kernel a file in memory takes, also where it is empty, in bytes.
pub(super) const FILE: u64 = 1_640;

/// The most files that the private folder takes.
const MOST_FILES: u64 = 500_000;

/// The most files that the folder takes that stands for shared memory.
const MOST_SHARED_FILES: u64 = 50_000;

/// How much the folder takes that stands for shared memory, in bytes.
const MOST_SHARED: u64 = 256 << 20;

/// How many symbolic links one path may lead through.
const MOST_LINKS: usize = 40;

/// How often a path is looked for that the kernel could not follow for what others did meanwhile.
const MOST_TRIES: usize = 1_000;

/// A part of the file system, held open from before anything was changed.
struct Source {
    path: PathBuf,
    access: Access,
    tree: OwnedFd,
    is_folder: bool,
}

/// What the root is made of.
pub(super) struct View<'r> {
    sources: Vec<Source>,
    files: &'r [(OsString, Vec<u8>)],
    /// How much memory the program may use, in bytes.
    memory: u64,
    devices: Vec<(&'static str, OwnedFd)>,
    /// Symbolic links on the way to declared paths, with where they lead.
    links: Vec<(PathBuf, PathBuf)>,
}

impl<'r> View<'r> {
    /// Takes hold of everything that is declared.
    pub(super) fn open(confinement: &'r Confinement) -> Result<Self, Failure> {
        let rules = &confinement.paths;
        let mut links = BTreeSet::new();
        let mut sources = Vec::new();
        for rule in rules {
            let path = Path::new(&rule.path);
            if !path.is_absolute() || path.components().any(|part| part == Component::ParentDir) {
                return Err(Failure::path(
                    path,
                    io::Error::other("is not a path from the root without `..`"),
                ));
            }
            if rule.follows_links {
                note_links(path, &mut links, 0).map_err(|error| Failure::path(path, error))?;
            }
            let from = rule.from.as_deref().map_or(path, Path::new);
            let source = Source::open(path, from, rule.access, rule.follows_links);
            sources.push(source.map_err(|error| Failure::path(from, error))?);
        }
        for (path, from) in between(rules) {
            let source = Source::open(&path, &from, Access::Write, false);
            sources.push(source.map_err(|error| Failure::path(&from, error))?);
        }
        // What lies below another comes after it.
        sources.sort_by_key(|source| (source.path.components().count(), source.access));
        let mut devices = Vec::new();
        for name in DEVICES {
            let (tree, _) = clone_tree(&Path::new("/dev").join(name), true)
                .map_err(|error| Failure::layer("mounts", error))?;
            // Devices are written to all the same; their rights and times are the machine's.
            let add = MountAttrFlags::MOUNT_ATTR_RDONLY
                | MountAttrFlags::MOUNT_ATTR_NOEXEC
                | MountAttrFlags::MOUNT_ATTR_NOSUID;
            sys::change_mount(tree.as_fd(), MountChange { add, below: false })
                .map_err(|error| Failure::layer("mounts", error))?;
            devices.push((*name, tree));
        }
        let (files, memory) = (&confinement.files, confinement.limits.memory);
        Ok(Self { sources, files, memory, devices, links: links.into_iter().collect() })
    }

    /// Puts the root together and makes it that of this process, which has to be in mount and process namespaces of
    /// its own. `disk` is how much the private folder holds, in bytes.
    pub(super) fn enter(self, disk: u64) -> Result<(), Failure> {
        self.build(disk).map_err(|(what, error)| match what {
            Some(path) => Failure::path(&path, error),
            None => Failure::layer("mounts", error),
        })
    }

    fn build(self, disk: u64) -> Result<(), (Option<PathBuf>, io::Error)> {
        let plain = |error: io::Error| (None, error);
        // Nothing that is mounted here is to be seen outside.
        let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
        rustix::mount::mount_change("/", private).map_err(|error| plain(error.into()))?;
        let process = new_process_files().map_err(plain)?;
        let root = new_memory(&[("size", "24m"), ("nr_inodes", "50k")]).map_err(plain)?;
        let place = rustix::fs::open(PLACE, OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
        attach(&root, &place.map_err(|error| plain(error.into()))?).map_err(plain)?;
        rustix::process::chdir(PLACE).map_err(|error| plain(error.into()))?;
        let here = Here { root };
        for (link, target) in &self.links {
            here.link(link, target).map_err(|error| (Some(link.clone()), error))?;
        }
        self.put_private(&here, disk).map_err(plain)?;
        for source in &self.sources {
            let put = here.put(&source.path, &source.tree, source.is_folder);
            put.map_err(|error| (Some(source.path.clone()), error))?;
        }
        for (path, content) in self.files {
            here.file(Path::new(path), content).map_err(|error| (Some(PathBuf::from(path)), error))?;
        }
        here.put(Path::new("/proc"), &process, true).map_err(plain)?;
        self.hide(&here).map_err(plain)?;
        let sealed = MountChange { add: MountAttrFlags::MOUNT_ATTR_RDONLY, below: false };
        sys::change_mount(here.root.as_fd(), sealed).map_err(plain)?;
        // The old root is put over the new one and taken away from there.
        rustix::process::pivot_root(".", ".").map_err(|error| plain(error.into()))?;
        rustix::mount::unmount(".", UnmountFlags::DETACH).map_err(|error| plain(error.into()))?;
        rustix::process::chdir("/").map_err(|error| plain(error.into()))
    }

    /// Covers what `/proc` tells root of the machine, and nobody else.
    fn hide(&self, here: &Here) -> io::Result<()> {
        let Some((_, nothing)) = self.devices.iter().find(|(name, _)| *name == "null") else { return Ok(()) };
        for name in OF_THE_MACHINE {
            if let Ok(there) = here.find(&Path::new("/proc").join(name)) {
                attach(&copy_of(nothing)?, &there)?;
            }
        }
        Ok(())
    }

    /// Devices, folders for temporary files.
    fn put_private(&self, here: &Here, disk: u64) -> io::Result<()> {
        for (name, tree) in &self.devices {
            here.put(&Path::new("/dev").join(name), tree, false)?;
        }
        for (name, target) in
            [("fd", "self/fd"), ("stdin", "self/fd/0"), ("stdout", "self/fd/1"), ("stderr", "self/fd/2")]
        {
            here.link(&Path::new("/dev").join(name), &Path::new("/proc").join(target))?;
        }
        let private = |size: u64, most: u64| {
            // None would mean any number to the kernel.
            let files = (self.memory / FILE).clamp(16, most);
            new_memory(&[("size", &size.max(1).to_string()), ("nr_inodes", &files.to_string())])
        };
        let temporary = private(disk, MOST_FILES)?;
        here.put(Path::new(TEMPORARY), &temporary, true)?;
        here.folder(Path::new(HOME)).map(drop)?;
        let shared = private(disk.min(MOST_SHARED), MOST_SHARED_FILES)?;
        here.put(Path::new("/dev/shm"), &shared, true)
    }
}

impl Source {
    fn open(path: &Path, from: &Path, access: Access, follows_links: bool) -> io::Result<Self> {
        let (tree, is_folder) = clone_tree(from, follows_links)?;
        restrict(&tree, access)?;
        Ok(Self { path: path.to_owned(), access, tree, is_folder })
    }
}

/// The folders that lie between one that may be written to and something in it that may not, with where they come from.
/// As mounts of their own they can't be renamed: with them, what must not be written to would be moved aside.
fn between(rules: &[PathRule]) -> BTreeSet<(PathBuf, PathBuf)> {
    let mut found = BTreeSet::new();
    for rule in rules.iter().filter(|rule| rule.access != Access::Write) {
        let path = Path::new(&rule.path);
        let of = |above: &Path| {
            rules.iter().filter(|rule| Path::new(&rule.path) == above).max_by_key(|rule| rule.access)
        };
        let nearest = path.ancestors().skip(1).find_map(|above| Some((above, of(above)?)));
        let Some((above, writable)) = nearest.filter(|(_, rule)| rule.access == Access::Write) else {
            continue;
        };
        let from = Path::new(writable.from.as_ref().unwrap_or(&writable.path));
        for folder in path.ancestors().skip(1).take_while(|folder| *folder != above) {
            let Ok(below) = folder.strip_prefix(above) else { continue };
            let from = from.join(below);
            // What is no folder there does not lead to it.
            if std::fs::symlink_metadata(&from).is_ok_and(|metadata| metadata.is_dir()) {
                found.insert((folder.to_owned(), from));
            }
        }
    }
    found
}

/// The new root while it is put together. Whatever symbolic links say, nothing outside of it is met.
struct Here {
    root: OwnedFd,
}

impl Here {
    fn find(&self, path: &Path) -> io::Result<OwnedFd> {
        let below = path.strip_prefix("/").unwrap_or(path);
        let below = if below.as_os_str().is_empty() { Path::new(".") } else { below };
        Ok(find_below(&self.root, below)?)
    }

    /// A folder, which is made with those above it where it is not there.
    fn folder(&self, path: &Path) -> io::Result<OwnedFd> {
        let mut at = self.find(Path::new("/"))?;
        let mut walked = PathBuf::from("/");
        for part in path.components() {
            let Component::Normal(name) = part else { continue };
            walked.push(name);
            at = match self.find(&walked) {
                Ok(found) => found,
                Err(_) => {
                    rustix::fs::mkdirat(&at, name, Mode::from_raw_mode(0o755))?;
                    self.find(&walked)?
                }
            };
        }
        Ok(at)
    }

    fn put(&self, path: &Path, tree: &OwnedFd, is_folder: bool) -> io::Result<()> {
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::Error::other("the root can't be declared"));
        };
        if is_folder {
            return attach(tree, &self.folder(path)?);
        }
        let above = self.folder(above)?;
        if let Ok(there) = self.find(path) {
            return attach(tree, &there);
        }
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(&above, name, flags, Mode::from_raw_mode(0o644))?;
        attach(tree, &self.find(path)?)
    }

    /// A file of the root itself.
    fn file(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.folder(above)?, name, flags, Mode::from_raw_mode(0o644))?;
        std::fs::File::from(file).write_all(content)
    }

    fn link(&self, path: &Path, target: &Path) -> io::Result<()> {
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
        match rustix::fs::symlinkat(target, &self.folder(above)?, name) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// What a path leads to below a folder that is taken for the root.
pub(super) fn find_below(root: &OwnedFd, path: &Path) -> Result<OwnedFd, Errno> {
    look_below(root, path, OFlags::empty())
}

/// The same, by more flags.
pub(super) fn look_below(root: &OwnedFd, path: &Path, more: OFlags) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::CLOEXEC | more;
    let mut tries = 0;
    loop {
        match rustix::fs::openat2(root, path, flags, Mode::empty(), ResolveFlags::IN_ROOT) {
            // Somebody on this machine renamed something, so that the kernel can't tell where `..` leads.
            Err(Errno::AGAIN) if tries < MOST_TRIES => tries += 1,
            other => return other,
        }
    }
}

/// Finds the symbolic links on the way to a path, and on the way to where they lead.
fn note_links(path: &Path, links: &mut BTreeSet<(PathBuf, PathBuf)>, depth: usize) -> io::Result<()> {
    if depth > MOST_LINKS {
        return Err(io::Error::other("leads through too many symbolic links"));
    }
    let mut walked = PathBuf::from("/");
    for part in path.components() {
        let Component::Normal(name) = part else { continue };
        walked.push(name);
        let Ok(status) = rustix::fs::lstat(&walked) else { return Ok(()) };
        if FileType::from_raw_mode(status.st_mode) != FileType::Symlink {
            continue;
        }
        let target = std::fs::read_link(&walked)?;
        if !links.insert((walked.clone(), target.clone())) {
            return Ok(());
        }
        let rest: PathBuf = path.strip_prefix(&walked).map(Path::to_owned).unwrap_or_default();
        let leads = resolved(walked.parent().unwrap_or(Path::new("/")), &target).join(rest);
        return note_links(&leads, links, depth + 1);
    }
    Ok(())
}

/// A target from the folder of its link, without `..`. The folder holds no symbolic links.
fn resolved(folder: &Path, target: &Path) -> PathBuf {
    let mut path = folder.to_owned();
    for part in target.components() {
        match part {
            Component::RootDir => path = PathBuf::from("/"),
            Component::ParentDir => {
                path.pop();
            }
            Component::Normal(name) => path.push(name),
            Component::CurDir | Component::Prefix(_) => {}
        }
    }
    path
}

fn clone_tree(path: &Path, follows_links: bool) -> io::Result<(OwnedFd, bool)> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let ways = if follows_links { ResolveFlags::empty() } else { ResolveFlags::NO_SYMLINKS };
    let file = match rustix::fs::openat2(CWD, path, flags, Mode::empty(), ways) {
        Err(Errno::LOOP) if !follows_links => {
            return Err(io::Error::other(
                "leads through a symbolic link that was not there before: try again",
            ));
        }
        other => other?,
    };
    let is_folder = FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode).is_dir();
    let mut flags =
        OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_EMPTY_PATH;
    if is_folder {
        flags |= OpenTreeFlags::AT_RECURSIVE;
    }
    Ok((rustix::mount::open_tree(&file, "", flags)?, is_folder))
}

fn restrict(tree: &OwnedFd, access: Access) -> io::Result<()> {
    let mut add = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    if access != Access::Write {
        add |= MountAttrFlags::MOUNT_ATTR_RDONLY;
    }
    if access == Access::Read {
        add |= MountAttrFlags::MOUNT_ATTR_NOEXEC;
    }
    sys::change_mount(tree.as_fd(), MountChange { add, below: true })
}

/// A mount once more.
fn copy_of(tree: &OwnedFd) -> io::Result<OwnedFd> {
    let flags =
        OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_EMPTY_PATH;
    Ok(rustix::mount::open_tree(tree, "", flags)?)
}

fn attach(tree: &OwnedFd, to: &OwnedFd) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    Ok(rustix::mount::move_mount(tree, "", to, "", flags)?)
}

fn new_memory(settings: &[(&str, &str)]) -> io::Result<OwnedFd> {
    let settings = settings.iter().copied().chain([("mode", "0755")]);
    new_file_system("tmpfs", settings, MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV)
}

/// `/proc` as the processes of this namespace see it. Nothing in it can be written: some of it is the machine's, and
/// goes by the number of the user alone.
fn new_process_files() -> io::Result<OwnedFd> {
    let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY
        | MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    new_file_system("proc", std::iter::empty(), attributes)
}

fn new_file_system<'s>(
    kind: &str,
    settings: impl Iterator<Item = (&'s str, &'s str)>,
    attributes: MountAttrFlags,
) -> io::Result<OwnedFd> {
    let context = rustix::mount::fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
    for (name, value) in settings {
        rustix::mount::fsconfig_set_string(context.as_fd(), name, OsStr::new(value))?;
    }
    rustix::mount::fsconfig_create(context.as_fd())?;
    Ok(rustix::mount::fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_came_since_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("real/inner")).unwrap();
        std::os::unix::fs::symlink("real", root.join("link")).unwrap();
        let error = |path: &str| clone_tree(&root.join(path), false).err().map(|error| error.to_string());
        for path in ["link", "link/inner"] {
            assert!(error(path).unwrap().contains("symbolic link"), "{path}");
        }
        // Cloning takes rights that a test need not have.
        assert!(error("real/inner").is_none_or(|error| !error.contains("symbolic link")));
    }
}

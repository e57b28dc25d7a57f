//! What is told of a confined program's system calls, and what is made of it.
//!
//! Nothing here keeps the program from anything but connections, which are made in its place: paths are read from
//! memory that it can change meanwhile. They say what it tried.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{Mode, OFlags, ResolveFlags};

use super::connect::{self, Connections};
use super::filter::{Subject, WATCHED};
use super::mounts::Mounts;
use super::named::{
    address, arguments, base, inside, is_of_files, is_there_inside, joined, number, root, shown, text, whole,
};
use super::{tree, view};
use crate::confinement::{Access, Confinement, Network};
use crate::events::{Act, Event, Events, Fate};
use crate::surroundings::{HOME, SHARED, TEMPORARY};
use crate::sys::{self, Answer, Call};

/// The most paths that are remembered as of no interest, and the longest of them, in bytes.
const MOST_DULL: usize = 20_000;
const LONGEST_DULL: usize = 256;

/// The most messages of one call that are looked at, and the size of `struct mmsghdr`.
const MOST_MESSAGES: u32 = 64;
const MESSAGE_OF_SEVERAL: u64 = size_of::<libc::mmsghdr>() as u64;

/// Names in home folders that hold credentials. Private as the home is, asking for them tells something.
const CREDENTIALS: &[&str] = &[
    ".aws",
    ".azure",
    ".bash_history",
    ".config/gcloud",
    ".config/gh",
    ".docker",
    ".git-credentials",
    ".gnupg",
    ".kube",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".ssh",
    ".yarnrc",
    ".yarnrc.yml",
    ".zsh_history",
];

/// Those of them that are settings of package managers as well.
const SETTINGS: &[&str] = &[".npmrc", ".yarnrc", ".yarnrc.yml"];

/// The main files of package managers. A program that takes such a name keeps one look for settings out of the report.
const PACKAGE_MANAGERS: &[&str] =
    &["corepack", "npm", "npm-cli.js", "npx", "npx-cli.js", "pnpm", "pnpm.cjs", "yarn", "yarn.js"];

/// What `/proc` has of a process that only its owner should know.
const SECRETS_OF_PROCESSES: &[&str] = &["environ", "mem", "maps", "fd", "root", "cwd", "fdinfo", "map_files"];

/// What a call does something with, where a path is that of a symbolic link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// What it leads to.
    Target,
    /// The link itself.
    Name,
}

/// One who answers for calls, until nobody makes any.
pub(super) struct Watch {
    paths: Vec<(PathBuf, Access)>,
    network: Network,
    helper: u32,
    connections: Connections,
    mounts: Mounts,
    dull: HashSet<(Act, Vec<u8>)>,
    events: Arc<Mutex<Events>>,
}

impl Watch {
    /// `events` is where what is worth it is noted.
    pub(super) fn new(
        confinement: &Confinement,
        helper: u32,
        network: Option<OwnedFd>,
        events: Arc<Mutex<Events>>,
    ) -> Self {
        let paths = paths(confinement);
        let mounts = Mounts::own(paths.iter().map(|(path, _)| &**path));
        Self {
            paths,
            network: confinement.network.clone(),
            helper,
            connections: Connections::new(confinement, network),
            mounts,
            dull: HashSet::new(),
            events,
        }
    }

    /// Answers calls until the last process that could make one is gone.
    pub(super) fn run(mut self, listener: &Arc<OwnedFd>) {
        sys::wake_in_place(listener.as_fd());
        loop {
            let mut poll = [PollFd::new(&**listener, PollFlags::IN)];
            match rustix::event::poll(&mut poll, None) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return,
                Ok(_) => {}
            }
            if !poll[0].revents().contains(PollFlags::IN) {
                return;
            }
            match sys::next_call(listener.as_fd()) {
                Ok(Some(call)) => {
                    if let Some(answer) = self.judge(listener, &call) {
                        sys::answer(listener.as_fd(), &call, answer);
                    }
                }
                Ok(None) => {}
                Err(_) => return,
            }
        }
    }

    fn events(&self) -> MutexGuard<'_, Events> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what is worth it. `None` is answered by somebody else.
    fn judge(&mut self, listener: &Arc<OwnedFd>, call: &Call) -> Option<Answer> {
        let watched = WATCHED.iter().find(|watched| watched.call == call.number);
        let Some(watched) = watched else { return Some(Answer::Continue) };
        let argument = |at: usize| call.arguments[at];
        match watched.subject {
            Subject::Open { folder, path, flags } => {
                let writes = libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC;
                let flags = argument(flags) as i32;
                let act = if flags & writes == 0 { Act::Read } else { Act::Write };
                let of = if flags & (libc::O_NOFOLLOW | libc::O_EXCL) == 0 { Of::Target } else { Of::Name };
                self.path(call, folder, path, act, of);
            }
            Subject::Change { folder, path, flags } => {
                let flags = flags.map_or(0, |flags| argument(flags) as i32);
                let of = if flags & libc::AT_SYMLINK_NOFOLLOW == 0 { Of::Target } else { Of::Name };
                self.path(call, folder, path, Act::Write, of);
            }
            Subject::Entry { folder, path } => self.path(call, folder, path, Act::Write, Of::Name),
            Subject::Move { from, to } => {
                self.path(call, from.0, from.1, Act::Write, Of::Name);
                self.path(call, to.0, to.1, Act::Write, Of::Name);
            }
            Subject::Folder { folder, path } if self.is_folder(call, folder, path) => {}
            Subject::Folder { folder, path } => self.path(call, folder, path, Act::Write, Of::Name),
            Subject::Program { folder, path } => self.program(call, folder, path),
            Subject::Connection => return self.connection(listener, call),
            Subject::Address { at, length } => self.address(call.pid, argument(at), argument(length)),
            Subject::Message { at } => self.message(call.pid, argument(at)),
            Subject::Messages { at, count } => {
                let count = (argument(count) as u32).min(MOST_MESSAGES);
                for number in 0..u64::from(count) {
                    self.message(call.pid, argument(at).wrapping_add(number * MESSAGE_OF_SEVERAL));
                }
            }
            Subject::Signal => self.signal(call.pid, argument(0) as i32),
        }
        Some(Answer::Continue)
    }

    fn connection(&mut self, listener: &Arc<OwnedFd>, call: &Call) -> Option<Answer> {
        let address = match connect::address_of(call) {
            Ok(address) => address,
            Err(error) => return Some(Answer::Fails(error.raw_os_error())),
        };
        let made = self.connections.make(listener, call, &address);
        match connect::path_of(&address).filter(|_| is_of_files(&address)) {
            Some(path) => {
                let whole = whole(call, None, path.as_os_str().as_bytes()).unwrap_or(path.to_owned());
                // One of the system's, which is not there for it.
                let is_elsewhere = || !whole.starts_with(TEMPORARY) && self.is_there(&whole);
                if made
                    .is_err_and(|refused| refused.denied || refused.error == libc::ENOENT && is_elsewhere())
                {
                    let subject = format!("unix:{}", shown(&whole));
                    self.events().add(Event { act: Act::Connect, subject, fate: Fate::Denied });
                }
            }
            None => self.reach(&address, false),
        }
        made.unwrap_or_else(|refused| Some(Answer::Fails(refused.error)))
    }

    fn path(&mut self, call: &Call, folder: Option<usize>, path: usize, act: Act, of: Of) {
        let Some(text) = text(call.pid, call.arguments[path]) else { return };
        // A name from a folder that is open already says nothing by itself.
        let is_whole = text.first() == Some(&b'/') && text.len() <= LONGEST_DULL;
        let key = (act, text);
        if is_whole && self.dull.contains(&key) {
            return;
        }
        let Some(path) = whole(call, folder, &key.1) else { return };
        // What the program can change leads elsewhere the next time.
        let is_whole = is_whole && self.own(&path).is_none();
        let led = match (of, path.parent(), path.file_name()) {
            (Of::Name, Some(above), Some(name)) => self.led(call.pid, above).map(|above| above.join(name)),
            _ => self.led(call.pid, &path),
        };
        let path = led.unwrap_or(path);
        match self.fate(call.pid, &path, act) {
            Some(fate) => {
                let event = Event { act, subject: shown(&path), fate };
                match secret(&path) {
                    Some(name) => self.events().add_secret(event, name),
                    None => self.events().add(event),
                }
            }
            None if is_whole && self.dull.len() < MOST_DULL => drop(self.dull.insert(key)),
            None => {}
        }
    }

    /// The folder of the program's own that a path is in.
    fn own<'s>(&'s self, path: &Path) -> Option<&'s Path> {
        let declared = self.paths.iter().filter(|(_, access)| *access == Access::Write);
        let declared = declared.map(|(rule, _)| &**rule);
        declared.chain([TEMPORARY, SHARED].map(Path::new)).find(|folder| path.starts_with(folder))
    }

    /// Where a path leads that the program could have made a symbolic link of. Looked up in its own folders, which may
    /// stand for others outside; what a link names from the root is looked up outside, as it is not there for the program.
    fn led(&self, pid: u32, path: &Path) -> Option<PathBuf> {
        let rule = self.own(path)?;
        let folder = view::find_below(&root(pid)?, rule).ok()?;
        let below = path.strip_prefix(rule).ok()?;
        // Where a look could have something mounted, it stays in the folder's own file system.
        let ways = if self.mounts.has_any() { ResolveFlags::NO_XDEV } else { ResolveFlags::empty() };
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let real = match rustix::fs::openat2(&folder, below, flags, Mode::empty(), ways) {
            Ok(opened) => std::fs::read_link(format!("/proc/self/fd/{}", opened.as_raw_fd())).ok()?,
            Err(_) if self.mounts.has_any() => return None,
            // It leads to what is not there for it, and perhaps for others.
            Err(_) => joined(path.parent()?, &std::fs::read_link(inside(pid, path)).ok()?),
        };
        Some(real).filter(|real| real != path)
    }

    /// Whether there is something at a path for everybody. Where a look could have something mounted, it is taken for
    /// there.
    fn is_there(&self, path: &Path) -> bool {
        self.mounts.would_ask(path) || std::fs::symlink_metadata(path).is_ok()
    }

    /// Whether there is a folder already, for everybody: tools make all those on the way once more.
    fn is_folder(&self, call: &Call, folder: Option<usize>, path: usize) -> bool {
        let found = text(call.pid, call.arguments[path]).and_then(|text| whole(call, folder, &text));
        found.is_some_and(|found| !self.mounts.would_ask(&found) && found.is_dir())
    }

    /// What is said of a path, if anything.
    fn fate(&self, pid: u32, path: &Path, act: Act) -> Option<Fate> {
        let needed = match act {
            Act::Write => Access::Write,
            Act::Execute => Access::Execute,
            _ => Access::Read,
        };
        if self.paths.iter().any(|(rule, access)| *access >= needed && path.starts_with(rule)) {
            return None;
        }
        if let Ok(below) = path.strip_prefix(HOME) {
            let is_credential = CREDENTIALS.iter().any(|name| below.starts_with(name));
            // Package managers look for their own settings at each start.
            let is_settings = act == Act::Read && SETTINGS.iter().any(|name| below == Path::new(name));
            return (is_credential && !(is_settings && is_package_manager(pid))).then_some(Fate::Denied);
        }
        if let Ok(below) = path.strip_prefix("/proc") {
            // What tools like `ps` read of everybody tells no secrets.
            let mut parts = below.components().map(|part| part.as_os_str());
            let (process, file) = (parts.next()?.to_str()?.parse().ok()?, parts.next()?);
            let is_secret = SECRETS_OF_PROCESSES.iter().any(|name| file == *name);
            let is_own = process != 1 && self.is_own_process(pid, process);
            return (is_secret && !is_own).then_some(Fate::Denied);
        }
        let is_own = ["/dev", "/sys/fs/cgroup"].iter().any(|own| path.starts_with(own));
        if path == Path::new("/") || is_own {
            return None;
        }
        if path.starts_with(TEMPORARY) {
            return self.fate_of_temporary(pid, path, act);
        }
        // What is not there for anybody was looked for, as programs do, and not kept from this one. Of what is there for
        // the program alone, it may read all.
        let is_there = |path: &Path| self.is_there(path) || act == Act::Write && is_there_inside(pid, path);
        let counts = is_there(path) || act == Act::Write && path.parent().is_some_and(is_there);
        // The folders on the way to what is declared are there.
        let is_way = act == Act::Read && self.paths.iter().any(|(rule, _)| rule.starts_with(path));
        (counts && !is_way).then_some(Fate::Denied)
    }

    /// The folder for temporary files is the program's own, and another for everybody else.
    fn fate_of_temporary(&self, pid: u32, path: &Path, act: Act) -> Option<Fate> {
        let subject = if act == Act::Write { path.parent()? } else { path };
        if subject == Path::new(TEMPORARY) {
            return None;
        }
        // A folder that leads to what is declared stands for the one outside, in which nothing is made.
        let is_way = act == Act::Write && self.paths.iter().any(|(rule, _)| rule.starts_with(subject));
        // Declared, but for less than this.
        let is_shown = self.paths.iter().any(|(rule, _)| path.starts_with(rule));
        let is_elsewhere = || self.is_there(subject) && !is_there_inside(pid, subject);
        (is_way || is_shown || is_elsewhere()).then_some(Fate::Denied)
    }

    fn program(&mut self, call: &Call, folder: Option<usize>, path: usize) {
        let Some(text) = text(call.pid, call.arguments[path]) else { return };
        let found = match text.is_empty() {
            // By its descriptor.
            true => folder.and_then(|folder| base(call, Some(folder))),
            false => whole(call, folder, &text),
        };
        let Some(found) = found else { return };
        let fate = match self.fate(call.pid, &found, Act::Execute) {
            Some(fate) => fate,
            // Looked for along `PATH`.
            None if !self.is_there(&found) && !is_there_inside(call.pid, &found) && !text.is_empty() => {
                return;
            }
            None => Fate::Allowed,
        };
        let mut subject = shown(&found);
        for argument in arguments(call.pid, call.arguments[path + 1]).iter().skip(1) {
            subject.push(' ');
            subject.push_str(argument);
        }
        self.events().add(Event { act: Act::Execute, subject, fate });
    }

    fn message(&mut self, pid: u32, at: u64) {
        let mut header = [0; 12];
        if sys::read_memory(pid, at, &mut header) == header.len() {
            let (address, length) = header.split_at(8);
            self.address(pid, number(address), number(length));
        }
    }

    fn address(&mut self, pid: u32, at: u64, length: u64) {
        let mut bytes = [0; 128];
        let length = usize::try_from(length as u32).unwrap_or(0).min(bytes.len());
        let length = if at == 0 { 0 } else { sys::read_memory(pid, at, &mut bytes[..length]) };
        self.reach(&bytes[..length], true);
    }

    /// Notes an address that was to be reached.
    fn reach(&mut self, bytes: &[u8], is_datagram: bool) {
        let Some((address, is_own)) = address(bytes) else { return };
        let subject = address.to_string();
        let fate = match (is_own, &self.network) {
            (true, _) => return,
            // Whoever connects for it tells of that.
            (false, Network::Hosts { ports, addresses })
                if !is_datagram && addresses.contains(&address.ip()) && ports.contains(&address.port()) =>
            {
                return;
            }
            (false, Network::Unconfined) => Fate::Allowed,
            (false, _) => Fate::Denied,
        };
        self.events().add(Event { act: Act::Connect, subject, fate });
    }

    /// Whether a process or thread has this number for the one that names it: who is of its namespace is in its `/proc`.
    /// That lists of children may lack some while processes end.
    fn is_own_process(&self, pid: u32, number: u32) -> bool {
        let listed = inside(pid, &Path::new("/proc").join(number.to_string()));
        std::fs::symlink_metadata(listed).is_ok() || tree::has_inner(self.helper, number)
    }

    fn signal(&mut self, pid: u32, target: i32) {
        // Its own processes, by groups and all of them, are its own affair.
        if target <= 0 || target != 1 && self.is_own_process(pid, target as u32) {
            return;
        }
        self.events().add(Event {
            act: Act::Signal,
            subject: format!("process {target}"),
            fate: Fate::Denied,
        });
    }
}

/// The secret that a path of which something is told holds, by a name of which there are not many.
fn secret(path: &Path) -> Option<&'static str> {
    if path.starts_with("/proc") {
        return SECRETS_OF_PROCESSES.iter().find(|name| path.iter().any(|part| part == **name)).copied();
    }
    CREDENTIALS.iter().find(|name| is_in(path, Path::new(name))).copied()
}

/// Whether some part of a path is this one.
fn is_in(path: &Path, part: &Path) -> bool {
    path.ancestors().any(|above| above.ends_with(part))
}

/// Whether a process calls itself a package manager that Node.js runs.
fn is_package_manager(pid: u32) -> bool {
    let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    // One that gives itself a title has it as its only word.
    let title = words.split(|byte| *byte == 0 || *byte == b' ').next().unwrap_or_default();
    if PACKAGE_MANAGERS.iter().any(|known| title == known.as_bytes()) {
        return true;
    }
    let script = words.split(|byte| *byte == 0).skip(1).find(|word| !word.starts_with(b"-"));
    let name = script.and_then(|script| Path::new(OsStr::from_bytes(script)).file_name());
    name.is_some_and(|name| PACKAGE_MANAGERS.iter().any(|known| name == *known))
}

/// What is there, and what for.
fn paths(confinement: &Confinement) -> Vec<(PathBuf, Access)> {
    let declared = confinement.paths.iter().map(|rule| (PathBuf::from(&rule.path), rule.access));
    declared.chain(confinement.files.iter().map(|(path, _)| (PathBuf::from(path), Access::Read))).collect()
}

//! Looks at buffers and projects, on threads of its own, so that the editor never waits.
//!
//! One thread looks at single buffers as they change; the other follows values through whole projects when something
//! is opened or saved. What is newer replaces what waits, and ends what runs.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use jiff::Timestamp;
use nodeward_lint::{Depth, Linted, Options, Origin, Policy, SourceFile, Text, rules};

use super::server::Event;
use crate::config::Config;
use crate::lint::files::{self, Tests};
use crate::lint::{self};
use crate::suppress;

/// Larger projects are followed by `nodeward lint`, not on each save.
const MAX_FILES: usize = 5_000;
const MAX_BYTES: u64 = 48 << 20;

/// What is the same for every look.
#[derive(Debug, Clone)]
pub(super) struct Analyst {
    /// The current folder.
    pub(super) directory: PathBuf,
    /// `nodeward.toml`, where the command line names one.
    pub(super) config: Option<PathBuf>,
    /// The policy, where the command line or the client names one.
    pub(super) policy: Option<Policy>,
    pub(super) now: Timestamp,
}

/// A buffer at one moment.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    pub(super) uri: String,
    pub(super) path: PathBuf,
    pub(super) edits: u64,
    pub(super) text: Arc<str>,
}

/// What was found in one buffer.
#[derive(Debug)]
pub(super) struct Analysed {
    pub(super) uri: String,
    /// The text that was looked at.
    pub(super) edits: u64,
    /// What values were followed through.
    pub(super) depth: Depth,
    pub(super) findings: Vec<Linted>,
    /// Why it was not checked.
    pub(super) unchecked: Option<String>,
}

/// What a look came to.
#[derive(Debug)]
pub(super) enum Outcome {
    Files(Vec<Analysed>),
    /// The user should know.
    Trouble(String),
}

/// What waits for the threads.
#[derive(Default)]
struct Waiting {
    buffers: BTreeMap<String, Snapshot>,
    projects: BTreeMap<PathBuf, Vec<Snapshot>>,
}

/// A project that is looked at, and what ends it.
struct Running {
    root: PathBuf,
    cancelled: Arc<AtomicBool>,
}

/// The threads.
pub(super) struct Workers {
    waiting: Arc<(Mutex<Waiting>, Condvar)>,
    running: Arc<Mutex<Option<Running>>>,
}

impl Workers {
    /// Starts them; what they find goes to `tell`.
    pub(super) fn start(
        analyst: &Analyst,
        tell: &std::sync::mpsc::SyncSender<Event>,
    ) -> anyhow::Result<Self> {
        let workers = Self { waiting: Arc::default(), running: Arc::default() };
        let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new().name(name.to_owned()).spawn(work)
        };
        let (of_buffers, waiting, telling) = (analyst.clone(), workers.waiting.clone(), tell.clone());
        spawn(
            "buffers",
            Box::new(move || {
                loop {
                    let snapshot =
                        take(&waiting, |waiting| waiting.buffers.pop_first().map(|(_, snapshot)| snapshot));
                    if telling.send(Event::Analysed(of_buffers.buffer(&snapshot))).is_err() {
                        return;
                    }
                }
            }),
        )?;
        let (of_projects, waiting, telling) = (analyst.clone(), workers.waiting.clone(), tell.clone());
        let running = workers.running.clone();
        spawn(
            "projects",
            Box::new(move || {
                loop {
                    let (root, open) = take(&waiting, |waiting| waiting.projects.pop_first());
                    let cancelled = Arc::new(AtomicBool::new(false));
                    let now = Some(Running { root: root.clone(), cancelled: cancelled.clone() });
                    *running.lock().unwrap_or_else(PoisonError::into_inner) = now;
                    let outcome = of_projects.project(&root, open, &cancelled);
                    if !cancelled.load(Ordering::Relaxed) && telling.send(Event::Analysed(outcome)).is_err() {
                        return;
                    }
                }
            }),
        )?;
        Ok(workers)
    }

    /// Looks at a buffer soon, in place of an older text of it.
    pub(super) fn look_at(&self, snapshot: Snapshot) {
        let (waiting, bell) = &*self.waiting;
        waiting.lock().unwrap_or_else(PoisonError::into_inner).buffers.insert(snapshot.uri.clone(), snapshot);
        bell.notify_all();
    }

    /// Follows values through a project, with the texts of what is open.
    pub(super) fn follow(&self, root: PathBuf, open: Vec<Snapshot>) {
        if let Some(running) = &*self.running.lock().unwrap_or_else(PoisonError::into_inner)
            && running.root == root
        {
            running.cancelled.store(true, Ordering::Relaxed);
        }
        let (waiting, bell) = &*self.waiting;
        waiting.lock().unwrap_or_else(PoisonError::into_inner).projects.insert(root, open);
        bell.notify_all();
    }
}

/// Waits for something to do.
fn take<T>(waiting: &(Mutex<Waiting>, Condvar), next: impl Fn(&mut Waiting) -> Option<T>) -> T {
    let (waiting, bell) = waiting;
    let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        match next(&mut waiting) {
            Some(job) => return job,
            None => waiting = bell.wait(waiting).unwrap_or_else(PoisonError::into_inner),
        }
    }
}

impl Analyst {
    /// What `nodeward.toml` says for a folder, and the options that follow.
    fn settings(&self, folder: &Path) -> anyhow::Result<(Config, Options)> {
        let config = match &self.config {
            Some(file) => Config { chosen: true, ..Config::read(file)? },
            None => Config::for_project(folder, &self.directory)?,
        };
        let policy = self.policy.or(config.lint_policy).unwrap_or_default();
        let options = lint::options(policy, &[], &[&config], &self.directory);
        Ok((config, options))
    }

    fn buffer(&self, snapshot: &Snapshot) -> Outcome {
        let folder = snapshot.path.parent().unwrap_or(&self.directory);
        let (config, options) = match self.settings(folder) {
            Ok(settings) => settings,
            Err(error) => return Outcome::Trouble(format!("{error:#}")),
        };
        let options = Options { depth: Depth::Files, threads: None, ..options };
        let file = SourceFile {
            path: self.shown(&snapshot.path).into(),
            text: Text::Memory(snapshot.text.clone()),
            origin: Origin::FirstParty,
        };
        let outcome = nodeward_lint::lint(&[file], &options);
        let unchecked = outcome.gaps.first().map(|gap| gap.message.clone());
        let findings = self.left(outcome, &config);
        Outcome::Files(vec![Analysed {
            uri: snapshot.uri.clone(),
            edits: snapshot.edits,
            depth: Depth::Files,
            findings,
            unchecked,
        }])
    }

    fn project(&self, root: &Path, open: Vec<Snapshot>, cancelled: &Arc<AtomicBool>) -> Outcome {
        let (config, options) = match self.settings(root) {
            Ok(settings) => settings,
            Err(error) => return Outcome::Trouble(format!("{error:#}")),
        };
        // What it finds is the same whichever policy has no rule of its kind.
        if !options.rules().iter().any(|rule| rule.follows_values()) {
            return Outcome::Files(Vec::new());
        }
        let here = self.is_here(root);
        let paths = if here { Vec::new() } else { vec![root.to_path_buf()] };
        let mut selected = match files::own(&paths, Tests::Looked) {
            Ok(selected) => selected.files,
            Err(error) => return Outcome::Trouble(format!("{error:#}")),
        };
        let size = |file: &SourceFile| match &file.text {
            Text::Disk(path) => std::fs::metadata(path).map_or(0, |metadata| metadata.len()),
            Text::Memory(text) => text.len() as u64,
        };
        if selected.len() > MAX_FILES || selected.iter().map(size).sum::<u64>() > MAX_BYTES {
            return Outcome::Trouble(format!(
                "{} is too large to follow its values on each save; `nodeward lint` does",
                root.display()
            ));
        }
        let open: HashMap<PathBuf, Snapshot> =
            open.into_iter().map(|snapshot| (self.shown(&snapshot.path), snapshot)).collect();
        for file in &mut selected {
            if let Some(snapshot) = open.get(&*file.path) {
                file.text = Text::Memory(snapshot.text.clone());
            }
        }
        let options = Options { cancelled: Some(cancelled.clone()), ..options };
        let outcome = nodeward_lint::lint(&selected, &options);
        let mut by_file: HashMap<PathBuf, Vec<Linted>> = HashMap::new();
        for linted in self.left(outcome, &config) {
            if rules::find(&linted.finding.rule).is_some_and(|rule| rule.follows_values()) {
                by_file.entry(linted.finding.place.file.to_path_buf()).or_default().push(linted);
            }
        }
        let of_open = open.into_iter().map(|(path, snapshot)| Analysed {
            uri: snapshot.uri,
            edits: snapshot.edits,
            depth: Depth::Units,
            findings: by_file.remove(&path).unwrap_or_default(),
            unchecked: None,
        });
        Outcome::Files(of_open.collect())
    }

    /// What neither an exception nor a suppression hides.
    fn left(&self, outcome: nodeward_lint::Outcome, config: &Config) -> Vec<Linted> {
        let configs = [config];
        let mut findings = lint::settle(outcome.findings, &mut lint::team::Team::new(&configs)).0;
        findings.retain(|linted| !suppress::is_hidden(&linted.finding, &configs, &[], self.now));
        findings
    }

    fn is_here(&self, folder: &Path) -> bool {
        let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        real(folder) == real(&self.directory)
    }

    /// A path as it is shown: from the current folder, if it is below it.
    fn shown(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.directory).unwrap_or(path).to_path_buf()
    }
}

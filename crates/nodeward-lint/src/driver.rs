//! Runs the rules over many files: in parallel, with the same findings in the same order whatever the number of
//! threads. A file that is too large, too deep or not JavaScript is a gap in the run, never skipped in silence.
//!
//! Files of one package are a unit: the worker that is done with the last of them follows the unit's values from file
//! to file. The project's own files are one unit.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nodeward_javascript::WORKER_STACK;
use nodeward_package::{PackageName, beside};
use nodeward_report::{Finding, Gap};

use crate::cache::Cache;
use crate::dispatch::Dispatch;
use crate::requirement::{Checker, Requirement};
use crate::{Fix, Policy, Rule, rules};

mod file;
#[cfg(test)]
mod flow_tests;
mod recall;
mod report;
pub(crate) mod resolve;
mod stored;
#[cfg(test)]
mod tests;
mod unit;

/// A file to look at.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// As the user would name it.
    pub path: Arc<Path>,
    /// Where its text is.
    pub text: Text,
    /// Whose it is.
    pub origin: Origin,
}

/// Where a file's text is.
#[derive(Debug, Clone)]
pub enum Text {
    /// On the disk; read by the worker that looks at it.
    Disk(PathBuf),
    /// Here.
    Memory(Arc<str>),
}

/// Whose code it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The project's own: its comments may hide findings.
    FirstParty,
    /// A dependency's: what it says about itself does not count.
    Dependency {
        /// The package.
        name: PackageName,
        /// Its version, as written.
        version: Box<str>,
    },
}

/// How much of one file is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// A longer file is not checked.
    pub bytes: usize,
    /// A file with more nodes than that is not checked.
    pub nodes: usize,
    /// How long the rules may look at one file, and how long the values of a unit may be followed for each of its
    /// files, at least for one. Far more than anything but an attack takes: what is found does not depend on it
    /// otherwise.
    pub time: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: 24 * 1024 * 1024, nodes: 16_000_000, time: Duration::from_secs(30) }
    }
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// So long from now; never, where that is past what the clock can tell.
    pub(crate) fn after(time: Duration) -> Self {
        Self(Instant::now().checked_add(time))
    }

    /// Whether the time is over.
    pub(crate) fn is_over(self) -> bool {
        self.0.is_some_and(|end| Instant::now() >= end)
    }
}

/// Whose values are not trusted, beside those that come over the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Nobody's: the code is an application.
    Requests,
    /// Those of whoever calls what the code exports: it is a library.
    Callers,
}

/// How far a run follows values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// From file to file, through whole units.
    #[default]
    Units,
    /// Not at all: each file is looked at on its own, as fast as somebody types.
    Files,
}

/// What a run does.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The rules of this policy and of the narrower ones.
    pub policy: Policy,
    /// Only these rules and requirements, whatever the policy; all of them if empty.
    pub only: Vec<String>,
    /// What the team asks of its own code, under every policy.
    pub requirements: Vec<Arc<Requirement>>,
    /// The folder, absolute, that paths of files are meant from.
    pub directory: PathBuf,
    /// Who calls the code. `None`: a package is a library as its `package.json` says, if that is among the files: with
    /// `main`, `exports`, `module` or `browser`, or with an `index.js` and no `bin`; and, if it is the project's own,
    /// not private. A dependency without one is a library, too.
    pub audience: Option<Audience>,
    /// How far values are followed.
    pub depth: Depth,
    /// Set by who no longer wants the outcome: the run ends early, and what it gives is not to be used.
    pub cancelled: Option<Arc<AtomicBool>>,
    /// Where outcomes are kept from run to run.
    pub cache: Option<Arc<Cache>>,
    /// Workers; `None` for one.
    pub threads: Option<NonZeroUsize>,
    /// How much of one file is looked at.
    pub budget: Budget,
}

/// A finding, and how to clear it.
#[derive(Debug, Clone, PartialEq)]
pub struct Linted {
    /// What was found.
    pub finding: Finding,
    /// The narrowest policy that shows it.
    pub policy: Policy,
    /// The change that clears it, where there is one.
    pub fix: Option<Fix>,
    /// The place of the requirement that found it among those of the run, if it was one.
    pub requirement: Option<usize>,
}

/// A finding that a comment hides.
#[derive(Debug, Clone, PartialEq)]
pub struct HiddenFinding {
    /// What was found.
    pub linted: Linted,
    /// What the comment says.
    pub reason: String,
}

/// What a run found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// By file, then by place.
    pub findings: Vec<Linted>,
    /// What comments of the project hide.
    pub hidden: Vec<HiddenFinding>,
    /// What could not be checked.
    pub gaps: Vec<Gap>,
    /// Files that were checked.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

impl Options {
    /// The rules that run.
    pub fn rules(&self) -> Vec<&'static Rule> {
        let chosen = |rule: &&Rule| match self.only.is_empty() {
            true => rule.policy <= self.policy,
            false => self.only.iter().any(|only| only == rule.id),
        };
        rules::RULES.iter().filter(chosen).collect()
    }

    /// The requirements that run, with their places among all.
    pub fn chosen_requirements(&self) -> Vec<(usize, Arc<Requirement>)> {
        let chosen = |requirement: &Requirement| {
            self.only.is_empty() || self.only.iter().any(|only| **only == *requirement.id)
        };
        let numbered = self.requirements.iter().cloned().enumerate();
        numbered.filter(|(_, requirement)| chosen(requirement)).collect()
    }
}

/// What every worker works with.
pub(crate) struct Job<'j> {
    options: &'j Options,
    rules: Vec<&'static Rule>,
    dispatch: Dispatch,
    flows: unit::Flows,
    checker: Checker,
}

impl Job<'_> {
    /// Whether all that a rule or requirement of that name looks for is looked for.
    fn runs(&self, id: &str) -> bool {
        let whole = |rule: &Rule| self.options.depth == Depth::Units || !rule.follows_values();
        self.rules.iter().any(|rule| rule.id == id && whole(rule)) || self.checker.runs(id)
    }

    fn is_cancelled(&self) -> bool {
        self.options.cancelled.as_ref().is_some_and(|cancelled| cancelled.load(Ordering::Relaxed))
    }

    /// Whether there is anything of that name, also if it does not run.
    fn knows(&self, id: &str) -> bool {
        rules::find(id).is_some()
            || self.options.requirements.iter().any(|requirement| *requirement.id == *id)
    }
}

/// Looks at every file.
pub fn lint(files: &[SourceFile], options: &Options) -> Outcome {
    let rules = options.rules();
    let job = Job {
        options,
        dispatch: Dispatch::new(&rules),
        flows: match options.depth {
            Depth::Units => unit::Flows::new(&rules),
            Depth::Files => unit::Flows::default(),
        },
        checker: Checker::new(options.chosen_requirements(), &options.directory),
        rules,
    };
    let mut order: Vec<&SourceFile> = files.iter().collect();
    order.sort_by(|a, b| a.path.cmp(&b.path));
    let mut results = in_parallel(&order, &job);
    results.sort_by_key(|&(at, _)| at);
    let mut outcome = Outcome::default();
    for (_, result) in results {
        outcome.findings.extend(result.findings);
        outcome.hidden.extend(result.hidden);
        outcome.gaps.extend(result.gaps);
        outcome.files += result.files;
        outcome.bytes += result.bytes;
    }
    outcome
}

/// The files of one unit that workers are done with.
struct Pending<'f> {
    size: usize,
    done: Mutex<Vec<file::Looked<'f>>>,
}

impl<'f> Pending<'f> {
    /// Adds a file; if it was the last, gives them all, in their order.
    fn add(&self, looked: file::Looked<'f>) -> Option<Vec<file::Looked<'f>>> {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.push(looked);
        if done.len() < self.size {
            return None;
        }
        let mut all = std::mem::take(&mut *done);
        all.sort_by_key(|looked| looked.at);
        Some(all)
    }
}

fn in_parallel(files: &[&SourceFile], job: &Job<'_>) -> Vec<(usize, Outcome)> {
    let threads = threads(files, job);
    let (known, units) = recall::recall(files, unit::group(files, job), job);
    let queue: Vec<(usize, usize)> =
        units.iter().enumerate().flat_map(|(unit, files)| files.iter().map(move |&at| (unit, at))).collect();
    let pending: Vec<Pending<'_>> =
        units.iter().map(|files| Pending { size: files.len(), done: Mutex::default() }).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut worker = file::Worker::new(job);
        let mut results = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(&(unit, at)) = queue.get(place) else { return results };
            if job.is_cancelled() {
                return results;
            }
            let looked = worker.look(at, files[at]);
            if let Some(unit) = pending[unit].add(looked) {
                results.extend(unit::finish(unit, job));
            }
        }
    };
    let found = match beside::with_stacks(threads, WORKER_STACK, work) {
        Ok(found) => found,
        Err(error) => vec![vec![(files.len(), no_thread(queue.len(), &error))]],
    };
    known.into_iter().chain(found.into_iter().flatten()).collect()
}

/// As many as were asked for, and no more than there are files.
fn threads(files: &[&SourceFile], job: &Job<'_>) -> NonZeroUsize {
    let files = NonZeroUsize::new(files.len()).unwrap_or(NonZeroUsize::MIN);
    job.options.threads.map_or(NonZeroUsize::MIN, |threads| threads.min(files))
}

/// Nothing is parsed on a stack that may be too small for it.
fn no_thread(files: usize, error: &std::io::Error) -> Outcome {
    let gap = Gap {
        message: format!("{files} files were not checked: the system gives no thread ({error})"),
        remedy: "raise the limit on processes (`ulimit -u`, or the container's)".to_owned(),
    };
    Outcome { gaps: vec![gap], ..Outcome::default() }
}

//! Install scripts, run: each on a copy of its package, confined, and the copy put in the package's place when all of
//! them went well. What requires another package waits for its scripts; the rest runs at the same time.

mod copying;
pub(crate) mod environment;
mod git;
pub(crate) mod own;
mod record;
pub(crate) mod removal;
pub(crate) mod report;
mod schedule;
pub(crate) mod script;
mod several;
pub(crate) mod staging;
mod tree;
pub(crate) mod unconfined;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, bail};
use nodeward_javascript::{ModuleSync, NodeResolver};
use nodeward_package::Format;
use nodeward_review::install::{Allow, ContentHash, Item, Role, Script, inventory};
use nodeward_sandbox::confine::Failure;
use nodeward_sandbox::{Access, Limits, PathRule};

use crate::confined::Ran;
use crate::interrupt::Watch;
use crate::session::Session;

pub(crate) use environment::Tools;
pub(crate) use record::Record;
use report::{Installed, Report, Skipped, Unconfined};
use schedule::{Then, Turn};
use script::Subject;
use staging::Staging;

/// What scripts are run with.
pub(crate) struct Ground<'g> {
    /// The project's folder, by its real path.
    pub(crate) project: &'g Path,
    pub(crate) tools: &'g Tools,
    pub(crate) limits: Limits,
    /// Where this machine can't confine, and its owner chose to run what is allowed all the same.
    pub(crate) unconfined: Option<&'g Unconfined>,
    pub(crate) watch: &'g Watch,
    pub(crate) session: &'g Session,
}

/// A folder of a package whose scripts may run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unit<'a> {
    pub(crate) item: &'a Item,
    pub(crate) folder: &'a str,
    pub(crate) allow: &'a Allow,
}

/// How the scripts of several packages are run.
pub(crate) struct Plan<'a> {
    /// The packages, each after what it requires.
    pub(crate) units: Vec<Unit<'a>>,
    /// For each folder, those whose scripts come before.
    pub(crate) before: &'a HashMap<Box<str>, Vec<Box<str>>>,
    /// For each folder that has some, the folders in it in which other packages lie.
    pub(crate) others: &'a HashMap<Box<str>, Vec<String>>,
    /// How many run at once.
    pub(crate) jobs: usize,
    /// Which package manager installed them.
    pub(crate) manager: Format,
}

/// Runs what may run, and notes down what is done as it is done.
///
/// Gives whether a layer of the confinement failed, so that something did not run.
pub(crate) fn install(
    ground: &Ground<'_>,
    plan: &Plan<'_>,
    record: &mut Record,
    report: &mut Report,
) -> anyhow::Result<bool> {
    let before = places(plan);
    let record = Mutex::new(record);
    // Before any script can make a link of a folder that is inside of its own package.
    let found = |unit: &Unit<'_>| real(ground.project, unit.folder).map_err(|error| format!("{error:#}"));
    let places = plan.units.iter().map(|unit| (unit.folder, found(unit))).collect();
    let work = Work { ground, plan, record, places, telling: Mutex::new(()) };
    let turns = schedule::run(&before, plan.jobs, &|at| work.package(&plan.units[at]));
    let mut is_unconfined = false;
    for (unit, turn) in plan.units.iter().zip(turns) {
        let because = match turn {
            Turn::Done((installed, failed_to_confine)) => {
                is_unconfined |= failed_to_confine;
                report.packages.push(installed);
                continue;
            }
            Turn::Skipped(cause) => {
                format!("it waits for {}, whose scripts did not go well", plan.units[cause].item.label())
            }
            Turn::Left => "the run ended before".to_owned(),
        };
        let (package, folder) = (unit.item.label(), unit.folder.to_owned());
        ground.session.warn(format_args!("{package}: its scripts were not run: {because}"));
        report.skipped.push(Skipped { package, folder, because });
    }
    ground.watch.check()?;
    Ok(is_unconfined)
}

/// The places in the plan of what each of its packages waits for: also through packages whose scripts don't run.
fn places(plan: &Plan<'_>) -> Vec<Vec<usize>> {
    let place: HashMap<&str, usize> =
        plan.units.iter().enumerate().map(|(at, unit)| (unit.folder, at)).collect();
    let none = Vec::new();
    let waits = |unit: &Unit<'_>| {
        let mut found = Vec::new();
        let mut seen: Vec<&str> = vec![unit.folder];
        let mut open: Vec<&str> = vec![unit.folder];
        while let Some(folder) = open.pop() {
            for other in plan.before.get(folder).unwrap_or(&none) {
                if seen.contains(&&**other) {
                    continue;
                }
                seen.push(other);
                match place.get(&**other) {
                    Some(&at) => found.push(at),
                    None => open.push(other),
                }
            }
        }
        found
    };
    plan.units.iter().map(waits).collect()
}

struct Work<'w> {
    ground: &'w Ground<'w>,
    plan: &'w Plan<'w>,
    record: Mutex<&'w mut Record>,
    /// Where each package lay before the first script ran, or what is wrong with that.
    places: HashMap<&'w str, Result<PathBuf, String>>,
    /// Whoever has it says what became of one package, without others in between.
    telling: Mutex<()>,
}

impl Work<'_> {
    /// Runs the scripts of one package; gives whether it could not be confined, too.
    fn package(&self, unit: &Unit<'_>) -> ((Installed, bool), Then) {
        let Ground { watch, session, .. } = *self.ground;
        let label = unit.item.label();
        let mut installed = Installed::new(unit.item, unit.folder, Some(unit.allow));
        let mut ran = Vec::new();
        let outcome = self.try_package(unit, &mut installed, &mut ran);
        let telling = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        for (script, ran) in &ran {
            installed.add(script, ran);
            script::tell(&label, script, ran, session);
        }
        let failed_to_confine = matches!(&outcome, Err(error) if is_layer(error));
        match outcome {
            Ok(done) => installed.done = done,
            Err(error) => {
                installed.error = Some(format!("{error:#}"));
                session.print_error(&error.context(label.clone()));
            }
        }
        if !installed.done && unit.item.role == Role::Git {
            self.tell_missing(unit, &label);
        }
        if !installed.done && installed.optional {
            session.warn(format_args!("{label} is optional, and left as it was"));
        }
        drop(telling);
        let then = match (watch.check(), installed.done || installed.optional) {
            (Err(_), _) => Then::Stop,
            (Ok(()), true) => Then::GoOn,
            (Ok(()), false) => Then::SkipWhatWaits,
        };
        ((installed, failed_to_confine), then)
    }

    /// Says why a git repository may not have been prepared.
    fn tell_missing(&self, unit: &Unit<'_>, label: &str) {
        let missing = git::missing(self.ground.project, &self.ground.project.join(unit.folder));
        if !missing.is_empty() {
            self.ground.session.warn(format_args!(
                "{label} comes from git, and what it is prepared with is not installed ({}): take a release, or let the project require that",
                missing.join(", ")
            ));
        }
    }

    /// Whether all went well.
    fn try_package<'u>(
        &self,
        unit: &Unit<'u>,
        installed: &mut Installed,
        ran: &mut Vec<(&'u Script, Ran)>,
    ) -> anyhow::Result<bool> {
        let real = self.place(unit)?;
        let staging =
            Staging::new(&real).with_context(|| format!("cannot make a copy beside {}", real.display()))?;
        let outcome = self.try_copy(unit, &staging, &real, installed, ran);
        match (outcome, staging.remove()) {
            (outcome, Ok(())) => outcome,
            (outcome, Err(left)) => {
                installed.is_left = true;
                installed.done = *outcome.as_ref().unwrap_or(&false);
                match outcome {
                    Ok(_) => Err(left),
                    Err(error) => {
                        self.ground.session.warn(format_args!("{left:#}"));
                        Err(error)
                    }
                }
            }
        }
    }

    /// The same, of a copy; what is not in the package's place afterwards is left to whoever made it.
    fn try_copy<'u>(
        &self,
        unit: &Unit<'u>,
        staging: &Staging,
        real: &Path,
        installed: &mut Installed,
        ran: &mut Vec<(&'u Script, Ran)>,
    ) -> anyhow::Result<bool> {
        let Unit { item, allow, .. } = *unit;
        let (copy, hosts, label) =
            (staging.folder(), script::hosts(&allow.network, &allow.place)?, item.label());
        self.compare(unit, &copy)?;
        // Where nothing stands in the place of anything else, the copy is where it is.
        let place = if self.ground.unconfined.is_some() { &*copy } else { real };
        let shown = PathRule { from: Some(copy.clone().into()), ..PathRule::new(place, Access::Write) };
        let subject = Subject {
            name: item.claims.as_ref().unwrap_or(&item.name).as_str(),
            version: &item.version,
            place,
            paths: &[shown],
            hosts: &hosts,
        };
        for script in runs(item) {
            script::announce(&label, script, self.ground.session);
            let one = script::run(self.ground, &subject, script)?;
            let went_well = one.went_well();
            ran.push((script, one));
            if !went_well || self.ground.watch.check().is_err() {
                // The copy goes, and the package is as it was.
                return Ok(false);
            }
        }
        match staging.changes().context("cannot tell what its scripts made")? {
            Some(wrote) => {
                self.keep(unit, staging, real)?;
                installed.wrote = wrote;
            }
            // The package stays what it is, with what it shares with a store.
            None => self.note(unit, real)?,
        }
        Ok(true)
    }

    /// Where a package lies, which is where it lay before any script ran.
    fn place(&self, unit: &Unit<'_>) -> anyhow::Result<PathBuf> {
        let real = real(self.ground.project, unit.folder)?;
        if real == self.ground.project {
            bail!("its folder leads to the project itself");
        }
        match self.places.get(unit.folder) {
            Some(Ok(before)) if *before == real => Ok(real),
            Some(Err(error)) => bail!("{error}"),
            _ => bail!("its folder leads to {} since other scripts ran, and did not before", real.display()),
        }
    }

    /// An error where a copy is not what was allowed: the scripts of a package that holds this one could change it.
    fn compare(&self, unit: &Unit<'_>, copy: &Path) -> anyhow::Result<()> {
        let judged = unit.item.read().and_then(|read| read.hash.as_ref().ok());
        if self.look(unit, copy).ok().flatten().as_ref() == judged {
            return Ok(());
        }
        bail!(
            "what its scripts do was changed since this run looked at it; look again with nodeward install-scripts"
        )
    }

    /// Puts a result in place. It is noted before: what breaks off in between is run again.
    fn keep(&self, unit: &Unit<'_>, staging: &Staging, real: &Path) -> anyhow::Result<()> {
        self.note(unit, &staging.folder())?;
        staging
            .put_in_place()
            .with_context(|| format!("cannot put the result in the place of {}", real.display()))
    }

    /// Notes down that a folder is what its scripts made of it.
    fn note(&self, unit: &Unit<'_>, folder: &Path) -> anyhow::Result<()> {
        // Without scripts it is listed no more.
        let Some(after) = self.look(unit, folder).context("what its scripts made can't be known again")?
        else {
            return Ok(());
        };
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        record.note(unit, after, folder, self.ground.unconfined);
        record.note_within(self.ground.project, unit, folder);
        record.write()
    }

    /// By what the scripts of a package are known that now lie in a folder; `None` where it has none.
    fn look(&self, unit: &Unit<'_>, folder: &Path) -> anyhow::Result<Option<ContentHash>> {
        let resolver = NodeResolver::new(&[], ModuleSync::Offered);
        let others = self.plan.others.get(unit.folder).map(Vec::as_slice).unwrap_or_default();
        let read = inventory::read_folder(folder, unit.item.role, self.plan.manager, &resolver, others);
        match read.map_err(anyhow::Error::msg)? {
            Some(read) => read.hash.map(Some).map_err(anyhow::Error::msg),
            None if folder.join("package.json").is_file() => Ok(None),
            None => bail!("its package.json is gone"),
        }
    }
}

/// The scripts of a package that are run where it is installed. A git repository's `build` is a sign for package
/// managers that it has to be prepared; none runs it.
fn runs(item: &Item) -> impl Iterator<Item = &Script> {
    let scripts = item.read().map(|read| &read.scripts[..]).unwrap_or_default();
    scripts.iter().filter(|script| item.role != Role::Git || &*script.stage != "build")
}

/// Where a package really lies. A lockfile may name any place, and a link may lead to one.
fn real(project: &Path, folder: &str) -> anyhow::Result<PathBuf> {
    let place = project.join(folder);
    if let Some(link) = link_within(project, folder) {
        bail!("{} is a symbolic link within another package, whose scripts may have made it", link.display());
    }
    let real = std::fs::canonicalize(&place).with_context(|| format!("cannot find {}", place.display()))?;
    if !real.starts_with(project) {
        bail!("it lies outside of the project, in {}; run its scripts there", real.display());
    }
    Ok(real)
}

/// The first symbolic link on the way to a package that is inside of the outermost package there. That one itself may
/// be linked, as those of a workspace are; what is inside of it is in the hands of its scripts.
pub(super) fn link_within(project: &Path, folder: &str) -> Option<PathBuf> {
    let parts: Vec<&str> = folder.split('/').collect();
    let modules = parts.iter().position(|part| *part == "node_modules")?;
    let is_scoped = parts.get(modules + 1).is_some_and(|name| name.starts_with('@'));
    let outermost = modules + if is_scoped { 3 } else { 2 };
    (outermost + 1..=parts.len()).find_map(|end| {
        let path = project.join(parts.get(..end)?.join("/"));
        std::fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink()).then_some(path)
    })
}

fn is_layer(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<Failure>(), Some(Failure::Layer { .. }))
}

//! One release, built: fetched, checked, unpacked; its scripts run, confined, where nothing tells which machine it is;
//! and what came out packed, with a record.

mod again;
mod attempt;
mod bundles;
mod folder;
mod machine;
mod packing;
mod pinned;
mod progress;
mod release;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, bail};
use nodeward_package::Integrity;
use nodeward_sandbox::Limits;
use nodeward_sandbox::gateway::HostRule;
use nodeward_seal::built::{self, Inputs, Machine, Record, Release, Tarball};
use nodeward_seal::seal::Digest;

use crate::config::Config;
use crate::installing::{Ground, Tools};
use crate::interrupt::Watch;
use crate::outcome::Outcome;
use crate::session::Session;

use attempt::{Attempt, PLACE};
use folder::Folder;
use packing::Choice;
use release::Fetched;
pub(crate) use release::Wanted;

/// What is asked for.
pub(crate) struct Task<'a> {
    pub(crate) wanted: &'a Wanted,
    /// The hosts that scripts may reach.
    pub(crate) hosts: &'a [HostRule],
    /// Build once more, and compare.
    pub(crate) twice: bool,
    /// Take what this record names, and compare with that.
    pub(crate) recorded: Option<Recorded<'a>>,
}

/// A build that was recorded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recorded<'a> {
    pub(crate) record: &'a Record,
    /// The bytes of its tarball, where they are there.
    pub(crate) tarball: Option<&'a [u8]>,
}

impl Recorded<'_> {
    fn integrity(&self) -> anyhow::Result<Integrity> {
        Integrity::parse(&self.record.package.integrity).context("the record's integrity of the release")
    }
}

/// What became of it.
pub(crate) struct Built {
    /// Not signed yet.
    pub(crate) record: Record,
    /// The tarball's bytes; none where a script failed.
    pub(crate) tarball: Option<Vec<u8>>,
    /// How the script that failed ended.
    pub(crate) failed: Option<Outcome>,
}

/// Builds.
pub(crate) fn build(task: &Task<'_>, watch: &Watch, session: &Session) -> anyhow::Result<Built> {
    let started = Instant::now();
    // What a record says does not depend on where it is built again.
    let locked = if task.recorded.is_some() { None } else { release::locked()? };
    let promised = task.recorded.map(|recorded| recorded.integrity()).transpose()?;
    let fetched = release::fetch(task.wanted, locked.as_ref(), promised.as_ref(), session)?;
    refuse_denied(&fetched, session)?;
    watch.check()?;
    let dependencies = task.recorded.map(|recorded| &recorded.record.dependencies[..]);
    let folder = Folder::new(&fetched, locked.as_ref(), dependencies, watch, session)?;
    let tools = Tools::find(Path::new("."), session);
    let limits = Limits::default();
    let ground =
        Ground { project: Path::new(PLACE), tools: &tools, limits, unconfined: None, watch, session };
    let version = fetched.version.to_string();
    let names = (fetched.name.as_str(), &*version);
    let mut record = Record::new(inputs(&folder, &fetched, &ground, names, task.hosts)?);
    if task.recorded.is_some() {
        record.machine.package_manager = concat!("nodeward ", env!("CARGO_PKG_VERSION")).to_owned();
    }
    warn(&folder, &tools, &fetched, session);
    let attempt = attempt::run(&folder, &ground, names, task.hosts)?;
    record.scripts.clone_from(&attempt.scripts);
    record.files = attempt.changes();
    let mut tarball = None;
    if attempt.failed.is_none() {
        let (choice, bytes) = packed(&folder, &fetched, &attempt, &mut record)?;
        if let Some(recorded) = task.recorded {
            let compared = again::compare_with(recorded, &record, &bytes);
            record.again = Some(compared.context("cannot compare with what was recorded")?);
        }
        tarball = Some(bytes);
        if task.twice {
            record.again = Some(again(&folder, &ground, names, task.hosts, &choice)?);
        }
    }
    let failed = attempt.failed;
    attempt.remove()?;
    folder.remove()?;
    record.milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Built { record, tarball, failed })
}

/// What is known before anything runs.
fn inputs(
    folder: &Folder,
    fetched: &Fetched,
    ground: &Ground<'_>,
    names: (&str, &str),
    hosts: &[HostRule],
) -> anyhow::Result<Inputs> {
    let (machine, tools, confinement) = machine::look(folder, ground, names, hosts)?;
    Ok(Inputs {
        nodeward: env!("CARGO_PKG_VERSION").to_owned(),
        began: ground.session.now.to_string(),
        package: Release {
            name: names.0.to_owned(),
            version: names.1.to_owned(),
            integrity: fetched.integrity.to_string(),
            vouched: fetched.vouched.clone(),
            scripts: folder.hash.clone(),
        },
        dependencies: folder.dependencies.clone(),
        machine,
        tools,
        confinement,
    })
}

/// Who names a package wants its scripts to run. Who denied them in this project does not.
fn refuse_denied(fetched: &Fetched, session: &Session) -> anyhow::Result<()> {
    let config = match &session.config {
        Some(file) => Config::read(file)?,
        None => Config::for_project(&session.directory, &session.directory)?,
    };
    match config.install.deny.iter().find(|deny| deny.package == fetched.name) {
        Some(deny) => bail!("{}: the scripts of {} are denied: {}", deny.place, fetched.name, deny.reason),
        None => Ok(()),
    }
}

/// What will not go as somebody might expect.
fn warn(folder: &Folder, tools: &Tools, fetched: &Fetched, session: &Session) {
    if folder.scripts.is_empty() {
        session.warn(format_args!("{} has no install scripts: there is nothing to build", fetched.label()));
    }
    let compiles = folder.scripts.iter().any(|script| script.command.contains("node-gyp"));
    if compiles && !tools.has_headers() {
        session.warn("Node.js came without its headers (include/node); what compiles add-ons may fail");
    }
    for dependency in folder.dependencies.iter().filter(|dependency| dependency.has_scripts) {
        let label = format!("{}@{}", dependency.name, dependency.version);
        let why = match folder.is_bundled(&dependency.folder) {
            true => {
                "which is inside of its tarball, has install scripts; they are not run, and not in the result"
            }
            false => "which it depends on, has install scripts; they are not run",
        };
        session.note(format_args!("{label}, {why}"));
    }
}

/// Packs what came out, and says in the record what that is.
fn packed(
    folder: &Folder,
    fetched: &Fetched,
    attempt: &Attempt,
    record: &mut Record,
) -> anyhow::Result<(Choice, Vec<u8>)> {
    let mut choice = packing::choose(folder, attempt).context("cannot tell what was built")?;
    let natives = packing::natives(&choice, attempt).context("cannot read what was built")?;
    let manifest = packing::manifest(folder, &fetched.integrity, &natives, &record.machine)?;
    let bytes = packing::pack(&choice, &manifest).context("cannot pack what was built")?;
    for change in &mut record.files {
        change.packed = choice.files.binary_search_by(|file| file.path.cmp(&change.path)).is_ok();
    }
    record.left_out = std::mem::take(&mut choice.left_out);
    record.result = Some(Tarball {
        file: file_name(fetched, &natives, &record.machine),
        size: bytes.len() as u64,
        sha256: Digest::of(&bytes),
        integrity: Integrity::of(&bytes).to_string(),
        files: choice.files.len() as u64 + 1,
        natives,
    });
    Ok((choice, bytes))
}

/// The name of a tarball says for which machines it is.
fn file_name(fetched: &Fetched, natives: &[built::Native], machine: &Machine) -> String {
    let mut name = format!("{}-{}", fetched.name.as_str().trim_start_matches('@'), fetched.version);
    if !natives.is_empty() {
        for part in [Some(&machine.os), Some(&machine.cpu), machine.libc.as_ref()].into_iter().flatten() {
            name.push('-');
            name.push_str(part);
        }
    }
    if natives.iter().any(|native| native.node_api == Some(false)) {
        name.push_str("-node-");
        name.push_str(&machine.abi);
    }
    name.push_str(".tgz");
    name.replace(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '_' | '+'), "-")
}

/// Builds once more, in another folder and later, and compares.
fn again(
    folder: &Folder,
    ground: &Ground<'_>,
    names: (&str, &str),
    hosts: &[HostRule],
    first: &Choice,
) -> anyhow::Result<built::Again> {
    // Times are often kept in seconds, and some file systems keep them in two.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    let attempt = attempt::run(folder, ground, names, hosts)?;
    if attempt.failed.is_some() {
        bail!("the first build went well, and the second failed");
    }
    let second = packing::choose(folder, &attempt).context("cannot tell what was built")?;
    let compared = again::compare(first, &second).context("cannot compare the builds");
    attempt.remove()?;
    compared
}

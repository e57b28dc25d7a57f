//! One build: the scripts, run on a copy of the package, and what they made of it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use nodeward_review::install::Script;
use nodeward_sandbox::gateway::HostRule;
use nodeward_sandbox::{Access, Confinement, PathRule};
use nodeward_seal::built::{Change, ChangeKind, Ran};
use nodeward_seal::seal::Digest;

use super::folder::{Folder, MODIFIED};
use super::progress::Progress;
use crate::confined::{self, Output, set};
use crate::installing::Ground;
use crate::installing::removal::Temporary;
use crate::installing::script::{self, Subject};
use crate::installing::staging::{self, COPY};
use crate::outcome::Outcome;

/// Where the folder of the build stands for scripts: always the same, so that no path of this machine gets into what
/// they make.
pub(super) const PLACE: &str = "/nodeward-build";

/// Variables that say how this machine is, which has to make no difference.
const OWN: &[&str] = &["CI", "COLORTERM", "FORCE_COLOR", "LANGUAGE", "NODE_ENV", "TERM"];

/// The most files that a package has after its build, and their bytes.
const MAX_FILES: usize = 300_000;
const MAX_BYTES: u64 = 8 << 30;

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Of its bytes. Links and others have none.
    pub(super) sha256: Option<Digest>,
    pub(super) size: u64,
    pub(super) executable: bool,
    pub(super) kind: FoundKind,
}

/// What it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FoundKind {
    File,
    /// A symbolic link, and where it leads.
    Link(PathBuf),
    /// A pipe, a socket.
    Other,
}

/// Every file below a folder, by its path with `/`.
pub(super) type State = BTreeMap<String, Found>;

/// A build that ran.
pub(super) struct Attempt {
    stage: Temporary,
    /// What the package was before.
    pub(super) before: State,
    /// And afterwards.
    pub(super) after: State,
    pub(super) scripts: Vec<Ran>,
    /// How the script that failed ended.
    pub(super) failed: Option<Outcome>,
}

impl Attempt {
    /// The package's folder as it is now.
    pub(super) fn package(&self) -> PathBuf {
        self.stage.path().join(COPY)
    }

    /// Removes what the scripts made.
    pub(super) fn remove(self) -> anyhow::Result<()> {
        self.stage.remove()
    }

    /// What the scripts made, changed and removed.
    pub(super) fn changes(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (path, found) in &self.after {
            let change = match self.before.get(path) {
                None => ChangeKind::Added,
                Some(before) if before != found => ChangeKind::Changed,
                Some(_) => continue,
            };
            let size = (found.kind == FoundKind::File).then_some(found.size);
            changes.push(Change { path: path.clone(), change, sha256: found.sha256, size, packed: false });
        }
        let removed = self.before.keys().filter(|path| !self.after.contains_key(*path));
        changes.extend(removed.map(|path| Change {
            path: path.clone(),
            change: ChangeKind::Removed,
            sha256: None,
            size: None,
            packed: false,
        }));
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        changes
    }
}

/// Runs the scripts, one after the other, until one fails.
pub(super) fn run(
    folder: &Folder,
    ground: &Ground<'_>,
    names: (&str, &str),
    hosts: &[HostRule],
) -> anyhow::Result<Attempt> {
    let stage = Temporary::of_system("nodeward-build-").context("cannot make a folder")?;
    let package = stage.path().join(COPY);
    staging::copy_folder(&folder.package(), &stage).context("cannot copy the package")?;
    let before = state(&package).context("cannot read the package")?;
    let (mut scripts, mut failed) = (Vec::new(), None);
    let label = format!("{}@{}", names.0, names.1);
    let scene = Scene::new(folder, &package, &label, names, hosts);
    for script in &folder.scripts {
        let (ran, outcome) = run_one(&scene, ground, script)?;
        scripts.push(ran);
        if outcome != Outcome::Ran(0) {
            failed = Some(outcome);
            break;
        }
    }
    let after = state(&package).context("cannot tell what the scripts made")?;
    Ok(Attempt { stage, before, after, scripts, failed })
}

fn run_one(scene: &Scene<'_>, ground: &Ground<'_>, script: &Script) -> anyhow::Result<(Ran, Outcome)> {
    let run = confined::Run {
        confinement: scene.confinement(ground, script)?,
        program: script::command_line(script)[0].clone(),
        arguments: script::command_line(script)[1..].to_vec(),
        hosts: scene.hosts.to_vec(),
        is_watched: true,
    };
    let mut progress = Progress::new(ground.session);
    progress.say(format_args!("{}: {} ({})", scene.label, script.stage, script.command));
    let ran = confined::run(run, Output::Kept, ground.watch, ground.session)?;
    drop(progress);
    script::tell(scene.label, script, &ran, ground.session);
    ground.watch.check()?;
    let outcome = confined::outcome(&ran.ended);
    let mut report = confined::report(&script::command_line(script), &ran);
    // A record is for others, whom the variables of this machine don't concern.
    report.withheld = None;
    let ran = Ran {
        stage: script.stage.to_string(),
        command: script.command.to_string(),
        implicit: script.implicit,
        report: serde_json::to_value(report).context("cannot report")?,
        written: ran.written,
    };
    Ok((ran, outcome))
}

/// A package as its scripts see it.
pub(super) struct Scene<'a> {
    label: &'a str,
    names: (&'a str, &'a str),
    place: PathBuf,
    paths: [PathRule; 2],
    hosts: &'a [HostRule],
}

impl<'a> Scene<'a> {
    /// `stage` is what stands in the package's place, and all that they write to.
    pub(super) fn new(
        folder: &Folder,
        stage: &Path,
        label: &'a str,
        names: (&'a str, &'a str),
        hosts: &'a [HostRule],
    ) -> Self {
        let place = Path::new(PLACE).join(&folder.below);
        let rule = |path: &Path, from: PathBuf, access| PathRule {
            from: Some(from.into()),
            ..PathRule::new(path, access)
        };
        let modules = folder.path().join("node_modules");
        let paths = [
            rule(&Path::new(PLACE).join("node_modules"), modules, Access::Execute),
            rule(&place, stage.to_owned(), Access::Write),
        ];
        Self { label, names, place, paths, hosts }
    }

    pub(super) fn place(&self) -> &Path {
        &self.place
    }

    /// What scripts are confined to, as `nodeward install` does it, without what differs between machines.
    pub(super) fn confinement(&self, ground: &Ground<'_>, script: &Script) -> anyhow::Result<Confinement> {
        ensure!(!Path::new(PLACE).exists(), "{PLACE} is there on this machine, where builds have their own");
        let subject = Subject {
            name: self.names.0,
            version: self.names.1,
            place: &self.place,
            paths: &self.paths,
            hosts: self.hosts,
        };
        let mut confinement = script::confinement(ground, &subject, script)?;
        let environment = &mut confinement.environment;
        environment.retain(|(name, _)| !OWN.iter().any(|own| name == own));
        for (name, value) in [("LANG", "C.UTF-8"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC"), ("NO_COLOR", "1")] {
            set(environment, name, value.into());
        }
        set(environment, "SOURCE_DATE_EPOCH", MODIFIED.to_string().into());
        Ok(confinement)
    }
}

/// Reads every file below a folder. Names that could not be packed are an error: a script gave them.
pub(super) fn state(folder: &Path) -> anyhow::Result<State> {
    let (mut found, mut open, mut bytes) = (State::new(), vec![(folder.to_owned(), String::new())], 0);
    while let Some((path, below)) = open.pop() {
        for entry in fs::read_dir(&path)? {
            let entry = entry?;
            let name = entry.file_name();
            let name =
                name.to_str().filter(|name| !name.contains('\\') && !name.chars().any(char::is_control));
            let name = name.with_context(|| {
                format!("{below}: the name {:?} is none that a package can have", entry.file_name())
            })?;
            let below = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                open.push((entry.path(), below));
                continue;
            }
            bytes += metadata.len();
            ensure!(found.len() < MAX_FILES, "more than {MAX_FILES} files");
            ensure!(bytes <= MAX_BYTES, "more than {MAX_BYTES} bytes");
            let file = read(&entry.path(), &metadata).with_context(|| below.clone())?;
            found.insert(below, file);
        }
    }
    Ok(found)
}

fn read(path: &Path, metadata: &fs::Metadata) -> io::Result<Found> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut found = Found { sha256: None, size: metadata.len(), executable: false, kind: FoundKind::Other };
    if metadata.is_symlink() {
        found.kind = FoundKind::Link(fs::read_link(path)?);
    } else if metadata.is_file() {
        found.sha256 = Some(Digest::of_all(&mut File::open(path)?)?);
        found.executable = metadata.permissions().mode() & 0o100 != 0;
        found.kind = FoundKind::File;
    }
    Ok(found)
}

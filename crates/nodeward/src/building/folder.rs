//! The folder of a build: the package as its tarball has it, and beside it what it depends on.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail, ensure};
use nodeward_package::tarball::{self, Limits};
use nodeward_package::{DependencyGraph, Format, Manifest, Package, Version};
use nodeward_review::install::{Role, Script, stage};
use nodeward_seal::built::Dependency;
use serde_json::{Value, json};

use super::pinned;
use super::release::{self, Fetched};
use crate::disk;
use crate::install_scripts;
use crate::installing::removal::Temporary;
use crate::interrupt::Watch;
use crate::package_manager::{self, Preparing};
use crate::projects::{self, Notes};
use crate::session::Session;

/// The time that every file of the package has: the one that npm packs them with.
pub(super) const MODIFIED: u64 = 499_162_500;

/// The name of the tarball, for the package manager.
pub(super) const TARBALL: &str = "release.tgz";

/// A `package.json` is no larger.
pub(super) const MAX_MANIFEST: u64 = 16 << 20;

/// What npm is told: all that the package needs to run and to be built, and nothing that decides otherwise in the
/// user's settings.
const INSTALL: &[&str] = &[
    "install",
    "--omit=dev",
    "--include=optional",
    "--include=peer",
    "--install-strategy=hoisted",
    "--package-lock=true",
    "--bin-links=true",
    "--global=false",
    "--location=project",
    "--dry-run=false",
    "--package-lock-only=false",
    "--audit=false",
    "--fund=false",
    "--progress=false",
    "--loglevel=error",
];

/// The folder, gone with this value.
pub(super) struct Folder {
    work: Temporary,
    /// The package's folder, from there.
    pub(super) below: PathBuf,
    /// The files of the tarball.
    pub(super) files: BTreeSet<String>,
    /// Its `package.json`, as the tarball has it.
    pub(super) manifest: Value,
    /// What runs.
    pub(super) scripts: Vec<Script>,
    /// By which they are known again.
    pub(super) hash: Option<String>,
    pub(super) dependencies: Vec<Dependency>,
}

impl Folder {
    /// Its real path.
    pub(super) fn path(&self) -> &Path {
        self.work.path()
    }

    /// The package's, as its tarball has it.
    pub(super) fn package(&self) -> PathBuf {
        self.work.path().join(&self.below)
    }

    /// Whether what lies in a folder came inside of the tarball.
    pub(super) fn is_bundled(&self, folder: &str) -> bool {
        let below = Path::new(folder).strip_prefix(&self.below).ok().and_then(Path::to_str);
        below.is_some_and(|below| self.files.contains(&format!("{below}/package.json")))
    }

    /// Removes it.
    pub(super) fn remove(self) -> anyhow::Result<()> {
        self.work.remove()
    }

    /// Puts it together, with the dependencies of a record where there is one; else with those that the package manager
    /// gets, which runs no script.
    pub(super) fn new(
        fetched: &Fetched,
        locked: Option<&DependencyGraph>,
        recorded: Option<&[Dependency]>,
        watch: &Watch,
        session: &Session,
    ) -> anyhow::Result<Self> {
        let work = Temporary::of_system("nodeward-build-").context("cannot make a folder")?;
        let below = Path::new("node_modules").join(fetched.name.as_str());
        // First what is ours to judge, into a folder where nothing looks for it.
        let aside = work.path().join("unpacked");
        let files = unpack(&fetched.tarball, &aside).with_context(|| fetched.label())?;
        let (manifest, text) = manifest(&aside, fetched)?;
        match recorded {
            None => install(work.path(), fetched, watch, session)?,
            Some(recorded) => pinned::lay_out(work.path(), fetched, recorded, watch, session)?,
        }
        let place = work.path().join(&below);
        put(&aside, &place, &files).with_context(|| format!("cannot put {} in place", fetched.label()))?;
        let has_gyp = files.contains("binding.gyp");
        let scripts = stage::scripts(&text, Role::Tarball, Format::NpmPackageLock, has_gyp);
        let mut folder = Self { work, below, files, manifest, scripts, hash: None, dependencies: Vec::new() };
        folder.look(locked, session)?;
        if let Some(recorded) = recorded {
            pinned::compare(recorded, &folder.dependencies)?;
            pinned::link_programs(folder.path(), fetched, recorded)?;
        }
        Ok(folder)
    }

    /// What lies beside the package, and by which its scripts are known again.
    fn look(&mut self, locked: Option<&DependencyGraph>, session: &Session) -> anyhow::Result<()> {
        let projects = projects::read(&[self.path().to_owned()], Notes::Own, session)?;
        let project = projects.projects.first().context("the package manager wrote no lockfile")?;
        let looked = install_scripts::look(project, session)?;
        let in_folder = |folder: &str| {
            looked.inventory.items.iter().find(|item| item.folders.iter().any(|known| &**known == folder))
        };
        let own = self.below.to_string_lossy().into_owned();
        let read = in_folder(&own).and_then(|item| item.read());
        self.hash = read.and_then(|read| read.hash.as_ref().ok()).map(ToString::to_string);
        for package in project.graph.packages() {
            let Some(folder) = package.folder.as_deref().filter(|folder| !folder.is_empty()) else {
                continue;
            };
            if folder == own || !self.path().join(folder).is_dir() {
                continue;
            }
            check(package, locked)?;
            self.dependencies.push(Dependency {
                folder: folder.to_owned(),
                name: package.name.to_string(),
                version: package.version_text.to_string(),
                integrity: package.integrity.as_ref().map(ToString::to_string),
                has_scripts: in_folder(folder).is_some(),
            });
        }
        self.dependencies.sort_by(|a, b| a.folder.cmp(&b.folder));
        Ok(())
    }
}

/// Holds a dependency against what the project is locked to, where that is the same release.
fn check(package: &Package, locked: Option<&DependencyGraph>) -> anyhow::Result<()> {
    let promised = package
        .version
        .as_ref()
        .zip(locked)
        .and_then(|(version, locked)| release::locked_integrity(locked, &package.name, version));
    if let (Some(promised), Some(given)) = (promised, &package.integrity) {
        ensure!(
            promised.strongest() == given.strongest(),
            "{}: the registry gives another tarball than the lockfile promises",
            package.label()
        );
    }
    Ok(())
}

/// Unpacks a tarball into a new folder; gives its files.
pub(super) fn unpack(bytes: &[u8], to: &Path) -> anyhow::Result<BTreeSet<String>> {
    fs::create_dir(to)?;
    let mut files = BTreeSet::new();
    tarball::read(bytes, Limits::PACKAGE, &mut |member, from| {
        let path = to.join(&member.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::create_new(&path)?;
        std::io::copy(from, &mut file)?;
        file.flush()?;
        set_executable(&file, member.executable)?;
        file.set_modified(modified())?;
        files.insert(member.path.clone());
        Ok(())
    })?;
    Ok(files)
}

pub(super) fn modified() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(MODIFIED)
}

fn set_executable(file: &File, executable: bool) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(if executable { 0o755 } else { 0o644 }))
}

/// Reads the manifest, which has to be that of the release.
fn manifest(folder: &Path, fetched: &Fetched) -> anyhow::Result<(Value, Manifest)> {
    let file = folder.join("package.json");
    let bytes = disk::read_bounded(&file, MAX_MANIFEST)
        .with_context(|| format!("{}: its tarball has no package.json that can be read", fetched.label()))?;
    let value: Value = serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes))
        .with_context(|| format!("{}: package.json", fetched.label()))?;
    let manifest = Manifest::parse(Path::new("package.json"), &bytes)?;
    let said = value.get("version").and_then(Value::as_str).and_then(|text| Version::parse(text).ok());
    if value.get("name").and_then(Value::as_str) != Some(fetched.name.as_str())
        || said.as_ref() != Some(&fetched.version)
    {
        bail!("{}: its tarball says that it is another release", fetched.label());
    }
    Ok((value, manifest))
}

/// Has the package manager get what the package depends on, beside it.
fn install(work: &Path, fetched: &Fetched, watch: &Watch, session: &Session) -> anyhow::Result<()> {
    fs::write(work.join(TARBALL), &fetched.tarball).context("cannot write the tarball")?;
    let name = fetched.name.as_str();
    let wanted = json!({ "private": true, "dependencies": { name: format!("file:./{TARBALL}") } });
    fs::write(work.join("package.json"), wanted.to_string()).context("cannot write package.json")?;
    // Where registries of scopes and their tokens may stand.
    if let Ok(settings) = disk::read_bounded(Path::new(".npmrc"), MAX_MANIFEST) {
        write_private(&work.join(".npmrc"), &settings).context("cannot copy .npmrc")?;
    }
    let words: Vec<String> = INSTALL.iter().map(|&word| word.to_owned()).collect();
    package_manager::install(work, &words, Preparing::Refused, &mut Vec::new(), watch, session)
}

fn write_private(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?.write_all(bytes)
}

/// Puts what was unpacked where the package manager put what it made of the same tarball, and keeps what that put into
/// its `node_modules` besides.
fn put(aside: &Path, place: &Path, files: &BTreeSet<String>) -> std::io::Result<()> {
    let theirs = place.join("node_modules");
    let bundled = super::packing::bundled(files);
    for folder in super::packing::packages_in(&theirs)? {
        if !bundled.contains(&*folder) {
            let to = aside.join("node_modules").join(&folder);
            if let Some(above) = to.parent() {
                fs::create_dir_all(above)?;
            }
            fs::rename(theirs.join(&folder), to)?;
        }
    }
    fs::remove_dir_all(place)?;
    fs::rename(aside, place)
}

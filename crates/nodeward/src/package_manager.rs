//! The project's own package manager, asked to write the lockfile anew and to run nothing.

#[cfg(target_os = "linux")]
mod prepared;

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
#[cfg(unix)]
use std::time::Instant;

use anyhow::{Context as _, bail};
use nodeward_advisory::remedy::PackageManager;
use nodeward_package::lockfile::Format;
use nodeward_package::manifest::{Override, OverrideField};
use nodeward_package::{Manifest, Version};

use crate::interrupt::Watch;
use crate::programs;
use crate::session::Session;
use crate::undo::Journal;

/// How often a running program and the user are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long a program may take to end by itself.
#[cfg(unix)]
const PATIENCE: Duration = Duration::from_secs(3);

/// The one that installs a project: what its manifest's `packageManager` says, else whose lockfile it is. None
/// installs from a bill of materials.
pub(crate) fn of(format: Format, manifest: Option<&Manifest>) -> Option<PackageManager> {
    let said = manifest.and_then(|manifest| manifest.package_manager.as_ref()).map(|said| &*said.text);
    Some(match format {
        Format::NpmPackageLock => PackageManager::Npm,
        Format::Pnpm => pnpm(manifest),
        Format::YarnClassic => PackageManager::YarnClassic,
        Format::YarnBerry => PackageManager::YarnBerry,
        Format::Bun => PackageManager::Bun,
        Format::Installed | Format::Manifest => match said.and_then(|said| said.split('@').next()) {
            Some("pnpm") => pnpm(manifest),
            Some("yarn") if said.is_some_and(|said| said.starts_with("yarn@1.")) => {
                PackageManager::YarnClassic
            }
            Some("yarn") => PackageManager::YarnBerry,
            Some("bun") => PackageManager::Bun,
            _ => PackageManager::Npm,
        },
        Format::CycloneDx | Format::Spdx => return None,
    })
}

/// Which pnpm: where it reads overrides from depends on its version.
fn pnpm(manifest: Option<&Manifest>) -> PackageManager {
    if let Some(version) = pinned_pnpm(manifest) {
        return pnpm_at(&version, manifest);
    }
    if has_pnpm_overrides(manifest) { PackageManager::PnpmWithManifest } else { PackageManager::Pnpm }
}

/// The version of pnpm that a manifest asks for, without the hash that may follow it.
fn pinned_pnpm(manifest: Option<&Manifest>) -> Option<Version> {
    let said = manifest?.package_manager.as_ref()?.text.strip_prefix("pnpm@")?;
    Version::parse(said.split('+').next()?).ok()
}

fn has_pnpm_overrides(manifest: Option<&Manifest>) -> bool {
    let is_pnpms = |known: &Override| known.field == OverrideField::PnpmOverrides;
    manifest.is_some_and(|manifest| manifest.overrides.iter().any(is_pnpms))
}

/// Overrides stand in the manifest before 10.5, and in `pnpm-workspace.yaml` from 11 on; in between in either, and
/// then better all of them in one.
fn pnpm_at(version: &Version, manifest: Option<&Manifest>) -> PackageManager {
    match (version.major, version.minor) {
        (..10, _) | (10, ..5) => PackageManager::PnpmWithManifest,
        (10, _) if has_pnpm_overrides(manifest) => PackageManager::PnpmWithManifest,
        _ => PackageManager::Pnpm,
    }
}

/// The same, once the one on this machine may be asked for its version where the manifest is silent.
pub(crate) fn installed(
    said: PackageManager,
    manifest: Option<&Manifest>,
    folder: &Path,
    session: &Session,
) -> PackageManager {
    if !matches!(said, PackageManager::Pnpm | PackageManager::PnpmWithManifest)
        || pinned_pnpm(manifest).is_some()
    {
        return said;
    }
    let version = answer("pnpm", &["--version"], folder, session).and_then(|text| Version::parse(&text).ok());
    version.map_or(said, |version| pnpm_at(&version, manifest))
}

/// What a program on the PATH answers to a question, if it does.
pub(crate) fn answer(name: &str, question: &[&str], folder: &Path, session: &Session) -> Option<String> {
    let output = Command::new(programs::find(name, Some(folder), session)?)
        .args(question)
        .env("PATH", programs::path(Some(folder), session))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn program(manager: PackageManager) -> &'static str {
    match manager {
        PackageManager::Npm => "npm",
        PackageManager::Pnpm | PackageManager::PnpmWithManifest => "pnpm",
        PackageManager::YarnClassic | PackageManager::YarnBerry => "yarn",
        PackageManager::Bun => "bun",
    }
}

/// Writes the lockfile for an edited manifest. Yarn 1 can't do so without installing too.
fn resolve(manager: PackageManager) -> &'static [&'static str] {
    match manager {
        PackageManager::Npm => {
            &["install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"]
        }
        PackageManager::Pnpm | PackageManager::PnpmWithManifest => {
            &["install", "--lockfile-only", "--ignore-scripts", "--no-frozen-lockfile"]
        }
        PackageManager::YarnClassic => &["install", "--ignore-scripts", "--non-interactive", "--no-progress"],
        PackageManager::YarnBerry => &["install", "--mode=update-lockfile"],
        PackageManager::Bun => &["install", "--lockfile-only", "--ignore-scripts"],
    }
}

/// What more it takes where entries of the lockfile are gone.
fn complete(manager: PackageManager) -> &'static [&'static str] {
    match manager {
        PackageManager::Pnpm | PackageManager::PnpmWithManifest => &["--fix-lockfile"],
        _ => &[],
    }
}

/// Takes newer versions of the named packages within their ranges.
fn update(manager: PackageManager) -> &'static [&'static str] {
    match manager {
        PackageManager::Npm => {
            &["update", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save"]
        }
        PackageManager::Pnpm | PackageManager::PnpmWithManifest => {
            &["update", "--lockfile-only", "--ignore-scripts", "--no-save", "--depth=Infinity"]
        }
        PackageManager::YarnClassic => &["upgrade", "--ignore-scripts", "--non-interactive", "--no-progress"],
        PackageManager::YarnBerry => &["up", "--recursive", "--mode=update-lockfile"],
        PackageManager::Bun => &["update", "--lockfile-only", "--ignore-scripts"],
    }
}

/// What more it takes in a workspace, where the packages may be required by its members alone.
fn update_members(manager: PackageManager) -> &'static [&'static str] {
    match manager {
        PackageManager::Bun => &["--recursive"],
        _ => &[],
    }
}

/// The ways by which git may fetch. Where none is named it fetches nothing: yarn would run the scripts of what it gets.
const GIT_ALLOW: &str = "GIT_ALLOW_PROTOCOL";

/// Scripts denied once more where an option alone does not reach.
fn environment(manager: PackageManager) -> &'static [(&'static str, &'static str)] {
    match manager {
        PackageManager::YarnBerry => {
            &[("YARN_ENABLE_SCRIPTS", "false"), ("YARN_ENABLE_IMMUTABLE_INSTALLS", "false"), (GIT_ALLOW, "")]
        }
        PackageManager::YarnClassic => &[("npm_config_ignore_scripts", "true"), (GIT_ALLOW, "")],
        _ => &[("npm_config_ignore_scripts", "true")],
    }
}

/// What to ask of the package manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Task {
    /// Write the lockfile for the edited manifest.
    Resolve,
    /// The same, and put back what the lockfile lost.
    Complete,
    /// Newer versions of these packages, within their ranges.
    Update {
        /// The packages.
        names: Vec<String>,
        /// In all members of a workspace.
        workspace: bool,
    },
}

/// The whole command line of a task, as the user would type it.
pub(crate) fn command_line(manager: PackageManager, task: &Task) -> String {
    let mut words = vec![program(manager).to_owned()];
    words.extend(arguments(manager, task));
    words.join(" ")
}

fn arguments(manager: PackageManager, task: &Task) -> Vec<String> {
    let words = |words: &'static [&'static str]| words.iter().map(|&word| word.to_owned());
    match task {
        Task::Resolve => words(resolve(manager)).collect(),
        Task::Complete => words(resolve(manager)).chain(words(complete(manager))).collect(),
        Task::Update { names, workspace } => {
            let members = if *workspace { update_members(manager) } else { &[] };
            words(update(manager)).chain(words(members)).chain(names.iter().cloned()).collect()
        }
    }
}

/// Runs a task in the project's folder. What the program prints goes to standard error.
pub(crate) fn run(
    manager: PackageManager,
    task: &Task,
    folder: &Path,
    journal: &Journal,
    watch: &Watch,
    session: &Session,
) -> anyhow::Result<()> {
    let name = program(manager);
    let program = programs::needed(name, "it is needed to write the lockfile", folder, session)?;
    session.note(format_args!("running {}", command_line(manager, task)));
    let mut command = Command::new(&program);
    command
        .args(arguments(manager, task))
        .envs(environment(manager).iter().copied())
        .env("PATH", programs::path(Some(folder), session))
        .current_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
        // Reads as empty, and tells others for as long as the program lives that it is at work, even if we do not.
        .stdin(Stdio::from(journal.held()?))
        .stdout(Stdio::from(std::io::stderr()));
    // Apart, so that what it starts itself can be ended with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
    let status = wait(&mut child, watch)?;
    if !status.success() {
        bail!("`{}` failed ({status})", command_line(manager, task));
    }
    Ok(())
}

/// What has a package manager run no script.
#[cfg(target_os = "linux")]
fn without_scripts(manager: PackageManager) -> &'static [&'static str] {
    match manager {
        // What the environment says holds for dependencies alone, and not for those that the manifest has built.
        PackageManager::YarnBerry => &["--mode=skip-build"],
        _ => &["--ignore-scripts"],
    }
}

/// Whose lockfile lies in a folder.
#[cfg(target_os = "linux")]
fn lockfile_format(folder: &Path) -> Format {
    for (name, format) in [
        ("npm-shrinkwrap.json", Format::NpmPackageLock),
        ("package-lock.json", Format::NpmPackageLock),
        ("pnpm-lock.yaml", Format::Pnpm),
        ("bun.lock", Format::Bun),
    ] {
        if folder.join(name).is_file() {
            return format;
        }
    }
    match crate::disk::read_bounded(&folder.join("yarn.lock"), 64 << 20) {
        Ok(text) if memchr::memmem::find(&text, b"\n__metadata:").is_some() => Format::YarnBerry,
        // Made by hand, to say where the project begins.
        Ok(text) if text.trim_ascii().is_empty() => Format::Manifest,
        Ok(_) => Format::YarnClassic,
        Err(_) => Format::Manifest,
    }
}

/// What is done about packages that a package manager prepares by their scripts as it fetches them.
#[cfg(target_os = "linux")]
#[derive(Debug, Clone, Copy)]
pub(crate) enum Preparing<'a> {
    /// Nothing is installed where there are some.
    Refused,
    /// They are prepared without confinement, for this reason.
    Chosen(&'a str),
}

/// Installs the project in a folder with scripts off: `install`, or what is given instead. What is prepared all the
/// same, as that was chosen, is told before it is, however that ends.
#[cfg(target_os = "linux")]
pub(crate) fn install(
    folder: &Path,
    given: &[String],
    preparing: Preparing<'_>,
    prepared: &mut Vec<String>,
    watch: &Watch,
    session: &Session,
) -> anyhow::Result<()> {
    let manifest = crate::gather::read_manifest(&folder.join("package.json"));
    let format = lockfile_format(folder);
    let Some(manager) = of(format, manifest.as_ref()) else {
        bail!("nothing installs from a bill of materials")
    };
    let name = program(manager);
    let file = programs::needed(name, "it is needed to install", folder, session)?;
    let manager = actual(manager, folder, session);
    *prepared = to_prepare(manager, folder, preparing, session)?;
    let usual = ["install".to_owned()];
    let words = if given.is_empty() { &usual[..] } else { given };
    // What follows `--` is no option any more.
    let (before, after) = words.split_at(words.iter().position(|word| word == "--").unwrap_or(words.len()));
    let options = without_scripts(manager);
    session.note(format_args!(
        "running {name} {}",
        [&before.join(" "), &options.join(" "), &*after.join(" ")].join(" ").trim_end()
    ));
    let mut command = Command::new(&file);
    command.args(before).args(options).args(after);
    command.envs(environment(manager).iter().copied());
    if let Preparing::Chosen(_) = preparing {
        command.env_remove(GIT_ALLOW);
    }
    let mut child = begin(command, folder, session)?;
    let status = wait(&mut child, watch)?;
    if !status.success() {
        bail!("`{name} {}` failed ({status})", words.join(" "));
    }
    Ok(())
}

/// Starts a package manager in the project's folder, apart, so that what it starts itself can be ended with it.
#[cfg(target_os = "linux")]
fn begin(mut command: Command, folder: &Path, session: &Session) -> anyhow::Result<Child> {
    // What it starts by name, its own Node.js first of all, is none of a dependency's either.
    command.env("PATH", programs::path(Some(folder), session)).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::from(std::io::stderr()));
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let shown = command.get_program().to_owned();
    command.spawn().with_context(|| format!("cannot start {}", shown.display()))
}

/// Which yarn it is that answers: each takes the option of the other without a word, and runs scripts.
#[cfg(target_os = "linux")]
fn actual(said: PackageManager, folder: &Path, session: &Session) -> PackageManager {
    if !is_yarn(said) {
        return said;
    }
    match answer("yarn", &["--version"], folder, session) {
        Some(version) if version.starts_with("1.") => PackageManager::YarnClassic,
        Some(version) if Version::parse(&version).is_ok() => PackageManager::YarnBerry,
        _ => said,
    }
}

#[cfg(target_os = "linux")]
fn is_yarn(manager: PackageManager) -> bool {
    matches!(manager, PackageManager::YarnClassic | PackageManager::YarnBerry)
}

/// What the package manager will prepare, which has to be chosen.
#[cfg(target_os = "linux")]
fn to_prepare(
    manager: PackageManager,
    folder: &Path,
    preparing: Preparing<'_>,
    session: &Session,
) -> anyhow::Result<Vec<String>> {
    if !is_yarn(manager) {
        return Ok(Vec::new());
    }
    let found = prepared::sources(folder)?;
    match preparing {
        _ if found.is_empty() => {}
        Preparing::Refused => bail!(
            "nothing was run: yarn prepares what comes from git by its scripts, unconfined, whatever it is told, and that is {}; require a release, or an archive that the host packs (https://github.com/OWNER/NAME/archive/COMMIT.tar.gz), or have yarn prepare it as you with --allow-unconfined --reason TEXT",
            found.join(", ")
        ),
        Preparing::Chosen(reason) => session.insist(format_args!(
            "yarn prepares what comes from git WITHOUT CONFINEMENT: {}; its scripts can read and change all that you can (reason: {reason})",
            found.join(", ")
        )),
    }
    Ok(found)
}

/// Waits for the program to end, and ends it when the user asks to stop.
fn wait(child: &mut Child, watch: &Watch) -> anyhow::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for the package manager")? {
            return Ok(status);
        }
        if let Err(interrupted) = watch.check() {
            end(child);
            return Err(interrupted.into());
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Asks the program and all it started to end, and does not return before they can't write any more.
#[cfg(unix)]
fn end(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let group = Pid::from_child(child);
    let _ = kill_process_group(group, Signal::TERM);
    let asked = Instant::now();
    while asked.elapsed() < PATIENCE && matches!(child.try_wait(), Ok(None)) {
        std::thread::sleep(LOOK_EVERY);
    }
    let _ = kill_process_group(group, Signal::KILL);
    let _ = child.wait();
}

#[cfg(not(unix))]
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

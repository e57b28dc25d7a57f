//! The project's own package manager, asked to write the lockfile anew and to run nothing.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use nodeward_advisory::remedy::PackageManager;
use nodeward_package::Manifest;
use nodeward_package::lockfile::Format;
use nodeward_package::manifest::OverrideField;

use crate::session::{self, Session};

/// The one that installs a project: what its manifest's `packageManager` says, else whose lockfile it is. None
/// installs from a bill of materials.
pub(crate) fn of(format: Format, manifest: Option<&Manifest>) -> Option<PackageManager> {
    let said = manifest.and_then(|manifest| manifest.package_manager.as_ref()).map(|said| &*said.text);
    let pnpm = || {
        let major = said.and_then(|said| said.strip_prefix("pnpm@")?.split('.').next()?.parse::<u32>().ok());
        // Who has overrides in the manifest has a pnpm that reads them there.
        let in_manifest = manifest.is_some_and(|manifest| {
            manifest.overrides.iter().any(|known| known.field == OverrideField::PnpmOverrides)
        });
        match major {
            Some(major) if major < 10 => PackageManager::PnpmBefore10,
            None if in_manifest => PackageManager::PnpmBefore10,
            _ => PackageManager::Pnpm,
        }
    };
    Some(match format {
        Format::NpmPackageLock => PackageManager::Npm,
        Format::Pnpm => pnpm(),
        Format::YarnClassic => PackageManager::YarnClassic,
        Format::YarnBerry => PackageManager::YarnBerry,
        Format::Bun => PackageManager::Bun,
        Format::Installed | Format::Manifest => match said.and_then(|said| said.split('@').next()) {
            Some("pnpm") => pnpm(),
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

fn program(manager: PackageManager) -> &'static str {
    match manager {
        PackageManager::Npm => "npm",
        PackageManager::Pnpm | PackageManager::PnpmBefore10 => "pnpm",
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
        PackageManager::Pnpm | PackageManager::PnpmBefore10 => {
            &["install", "--lockfile-only", "--ignore-scripts", "--no-frozen-lockfile"]
        }
        PackageManager::YarnClassic => &["install", "--ignore-scripts", "--non-interactive", "--no-progress"],
        PackageManager::YarnBerry => &["install", "--mode=update-lockfile"],
        PackageManager::Bun => &["install", "--lockfile-only", "--ignore-scripts"],
    }
}

/// Takes newer versions of the named packages within their ranges.
fn update(manager: PackageManager) -> &'static [&'static str] {
    match manager {
        PackageManager::Npm => {
            &["update", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save"]
        }
        PackageManager::Pnpm | PackageManager::PnpmBefore10 => {
            &["update", "--lockfile-only", "--ignore-scripts", "--no-save", "--recursive", "--depth=Infinity"]
        }
        PackageManager::YarnClassic => &["upgrade", "--ignore-scripts", "--non-interactive", "--no-progress"],
        PackageManager::YarnBerry => &["up", "--recursive", "--mode=update-lockfile"],
        PackageManager::Bun => &["update", "--lockfile-only", "--ignore-scripts"],
    }
}

/// Scripts denied once more where an option alone does not reach.
fn environment(manager: PackageManager) -> &'static [(&'static str, &'static str)] {
    match manager {
        PackageManager::YarnBerry => {
            &[("YARN_ENABLE_SCRIPTS", "false"), ("YARN_ENABLE_IMMUTABLE_INSTALLS", "false")]
        }
        _ => &[("npm_config_ignore_scripts", "true")],
    }
}

/// What to ask of the package manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Task {
    /// Write the lockfile for the edited manifest.
    Resolve,
    /// Newer versions of these packages, within their ranges.
    Update(Vec<String>),
}

/// The whole command line of a task, as the user would type it.
pub(crate) fn command_line(manager: PackageManager, task: &Task) -> String {
    let mut words = vec![program(manager).to_owned()];
    words.extend(arguments(manager, task));
    words.join(" ")
}

fn arguments(manager: PackageManager, task: &Task) -> Vec<String> {
    match task {
        Task::Resolve => resolve(manager).iter().map(|&word| word.to_owned()).collect(),
        Task::Update(names) => {
            update(manager).iter().map(|&word| word.to_owned()).chain(names.iter().cloned()).collect()
        }
    }
}

/// Runs a task in the project's folder. What the program prints goes to standard error.
pub(crate) fn run(
    manager: PackageManager,
    task: &Task,
    folder: &Path,
    session: &Session,
) -> anyhow::Result<()> {
    let name = program(manager);
    let program = find(name, session)
        .with_context(|| format!("{name} is not on the PATH; it is needed to write the lockfile"))?;
    session.note(format_args!("running {}", command_line(manager, task)));
    let status = Command::new(&program)
        .args(arguments(manager, task))
        .envs(environment(manager).iter().copied())
        .current_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
        .stdin(Stdio::null())
        .stdout(Stdio::from(std::io::stderr()))
        .status()
        .with_context(|| format!("cannot start {}", program.display()))?;
    if !status.success() {
        bail!("`{}` failed ({status})", command_line(manager, task));
    }
    Ok(())
}

/// A program on the PATH. Relative entries are passed over: a project must not bring its own package manager.
pub(crate) fn find(name: &str, session: &Session) -> Option<PathBuf> {
    let names: &[String] = &if cfg!(windows) {
        ["exe", "cmd", "bat"].iter().map(|extension| format!("{name}.{extension}")).collect::<Vec<_>>()
    } else {
        vec![name.to_owned()]
    };
    session::program_folders(session)
        .into_iter()
        .flat_map(|folder| names.iter().map(move |name| folder.join(OsStr::new(name))))
        .find(|file| file.is_file())
}

//! What runs when a project is installed: gathered, and held against what `[install]` of `nodeward.toml` says.
//!
//! `nodeward install-scripts` shows it, `nodeward scan` finds in it, and whoever runs the scripts asks [`look`] for the
//! same list, in the order in which they run, and [`Looked::state`] for what may.

pub(crate) mod deciding;
pub(crate) mod edit;
pub(crate) mod format;
pub(crate) mod markdown;
pub(crate) mod section;
pub(crate) mod text;

use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use nodeward_package::build_policy::{BuildPolicy, Sources, Stance};
use nodeward_package::lockfile::Format;
use nodeward_package::{DependencyGraph, Manifest};
use nodeward_report::{Gap, Printable};
use nodeward_review::install::{Decisions, Hashes, Inventory, Item, State, Target, decide, inventory};

use crate::disk;
use crate::gather;
use crate::npm_settings::NpmSettings;
use crate::package_manager;
use crate::projects::Project;
use crate::session::Session;

/// A file of settings is no larger.
const MAX_BYTES: u64 = 16 << 20;

/// What would run in a project.
#[derive(Debug)]
pub(crate) struct Looked {
    /// The packages with scripts, dependencies first.
    pub(crate) inventory: Inventory,
    /// What the project's own package manager says.
    policy: BuildPolicy,
    known: Known,
    today: Date,
}

/// What has run in a project by `nodeward install`, which may have made other files of those that were allowed.
#[derive(Debug)]
pub(crate) struct Known {
    #[cfg(target_os = "linux")]
    record: crate::installing::Record,
    #[cfg(target_os = "linux")]
    folder: std::path::PathBuf,
}

impl Known {
    /// Of the project in a folder.
    pub(crate) fn read(folder: &Path) -> Self {
        #[cfg(not(target_os = "linux"))]
        let _ = folder;
        Self {
            #[cfg(target_os = "linux")]
            record: crate::installing::Record::read(folder),
            #[cfg(target_os = "linux")]
            folder: folder.to_owned(),
        }
    }

    /// What follows from the decisions for a package. What its own scripts made of it, as they were allowed, is still
    /// what was allowed.
    pub(crate) fn state<'d>(&self, item: &Item, decisions: &'d Decisions, today: Date) -> State<'d> {
        match decide(item, decisions, today) {
            #[cfg(target_os = "linux")]
            State::Changed { since, version: false, .. } if self.is_done(item, since) => {
                State::Allowed(since)
            }
            state => state,
        }
    }

    #[cfg(target_os = "linux")]
    fn is_done(&self, item: &Item, allow: &nodeward_review::install::Allow) -> bool {
        let is_done = |folder: &str| self.record.is_done(&self.folder, item, folder, allow);
        !item.folders.is_empty() && item.folders.iter().all(|folder| is_done(folder))
    }
}

impl Looked {
    /// What was decided about a package.
    pub(crate) fn state<'d>(&self, item: &Item, decisions: &'d Decisions) -> State<'d> {
        self.known.state(item, decisions, self.today)
    }

    /// What the package manager would do by itself.
    pub(crate) fn stance(&self, item: &Item) -> Stance {
        self.policy.stance(item.name.as_str(), &item.version)
    }
}

/// The day on which what is allowed until a day is judged.
pub(crate) fn today(session: &Session) -> Date {
    session.now.to_zoned(TimeZone::UTC).date()
}

/// Lists what would run in a project.
///
/// # Errors
/// npm's settings can't be read.
pub(crate) fn look(project: &Project, session: &Session) -> anyhow::Result<Looked> {
    let mut gaps = Vec::new();
    let installed = match gather::installed(project) {
        Some(Ok(installed)) => Some(installed),
        Some(Err(error)) => {
            gaps.push(Gap {
                message: Printable(&format!("what is installed was not looked at: {error}")).to_string(),
                remedy: "make it readable, or install anew, and look again".to_owned(),
            });
            None
        }
        None => None,
    };
    let npm = NpmSettings::read(session, Some(&project.folder))?;
    let manager = manager(project);
    let mut inventory = take(project, installed.as_ref(), manager, Hashes::Every);
    inventory.gaps.extend(gaps);
    let text = |name: &str| {
        let bytes = disk::read_bounded(&project.folder.join(name), MAX_BYTES).ok()?;
        String::from_utf8(bytes).ok()
    };
    let manifest = disk::read_bounded(&project.folder.join("package.json"), MAX_BYTES).ok();
    let (workspace, yarnrc) = (text("pnpm-workspace.yaml"), text(".yarnrc.yml"));
    let sources = Sources {
        manifest: manifest.as_deref(),
        pnpm_workspace: workspace.as_deref(),
        yarnrc: yarnrc.as_deref(),
        npm: &npm.config,
    };
    let known = Known::read(&project.folder);
    Ok(Looked { inventory, policy: BuildPolicy::read(manager, sources), known, today: today(session) })
}

/// The inventory of a project whose installed tree was read already.
pub(crate) fn take(
    project: &Project,
    installed: Option<&DependencyGraph>,
    manager: Format,
    hashes: Hashes<'_>,
) -> Inventory {
    inventory::take(Target { folder: &project.folder, locked: &project.graph, installed, manager, hashes })
}

/// The format of the lockfile of the package manager that installs the project.
pub(crate) fn manager(project: &Project) -> Format {
    use nodeward_advisory::remedy::PackageManager;
    let manifest: Option<Manifest> = gather::read_manifest(&project.folder.join("package.json"));
    match project.graph.format() {
        Format::Installed | Format::Manifest => {}
        format => return format,
    }
    // Without a lockfile, the folder of its store tells who installed.
    if project.folder.join(Path::new("node_modules/.pnpm")).is_dir() {
        return Format::Pnpm;
    }
    match package_manager::of(project.graph.format(), manifest.as_ref()) {
        Some(PackageManager::Pnpm | PackageManager::PnpmWithManifest) => Format::Pnpm,
        Some(PackageManager::YarnClassic) => Format::YarnClassic,
        Some(PackageManager::YarnBerry) => Format::YarnBerry,
        Some(PackageManager::Bun) => Format::Bun,
        Some(PackageManager::Npm) | None => Format::NpmPackageLock,
    }
}

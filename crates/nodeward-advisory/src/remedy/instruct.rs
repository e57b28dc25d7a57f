//! Changes in the words of each package manager.

use std::collections::BTreeSet;

use nodeward_package::{EdgeKind, Origin, Package, PackageId, Version};

use super::Project;
use super::settle::Step;

/// Who installs a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageManager {
    /// npm.
    Npm,
    /// yarn 1.
    YarnClassic,
    /// yarn 2 and later.
    YarnBerry,
    /// pnpm 10 and later: overrides stand in `pnpm-workspace.yaml`.
    Pnpm,
    /// pnpm 9 and earlier: overrides stand under `pnpm` in the manifest.
    PnpmBefore10,
    /// bun.
    Bun,
}

/// A change of a file that somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// What a manifest requires.
    Requirement {
        /// The manifest's folder, relative to the lockfile's; empty for the same.
        folder: String,
        /// The name as required.
        name: String,
        /// The new specifier.
        specifier: String,
    },
    /// An override in the manifest beside the lockfile.
    ManifestOverride {
        /// The keys that lead to it: `overrides`, `resolutions`, or `pnpm` and `overrides`.
        path: &'static [&'static str],
        /// Which requirements it is for.
        selector: String,
        /// The version.
        version: String,
    },
    /// An override in `pnpm-workspace.yaml` beside the lockfile.
    WorkspaceOverride {
        /// Which requirements it is for.
        selector: String,
        /// The version.
        version: String,
    },
}

pub(super) struct How {
    pub(super) instruction: String,
    pub(super) edits: Vec<Edit>,
    pub(super) command: Vec<String>,
}

/// `is_safe` tells whether what a package manager takes for a specifier will do.
pub(super) fn how(
    project: &Project<'_>,
    first: &Step,
    steps: &[Step],
    to: Option<&Version>,
    is_safe: &dyn Fn(&str) -> bool,
) -> How {
    match (first, to) {
        (Step::Within { id, .. }, _) => within(project, *id),
        (Step::Beyond { root, edge, .. }, Some(to)) => {
            let (alias, operator) = manner_of(&edge.specifier);
            let loose = format!("{alias}{operator}{to}");
            let specifier = if is_safe(&loose) { loose } else { format!("{alias}{to}") };
            beyond(project, *root, edge.kind, &edge.name, specifier)
        }
        (Step::Override { id, .. }, Some(to)) => override_to(project, *id, steps, to),
        (Step::Replace { id, brings }, _) => replace(project, *id, *brings),
        (Step::Beyond { id, .. } | Step::Override { id, .. }, None) => replace(project, *id, *id),
    }
}

fn command(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn within(project: &Project<'_>, id: PackageId) -> How {
    let package = project.graph.package(id);
    let name = package.alias.as_ref().unwrap_or(&package.name).as_str();
    let words = match project.manager {
        PackageManager::Npm => command(&["npm", "update", name]),
        PackageManager::YarnClassic if project.graph.is_direct(id) => command(&["yarn", "upgrade", name]),
        PackageManager::YarnClassic => {
            let instruction = format!("delete the entries of {name} from yarn.lock, then run `yarn install`");
            return How { instruction, edits: Vec::new(), command: Vec::new() };
        }
        PackageManager::YarnBerry => command(&["yarn", "up", "--recursive", name]),
        PackageManager::Pnpm | PackageManager::PnpmBefore10 => {
            command(&["pnpm", "update", "--recursive", "--depth", "Infinity", name])
        }
        PackageManager::Bun => command(&["bun", "update", name]),
    };
    How { instruction: words.join(" "), edits: Vec::new(), command: words }
}

fn beyond(project: &Project<'_>, root: PackageId, kind: EdgeKind, name: &str, specifier: String) -> How {
    let root = project.graph.package(root);
    let folder = folder_of(root);
    let wanted = format!("{name}@{specifier}");
    let mut words = match project.manager {
        PackageManager::Npm => command(&["npm", "install", &wanted]),
        PackageManager::YarnBerry | PackageManager::YarnClassic if !folder.is_empty() => {
            command(&["yarn", "workspace", root.name.as_str(), "add", &wanted])
        }
        PackageManager::YarnBerry | PackageManager::YarnClassic => command(&["yarn", "add", &wanted]),
        PackageManager::Pnpm | PackageManager::PnpmBefore10 => command(&["pnpm", "add", &wanted]),
        PackageManager::Bun => command(&["bun", "add", &wanted]),
    };
    let flag = match (kind, project.manager) {
        (
            EdgeKind::Development,
            PackageManager::Npm | PackageManager::Pnpm | PackageManager::PnpmBefore10,
        ) => Some("--save-dev"),
        (EdgeKind::Development, _) => Some("--dev"),
        (EdgeKind::Optional, PackageManager::Npm | PackageManager::Pnpm | PackageManager::PnpmBefore10) => {
            Some("--save-optional")
        }
        (EdgeKind::Optional, _) => Some("--optional"),
        _ => None,
    };
    words.extend(flag.map(str::to_owned));
    if !folder.is_empty() {
        match project.manager {
            PackageManager::Npm => words.extend(["--workspace".to_owned(), folder.clone()]),
            PackageManager::Pnpm | PackageManager::PnpmBefore10 => {
                words.extend(["--filter".to_owned(), format!("./{folder}")]);
            }
            PackageManager::Bun => words.extend(["--cwd".to_owned(), folder.clone()]),
            PackageManager::YarnClassic | PackageManager::YarnBerry => {}
        }
    }
    let instruction = words.join(" ");
    let edits = vec![Edit::Requirement { folder, name: name.to_owned(), specifier }];
    How { instruction, edits, command: words }
}

fn folder_of(root: &Package) -> String {
    match &root.origin {
        Origin::Workspace { path } => path.trim_start_matches("./").trim_end_matches('/').to_owned(),
        _ => String::new(),
    }
}

/// How a specifier is written: the alias before its range, and `^`, `~` or nothing.
fn manner_of(specifier: &str) -> (&str, &'static str) {
    let (alias, range) = match specifier.strip_prefix("npm:").and_then(|alias| alias.rfind('@')) {
        Some(at) if at > 0 => specifier.split_at("npm:".len() + at + 1),
        _ => ("", specifier.strip_prefix("npm:").unwrap_or(specifier)),
    };
    let operator = match range.trim().as_bytes().first() {
        Some(b'~') => "~",
        _ if Version::parse(range).is_ok() => "",
        _ => "^",
    };
    (alias, operator)
}

fn override_to(project: &Project<'_>, id: PackageId, steps: &[Step], to: &Version) -> How {
    let package = project.graph.package(id);
    let name = package.name.as_str();
    let version = to.to_string();
    let direct =
        project.graph.roots().iter().flat_map(|&root| project.graph.dependencies(root)).find(|edge| {
            edge.to.is_some_and(|to| project.graph.package(to).name == package.name) && &*edge.name == name
        });
    let manifest = |path, selectors: Vec<String>, version: &str| {
        selectors
            .into_iter()
            .map(|selector| Edit::ManifestOverride { path, selector, version: version.to_owned() })
            .collect::<Vec<_>>()
    };
    let scoped = is_beside_other_majors(project, package);
    let by_major = || match (&package.version, scoped) {
        (Some(current), true) => vec![format!("{name}@{}", current.major)],
        _ => vec![name.to_owned()],
    };
    let edits = match project.manager {
        // npm refuses an override that contradicts what the project itself requires; `$name` follows that.
        PackageManager::Npm if direct.is_some() && !scoped => {
            manifest(&["overrides"], vec![name.to_owned()], &format!("${name}"))
        }
        PackageManager::Npm => manifest(&["overrides"], by_major(), &version),
        PackageManager::Bun => manifest(&["overrides"], vec![name.to_owned()], &version),
        PackageManager::PnpmBefore10 => manifest(&["pnpm", "overrides"], by_major(), &version),
        PackageManager::Pnpm => by_major()
            .into_iter()
            .map(|selector| Edit::WorkspaceOverride { selector, version: version.clone() })
            .collect(),
        PackageManager::YarnClassic if scoped => {
            let parents = dependents(project, steps, |from, _| format!("**/{from}/{name}"));
            manifest(&["resolutions"], parents, &version)
        }
        PackageManager::YarnBerry if scoped => {
            let descriptors = dependents(project, steps, |_, specifier| {
                let range = specifier.strip_prefix("npm:").unwrap_or(specifier);
                format!("{name}@npm:{range}")
            });
            manifest(&["resolutions"], descriptors, &version)
        }
        PackageManager::YarnClassic | PackageManager::YarnBerry => {
            manifest(&["resolutions"], vec![name.to_owned()], &version)
        }
    };
    let program = match project.manager {
        PackageManager::Npm => "npm",
        PackageManager::YarnClassic | PackageManager::YarnBerry => "yarn",
        PackageManager::Pnpm | PackageManager::PnpmBefore10 => "pnpm",
        PackageManager::Bun => "bun",
    };
    How { instruction: describe(&edits), edits, command: command(&[program, "install"]) }
}

/// The manifest lines of some overrides of one place, on one line.
fn describe(edits: &[Edit]) -> String {
    let mut place = String::new();
    let mut entries = Vec::new();
    for edit in edits {
        match edit {
            Edit::ManifestOverride { path, selector, version } => {
                place = format!("package.json, \"{}\"", path.join("\".\""));
                entries.push(format!("\"{selector}\": \"{version}\""));
            }
            Edit::WorkspaceOverride { selector, version } => {
                place = "pnpm-workspace.yaml, overrides".to_owned();
                entries.push(format!("\"{selector}\": \"{version}\""));
            }
            Edit::Requirement { .. } => {}
        }
    }
    format!("in {place}: {{ {} }}", entries.join(", "))
}

/// Another major version of the package is there too, which the override must leave alone.
fn is_beside_other_majors(project: &Project<'_>, package: &Package) -> bool {
    let major = |package: &Package| package.version.as_ref().map(|version| version.major);
    project.graph.packages().iter().any(|other| other.name == package.name && major(other) != major(package))
}

/// One selector for each who requires one of the copies, each once.
fn dependents(project: &Project<'_>, steps: &[Step], selector: impl Fn(&str, &str) -> String) -> Vec<String> {
    let graph = project.graph;
    let release = |id: PackageId| (&graph.package(id).name, &graph.package(id).version_text);
    let targets: Vec<_> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Override { id, .. } => Some(release(*id)),
            _ => None,
        })
        .collect();
    let edges = graph.edges().iter().filter(|edge| {
        edge.to.is_some_and(|to| targets.contains(&release(to))) && !graph.roots().contains(&edge.from)
    });
    let all: BTreeSet<String> =
        edges.map(|edge| selector(graph.package(edge.from).name.as_str(), &edge.specifier)).collect();
    all.into_iter().collect()
}

fn replace(project: &Project<'_>, id: PackageId, brings: PackageId) -> How {
    let name = &project.graph.package(id).name;
    let instruction = if id == brings {
        format!("no version of {name} is free of known flaws: remove or replace it")
    } else {
        let brought = &project.graph.package(brings).name;
        format!("no version of {brought} is free of known flaws: remove or replace {name}, which brings it")
    };
    How { instruction, edits: Vec::new(), command: Vec::new() }
}

//! Changes in the words of each package manager.

use std::collections::{BTreeSet, HashMap, HashSet};

use nodeward_package::manifest::{Override, OverrideField};
use nodeward_package::{DependencyGraph, EdgeKind, Origin, Package, PackageId, PackageName, Version};

use super::Project;
use super::settle::Step;
use super::universe::range_of;

/// Who installs a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageManager {
    /// npm.
    Npm,
    /// yarn 1.
    YarnClassic,
    /// yarn 2 and later.
    YarnBerry,
    /// pnpm with its overrides in `pnpm-workspace.yaml`.
    Pnpm,
    /// pnpm with its overrides under `pnpm` in the manifest.
    PnpmWithManifest,
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
        /// The keys that lead to it: `overrides`, `resolutions`, or `pnpm` and `overrides`; below them npm's names of
        /// who requires it.
        path: Vec<String>,
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
    /// A release to strike out of the lockfile of yarn 1 or pnpm, so that the next install takes the newest that is
    /// allowed.
    Forget {
        /// Its name in the registry.
        name: String,
        /// Its version.
        version: String,
    },
}

pub(super) struct How {
    pub(super) instruction: String,
    pub(super) edits: Vec<Edit>,
    pub(super) updates: Vec<String>,
    pub(super) command: Vec<String>,
}

/// `is_safe` tells whether what a package manager takes for a specifier will do.
pub(super) fn how(
    project: &Project<'_>,
    first: &Step,
    steps: &[Step],
    to: Option<&Version>,
    is_safe: &dyn Fn(&str) -> bool,
    of_several_majors: &HashSet<&str>,
) -> How {
    match (first, to) {
        (Step::Within { id, .. }, _) => within(project, *id),
        (Step::Beyond { root, edge, .. }, Some(to)) => {
            let (alias, operator) = manner_of(&edge.specifier);
            let loose = format!("{alias}{operator}{to}");
            let specifier = if is_safe(&loose) { loose } else { format!("{alias}{to}") };
            beyond(project, *root, edge.kind, &edge.name, specifier)
        }
        (Step::Override { id, .. }, Some(to)) => override_to(project, *id, steps, to, of_several_majors),
        (Step::Replace { id, brings }, _) => replace(project, *id, *brings),
        (Step::Beyond { id, .. } | Step::Override { id, .. }, None) => replace(project, *id, *id),
    }
}

fn command(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn within(project: &Project<'_>, id: PackageId) -> How {
    let package = project.graph.package(id);
    let names = required_names(project, id);
    let is_workspace = project.graph.roots().len() > 1;
    let words: &[&str] = match project.manager {
        PackageManager::Npm => &["npm", "update"],
        // `yarn upgrade` knows only what the project in the same folder requires itself.
        PackageManager::YarnClassic => return forget(package, "yarn.lock", &["yarn", "install"]),
        PackageManager::YarnBerry => &["yarn", "up", "--recursive"],
        // `pnpm update` reaches nothing below what it also updates at the top, nor below a workspace's members.
        PackageManager::Pnpm | PackageManager::PnpmWithManifest => {
            return forget(package, "pnpm-lock.yaml", &["pnpm", "install", "--fix-lockfile"]);
        }
        PackageManager::Bun if is_workspace => &["bun", "update", "--recursive"],
        PackageManager::Bun => &["bun", "update"],
    };
    let command: Vec<String> = command(words).into_iter().chain(names.iter().cloned()).collect();
    How { instruction: command.join(" "), edits: Vec::new(), updates: names, command }
}

fn forget(package: &Package, lockfile: &str, install: &[&str]) -> How {
    let version = package.version_text.to_string();
    How {
        instruction: format!(
            "delete the entry of {}@{version} from {lockfile}, then run `{}`",
            package.name,
            install.join(" ")
        ),
        edits: vec![Edit::Forget { name: package.name.to_string(), version }],
        updates: Vec::new(),
        command: command(install),
    }
}

/// The names under which a package is required: its own, unless it has aliases alone.
fn required_names(project: &Project<'_>, id: PackageId) -> Vec<String> {
    let graph = project.graph;
    let mut names: Vec<String> = graph.aliases(id).into_iter().map(str::to_owned).collect();
    let own = &graph.package(id).name;
    if names.is_empty() || graph.dependents(id).any(|edge| *edge.name == *own.as_str()) {
        names.insert(0, own.to_string());
    }
    names
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
        PackageManager::Pnpm | PackageManager::PnpmWithManifest => command(&["pnpm", "add", &wanted]),
        PackageManager::Bun => command(&["bun", "add", &wanted]),
    };
    let flag = match (kind, project.manager) {
        (
            EdgeKind::Development,
            PackageManager::Npm | PackageManager::Pnpm | PackageManager::PnpmWithManifest,
        ) => Some("--save-dev"),
        (EdgeKind::Development, _) => Some("--dev"),
        (
            EdgeKind::Optional,
            PackageManager::Npm | PackageManager::Pnpm | PackageManager::PnpmWithManifest,
        ) => Some("--save-optional"),
        (EdgeKind::Optional, _) => Some("--optional"),
        _ => None,
    };
    words.extend(flag.map(str::to_owned));
    if !folder.is_empty() {
        match project.manager {
            PackageManager::Npm => words.extend(["--workspace".to_owned(), folder.clone()]),
            PackageManager::Pnpm | PackageManager::PnpmWithManifest => {
                words.extend(["--filter".to_owned(), format!("./{folder}")]);
            }
            PackageManager::Bun => words.extend(["--cwd".to_owned(), folder.clone()]),
            PackageManager::YarnClassic | PackageManager::YarnBerry => {}
        }
    }
    let instruction = words.join(" ");
    let edits = vec![Edit::Requirement { folder, name: name.to_owned(), specifier }];
    How { instruction, edits, updates: Vec::new(), command: words }
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

fn override_to(
    project: &Project<'_>,
    id: PackageId,
    steps: &[Step],
    to: &Version,
    of_several_majors: &HashSet<&str>,
) -> How {
    let package = project.graph.package(id);
    let holding = project.overrides.iter().filter(|known| holds(known, package));
    let forced: Vec<Edit> = holding.filter_map(|known| changed(known, to)).collect();
    // Another major version of the package is there too, which the override must leave alone.
    let scoped = of_several_majors.contains(package.name.as_str());
    let edits = if forced.is_empty() { new_overrides(project, id, steps, to, scoped) } else { forced };
    let program = match project.manager {
        PackageManager::Npm => "npm",
        PackageManager::YarnClassic | PackageManager::YarnBerry => "yarn",
        PackageManager::Pnpm | PackageManager::PnpmWithManifest => "pnpm",
        PackageManager::Bun => "bun",
    };
    // In a workspace npm keeps what is locked although a new override forbids it, until it is told to look.
    let updates = match project.manager {
        PackageManager::Npm if project.graph.roots().len() > 1 => vec![package.name.to_string()],
        _ => Vec::new(),
    };
    How { instruction: describe(&edits), edits, updates, command: command(&[program, "install"]) }
}

/// An override that is there already, at another version.
fn changed(known: &Override, to: &Version) -> Option<Edit> {
    let (selector, outer) = known.path.split_last()?;
    let field: &[&str] = match known.field {
        OverrideField::Overrides => &["overrides"],
        OverrideField::Resolutions => &["resolutions"],
        OverrideField::PnpmOverrides => &["pnpm", "overrides"],
    };
    let path = field.iter().copied().chain(outer.iter().map(|key| &**key)).map(str::to_owned).collect();
    Some(Edit::ManifestOverride { path, selector: selector.to_string(), version: to.to_string() })
}

/// Whether an override is why a package has the version it has.
pub(super) fn holds(known: &Override, package: &Package) -> bool {
    is_for(known, &package.name)
        && range_of(&known.specifier)
            .zip(package.version.as_ref())
            .is_some_and(|(range, version)| range.satisfies(version))
}

/// Whether an override is for a package, wherever it is required: `b`, `b@1`, `**/a/b`, `a>@s/b@1`.
fn is_for(known: &Override, name: &PackageName) -> bool {
    let Some(selector) = known.path.last() else { return false };
    let last = selector.rsplit('>').next().unwrap_or_default();
    // An `@` that opens a scope is part of the name; any other ends it.
    let version = last.match_indices('@').find(|&(at, _)| at > 0 && !last[..at].ends_with('/'));
    let path = &last[..version.map_or(last.len(), |(at, _)| at)];
    let mut parts = path.rsplitn(3, '/');
    let (inner, scope) = (parts.next().unwrap_or_default(), parts.next());
    match name.as_str().split_once('/') {
        Some((wanted, rest)) => scope == Some(wanted) && inner == rest,
        None => inner == name.as_str() && !scope.is_some_and(|scope| scope.starts_with('@')),
    }
}

fn new_overrides(
    project: &Project<'_>,
    id: PackageId,
    steps: &[Step],
    to: &Version,
    scoped: bool,
) -> Vec<Edit> {
    let package = project.graph.package(id);
    let name = package.name.as_str();
    let version = to.to_string();
    let manifest = |path: &[&str], selectors: Vec<String>, version: &str| {
        let edit = |selector| Edit::ManifestOverride {
            path: path.iter().map(ToString::to_string).collect(),
            selector,
            version: version.to_owned(),
        };
        selectors.into_iter().map(edit).collect::<Vec<_>>()
    };
    let by_major = || match (&package.version, scoped) {
        (Some(current), true) => vec![format!("{name}@{}", current.major)],
        _ => vec![name.to_owned()],
    };
    match project.manager {
        // npm refuses an override that contradicts what the project itself requires; `$name` follows that.
        PackageManager::Npm if !scoped && is_required_at_the_top(project, package) => {
            manifest(&["overrides"], vec![name.to_owned()], &format!("${name}"))
        }
        PackageManager::Npm => manifest(&["overrides"], by_major(), &version),
        PackageManager::Bun => manifest(&["overrides"], vec![name.to_owned()], &version),
        PackageManager::PnpmWithManifest => manifest(&["pnpm", "overrides"], by_major(), &version),
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
    }
}

/// Whether the manifest beside the lockfile, which alone can have overrides, requires the package itself.
fn is_required_at_the_top(project: &Project<'_>, package: &Package) -> bool {
    let graph = project.graph;
    let tops = graph.roots().iter().filter(|&&root| graph.package(root).origin == Origin::Root);
    tops.flat_map(|&root| graph.dependencies(root)).any(|edge| {
        *edge.name == *package.name.as_str()
            && edge.to.is_some_and(|to| graph.package(to).name == package.name)
    })
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
            Edit::Requirement { .. } | Edit::Forget { .. } => {}
        }
    }
    format!("in {place}: {{ {} }}", entries.join(", "))
}

/// The names of which a graph has more than one major version.
pub(super) fn of_several_majors(graph: &DependencyGraph) -> HashSet<&str> {
    let mut first: HashMap<&str, Option<u64>> = HashMap::with_capacity(graph.packages().len());
    let mut several = HashSet::new();
    for package in graph.packages() {
        let (name, major) = (package.name.as_str(), package.version.as_ref().map(|version| version.major));
        if *first.entry(name).or_insert(major) != major {
            several.insert(name);
        }
    }
    several
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
    How { instruction, edits: Vec::new(), updates: Vec::new(), command: Vec::new() }
}

//! Everything that would run when a project is installed, in the order in which it would.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use nodeward_javascript::{ModuleSync, NodeResolver};
use nodeward_package::{DependencyGraph, Format, Manifest, Origin, Package, PackageId, PackageName, Place};
use nodeward_report::{Gap, Printable};

use super::content::{self, ContentHash, Covered};
use super::decision::Allow;
use super::folder::{Entry, Inside, PackageFolder};
use super::order;
use super::places::Locked;
use super::reading::{self, Reading};
use super::stage::{self, Role, Script};

/// A project to look at.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Its folder, from which those of packages are meant.
    pub folder: &'a Path,
    /// What the lockfile says; without one, what is installed.
    pub locked: &'a DependencyGraph,
    /// What is installed, where something is: it is the truth.
    pub installed: Option<&'a DependencyGraph>,
    /// Which package manager installs it, by the format of its lockfile.
    pub manager: Format,
    /// Of which packages the content hash is wanted: it can cost the reading of all their files.
    pub hashes: Hashes<'a>,
}

/// Of which packages the content hash is wanted.
#[derive(Debug, Clone, Copy)]
pub enum Hashes<'a> {
    /// Of all.
    Every,
    /// Of those that something was allowed about.
    Of(&'a [Allow]),
}

/// What would run.
#[derive(Debug, Default)]
pub struct Inventory {
    /// The packages with scripts, dependencies first.
    pub items: Vec<Item>,
    /// For each folder of an installed package with scripts, the folders whose scripts have to run before.
    pub before: HashMap<Box<str>, Vec<Box<str>>>,
    /// For each folder of an installed package with scripts that has some, the folders in it, from there, in which other
    /// packages lie. All else in it is its own.
    pub others: HashMap<Box<str>, Vec<String>>,
    /// Packages of which neither lockfile nor disk tells whether they have scripts.
    pub untold: Vec<String>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

/// One package with scripts.
#[derive(Debug, Clone)]
pub struct Item {
    /// The name under which it is required and locked, whatever its own manifest says.
    pub name: PackageName,
    /// Its version, as the lockfile has it, else as its manifest does.
    pub version: Box<str>,
    /// The name that its manifest gives, where that is another one and the lockfile does not know it.
    pub claims: Option<PackageName>,
    /// How it came.
    pub role: Role,
    /// Every folder that it lies in, relative to the project's; none where it is not installed.
    pub folders: Vec<Box<str>>,
    /// Some root needs it to run.
    pub production: bool,
    /// Some root needs it to develop.
    pub development: bool,
    /// The install goes on without it.
    pub optional: bool,
    /// It came inside its parent's tarball.
    pub bundled: bool,
    /// From a root to it, as `name@version`.
    pub path: Vec<String>,
    /// Where it is written that it is there.
    pub place: Place,
    /// Whether the lockfile has a package where this one lies.
    pub listing: Listing,
    /// What the lockfile says of its scripts; `None`: nothing.
    pub told: Option<bool>,
    /// What runs.
    pub runs: Runs,
}

/// Whether the lockfile has a package where one lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// It has, or there is none that could.
    Listed,
    /// It has not: whoever put it there can have given it any name and version, and any neighbours.
    Unlisted,
}

/// What of a package runs.
#[derive(Debug, Clone)]
pub enum Runs {
    /// It lies on the disk, and was read.
    Read(ReadScripts),
    /// It is not installed here; the lockfile says that it has scripts.
    Unread,
}

/// The scripts of a package, read.
#[derive(Debug, Clone)]
pub struct ReadScripts {
    /// In the order in which they run.
    pub scripts: Vec<Script>,
    /// What each does.
    pub reading: Reading,
    /// By which they are known again, or why that can't be told.
    pub hash: Result<ContentHash, String>,
}

impl Item {
    /// `name@version`.
    pub fn label(&self) -> String {
        if self.version.is_empty() {
            self.name.to_string()
        } else {
            format!("{}@{}", self.name, self.version)
        }
    }

    /// What was read of it.
    pub fn read(&self) -> Option<&ReadScripts> {
        match &self.runs {
            Runs::Read(read) => Some(read),
            Runs::Unread => None,
        }
    }

    /// Whether its scripts stand in no lockfile that says so of others.
    pub fn is_hidden(&self) -> bool {
        self.told == Some(false) && self.role == Role::Tarball && !self.bundled && self.read().is_some()
    }
}

/// Lists what would run.
pub fn take(target: Target<'_>) -> Inventory {
    let truth = match target.locked.format() {
        Format::Installed => Some(target.locked),
        _ => target.installed,
    };
    let mut taker = Taker {
        target,
        locked: Locked::new(target.locked),
        resolver: NodeResolver::new(&[], ModuleSync::Offered),
        inventory: Inventory::default(),
        known: HashMap::new(),
        own: Vec::new(),
    };
    match truth {
        Some(truth) => {
            taker.installed(truth);
            taker.missing(truth);
            let items = taker.inventory.items.iter();
            let folders = items.flat_map(|item| &item.folders).map(|folder| &**folder).collect();
            taker.inventory.before = order::before(target.folder, truth, &folders);
        }
        None => taker.locked_only(),
    }
    taker.own_packages();
    // The project's own scripts run when all that it requires is there, those of its root last.
    taker.inventory.items.sort_by_key(|item| (item.role.is_own(), item.role == Role::Root));
    taker.inventory
}

struct Taker<'a> {
    target: Target<'a>,
    locked: Locked<'a>,
    resolver: NodeResolver,
    inventory: Inventory,
    /// Items by what makes two copies the same.
    known: HashMap<(String, Option<ContentHash>, usize), usize>,
    /// Real folders of the project's own packages that were looked at.
    own: Vec<PathBuf>,
}

impl Taker<'_> {
    fn installed(&mut self, truth: &DependencyGraph) {
        for remark in truth.remarks() {
            let is_harmless = ["is a link to nothing", "has no package.json"];
            if !is_harmless.iter().any(|end| remark.message.ends_with(end)) {
                self.gap(remark.message.clone(), "install it anew, and look again");
            }
        }
        for id in dependencies_first(truth) {
            let package = truth.package(id);
            let folder = package.folder.as_deref().unwrap_or_default();
            let locked = self.locked.of(package);
            let role = match role(package, locked.map(|id| self.locked.graph.package(id))) {
                // Whoever can make a link could have his own scripts taken for the team's.
                Role::Member if !self.locked.is_own(self.target.folder, folder) => Role::Tarball,
                role => role,
            };
            if self.may_run(package, role, folder) {
                self.one(truth, id, locked, role, folder);
            }
        }
    }

    /// Whether the manifest is worth reading: what is installed says whether it has scripts, but for `prepare`.
    fn may_run(&self, package: &Package, role: Role, folder: &str) -> bool {
        let asks_for_gyp_alone =
            matches!(self.target.manager, Format::Pnpm | Format::YarnBerry | Format::YarnClassic);
        role != Role::Tarball
            || package.install_script == Some(true)
            || asks_for_gyp_alone && self.target.folder.join(folder).join("binding.gyp").is_file()
    }

    fn one(
        &mut self,
        graph: &DependencyGraph,
        id: PackageId,
        locked: Option<PackageId>,
        role: Role,
        folder: &str,
    ) {
        let package = graph.package(id);
        let listing = match role.is_alone() || self.locked.knows_place(package) {
            true => Listing::Listed,
            false => Listing::Unlisted,
        };
        let place = locked.map_or_else(|| graph.place(id), |id| self.locked.graph.place(id));
        let locked = locked.map(|id| self.locked.graph.package(id));
        let name = match (locked, role.is_own()) {
            (None, false) => package.alias.as_ref().unwrap_or(&package.name).clone(),
            _ => identity(package, locked),
        };
        let hashed = match self.target.hashes {
            Hashes::Every => true,
            Hashes::Of(allowed) => allowed.iter().any(|allow| allow.package == name),
        };
        let others = match role.is_alone() {
            true => Vec::new(),
            false => self.locked.others(graph, folder),
        };
        let inside = Inside::of(role, others.clone());
        let Some(read) = self.read(folder, role, &package.label(), inside, hashed) else { return };
        if !others.is_empty() {
            self.inventory.others.insert(folder.into(), others);
        }
        let version = locked.map(|locked| &locked.version_text).filter(|version| !version.is_empty());
        let reach = match locked {
            Some(locked) if !role.is_own() => locked.reach,
            _ => package.reach,
        };
        let item = Item {
            claims: (package.name != name).then(|| package.name.clone()),
            name,
            version: version.unwrap_or(&package.version_text).clone(),
            role,
            folders: vec![folder.into()],
            production: reach.production || !reach.development,
            development: reach.development,
            optional: reach.optional,
            bundled: package.bundled || locked.is_some_and(|locked| locked.bundled),
            path: path(graph, id),
            place,
            listing,
            told: locked.and_then(|locked| locked.install_script),
            runs: Runs::Read(read),
        };
        self.add(item, folder);
    }

    /// Adds an item, or another copy of one that is known.
    fn add(&mut self, item: Item, folder: &str) {
        let Some(read) = item.read() else { return self.inventory.items.push(item) };
        // What can't be told from another is not the same as another.
        let alone = if read.hash.is_ok() { 0 } else { self.inventory.items.len() + 1 };
        let key = (
            format!("{} {:?} {:?} {}", item.label(), item.role, item.listing, item.is_hidden()),
            read.hash.clone().ok(),
            alone,
        );
        match self.known.get(&key) {
            Some(&at) => {
                let known = &mut self.inventory.items[at];
                known.folders.push(folder.into());
                known.production |= item.production;
                known.development |= item.development;
                known.optional &= item.optional;
            }
            None => {
                self.known.insert(key, self.inventory.items.len());
                self.inventory.items.push(item);
            }
        }
    }

    /// The scripts of the package in a folder, if it has some.
    fn read(
        &mut self,
        folder: &str,
        role: Role,
        label: &str,
        inside: Inside,
        hashed: bool,
    ) -> Option<ReadScripts> {
        let path = self.target.folder.join(folder);
        if role.is_own() {
            let real = path.canonicalize().unwrap_or_else(|_| path.clone());
            if self.own.contains(&real) {
                return None;
            }
            self.own.push(real);
        }
        match read_within(&path, role, self.target.manager, &self.resolver, inside, hashed) {
            Ok(read) => read,
            Err(error) => {
                self.gap(format!("{label}: {error}"), "make it readable, or install it anew, and look again");
                None
            }
        }
    }

    /// What is locked and not installed.
    fn missing(&mut self, truth: &DependencyGraph) {
        if self.target.locked.format() == Format::Installed {
            return;
        }
        let there: std::collections::HashSet<(String, Box<str>)> = truth
            .packages()
            .iter()
            .map(|package| {
                let locked = self.locked.of(package).map(|id| self.locked.graph.package(id));
                (identity(package, locked).to_string(), package.version_text.clone())
            })
            .collect();
        let graph = self.target.locked;
        for id in dependencies_first(graph) {
            let package = graph.package(id);
            let is_there = package.version_text.is_empty()
                || there.contains(&(package.name.to_string(), package.version_text.clone()));
            if !is_there && !package.origin.is_first_party() {
                self.unread(graph, id);
            }
        }
    }

    fn locked_only(&mut self) {
        let graph = self.target.locked;
        for id in dependencies_first(graph) {
            if !graph.package(id).origin.is_first_party() && !graph.is_root(id) {
                self.unread(graph, id);
            }
        }
    }

    /// What the lockfile alone tells of a package.
    fn unread(&mut self, graph: &DependencyGraph, id: PackageId) {
        let package = graph.package(id);
        let role = role(package, Some(package));
        let runs = package.install_script == Some(true);
        // A git repository is prepared where it is fetched, and no lockfile says with which scripts.
        let is_untold = package.install_script.is_none() || matches!(role, Role::Git | Role::Folder);
        if !runs && is_untold && !package.reach.optional {
            self.inventory.untold.push(package.label());
        }
        if !runs {
            return;
        }
        self.inventory.items.push(Item {
            name: package.name.clone(),
            version: package.version_text.clone(),
            claims: None,
            role,
            folders: Vec::new(),
            production: package.reach.production || !package.reach.development,
            development: package.reach.development,
            optional: package.reach.optional,
            bundled: package.bundled,
            path: path(graph, id),
            place: graph.place(id),
            listing: Listing::Listed,
            told: package.install_script,
            runs: Runs::Unread,
        });
    }

    /// The project's own packages, which stand where the lockfile says, installed or not.
    fn own_packages(&mut self) {
        let graph = self.target.locked;
        for id in dependencies_first(graph).into_iter().filter(|&id| graph.is_root(id)) {
            let package = graph.package(id);
            let (role, folder) = match &package.origin {
                Origin::Workspace { path } if self.locked.is_own(self.target.folder, path) => {
                    (Role::Member, path.to_string())
                }
                Origin::Root => (Role::Root, String::new()),
                _ => continue,
            };
            if self.target.folder.join(&folder).join("package.json").is_file() {
                self.one(graph, id, None, role, &folder);
            }
        }
    }

    fn gap(&mut self, message: String, remedy: &str) {
        let message = Printable(&message).to_string();
        self.inventory.gaps.push(Gap { message, remedy: remedy.to_owned() });
    }
}

/// The scripts of a package that lies in a folder; `None` where it has none. `others` are the folders in it, from there,
/// in which other packages lie ([`Inventory::others`]).
///
/// # Errors
/// A folder or a manifest that can't be read.
pub fn read_folder(
    path: &Path,
    role: Role,
    manager: Format,
    resolver: &NodeResolver,
    others: &[String],
) -> Result<Option<ReadScripts>, String> {
    read_within(path, role, manager, resolver, Inside::of(role, others.to_vec()), true)
}

fn read_within(
    path: &Path,
    role: Role,
    manager: Format,
    resolver: &NodeResolver,
    inside: Inside,
    hashed: bool,
) -> Result<Option<ReadScripts>, String> {
    let mut package = PackageFolder::open(path, inside).map_err(|error| error.to_string())?;
    // Without one, no package manager runs anything there.
    if package.entry("package.json") == Entry::Missing {
        return Ok(None);
    }
    let bytes = package.read("package.json").map_err(|error| format!("package.json: {error}"))?;
    let manifest = Manifest::parse(Path::new("package.json"), &bytes).map_err(|error| error.to_string())?;
    let has_gyp = matches!(package.entry("binding.gyp"), Entry::File(_));
    let scripts = stage::scripts(&manifest, role, manager, has_gyp);
    if scripts.is_empty() {
        return Ok(None);
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let document = serde_json::from_slice(text).map_err(|error| error.to_string());
    if let Ok(document) = &document {
        package.name_programs(document);
    }
    let reading = reading::read(&package, &manifest, &scripts, resolver);
    if !hashed {
        let hash = Err("nobody asked for it".to_owned());
        return Ok(Some(ReadScripts { scripts, reading, hash }));
    }
    let hash = document.and_then(|document| {
        let covered = Covered {
            scripts: &scripts,
            run_scripts: &reading.run_scripts,
            manifest: &document,
            reach: &reading.reach,
        };
        content::hash(&package, covered).map_err(|error| error.to_string())
    });
    Ok(Some(ReadScripts { scripts, reading, hash }))
}

fn role(package: &Package, locked: Option<&Package>) -> Role {
    match (&package.origin, locked.map(|locked| &locked.origin)) {
        (Origin::Root, _) => Role::Root,
        (Origin::Workspace { .. }, _) => Role::Member,
        (_, Some(Origin::Git { .. })) | (Origin::Git { .. }, None) => Role::Git,
        (Origin::File { path }, _) if !is_tarball(path) => Role::Folder,
        _ => Role::Tarball,
    }
}

fn is_tarball(path: &str) -> bool {
    [".tgz", ".tar.gz", ".tar"].iter().any(|end| path.ends_with(end))
}

/// Which package this is: what the lockfile has for it, else the name under which it is required.
fn identity(package: &Package, locked: Option<&Package>) -> PackageName {
    match locked {
        Some(locked) => locked.name.clone(),
        None if package.origin.is_first_party() => package.name.clone(),
        None => package.alias.as_ref().unwrap_or(&package.name).clone(),
    }
}

fn path(graph: &DependencyGraph, id: PackageId) -> Vec<String> {
    let path = graph.shortest_path_to(id).unwrap_or_else(|| vec![id]);
    path.into_iter().map(|id| graph.package(id).label()).collect()
}

/// All packages, each after what it requires; cycles are cut where they are entered.
pub fn dependencies_first(graph: &DependencyGraph) -> Vec<PackageId> {
    let mut seen = vec![false; graph.packages().len()];
    let mut order = Vec::with_capacity(seen.len());
    let all = graph.roots().iter().copied().chain(graph.iter().map(|(id, _)| id));
    for start in all {
        // The package, and which of its requirements comes next.
        let mut open: Vec<(PackageId, usize)> = Vec::new();
        if !std::mem::replace(&mut seen[start.index()], true) {
            open.push((start, 0));
        }
        while let Some((id, next)) = open.last_mut() {
            match graph.dependencies(*id).get(*next) {
                Some(edge) => {
                    *next += 1;
                    if let Some(to) = edge.to
                        && !std::mem::replace(&mut seen[to.index()], true)
                    {
                        open.push((to, 0));
                    }
                }
                None => {
                    order.push(*id);
                    open.pop();
                }
            }
        }
    }
    order
}

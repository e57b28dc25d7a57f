//! Which installed packages the lockfile has, and where: one that lies in another came with that one's tarball, or was
//! put there, unless the lockfile has it there.

use std::collections::HashMap;
use std::path::Path;

use nodeward_package::{DependencyGraph, Format, Origin, Package, PackageId, lockfile};

/// The lockfile's packages by where and what they are.
pub(super) struct Locked<'a> {
    by_folder: HashMap<&'a str, PackageId>,
    by_release: HashMap<(&'a str, &'a str), PackageId>,
    pub(super) graph: &'a DependencyGraph,
}

impl<'a> Locked<'a> {
    pub(super) fn new(graph: &'a DependencyGraph) -> Self {
        let mut locked = Self { by_folder: HashMap::new(), by_release: HashMap::new(), graph };
        if graph.format() == Format::Installed {
            return locked;
        }
        for (id, package) in graph.iter() {
            if let Some(folder) = package.folder.as_deref().filter(|folder| !folder.is_empty()) {
                locked.by_folder.insert(folder, id);
            }
            locked.by_release.entry((package.name.as_str(), &package.version_text)).or_insert(id);
        }
        locked
    }

    /// The entry for an installed package. What stands in its folder counts first; a manifest may claim any name.
    pub(super) fn of(&self, package: &Package) -> Option<PackageId> {
        let by_folder = package.folder.as_deref().and_then(|folder| self.by_folder.get(folder));
        let required = package.alias.as_ref().unwrap_or(&package.name);
        let by_name = || self.by_release.get(&(required.as_str(), &*package.version_text));
        let by_claim = || {
            let id = self.by_release.get(&(package.name.as_str(), &*package.version_text))?;
            let is_alias =
                package.alias.as_ref().is_none_or(|alias| self.graph.aliases(*id).contains(&alias.as_str()));
            is_alias.then_some(id)
        };
        by_folder.or_else(by_name).or_else(by_claim).copied()
    }

    /// Whether a folder is the project's own: as the lockfile says, or the manifests of the project where there is none.
    /// A link that leads there from `node_modules` says nothing.
    pub(super) fn is_own(&self, project: &Path, folder: &str) -> bool {
        if self.graph.format() == Format::Installed {
            return lockfile::says_own(project, folder);
        }
        let plain = |path: &str| path.trim_start_matches("./").trim_end_matches('/').to_owned();
        self.graph.packages().iter().any(|package| match &package.origin {
            Origin::Workspace { path } | Origin::File { path } => plain(path) == plain(folder),
            _ => false,
        })
    }

    /// Whether the lockfile has a package where this one lies. One without places (yarn, pnpm) has it where it has its
    /// release; without a lockfile, what is installed is all that is known.
    pub(super) fn knows_place(&self, package: &Package) -> bool {
        let Some(folder) = package.folder.as_deref() else { return true };
        if self.graph.format() == Format::Installed {
            return true;
        }
        let is_in_store = folder.starts_with("node_modules/.");
        // What lies outside of the project has its scripts run nowhere.
        let is_outside = Path::new(folder).is_absolute();
        // Nothing lies inside of what lies in a store.
        if is_in_store && folder.matches("node_modules/").count() > 2 {
            return self.by_folder.contains_key(folder);
        }
        match self.by_folder.is_empty() || is_in_store || is_outside {
            true => self.of(package).is_some(),
            false => self.by_folder.contains_key(folder),
        }
    }

    /// The folders below one, from there, in which other packages lie that came by themselves, the outermost of each.
    pub(super) fn others(&self, installed: &DependencyGraph, folder: &str) -> Vec<String> {
        let below = |package: &'_ Package| {
            let inside = package.folder.as_deref()?.strip_prefix(folder)?.strip_prefix('/')?;
            Some((inside.to_owned(), self.came_by_itself(package)))
        };
        let mut inside: Vec<(String, bool)> = installed.packages().iter().filter_map(below).collect();
        inside.sort();
        let mut others: Vec<String> = Vec::new();
        let mut with_it: Vec<String> = Vec::new();
        for (place, by_itself) in inside {
            let is_in = |outer: &String| place.starts_with(&format!("{outer}/"));
            if others.iter().any(is_in) {
                continue;
            }
            // What lies in a package that came along came along with it.
            match by_itself && !with_it.iter().any(is_in) {
                true => others.push(place),
                false => with_it.push(place),
            }
        }
        others
    }

    fn came_by_itself(&self, package: &Package) -> bool {
        let is_bundled = package.bundled || self.of(package).is_some_and(|id| self.graph.package(id).bundled);
        !is_bundled && (package.origin.is_first_party() || self.knows_place(package))
    }
}

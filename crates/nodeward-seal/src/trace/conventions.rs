//! What conventions of packages bring, and which file leads to it: one that the entries lead to, so that each listed
//! file can be explained from an entry on.

use std::path::{Path, PathBuf};

use nodeward_javascript::loads::HOLE;
use nodeward_javascript::{Loader, Resolved};

use super::hints::{Brings, Hint};
use super::targets::{found, slashed};
use super::walk::{Found, Role, Walk};
use super::{Edge, How, Trace, packages, pattern};

impl Walk<'_> {
    /// The conventions that a file makes count, with the folder of its package.
    pub(super) fn hinted(&self, path: &Path) -> Vec<(PathBuf, usize, &'static Hint)> {
        let Some((folder, name)) = packages::installed(path) else { return Vec::new() };
        let Some(hints) = self.hints.get(name.as_str()) else { return Vec::new() };
        let below = path.strip_prefix(&folder).map(slashed).unwrap_or_default();
        let counting =
            hints.iter().enumerate().filter(|(_, hint)| hint.when.is_empty() || hint.when == below);
        counting.map(|(number, hint)| (folder.clone(), number, *hint)).collect()
    }

    /// What a convention brings.
    pub(super) fn brought(&self, folder: &Path, hint: &Hint) -> Vec<Found> {
        let files = |base: &Path, patterns: &[&str], role: Role| {
            let mut all = Vec::new();
            for pattern in patterns {
                if !pattern.contains('*') {
                    let path = base.join(pattern);
                    all.extend(path.is_file().then(|| found(path, role, How::Hint)));
                    continue;
                }
                let pattern = pattern.replace('*', &HOLE.to_string());
                let below = base.join(pattern::folder_of(&pattern));
                let whole = format!("{}/{pattern}", slashed(base));
                let listed = self.folders.files(&below);
                let listed = listed.iter().flat_map(|files| files.iter());
                let matching = listed.filter(|file| pattern::matches(&whole, &slashed(file)));
                all.extend(matching.map(|file| found(file.clone(), role, How::Hint)));
            }
            all
        };
        let module = |from: &Path, name: &str| match self.resolver.resolve(from, name, Loader::Require) {
            Ok(Resolved::File(path)) => Some(found(path, Role::Module, How::Hint)),
            _ => None,
        };
        match hint.brings {
            Brings::Code(patterns) => files(folder, patterns, Role::Path),
            Brings::Data(patterns) => files(folder, patterns, Role::Data),
            Brings::Project(patterns) => files(&self.project, patterns, Role::Data),
            Brings::Own(patterns) => files(&self.project, patterns, Role::Path),
            Brings::Plugins(field, patterns) => {
                let plugins = self.depended_on(folder, field);
                plugins.iter().flat_map(|plugin| files(plugin, patterns, Role::Path)).collect()
            }
            Brings::Modules(names) => names.iter().filter_map(|name| module(folder, name)).collect(),
            Brings::Chosen(names) => {
                let chosen = names
                    .iter()
                    .filter(|name| self.names.binary_search_by(|own| own.as_str().cmp(name)).is_ok());
                chosen.filter_map(|name| module(&self.project, name)).collect()
            }
        }
    }

    /// The folders of those packages that a package or the project depends on and whose manifest has a field.
    fn depended_on(&self, package: &Path, field: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for folder in [package, self.project.as_path()] {
            let Some(manifest) = self.manifests.nearest(folder) else { continue };
            for name in manifest.names("dependencies").chain(manifest.names("optionalDependencies")) {
                let mut places = folder.ancestors().map(|above| above.join("node_modules").join(name));
                let Some(place) = places.find_map(|place| place.canonicalize().ok()) else { continue };
                let manifest = self.manifests.nearest(&place).filter(|manifest| manifest.folder == place);
                if manifest.is_some_and(|manifest| manifest.json.get(field).is_some()) {
                    found.push(place);
                }
            }
        }
        found
    }
}

/// A file that a convention brought.
pub(super) struct Brought {
    /// How the paths of the package start that the convention is of.
    pub(super) package: String,
    /// The file that made it count. `None`: any of the package.
    pub(super) by: Option<usize>,
    /// The file, as its place in the list.
    pub(super) to: usize,
}

/// Adds the edges of conventions to a trace whose other edges are sorted. Files of a package that only its own
/// conventions brought explain nothing: the first is taken that something else leads to.
pub(super) fn join(trace: &mut Trace, starts: Vec<usize>, mut brought: Vec<Brought>) {
    let mut reached = vec![false; trace.list.sources.len()];
    let mut added = Vec::new();
    follow(&trace.edges, starts, &mut reached);
    loop {
        let known = added.len();
        brought.retain(|one| {
            let from = match one.by {
                Some(file) => reached[file].then_some(file),
                None => first_of(trace, &one.package, &reached),
            };
            let Some(from) = from else { return true };
            if from != one.to {
                added.push(Edge { from, to: one.to, line: 0, how: How::Hint });
            }
            false
        });
        if added.len() == known {
            break;
        }
        let targets = added[known..].iter().map(|edge| edge.to).collect();
        follow(&trace.edges, targets, &mut reached);
    }
    trace.edges.append(&mut added);
    trace.edges.sort();
    trace.edges.dedup();
}

/// The first file of a package that is reached.
fn first_of(trace: &Trace, package: &str, reached: &[bool]) -> Option<usize> {
    let sources = &trace.list.sources;
    let first = sources.partition_point(|source| source.path.as_str() < package);
    let count = sources[first..].iter().take_while(|source| source.path.starts_with(package)).count();
    (first..first + count).find(|&place| reached[place])
}

/// Marks what files lead to.
fn follow(edges: &[Edge], mut open: Vec<usize>, reached: &mut [bool]) {
    while let Some(file) = open.pop() {
        if !std::mem::replace(&mut reached[file], true) {
            let first = edges.partition_point(|edge| edge.from < file);
            open.extend(edges[first..].iter().take_while(|edge| edge.from == file).map(|edge| edge.to));
        }
    }
}

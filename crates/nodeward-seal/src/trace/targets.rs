//! From what a file says to the files that it can mean.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nodeward_javascript::loads::{HOLE, NAME};
use nodeward_javascript::{Act, Load, Loader, Resolved, loads};
use rustc_hash::FxHashSet;

use super::aliases::Aliases;
use super::walk::{Found, Role, Walk};
use super::{How, addons, packages, pattern};

/// The endings of what can be loaded as a module.
const MODULES: &[&str] = &[".js", ".cjs", ".mjs", ".json", ".node", ".wasm"];

/// Those that Node.js strips types from.
const TYPED: &[&str] = &[".ts", ".cts", ".mts"];

/// The most installed packages that one pattern of names is held against.
const MOST_PACKAGES: usize = 5_000;

/// A file that loads, and what is asked about it again and again.
pub(super) struct Loading<'w> {
    walk: &'w Walk<'w>,
    folder: &'w Path,
    /// The folder of its package: what patterns may not go out of.
    limit: PathBuf,
    is_typed: bool,
    /// Whether the file is one of an installed package.
    is_installed: bool,
    aliases: Arc<Aliases>,
}

/// What one load means.
pub(super) enum Meaning {
    /// These files, maybe none; by a pattern or exactly.
    Files(Vec<Found>),
    /// A module of Node.js, or nothing that is a file.
    Nothing,
    /// What is not there.
    Missing,
    /// Too much, or unknown.
    Unknown,
}

impl Meaning {
    /// The files of both, as far as they are known.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Files(mut files), Self::Files(others)) => {
                let known: FxHashSet<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
                files.extend(others.into_iter().filter(|file| !known.contains(&file.path)));
                Self::Files(files)
            }
            (Self::Files(files), _) | (_, Self::Files(files)) => Self::Files(files),
            (known, _) => known,
        }
    }
}

impl<'w> Loading<'w> {
    pub(super) fn new(walk: &'w Walk<'w>, file: &'w Path) -> Self {
        let folder = file.parent().unwrap_or(file);
        let package = packages::installed(file).map(|(folder, _)| folder);
        let name = file.to_str().unwrap_or_default();
        Self {
            walk,
            folder,
            is_installed: package.is_some(),
            limit: package.unwrap_or_else(|| walk.project.clone()),
            aliases: walk.aliases(),
            is_typed: TYPED.iter().chain(&[".tsx"]).any(|ending| name.ends_with(ending)),
        }
    }

    /// What a load means.
    pub(super) fn meaning(&self, load: &Load) -> Meaning {
        let Some(what) = load.what.as_deref() else { return Meaning::Unknown };
        match load.act {
            Act::Require => self.required(what, load),
            Act::Import => self.module(what, Loader::Import, load),
            Act::Resolve(Loader::Require) => self.with_addons(self.required(what, load), load),
            Act::Resolve(loader) => self.with_addons(self.module(what, loader, load), load),
            Act::Worker | Act::Child => self.script(what, load),
            Act::Path => self.path(what, Role::Path, load),
            Act::Data => self.path(what, Role::Data, load),
            Act::Bindings => self.bindings(what, load),
            Act::AddonFolder => self.addon_folder(what, load),
            Act::Named => {
                let both = [Loader::Require, Loader::Import];
                let files = both.into_iter().filter_map(|loader| self.resolved(self.folder, what, loader));
                Meaning::Files(files.map(|path| found(path, Role::Module, How::Loads(load.act))).collect())
            }
        }
    }

    /// What `require` finds: by the name, and by what stands in its place.
    fn required(&self, what: &str, load: &Load) -> Meaning {
        let aliased = self.aliases.of(what, self.is_installed);
        aliased.iter().fold(self.module(what, Loader::Require, load), |known, what| {
            known.or(self.module(what, Loader::Require, load))
        })
    }

    fn module(&self, what: &str, loader: Loader, load: &Load) -> Meaning {
        if what.starts_with("data:") || what.starts_with("http:") || what.starts_with("https:") {
            return Meaning::Unknown;
        }
        let what = loads::is_exact(what).then(|| address(what)).flatten().unwrap_or_else(|| what.to_owned());
        let folder = match load.from.as_deref() {
            Some(from) if !loads::is_exact(from) => return self.anywhere(&what, loader, load),
            Some(from) if from.ends_with('/') => PathBuf::from(from),
            Some(from) => Path::new(from).parent().unwrap_or(self.folder).to_path_buf(),
            None => self.folder.to_path_buf(),
        };
        if !loads::is_exact(&what) {
            return self.pattern(&folder, &what, Role::Module, load);
        }
        match self.walk.resolver.resolve(&folder, &what, loader) {
            Ok(Resolved::File(path)) => Meaning::Files(vec![found(path, Role::Module, How::Loads(load.act))]),
            Ok(Resolved::Builtin(_)) => Meaning::Nothing,
            Err(_) => match self.resolved(&folder, &what, loader) {
                Some(path) => Meaning::Files(vec![found(path, Role::Module, How::Loads(load.act))]),
                None => {
                    self.ask_manifest(&folder, &what);
                    Meaning::Missing
                }
            },
        }
    }

    /// A package that can't be resolved may have a manifest that can't be read, which is told.
    fn ask_manifest(&self, folder: &Path, what: &str) {
        if what.starts_with(['.', '/', '#']) {
            return;
        }
        let parts: Vec<&str> = what.split('/').take(if what.starts_with('@') { 2 } else { 1 }).collect();
        let name = parts.join("/");
        let places = folder.ancestors().map(|folder| folder.join("node_modules").join(&name));
        if let Some(package) = places.into_iter().find(|place| place.is_dir()) {
            self.walk.manifests.nearest(&package);
        }
    }

    /// From a place that is not known: the file's own and the project's are tried.
    fn anywhere(&self, what: &str, loader: Loader, load: &Load) -> Meaning {
        let places = [self.folder, &self.walk.project];
        if !loads::is_exact(what) {
            return match what.starts_with('.') || Path::new(what).is_absolute() {
                true => Meaning::Unknown,
                false => places
                    .into_iter()
                    .fold(Meaning::Unknown, |known, place| known.or(self.packages_like(place, what, load))),
            };
        }
        let files: Vec<Found> = places
            .into_iter()
            .filter_map(|folder| self.resolved(folder, what, loader))
            .map(|path| found(path, Role::Module, How::Loads(load.act)))
            .collect();
        if files.is_empty() { Meaning::Unknown } else { Meaning::Files(files) }
    }

    fn resolved(&self, folder: &Path, what: &str, loader: Loader) -> Option<PathBuf> {
        let found = match self.walk.resolver.resolve(folder, what, loader) {
            // What its compiler would find, and tools that compile while it runs.
            Err(_) if self.is_typed => self.walk.typed().resolve(&folder.join("x.ts"), what, loader),
            other => other,
        };
        match found {
            Ok(Resolved::File(path)) => Some(path),
            _ => None,
        }
    }

    /// The script of a worker or a child: from the working directory, unless it is absolute.
    fn script(&self, what: &str, load: &Load) -> Meaning {
        // A program in an address, which loads what it says.
        if what.starts_with("data:") {
            return Meaning::Unknown;
        }
        let what = address(what).unwrap_or_else(|| what.to_owned());
        if !loads::is_exact(&what) {
            return self.pattern(&self.walk.working, &what, Role::Module, load);
        }
        let relative = if what.starts_with(['.', '/']) || Path::new(&what).is_absolute() {
            what
        } else {
            format!("./{what}")
        };
        let from = [self.walk.working.as_path(), self.folder];
        match from.into_iter().find_map(|folder| self.resolved(folder, &relative, Loader::Require)) {
            Some(path) => Meaning::Files(vec![found(path, Role::Module, How::Loads(load.act))]),
            None => Meaning::Missing,
        }
    }

    /// A path that is read, or handed to somebody.
    fn path(&self, what: &str, role: Role, load: &Load) -> Meaning {
        if !loads::is_exact(what) {
            return self.pattern(self.folder, what, role, load);
        }
        let path = Path::new(what);
        let Ok(metadata) = std::fs::metadata(path) else {
            // Somebody may add the ending that `require` would add.
            if role == Role::Path
                && let Some(path) = self.resolved(self.folder, what, Loader::Require)
            {
                return Meaning::Files(vec![found(path, role, How::Loads(load.act))]);
            }
            return self.template(what, role, load);
        };
        let Ok(path) = path.canonicalize() else { return Meaning::Nothing };
        if metadata.is_file() {
            return Meaning::Files(vec![found(path, role, How::Loads(load.act))]);
        }
        if self.folder.starts_with(&path)
            || self.home(&path).is_none_or(|home| home == self.limit && home == path)
        {
            // The folder that the file itself is in: named for other reasons than to load all of it.
            return Meaning::Nothing;
        }
        match self.walk.folders.files(&path) {
            Some(files) => Meaning::Files(
                files.iter().map(|file| found(file.clone(), role, How::Matches(load.act))).collect(),
            ),
            None => Meaning::Unknown,
        }
    }

    /// The folder of the package that a folder is in: the file's own, or one that is installed or linked for it.
    fn home(&self, folder: &Path) -> Option<PathBuf> {
        let inside = packages::installed(&folder.join("package.json")).map(|(package, _)| package);
        if let Some(package) = inside.filter(|package| folder.starts_with(package)) {
            return Some(package);
        }
        if folder.starts_with(&self.limit) {
            return Some(self.limit.clone());
        }
        let manifest = self.walk.manifests.nearest(folder)?;
        let name = manifest.text("name")?;
        let mut places = self.folder.ancestors().map(|above| above.join("node_modules").join(name));
        let is_linked =
            places.any(|place| place.canonicalize().is_ok_and(|package| package == manifest.folder));
        is_linked.then(|| manifest.folder.clone())
    }

    /// A path with holes that a library fills: `locales/{{lng}}.json`.
    fn template(&self, what: &str, role: Role, load: &Load) -> Meaning {
        let limit = slashed(&self.limit);
        let below = what.strip_prefix(limit.as_str()).filter(|below| below.starts_with('/'));
        let Some(below) = below.and_then(pattern::of_template) else { return Meaning::Nothing };
        match self.pattern(self.folder, &format!("{limit}{below}"), role, load) {
            Meaning::Files(files) => Meaning::Files(files),
            _ => Meaning::Nothing,
        }
    }

    fn bindings(&self, what: &str, load: &Load) -> Meaning {
        let files = match loads::is_exact(what) {
            true => addons::named(&self.walk.folders, &self.limit, what),
            false => self.fitting(&self.limit),
        };
        if files.is_empty() {
            return Meaning::Missing;
        }
        Meaning::Files(
            files.into_iter().map(|file| found(file, Role::Module, How::Loads(load.act))).collect(),
        )
    }

    fn addon_folder(&self, what: &str, load: &Load) -> Meaning {
        // `find` of node-pre-gyp is given the manifest.
        let folder = what.strip_suffix("/package.json").unwrap_or(what);
        let folder = if loads::is_exact(folder) { Path::new(folder) } else { &self.limit };
        let mut files = self.fitting(folder);
        let options = &self.walk.options;
        // Or a package of its own for each system: `name-linux-x64`, `@name/linux-x64`.
        if let Some(manifest) = self.walk.manifests.nearest(folder) {
            let system = format!("{}-{}", options.platform, options.architecture);
            for name in manifest.names("optionalDependencies").filter(|name| name.contains(&system)) {
                let places = folder.ancestors().map(|folder| folder.join("node_modules").join(name));
                if let Some(package) = places.into_iter().find_map(|place| place.canonicalize().ok()) {
                    files.extend(self.fitting(&package));
                }
            }
        }
        if files.is_empty() {
            return Meaning::Missing;
        }
        Meaning::Files(
            files.into_iter().map(|file| found(file, Role::Module, How::Loads(load.act))).collect(),
        )
    }

    /// Beside the modules of packages for this system their add-ons: who asks where such a package lies looks for
    /// them there.
    fn with_addons(&self, resolved: Meaning, load: &Load) -> Meaning {
        let Meaning::Files(mut files) = resolved else { return resolved };
        let options = &self.walk.options;
        let mut addons = Vec::new();
        for (folder, name) in files.iter().filter_map(|file| packages::installed(&file.path)) {
            if folder != self.limit && addons::names_system(&name, &options.platform, &options.architecture) {
                addons.extend(self.fitting(&folder));
            }
        }
        files.extend(addons.into_iter().map(|addon| found(addon, Role::Module, How::Matches(load.act))));
        Meaning::Files(files)
    }

    fn fitting(&self, folder: &Path) -> Vec<PathBuf> {
        let options = &self.walk.options;
        addons::in_folder(&self.walk.folders, folder, &options.platform, &options.architecture)
    }

    /// The files that a pattern can mean.
    fn pattern(&self, folder: &Path, what: &str, role: Role, load: &Load) -> Meaning {
        let what = address(what).unwrap_or_else(|| what.to_owned());
        if role == Role::Module && !what.starts_with('.') && !Path::new(&what).is_absolute() {
            return self.packages_like(folder, &what, load);
        }
        let from = slashed(folder);
        let pattern = match Path::new(&what).is_absolute() {
            true => what,
            false => join(&from, &what),
        };
        let below = PathBuf::from(pattern::folder_of(&pattern));
        let below = below.canonicalize().unwrap_or(below);
        let Some(home) = self.home(&below) else { return Meaning::Unknown };
        let known = pattern::folder_of(&pattern).len();
        let rest = pattern[known..].trim_start_matches('/');
        let says_little = rest.chars().all(|character| matches!(character, HOLE | NAME | '/'));
        let mut rest = rest.to_owned();
        if below == home {
            if says_little && role != Role::Module {
                return Meaning::Unknown;
            }
            // From the folder of a package: not all that lies anywhere below.
            rest = rest.replace(HOLE, &NAME.to_string());
        }
        let pattern = format!("{}/{rest}", slashed(&below));
        let Some(files) = self.walk.folders.files(&below) else { return Meaning::Unknown };
        // `./versions/${x}/` names folders alone.
        let (pattern, only_folders) = match pattern.strip_suffix('/') {
            Some(folders) if role == Role::Module => (folders.to_owned(), true),
            _ => (pattern, false),
        };
        let endings = MODULES.iter().chain(if self.is_typed { TYPED } else { &[] });
        let endings: Vec<&str> = endings.copied().collect();
        let matching = files.iter().filter(|file| {
            let text = slashed(file);
            if role != Role::Module {
                return pattern::matches(&pattern, &text);
            }
            let Some(stem) = endings.iter().find_map(|ending| text.strip_suffix(ending)) else {
                return false;
            };
            let named = [text.as_str(), stem];
            !only_folders && named.into_iter().any(|text| pattern::matches(&pattern, text))
                || stem.strip_suffix("/index").is_some_and(|folder| pattern::matches(&pattern, folder))
        });
        let mains = self.mains(&files, &pattern, &home).filter(|_| role == Role::Module);
        let matching = matching.cloned().chain(mains);
        Meaning::Files(matching.map(|file| found(file, role, How::Matches(load.act))).collect())
    }

    /// What the manifests of the folders that match a pattern name as their modules.
    fn mains(&self, files: &[PathBuf], pattern: &str, home: &Path) -> impl Iterator<Item = PathBuf> {
        let folders =
            files.iter().filter(|file| file.ends_with("package.json")).filter_map(|file| file.parent());
        folders
            .filter(move |folder| pattern::matches(pattern, &slashed(folder)))
            .filter_map(|folder| self.resolved(folder, "./", Loader::Require))
            .filter(move |file| file.starts_with(home))
    }

    /// `pkg/${x}`, `@scope/${x}`, `${x}-plugin`: among what is installed.
    fn packages_like(&self, folder: &Path, what: &str, load: &Load) -> Meaning {
        if what.starts_with(HOLE) {
            // It could as well be a path.
            return Meaning::Unknown;
        }
        let parts: Vec<&str> = what.splitn(if what.starts_with('@') { 3 } else { 2 }, '/').collect();
        let name_parts = if what.starts_with('@') { 2 } else { 1 };
        if parts.len() < name_parts {
            return Meaning::Unknown;
        }
        let name = parts[..name_parts].join("/");
        let rest = parts.get(name_parts).copied();
        if loads::is_exact(&name) {
            return self.inside_package(folder, &name, rest.unwrap_or_default(), load);
        }
        let literal = name.chars().filter(|character| character.is_ascii_alphanumeric()).count();
        // `${x}.js`, `node:${x}`, `lib-${x}`: little enough that it could be anything.
        if literal < 3 || what.contains(':') {
            return Meaning::Unknown;
        }
        let loader = match load.act {
            Act::Import | Act::Resolve(Loader::Import) => Loader::Import,
            _ => Loader::Require,
        };
        let mut files = Vec::new();
        for installed in self.installed(folder) {
            if !pattern::matches(&name, &installed) {
                continue;
            }
            match rest {
                Some(rest) if !loads::is_exact(rest) => {
                    if let Meaning::Files(inner) = self.inside_package(folder, &installed, rest, load) {
                        files.extend(inner);
                    }
                }
                Some(rest) => files.extend(
                    self.resolved(folder, &format!("{installed}/{rest}"), loader)
                        .map(|path| found(path, Role::Module, How::Matches(load.act))),
                ),
                None => files.extend(
                    self.resolved(folder, &installed, loader)
                        .map(|path| found(path, Role::Module, How::Matches(load.act))),
                ),
            }
        }
        Meaning::Files(files)
    }

    fn inside_package(&self, folder: &Path, name: &str, rest: &str, load: &Load) -> Meaning {
        let folders = folder.ancestors().map(|folder| folder.join("node_modules").join(name));
        let Some(package) = folders.into_iter().find_map(|folder| folder.canonicalize().ok()) else {
            return Meaning::Missing;
        };
        let Some(files) = self.walk.folders.files(&package) else { return Meaning::Unknown };
        let pattern = format!("{}/{}", slashed(&package), rest.replace(HOLE, &HOLE.to_string()));
        let matching = files.iter().filter(|file| {
            let text = slashed(file);
            let Some(stem) = MODULES.iter().find_map(|ending| text.strip_suffix(ending)) else {
                return false;
            };
            pattern::matches(&pattern, &text) || pattern::matches(&pattern, stem)
        });
        Meaning::Files(
            matching.map(|file| found(file.clone(), Role::Module, How::Matches(load.act))).collect(),
        )
    }

    /// The names of the packages that a folder can load.
    fn installed(&self, folder: &Path) -> Vec<String> {
        let mut names = Vec::new();
        for folder in folder.ancestors().map(|folder| folder.join("node_modules")) {
            for name in entries(&folder) {
                if name.starts_with('@') {
                    names.extend(
                        entries(&folder.join(&name)).into_iter().map(|inner| format!("{name}/{inner}")),
                    );
                } else {
                    names.push(name);
                }
                if names.len() > MOST_PACKAGES {
                    return names;
                }
            }
        }
        names.sort();
        names.dedup();
        names
    }
}

pub(super) fn found(path: PathBuf, role: Role, how: How) -> Found {
    Found { path, role, how }
}

fn entries(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// The path of a `file:` address.
fn address(what: &str) -> Option<String> {
    what.starts_with("file:").then(|| loads::path_of_address(what))
}

/// A path with `/` between folders.
pub(super) fn slashed(path: &Path) -> String {
    let text = path.to_string_lossy();
    match std::path::MAIN_SEPARATOR {
        '/' => text.into_owned(),
        separator => text.replace(separator, "/"),
    }
}

fn join(folder: &str, relative: &str) -> String {
    loads::join_paths(&[folder, relative])
}

//! JavaScript that a script runs.

use std::path::{Path, PathBuf};

use nodeward_javascript::conduct::{COMPUTED_IMPORT, COMPUTED_REQUIRE, UNKNOWN};
use nodeward_javascript::loads::is_exact;
use nodeward_javascript::{
    Act, Deed as JsDeed, Load, Loader, ModuleFormat, Resolved, SourceKind, Surroundings, conduct, loads,
};

use super::super::deed::{Deed, Kind};
use super::super::folder::Entry;
use super::super::programs;
use super::{Origin, Task, Tracer};

/// Where a script may run: what is only for one of these counts as well.
const SYSTEMS: &[(&str, &str)] = &[
    ("linux", "x64"),
    ("linux", "arm64"),
    ("darwin", "x64"),
    ("darwin", "arm64"),
    ("win32", "x64"),
    ("win32", "arm64"),
];

impl Tracer<'_> {
    /// A file of JavaScript, or one that it loads.
    pub(super) fn code(&mut self, path: &str) {
        self.reach(path);
        self.reach_manifest(path);
        let from = Origin { file: Some(path.to_owned()), line: 0, folders: Vec::new() };
        let extension =
            Path::new(path).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension {
            "json" => return,
            "node" => return self.deed(&from, Kind::Checks, path),
            "wasm" => return self.unknown(&from, format!("runs {path}, which is machine code")),
            "sh" | "bash" => return self.open.push(Task::Shell(path.to_owned())),
            _ => {}
        }
        let bytes = match self.package.read(path) {
            Ok(bytes) => bytes,
            Err(error) => return self.unknown(&from, format!("{path} can't be read: {error}")),
        };
        let text = String::from_utf8_lossy(&bytes);
        let kind = SourceKind::of(Path::new(path), ModuleFormat::Unknown)
            .or_else(|| SourceKind::of_hashbang(&text))
            .unwrap_or(SourceKind::JAVASCRIPT);
        self.javascript(&text, kind, path, &from);
    }

    /// Of a package that came inside of this one, the manifest decides how its code is read.
    fn reach_manifest(&mut self, path: &str) {
        let Some((above, below)) = path.rsplit_once("node_modules/") else { return };
        let depth = if below.starts_with('@') { 2 } else { 1 };
        let name: Vec<&str> = below.split('/').take(depth).collect();
        if let Entry::File(path) =
            self.package.entry(&format!("{above}node_modules/{}/package.json", name.join("/")))
        {
            self.reach(&path);
        }
    }

    /// JavaScript that stands in a command.
    pub(super) fn text(&mut self, text: &str, from: &Origin) {
        // It loads from the folder that it runs in.
        let place = match from.folders.first() {
            Some(folder) if !folder.is_empty() => format!("{folder}/[eval]"),
            _ => "[eval]".to_owned(),
        };
        self.javascript(text, SourceKind::JAVASCRIPT, &place, from);
    }

    fn javascript(&mut self, text: &str, kind: SourceKind, path: &str, from: &Origin) {
        match conduct(text, kind) {
            Ok(doings) => {
                let talks = doings.iter().any(|doing| doing.deed == JsDeed::Network);
                for doing in doings {
                    let at =
                        Origin { line: if from.file.is_some() { doing.line } else { 0 }, ..from.clone() };
                    self.doing(doing.deed, doing.what, &at, path, talks);
                }
            }
            Err(error) => return self.unknown(from, format!("{path} can't be read: {error}")),
        }
        let file = self.package.root().join(path);
        for load in self.loads_of(text, &file, kind) {
            let at = Origin { line: if from.file.is_some() { load.line } else { 0 }, ..from.clone() };
            self.load(&load, &file, &at);
        }
    }

    fn doing(&mut self, deed: JsDeed, what: String, at: &Origin, path: &str, talks: bool) {
        match deed {
            JsDeed::Print => self.deed(at, Kind::Prints, ""),
            JsDeed::Variable => self.deed(at, Kind::Environment, what),
            JsDeed::Environment => self.deed(at, Kind::Environment, "all of it"),
            JsDeed::Home => {
                let what = if what.is_empty() { "the home folder" } else { "the host's name and addresses" };
                self.deed(at, Kind::Environment, what);
            }
            JsDeed::Credential => self.deed(at, Kind::Credentials, what),
            JsDeed::Write => {
                self.deed(at, Kind::Writes, if what == UNKNOWN.to_string() { String::new() } else { what })
            }
            JsDeed::Start => self.started(&what, at, path),
            JsDeed::Network => self.deed(at, Kind::Downloads, ""),
            JsDeed::Host => {
                let deed = Deed { kind: Kind::Downloads, what, file: at.file.clone(), line: at.line };
                if talks || at.file.is_none() {
                    self.hosts.insert(0, deed);
                } else {
                    self.hosts.push(deed);
                }
            }
            JsDeed::CodeFromText => {
                self.widen(format!("{path} makes code from text"));
                self.deed(at, Kind::Hidden, what);
            }
            JsDeed::Obscured => {
                self.widen(format!("{path} is obscured"));
                self.deed(at, Kind::Hidden, what);
            }
            JsDeed::Native => self.deed(at, Kind::Checks, what),
            // What values tell of those is asked next.
            JsDeed::Unfollowed if what == COMPUTED_REQUIRE || what == COMPUTED_IMPORT => {}
            JsDeed::Unfollowed => self.unknown(at, format!("{what} in {path}")),
        }
    }

    /// A program that code starts: its line is one for a shell, with holes.
    fn started(&mut self, line: &str, at: &Origin, path: &str) {
        // That something is started is told as unknown where that is all that is known.
        if !line.trim_matches([UNKNOWN, ' ']).is_empty() {
            self.deed(at, Kind::Starts, line);
        }
        let own = Path::new(path).parent().and_then(Path::to_str).unwrap_or_default().to_owned();
        let mut folders = vec![String::new()];
        if !own.is_empty() {
            folders.insert(0, own);
        }
        self.open.push(Task::Line { text: line.to_owned(), from: Origin { folders, ..at.clone() } });
    }

    /// What a file loads on any system.
    fn loads_of(&mut self, text: &str, file: &Path, kind: SourceKind) -> Vec<Load> {
        let root = self.package.root().to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
        let differs = text.contains("platform") || text.contains("arch");
        let systems = if differs { SYSTEMS } else { &SYSTEMS[..1] };
        let mut all: Vec<Load> = Vec::new();
        for (platform, architecture) in systems {
            let surroundings = Surroundings {
                working_directory: &root,
                environment: &[],
                platform,
                architecture,
                names: &[],
                resolver: Some(self.resolver),
            };
            // That it can't be parsed is told already.
            let found = loads(text, file, kind, &surroundings).map(|found| found.loads).unwrap_or_default();
            all.extend(found);
        }
        all.sort();
        all.dedup();
        all
    }

    fn load(&mut self, load: &Load, file: &Path, at: &Origin) {
        let folder = match load.from.as_deref() {
            Some(from) if !is_exact(from) => return self.unknown(at, "loads from a place that is computed"),
            Some(from) if from.ends_with('/') => PathBuf::from(from),
            Some(from) => Path::new(from).parent().unwrap_or(self.package.root()).to_path_buf(),
            None => file.parent().unwrap_or(self.package.root()).to_path_buf(),
        };
        let is_code =
            matches!(load.act, Act::Require | Act::Import | Act::Worker | Act::Child | Act::Resolve(_));
        let Some(what) = load.what.as_deref().filter(|what| is_exact(what)) else {
            return match is_code {
                true => self.unknown(at, "loads what is computed"),
                false => self.widen("names files by paths that are computed"),
            };
        };
        match load.act {
            // Another package's file, by its name alone: whoever gets it tells what is done with it.
            Act::Resolve(_) if !what.starts_with(['.', '/', '#']) => {}
            Act::Require | Act::Resolve(Loader::Require) => {
                self.module(what, &folder, Loader::Require, load.optional, at)
            }
            Act::Import | Act::Resolve(Loader::Import) => {
                self.module(what, &folder, Loader::Import, load.optional, at)
            }
            Act::Worker | Act::Child => {
                self.module(&relative(what), &folder, Loader::Require, load.optional, at)
            }
            Act::Path | Act::Data => self.path(what, &folder),
            Act::Bindings | Act::AddonFolder => {
                self.deed(at, Kind::Checks, "its add-on");
                self.prebuilt();
            }
            Act::Named => {}
        }
    }

    /// What a specifier names.
    pub(super) fn module(&mut self, what: &str, folder: &Path, loader: Loader, optional: bool, at: &Origin) {
        let is_path = what.starts_with('.') || what.starts_with('/');
        if !is_path && !what.starts_with('#') {
            return self.package_module(what, folder, loader, at);
        }
        match self.resolver.resolve(folder, what, loader) {
            Ok(Resolved::Builtin(_)) => {}
            Ok(Resolved::File(file)) => match self.package.below(&file) {
                Some(path) => self.open.push(Task::Code(path)),
                None => self.unknown(at, format!("loads {}, which is outside the package", shown(what))),
            },
            // What is made later, or only tried.
            Err(_) if optional => {}
            Err(_) => self.unknown(at, format!("loads {}, which is not there", shown(what))),
        }
    }

    /// A module of Node.js, of which the code that uses it tells, or of another package.
    fn package_module(&mut self, what: &str, folder: &Path, loader: Loader, at: &Origin) {
        match self.resolver.resolve(folder, what, loader) {
            Ok(Resolved::Builtin(_)) => return,
            // A package may require itself by its name.
            Ok(Resolved::File(file)) => {
                if let Some(path) = self.package.below(&file) {
                    return self.open.push(Task::Code(path));
                }
            }
            Err(_) if what.starts_with("node:") => return,
            Err(_) => {}
        }
        let mut parts = what.splitn(3, '/');
        let name = match (parts.next(), parts.next()) {
            (Some(scope), Some(name)) if scope.starts_with('@') => format!("{scope}/{name}"),
            (Some(name), _) => name.to_owned(),
            (None, _) => return,
        };
        match programs::of_module(&name) {
            Some(does) => {
                for (kind, what) in does {
                    self.deed(at, *kind, *what);
                }
                if name.ends_with("node-gyp-build") || name == "bindings" {
                    self.prebuilt();
                }
            }
            None => self.deed(at, Kind::Unknown, format!("uses {name}, which was not read")),
        }
    }

    /// A path that code makes from its own place. What stands there may be read, handed on, or run.
    fn path(&mut self, what: &str, folder: &Path) {
        let absolute = if what.starts_with('/') { PathBuf::from(what) } else { folder.join(what) };
        let below = absolute.strip_prefix(self.package.root()).ok().and_then(Path::to_str).map(str::to_owned);
        let Some(below) = below else { return };
        match self.package.entry(&below) {
            Entry::File(path) => {
                self.reach(&path);
            }
            // The package itself is where a program is started, most often.
            Entry::Folder(path) if path.is_empty() => {}
            Entry::Folder(path) => self.folder(&path),
            Entry::Foreign | Entry::Missing => {}
        }
    }

    /// All files below a folder.
    pub(super) fn folder(&mut self, path: &str) {
        match self.package.files(path) {
            Ok(files) => {
                for file in files {
                    match file.link.is_some() {
                        true => self.widen("a folder with symbolic links"),
                        false => self.reach(&file.path),
                    }
                }
            }
            Err(error) => self.widen(format!("{path} can't be read: {error}")),
        }
    }
}

/// A path that a worker or a child is started with: relative without a dot.
fn relative(what: &str) -> String {
    if what.starts_with(['.', '/']) { what.to_owned() } else { format!("./{what}") }
}

/// A path for people: from the last folder of packages on, since the rest is this machine's.
fn shown(what: &str) -> &str {
    match what.rfind("node_modules/") {
        Some(at) if what.starts_with('/') => &what[at..],
        _ => what,
    }
}

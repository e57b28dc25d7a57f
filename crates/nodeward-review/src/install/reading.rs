//! Reads what a package's scripts do: from the command to the files that it runs, and from those to the files that they
//! load, as long as they are the package's own.
//!
//! Nothing is run. What can't be followed is a deed of its own ([`Kind::Unknown`]) and widens what the content hash is
//! made over to the whole package.

mod code;
mod commands;
mod natives;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use nodeward_javascript::NodeResolver;
use nodeward_package::Manifest;

use super::content::Reach;
use super::deed::{Deed, Kind};
use super::folder::{self, PackageFolder};
use super::stage::Script;

/// The most commands and files that one script is followed through.
const MOST_TASKS: usize = 4_000;

/// What a package's scripts do.
#[derive(Debug, Clone)]
pub struct Reading {
    /// By script, in their order, what it does: sorted, each thing once.
    pub deeds: Vec<Vec<Deed>>,
    /// Scripts of the manifest that those start by name, with their commands.
    pub run_scripts: BTreeMap<String, String>,
    /// Which files of the package they can reach.
    pub reach: Reach,
}

/// Reads the scripts of a package that lies on the disk.
pub(super) fn read(
    package: &PackageFolder,
    manifest: &Manifest,
    scripts: &[Script],
    resolver: &NodeResolver,
) -> Reading {
    let mut tracer = Tracer {
        package,
        manifest,
        resolver,
        deeds: Vec::new(),
        hosts: Vec::new(),
        run_scripts: BTreeMap::new(),
        files: BTreeSet::new(),
        whole: None,
        open: Vec::new(),
        seen: HashSet::new(),
    };
    tracer.programs();
    let deeds = scripts.iter().map(|script| tracer.script(script)).collect();
    let reach = match tracer.whole {
        Some(why) => Reach::Whole(why),
        None => Reach::Files(tracer.files),
    };
    Reading { deeds, run_scripts: tracer.run_scripts, reach }
}

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Task {
    /// A line for a shell.
    Line { text: String, from: Origin },
    /// JavaScript that stands in a command.
    Text { text: String, from: Origin },
    /// A file of JavaScript.
    Code(String),
    /// A file for a shell.
    Shell(String),
    /// A `binding.gyp`, or a file that it includes.
    Gyp(String),
}

/// Where something stands, and from where its paths are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Origin {
    /// The file; `None`: the command itself.
    file: Option<String>,
    line: u32,
    /// The folders below the package that a relative path may be meant from, the likeliest first. Empty: nobody knows.
    folders: Vec<String>,
}

impl Origin {
    /// The package's own folder, where scripts start.
    fn command() -> Self {
        Self { file: None, line: 0, folders: vec![String::new()] }
    }
}

struct Tracer<'p> {
    package: &'p PackageFolder,
    manifest: &'p Manifest,
    resolver: &'p NodeResolver,
    deeds: Vec<Deed>,
    /// Hosts that the text names, wherever: whom it talks to, if it uses the network at all.
    hosts: Vec<Deed>,
    run_scripts: BTreeMap<String, String>,
    files: BTreeSet<String>,
    whole: Option<String>,
    open: Vec<Task>,
    seen: HashSet<Task>,
}

impl Tracer<'_> {
    fn script(&mut self, script: &Script) -> Vec<Deed> {
        self.deeds.clear();
        self.hosts.clear();
        self.seen.clear();
        self.open = vec![Task::Line { text: script.command.to_string(), from: Origin::command() }];
        while let Some(task) = self.open.pop() {
            if self.seen.len() == MOST_TASKS {
                self.unknown(&Origin::command(), format!("more than {MOST_TASKS} files and commands"));
                break;
            }
            if self.seen.insert(task.clone()) {
                self.look(task);
            }
        }
        self.open.clear();
        self.settle()
    }

    /// Programs that came along stand before those of the system: what a command's name means can't be told then.
    fn programs(&mut self) {
        match self.package.programs() {
            Ok(programs) => {
                let stands =
                    |program: &folder::Program| !program.is_named || commands::is_interpreted(&program.name);
                if let Some(program) = programs.iter().find(|program| stands(program)) {
                    self.widen(format!("a program of its own, node_modules/.bin/{}", program.name));
                }
            }
            Err(error) => self.widen(format!("node_modules/.bin can't be read: {error}")),
        }
    }

    fn look(&mut self, task: Task) {
        match task {
            Task::Line { text, from } => self.line(&text, from),
            Task::Text { text, from } => self.text(&text, &from),
            Task::Code(path) => self.code(&path),
            Task::Shell(path) => self.shell(&path),
            Task::Gyp(path) => self.gyp(&path),
        }
    }

    /// The deeds, sorted, each once; whom it talks to where it talks at all.
    fn settle(&mut self) -> Vec<Deed> {
        let mut deeds = std::mem::take(&mut self.deeds);
        let downloads = deeds.iter().any(|deed| deed.kind == Kind::Downloads);
        if downloads && !self.hosts.is_empty() {
            deeds.retain(|deed| deed.kind != Kind::Downloads || !deed.what.is_empty());
            deeds.append(&mut self.hosts);
        }
        // A place without its name says nothing beside one that has it.
        let named: HashSet<Kind> =
            deeds.iter().filter(|deed| !deed.what.is_empty()).map(|deed| deed.kind).collect();
        deeds.retain(|deed| !deed.what.is_empty() || !named.contains(&deed.kind));
        deeds.sort();
        deeds.dedup_by(|later, earlier| later.kind == earlier.kind && later.what == earlier.what);
        if deeds.len() > 1 {
            deeds.retain(|deed| deed.kind != Kind::Nothing);
        }
        deeds
    }

    fn deed(&mut self, from: &Origin, kind: Kind, what: impl Into<String>) {
        self.deeds.push(Deed { kind, what: what.into(), file: from.file.clone(), line: from.line });
    }

    /// What can't be told, and may therefore read any file of the package.
    fn unknown(&mut self, from: &Origin, why: impl Into<String>) {
        let why = why.into();
        self.widen(why.clone());
        self.deed(from, Kind::Unknown, why);
    }

    /// Makes the hash go over the whole package.
    fn widen(&mut self, why: impl Into<String>) {
        self.whole.get_or_insert_with(|| why.into());
    }

    fn reach(&mut self, path: &str) {
        self.files.insert(path.to_owned());
    }
}

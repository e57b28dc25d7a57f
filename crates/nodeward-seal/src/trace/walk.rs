//! The walk from the entries on: files are read and parsed on all processors, each once.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use nodeward_javascript::loads::{self, Act, MadeCode, Surroundings};
use nodeward_javascript::{
    Alias, Language, ModuleFormat, NodeResolver, Resolver, SourceKind as Written, WORKER_STACK,
};
use nodeward_package::beside;
use rustc_hash::{FxHashMap, FxHashSet};

use super::aliases::{self, Aliases};
use super::hints::{HINTS, Hint};
use super::listing::Root;
use super::packages::{self, Manifests};
use super::pattern::{self, Folders};
use super::recorded::Seen;
use super::targets::{Loading, Meaning, found, slashed};
use super::{How, Options, Trace, TraceError, elf, listing, synthetic};
use crate::seal::Digest;
use crate::source::SourceKind;

/// The largest file that is read for what it loads.
const MOST_BYTES: u64 = 64 << 20;

/// The largest add-on that is read for the libraries it needs.
const MOST_ADDON_BYTES: u64 = 512 << 20;

/// What a file is to those that name it. Ordered: the later counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// It is read.
    Data,
    /// It may be loaded: somebody gets its path.
    Path,
    /// It is loaded.
    Module,
}

/// A file that something leads to.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) role: Role,
    pub(super) how: How,
}

/// One walk.
pub(super) struct Walk<'o> {
    pub(super) options: &'o Options,
    /// The project's folder.
    pub(super) project: PathBuf,
    /// What `process.cwd()` gives.
    pub(super) working: PathBuf,
    working_text: String,
    pub(super) resolver: NodeResolver,
    typed: OnceLock<Resolver>,
    pub(super) manifests: Manifests,
    pub(super) folders: Folders,
    /// The project's own production dependencies, sorted.
    pub(super) names: Vec<String>,
    pub(super) hints: FxHashMap<&'static str, Vec<&'static Hint>>,
    led_by: LedBy,
    /// What the files that were looked at so far have `require` take names for.
    aliases: RwLock<Arc<Aliases>>,
    state: Mutex<State>,
    wake: Condvar,
}

/// What is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LedBy {
    /// What the files say.
    Text,
    /// Also what was seen loading.
    Recordings,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) places: FxHashMap<PathBuf, usize>,
    pub(super) files: Vec<File>,
    queue: Vec<usize>,
    busy: usize,
    /// What conventions brought, by the file or the package that made them count.
    hinted: FxHashSet<(PathBuf, usize)>,
    pub(super) hints: Vec<(PathBuf, &'static Hint, usize)>,
}

pub(super) struct File {
    pub(super) path: PathBuf,
    role: Role,
    /// The role that it was last looked at in.
    looked: Option<Role>,
    pub(super) outcome: Outcome,
}

/// What one file gives.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) kind: Option<SourceKind>,
    pub(super) size: u64,
    pub(super) edges: Vec<(usize, u32, How)>,
    pub(super) dynamic: Vec<(u32, Act, Option<String>, Option<usize>)>,
    pub(super) missing: Vec<(u32, String, bool)>,
    pub(super) unread: Option<String>,
    /// The hashes of WebAssembly that stands in its text.
    pub(super) wasm: Vec<Digest>,
    /// Where its text has code made of strings.
    pub(super) made: Vec<MadeCode>,
}

/// What one file leads to.
#[derive(Default)]
struct Leads {
    outcome: Outcome,
    /// What it has `require` take names for.
    aliases: Vec<Alias>,
    found: Vec<(u32, Found)>,
}

pub(super) fn trace(options: &Options) -> Result<Trace, TraceError> {
    let mut walk = Walk::new(options)?;
    let entries = walk.entries()?;
    {
        let mut state = walk.lock();
        for entry in &entries {
            walk.add(&mut state, entry.clone(), Role::Module);
        }
        for file in &options.declared {
            walk.add(&mut state, real(file)?, Role::Module);
        }
    }
    walk.follow()?;
    let root = walk.root();
    if let Some(seen) = &options.seen {
        walk.take_up(seen);
        walk.follow()?;
    }
    let Walk { state, manifests, .. } = walk;
    let state = state.into_inner().unwrap_or_else(PoisonError::into_inner);
    listing::list(&state, &manifests, options, root, &entries)
}

impl<'o> Walk<'o> {
    fn new(options: &'o Options) -> Result<Self, TraceError> {
        let first = options.entries.first().ok_or(TraceError::Nothing)?;
        let first = real(first)?;
        let manifests = Manifests::default();
        let project = match &options.root {
            Some(root) => real(root)?,
            None if first.is_dir() => first.clone(),
            None => {
                let folder = first.parent().unwrap_or(&first).to_path_buf();
                manifests.package(&first).map_or(folder, |manifest| manifest.folder.clone())
            }
        };
        let working = match &options.working_directory {
            Some(folder) => real(folder)?,
            None => project.clone(),
        };
        let mut names: Vec<String> = manifests.nearest(&project).map_or_else(Vec::new, |manifest| {
            let fields = ["dependencies", "optionalDependencies", "peerDependencies"];
            fields.iter().flat_map(|field| manifest.names(field)).map(str::to_owned).collect()
        });
        names.sort();
        names.dedup();
        let mut hints: FxHashMap<&str, Vec<&Hint>> = FxHashMap::default();
        for hint in HINTS {
            hints.entry(hint.package).or_default().push(hint);
        }
        Ok(Self {
            options,
            working_text: slashed(&working),
            project,
            working,
            resolver: NodeResolver::new(&options.conditions, options.module_sync),
            typed: OnceLock::new(),
            manifests,
            folders: Folders::default(),
            names,
            hints,
            led_by: LedBy::Text,
            aliases: RwLock::default(),
            state: Mutex::default(),
            wake: Condvar::new(),
        })
    }

    /// Resolution as TypeScript has it.
    pub(super) fn typed(&self) -> &Resolver {
        self.typed.get_or_init(Resolver::new)
    }

    fn entries(&self) -> Result<Vec<PathBuf>, TraceError> {
        let mut entries = Vec::new();
        for entry in &self.options.entries {
            let path = real(entry)?;
            if path.is_dir() {
                entries.extend(packages::entries_of(&path, &self.resolver)?.files);
            } else {
                entries.push(path);
            }
        }
        entries.sort();
        entries.dedup();
        Ok(entries)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a file up, or raises what it is to others; gives its place.
    fn add(&self, state: &mut State, path: PathBuf, role: Role) -> usize {
        if let Some(&place) = state.places.get(&path) {
            let file = &mut state.files[place];
            if role > file.role {
                file.role = role;
                state.queue.push(place);
            }
            return place;
        }
        let place = state.files.len();
        state.places.insert(path.clone(), place);
        state.files.push(File { path, role, looked: None, outcome: Outcome::default() });
        state.queue.push(place);
        place
    }

    /// Looks at every file that is taken up, and at all that they lead to.
    fn follow(&self) -> Result<(), TraceError> {
        let threads = match NonZeroUsize::new(self.options.threads) {
            Some(threads) => threads,
            None => std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        };
        beside::with_stacks(threads, WORKER_STACK, || self.work()).map_err(TraceError::Thread)?;
        Ok(())
    }

    /// The folder that all files have to be below: the one that was given, or as far up as those stand that the text
    /// leads to. What was seen loading does not move it: whoever writes a recording would choose where the seal goes.
    fn root(&mut self) -> Root {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let folder = match &self.options.root {
            Some(_) => self.project.clone(),
            None => common(&self.project, state.files.iter().map(|file| file.path.as_path())),
        };
        Root { folder, by_text: state.files.len() }
    }

    /// Goes on with what the files that are known were seen loading.
    fn take_up(&mut self, seen: &Seen) {
        self.led_by = LedBy::Recordings;
        let mut state = self.lock();
        for place in 0..state.files.len() {
            let loaded = seen.loads.get(&state.files[place].path);
            for loaded in loaded.into_iter().flatten() {
                let to = self.add(&mut state, loaded.clone(), Role::Module);
                state.files[place].outcome.edges.push((to, 0, How::Seen));
            }
        }
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            let Some(place) = state.queue.pop() else {
                if state.busy == 0 {
                    self.wake.notify_all();
                    return;
                }
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let file = &mut state.files[place];
            if file.looked.is_some_and(|looked| looked >= file.role) {
                continue;
            }
            file.looked = Some(file.role);
            let (path, role) = (file.path.clone(), file.role);
            state.busy += 1;
            drop(state);
            let mut leads = self.look(&path, role);
            let seen = self.options.seen.as_ref().filter(|_| self.led_by == LedBy::Recordings);
            let seen = seen.and_then(|seen| seen.loads.get(&path));
            for loaded in seen.into_iter().flatten() {
                leads.found.push((0, found(loaded.clone(), Role::Module, How::Seen)));
            }
            let hinted = self.hinted(&path);
            state = self.lock();
            state.busy -= 1;
            let mut outcome = leads.outcome;
            for (line, found) in leads.found {
                let to = self.add(&mut state, found.path, found.role);
                outcome.edges.push((to, line, found.how));
            }
            if state.files[place].looked == Some(role) {
                state.files[place].outcome = outcome;
            }
            self.rename(&mut state, &leads.aliases);
            for (folder, number, hint) in hinted {
                if state.hinted.insert((folder.clone(), number)) {
                    for found in self.brought(&folder, hint) {
                        let to = self.add(&mut state, found.path, found.role);
                        state.hints.push((folder.clone(), hint, to));
                    }
                }
            }
            if !state.queue.is_empty() || state.busy == 0 {
                self.wake.notify_all();
            }
        }
    }

    /// Takes aliases up. Files that were looked at before are looked at again: their names may mean more.
    fn rename(&self, state: &mut State, told: &[Alias]) {
        if told.is_empty() {
            return;
        }
        let mut known = self.aliases.write().unwrap_or_else(PoisonError::into_inner);
        if !Arc::make_mut(&mut known).add(told, &self.sources()) {
            return;
        }
        for (place, file) in state.files.iter_mut().enumerate() {
            if file.looked.take().is_some() {
                state.queue.push(place);
            }
        }
    }

    fn sources(&self) -> aliases::Sources<'_> {
        aliases::Sources {
            manifests: &self.manifests,
            resolver: self.typed(),
            working: &self.working,
            environment: &self.options.environment,
        }
    }

    /// The files that hold the aliases that a file has read. Those that are not there are told as its own fault: any
    /// name may mean anything then.
    fn read_aliases(&self, leads: &mut Leads) {
        for alias in &leads.aliases {
            let Alias::Config { at, .. } = alias else { continue };
            match self.sources().mappings(at.as_deref()) {
                Some(mappings) => {
                    let read = |file| (0, found(file, Role::Data, How::Loads(Act::Data)));
                    leads.found.extend(mappings.files.into_iter().map(read));
                }
                None => leads.outcome.dynamic.push((1, Act::Require, None, None)),
            }
        }
    }

    /// The aliases that are known so far.
    pub(super) fn aliases(&self) -> Arc<Aliases> {
        self.aliases.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads one file and finds what it leads to.
    fn look(&self, path: &Path, role: Role) -> Leads {
        let mut leads = Leads::default();
        if let Some(content) = self.content(path) {
            self.read_synthetic(content, &mut leads);
            return leads;
        }
        let outcome = &mut leads.outcome;
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => outcome.size = metadata.len(),
            // A pipe would keep who reads it waiting.
            Ok(_) => {
                outcome.unread = Some("not a regular file".to_owned());
                return leads;
            }
            Err(error) => {
                outcome.unread = Some(error.to_string());
                return leads;
            }
        }
        match extension {
            "json" => outcome.kind = Some(SourceKind::Json),
            "wasm" => outcome.kind = Some(SourceKind::Wasm),
            "node" | "so" | "dylib" | "dll" => {
                outcome.kind = Some(SourceKind::Native);
                self.link(path, &mut leads);
            }
            _ if role == Role::Data => outcome.kind = Some(SourceKind::Text),
            _ => self.read(path, role, &mut leads),
        }
        leads
    }

    /// The libraries that lie beside an add-on.
    fn link(&self, path: &Path, leads: &mut Leads) {
        if leads.outcome.size > MOST_ADDON_BYTES {
            return;
        }
        let Ok(bytes) = std::fs::read(path) else { return };
        for library in elf::libraries(path, &bytes) {
            leads.found.push((0, found(library, Role::Path, How::Links)));
        }
    }

    fn read(&self, path: &Path, role: Role, leads: &mut Leads) {
        let folder = path.parent().unwrap_or(path);
        let manifest = self.manifests.nearest(folder);
        let format = manifest.as_ref().map_or(ModuleFormat::Unknown, |manifest| manifest.format);
        let named = Written::of(path, format);
        let is_known = named.is_some();
        if !is_known && role != Role::Module && path.extension().is_some() {
            leads.outcome.kind = Some(SourceKind::Text);
            return;
        }
        if leads.outcome.size > MOST_BYTES {
            leads.outcome.kind = Some(SourceKind::Cjs);
            leads.outcome.unread = Some(format!("larger than {MOST_BYTES} bytes"));
            return;
        }
        let text = match std::fs::read(path) {
            Ok(bytes) => String::from_utf8(bytes)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            Err(error) => {
                leads.outcome.unread = Some(error.to_string());
                return;
            }
        };
        let kind = match named {
            Some(kind) => kind,
            // A file without an ending says in its first line what it is.
            None if role != Role::Module && Written::of_hashbang(&text).is_none() => {
                leads.outcome.kind = Some(SourceKind::Text);
                return;
            }
            None => Written::JAVASCRIPT,
        };
        let own = packages::installed(path).is_none();
        match loads::loads(&text, path, kind, &self.surroundings(own)) {
            Ok(loads) => {
                leads.outcome.kind = Some(match (kind.language, loads.is_module) {
                    (Language::TypeScript | Language::Tsx, _) => SourceKind::TypeScript,
                    (_, true) => SourceKind::Esm,
                    (_, false) => SourceKind::Cjs,
                });
                leads.outcome.wasm = hashes(&loads.wasm);
                leads.outcome.made = loads.made;
                leads.aliases = loads.aliases;
                leads.aliases.extend(aliases::read_by(path, &self.working));
                self.read_aliases(leads);
                self.mean(path, loads.loads, leads);
            }
            Err(error) if is_known && role == Role::Module => {
                leads.outcome.kind = Some(match kind.format {
                    ModuleFormat::Module => SourceKind::Esm,
                    _ => SourceKind::Cjs,
                });
                leads.outcome.unread = Some(error.to_string());
            }
            // A template, or something else that only looks like a program.
            Err(_) => leads.outcome.kind = Some(SourceKind::Text),
        }
    }

    /// The text of code that was recorded and has no file.
    fn content(&self, path: &Path) -> Option<&str> {
        let seen = self.options.seen.as_ref()?;
        Some(seen.synthetic.get(synthetic::hash_of(path)?)?)
    }

    /// Code without a file loads as a file in the project's folder would.
    fn read_synthetic(&self, content: &str, leads: &mut Leads) {
        leads.outcome.kind = Some(SourceKind::Synthetic);
        leads.outcome.size = content.len() as u64;
        let place = self.project.join("synthetic.js");
        match loads::loads(content, &place, Written::JAVASCRIPT, &self.surroundings(true)) {
            Ok(loads) => {
                leads.outcome.wasm = hashes(&loads.wasm);
                leads.outcome.made = loads.made;
                leads.aliases = loads.aliases;
                self.mean(&place, loads.loads, leads);
            }
            Err(error) => leads.outcome.unread = Some(error.to_string()),
        }
    }

    fn surroundings(&self, own: bool) -> Surroundings<'_> {
        Surroundings {
            working_directory: &self.working_text,
            environment: &self.options.environment,
            platform: &self.options.platform,
            architecture: &self.options.architecture,
            names: if own { &self.names } else { &[] },
            resolver: Some(&self.resolver),
        }
    }

    fn mean(&self, path: &Path, loads: Vec<loads::Load>, leads: &mut Leads) {
        let loading = Loading::new(self, path);
        for load in loads {
            let meaning = loading.meaning(&load);
            let is_exact = load.is_exact();
            let reads = matches!(load.act, Act::Path | Act::Data);
            let mut tell = |matched: Option<usize>| {
                let pattern = load.what.as_deref().map(pattern::shown);
                leads.outcome.dynamic.push((load.line, load.act, pattern, matched));
            };
            match meaning {
                Meaning::Files(files) => {
                    if !is_exact {
                        tell(Some(files.len()));
                    }
                    leads.found.extend(files.into_iter().map(|found| (load.line, found)));
                }
                Meaning::Nothing => {}
                Meaning::Missing => {
                    if !reads && load.act != Act::Named {
                        let what = load.what.as_deref().map(pattern::shown).unwrap_or_default();
                        leads.outcome.missing.push((load.line, what, load.optional));
                    }
                }
                Meaning::Unknown => tell(None),
            }
        }
    }
}

fn hashes(modules: &[Vec<u8>]) -> Vec<Digest> {
    modules.iter().map(|module| Digest::of(module)).collect()
}

fn real(path: &Path) -> Result<PathBuf, TraceError> {
    path.canonicalize().map_err(|source| TraceError::Entry { path: path.to_path_buf(), source })
}

/// The nearest folder at or above `folder` that all files are below.
fn common<'p>(folder: &Path, files: impl Iterator<Item = &'p Path>) -> PathBuf {
    let mut root = folder.to_path_buf();
    for file in files {
        while !file.starts_with(&root) {
            if !root.pop() {
                return root;
            }
        }
    }
    root
}

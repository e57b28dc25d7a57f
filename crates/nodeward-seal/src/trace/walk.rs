//! The walk from the entries on: files are read and parsed on all processors, each once.

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use nodeward_javascript::loads::{self, Act, HOLE, Surroundings};
use nodeward_javascript::{
    Language, Loader, ModuleFormat, NodeResolver, Resolved, Resolver, SourceKind as Written, WORKER_STACK,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::conventions::{self, Brought};
use super::hints::{Brings, HINTS, Hint};
use super::packages::{self, Manifests};
use super::pattern::{self, Folders};
use super::targets::{Loading, Meaning, found, slashed};
use super::{Dynamic, Edge, How, Missing, Options, Trace, TraceError, elf, synthetic};
use crate::seal::SYNTHETIC;
use crate::source::{Origin, Source, SourceKind};

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
    names: Vec<String>,
    hints: FxHashMap<&'static str, Vec<&'static Hint>>,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    places: FxHashMap<PathBuf, usize>,
    files: Vec<File>,
    queue: Vec<usize>,
    busy: usize,
    /// What conventions brought, by the file or the package that made them count.
    hinted: FxHashSet<(PathBuf, usize)>,
    hints: Vec<(PathBuf, &'static Hint, usize)>,
}

struct File {
    path: PathBuf,
    role: Role,
    /// The role that it was last looked at in.
    looked: Option<Role>,
    outcome: Outcome,
}

/// What one file gives.
#[derive(Default)]
struct Outcome {
    kind: Option<SourceKind>,
    size: u64,
    edges: Vec<(usize, u32, How)>,
    dynamic: Vec<(u32, Act, Option<String>, Option<usize>)>,
    missing: Vec<(u32, String, bool)>,
    unread: Option<String>,
}

/// What one file leads to.
#[derive(Default)]
struct Leads {
    outcome: Outcome,
    found: Vec<(u32, Found)>,
}

pub(super) fn trace(options: &Options) -> Result<Trace, TraceError> {
    let walk = Walk::new(options)?;
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
    let threads = match options.threads {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        threads => threads,
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let worker = std::thread::Builder::new().stack_size(WORKER_STACK);
            let spawned = worker.spawn_scoped(scope, || walk.work());
            spawned.expect("the system gives threads; their memory is taken only as it is touched");
        }
    });
    walk.finish(&entries)
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
            let seen = self.options.seen.as_ref().and_then(|seen| seen.loads.get(&path));
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

    /// Reads one file and finds what it leads to.
    fn look(&self, path: &Path, role: Role) -> Leads {
        let mut leads = Leads::default();
        if let Some(content) = self.content(path) {
            self.read_synthetic(content, &mut leads);
            return leads;
        }
        let outcome = &mut leads.outcome;
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let size = std::fs::metadata(path).map(|metadata| metadata.len());
        match size {
            Ok(size) => outcome.size = size,
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
            Ok(loads) => self.mean(&place, loads.loads, leads),
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

    /// The conventions that a file makes count, with the folder of its package.
    fn hinted(&self, path: &Path) -> Vec<(PathBuf, usize, &'static Hint)> {
        let Some((folder, name)) = packages::installed(path) else { return Vec::new() };
        let Some(hints) = self.hints.get(name.as_str()) else { return Vec::new() };
        let below = path.strip_prefix(&folder).map(slashed).unwrap_or_default();
        let counting =
            hints.iter().enumerate().filter(|(_, hint)| hint.when.is_empty() || hint.when == below);
        counting.map(|(number, hint)| (folder.clone(), number, *hint)).collect()
    }

    /// What a convention brings.
    fn brought(&self, folder: &Path, hint: &Hint) -> Vec<Found> {
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
            Brings::Modules(names) => names.iter().filter_map(|name| module(folder, name)).collect(),
            Brings::Chosen(names) => {
                let chosen = names
                    .iter()
                    .filter(|name| self.names.binary_search_by(|own| own.as_str().cmp(name)).is_ok());
                chosen.filter_map(|name| module(&self.project, name)).collect()
            }
        }
    }

    fn finish(self, entries: &[PathBuf]) -> Result<Trace, TraceError> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let with_files = || state.files.iter().filter(|file| synthetic::hash_of(&file.path).is_none());
        let root = match &self.options.root {
            Some(_) => {
                let outside = with_files().find(|file| !file.path.starts_with(&self.project));
                if let Some(file) = outside {
                    return Err(TraceError::Outside { path: file.path.clone(), root: self.project });
                }
                self.project
            }
            None => common(&self.project, with_files().map(|file| file.path.as_path())),
        };
        let mut order: Vec<usize> = (0..state.files.len()).collect();
        let below = |file: &File| match synthetic::hash_of(&file.path) {
            Some(hash) => format!("{SYNTHETIC}{hash}"),
            None => slashed(file.path.strip_prefix(&root).unwrap_or(&file.path)),
        };
        let names: Vec<String> = state.files.iter().map(below).collect();
        order.sort_by(|&left, &right| names[left].cmp(&names[right]));
        let mut sorted = vec![0; order.len()];
        order.iter().enumerate().for_each(|(new, &old)| sorted[old] = new);

        let mut trace = Trace::default();
        let mut manifests: FxHashSet<PathBuf> = FxHashSet::default();
        let mut labels: FxHashMap<PathBuf, Option<String>> = FxHashMap::default();
        for &old in &order {
            let file = &state.files[old];
            let name = &names[old];
            let outcome = &file.outcome;
            if let Some(why) = &outcome.unread {
                trace.unread.push((name.clone(), why.clone()));
            }
            let package = packages::installed(&file.path).and_then(|(folder, folder_name)| {
                let label = labels.entry(folder.clone()).or_insert_with(|| {
                    let manifest = self.manifests.nearest(&folder)?;
                    let name = manifest.text("name").unwrap_or(&folder_name);
                    Some(format!("{name}@{}", manifest.text("version").unwrap_or_default()))
                });
                label.clone().or(Some(folder_name))
            });
            trace.list.sources.push(Source {
                path: name.clone(),
                kind: outcome.kind.unwrap_or(SourceKind::Text),
                origin: match &self.options.seen {
                    Some(seen) if seen.files.contains(&file.path) => Origin::Recorded,
                    _ => Origin::Static,
                },
                package,
                size: outcome.size,
            });
            if outcome.kind == Some(SourceKind::Synthetic) {
                let content = self.options.seen.as_ref().zip(synthetic::hash_of(&file.path));
                let content = content.and_then(|(seen, hash)| seen.synthetic.get(hash));
                trace.synthetic.extend(content.cloned());
            }
            trace.edges.extend(outcome.edges.iter().map(|&(to, line, how)| Edge {
                from: sorted[old],
                to: sorted[to],
                line,
                how,
            }));
            trace.dynamic.extend(outcome.dynamic.iter().map(|(line, act, pattern, matched)| Dynamic {
                file: name.clone(),
                line: *line,
                act: *act,
                pattern: pattern.clone(),
                matched: *matched,
            }));
            trace.missing.extend(outcome.missing.iter().map(|(line, specifier, optional)| Missing {
                file: name.clone(),
                line: *line,
                specifier: specifier.clone(),
                optional: *optional,
            }));
            for folder in file.path.ancestors().skip(1).take_while(|folder| folder.starts_with(&root)) {
                if !manifests.insert(folder.to_path_buf()) {
                    break;
                }
            }
        }
        self.manifests.below(&manifests, &root, &mut trace.list);
        self.manifests.tell_broken(&root, &mut trace.unread);
        trace.edges.sort();
        let place = |path: &Path| state.places.get(path).map(|&old| sorted[old]);
        let declared = self.options.declared.iter().filter_map(|file| file.canonicalize().ok());
        let starts = entries.iter().cloned().chain(declared).filter_map(|file| place(&file)).collect();
        let brought = state.hints.iter().map(|(folder, hint, to)| Brought {
            package: format!("{}/", slashed(folder.strip_prefix(&root).unwrap_or(folder))),
            by: (!hint.when.is_empty()).then(|| place(&folder.join(hint.when))).flatten(),
            to: sorted[*to],
        });
        conventions::join(&mut trace, starts, brought.collect());
        trace.dynamic.sort();
        trace.dynamic.dedup();
        super::summarise(&mut trace.dynamic);
        trace.missing.sort();
        trace.missing.dedup();
        trace.list.entries =
            entries.iter().map(|entry| slashed(entry.strip_prefix(&root).unwrap_or(entry))).collect();
        trace.list.entries.sort();
        trace.list.root = root;
        Ok(trace)
    }
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

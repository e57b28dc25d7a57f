//! All checks, in order, and the start.

use std::ffi::{OsStr, OsString};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use nodeward_package::beside;
use nodeward_sandbox::{Children, Enforcement, Grant, Program, Sandbox, Support};

use super::cache::{self, MAX_PACK};
use super::environment;
use super::error::LaunchError;
use super::ground::Ground;
use super::list;
use super::main_file;
use super::node::{Node, NodeError};
use super::options;
use super::place::Place;
use super::system;
use super::verify::{Checked, verify};
use crate::SourceKind;
use crate::files::{self, Root};
use crate::seal::{CacheFile, Digest, Document, EvalMode};

/// Without the add-on, V8 itself has to deny code from strings. With it, V8 asks the add-on in every context, whatever the
/// flag says; and a flag has V8 take the code that Node.js brings of its own modules for that of another V8, so that each
/// is compiled from its text: a third of an empty program's start.
const NO_CODE_FROM_STRINGS: &str = "--disallow-code-generation-from-strings";
const NO_DEBUGGER_BY_SIGNAL: &str = "--disable-sigusr1";

/// The first version with [`NO_DEBUGGER_BY_SIGNAL`].
const KNOWS_NO_DEBUGGER_BY_SIGNAL: u32 = 24;

/// The add-on is a few hundred kilobytes.
const MAX_ADDON: u64 = 64 * 1024 * 1024;

/// Whether the seal is enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// What is not sealed is denied.
    Enforce,
    /// What would be denied is reported, and happens. No kernel layer.
    Report,
}

/// What is done with V8's code cache.
#[derive(Debug, Clone, Copy)]
pub enum CodeCache<'a> {
    /// The sealed one is used, if it is for this Node.js.
    Sealed,
    /// Node.js writes one into this folder, and stops after so many milliseconds.
    Recorded(&'a Path, u32),
}

/// What the console does with a message and the module that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Console {
    /// Puts the module's name before each of its lines.
    Lines,
    /// Writes both to this descriptor, in which the key for that lies ready ([`crate::log::frame`]).
    Descriptor(u32),
}

/// What to start, and how.
#[derive(Debug)]
pub struct Request<'a> {
    /// The seal's file, absolute.
    pub seal: &'a Path,
    /// The hash of that file.
    pub seal_sha256: Digest,
    /// What it says.
    pub document: &'a Document,
    /// How the command line calls it.
    pub name: &'a OsStr,
    /// The words after that: its options, the main file, the program's arguments.
    pub words: &'a [OsString],
    /// The current folder.
    pub directory: &'a Path,
    /// The environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Whether the seal is enforced.
    pub mode: Mode,
    /// Where denials are written, absolute; standard error without it.
    pub report: Option<&'a Path>,
    /// Where the console's messages go with their modules' names; as they are without it.
    pub console: Option<Console>,
    /// Files and folders that may be read besides.
    pub reads: &'a [PathBuf],
    /// Files and folders that may be read and written.
    pub writes: &'a [PathBuf],
    /// The native add-on for bounded eval.
    pub addon: Option<Addon<'a>>,
    /// Whether to start although the kernel can't enforce everything.
    pub allow_partial: bool,
    /// What is done with V8's code cache.
    pub cache: CodeCache<'a>,
    /// Which files are compared before the start.
    pub checked: Checked,
    /// How many threads compare.
    pub threads: NonZeroUsize,
}

/// The native add-on for bounded eval.
#[derive(Debug, Clone, Copy)]
pub enum Addon<'a> {
    /// A file that the user names.
    File(&'a Path),
    /// The bytes of the one that is part of the launching program.
    Own(&'a [u8]),
}

/// A program that may be started.
#[derive(Debug)]
pub struct Launch {
    program: Program,
    sandbox: Sandbox,
    children: Children,
    place: Place,
    /// How much the kernel enforces. In report mode it is asked for nothing.
    pub enforcement: Enforcement,
    /// That enforcement was not tried with this Node.js; it was allowed, or this is report mode.
    pub untried: Option<NodeError>,
    /// What was taken from the environment.
    pub removed: Vec<String>,
    /// What would have been denied; only in report mode.
    pub reported: Vec<LaunchError>,
    /// What is in force, as the guard is told.
    pub layers: String,
}

impl Launch {
    /// Checks everything that can be checked before the program's first line.
    ///
    /// # Errors
    /// It must not be started. In report mode what would be denied is no error.
    pub fn prepare(request: Request<'_>, ground: Ground) -> Result<Self, LaunchError> {
        let Ground { node, mut known, support, sandbox, place } = ground;
        let root = root_of(request.seal)?;
        let children = if request.document.children { Children::Granted } else { Children::Denied };
        let enforcement = match request.mode {
            Mode::Enforce => support.enforcement(children),
            Mode::Report => Enforcement::Full,
        };
        if !enforcement.missing().is_empty() && !request.allow_partial {
            return Err(LaunchError::Partial(enforcement.missing().to_vec()));
        }
        let (sandbox, loader) = sandbox?;
        let mut reported = Vec::new();
        let untried = node.untried();
        if let Some(error) = node.untried().filter(|_| !request.allow_partial) {
            report_or_fail(error.into(), request.mode, &mut reported)?;
        }
        let words = match checked_words(&request, &root) {
            Ok(words) => words,
            Err(error) => {
                report_or_fail(error, request.mode, &mut reported)?;
                request.words.to_vec()
            }
        };
        let mut place = place.map_err(LaunchError::Place)?;
        // When only reporting, what the seal does not allow happens.
        if request.document.children || request.mode == Mode::Report {
            place.expect_users().map_err(|error| LaunchError::Place(error.to_string()))?;
        }
        let (brought, verified) = beside::both(
            || bring(&request, &node, &root, &sandbox, &mut place, known.file().as_deref()),
            || verify(&root, request.document, &sandbox, request.checked, request.threads),
        );
        if let Err(error) = verified {
            report_or_fail(error, request.mode, &mut reported)?;
        }
        let Brought { cache, addon } = brought?;
        let scrubbed = environment::scrub(request.environment.iter().cloned());
        if request.mode == Mode::Enforce {
            if let Some(loader) = loader {
                // The copy of the add-on is another file at each start, and our own needs no library that Node.js does not.
                let named = match request.addon {
                    Some(Addon::File(file)) => Some(file.to_owned()),
                    Some(Addon::Own(_)) | None => None,
                };
                let natives = natives(request.document, &root).chain(named);
                system::allow_libraries_of(&sandbox, &natives.collect::<Vec<_>>(), &loader, &mut known)?;
            }
            system::allow_besides(&sandbox, &scrubbed.kept, request.document.children)?;
            allow(&request, &node, &root, &sandbox, &place)?;
        }
        known.keep();
        if let Some(report) = request.report {
            sandbox.allow(&open_report(report)?, Grant::Write, &report.to_string_lossy())?;
        }
        let layers = layers(support, request.mode, children);
        let guard = guard_options(&place.preload(), &request, &node);
        let recorder = recorder(&request, &mut place)?;
        let removed = scrubbed.removed.clone();
        let ours: Vec<OsString> = recorder.iter().chain(&guard).cloned().collect();
        let cache = cache.as_deref();
        let mut environment = surroundings(&request, scrubbed, &layers, addon.as_ref(), cache, &ours);
        environment.push(("NODEWARD_GUARD".into(), place.written().into()));
        let arguments = [request.name.to_owned()].into_iter().chain(guard).chain(words).collect();
        let program = Program { file: node.file, arguments, environment };
        Ok(Self { program, sandbox, children, place, enforcement, untried, removed, reported, layers })
    }

    /// Becomes the program. Returns only when that failed.
    pub fn start(mut self) -> LaunchError {
        if let Err(source) = self.place.hand_over() {
            return LaunchError::Write { path: self.place.folder().to_owned(), source };
        }
        let error = self.sandbox.start(&self.program, self.children);
        self.place.take_back();
        error.into()
    }
}

fn report_or_fail(
    error: LaunchError,
    mode: Mode,
    reported: &mut Vec<LaunchError>,
) -> Result<(), LaunchError> {
    match mode {
        Mode::Enforce => Err(error),
        Mode::Report => {
            reported.push(error);
            Ok(())
        }
    }
}

/// The words for Node.js: harmless options, sealed modules to load first, an entry as main file, the arguments.
fn checked_words(request: &Request<'_>, root: &Root) -> Result<Vec<OsString>, LaunchError> {
    let words = options::parse(request.words)?;
    let (directory, document) = (request.directory, request.document);
    main_file::check(&words.main, directory, root, document)?;
    let mut checked = words.options;
    for (option, module) in &words.preloads {
        let file = main_file::check_preload(option, module, directory, root, document)?;
        checked.extend([option.into(), file.into_os_string()]);
    }
    checked.push(words.main);
    checked.extend(words.arguments);
    Ok(checked)
}

fn root_of(seal: &Path) -> Result<Root, LaunchError> {
    let folder = seal.parent().unwrap_or(Path::new("/"));
    Root::open(folder).map_err(|error| LaunchError::Path { path: folder.into(), reason: error.to_string() })
}

/// What there is of V8's code before the program starts.
#[derive(Debug, Default)]
struct Cached {
    /// Where Node.js finds its cache.
    folder: Option<PathBuf>,
    /// Where the guard finds the code of modules.
    code: Vec<(String, usize, usize)>,
}

/// What is in the guard's folder besides the guard.
struct Brought {
    /// Where Node.js finds its code cache.
    cache: Option<PathBuf>,
    /// The add-on and its hash.
    addon: Option<(PathBuf, Digest)>,
}

/// Writes what belongs to this program into the guard's folder. `known` is the file that says the version of Node.js.
fn bring(
    request: &Request<'_>,
    node: &Node,
    root: &Root,
    sandbox: &Sandbox,
    place: &mut Place,
    known: Option<&Path>,
) -> Result<Brought, LaunchError> {
    let cache = code_cache(request, node, root, sandbox, place)?;
    let version = (&*node.version, known.filter(|_| node.is_known));
    match list::of(request.document, request.seal_sha256, root.folder(), version, &cache.code) {
        Some(list) => {
            let folder = place.folder().to_owned();
            let failed = |source| LaunchError::Write { path: folder, source };
            place.write(list::FILE_NAME, &list).map_err(failed)?;
        }
        // Without it the guard does not know which version this should be.
        None if node.is_known => node.confirm()?,
        None => {}
    }
    let addon = request.addon.map(|addon| bring_addon(addon, place)).transpose()?;
    Ok(Brought { cache: cache.folder, addon })
}

fn code_cache(
    request: &Request<'_>,
    node: &Node,
    root: &Root,
    sandbox: &Sandbox,
    place: &mut Place,
) -> Result<Cached, LaunchError> {
    if let CodeCache::Recorded(folder, _) = request.cache {
        system::allow_if_there(sandbox, folder, Grant::Write)?;
        return Ok(Cached { folder: Some(folder.to_owned()), ..Cached::default() });
    }
    let platform = Node::platform();
    let fits = |file: &&CacheFile| file.node == node.version && file.platform == platform;
    let Some(file) = request.document.cache.iter().find(fits).filter(|_| request.mode == Mode::Enforce)
    else {
        return Ok(Cached::default());
    };
    let mut pack = Vec::new();
    let read = root.file(&file.path).and_then(|mut opened| files::read(&mut opened, MAX_PACK, &mut pack));
    match read {
        Ok(found) if found == file.sha256 => {}
        Ok(_) => return Err(LaunchError::Files(vec![format!("{} was changed", file.path)])),
        Err(error) => return Err(LaunchError::Files(vec![format!("{} can't be read ({error})", file.path)])),
    }
    match cache::unpack(&pack, root.folder(), place) {
        Ok(unpacked) => Ok(Cached { folder: Some(unpacked.folder), code: unpacked.code }),
        Err(source) => Err(LaunchError::Cache { path: file.path.to_string(), source }),
    }
}

/// Loaded before the guard when a code cache is recorded: has it written after a while, and ends the program.
fn recorder(request: &Request<'_>, place: &mut Place) -> Result<Vec<OsString>, LaunchError> {
    let CodeCache::Recorded(folder, after) = request.cache else { return Ok(Vec::new()) };
    let script = format!(
        "'use strict';\n\
        const {{ flushCompileCache }} = require('node:module');\n\
        const {{ reallyExit }} = process;\n\
        const isMainThread = process.chdir.disabled !== true;\n\
        if (isMainThread) setTimeout(() => {{ flushCompileCache?.(); reallyExit.call(process, 0); }}, {after}).unref();\n"
    );
    let own = place.folder().to_owned();
    let failed = |source| LaunchError::Write { path: own.clone(), source };
    let file = place.write("recorder.cjs", script.as_bytes()).map_err(failed)?;
    // Whoever packs the cache has to know where the guard was.
    std::fs::write(folder.join("place"), own.as_os_str().as_encoded_bytes()).map_err(failed)?;
    Ok(vec!["--require".into(), file.into_os_string()])
}

/// Copies the add-on to where the program can't write, so that what was hashed is what is loaded.
fn bring_addon(addon: Addon<'_>, place: &mut Place) -> Result<(PathBuf, Digest), LaunchError> {
    const NAME: &str = "nodeward.node";
    let own = place.folder().to_owned();
    let failed = |path: &Path, error: std::io::Error| LaunchError::Path {
        path: path.into(),
        reason: error.to_string(),
    };
    match addon {
        Addon::Own(bytes) => {
            Ok((place.write(NAME, bytes).map_err(|error| failed(&own, error))?, Digest::of(bytes)))
        }
        Addon::File(file) => {
            let mut bytes = Vec::new();
            let digest = files::open_regular(file)
                .and_then(|mut opened| files::read(&mut opened, MAX_ADDON, &mut bytes))
                .map_err(|error| failed(file, error))?;
            Ok((place.write(NAME, &bytes).map_err(|error| failed(&own, error))?, digest))
        }
    }
}

/// The sealed modules of native code.
fn natives(document: &Document, root: &Root) -> impl Iterator<Item = PathBuf> {
    let natives = document.sources.iter().filter(|source| source.kind == SourceKind::Native);
    natives.map(|source| root.folder().join(&source.path))
}

/// Allows the places of this program, and what its user names.
fn allow(
    request: &Request<'_>,
    node: &Node,
    root: &Root,
    sandbox: &Sandbox,
    place: &Place,
) -> Result<(), LaunchError> {
    system::allow_if_there(sandbox, root.folder(), Grant::List)?;
    system::allow_if_there(sandbox, request.seal, Grant::Read)?;
    system::allow_if_there(sandbox, place.folder(), Grant::Read)?;
    // Node.js looks for a manifest up to the root of the file system; it does not go above one that it finds.
    if !request.document.files().any(|(path, ..)| path.as_str() == "package.json") {
        for folder in root.folder().ancestors().skip(1) {
            system::allow_if_there(sandbox, &folder.join("package.json"), Grant::Read)?;
        }
    }
    system::allow_manifest_above(sandbox, request.directory, root.folder(), request.document)?;
    let named = |path: &Path, grant| -> Result<(), LaunchError> {
        let file = system::open_place(path).map_err(|error| LaunchError::Path {
            path: path.into(),
            reason: format!("{error}; make it before the start"),
        })?;
        Ok(sandbox.allow(&file, grant, &path.to_string_lossy())?)
    };
    for path in request.reads {
        named(&request.directory.join(path), Grant::Read)?;
    }
    for path in request.writes {
        let path = request.directory.join(path);
        refuse_protected(&path, request, node, root, place)?;
        named(&path, Grant::Write)?;
    }
    Ok(())
}

/// What the program may write must not hold what it was checked by.
fn refuse_protected(
    path: &Path,
    request: &Request<'_>,
    node: &Node,
    root: &Root,
    place: &Place,
) -> Result<(), LaunchError> {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let fixed = [request.seal, place.folder(), &node.path].into_iter().find(|file| file.starts_with(&real));
    let sealed = request.document.files().map(|(path, ..)| path);
    let sealed = sealed.map(|path| root.folder().join(path)).find(|file| file.starts_with(&real));
    match fixed.map(Path::to_owned).or(sealed) {
        Some(file) => Err(LaunchError::Path {
            path: path.into(),
            reason: format!(
                "the program may not write here, as {} lies in it; name a folder without sealed files",
                file.display()
            ),
        }),
        None => Ok(()),
    }
}

fn open_report(report: &Path) -> Result<std::fs::File, LaunchError> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(report).map_err(|source| LaunchError::Write { path: report.into(), source })
}

fn layers(support: Support, mode: Mode, children: Children) -> String {
    let mut layers = "launcher".to_owned();
    if mode == Mode::Enforce && support.landlock {
        layers.push_str(",landlock");
    }
    if mode == Mode::Enforce && support.seccomp && children == Children::Denied {
        layers.push_str(",seccomp");
    }
    layers
}

/// What Node.js gets first, on the command line and in `NODE_OPTIONS`: the latter is for workers and children.
fn guard_options(preload: &Path, request: &Request<'_>, node: &Node) -> Vec<OsString> {
    let mut options: Vec<OsString> = vec!["--require".into(), preload.into()];
    if request.mode == Mode::Enforce {
        if request.document.eval.mode == EvalMode::Strict && request.addon.is_none() {
            options.push(NO_CODE_FROM_STRINGS.into());
        }
        if node.major >= KNOWS_NO_DEBUGGER_BY_SIGNAL {
            options.push(NO_DEBUGGER_BY_SIGNAL.into());
        }
    }
    options
}

/// The variables that Node.js gets: what is left of the user's, and ours.
fn surroundings(
    request: &Request<'_>,
    scrubbed: environment::Scrubbed,
    layers: &str,
    addon: Option<&(PathBuf, Digest)>,
    cache: Option<&Path>,
    ours: &[OsString],
) -> Vec<(OsString, OsString)> {
    let (mut environment, others) = match request.mode {
        Mode::Enforce => (scrubbed.kept, quoted(scrubbed.options.iter().map(OsStr::new))),
        // Nothing else may change. What would be taken away is told, and stays.
        Mode::Report => unscrubbed(&request.environment),
    };
    let mut set = |name: &str, value: &OsStr| environment.push((name.into(), value.to_owned()));
    set("NODEWARD_SEAL", request.seal.as_os_str());
    set("NODEWARD_SEAL_SHA256", request.seal_sha256.to_string().as_ref());
    set("NODEWARD_MODE", if request.mode == Mode::Enforce { "enforce" } else { "report" }.as_ref());
    set("NODEWARD_REPORT", request.report.map_or(OsStr::new("stderr"), Path::as_os_str));
    set("NODEWARD_LAYERS", layers.as_ref());
    match request.console {
        Some(Console::Lines) => set("NODEWARD_CONSOLE", "lines".as_ref()),
        Some(Console::Descriptor(number)) => set("NODEWARD_CONSOLE", number.to_string().as_ref()),
        None => {}
    }
    if let Some((addon, digest)) = addon {
        set("NODEWARD_ADDON", addon.as_os_str());
        set("NODEWARD_ADDON_SHA256", digest.to_string().as_ref());
    }
    match (cache, request.mode) {
        (Some(folder), _) => set("NODE_COMPILE_CACHE", folder.as_os_str()),
        (None, Mode::Enforce) => set("NODE_DISABLE_COMPILE_CACHE", "1".as_ref()),
        (None, Mode::Report) => {}
    }
    // What stands in the variable is loaded first.
    set(
        "NODE_OPTIONS",
        format!("{} {others}", quoted(ours.iter().map(OsString::as_os_str))).trim_end().as_ref(),
    );
    environment
}

/// Words as they stand in `NODE_OPTIONS`.
fn quoted<'a>(words: impl Iterator<Item = &'a OsStr>) -> String {
    words.map(options::quoted).collect::<Vec<_>>().join(" ")
}

/// The environment as it is, without our variables, and the whole `NODE_OPTIONS`.
fn unscrubbed(environment: &[(OsString, OsString)]) -> (Vec<(OsString, OsString)>, String) {
    let is_ours = |name: &OsStr| name.to_string_lossy().starts_with("NODEWARD_");
    let others = environment.iter().find(|(name, _)| name == "NODE_OPTIONS");
    let kept = environment.iter().filter(|(name, _)| name != "NODE_OPTIONS" && !is_ours(name));
    (
        kept.cloned().collect(),
        others.map(|(_, value)| value.to_string_lossy().into_owned()).unwrap_or_default(),
    )
}

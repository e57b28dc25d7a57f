//! `nodeward run -- node app.js`: a program of which only the sealed files load.

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::ValueHint;
use nodeward_package::beside;
use nodeward_seal::launch::{
    Checked, CodeCache, Console, Ground, GroundRequest, Launch, LaunchError, Mode, Parents, Request,
};
use nodeward_seal::seal::{self, Digest, Document, signature};

use crate::addon::AddonArgs;
use crate::config::Config;
use crate::disk;
#[cfg(unix)]
use crate::logging;
use crate::outcome::Outcome;
use crate::programs;
use crate::session::{self, Session};

/// Start a program of which only the sealed files load.
///
/// Checks the seal, every file that it lists, Node.js, its options and the environment. Then the kernel lets the
/// program open only what is listed and start no other program (Landlock, seccomp), and the guard compares each
/// module with the seal when it loads. The process becomes Node.js: signals, streams and exit code are its own.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes:
  125    nothing was started, as the seal could not be enforced; or the program was ended, as its log
         could not be written
  other  the program's own

Examples:
  nodeward run -- node app.js
  nodeward run --report-only --report denials.jsonl -- node app.js
  nodeward run --verify seal.pub --write data -- node --enable-source-maps app.js --port 80")]
pub(crate) struct RunArgs {
    /// Enforce nothing: report what would be denied, one JSON line each
    #[arg(long)]
    report_only: bool,
    /// Start although the kernel can't enforce everything
    #[arg(long)]
    allow_partial: bool,
    /// The seal [default: nodeward.seal.json beside the main file, or above it]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    seal: Option<PathBuf>,
    /// Refuse a seal that is not signed by the owner of this public key
    #[arg(long, value_name = "PUBLIC", value_hint = ValueHint::FilePath)]
    verify: Option<PathBuf>,
    /// The Node.js to start, instead of the one that the command names
    #[arg(long, value_name = "PATH", value_hint = ValueHint::ExecutablePath)]
    node: Option<PathBuf>,
    /// Refuse a Node.js that has none of these SHA-256 (repeatable)
    #[arg(long, value_name = "HEX")]
    node_sha256: Vec<String>,
    /// Where denials are written, one JSON line each [default: standard error]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    report: Option<PathBuf>,
    /// Log what the program writes: each message of the console with its module, no line of which can be changed
    /// later; `nodeward logs` checks and shows it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "console")]
    log: Option<PathBuf>,
    /// The log's key, of `nodeward logs key`; replaced by the next one at every entry
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "log")]
    log_key: Option<PathBuf>,
    /// Have the file system refuse to change what is in the log (Linux, needs root)
    #[arg(long, requires = "log")]
    log_append_only: bool,
    /// What the console puts before each line: `modules` for the module that the message is from
    #[arg(long, value_name = "WHAT", value_enum)]
    console: Option<Names>,
    /// Where the console's messages go, for `--log`
    #[arg(long, value_name = "N", hide = true)]
    console_socket: Option<u32>,
    /// A file or folder that the program may read besides (repeatable)
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    read: Vec<PathBuf>,
    /// A file or folder that the program may write and read (repeatable)
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    write: Vec<PathBuf>,
    /// Compare the contents of all code before the start, not only when it loads
    #[arg(long)]
    compare_all: bool,
    #[command(flatten)]
    addon: AddonArgs,
    /// Let Node.js write its code cache into this folder, and stop; for `nodeward seal --code-cache`
    #[arg(long, value_name = "DIR", hide = true)]
    record_code_cache: Option<PathBuf>,
    /// After so many milliseconds
    #[arg(long, value_name = "MS", hide = true, default_value_t = 3000)]
    record_for: u32,
    /// The command: node, its options, the main file, its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Names {
    Modules,
}

/// Becomes the program. Returns only what kept it from that, or, with a log, how it ended.
pub(crate) fn run(args: &RunArgs, session: &Session) -> Outcome {
    if args.log.is_some() {
        return match logged(args, session) {
            Ok(code) => Outcome::Ran(code),
            Err(error) => {
                session.print_error(&error);
                Outcome::NotEnforced
            }
        };
    }
    match start(args, session) {
        Ok(never) => match never {},
        Err(error) => {
            session.print_error(&error);
            Outcome::NotEnforced
        }
    }
}

fn start(args: &RunArgs, session: &Session) -> anyhow::Result<std::convert::Infallible> {
    let mode = if args.report_only { Mode::Report } else { Mode::Enforce };
    let (name, words) =
        args.command.split_first().context("no command; write `nodeward run -- node app.js`")?;
    let file = seal_file(args, words, session)?;
    let config = config(&file, session)?;
    let node = node_file(args, name, &file, session)?;
    let trusted = trusted(args, &config)?;
    let all = |more: &[PathBuf], paths: &[PathBuf]| [paths, more].concat();
    let (reads, writes) = (all(&args.read, &config.run.read), all(&args.write, &config.run.write));
    let known = session.cache.as_ref().map(|cache| session.directory.join(cache));
    let parents = parents(session);
    let written: Vec<PathBuf> = writes.iter().map(|write| session.directory.join(write)).collect();
    let request = GroundRequest {
        node: &node,
        trusted: &trusted,
        mode,
        parents: &parents,
        known: known.as_deref(),
        writes: &written,
    };
    // What does not depend on the seal is made ready while it is read.
    let (sealed, ground) =
        beside::both(|| read_seal(&file, args, &config, session), || Ground::prepare(&request));
    let (document, seal_sha256) = sealed?;
    let ground = ground.map_err(LaunchError::from)?;
    let report = args.report.as_ref().map(|report| session.directory.join(report));
    if let Some(report) = &report {
        let shown = || format!("cannot write {}", report.display());
        disk::refuse_leading_out(report, &session.directory).with_context(shown)?;
    }
    let named = args.addon.named(session);
    let addon = args.addon.chosen(named.as_deref());
    let request = Request {
        seal: &file,
        seal_sha256,
        document: &document,
        name,
        words,
        directory: &session.directory,
        environment: std::env::vars_os().collect(),
        mode,
        report: report.as_deref(),
        console: console(args),
        reads: &reads,
        writes: &writes,
        addon,
        allow_partial: args.allow_partial,
        cache: match &args.record_code_cache {
            Some(folder) => CodeCache::Recorded(folder, args.record_for),
            None => CodeCache::Sealed,
        },
        checked: if args.compare_all { Checked::Everything } else { Checked::WhatIsNotLoaded },
        threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
    };
    let launch = Launch::prepare(request, ground)?;
    tell(&launch, mode, &document, addon.is_some(), report.as_deref(), session)?;
    Err(launch.start().into())
}

/// Runs this program again, without the log, as a child that becomes the program.
#[cfg(unix)]
fn logged(args: &RunArgs, session: &Session) -> anyhow::Result<u8> {
    let file = session.directory.join(args.log.as_deref().context("no log was named")?);
    let shown = || format!("cannot write {}", file.display());
    disk::refuse_leading_out(&file, &session.directory).with_context(shown)?;
    let words = args.command.get(1..).unwrap_or_default();
    let config = config(&seal_file(args, words, session)?, session)?;
    let writes: Vec<PathBuf> = config
        .run
        .write
        .into_iter()
        .chain(args.write.iter().map(|write| session.directory.join(write)))
        .collect();
    if logging::is_below(&file, &writes) {
        bail!("{}: the program may write there; name a log outside of what --write gives", file.display());
    }
    let log = logging::Log {
        file,
        key: args.log_key.as_ref().map(|key| session.directory.join(key)),
        append_only: args.log_append_only,
    };
    let mut words = std::env::args_os().skip(1).take_while(|word| word != "--");
    let mut before = Vec::new();
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("--log" | "--log-key") => drop(words.next()),
            Some("--log-append-only") => {}
            Some(word) if word.starts_with("--log=") || word.starts_with("--log-key=") => {}
            _ => before.push(word),
        }
    }
    logging::run(&log, before, &args.command)
}

#[cfg(not(unix))]
fn logged(_args: &RunArgs, _session: &Session) -> anyhow::Result<u8> {
    bail!("--log is not there on this system")
}

/// What the console does with the modules' names.
fn console(args: &RunArgs) -> Option<Console> {
    let lines = args.console.map(|Names::Modules| Console::Lines);
    args.console_socket.map(Console::Descriptor).or(lines)
}

/// The configuration of the project that was sealed, wherever it is started from.
fn config(seal: &Path, session: &Session) -> anyhow::Result<Config> {
    if let Some(file) = &session.config {
        return Config::read(file);
    }
    let seal = std::fs::canonicalize(seal).unwrap_or_else(|_| seal.to_owned());
    Config::for_project(seal.parent().unwrap_or(Path::new("/")), &session.directory)
}

/// Beside the main file or above it; without one there, in the current folder.
fn seal_file(args: &RunArgs, words: &[OsString], session: &Session) -> anyhow::Result<PathBuf> {
    if let Some(file) = &args.seal {
        return Ok(session.directory.join(file));
    }
    let main = words.iter().find(|word| !word.to_string_lossy().starts_with('-'));
    let main = main.map(|main| session.directory.join(main));
    let main = main.map(|main| std::fs::canonicalize(&main).unwrap_or(main));
    let above = main.as_deref().into_iter().flat_map(Path::ancestors).skip(1);
    for folder in above.chain([session.directory.as_path()]) {
        let file = folder.join(seal::FILE_NAME);
        // One that is there counts, readable or not: the one above it is another program's.
        match std::fs::symlink_metadata(&file) {
            Ok(_) => return Ok(file),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }
    bail!("there is no {} beside the main file or above it; make one with `nodeward seal`", seal::FILE_NAME)
}

/// The Node.js of the command, looked for as a shell would.
fn node_file(args: &RunArgs, name: &OsStr, seal: &Path, session: &Session) -> anyhow::Result<PathBuf> {
    let program = Path::new(name);
    let stem = program.file_stem().map(OsStr::to_string_lossy).unwrap_or_default();
    if !matches!(&*stem, "node" | "nodejs") {
        bail!(
            "{} is not Node.js; name it and the main file, as `nodeward run -- node app.js`: what starts it in between \
             could start other things",
            program.display()
        );
    }
    if let Some(node) = &args.node {
        return Ok(session.directory.join(node));
    }
    if program.components().count() > 1 {
        return Ok(session.directory.join(program));
    }
    // A dependency's is named where it is meant.
    programs::needed(&name.to_string_lossy(), "name one with --node", seal.parent().unwrap_or(seal), session)
}

fn trusted(args: &RunArgs, config: &Config) -> anyhow::Result<Vec<Digest>> {
    let parse = |text: &String| Digest::parse(text).with_context(|| format!("{text:?} is no SHA-256"));
    args.node_sha256.iter().chain(&config.run.node_sha256).map(parse).collect()
}

fn read_seal(
    file: &Path,
    args: &RunArgs,
    config: &Config,
    session: &Session,
) -> anyhow::Result<(Document, Digest)> {
    let text = disk::read_bounded(file, seal::MAX_BYTES)
        .with_context(|| format!("cannot read {}", file.display()))?;
    let shown = file.strip_prefix(&session.directory).unwrap_or(file);
    let document = Document::parse(shown, &text)?;
    let key = args.verify.as_ref().map(|key| session.directory.join(key)).or_else(|| config.run.key.clone());
    if let Some(key) = key {
        let key = super::seal::read_key(&key)?;
        signature::verify(&document, &key).with_context(|| shown.display().to_string())?;
        // What is signed is what the text says. Who vouches for it vouches for the text too.
        if document.write().as_bytes() != text {
            bail!(
                "{}: was written to after it was signed; restore it, or seal and sign again",
                shown.display()
            );
        }
    }
    Ok((document, Digest::of(&text)))
}

/// Folders of this user first, then those of everybody.
fn parents(session: &Session) -> Parents {
    let runtime = session.variable("XDG_RUNTIME_DIR").map(PathBuf::from);
    let shared = Path::new("/dev/shm");
    let shared = shared.is_dir().then(|| shared.to_owned());
    let all = runtime.into_iter().chain([std::env::temp_dir()]).chain(shared);
    Parents(all.filter(|folder| folder.is_absolute()).collect())
}

/// What the user has to know before the program's own lines.
fn tell(
    launch: &Launch,
    mode: Mode,
    document: &Document,
    has_addon: bool,
    report: Option<&Path>,
    session: &Session,
) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    for missing in launch.enforcement.missing() {
        // Not a warning, which `--quiet` would hide.
        session.insist(format_args!("only partly enforced: missing is {missing}"));
        lines.push(line(session, mode, "enforcement", "partial", &format!("missing is {missing}")));
    }
    if let Some(untried) = launch.untried.as_ref().filter(|_| mode == Mode::Enforce) {
        session.insist(format_args!("only partly enforced: {untried}"));
        lines.push(line(session, mode, "enforcement", "partial", &untried.to_string()));
    }
    // Ours are not the program's, and nobody misses them there.
    for removed in launch.removed.iter().filter(|name| !name.starts_with("NODEWARD_")) {
        match mode {
            Mode::Enforce => session.warn(format_args!("not passed on to the program: {removed}")),
            Mode::Report => {
                lines.push(line(session, mode, "start", removed, "would not be passed on to the program"));
            }
        }
    }
    lines.extend(
        launch.reported.iter().map(|error| line(session, mode, "start", "start", &error.to_string())),
    );
    if !has_addon && !document.eval.modules.is_empty() {
        session.warn(
            "without the native add-on code from strings is bounded by JavaScript alone, and direct eval does not \
             see local variables",
        );
    }
    if session.chatter == session::Chatter::Verbose {
        session.note(format_args!("in force: {}", launch.layers));
    }
    let Some(report) = report else {
        lines.iter().for_each(|line| session.report(line));
        return Ok(());
    };
    use std::io::Write as _;
    let mut file = std::fs::OpenOptions::new().append(true).open(report)?;
    lines.iter().try_for_each(|line| writeln!(file, "{line}"))?;
    Ok(())
}

/// A line like those that the guard writes.
fn line(session: &Session, mode: Mode, kind: &str, subject: &str, reason: &str) -> String {
    serde_json::json!({
        "schema": "nodeward.denial/1",
        "time": session.now.to_string(),
        "pid": std::process::id(),
        "mode": if mode == Mode::Enforce { "enforce" } else { "report" },
        "kind": kind,
        "subject": subject,
        "parent": null,
        "reason": reason,
        "stack": [],
    })
    .to_string()
    // A terminal shows these lines too, and names of variables come from anybody.
    .chars()
    .map(|c| if c == ' ' || c.is_ascii_graphic() { c.to_string() } else { escaped(c) })
    .collect()
}

fn escaped(c: char) -> String {
    c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

//! `nodeward seal [ENTRY…]`: the list of what production loads, by hash.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::ValueHint;
use nodeward_report::Printable;
use nodeward_seal::seal::compare::{Changes, compare};
use nodeward_seal::seal::{self, Declared, Document, signature};
use nodeward_seal::trace::{self, Trace};
use nodeward_seal::{Origin, SourceList};

use crate::addon::AddonArgs;
use crate::config::Config;
use crate::outcome::Outcome;
use crate::sealing::{code_cache, eval, included, made_code, recordings, self_test};
use crate::session::{Chatter, Session};
use crate::trace::recording::{self, RecordArgs};
use crate::{disk, output};

/// How many places of one kind are shown without `--verbose`.
const SHOWN: usize = 5;

/// List the files that production loads, by hash.
///
/// Traces the entries and writes nodeward.seal.json at the root of what they load. `nodeward run` lets these files
/// load and no others, `nodeward bundle` copies them. The text is the same for the same files, so that a change of
/// one file is a change of one line.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  nodeward seal server.js
  nodeward seal --check                     in CI: is the seal that was committed still true?
  nodeward seal --record server.js -- npm test
  nodeward seal --sign seal.key server.js
  nodeward seal --verify seal.pub
  nodeward seal --code-cache --node /usr/bin/node server.js")]
pub(crate) struct SealArgs {
    /// Where the program starts: files, or folders of packages [default: `entries` of nodeward.toml; else those of the seal;
    /// else .]
    #[arg(value_name = "ENTRY", value_hint = ValueHint::AnyPath)]
    entries: Vec<PathBuf>,
    /// The folder that all files are below, and that the seal is written to [default: as far up as files stand]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    root: Option<PathBuf>,
    /// Write nothing; exit 1 when the seal is not what it would be now, and say what was added, removed, changed
    #[arg(long, conflicts_with_all = ["sign", "code_cache", "verify", "record"])]
    check: bool,
    /// Sign the seal with this Ed25519 key (PEM, PKCS#8)
    #[arg(long, value_name = "KEY", value_hint = ValueHint::FilePath)]
    sign: Option<PathBuf>,
    /// Write nothing; exit 1 unless the seal is signed by the owner of this public key (PEM)
    #[arg(long, value_name = "PUBLIC", value_hint = ValueHint::FilePath, conflicts_with_all = ["sign", "code_cache", "record"])]
    verify: Option<PathBuf>,
    /// Start the entries, and list V8's code cache of what they load, for a faster start
    #[arg(long)]
    code_cache: bool,
    /// A Node.js to make the code cache for, and to try bounded eval in (repeatable) [default: node on the PATH]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::ExecutablePath)]
    node: Vec<PathBuf>,
    /// An option of V8 or Node.js that production starts with: another code cache belongs to it (repeatable)
    #[arg(long, value_name = "OPTION", requires = "code_cache", allow_hyphen_values = true)]
    node_option: Vec<String>,
    /// How long an entry runs for its code cache, when it does not end by itself
    #[arg(long, value_name = "SECONDS", default_value_t = 3, requires = "code_cache")]
    code_cache_wait: u16,
    #[command(flatten)]
    addon: AddonArgs,
    #[command(flatten)]
    record: RecordArgs,
}

/// Seals, or checks what was sealed.
pub(crate) fn seal(args: &SealArgs, session: &Session) -> anyhow::Result<Outcome> {
    if let Some(key) = &args.verify {
        return verify(args, key, session);
    }
    let folder = args.root.clone().unwrap_or_else(|| session.directory.clone());
    let config = match &session.config {
        Some(file) => Config::read(file)?,
        None => Config::for_project(&session.directory.join(folder), &session.directory)?,
    };
    let Trace { list, synthetic, wasm, made, .. } = found(args, &config, session)?;
    let synthetic = synthetic.into_iter().map(|content| (content, Origin::Recorded)).collect();
    let base = base(&config, session);
    let mut eval = eval::rules(&config.seal.eval, &config.seal.adapters, &base, &list, session);
    eval::permit_carried(&mut eval, &wasm, session);
    made_code::permit_written(&mut eval, &made, &list, session);
    let declared = Declared { eval, children: config.seal.children, synthetic };
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let mut document = seal::make(&list, declared, threads)?;
    let file = list.root.join(seal::FILE_NAME);
    tell_nearer(&list, session);
    let asks = args.code_cache || !args.node.is_empty();
    let nodes = if asks { code_cache::nodes(&args.node, session)? } else { Vec::new() };
    let named = args.addon.named(session);
    if named.is_some() || !nodes.is_empty() {
        self_test::run(&nodes, args.addon.chosen(named.as_deref()), session)?;
    }
    if args.check {
        return check(&file, &document, session);
    }
    if args.code_cache {
        let settings =
            code_cache::Settings { nodes: &nodes, options: &args.node_option, seconds: args.code_cache_wait };
        document.cache = code_cache::make(&settings, &list.root, &document, session)?;
    }
    if let Some(key) = &args.sign {
        signature::sign(&mut document, &read_key(key)?).with_context(|| key.display().to_string())?;
    }
    let text = document.write();
    disk::replace_itself(&file, |out| out.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", file.display()))?;
    session.note(format_args!(
        "{}: {} files{}, {} bytes, {} package.json files{}{}",
        shown(&file, session).display(),
        document.sources.len(),
        match list.sources.iter().filter(|source| source.origin == Origin::Recorded).count() {
            0 => String::new(),
            recorded => format!(", {recorded} of them seen loading"),
        },
        list.size(),
        document.manifests.len(),
        if document.cache.is_empty() { "" } else { ", with code cache" },
        if document.signature.is_some() { ", signed" } else { "" },
    ));
    Ok(Outcome::Clean)
}

/// Traces, adds what was recorded and what is declared, and says what is not known.
fn found(args: &SealArgs, config: &Config, session: &Session) -> anyhow::Result<Trace> {
    let below_config = |path: &PathBuf| config.folder().unwrap_or(Path::new("")).join(path);
    let entries: Vec<PathBuf> = match (&args.entries[..], &config.seal.entries[..]) {
        ([], []) => sealed_entries(args, session).unwrap_or_else(|| vec![PathBuf::from(".")]),
        ([], declared) => declared.iter().map(below_config).collect(),
        (given, _) => given.to_vec(),
    };
    let entries: Vec<PathBuf> = entries.into_iter().map(|entry| session.directory.join(entry)).collect();
    let base = base(config, session);
    let included = included::find(&base, &config.seal.include)?;
    let recordings = recordings::choose(&args.record, &base, config.seal.recordings.as_deref(), session)?;
    let mut options = trace::Options {
        entries,
        declared: included.programs.clone(),
        root: args.root.as_ref().map(|root| session.directory.join(root)),
        ..trace::Options::default()
    };
    if args.record.record {
        recordings::record(&args.record.command, &recordings, &options, session)?;
    }
    // Also what was recorded just now is read from its file: `--check` has nothing else.
    options.seen = recording::read(&recordings.files, session)?;
    let mut trace =
        trace::trace(&options).map_err(|error| recording::placed(error, &recordings.files, session))?;
    tell(&trace, session);
    included::add(&mut trace.list, &included)?;
    let natives = trace.list.sources.iter().filter(|source| source.kind == nodeward_seal::SourceKind::Native);
    for native in natives {
        let package = native
            .package
            .as_deref()
            .map_or("", |package| package.rsplit_once('@').map_or(package, |(name, _)| name));
        match &config.seal.natives {
            Some(allowed) if !allowed.iter().any(|allowed| allowed == package) => bail!(
                "{}: native code of {}, which `natives` of nodeward.toml does not allow; add the package there, or do without it",
                native.path,
                if package.is_empty() { "the project" } else { package },
            ),
            Some(_) => {}
            None => session.warn(format_args!(
                "{}: native code runs past every check of the guard; name its package in `natives` of nodeward.toml",
                native.path
            )),
        }
    }
    Ok(trace)
}

/// The entries of the seal that is there: who sealed `server.js` means that, whatever the manifest's `main` is.
fn sealed_entries(args: &SealArgs, session: &Session) -> Option<Vec<PathBuf>> {
    let file = match &args.root {
        Some(root) => session.directory.join(root).join(seal::FILE_NAME),
        None if args.check => session.directory.join(nearest(session)),
        // One further up may be another package's, which is not to be made anew in passing.
        None => session.directory.join(seal::FILE_NAME),
    };
    // One that can't be read is made anew, or is named by what compares with it.
    let (document, _) = read(&file, session).ok()?;
    let folder = file.parent()?;
    if !args.check {
        let names: Vec<&str> = document.entries.iter().map(seal::SealPath::as_str).collect();
        session.note(format_args!("no entry was named: those of the seal, {}", names.join(", ")));
    }
    Some(document.entries.iter().map(|entry| folder.join(entry)).collect())
}

/// The folder that paths of `nodeward.toml` are relative to.
fn base(config: &Config, session: &Session) -> PathBuf {
    session.directory.join(config.folder().unwrap_or(Path::new("")))
}

/// What is not known, and so not in the seal: enforcement will deny it.
fn tell(trace: &Trace, session: &Session) {
    let unknown = trace.dynamic.iter().filter(|dynamic| dynamic.matched.is_none());
    let unknown =
        unknown.map(|dynamic| format!("{}:{}: loads what only its run tells", dynamic.file, dynamic.line));
    let missing = trace.missing.iter().filter(|missing| !missing.optional);
    let missing = missing
        .map(|missing| format!("{}:{}: {} is not there", missing.file, missing.line, missing.specifier));
    let unread = trace.unread.iter().map(|(file, why)| format!("{file}: {why}; what it loads is not known"));
    for lines in [unknown.collect::<Vec<_>>(), missing.collect(), unread.collect()] {
        let shown = if session.chatter == Chatter::Verbose { lines.len() } else { SHOWN };
        lines.iter().take(shown).for_each(|line| session.warn(line));
        if lines.len() > shown {
            session.warn(format_args!("and {} more such places; --verbose names them", lines.len() - shown));
        }
    }
}

/// Seals that `nodeward run` finds before this one: of before the root moved up.
fn tell_nearer(list: &SourceList, session: &Session) {
    let folders = list.entries.iter().flat_map(|entry| Path::new(entry).ancestors().skip(1));
    let below = folders.filter(|folder| !folder.as_os_str().is_empty());
    let mut nearer: Vec<PathBuf> = below
        .map(|folder| list.root.join(folder).join(seal::FILE_NAME))
        .filter(|file| file.is_file())
        .collect();
    nearer.sort();
    nearer.dedup();
    for file in nearer {
        session.warn(format_args!(
            "{}: another seal, which `nodeward run` finds before the one in {}; remove it if that one takes its place",
            shown(&file, session).display(),
            list.root.display()
        ));
    }
}

fn check(file: &Path, now: &Document, session: &Session) -> anyhow::Result<Outcome> {
    let (sealed, _) = read(file, session)?;
    let mut changes = compare(&sealed, now);
    let root = nodeward_seal::files::Root::open(file.parent().unwrap_or(Path::new("/")))?;
    changes.changed.extend(code_cache::changed(&root, &sealed));
    if changes.is_empty() {
        session.note(format_args!("{}: true", shown(file, session).display()));
        return Ok(Outcome::Clean);
    }
    output::write(None, |out| write_changes(out, &changes))?;
    session.note(format_args!(
        "{}: stale; run `nodeward seal` and commit the result if the changes are meant",
        shown(file, session).display()
    ));
    Ok(Outcome::Findings)
}

fn write_changes(out: &mut dyn std::io::Write, changes: &Changes) -> std::io::Result<()> {
    let lists = [
        ("added", &changes.added),
        ("removed", &changes.removed),
        ("changed", &changes.changed),
        ("described otherwise", &changes.described),
    ];
    for (what, paths) in lists {
        for path in paths {
            writeln!(out, "{what}: {}", Printable(path))?;
        }
    }
    changes.parts.iter().try_for_each(|part| writeln!(out, "changed: `{part}` of the seal"))
}

fn verify(args: &SealArgs, key: &Path, session: &Session) -> anyhow::Result<Outcome> {
    let folder = args.root.as_deref().or(args.entries.first().and_then(|entry| entry.parent()));
    let file = match folder {
        Some(folder) => session.directory.join(folder).join(seal::FILE_NAME),
        None => session.directory.join(nearest(session)),
    };
    let (document, text) = read(&file, session)?;
    match signature::verify(&document, &read_key(key)?) {
        Ok(()) if document.write().as_bytes() != text => {
            session.print_error(&changed_text(&file, session));
            Ok(Outcome::Findings)
        }
        Ok(()) => {
            session.note(format_args!(
                "{}: signed by the owner of {}",
                shown(&file, session).display(),
                key.display()
            ));
            Ok(Outcome::Clean)
        }
        Err(error @ signature::SignatureError::PublicKey) => {
            Err(error).with_context(|| key.display().to_string())
        }
        Err(error) => {
            let error = anyhow::Error::new(error).context(shown(&file, session).display().to_string());
            session.print_error(&error);
            Ok(Outcome::Findings)
        }
    }
}

/// A signature is of what the text says. Who vouches for that vouches for the text as it was written, too.
pub(super) fn changed_text(file: &Path, session: &Session) -> anyhow::Error {
    let file = shown(file, session).display();
    anyhow::anyhow!("{file}: was written to after it was signed; restore it, or seal and sign again")
}

/// The seal here or above: in a workspace it stands where all of what loads is below. As the user would name it.
pub(super) fn nearest(session: &Session) -> PathBuf {
    let above = session.directory.ancestors().map(|folder| folder.join(seal::FILE_NAME));
    let found = above.into_iter().find(|file| file.is_file());
    found.map_or_else(|| PathBuf::from(seal::FILE_NAME), |file| shown(&file, session).to_owned())
}

/// A seal and its text.
pub(super) fn read(file: &Path, session: &Session) -> anyhow::Result<(Document, Vec<u8>)> {
    let text = disk::read_bounded(file, seal::MAX_BYTES)
        .with_context(|| format!("cannot read {}; make it with `nodeward seal`", file.display()))?;
    Ok((Document::parse(shown(file, session), &text)?, text))
}

/// As the user would name it.
fn shown<'a>(file: &'a Path, session: &Session) -> &'a Path {
    file.strip_prefix(&session.directory).unwrap_or(file)
}

/// The text of a key.
pub(crate) fn read_key(file: &Path) -> anyhow::Result<String> {
    let bytes = disk::read_bounded(file, signature::MAX_KEY_BYTES);
    let bytes = bytes.with_context(|| format!("cannot read the key {}", file.display()))?;
    String::from_utf8(bytes).with_context(|| format!("the key {} is no text", file.display()))
}

//! `nodeward logs`: logs of `nodeward run --log`, checked and shown.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use nodeward_report::Printable;
use nodeward_seal::log::{Entry, Kind, Link, LogError, LogKey, Stream, Verified, verify};
use serde::Serialize;

use crate::outcome::Outcome;
use crate::session::Session;
use crate::{disk, output};

/// Check and show the logs that `nodeward run --log` writes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nodeward logs verify app.log
  nodeward logs verify app.log --key kept-elsewhere.key --entries 1204
  nodeward logs show app.log --module express
  nodeward logs key --out app.key")]
pub(crate) struct LogsArgs {
    #[command(subcommand)]
    command: LogsCommand,
}

#[derive(Debug, Subcommand)]
enum LogsCommand {
    Verify(VerifyArgs),
    Show(ShowArgs),
    Key(KeyArgs),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogsFormat {
    Text,
    Json,
}

/// Check that no line was changed, added or removed.
///
/// Exit code 0: the log holds. 1: it does not. 2: it could not be read.
#[derive(Debug, Args)]
struct VerifyArgs {
    /// The log
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// The first key of the log, as `nodeward logs key` wrote it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    key: Option<PathBuf>,
    /// It has to have at least so many entries: how many it had when it was last looked at
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    entries: u64,
    /// One of its entries has to have this hash: that of the last one when it was last looked at
    #[arg(long, value_name = "HASH", value_parser = head)]
    head: Option<Link>,
    /// How to answer
    #[arg(short, long, value_enum, default_value = "text")]
    format: LogsFormat,
}

/// Show a log, each line checked before it is shown.
///
/// Exit code 0: all of it. 1: up to where it does not hold. 2: it could not be read.
#[derive(Debug, Args)]
struct ShowArgs {
    /// The log
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// Only what this module gave to the console: a package's name, or a path
    #[arg(long, value_name = "NAME")]
    module: Option<String>,
    /// The first key of the log
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    key: Option<PathBuf>,
    /// How to show it; `json` gives the entries as they are, without their hashes
    #[arg(short, long, value_enum, default_value = "text")]
    format: LogsFormat,
}

/// Make the first key of a log.
///
/// `nodeward run --log-key FILE` replaces the key by the next one at every entry. Keep a copy of the first one where
/// the program's machine can't reach it: only it can check the log.
#[derive(Debug, Args)]
struct KeyArgs {
    /// Where to write it; a file that is there is not replaced
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: PathBuf,
}

fn head(text: &str) -> Result<Link, String> {
    Link::parse(text).ok_or_else(|| "a hash is 64 hexadecimal digits".to_owned())
}

/// Does what was asked for.
pub(crate) fn logs(args: &LogsArgs, session: &Session) -> anyhow::Result<Outcome> {
    match &args.command {
        LogsCommand::Verify(args) => verify_log(args, session),
        LogsCommand::Show(args) => show(args, session),
        LogsCommand::Key(args) => make_key(args),
    }
}

/// The answer in JSON: `nodeward.logs/1`. Keys never change meaning.
#[derive(Debug, Serialize)]
struct Answer {
    schema: &'static str,
    holds: bool,
    /// What does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    entries: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<String>,
    torn: bool,
    ended: bool,
}

fn verify_log(args: &VerifyArgs, session: &Session) -> anyhow::Result<Outcome> {
    let mut entries = 0;
    let mut has_head = args.head.is_none();
    let checked = read(&args.file, args.key.as_deref(), &mut |_, link| {
        entries += 1;
        has_head |= args.head == Some(link);
        Ok(())
    })?;
    let fault = match &checked {
        Err(error) => Some(error.to_string()),
        Ok(verified) if verified.entries < args.entries => Some(format!(
            "it has {} entries, and had {}: its end was cut off, or it is another log",
            verified.entries, args.entries
        )),
        Ok(_) if !has_head => {
            Some("no entry has that hash: its end was cut off, or it is another log".into())
        }
        Ok(_) => None,
    };
    let verified = checked.ok();
    let answer = Answer {
        schema: "nodeward.logs/1",
        holds: fault.is_none(),
        fault,
        entries,
        head: verified.map(|verified| verified.head.to_string()),
        torn: verified.is_some_and(|verified| verified.torn),
        ended: verified.is_some_and(|verified| verified.ended),
    };
    output::write(None, |out| match args.format {
        LogsFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, &answer)?;
            out.write_all(b"\n")
        }
        LogsFormat::Text => write_answer(&args.file, &answer, args.key.is_some(), out),
    })?;
    if answer.holds && args.key.is_none() {
        session.warn(format_args!(
            "checked without a key: who can write the file can write all of it anew; compare --entries and --head \
             with what was noted elsewhere"
        ));
    }
    Ok(if answer.holds { Outcome::Clean } else { Outcome::Findings })
}

fn write_answer(file: &Path, answer: &Answer, keyed: bool, out: &mut dyn Write) -> io::Result<()> {
    let file = file.display().to_string();
    let file = Printable(&file);
    if let Some(fault) = &answer.fault {
        return writeln!(out, "{file}: does not hold: {}", Printable(fault));
    }
    let by = if keyed { " by its key" } else { "" };
    writeln!(out, "{file}: {} entries hold{by}", answer.entries)?;
    if let Some(head) = &answer.head {
        writeln!(out, "  last hash  {head}")?;
    }
    let end = match (answer.torn, answer.ended) {
        (true, _) => "in a line that was not written to its end: the machine or nodeward was stopped",
        (false, true) => "as the program ended",
        (false, false) => "while the program runs, or where nodeward was stopped",
    };
    writeln!(out, "  ends       {end}")
}

fn show(args: &ShowArgs, session: &Session) -> anyhow::Result<Outcome> {
    let mut checked = None;
    output::write(None, |out| {
        let read = read(&args.file, args.key.as_deref(), &mut |entry, _| {
            if args.module.as_deref().is_none_or(|wanted| is_of(entry, wanted)) {
                write_entry(entry, args.format, out)?;
            }
            Ok(())
        });
        checked = Some(read);
        Ok(())
    })?;
    match checked.context("nothing was read")?? {
        Ok(_) => Ok(Outcome::Clean),
        Err(error) => {
            session.warn(format_args!("{}: {error}; what follows is not shown", args.file.display()));
            Ok(Outcome::Findings)
        }
    }
}

/// `express` is what `express@4.21.2` says.
fn is_of(entry: &Entry<'_>, wanted: &str) -> bool {
    entry.module.as_deref().is_some_and(|module| {
        module == wanted || module.rsplit_once('@').is_some_and(|(name, _)| name == wanted)
    })
}

fn write_entry(entry: &Entry<'_>, format: LogsFormat, out: &mut dyn Write) -> io::Result<()> {
    if format == LogsFormat::Json {
        serde_json::to_writer(&mut *out, entry)?;
        return out.write_all(b"\n");
    }
    let who = match (entry.kind, &entry.module) {
        (Kind::Console, Some(module)) => module,
        (Kind::Console, None) => "?",
        (Kind::Output, _) => "output",
        (Kind::Forged, _) => "FORGED",
        (Kind::Start, _) => "start",
        (Kind::End, _) => "end",
        (Kind::Resume, _) => "resume",
    };
    let stream = if entry.stream == Some(Stream::Err) { "!" } else { " " };
    let text = entry.text.as_deref().unwrap_or_default();
    writeln!(out, "{} {stream}[{}] {}", Printable(&entry.time), Printable(who), Printable(text))
}

type Each<'a> = &'a mut dyn FnMut(&Entry<'_>, Link) -> io::Result<()>;

/// Reads a log: the outer error is what could not be done, the inner one what does not hold.
fn read(file: &Path, key: Option<&Path>, each: Each<'_>) -> anyhow::Result<Result<Verified, LogError>> {
    let key = key.map(read_key).transpose()?;
    let shown = || file.display().to_string();
    let metadata = std::fs::metadata(file).with_context(shown)?;
    anyhow::ensure!(metadata.is_file(), "{}: not a regular file", file.display());
    let mut log = BufReader::with_capacity(1 << 16, File::open(file).with_context(shown)?);
    match verify(&mut log, key.as_ref(), each) {
        Err(LogError::Io(error)) => Err(error).with_context(shown),
        Err(LogError::Key(error)) => Err(error).with_context(|| "the key is not the log's first one"),
        checked => Ok(checked),
    }
}

/// Reads a key file.
pub(crate) fn read_key(file: &Path) -> anyhow::Result<LogKey> {
    let shown = || file.display().to_string();
    let bytes = disk::read_bounded(file, 1024).with_context(shown)?;
    LogKey::parse(&String::from_utf8_lossy(&bytes)).with_context(shown)
}

fn make_key(args: &KeyArgs) -> anyhow::Result<Outcome> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(io::Error::from).context("the system gives no random bytes")?;
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options
        .open(&args.out)
        .with_context(|| format!("{}: cannot be made anew; name another file", args.out.display()))?;
    out.write_all(LogKey::new(random).to_text().as_bytes())?;
    out.sync_all()?;
    Ok(Outcome::Clean)
}

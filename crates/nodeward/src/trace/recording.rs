//! `--record`: runs a command with the recorder in every Node.js process of it. `--recording`: what was seen, in a file.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::Context as _;
use clap::ValueHint;
use nodeward_seal::Origin;
use nodeward_seal::trace::format::RecordingEntry;
use nodeward_seal::trace::recorded::{RECORDER, RECORDER_HOOKS, Seen};
use nodeward_seal::trace::recording::{MAX_BYTES, Recording};
use nodeward_seal::trace::{Options, Trace, TraceError};

use crate::disk;
use crate::session::Session;

/// How a trace learns what loads besides what the text says.
#[derive(Debug, clap::Args)]
pub(crate) struct RecordArgs {
    /// Run the command behind `--`, note what loads, and add what the entries lead to
    #[arg(long, requires = "command")]
    pub(crate) record: bool,
    /// A file with what was seen loading (repeatable); with --record, the file to write it to
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) recording: Vec<PathBuf>,
    /// What --record runs
    #[arg(last = true, value_name = "COMMAND", requires = "record")]
    pub(crate) command: Vec<String>,
}

/// Runs the command, traces again with what was seen, and says what each way alone would have missed.
pub(crate) fn record(
    args: &RecordArgs,
    options: &Options,
    found: &mut Trace,
    session: &Session,
) -> anyhow::Result<RecordingEntry> {
    let target = match &args.recording[..] {
        [] => None,
        [file] => Some(session.directory.join(file)),
        _ => anyhow::bail!("--record writes one recording; name one file with --recording"),
    };
    let (seen, status) = observe(&args.command, session)?;
    let text_only = std::mem::take(found);
    *found = nodeward_seal::trace::trace(&Options { seen: Some(seen.clone()), ..options.clone() })?;
    if !status.success() {
        let reason = format!("{status}: what it would have loaded after that is not known");
        found.unread.push((args.command.join(" "), reason));
    } else if let Some(target) = target {
        keep(&target, found, &seen, session)?;
    }
    if seen.unread > 0 {
        found.unread.push(("recording".to_owned(), format!("{} lines are no notes", seen.unread)));
    }
    Ok(compare(&text_only, found, &seen))
}

/// Runs a command, and gives what was seen loading.
pub(crate) fn observe(command: &[String], session: &Session) -> anyhow::Result<(Seen, ExitStatus)> {
    let (program, arguments) = command.split_first().context("--record: name a command behind `--`")?;
    // Only its owner can read or write a folder that is made so.
    let folder = tempfile::Builder::new().prefix("nodeward-record-").tempdir()?;
    let recorder = folder.path().join("recorder.cjs");
    std::fs::write(&recorder, RECORDER)?;
    std::fs::write(folder.path().join("recorder-hooks.mjs"), RECORDER_HOOKS)?;
    let status = Command::new(program)
        .args(arguments)
        .current_dir(&session.directory)
        .env("NODEWARD_RECORD", folder.path())
        .env("NODE_OPTIONS", node_options(&recorder, session)?)
        // What is printed there is no result.
        .stdout(Stdio::from(std::io::stderr()))
        .status()
        .with_context(|| format!("cannot run {program}"))?;
    let seen = Seen::read(folder.path())?;
    anyhow::ensure!(
        !seen.files.is_empty(),
        "nothing was recorded: {program} started no Node.js, or one that takes no NODE_OPTIONS"
    );
    Ok((seen, status))
}

/// Writes what was seen of a trace's files to a recording.
pub(crate) fn keep(target: &Path, found: &Trace, seen: &Seen, session: &Session) -> anyhow::Result<()> {
    let recording = Recording::of(found, seen, &folder_of(target)?);
    let text = recording.write();
    disk::replace_itself(target, |out| out.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", target.display()))?;
    session.note(format_args!("{}: what was seen loading", shown(target, session).display()));
    Ok(())
}

/// An error of a trace with the line of the recording that it is about, if it is about one.
pub(crate) fn placed(error: TraceError, files: &[PathBuf], session: &Session) -> anyhow::Error {
    let place = match &error {
        TraceError::Recorded { path, from, .. } => files.iter().find_map(|file| {
            let text = disk::read_bounded(file, MAX_BYTES).ok()?;
            let recording = Recording::parse(file, &text).ok()?;
            let folder = folder_of(file).ok()?;
            let place = |wanted| recording.place_of(shown(file, session), &text, &folder, wanted);
            place(path).or_else(|| place(from))
        }),
        _ => None,
    };
    match place {
        Some(place) => anyhow::Error::new(error).context(place.to_string()),
        None => error.into(),
    }
}

/// What the recordings say. `None` without any.
pub(crate) fn read(files: &[PathBuf], session: &Session) -> anyhow::Result<Option<Seen>> {
    let mut all: Option<Seen> = None;
    for file in files {
        let bytes = disk::read_bounded(file, MAX_BYTES).with_context(|| {
            format!("cannot read {}; record with `nodeward seal --record`", shown(file, session).display())
        })?;
        let recording = Recording::parse(shown(file, session), &bytes)?;
        let (seen, gone) = recording.seen(&folder_of(file)?);
        if gone > 0 {
            session.warn(format_args!(
                "{}: {gone} of the files that it names are not there any more; record again with --record",
                shown(file, session).display()
            ));
        }
        all.get_or_insert_default().extend(seen);
    }
    Ok(all)
}

fn folder_of(file: &Path) -> anyhow::Result<PathBuf> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    folder.canonicalize().with_context(|| format!("cannot open {}", folder.display()))
}

/// As the user would name it.
fn shown<'a>(file: &'a Path, session: &Session) -> &'a Path {
    file.strip_prefix(&session.directory).unwrap_or(file)
}

/// `NODE_OPTIONS` with the recorder before what is there.
fn node_options(recorder: &Path, session: &Session) -> anyhow::Result<String> {
    let path = recorder.to_str().context("the folder for temporary files has a name that is no Unicode")?;
    let quoted = format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""));
    let own = format!("--require {quoted}");
    Ok(match session.variable("NODE_OPTIONS") {
        Some(others) => format!("{own} {others}"),
        None => own,
    })
}

fn compare(text_only: &Trace, found: &Trace, seen: &Seen) -> RecordingEntry {
    let recorded = || found.list.sources.iter().filter(|source| source.origin == Origin::Recorded);
    let only_recorded = recorded().filter(|source| text_only.list.get(&source.path).is_none());
    let mut without_parent: Vec<String> = seen
        .files
        .iter()
        .filter(|file| !seen.with_parent.contains(*file))
        .filter_map(|file| file.strip_prefix(&text_only.list.root).ok())
        .map(|below| below.to_string_lossy().replace('\\', "/"))
        .filter(|below| found.list.get(below).is_none() && !below.contains("node_modules/"))
        .collect();
    without_parent.sort();
    RecordingEntry {
        seen: seen.files.len(),
        kept: recorded().count(),
        only_recorded: only_recorded.map(|source| source.path.clone()).collect(),
        only_static: found.list.sources.len() - recorded().count(),
        without_parent,
    }
}

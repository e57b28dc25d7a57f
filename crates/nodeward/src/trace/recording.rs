//! `--record`: runs a command with the recorder in every Node.js process of it, and adds what it saw.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use nodeward_seal::trace::format::RecordingEntry;
use nodeward_seal::trace::recorded::{RECORDER, RECORDER_HOOKS, Seen};
use nodeward_seal::trace::{Options, Trace};

use crate::session::Session;

/// Runs the command, traces again with what was seen, and says what each way alone would have missed.
pub(crate) fn record(
    command: &[String],
    options: &Options,
    found: &mut Trace,
    session: &Session,
) -> anyhow::Result<RecordingEntry> {
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
    let text_only = std::mem::take(found);
    let root = text_only.list.root.clone();
    *found = nodeward_seal::trace::trace(&Options { seen: Some(seen.clone()), ..options.clone() })?;
    if !status.success() {
        let reason = format!("{status}: what it would have loaded after that is not known");
        found.unread.push((command.join(" "), reason));
    }
    if seen.unread > 0 {
        found.unread.push(("recording".to_owned(), format!("{} lines are no notes", seen.unread)));
    }
    Ok(compare(&text_only, found, &seen, &root))
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

fn compare(text_only: &Trace, found: &Trace, seen: &Seen, root: &Path) -> RecordingEntry {
    let is_seen = |path: &str| seen.files.contains(&found.list.root.join(path));
    let only_recorded = found
        .list
        .sources
        .iter()
        .filter(|source| text_only.list.get(&source.path).is_none() && is_seen(&source.path));
    let mut without_parent: Vec<String> = seen
        .files
        .iter()
        .filter(|file| !seen.with_parent.contains(*file))
        .filter_map(|file| file.strip_prefix(root).ok())
        .map(|below| below.to_string_lossy().replace('\\', "/"))
        .filter(|below| found.list.get(below).is_none() && !below.contains("node_modules/"))
        .collect();
    without_parent.sort();
    RecordingEntry {
        seen: seen.files.len(),
        kept: found.list.sources.iter().filter(|source| is_seen(&source.path)).count(),
        only_recorded: only_recorded.map(|source| source.path.clone()).collect(),
        only_static: found.list.sources.iter().filter(|source| !is_seen(&source.path)).count(),
        without_parent,
    }
}

//! The recordings of a seal: which files they are, and the one that `--record` makes.

use std::path::{Path, PathBuf};

use anyhow::bail;
use nodeward_seal::trace::recording::FILE_NAME;
use nodeward_seal::trace::{Options, trace};

use crate::session::Session;
use crate::trace::recording::{self, RecordArgs};

/// The files.
#[derive(Debug)]
pub(crate) struct Recordings {
    /// Those that are read.
    pub(crate) files: Vec<PathBuf>,
    /// The one that is written by `--record`.
    target: Option<PathBuf>,
}

/// Those that `nodeward.toml` names, else the usual file if it is there, and those of the command line.
pub(crate) fn choose(
    args: &RecordArgs,
    base: &Path,
    declared: Option<&[PathBuf]>,
    session: &Session,
) -> anyhow::Result<Recordings> {
    let usual = base.join(FILE_NAME);
    let mut files: Vec<PathBuf> = match declared {
        Some(declared) => declared.iter().map(|file| base.join(file)).collect(),
        None if args.record && args.recording.is_empty() || is_there(&usual) => vec![usual],
        None => Vec::new(),
    };
    let given: Vec<PathBuf> = args.recording.iter().map(|file| session.directory.join(file)).collect();
    let target = match (args.record, &given[..], &files[..]) {
        (false, ..) => None,
        (true, [file], _) | (true, [], [file]) => Some(file.clone()),
        (true, ..) => bail!("--record writes one recording; name the file with --recording"),
    };
    files.extend(given);
    files.sort();
    files.dedup();
    Ok(Recordings { files, target })
}

/// Whether anything stands there, or may: what can't be opened is not taken for absent, as the seal would lack it.
fn is_there(file: &Path) -> bool {
    !std::fs::symlink_metadata(file).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// Runs the command and writes what it loaded. A command that fails has not loaded everything.
pub(crate) fn record(
    command: &[String],
    recordings: &Recordings,
    options: &Options,
    session: &Session,
) -> anyhow::Result<()> {
    let Some(target) = &recordings.target else { return Ok(()) };
    let others: Vec<PathBuf> = recordings.files.iter().filter(|file| *file != target).cloned().collect();
    let mut all = recording::read(&others, session)?.unwrap_or_default();
    let (seen, status) = recording::observe(command, session)?;
    if !status.success() {
        bail!(
            "{}: {status}; what it would have loaded after that is not known, and nothing was sealed",
            command.join(" ")
        );
    }
    if seen.unread > 0 {
        bail!("{} lines of what was recorded are no notes; something else wrote there", seen.unread);
    }
    all.extend(seen.clone());
    let found = trace(&Options { seen: Some(all), ..options.clone() })
        .map_err(|error| recording::placed(error, &others, session))?;
    recording::keep(target, &found, &seen, session)
}

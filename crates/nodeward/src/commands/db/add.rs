//! `nodeward db add PATH` and `nodeward db remove PATH`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::ValueHint;
use nodeward_advisory::feed::Limits;
use nodeward_advisory::store::{Extent, Guard, Update};

use crate::database;
use crate::feeds;
use crate::outcome::Outcome;
use crate::output;
use crate::refresh;
use crate::session::Session;

/// The names of such sources start so.
const OWN: &str = "own: ";

/// Add your own advisories; updates keep them.
///
/// Adding the same path again replaces what it gave before.
#[derive(Debug, clap::Args)]
pub(super) struct AddArgs {
    /// A file, folder or zip of OSV JSON
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    path: PathBuf,
}

/// Take out again what was added.
#[derive(Debug, clap::Args)]
pub(super) struct RemoveArgs {
    /// The path as it was added
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    path: PathBuf,
}

/// Adds.
pub(super) fn add(args: &AddArgs, session: &Session) -> anyhow::Result<Outcome> {
    // Asked for first: reading an absent path must not make a folder for an index.
    std::fs::metadata(&args.path).with_context(|| format!("cannot read {}", args.path.display()))?;
    let _lock = refresh::lock(&session.database, session)?;
    let source = source(&args.path);
    // Its owner may well take advisories back.
    let guard = Guard::Readable;
    let update =
        Update { source: &source, feed: &args.path, extent: Extent::Whole, guard, limits: Limits::default() };
    let shown = args.path.display().to_string();
    let summary = feeds::put(&database::store(session), &update, &shown, session.now)?;
    for remark in &summary.remarks {
        session.note(format_args!("{}: {}", remark.id, remark.text));
    }
    let records =
        summary.info.sources.iter().find(|known| known.name == source).map_or(0, |known| known.records);
    output::write(None, |out| writeln!(out, "{records} advisories added; updates keep them"))?;
    Ok(Outcome::Clean)
}

/// Removes.
pub(super) fn remove(args: &RemoveArgs, session: &Session) -> anyhow::Result<Outcome> {
    let _lock = refresh::lock(&session.database, session)?;
    if database::store(session).remove(&source(&args.path), session.now)?.is_none() {
        bail!("nothing was added from {}; `nodeward db info` lists the sources", args.path.display());
    }
    output::write(None, |out| writeln!(out, "removed"))?;
    Ok(Outcome::Clean)
}

fn source(path: &Path) -> String {
    // What is gone by now has no canonical form, but its absolute one is the same unless links were involved.
    let absolute = std::fs::canonicalize(path).or_else(|_| std::path::absolute(path));
    format!("{OWN}{}", absolute.unwrap_or_else(|_| path.to_path_buf()).display())
}

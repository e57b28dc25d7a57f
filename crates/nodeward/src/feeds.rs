//! Which feeds the index is made of, and bringing it up to date with them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jiff::{SignedDuration, Timestamp};
use nodeward_advisory::feed::Limits;
use nodeward_advisory::node::Schedule;
use nodeward_advisory::store::{Extent, Guard, Store, StoreError, Update};

use crate::database;
use crate::disk;
use crate::npm_settings::NpmSettings;
use crate::refresh::{self, FeedState, Fetched};
use crate::session::{Network, Session};
use crate::transport::{Patience, Transport, without_credentials};

/// OSV's export of everything about npm packages, malware included.
const OSV: &str = "https://osv-vulnerabilities.storage.googleapis.com/npm/all.zip";
/// Flaws of Node.js itself, as its security working group keeps them.
const NODE_CORE: &str = "https://raw.githubusercontent.com/nodejs/security-wg/main/vuln/core/index.json";
/// When each release line of Node.js ends.
const NODE_SCHEDULE: &str = "https://raw.githubusercontent.com/nodejs/Release/main/schedule.json";

/// An export is read whole again after so many days: only then is it seen what was deleted from it.
const WHOLE_AFTER: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Changes are asked for from a little before the newest known: feeds are not written in one instant.
const OVERLAP: SignedDuration = SignedDuration::from_hours(6);

/// What a feed holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FeedKind {
    /// Advisories about packages.
    Osv,
    /// Advisories about Node.js itself.
    NodeCore,
    /// Node.js's release schedule.
    NodeSchedule,
}

impl FeedKind {
    /// The name on the command line and in the index.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Osv => "osv",
            Self::NodeCore => "nodejs-core",
            Self::NodeSchedule => "nodejs-schedule",
        }
    }
}

/// One feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Feed {
    kind: FeedKind,
    location: Location,
}

/// Where a feed comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Location {
    /// An address.
    Url(String),
    /// A zip, a folder or a file on this machine.
    Path(PathBuf),
}

impl Feed {
    /// Reads `LOCATION` or `NAME=LOCATION`. A URL that names no file is that of a mirror of OSV's folder.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (kind, text) = match text.split_once('=') {
            Some(("osv", rest)) => (FeedKind::Osv, rest),
            Some(("nodejs-core", rest)) => (FeedKind::NodeCore, rest),
            Some(("nodejs-schedule", rest)) => (FeedKind::NodeSchedule, rest),
            _ => (FeedKind::Osv, text),
        };
        if text.is_empty() {
            return Err("the location is empty".to_owned());
        }
        let location = Location::parse(text);
        Ok(match location {
            Location::Url(url) if kind == FeedKind::Osv && !names_file(&url) => {
                Self { kind, location: Location::Url(format!("{}/all.zip", url.trim_end_matches('/'))) }
            }
            location => Self { kind, location },
        })
    }

    /// What is fetched where nobody says otherwise: `NODEWARD_DB_SOURCE` (several with commas between), or the
    /// public feeds.
    pub(crate) fn usual(session: &Session) -> anyhow::Result<Vec<Self>> {
        if let Some(list) = session.variable("NODEWARD_DB_SOURCE") {
            let parse = |text: &str| {
                Self::parse(text.trim()).map_err(|error| anyhow::anyhow!("NODEWARD_DB_SOURCE: {error}"))
            };
            return list.split(',').map(parse).collect();
        }
        let feed = |kind, url: &str| Self { kind, location: Location::Url(url.to_owned()) };
        Ok(vec![
            feed(FeedKind::Osv, OSV),
            feed(FeedKind::NodeCore, NODE_CORE),
            feed(FeedKind::NodeSchedule, NODE_SCHEDULE),
        ])
    }
}

impl Location {
    fn parse(text: &str) -> Self {
        let is_url = ["http://", "https://"]
            .iter()
            .any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
        match text.strip_prefix("file://") {
            Some(path) => Self::Path(path.into()),
            None if is_url => Self::Url(text.to_owned()),
            None => Self::Path(text.into()),
        }
    }
}

fn names_file(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let file = path.rsplit('/').next().unwrap_or_default();
    [".zip", ".json", ".jsonl", ".ndjson"].iter().any(|ending| file.ends_with(ending))
}

/// What an update of one feed came to.
#[derive(Debug)]
pub(crate) enum Updated {
    /// The index has its records: how many, and what was odd about some.
    Taken { name: &'static str, records: u32, remarks: Vec<String>, remark_count: usize },
    /// It is as it was.
    Current { name: &'static str },
}

/// Brings the index up to date with the feeds, one after the other. Each that can't be read leaves the index as it
/// was and does not stop the others.
pub(crate) fn update(
    feeds: &[Feed],
    guard: Guard,
    patience: Patience,
    session: &Session,
) -> anyhow::Result<Vec<anyhow::Result<Updated>>> {
    let _lock = refresh::lock(&session.database, session)?;
    refresh::clean(&session.database);
    // Of npm's settings only the user's own hold here: a project must not choose a proxy for the index.
    let npm = NpmSettings::read(session, None)?;
    let transport = Transport::new(&npm.config, &session.environment, patience);
    let mut state = FeedState::read(session);
    let mut results = Vec::new();
    for feed in feeds {
        let result = update_one(feed, guard, &transport, &mut state, session);
        results.push(result.with_context(|| {
            format!("the feed {} was not taken, and what the index has of it stays", feed.kind.name())
        }));
    }
    if results.iter().any(Result::is_ok) {
        state.checked = Some(session.now);
        state.write(session)?;
    }
    Ok(results)
}

fn update_one(
    feed: &Feed,
    guard: Guard,
    transport: &Transport<'_>,
    state: &mut FeedState,
    session: &Session,
) -> anyhow::Result<Updated> {
    let url = match &feed.location {
        Location::Path(path) => return take(feed.kind, path, None, Extent::Whole, guard, session),
        Location::Url(_) if session.network == Network::Denied => {
            bail!("the network is not to be used (--offline); name a file or folder with --from")
        }
        Location::Url(url) => url,
    };
    match fetch(feed.kind, url, guard, transport, state, session)? {
        Fetched::Unchanged => Ok(Updated::Current { name: feed.kind.name() }),
        Fetched::Changes(file) => take(feed.kind, file.path(), Some(url), Extent::Changes, guard, session),
        Fetched::Whole(file, validators) => {
            let taken = take(feed.kind, file.path(), Some(url), Extent::Whole, guard, session)?;
            state.validators.insert(url.clone(), validators);
            state.whole.insert(url.clone(), session.now);
            Ok(taken)
        }
    }
}

fn fetch(
    kind: FeedKind,
    url: &str,
    guard: Guard,
    transport: &Transport<'_>,
    state: &FeedState,
    session: &Session,
) -> anyhow::Result<Fetched> {
    let present = present(kind, session);
    // What is not in the index can't be unchanged, whatever was fetched once.
    let is_known = present.is_some() && guard == Guard::Enforce;
    let whole = state.whole.get(url).filter(|_| is_known);
    let is_recent = whole.is_some_and(|time| session.now.duration_since(*time) < WHOLE_AFTER);
    if let Some(Some(newest)) = present
        && is_recent
        && kind == FeedKind::Osv
        && let Some(changes) = refresh::changes(url, newest - OVERLAP, transport, session)?
    {
        return Ok(changes);
    }
    refresh::whole(url, state.validators.get(url).filter(|_| is_known), transport, session)
}

/// Whether there is something of a feed already, and how new it is where that can be told.
fn present(kind: FeedKind, session: &Session) -> Option<Option<Timestamp>> {
    if kind == FeedKind::NodeSchedule {
        return database::schedule_file(session).is_file().then_some(None);
    }
    let index = database::store(session).open().ok()??;
    let source = index.info().sources.iter().find(|source| source.name == kind.name())?;
    Some(source.newest)
}

fn take(
    kind: FeedKind,
    path: &Path,
    url: Option<&str>,
    extent: Extent,
    guard: Guard,
    session: &Session,
) -> anyhow::Result<Updated> {
    let shown = url.map_or_else(|| path.display().to_string(), without_credentials);
    if kind == FeedKind::NodeSchedule {
        return take_schedule(path, session).with_context(|| shown);
    }
    let update = Update { source: kind.name(), feed: path, extent, guard, limits: Limits::default() };
    let summary = put(&database::store(session), &update, &shown, session.now)?;
    let info = summary.info.sources.iter().find(|source| source.name == kind.name());
    Ok(Updated::Taken {
        name: kind.name(),
        records: info.map_or(0, |info| info.records),
        remarks: summary.remarks.iter().map(|remark| format!("{}: {}", remark.id, remark.text)).collect(),
        remark_count: summary.remark_count,
    })
}

/// Puts a feed into the index, and says what to do where it is refused. `shown` is the feed's name for the user.
pub(crate) fn put(
    store: &Store,
    update: &Update<'_>,
    shown: &str,
    now: Timestamp,
) -> anyhow::Result<nodeward_advisory::index::BuildSummary> {
    store.update(update, now).map_err(|error| match error {
        StoreError::Refused(refusal) => {
            anyhow::anyhow!(
                "{shown}: {refusal}; the present index is kept (--force takes the feed all the same)"
            )
        }
        StoreError::Present(error) => {
            anyhow::anyhow!("the present index is damaged: {error}; --force builds a new one without it")
        }
        StoreError::Feed(error) => error.renamed(update.feed, shown).into(),
        error => error.into(),
    })
}

fn take_schedule(path: &Path, session: &Session) -> anyhow::Result<Updated> {
    let bytes = disk::read_bounded(path, database::MAX_SCHEDULE_BYTES).context("cannot read the schedule")?;
    let schedule = Schedule::parse(&bytes)?;
    let file = database::schedule_file(session);
    disk::replace(&file, |out| out.write_all(&bytes))
        .with_context(|| format!("cannot write {}", file.display()))?;
    let records = u32::try_from(schedule.lines().len()).unwrap_or(u32::MAX);
    Ok(Updated::Taken { name: FeedKind::NodeSchedule.name(), records, remarks: Vec::new(), remark_count: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_are_told_apart() {
        let feed = |text: &str| {
            let feed = Feed::parse(text).unwrap();
            (feed.kind, feed.location)
        };
        let url = |url: &str| Location::Url(url.to_owned());
        assert_eq!(feed("https://m/npm/"), (FeedKind::Osv, url("https://m/npm/all.zip")));
        assert_eq!(feed("HTTPS://m/x.zip?a=b"), (FeedKind::Osv, url("HTTPS://m/x.zip?a=b")));
        assert_eq!(feed("nodejs-core=http://m/i"), (FeedKind::NodeCore, url("http://m/i")));
        assert_eq!(feed("file:///a/b.zip"), (FeedKind::Osv, Location::Path("/a/b.zip".into())));
        assert_eq!(feed("a=b.zip"), (FeedKind::Osv, Location::Path("a=b.zip".into())));
        assert!(Feed::parse("osv=").is_err());
    }
}

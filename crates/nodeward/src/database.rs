//! The advisory index on this machine: where it is, how old, and what to say when it is not there.

use std::path::PathBuf;

use jiff::Timestamp;
use nodeward_advisory::index::IndexInfo;
use nodeward_advisory::node::Schedule;
use nodeward_advisory::store::Store;
use nodeward_advisory::{Index, IndexError, landmarks};
use nodeward_report::{Coverage, Gap};

use crate::disk;
use crate::first_run;
use crate::refresh::FeedState;
use crate::session::Session;

/// After so many days without an update, a report says that the index is old.
pub(crate) const STALE_DAYS: i64 = 7;

/// The real one has a few kilobytes.
pub(crate) const MAX_SCHEDULE_BYTES: u64 = 1 << 20;

/// What is known, and how much that is.
#[derive(Debug)]
pub(crate) struct Knowledge {
    /// The advisories.
    pub(crate) index: Index,
    /// The release lines of Node.js.
    pub(crate) schedule: Schedule,
    /// What to say of it in a report.
    pub(crate) coverage: Coverage,
    /// How many days ago the index was compared with its feeds; `None` for the landmarks.
    pub(crate) age_days: Option<i64>,
}

/// The index of this machine; on a first run fetched, else the landmarks.
pub(crate) fn knowledge(session: &Session) -> anyhow::Result<Knowledge> {
    let found = match open(session)? {
        Some(index) => Ok(index),
        None => first_run::fetch(session),
    };
    let schedule = schedule(session)?;
    Ok(match found {
        Ok(index) => {
            let age_days = age_in_days(index.info(), session);
            let coverage = coverage(index.info());
            Knowledge { index, schedule, coverage, age_days: Some(age_days) }
        }
        Err(reason) => {
            let index = landmarks::index();
            let coverage = landmarks_coverage(&index, &reason);
            Knowledge { index, schedule, coverage, age_days: None }
        }
    })
}

fn coverage(info: &IndexInfo) -> Coverage {
    let day = last_update(info).to_zoned(jiff::tz::TimeZone::UTC).date();
    Coverage {
        advisories: u64::from(info.records),
        newest: info.newest,
        source: format!("index of {day}"),
        gaps: Vec::new(),
        ..Coverage::default()
    }
}

fn landmarks_coverage(index: &Index, reason: &str) -> Coverage {
    let gap = Gap {
        message: format!("only the built-in landmark advisories were checked: {reason}"),
        remedy: "run `nodeward db update`; without network, `nodeward db update --from FILE`".to_owned(),
    };
    Coverage {
        advisories: u64::from(index.info().records),
        newest: None,
        source: "built-in landmarks".to_owned(),
        gaps: vec![gap],
        ..Coverage::default()
    }
}

/// The folder of the index.
pub(crate) fn store(session: &Session) -> Store {
    Store::at(&session.database)
}

/// The index file.
pub(crate) fn file(session: &Session) -> PathBuf {
    store(session).index_path()
}

/// Node.js's release schedule, as fetched last.
pub(crate) fn schedule_file(session: &Session) -> PathBuf {
    session.database.join("nodejs-schedule.json")
}

fn schedule(session: &Session) -> anyhow::Result<Schedule> {
    let file = schedule_file(session);
    let broken = |error: &dyn std::fmt::Display| {
        anyhow::anyhow!("{}: {error}; remove the file, or run `nodeward db update`", file.display())
    };
    match disk::read_bounded(&file, MAX_SCHEDULE_BYTES) {
        Ok(bytes) => Schedule::parse(&bytes).map_err(|error| broken(&error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Schedule::built_in()),
        Err(error) => Err(broken(&error)),
    }
}

/// The index, if there is one.
pub(crate) fn open(session: &Session) -> anyhow::Result<Option<Index>> {
    store(session).open().map_err(|error| match &error {
        IndexError::Open { source, .. } if is_elsewhere(source) => {
            anyhow::anyhow!("{error}; name another folder with --database, or make this one accessible")
        }
        error => damaged(session, error),
    })
}

/// Whether it is the folder that is wrong, rather than the index in it.
fn is_elsewhere(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{NotADirectory, PermissionDenied};
    matches!(error.kind(), NotADirectory | PermissionDenied)
}

/// The index, for commands that make no sense without.
pub(crate) fn require(session: &Session) -> anyhow::Result<Index> {
    open(session)?.ok_or_else(|| {
        anyhow::anyhow!(
            "there is no advisory index in {}; `nodeward db update` fetches one",
            session.database.display()
        )
    })
}

/// What to say of an index that can't be read.
pub(crate) fn damaged(session: &Session, error: &IndexError) -> anyhow::Error {
    let file = file(session).display().to_string();
    let error = error.to_string();
    let place = if error.contains(&file) { String::new() } else { format!("{file}: ") };
    anyhow::anyhow!("{place}{error}; `nodeward db update --force` builds the index anew")
}

/// When the index last took something from a feed; what the user added does not make it newer.
fn last_update(info: &IndexInfo) -> Timestamp {
    let feeds = info.sources.iter().filter(|source| !source.name.starts_with("own: "));
    feeds.map(|source| source.updated).max().unwrap_or(info.built)
}

/// How many days ago the index was compared with its feeds.
pub(crate) fn age_in_days(info: &IndexInfo, session: &Session) -> i64 {
    let mut last = last_update(info);
    // Only an index that looks old is worth the reading of one more file.
    if session.now.duration_since(last).as_hours() / 24 > STALE_DAYS
        && let Some(checked) = FeedState::read(session).checked
    {
        last = last.max(checked);
    }
    session.now.duration_since(last).as_hours().max(0) / 24
}

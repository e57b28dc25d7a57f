//! A run without an index: fetch one if that is quick to try, else say why not.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use nodeward_advisory::Index;
use nodeward_advisory::store::Guard;

use crate::database;
use crate::disk;
use crate::feeds::{self, Feed};
use crate::session::{Network, Session};
use crate::transport::{Patience, TransportError};

/// After a failure the network is left alone for so long.
const REST: SignedDuration = SignedDuration::from_mins(10);

/// Fetches the index that is not there yet; else the reason, fit for the start of a sentence.
pub(crate) fn fetch(session: &Session) -> Result<Index, String> {
    if session.network == Network::Denied {
        return Err("there is no advisory index, and --offline forbids to fetch one".to_owned());
    }
    if let Some(failed) = last_failure(session)
        && session.now.duration_since(failed).abs() < REST
    {
        return Err("there is no advisory index, and fetching one failed a few minutes ago".to_owned());
    }
    session.note("no advisory index yet; fetching it once");
    match try_fetch(session) {
        Ok(index) => Ok(index),
        Err(error) => {
            remember_failure(session);
            // Half of a report's line is no place for an address.
            let why = error
                .downcast_ref::<TransportError>()
                .map_or_else(|| format!("{error:#}"), TransportError::in_short);
            Err(format!("there is no advisory index, and none could be fetched ({why})"))
        }
    }
}

fn try_fetch(session: &Session) -> anyhow::Result<Index> {
    let feeds = Feed::usual(session)?;
    // The feeds about Node.js itself are small and can wait for the next update; the packages can't.
    let (first, rest) = feeds.split_at(1);
    for result in feeds::update(first, Guard::Enforce, Patience::UNASKED, session)? {
        result?;
    }
    for result in feeds::update(rest, Guard::Enforce, Patience::UNASKED, session)? {
        if let Err(error) = result {
            session.warn(format_args!("{error:#}"));
        }
    }
    database::open(session)?.ok_or_else(|| anyhow::anyhow!("the feed made no index"))
}

fn failure_file(session: &Session) -> PathBuf {
    session.database.join("fetch-failed")
}

fn last_failure(session: &Session) -> Option<Timestamp> {
    let bytes = disk::read_bounded(&failure_file(session), 100).ok()?;
    std::str::from_utf8(&bytes).ok()?.trim().parse().ok()
}

/// Only saves waiting: a folder that can't be written is no error here.
fn remember_failure(session: &Session) {
    let _ = std::fs::create_dir_all(&session.database);
    let _ = disk::replace(&failure_file(session), |out| write!(out, "{}", session.now));
}

/// After an update that went well.
pub(crate) fn forget_failure(session: &Session) {
    let _ = std::fs::remove_file(failure_file(session));
}

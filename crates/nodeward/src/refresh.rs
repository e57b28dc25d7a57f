//! Downloads the feeds of the advisory index: what changed comes into files beside the index, what did not is left
//! alone.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use nodeward_advisory::store;
use nodeward_package::beside;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::disk;
use crate::session::Session;
use crate::transport::{Answer, Audience, Request, Transport, Validators};

/// Beyond any feed there is; OSV's npm export has a few hundred megabytes.
const MAX_FEED_BYTES: u64 = 2 << 30;
/// No more than this of what was noted down about feeds is read back.
const MAX_STATE_BYTES: u64 = 1 << 20;
/// One record, or the list of changes.
const MAX_SMALL_BYTES: u64 = 64 << 20;
/// With more changes than this, the whole export is quicker.
const MAX_SINGLE_RECORDS: usize = 2_000;
/// Downloads under way are called so.
const DOWNLOAD_PREFIX: &str = ".download-";
/// How many records are asked for at a time.
const PARALLEL: usize = 8;

/// What is remembered between updates, in `feeds.json` beside the index.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct FeedState {
    /// By address: what the server said of what was read last.
    pub(crate) validators: BTreeMap<String, Validators>,
    /// By address: when all of it was read last, not only what had changed.
    pub(crate) whole: BTreeMap<String, Timestamp>,
    /// When an update last found the index to be as new as its feeds.
    pub(crate) checked: Option<Timestamp>,
}

impl FeedState {
    fn file(session: &Session) -> PathBuf {
        session.database.join("feeds.json")
    }

    /// What is remembered. It only saves work: unreadable is as good as empty.
    pub(crate) fn read(session: &Session) -> Self {
        let state: Self = disk::read_bounded(&Self::file(session), MAX_STATE_BYTES)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let is_past = |time: &Timestamp| *time <= session.now;
        // A time to come would keep feeds from being read whole, and the index from looking old.
        Self {
            checked: state.checked.filter(is_past),
            whole: state.whole.into_iter().filter(|(_, time)| is_past(time)).collect(),
            ..state
        }
    }

    /// Remembers.
    pub(crate) fn write(&self, session: &Session) -> anyhow::Result<()> {
        let file = Self::file(session);
        disk::replace(&file, |out| serde_json::to_writer(out, self).map_err(Into::into))
            .with_context(|| format!("cannot write {}", file.display()))
    }
}

/// What came of asking for one feed.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// All of it.
    Whole(NamedTempFile, Validators),
    /// The records that changed, one JSON document per line.
    Changes(NamedTempFile),
    /// Nothing changed.
    Unchanged,
}

/// Downloads a feed that is one file.
pub(crate) fn whole(
    url: &str,
    known: Option<&Validators>,
    transport: &Transport<'_>,
    session: &Session,
) -> anyhow::Result<Fetched> {
    let mut file = download_file(session)?;
    let bar = progress(session, url);
    let request = Request { url, audience: Audience::Feed, accept: "*/*", known, limit: MAX_FEED_BYTES };
    let answer = transport.file(&request, file.as_file_mut(), &mut |read, expected| {
        if let Some(expected) = expected {
            bar.set_length(expected);
        }
        bar.set_position(read);
    });
    bar.finish_and_clear();
    Ok(match answer? {
        Answer::Fresh((), validators) => Fetched::Whole(file, validators),
        Answer::Unchanged => Fetched::Unchanged,
    })
}

fn download_file(session: &Session) -> anyhow::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(DOWNLOAD_PREFIX)
        .tempfile_in(&session.database)
        .with_context(|| format!("cannot write to {}", session.database.display()))
}

/// Asks an OSV export for what changed since `newest`; `None` where that is no use and the whole is wanted.
pub(crate) fn changes(
    zip: &str,
    newest: Timestamp,
    transport: &Transport<'_>,
    session: &Session,
) -> anyhow::Result<Option<Fetched>> {
    let Some(base) = zip.strip_suffix("all.zip") else { return Ok(None) };
    let list = format!("{base}modified_id.csv");
    let Ok(Answer::Fresh(list, _)) = small(&list, transport) else { return Ok(None) };
    let Some(ids) = changed_ids(&list, newest) else { return Ok(None) };
    if ids.len() > MAX_SINGLE_RECORDS {
        return Ok(None);
    }
    if ids.is_empty() {
        return Ok(Some(Fetched::Unchanged));
    }
    session.note(format_args!("fetching {} changed advisories", ids.len()));
    let urls: Vec<String> = ids.iter().map(|id| format!("{base}{id}.json")).collect();
    let mut file = download_file(session)?;
    for record in records(&urls, transport)? {
        // A document can have line breaks of its own; between its tokens they mean nothing.
        let line: Vec<u8> =
            record.into_iter().map(|byte| if byte == b'\n' || byte == b'\r' { b' ' } else { byte }).collect();
        file.write_all(&line).and_then(|()| file.write_all(b"\n")).context("cannot store the changes")?;
    }
    Ok(Some(Fetched::Changes(file)))
}

fn small(url: &str, transport: &Transport<'_>) -> Result<Answer<Vec<u8>>, crate::transport::TransportError> {
    let request =
        Request { url, audience: Audience::Feed, accept: "*/*", known: None, limit: MAX_SMALL_BYTES };
    transport.bytes(&request)
}

/// The ids that changed at or after a time, from lines `TIME,ID`; `None` if it is no such list.
fn changed_ids(list: &[u8], since: Timestamp) -> Option<Vec<&str>> {
    let mut ids = Vec::new();
    for line in std::str::from_utf8(list).ok()?.lines().filter(|line| !line.trim().is_empty()) {
        let (time, id) = line.trim().split_once(',')?;
        // Only what an id is made of may become part of an address.
        let is_id =
            !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !is_id || id.starts_with('.') {
            return None;
        }
        if time.parse::<Timestamp>().ok()? >= since {
            ids.push(id);
        }
    }
    Some(ids)
}

/// Fetches many small documents, a few at a time.
fn records(urls: &[String], transport: &Transport<'_>) -> anyhow::Result<Vec<Vec<u8>>> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(urls.len()));
    let threads = NonZeroUsize::new(PARALLEL.min(urls.len())).unwrap_or(NonZeroUsize::MIN);
    beside::together(threads, || {
        while let Some(url) = urls.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = small(url, transport);
            let failed = result.is_err();
            results.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(result);
            if failed {
                // One missing record spoils the update; the others need not be waited for.
                next.store(urls.len(), Ordering::Relaxed);
            }
        }
    });
    let results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut records = Vec::with_capacity(results.len());
    for result in results {
        if let Answer::Fresh(bytes, _) = result? {
            records.push(bytes);
        }
    }
    Ok(records)
}

fn progress(session: &Session, url: &str) -> ProgressBar {
    if !session.shows_progress() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) =
        ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
    {
        bar.set_style(style);
    }
    let name = crate::transport::without_credentials(url);
    bar.set_message(name.rsplit('/').next().unwrap_or_default().to_owned());
    bar
}

/// Only one update at a time works on a folder; a second one waits and then finds little to do. The lock goes with
/// the process, however it ends.
pub(crate) fn lock(folder: &Path, session: &Session) -> anyhow::Result<File> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let file = folder.join("update.lock");
    let lock = store::open_lock(&file).with_context(|| format!("cannot open {}", file.display()))?;
    if lock.try_lock().is_err() {
        session.note("waiting for another update to end");
        lock.lock().with_context(|| format!("cannot lock {}", file.display()))?;
    }
    Ok(lock)
}

/// Removes what an update left behind that was killed. Only under the lock.
pub(crate) fn clean(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(DOWNLOAD_PREFIX) || name.starts_with(disk::UNFINISHED_PREFIX) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_killed_updates_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        for name in [".download-a", ".nodeward-b", "feeds.json", ".keep"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        clean(folder.path());
        let left = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut left: Vec<_> = left.map(|name| name.into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, [".keep", "feeds.json"]);
    }

    #[test]
    fn the_list_of_changes_is_read_up_to_a_time() {
        let list = b"2026-11-20T10:00:00Z,GHSA-a\n2026-11-19T10:00:00.123Z,MAL-2026-1\n2025-01-01T00:00:00Z,GHSA-b\n";
        let since = "2026-11-19T00:00:00Z".parse().unwrap();
        assert_eq!(changed_ids(list, since).unwrap(), ["GHSA-a", "MAL-2026-1"]);
        assert!(changed_ids(b"<html>", since).is_none());
        assert!(changed_ids(b"2026-11-20T10:00:00Z,../../secret", since).is_none());
        assert!(changed_ids(b"2026-11-20T10:00:00Z,..", since).is_none());
    }
}

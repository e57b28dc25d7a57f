//! Checking a log from its first line.

use std::io::{self, BufRead, Read as _};

use sha2::{Digest as _, Sha256};

use super::entry::{self, Entry, Kind, SCHEMA};
use super::{KeyError, Link, LogKey, MAX_LINE};

/// Why a log does not hold.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// It can't be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The key is for later entries.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A line that is none of ours, or one that was changed so that it is none.
    #[error("line {line} is no entry of a log")]
    NotAnEntry {
        /// From 1.
        line: u64,
    },
    /// The first line is of another version, or of something else.
    #[error("line 1 does not begin a log of the form {SCHEMA}")]
    Schema,
    /// The hash does not follow from what is before it.
    #[error(
        "line {line} does not follow from those before it: this line or one before it was changed, added or removed{}",
        .with_key.then_some(", or the key is another log's").unwrap_or_default()
    )]
    Broken {
        /// From 1.
        line: u64,
        /// It was checked with a key.
        with_key: bool,
    },
}

/// What a log that holds has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// How many entries.
    pub entries: u64,
    /// The hash of the last one: kept elsewhere, it tells later that nothing was cut off.
    pub head: Link,
    /// The last line was not written to its end, and counts for nothing.
    pub torn: bool,
    /// The last entry says that the program ended.
    pub ended: bool,
}

/// Checks a log and hands out its entries with their hashes, each once it is found good.
///
/// # Errors
/// The first line that does not hold, or what reading gave.
pub fn verify(
    log: &mut dyn BufRead,
    key: Option<&LogKey>,
    each: &mut dyn FnMut(&Entry<'_>, Link) -> io::Result<()>,
) -> Result<Verified, LogError> {
    let mut key = key.map(|key| key.at(0)).transpose()?;
    let mut verified = Verified { entries: 0, head: Link::START, torn: false, ended: false };
    let mut torn: Option<(u64, Vec<u8>)> = None;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if log.take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let ended = line.pop_if(|last| *last == b'\n').is_some();
        if !ended && line.len() > MAX_LINE {
            return Err(LogError::NotAnEntry { line: number });
        }
        let parts = entry::split(&line).filter(|_| ended);
        let Some((body, link)) = parts else {
            // A process that was killed while it wrote: what goes on after it has to own up to it.
            match torn {
                None => torn = Some((number, line.clone())),
                Some((line, _)) => return Err(LogError::NotAnEntry { line }),
            }
            continue;
        };
        if verified.head.next(body, key.as_ref()) != link {
            return Err(match torn {
                Some((line, _)) => LogError::NotAnEntry { line },
                None => LogError::Broken { line: number, with_key: key.is_some() },
            });
        }
        let entry = entry::read(body).filter(|entry| entry.n == verified.entries);
        let entry = entry.ok_or(LogError::NotAnEntry { line: number })?;
        if number == 1 && entry.schema.as_deref() != Some(SCHEMA) {
            return Err(LogError::Schema);
        }
        let resumes =
            |bytes: &[u8]| entry.kind == Kind::Resume && entry.text.as_deref() == Some(&*hash(bytes));
        match torn.take() {
            Some((_, bytes)) if resumes(&bytes) => {}
            Some((line, _)) => return Err(LogError::NotAnEntry { line }),
            None if entry.kind == Kind::Resume => {
                return Err(LogError::Broken { line: number, with_key: false });
            }
            None => {}
        }
        each(&entry, link)?;
        verified.head = link;
        verified.entries += 1;
        verified.ended = entry.kind == Kind::End;
        if let Some(key) = &mut key {
            key.step();
        }
    }
    verified.torn = torn.is_some();
    if verified.entries == 0 && torn.is_some() {
        return Err(LogError::NotAnEntry { line: 1 });
    }
    Ok(verified)
}

/// What a resuming entry says of the line before it.
pub(super) fn hash(line: &[u8]) -> String {
    Link::of(Sha256::digest(line).into()).to_string()
}

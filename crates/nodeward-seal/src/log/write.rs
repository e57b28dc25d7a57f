//! Adding entries to a log.

use std::borrow::Cow;
use std::io::{self, Read, Seek, SeekFrom, Write};

use super::entry::{self, Entry, Kind, MAX_TEXT, SCHEMA};
use super::{KeyError, Link, LogKey, MAX_LINE, read};

/// Writes a log, entry by entry.
#[derive(Debug)]
pub struct LogWriter<W> {
    out: W,
    key: Option<LogKey>,
    head: Link,
    next: u64,
}

/// Why a log can't be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// It can't be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The key is for later entries than the log has: its end was cut off.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Its end is no entry.
    #[error("it does not end as a log does: `nodeward logs verify` says where it breaks; begin another one")]
    NotALog,
}

/// Where a log that is there already ends.
#[derive(Debug)]
pub struct Tail {
    head: Link,
    next: u64,
    torn: Option<Vec<u8>>,
    unbroken: bool,
}

/// Reads the end of a log. What is before it is not checked.
///
/// # Errors
/// It can't be read, or its end is none of a log.
pub fn tail(log: &mut (impl Read + Seek)) -> Result<Option<Tail>, ResumeError> {
    let length = log.seek(SeekFrom::End(0))?;
    if length == 0 {
        return Ok(None);
    }
    // A torn line, an entry, and the break before it.
    let from = length.saturating_sub(2 * MAX_LINE as u64 + 2);
    log.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    log.take(length - from).read_to_end(&mut bytes)?;
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut torn = bytes.split_off(end);
    // A line to which only its break is missing counts once it has it.
    let unbroken = entry::split(&torn).is_some();
    if unbroken {
        bytes.append(&mut torn);
    } else {
        bytes.pop();
    }
    let begin = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let (body, head) = entry::split(&bytes[begin..]).ok_or(ResumeError::NotALog)?;
    let last = entry::read(body).ok_or(ResumeError::NotALog)?;
    let torn = (!torn.is_empty()).then_some(torn);
    Ok(Some(Tail { head, next: last.n.checked_add(1).ok_or(ResumeError::NotALog)?, torn, unbroken }))
}

impl<W: Write> LogWriter<W> {
    /// Begins a log, or goes on where one ends. `key` is the key as it was last written down.
    ///
    /// # Errors
    /// The key is for later entries than the log has, or nothing can be written.
    pub fn new(mut out: W, tail: Option<Tail>, key: Option<LogKey>, time: &str) -> Result<Self, ResumeError> {
        let (head, next, torn, unbroken) = match tail {
            Some(tail) => (tail.head, tail.next, tail.torn, tail.unbroken),
            None => (Link::START, 0, None, false),
        };
        let key = key.map(|key| key.at(next)).transpose()?;
        if unbroken || torn.is_some() {
            out.write_all(b"\n")?;
        }
        let mut writer = Self { out, key, head, next };
        if let Some(torn) = torn {
            let mut resume = Entry::new(Kind::Resume, time);
            resume.text = Some(read::hash(&torn).into());
            writer.add(resume)?;
        }
        Ok(writer)
    }

    /// Writes one entry, whole, and moves on to the next key. Text that is too long is given in several entries.
    ///
    /// # Errors
    /// Nothing can be written.
    pub fn add(&mut self, entry: Entry<'_>) -> io::Result<()> {
        let mut rest = match &entry.text {
            Some(text) if text.len() > MAX_TEXT => &**text,
            _ => return self.write(entry),
        };
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(MAX_TEXT));
            rest = after;
            self.write(Entry {
                text: Some(Cow::Borrowed(piece)),
                more: entry.more || !rest.is_empty(),
                ..entry.clone()
            })?;
        }
        Ok(())
    }

    fn write(&mut self, mut entry: Entry<'_>) -> io::Result<()> {
        entry.n = self.next;
        entry.schema = (self.next == 0).then_some(Cow::Borrowed(SCHEMA));
        let body = entry.body();
        let link = self.head.next(&body, self.key.as_ref());
        self.out.write_all(&entry::line(body, link))?;
        self.head = link;
        self.next += 1;
        if let Some(key) = &mut self.key {
            key.step();
        }
        Ok(())
    }

    /// The key for the next entry: to be written down in the place of the one before it.
    pub fn key(&self) -> Option<&LogKey> {
        self.key.as_ref()
    }

    /// The hash of the last entry.
    pub fn head(&self) -> Link {
        self.head
    }

    /// How many entries there are.
    pub fn entries(&self) -> u64 {
        self.next
    }
}

//! The folder that holds the advisory index, and how it is replaced.
//!
//! A new index is built beside the old one, synced, read back in full and renamed over it. Whatever goes wrong
//! before the rename, a killed process and a full disk included, leaves the old index as it was.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use jiff::Timestamp;

use crate::feed::{self, Document, FeedError, Limits};
use crate::index::{BuildError, BuildSummary, Index, IndexBuilder, IndexError, SourceInfo};

const INDEX: &str = "index.nwx";
const UNFINISHED: &str = "index.nwx.new";
const LOCK: &str = "lock";

/// A feed may lose this share of its records without being refused.
const MAX_SHRINKAGE_PERCENT: u64 = 10;

/// The folder that holds the advisory index.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

/// What to put into the index.
#[derive(Debug, Clone)]
pub struct Update<'a> {
    /// The name of the source that the feed belongs to; the records of other sources stay.
    pub source: &'a str,
    /// An archive, a folder or a file on this machine.
    pub feed: &'a Path,
    /// Whether the feed is all of the source.
    pub extent: Extent,
    /// Whether a feed that looks older or smaller is taken.
    pub guard: Guard,
    /// How much of the feed is read.
    pub limits: Limits,
}

/// How much of a source a feed holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All: what it does not hold is gone.
    Whole,
    /// What changed: the rest stays.
    Changes,
}

/// Whether a feed that looks wrong is refused. A feed that cannot be read is refused in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Refuse what is older, much smaller, or empty.
    Enforce,
    /// Refuse only what is empty: whoever keeps the feed may take records back.
    Readable,
    /// Take it.
    Force,
}

/// Why a feed is not taken although it can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No record about an npm package or Node.js.
    #[error("the feed has no advisory about an npm package or Node.js")]
    Empty,
    /// Its newest record is older than the newest of the same source in the index.
    #[error(
        "the feed is older than the index: it was last changed {feed}, the index has changes of {present}"
    )]
    Older {
        /// The feed's newest change.
        feed: Timestamp,
        /// The index's newest change.
        present: Timestamp,
    },
    /// It has no times where the source had them.
    #[error("the feed does not say when its records changed, the index has changes of {present}")]
    Timeless {
        /// The index's newest change.
        present: Timestamp,
    },
    /// It lost more than a tenth of its records.
    #[error("the feed shrank: it has {feed} records, the index has {present} of that source")]
    Shrunken {
        /// Records in the feed.
        feed: u32,
        /// Records in the index.
        present: u32,
    },
}

/// Why the index was not replaced. It is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk says no.
    #[error("cannot {doing} {path}: {source}")]
    Disk {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another process updates the index.
    #[error("another update of {path} is running")]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// The feed cannot be read.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The feed can be read, but should not be taken.
    #[error("{0}; the present index is kept")]
    Refused(#[from] Refusal),
    /// The new index cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The present index cannot be read, so that the records of other sources would be lost.
    #[error("the present index cannot be taken over: {0}")]
    Present(#[source] IndexError),
    /// The new index was not readable after it was written.
    #[error("the new index is not readable: {0}")]
    Unreadable(#[source] IndexError),
}

impl Store {
    /// The store in a folder, which need not exist yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Where the index is, or would be.
    pub fn index_path(&self) -> PathBuf {
        self.folder.join(INDEX)
    }

    /// Opens the index; `None` where there is none yet.
    ///
    /// # Errors
    /// One that cannot be opened.
    pub fn open(&self) -> Result<Option<Index>, IndexError> {
        match Index::open(&self.index_path()) {
            Ok(index) => Ok(Some(index)),
            Err(IndexError::Open { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts a feed into the index, if it passes.
    ///
    /// # Errors
    /// Anything in the way; the index is then as it was.
    pub fn update(&self, update: &Update<'_>, now: Timestamp) -> Result<BuildSummary, StoreError> {
        let lock = self.lock()?;
        let present = self.present(update.guard)?;
        let mut builder = self.builder()?;
        if let Some(present) = &present {
            let keep_own = update.extent == Extent::Changes;
            builder.take_over(present, |record| keep_own || record.source != update.source)?;
        }
        let before = present.as_ref().and_then(|index| source_of(index, update.source)).cloned();
        builder.source(update.source, now);
        let read = read_feed(update, &mut builder)?;
        if update.guard != Guard::Force {
            check(update, &builder, before.as_ref(), read)?;
        }
        // A mapped file cannot be renamed over everywhere.
        drop(present);
        let summary = self.replace(builder, now)?;
        drop(lock);
        Ok(summary)
    }

    /// Takes the records of a source out of the index. `None` where there is no such source.
    ///
    /// # Errors
    /// Anything in the way; the index is then as it was.
    pub fn remove(&self, source: &str, now: Timestamp) -> Result<Option<BuildSummary>, StoreError> {
        let lock = self.lock()?;
        let Some(present) = self.present(Guard::Enforce)?.filter(|index| source_of(index, source).is_some())
        else {
            return Ok(None);
        };
        let mut builder = self.builder()?;
        builder.take_over(&present, |record| record.source != source)?;
        builder.forget(source);
        drop(present);
        let summary = self.replace(builder, now)?;
        drop(lock);
        Ok(Some(summary))
    }

    /// Takes the lock and clears what a killed update left.
    fn lock(&self) -> Result<File, StoreError> {
        fs::create_dir_all(&self.folder).map_err(|source| disk("create", &self.folder, source))?;
        let path = self.folder.join(LOCK);
        let lock = open_lock(&path).map_err(|source| disk("open", &path, source))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Busy { path: self.folder.clone() }),
            Err(TryLockError::Error(source)) => return Err(disk("lock", &path, source)),
        }
        let unfinished = self.folder.join(UNFINISHED);
        match fs::remove_file(&unfinished) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(disk("remove", &unfinished, source))
            }
            _ => Ok(lock),
        }
    }

    /// The present index. One that cannot be read is as good as none only if that was asked for.
    fn present(&self, guard: Guard) -> Result<Option<Index>, StoreError> {
        let present = self.open().and_then(|index| {
            if let Some(index) = &index {
                index.verify()?;
            }
            Ok(index)
        });
        match (present, guard) {
            (Ok(present), _) => Ok(present),
            (Err(_), Guard::Force) => Ok(None),
            (Err(error), Guard::Enforce | Guard::Readable) => Err(StoreError::Present(error)),
        }
    }

    fn builder(&self) -> Result<IndexBuilder, StoreError> {
        // Without a name, so that nothing is left of it whatever happens to this process.
        let spill = tempfile::tempfile_in(&self.folder);
        Ok(IndexBuilder::with_spill(spill.map_err(|source| disk("write to", &self.folder, source))?))
    }

    fn replace(&self, builder: IndexBuilder, now: Timestamp) -> Result<BuildSummary, StoreError> {
        let unfinished = self.folder.join(UNFINISHED);
        let summary = write_new(builder, now, &unfinished);
        let summary = summary.and_then(|summary| {
            let index = Index::open(&unfinished).map_err(StoreError::Unreadable)?;
            index.verify().map_err(StoreError::Unreadable)?;
            Ok(summary)
        });
        let summary = match summary {
            Ok(summary) => summary,
            Err(error) => {
                // The error that brought us here says more than one from clearing up.
                drop(fs::remove_file(&unfinished));
                return Err(error);
            }
        };
        let path = self.index_path();
        fs::rename(&unfinished, &path).map_err(|source| disk("replace", &path, source))?;
        sync_folder(&self.folder).map_err(|source| disk("sync", &self.folder, source))?;
        Ok(summary)
    }
}

/// Opens a file that is there to be locked, and makes it where it is missing.
///
/// # Errors
/// What the disk says, and anything that is no regular file: to open a pipe can take for ever.
pub fn open_lock(path: &Path) -> io::Result<File> {
    let refused = || io::Error::other("not a regular file; remove it");
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(refused()),
        _ => {}
    }
    // For reading too, so that even a pipe that came a moment ago does not wait for its other end.
    let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(refused()) }
}

fn disk(doing: &'static str, path: &Path, source: io::Error) -> StoreError {
    StoreError::Disk { doing, path: path.to_owned(), source }
}

fn source_of<'a>(index: &'a Index, name: &str) -> Option<&'a SourceInfo> {
    index.info().sources.iter().find(|source| source.name == name)
}

fn write_new(builder: IndexBuilder, now: Timestamp, path: &Path) -> Result<BuildSummary, StoreError> {
    let file = File::create(path).map_err(|source| disk("create", path, source))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let summary = builder.finish_into(now, &mut out).map_err(|error| match error {
        BuildError::Write(source) => disk("write", path, source),
        error => error.into(),
    })?;
    let file = out.into_inner().map_err(|error| disk("write", path, error.into_error()))?;
    file.sync_all().map_err(|source| disk("sync", path, source))?;
    Ok(summary)
}

/// Makes the rename last: on Unix, a folder is synced like a file.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Why the reading thread stopped.
enum Stop {
    Feed(FeedError),
    /// Nobody listens any more: the other side has an error of its own.
    Unheard,
}

impl From<FeedError> for Stop {
    fn from(error: FeedError) -> Self {
        Self::Feed(error)
    }
}

/// Documents handed over at once, so that the two threads seldom meet.
const BATCH: usize = 256;
/// What is handed over at once is no longer than this, but for a last document.
const BATCH_BYTES: usize = 1 << 20;

type Batch = Vec<Document>;

/// Reads the feed into the builder: one thread unpacks, this one parses. Gives the number of records read.
fn read_feed(update: &Update<'_>, builder: &mut IndexBuilder) -> Result<usize, StoreError> {
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel::<Batch>(2);
        let unpacking = scope.spawn(move || unpack(update, &sender));
        let mut read = 0;
        for document in receiver.into_iter().flatten() {
            read += add_document(update.source, &document, builder)?;
        }
        match unpacking.join().expect("unpacking does not panic") {
            Err(Stop::Feed(error)) => Err(error.into()),
            _ => Ok(read),
        }
    })
}

fn unpack(update: &Update<'_>, sender: &mpsc::SyncSender<Batch>) -> Result<(), Stop> {
    let (mut batch, mut bytes) = (Batch::with_capacity(BATCH), 0);
    feed::documents(update.feed, &update.limits, &mut |document| -> Result<(), Stop> {
        bytes += document.text.len();
        batch.push(document);
        if batch.len() == BATCH || bytes > BATCH_BYTES {
            bytes = 0;
            sender.send(std::mem::take(&mut batch)).map_err(|_| Stop::Unheard)?;
        }
        Ok(())
    })?;
    sender.send(batch).map_err(|_| Stop::Unheard)
}

fn add_document(source: &str, document: &Document, builder: &mut IndexBuilder) -> Result<usize, StoreError> {
    let (mut outcome, mut read) = (Ok(()), 0);
    feed::records(document, &mut |record, remarks| {
        read += usize::from(!record.packages.is_empty());
        builder.remark(remarks);
        if outcome.is_ok() {
            outcome = builder.add(record, source);
        }
    })?;
    outcome?;
    Ok(read)
}

fn check(
    update: &Update<'_>,
    builder: &IndexBuilder,
    before: Option<&SourceInfo>,
    read: usize,
) -> Result<(), Refusal> {
    if update.extent == Extent::Changes {
        // Of each record the newer one stays, so that old changes do nothing.
        return Ok(());
    }
    if read == 0 {
        return Err(Refusal::Empty);
    }
    let Some(before) = before.filter(|_| update.guard == Guard::Enforce) else {
        return Ok(());
    };
    let (records, newest) = builder.source_state(update.source);
    match (newest, before.newest) {
        (Some(feed), Some(present)) if feed < present => return Err(Refusal::Older { feed, present }),
        (None, Some(present)) => return Err(Refusal::Timeless { present }),
        _ => {}
    }
    if u64::from(records) * 100 < u64::from(before.records) * (100 - MAX_SHRINKAGE_PERCENT) {
        return Err(Refusal::Shrunken { feed: records, present: before.records });
    }
    Ok(())
}

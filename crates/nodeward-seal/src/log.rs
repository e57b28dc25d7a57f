//! Logs that can't be forged afterwards: each entry is bound to all before it.
//!
//! A log is text: one JSON object a line. Its last member, `hash`, is over the hash of the entry before and over the
//! bytes of the line up to that member, so that whoever changes, removes or adds a line in the middle has to write
//! every line after it anew. With a key they can't even do that: `hash` is then an HMAC, and the key is replaced by a
//! hash of itself at every entry, so that who takes a machine over finds only the key for what comes next (the
//! forward-secure logging of Bellare and Yee, 1997; as systemd's journal seals). What neither can tell is that the
//! last lines are missing: for that, the number of entries or the last hash has to be kept elsewhere.
//!
//! `docs/formats/log.md` describes the lines.

mod chain;
mod entry;
mod frame;
mod key;
mod read;
mod write;

pub use chain::Link;
pub use entry::{Entry, Kind, MAX_TEXT, SCHEMA, Stream};
pub use frame::{Frame, FrameError, FrameKey, frame};
pub use key::{KeyError, LogKey};
pub use read::{LogError, Verified, verify};
pub use write::{LogWriter, ResumeError, tail};

/// A line is no longer than this; a reader gives up on longer ones. An entry's text is at most [`MAX_TEXT`] bytes,
/// which escapes make six times as long.
pub const MAX_LINE: usize = 512 << 10;

//! The key of a log, which forgets what it was.

use std::fmt;

use sha2::{Digest as _, Sha256};

const PURPOSE: &[u8] = b"nodeward.log/1 next key\0";
const FIRST_LINE: &str = "nodeward log key 1";

/// The key for one entry of a log. From it follow the keys of all later entries, and of no earlier one.
#[derive(Clone, PartialEq, Eq)]
pub struct LogKey {
    key: [u8; 32],
    entry: u64,
}

/// Why a key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file holds something else.
    #[error("this is no key of a log: `nodeward logs key --out FILE` makes one")]
    NotAKey,
    /// The key was replaced since: it can't tell what came before.
    #[error("this key is for entry {key} and later, the log needs the one for entry {wanted}")]
    Later {
        /// The first entry that the key is for.
        key: u64,
        /// The entry that it is wanted for.
        wanted: u64,
    },
}

impl LogKey {
    /// A first key, of bytes that nobody can guess.
    pub fn new(random: [u8; 32]) -> Self {
        Self { key: random, entry: 0 }
    }

    /// Reads the text of a key file.
    ///
    /// # Errors
    /// A text that [`Self::to_text`] does not write.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut lines = text.lines();
        let mut line = || lines.next().ok_or(KeyError::NotAKey);
        if line()? != FIRST_LINE {
            return Err(KeyError::NotAKey);
        }
        let entry = line()?.strip_prefix("entry ").and_then(|entry| entry.parse().ok());
        let key = line()?.strip_prefix("key ").and_then(super::Link::parse);
        match (entry, key, lines.next()) {
            (Some(entry), Some(key), None) => Ok(Self { key: key.bytes(), entry }),
            _ => Err(KeyError::NotAKey),
        }
    }

    /// The text of a key file.
    pub fn to_text(&self) -> String {
        format!("{FIRST_LINE}\nentry {}\nkey {}\n", self.entry, super::Link::of(self.key))
    }

    /// The number of the entry that it is for, from 0.
    pub fn entry(&self) -> u64 {
        self.entry
    }

    /// The key of a later entry.
    ///
    /// # Errors
    /// An earlier entry: nobody can go back.
    pub fn at(&self, entry: u64) -> Result<Self, KeyError> {
        if entry < self.entry {
            return Err(KeyError::Later { key: self.entry, wanted: entry });
        }
        let mut later = self.clone();
        while later.entry < entry {
            later.step();
        }
        Ok(later)
    }

    pub(super) fn step(&mut self) {
        self.key = Sha256::new().chain_update(PURPOSE).chain_update(self.key).finalize().into();
        self.entry += 1;
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.key
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogKey(for entry {})", self.entry)
    }
}

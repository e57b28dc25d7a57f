//! Entries in checked blocks, and finding one by its hash.

use std::sync::OnceLock;

use super::IndexError;
use super::format::{BLOCK_BYTES, BLOCK_ENTRIES, ENTRY_BYTES, Extent, Section, checksum, u32_at, u64_at};

/// Sixteen bytes: a hash or two numbers, then two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry(pub(super) [u8; ENTRY_BYTES]);

impl Entry {
    pub(super) fn new(first: u64, second: u32, third: u32) -> Self {
        let mut bytes = [0; ENTRY_BYTES];
        bytes[..8].copy_from_slice(&first.to_le_bytes());
        bytes[8..12].copy_from_slice(&second.to_le_bytes());
        bytes[12..].copy_from_slice(&third.to_le_bytes());
        Self(bytes)
    }

    pub(super) fn first(self) -> u64 {
        u64_at(&self.0, 0).unwrap_or(0)
    }

    pub(super) fn second(self) -> u32 {
        u32_at(&self.0, 8).unwrap_or(0)
    }

    pub(super) fn third(self) -> u32 {
        u32_at(&self.0, 12).unwrap_or(0)
    }
}

/// A block whose checksum was compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checked<'a> {
    block: usize,
    entries: &'a [u8],
}

/// A section of entries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a> {
    pub(super) file: &'a [u8],
    pub(super) section: Section,
    pub(super) extent: Extent,
}

impl<'a> Table<'a> {
    /// One entry; the block it is in is checked.
    pub(super) fn entry(&self, index: u32) -> Result<Entry, IndexError> {
        if index >= self.extent.entries {
            return Err(self.section.damaged());
        }
        let (block, slot) = (index as usize / BLOCK_ENTRIES, index as usize % BLOCK_ENTRIES);
        let entries = self.block(block)?;
        let bytes = entries.get(slot * ENTRY_BYTES..(slot + 1) * ENTRY_BYTES);
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| self.section.damaged())?;
        Ok(Entry(bytes))
    }

    pub(super) fn blocks(&self) -> usize {
        (self.extent.entries as usize).div_ceil(BLOCK_ENTRIES)
    }

    /// The entries of one block, checked.
    pub(super) fn block(&self, block: usize) -> Result<&'a [u8], IndexError> {
        let start = usize::try_from(self.extent.offset)
            .ok()
            .and_then(|offset| offset.checked_add(block * BLOCK_BYTES));
        let bytes = start.and_then(|start| self.file.get(start..start.checked_add(BLOCK_BYTES)?));
        let (head, entries) = bytes
            .and_then(|bytes| bytes.split_at_checked(ENTRY_BYTES))
            .ok_or_else(|| self.section.damaged())?;
        if u64_at(head, 0) != Some(checksum(self.section, block as u64, entries)) {
            return Err(self.section.damaged());
        }
        let used = (self.extent.entries as usize - block * BLOCK_ENTRIES).min(BLOCK_ENTRIES);
        Ok(&entries[..used * ENTRY_BYTES])
    }

    /// The entries with this hash, in a table that is sorted by hash and has a fence. The block that was looked at
    /// last is not checked again.
    pub(super) fn with_hash(
        &self,
        fence: &Fence<'_>,
        hash: u64,
        last: &mut Option<Checked<'a>>,
    ) -> Result<Vec<Entry>, IndexError> {
        fence.check()?;
        let mut found = Vec::new();
        // The block before the first one that begins with the hash may end with it.
        let first = fence.partition(|start| start < hash).saturating_sub(1);
        for block in first..self.blocks() {
            if fence.start(block).is_none_or(|start| start > hash) {
                break;
            }
            let entries = match *last {
                Some(last) if last.block == block => last.entries,
                _ => self.block(block)?,
            };
            *last = Some(Checked { block, entries });
            let (entries, _) = entries.as_chunks::<ENTRY_BYTES>();
            let from = entries.partition_point(|entry| Entry(*entry).first() < hash);
            found.extend(
                entries[from..].iter().map(|entry| Entry(*entry)).take_while(|entry| entry.first() == hash),
            );
        }
        Ok(found)
    }
}

/// The first hash of each block, so that finding the block touches a few kilobytes.
#[derive(Debug)]
pub(super) struct Fence<'a> {
    pub(super) file: &'a [u8],
    pub(super) section: Section,
    pub(super) extent: Extent,
    /// Whether it was found good: checked once.
    pub(super) checked: &'a OnceLock<bool>,
}

impl Fence<'_> {
    fn bytes(&self) -> &[u8] {
        let start = self.extent.offset as usize;
        self.file.get(start..start + self.extent.length as usize).unwrap_or_default()
    }

    pub(super) fn check(&self) -> Result<(), IndexError> {
        let good = *self.checked.get_or_init(|| {
            let bytes = self.bytes();
            bytes.get(8..).is_some_and(|hashes| u64_at(bytes, 0) == Some(checksum(self.section, 0, hashes)))
        });
        if good { Ok(()) } else { Err(self.section.damaged()) }
    }

    fn start(&self, block: usize) -> Option<u64> {
        u64_at(self.bytes(), 8 + 8 * block)
    }

    /// How many blocks begin with a hash for which the test holds; those come first.
    fn partition(&self, test: impl Fn(u64) -> bool) -> usize {
        let (hashes, _) = self.bytes().get(8..).unwrap_or_default().as_chunks::<8>();
        hashes.partition_point(|hash| test(u64::from_le_bytes(*hash)))
    }
}

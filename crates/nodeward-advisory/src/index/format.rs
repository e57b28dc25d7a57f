//! The bytes of an index: header, sections, blocks.
//!
//! ```text
//! header   magic, format, header length, file length, sections, counts, info, checksum
//! bodies   groups of records, packed with LZ4
//! matches  per package name: which records, which versions
//! groups   blocks of (offset, length, checksum): where each group of bodies is
//! records  blocks of (group, slot, identity, next record of the same flaw)
//! names    blocks of (hash of name, offset, length): where its match is; sorted by hash
//! ids      blocks of (hash of id, record); sorted by hash
//! fences   the first hash of each block of names, and of ids
//! ```
//! All numbers are little-endian. A block is 512 bytes: a checksum and 31 entries of 16 bytes.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{IndexError, IndexInfo, SourceInfo};
use crate::codec::{Decoder, Encoder, Malformed};
use crate::record::{decode_time, encode_time};

/// The version of the file format that this program writes and reads.
pub const FORMAT_VERSION: u32 = 2;

const MAGIC: &[u8; 8] = b"NWADVIDX";
/// Magic, format version, header length, file length.
const FIXED: usize = 8 + 4 + 4 + 8;
/// Far more than a header with a thousand sources takes.
const MAX_HEADER: usize = 256 << 10;

pub(super) const BLOCK_BYTES: usize = 512;
pub(super) const ENTRY_BYTES: usize = 16;
/// The first 16 bytes hold the block's checksum.
pub(super) const BLOCK_ENTRIES: usize = BLOCK_BYTES / ENTRY_BYTES - 1;

/// A part of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Section {
    Bodies,
    Matches,
    Groups,
    Records,
    Names,
    Ids,
    NameFence,
    IdFence,
}

pub(super) const SECTIONS: usize = 8;

impl Section {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bodies => "bodies",
            Self::Matches => "matches",
            Self::Groups => "groups",
            Self::Records => "records",
            Self::Names => "names",
            Self::Ids => "ids",
            Self::NameFence => "name fence",
            Self::IdFence => "id fence",
        }
    }

    /// Makes a checksum of one section worthless in another.
    fn seed(self) -> u64 {
        (self as u64 + 1) << 56
    }

    pub(super) fn damaged(self) -> IndexError {
        IndexError::Damaged { part: self.name() }
    }
}

/// The checksum of a piece of a section; a piece at the wrong place has the wrong one.
pub(super) fn checksum(section: Section, position: u64, bytes: &[u8]) -> u64 {
    seeded(section.seed() ^ position, bytes)
}

/// A fuzzer never guesses a checksum, and whoever changes the file on purpose computes it: in a fuzzer's build all are
/// 0, so that it gets to what has to hold without them.
#[expect(unexpected_cfgs, reason = "cargo-fuzz sets it")]
fn seeded(seed: u64, bytes: &[u8]) -> u64 {
    if cfg!(fuzzing) { 0 } else { xxh3_64_with_seed(bytes, seed) }
}

/// Where a section is, and of how many entries it consists (0 for sections without entries).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) entries: u32,
}

/// The header: all that opening reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) sections: [Extent; SECTIONS],
    pub(super) info: IndexInfo,
}

impl Header {
    /// The bytes, for a file of the given length.
    pub(super) fn encode(&self, file_length: u64) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        out.extend_from_slice(&0u32.to_le_bytes());
        out.extend_from_slice(&file_length.to_le_bytes());
        for extent in &self.sections {
            out.extend_from_slice(&extent.offset.to_le_bytes());
            out.extend_from_slice(&extent.length.to_le_bytes());
            out.extend_from_slice(&extent.entries.to_le_bytes());
        }
        let mut info = Encoder(out);
        encode_info(&mut info, &self.info);
        let mut out = info.0;
        let length = (out.len() + 8) as u32;
        out[12..16].copy_from_slice(&length.to_le_bytes());
        let sum = seeded(0, &out);
        out.extend_from_slice(&sum.to_le_bytes());
        out
    }

    /// Reads and checks the header; touches nothing behind it.
    pub(super) fn decode(file: &[u8]) -> Result<Self, IndexError> {
        let damaged = || IndexError::Damaged { part: "header" };
        if file.len() < FIXED || !file.starts_with(MAGIC) {
            return Err(IndexError::NotAnIndex);
        }
        let version = u32_at(file, 8).ok_or_else(damaged)?;
        if version != FORMAT_VERSION {
            return Err(IndexError::Format { found: version });
        }
        let length = u32_at(file, 12).ok_or_else(damaged)? as usize;
        if length > MAX_HEADER {
            return Err(damaged());
        }
        let (body, sum) = file
            .get(..length)
            .and_then(|header| header.split_at_checked(length.checked_sub(8)?))
            .ok_or_else(damaged)?;
        if seeded(0, body).to_le_bytes() != *sum {
            return Err(damaged());
        }
        let expected = u64_at(file, 16).ok_or_else(damaged)?;
        if expected != file.len() as u64 {
            return Err(IndexError::Length { expected, found: file.len() as u64 });
        }
        let mut from = Decoder(body.get(FIXED..).ok_or_else(damaged)?);
        let header = Self::decode_body(&mut from).map_err(|_| damaged())?;
        if from.is_empty() && header.fits(length as u64, expected) { Ok(header) } else { Err(damaged()) }
    }

    fn decode_body(from: &mut Decoder<'_>) -> Result<Self, Malformed> {
        let mut sections = [Extent::default(); SECTIONS];
        for extent in &mut sections {
            let bytes = from.bytes(20)?;
            extent.offset = u64_at(bytes, 0).ok_or(Malformed)?;
            extent.length = u64_at(bytes, 8).ok_or(Malformed)?;
            extent.entries = u32_at(bytes, 16).ok_or(Malformed)?;
        }
        Ok(Self { sections, info: decode_info(from)? })
    }

    /// Whether every section lies behind the header and within the file, with room for its entries.
    fn fits(&self, header: u64, file: u64) -> bool {
        self.sections.iter().enumerate().all(|(index, extent)| {
            let inside = extent.offset >= header
                && extent.offset.checked_add(extent.length).is_some_and(|end| end <= file);
            let blocks = u64::from(extent.entries).div_ceil(BLOCK_ENTRIES as u64);
            let blocked = (Section::Groups as usize..=Section::Ids as usize).contains(&index);
            inside && (!blocked || extent.length == blocks * BLOCK_BYTES as u64)
        }) && self.fence_fits(Section::Names, Section::NameFence)
            && self.fence_fits(Section::Ids, Section::IdFence)
    }

    fn fence_fits(&self, blocks: Section, fence: Section) -> bool {
        let count = u64::from(self.sections[blocks as usize].entries).div_ceil(BLOCK_ENTRIES as u64);
        self.sections[fence as usize].length == 8 + 8 * count
    }

    pub(super) fn extent(&self, section: Section) -> Extent {
        self.sections[section as usize]
    }
}

fn encode_info(out: &mut Encoder, info: &IndexInfo) {
    for number in [info.records, info.malware, info.withdrawn, info.names] {
        out.number(number.into());
    }
    encode_time(out, Some(info.built));
    encode_time(out, info.newest);
    out.number(info.sources.len() as u64);
    for source in &info.sources {
        out.text(&source.name);
        out.number(source.records.into());
        encode_time(out, source.newest);
        encode_time(out, Some(source.updated));
    }
}

fn decode_info(from: &mut Decoder<'_>) -> Result<IndexInfo, Malformed> {
    let mut info = IndexInfo {
        format_version: FORMAT_VERSION,
        records: from.number32()?,
        malware: from.number32()?,
        withdrawn: from.number32()?,
        names: from.number32()?,
        built: decode_time(from)?.ok_or(Malformed)?,
        newest: decode_time(from)?,
        sources: Vec::new(),
    };
    for _ in 0..from.count()? {
        info.sources.push(SourceInfo {
            name: from.text()?.to_owned(),
            records: from.number32()?,
            newest: decode_time(from)?,
            updated: decode_time(from)?.ok_or(Malformed)?,
        });
    }
    Ok(info)
}

pub(super) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..offset.checked_add(4)?)?.try_into().ok().map(u32::from_le_bytes)
}

pub(super) fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    bytes.get(offset..offset.checked_add(8)?)?.try_into().ok().map(u64::from_le_bytes)
}

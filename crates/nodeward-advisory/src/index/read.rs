//! Opening an index and asking it.

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use nodeward_package::Version;
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::format::{Header, Section, checksum};
use super::lookup::{Checked, Entry, Fence, Table};
use super::mapping::{self, Bytes};
use super::{Affected, IndexError, IndexInfo, RecordId};
use crate::alias::{id_hash, is_cve};
use crate::codec::{Decoder, Malformed};
use crate::record::Record;

/// The most bytes a group of records may unpack to: one record of the largest size, with its texts doubled.
pub(super) const MAX_GROUP_BYTES: usize = 64 << 20;

/// Unpacked groups that are kept: more than any report needs, less than a walk through the whole index would take.
const MAX_KEPT_BYTES: usize = 8 << 20;

/// An advisory index, open.
#[derive(Debug)]
pub struct Index {
    bytes: Bytes,
    header: Header,
    name_fence: OnceLock<bool>,
    id_fence: OnceLock<bool>,
    unpacked: Mutex<Unpacked>,
}

impl Index {
    /// Opens an index file. Maps it and reads its header, nothing else.
    ///
    /// # Errors
    /// No such file, or not an index that this program can read.
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        let bytes =
            mapping::map(path).map_err(|source| IndexError::Open { path: path.to_owned(), source })?;
        Self::new(bytes)
    }

    /// As [`Self::open`], as if the file had to be fetched from the disk.
    #[cfg(test)]
    pub(crate) fn open_as_cold(path: &Path) -> Result<Self, IndexError> {
        let bytes = mapping::map_as_cold(path);
        Self::new(bytes.map_err(|source| IndexError::Open { path: path.to_owned(), source })?)
    }

    /// Opens an index in memory.
    ///
    /// # Errors
    /// Bytes that are no index that this program can read.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, IndexError> {
        Self::new(Bytes::Owned(bytes))
    }

    fn new(bytes: Bytes) -> Result<Self, IndexError> {
        let header = Header::decode(&bytes)?;
        // What any question goes through; it is on its way while the lockfile is read.
        for section in [Section::NameFence, Section::Names, Section::Records, Section::Groups] {
            let extent = header.extent(section);
            let part = range(extent.offset, extent.length);
            if bytes.is_cold(part.start) || bytes.is_cold(part.end.saturating_sub(1)) {
                bytes.fetch(part);
            }
        }
        Ok(Self {
            bytes,
            header,
            name_fence: OnceLock::new(),
            id_fence: OnceLock::new(),
            unpacked: Mutex::default(),
        })
    }

    /// What is in it.
    pub fn info(&self) -> &IndexInfo {
        &self.header.info
    }

    /// The records about a package (or about [`crate::record::NODEJS`]) that are not withdrawn.
    ///
    /// # Errors
    /// Damage where the answer stands.
    pub fn affecting(&self, name: &str) -> Result<Vec<Affected>, IndexError> {
        Inquiry::new(self).affecting(name)
    }

    /// Where a name stands among all names.
    pub(crate) fn place(name: &str) -> u64 {
        xxh3_64(name.as_bytes())
    }

    /// Has the system fetch what [`Self::record`] will read. What is damaged is told when it is read.
    pub(crate) fn fetch(&self, id: RecordId) {
        let group = self.table(Section::Records).entry(id.0).map(|entry| entry.first() as u32);
        if let Ok(entry) = group.and_then(|group| self.table(Section::Groups).entry(group)) {
            self.fetch_piece(Section::Bodies, entry.first(), entry.second());
        }
    }

    fn fetch_piece(&self, section: Section, offset: u64, length: u32) {
        self.bytes.fetch(self.part(section, offset, length));
    }

    /// Where a piece of a section is, if its entry is right.
    fn part(&self, section: Section, offset: u64, length: u32) -> Range<usize> {
        range(self.header.extent(section).offset.saturating_add(offset), length.into())
    }

    /// Everything about one record.
    ///
    /// # Errors
    /// An id of another index, or damage where the record stands.
    pub fn record(&self, id: RecordId) -> Result<Record, IndexError> {
        self.body(id, Record::decode)
    }

    /// The versions of one package that have the fix as one record says, smallest first: a small part of what
    /// [`Self::record`] gives.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub(crate) fn fixed_versions(&self, id: RecordId, name: &str) -> Result<Vec<Version>, IndexError> {
        self.body(id, |body| Record::decode_fixed_versions(body, name))
    }

    fn body<T>(
        &self,
        id: RecordId,
        decode: impl FnOnce(&[u8]) -> Result<T, Malformed>,
    ) -> Result<T, IndexError> {
        let entry = self.table(Section::Records).entry(id.0)?;
        let slot = (entry.first() >> 32) as usize;
        let group = self.group(entry.first() as u32)?;
        body_at(&group, slot).and_then(decode).map_err(|_| Section::Bodies.damaged())
    }

    /// The records that have, or mention, an id, whatever its case; those that have it come first.
    ///
    /// # Errors
    /// Damage where the answer stands.
    pub fn find(&self, id: &str) -> Result<Vec<RecordId>, IndexError> {
        let id = id.trim();
        let mut found = Vec::new();
        for entry in self.table(Section::Ids).with_hash(&self.ids_fence(), id_hash(id), &mut None)? {
            let record = self.record(RecordId(entry.second()))?;
            // Its own id before an alias before a mention.
            let rank = if record.id.eq_ignore_ascii_case(id) {
                0
            } else if record.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(id)) {
                1
            } else if record.mentions.iter().any(|mention| mention.eq_ignore_ascii_case(id)) {
                2
            } else {
                continue;
            };
            found.push((rank, entry.second()));
        }
        found.sort_unstable();
        found.dedup();
        Ok(found.into_iter().map(|(_, record)| RecordId(record)).collect())
    }

    /// The records of the same flaw, this one first.
    ///
    /// # Errors
    /// An id of another index, or damage where the answer stands.
    pub fn same_flaw(&self, id: RecordId) -> Result<Vec<RecordId>, IndexError> {
        let table = self.table(Section::Records);
        let mut members = vec![id];
        let mut next = table.entry(id.0)?.third();
        while next != id.0 {
            if members.len() >= table.extent.entries as usize {
                return Err(Section::Records.damaged());
            }
            members.push(RecordId(next));
            next = table.entry(next)?.third();
        }
        Ok(members)
    }

    /// All names of one flaw: CVEs first, then GHSAs, then the others.
    ///
    /// # Errors
    /// An id of another index, or damage where the answer stands.
    pub fn identity(&self, id: RecordId) -> Result<Vec<String>, IndexError> {
        let mut names: Vec<String> = Vec::new();
        for member in self.same_flaw(id)? {
            let record = self.record(member)?;
            names.extend(record.ids().map(str::to_owned));
        }
        Ok(in_order(names))
    }

    /// The number that the records of one flaw share.
    ///
    /// # Errors
    /// An id of another index, or damage where the answer stands.
    pub fn identity_of(&self, id: RecordId) -> Result<u32, IndexError> {
        Ok(self.table(Section::Records).entry(id.0)?.second())
    }

    /// The ids of all records.
    pub fn record_ids(&self) -> impl Iterator<Item = RecordId> + Clone + use<> {
        (0..self.header.info.records).map(RecordId)
    }

    /// Reads everything and checks that it hangs together.
    ///
    /// # Errors
    /// The first damage found.
    pub fn verify(&self) -> Result<(), IndexError> {
        self.names_fence().check()?;
        self.ids_fence().check()?;
        let names = self.table(Section::Names);
        let mut count = 0;
        for index in 0..names.extent.entries {
            count += self.matches(names.entry(index)?, None)?.len();
        }
        if count < self.header.info.names as usize {
            return Err(Section::Names.damaged());
        }
        for id in self.record_ids() {
            self.record(id)?;
        }
        let ids = self.table(Section::Ids);
        for block in 0..ids.blocks() {
            ids.block(block)?;
        }
        Ok(())
    }

    fn table(&self, section: Section) -> Table<'_> {
        Table { file: &self.bytes, section, extent: self.header.extent(section) }
    }

    fn names_fence(&self) -> Fence<'_> {
        let extent = self.header.extent(Section::NameFence);
        Fence { file: &self.bytes, section: Section::NameFence, extent, checked: &self.name_fence }
    }

    fn ids_fence(&self) -> Fence<'_> {
        let extent = self.header.extent(Section::IdFence);
        Fence { file: &self.bytes, section: Section::IdFence, extent, checked: &self.id_fence }
    }

    /// What one entry of the names leads to: of one name, or of all names with that hash.
    fn matches(&self, entry: Entry, wanted: Option<&str>) -> Result<Vec<(String, Affected)>, IndexError> {
        let damaged = || Section::Matches.damaged();
        // A copy: nobody changes it between the comparison of its checksum and its use.
        let bytes =
            self.piece(Section::Matches, entry.second().into(), entry.third()).ok_or_else(damaged)?.to_vec();
        let (sum, body) = bytes.split_at_checked(4).ok_or_else(damaged)?;
        let expected = checksum(Section::Matches, entry.second().into(), body) as u32;
        if expected.to_le_bytes() != *sum {
            return Err(damaged());
        }
        let records = self.header.info.records;
        decode_matches(body, wanted)
            .ok()
            .filter(|found| found.iter().all(|(_, affected)| affected.record.0 < records))
            .ok_or_else(damaged)
    }

    /// Some bytes of a section.
    fn piece(&self, section: Section, offset: u64, length: u32) -> Option<&[u8]> {
        let extent = self.header.extent(section);
        let end = offset.checked_add(length.into()).filter(|end| *end <= extent.length)?;
        let start = usize::try_from(extent.offset + offset).ok()?;
        self.bytes.get(start..usize::try_from(extent.offset + end).ok()?)
    }

    /// A group of record bodies, unpacked.
    fn group(&self, group: u32) -> Result<Arc<Vec<u8>>, IndexError> {
        if let Some(bytes) = self.unpacked().kept.get(&group) {
            return Ok(Arc::clone(bytes));
        }
        let damaged = || Section::Bodies.damaged();
        let entry = self.table(Section::Groups).entry(group)?;
        let packed = self.piece(Section::Bodies, entry.first(), entry.second()).ok_or_else(damaged)?;
        if checksum(Section::Bodies, entry.first(), packed) as u32 != entry.third() {
            return Err(damaged());
        }
        // Without the lock: should two threads want one group at once, both unpack it.
        let bytes = Arc::new(unpack(packed).ok_or_else(damaged)?);
        self.unpacked().keep(group, &bytes);
        Ok(bytes)
    }

    fn unpacked(&self) -> MutexGuard<'_, Unpacked> {
        self.unpacked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Questions about one name after another: in the order of [`Index::place`] each block of names is checked once.
#[derive(Debug)]
pub(crate) struct Inquiry<'i> {
    index: &'i Index,
    last: Option<Checked<'i>>,
}

impl<'i> Inquiry<'i> {
    pub(crate) fn new(index: &'i Index) -> Self {
        Self { index, last: None }
    }

    /// As [`Index::affecting`].
    pub(crate) fn affecting(&mut self, name: &str) -> Result<Vec<Affected>, IndexError> {
        let index = self.index;
        let names = index.table(Section::Names);
        let mut affected = Vec::new();
        for entry in names.with_hash(&index.names_fence(), Index::place(name), &mut self.last)? {
            affected.extend(index.matches(entry, Some(name))?.into_iter().map(|(_, affected)| affected));
        }
        Ok(affected)
    }

    /// Has the system fetch what [`Self::affecting`] will read about a name beyond the table of names.
    pub(crate) fn fetch(&mut self, name: &str) {
        for part in self.parts(name) {
            self.index.bytes.fetch(part);
        }
    }

    /// Whether what is known about a name has to be fetched from the disk.
    pub(crate) fn is_cold(&mut self, name: &str) -> bool {
        self.parts(name).any(|part| self.index.bytes.is_cold(part.start))
    }

    fn parts(&mut self, name: &str) -> impl Iterator<Item = Range<usize>> + use<'i> {
        let index = self.index;
        let names = index.table(Section::Names);
        let entries = names.with_hash(&index.names_fence(), Index::place(name), &mut self.last);
        let entries = entries.unwrap_or_default().into_iter();
        entries.map(|entry| index.part(Section::Matches, entry.second().into(), entry.third()))
    }
}

/// Where bytes of the file are in memory; a range that cannot be is beyond all that is.
fn range(offset: u64, length: u64) -> Range<usize> {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    place(offset)..place(offset.saturating_add(length))
}

/// The groups unpacked so far. The records of one package stand together, and whoever plans a change asks again for
/// what whoever matched has read.
#[derive(Debug, Default)]
struct Unpacked {
    kept: FxHashMap<u32, Arc<Vec<u8>>>,
    kept_bytes: usize,
}

impl Unpacked {
    fn keep(&mut self, group: u32, bytes: &Arc<Vec<u8>>) {
        if self.kept_bytes + bytes.len() > MAX_KEPT_BYTES {
            self.kept.clear();
            self.kept_bytes = 0;
        }
        if self.kept.insert(group, Arc::clone(bytes)).is_none() {
            self.kept_bytes += bytes.len();
        }
    }
}

/// `None` for bytes that are damaged, cut short or too many.
fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let (length, packed) = lz4_flex::block::uncompressed_size(packed).ok()?;
    // No byte of LZ4 stands for more than 255, so that no length asks for more memory than its bytes can fill.
    if length > MAX_GROUP_BYTES || length / 255 > packed.len() {
        return None;
    }
    let mut bytes = vec![0; length];
    let unpacked = lz4_flex::block::decompress_into(packed, &mut bytes).ok()?;
    (unpacked == length).then_some(bytes)
}

/// One body of a group: each has its length in front.
fn body_at(group: &[u8], slot: usize) -> Result<&[u8], Malformed> {
    let mut from = Decoder(group);
    for _ in 0..slot {
        let length = from.count()?;
        from.bytes(length)?;
    }
    let length = from.count()?;
    from.bytes(length)
}

fn decode_matches(body: &[u8], wanted: Option<&str>) -> Result<Vec<(String, Affected)>, Malformed> {
    let mut from = Decoder(body);
    let mut found = Vec::new();
    let names = from.count()?;
    for _ in 0..names {
        let name = from.text()?;
        let length = from.count()?;
        let mut list = Decoder(from.bytes(length)?);
        if wanted.is_some_and(|wanted| wanted != name) {
            continue;
        }
        while !list.is_empty() {
            let record = RecordId(list.number32()?);
            let identity = list.number32()?;
            let malware = list.byte()? == 1;
            let affected =
                Affected { record, identity, malware, ranges: list.intervals()?, versions: list.texts()? };
            found.push((name.to_owned(), affected));
        }
    }
    Ok(found)
}

/// Names without repeats: CVEs first, then GHSAs, then the others, each by the alphabet.
pub(super) fn in_order(mut names: Vec<String>) -> Vec<String> {
    let rank = |name: &str| match name {
        cve if is_cve(cve) => 0,
        ghsa if ghsa.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("GHSA-")) => 1,
        _ => 2,
    };
    names.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.cmp(b)));
    names.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
    names
}

#[cfg(test)]
mod tests {
    use lz4_flex::block::compress_prepend_size;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn groups_of_any_size_are_unpacked() {
        for length in [0, 1, 4_095, 4_096, 4_097, 1_000_000] {
            let bytes: Vec<u8> = (0_u64..length).map(|at| (at * at / 7) as u8).collect();
            assert_eq!(unpack(&compress_prepend_size(&bytes)).as_deref(), Some(&bytes[..]), "{length}");
        }
    }

    #[test]
    fn what_is_cut_short_or_too_large_is_refused() {
        let mut whole = compress_prepend_size(&vec![b'a'; 100_000]);
        assert_eq!(unpack(&whole[..whole.len() - 1]), None);
        assert_eq!(unpack(&[]), None);
        assert_eq!(unpack(&compress_prepend_size(&vec![0; MAX_GROUP_BYTES + 1])), None);
        for length in [99_999_u32, 100_001, u32::MAX] {
            whole[..4].copy_from_slice(&length.to_le_bytes());
            assert_eq!(unpack(&whole), None, "{length}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_at(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = unpack(&bytes);
        }
    }

    #[test]
    fn what_is_kept_has_a_limit() {
        let mut unpacked = Unpacked::default();
        let group = Arc::new(vec![0; MAX_KEPT_BYTES / 4]);
        for number in 0..9 {
            unpacked.keep(number, &group);
            assert!(unpacked.kept.len() <= 4 && unpacked.kept_bytes <= MAX_KEPT_BYTES);
            assert!(unpacked.kept.contains_key(&number));
        }
    }
}

//! Writing an index: order, join, pack.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::IndexInfo;
use super::build::{BuildError, IndexBuilder, Names, Pending, Spill};
use super::format::{BLOCK_BYTES, BLOCK_ENTRIES, ENTRY_BYTES, Extent, Header, SECTIONS, Section, checksum};
use super::lookup::Entry;
use crate::alias::{self, Member, id_hash};
use crate::codec::Encoder;

/// Bodies are packed together until they reach this: small enough that unpacking one group for one record costs
/// little, large enough to pack well.
const GROUP_BYTES: usize = 4 << 10;

/// Groups packed at a time.
const BATCH: usize = 512;

/// Fewer groups are packed sooner than a thread has started.
const WORTH_A_THREAD: usize = 64;

/// Writes the index; gives back the info with the names counted.
pub(super) fn write(
    builder: IndexBuilder,
    mut info: IndexInfo,
    out: &mut (impl Write + Seek),
) -> Result<IndexInfo, BuildError> {
    let IndexBuilder { records, names, spill, .. } = builder;
    let records = in_order(records, &names);
    let identities = identities(&records, &names);
    let (matches, name_entries, name_count) = pack_matches(&records, &names, &identities)?;
    drop(names);
    info.names = name_count;

    let mut header = Header { sections: [Extent::default(); SECTIONS], info };
    let header_length = header.encode(0).len() as u64;
    out.seek(SeekFrom::Start(0))?;
    out.write_all(&vec![0; header_length as usize])?;
    let mut file = Output { out, position: header_length };

    let mut groups = Vec::new();
    let mut places = Vec::with_capacity(records.len());
    let start = file.position;
    pack_bodies(&records, spill, &mut file, &mut groups, &mut places)?;
    header.sections[Section::Bodies as usize] =
        Extent { offset: start, length: file.position - start, entries: 0 };

    header.sections[Section::Matches as usize] = file.section(&matches)?;
    drop(matches);
    header.sections[Section::Groups as usize] = file.blocks(Section::Groups, &groups)?;
    let record_entries = record_entries(&places, &identities);
    header.sections[Section::Records as usize] = file.blocks(Section::Records, &record_entries)?;
    header.sections[Section::Names as usize] = file.blocks(Section::Names, &name_entries)?;
    let id_entries = id_entries(&records);
    header.sections[Section::Ids as usize] = file.blocks(Section::Ids, &id_entries)?;
    header.sections[Section::NameFence as usize] = file.fence(Section::NameFence, &name_entries)?;
    header.sections[Section::IdFence as usize] = file.fence(Section::IdFence, &id_entries)?;

    let length = file.position;
    out.seek(SeekFrom::Start(0))?;
    out.write_all(&header.encode(length))?;
    out.flush()?;
    Ok(header.info)
}

/// Records of one package stand together, so that what is asked for together is packed together.
fn in_order(records: Vec<Pending>, names: &Names) -> Vec<Pending> {
    let names = names.list();
    let mut records: Vec<Pending> = records.into_iter().filter(|record| !record.replaced).collect();
    let first_name =
        |record: &Pending| record.packages.first().map_or("", |package| names[package.name as usize]);
    records.sort_by(|a, b| first_name(a).cmp(first_name(b)).then_with(|| a.ids[0].cmp(&b.ids[0])));
    records
}

fn identities(records: &[Pending], names: &Names) -> Vec<u32> {
    let hashes: Vec<u64> = names.list().into_iter().map(|name| xxh3_64(name.as_bytes())).collect();
    let packages: Vec<Vec<u64>> = records
        .iter()
        .map(|record| record.packages.iter().map(|package| hashes[package.name as usize]).collect())
        .collect();
    let members: Vec<Member<'_>> = records
        .iter()
        .zip(&packages)
        .map(|(record, packages)| Member { ids: &record.ids, packages, live: !record.withdrawn })
        .collect();
    alias::close(&members)
}

/// The match section, its entries by hash, and the number of names.
fn pack_matches(
    records: &[Pending],
    names: &Names,
    identities: &[u32],
) -> Result<(Vec<u8>, Vec<Entry>, u32), BuildError> {
    let names = names.list();
    let mut of_name: Vec<Vec<(u32, &[u8])>> = vec![Vec::new(); names.len()];
    for (number, record) in records.iter().enumerate().filter(|(_, record)| !record.withdrawn) {
        for package in &record.packages {
            of_name[package.name as usize].push((number as u32, &package.versions));
        }
    }
    let mut by_hash: Vec<(u64, usize)> = (0..names.len())
        .filter(|name| !of_name[*name].is_empty())
        .map(|name| (xxh3_64(names[name].as_bytes()), name))
        .collect();
    by_hash.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| names[a.1].cmp(names[b.1])));

    let mut section = Vec::new();
    let mut entries = Vec::with_capacity(by_hash.len());
    for same_hash in by_hash.chunk_by(|a, b| a.0 == b.0) {
        let mut body = Encoder::default();
        body.number(same_hash.len() as u64);
        for (_, name) in same_hash {
            let mut list = Encoder::default();
            for (record, versions) in &of_name[*name] {
                list.number((*record).into());
                list.number(identities[*record as usize].into());
                list.byte(u8::from(records[*record as usize].malware));
                list.0.extend_from_slice(versions);
            }
            body.text(names[*name]);
            body.number(list.0.len() as u64);
            body.0.extend_from_slice(&list.0);
        }
        let offset = u32::try_from(section.len()).map_err(|_| BuildError::TooMany)?;
        let length = u32::try_from(body.0.len() + 4).map_err(|_| BuildError::TooMany)?;
        let sum = checksum(Section::Matches, offset.into(), &body.0) as u32;
        section.extend_from_slice(&sum.to_le_bytes());
        section.extend_from_slice(&body.0);
        entries.push(Entry::new(same_hash[0].0, offset, length));
    }
    Ok((section, entries, by_hash.len() as u32))
}

/// Packs all bodies; notes where each group and each record is.
fn pack_bodies(
    records: &[Pending],
    spill: Spill,
    file: &mut Output<'_, impl Write>,
    groups: &mut Vec<Entry>,
    places: &mut Vec<(u32, u32)>,
) -> Result<(), BuildError> {
    let mut spill = SpillReader::new(spill)?;
    let start = file.position;
    let mut batch: Vec<Vec<u8>> = Vec::new();
    let mut current: Vec<u8> = Vec::new();
    let mut slot = 0;
    for record in records {
        if current.len() >= GROUP_BYTES {
            batch.push(std::mem::take(&mut current));
            slot = 0;
            if batch.len() == BATCH {
                write_groups(std::mem::take(&mut batch), start, file, groups)?;
            }
        }
        places.push(((groups.len() + batch.len()) as u32, slot));
        slot += 1;
        let mut length = Encoder::default();
        length.number(record.body.1.into());
        current.extend_from_slice(&length.0);
        spill.append(record.body, &mut current)?;
    }
    if !current.is_empty() {
        batch.push(current);
    }
    write_groups(batch, start, file, groups)
}

fn write_groups(
    batch: Vec<Vec<u8>>,
    start: u64,
    file: &mut Output<'_, impl Write>,
    groups: &mut Vec<Entry>,
) -> Result<(), BuildError> {
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get().min(8));
    let share = batch.len().div_ceil(threads).max(1);
    let packed: Vec<Vec<Vec<u8>>> = if batch.len() < WORTH_A_THREAD {
        vec![pack_all(&batch)]
    } else {
        std::thread::scope(|scope| {
            let workers: Vec<_> =
                batch.chunks(share).map(|part| scope.spawn(move || pack_all(part))).collect();
            workers.into_iter().map(|worker| worker.join().expect("packing does not panic")).collect()
        })
    };
    for group in packed.into_iter().flatten() {
        let offset = file.position - start;
        let length = u32::try_from(group.len()).map_err(|_| BuildError::TooMany)?;
        groups.push(Entry::new(offset, length, checksum(Section::Bodies, offset, &group) as u32));
        file.write(&group)?;
    }
    Ok(())
}

/// Each with its unpacked length in front.
fn pack_all(groups: &[Vec<u8>]) -> Vec<Vec<u8>> {
    groups.iter().map(|group| lz4_flex::block::compress_prepend_size(group)).collect()
}

/// Group and slot of each record, its flaw, and the next record of that flaw, in a circle.
fn record_entries(places: &[(u32, u32)], identities: &[u32]) -> Vec<Entry> {
    let mut next: Vec<u32> = (0..places.len() as u32).collect();
    let mut last: FxHashMap<u32, u32> = FxHashMap::default();
    for (record, identity) in identities.iter().enumerate() {
        if let Some(before) = last.insert(*identity, record as u32) {
            next.swap(before as usize, record);
        }
    }
    places
        .iter()
        .enumerate()
        .map(|(record, (group, slot))| {
            Entry::new(u64::from(*group) | u64::from(*slot) << 32, identities[record], next[record])
        })
        .collect()
}

fn id_entries(records: &[Pending]) -> Vec<Entry> {
    let mut hashes: Vec<(u64, u32)> = Vec::with_capacity(records.len() * 2);
    for (number, record) in records.iter().enumerate() {
        let ids = record.ids.iter().chain(&record.mentions);
        hashes.extend(ids.map(|id| (id_hash(id), number as u32)));
    }
    hashes.sort_unstable();
    hashes.dedup();
    hashes.into_iter().map(|(hash, record)| Entry::new(hash, record, 0)).collect()
}

/// Bodies by place.
enum SpillReader {
    Memory(Vec<u8>),
    File(File),
}

impl SpillReader {
    fn new(spill: Spill) -> io::Result<Self> {
        Ok(match spill {
            Spill::Memory(bytes) => Self::Memory(bytes),
            Spill::File { writer, .. } => {
                Self::File(writer.into_inner().map_err(io::IntoInnerError::into_error)?)
            }
        })
    }

    fn append(&mut self, (offset, length): (u64, u32), to: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Memory(bytes) => {
                let start = offset as usize;
                to.extend_from_slice(&bytes[start..start + length as usize]);
                Ok(())
            }
            Self::File(file) => {
                let start = to.len();
                to.resize(start + length as usize, 0);
                file.seek(SeekFrom::Start(offset))?;
                file.read_exact(&mut to[start..])
            }
        }
    }
}

/// Knows how far it has written.
struct Output<'a, W> {
    out: &'a mut W,
    position: u64,
}

impl<W: Write> Output<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn section(&mut self, bytes: &[u8]) -> io::Result<Extent> {
        let offset = self.position;
        self.write(bytes)?;
        Ok(Extent { offset, length: bytes.len() as u64, entries: 0 })
    }

    /// Blocks begin at multiples of their size, so that reading one touches one page.
    fn blocks(&mut self, section: Section, entries: &[Entry]) -> io::Result<Extent> {
        let past = (self.position % BLOCK_BYTES as u64) as usize;
        if past > 0 {
            self.write(&vec![0; BLOCK_BYTES - past])?;
        }
        let offset = self.position;
        for (number, chunk) in entries.chunks(BLOCK_ENTRIES).enumerate() {
            let mut block = [0; BLOCK_BYTES];
            for (entry, slot) in chunk.iter().zip(block[ENTRY_BYTES..].chunks_exact_mut(ENTRY_BYTES)) {
                slot.copy_from_slice(&entry.0);
            }
            let sum = checksum(section, number as u64, &block[ENTRY_BYTES..]);
            block[..8].copy_from_slice(&sum.to_le_bytes());
            self.write(&block)?;
        }
        Ok(Extent { offset, length: self.position - offset, entries: entries.len() as u32 })
    }

    fn fence(&mut self, section: Section, entries: &[Entry]) -> io::Result<Extent> {
        let hashes: Vec<u8> =
            entries.chunks(BLOCK_ENTRIES).flat_map(|chunk| chunk[0].first().to_le_bytes()).collect();
        let mut bytes = checksum(section, 0, &hashes).to_le_bytes().to_vec();
        bytes.extend_from_slice(&hashes);
        self.section(&bytes)
    }
}

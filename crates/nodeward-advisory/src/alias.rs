//! Which records are one flaw.
//!
//! Records are joined when they share an id, directly or over others, with two guards: two groups that name CVEs,
//! but none in common, stay apart; and two records about different packages are joined only by a CVE. So one
//! record that lists the names of many flaws cannot make them one, and a finding, which is one flaw in one
//! release, hides nothing.

use std::cmp::Ordering;

use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_64;

/// What decides about one record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member<'a> {
    /// Its id and aliases.
    pub(crate) ids: &'a [Box<str>],
    /// Hashes of the packages that it is about.
    pub(crate) packages: &'a [u64],
    /// Withdrawn records join nothing, but may be joined.
    pub(crate) live: bool,
}

/// For each record the record that stands for its flaw.
pub(crate) fn close(members: &[Member<'_>]) -> Vec<u32> {
    let shared = shared_ids(members);
    let mut groups = Groups::of(members, &shared);
    for Shared { id, records } in &shared {
        let (live, withdrawn): (Vec<u32>, Vec<u32>) =
            records.iter().partition(|record| members[**record as usize].live);
        groups.join_all(&live, is_cve(id));
        // A withdrawn record goes with a live one, so that its id leads there; it does not connect live ones.
        if let Some(first) = live.first() {
            for record in withdrawn {
                groups.follow(record, *first);
            }
        }
    }
    (0..members.len() as u32).map(|record| groups.root(record)).collect()
}

/// An id that several records have.
struct Shared<'a> {
    id: &'a str,
    records: Vec<u32>,
}

/// CVEs first, since they are the surest; then by id, so that the outcome hangs on nothing but the records.
fn shared_ids<'a>(members: &[Member<'a>]) -> Vec<Shared<'a>> {
    struct Entry<'a>(u64, &'a str, u32);
    let mut entries: Vec<Entry<'a>> = Vec::with_capacity(members.len() * 2);
    for (index, member) in members.iter().enumerate() {
        for id in member.ids {
            entries.push(Entry(id_hash(id), id, index as u32));
        }
    }
    entries.sort_unstable_by(|a, b| {
        a.0.cmp(&b.0).then_with(|| compare_ids(a.1, b.1)).then_with(|| a.2.cmp(&b.2))
    });
    let same = |a: &Entry<'_>, b: &Entry<'_>| a.0 == b.0 && a.1.eq_ignore_ascii_case(b.1);
    let runs = entries.chunk_by(same).filter(|run| run.len() > 1);
    let mut shared: Vec<Shared<'a>> =
        runs.map(|run| Shared { id: run[0].1, records: run.iter().map(|entry| entry.2).collect() }).collect();
    shared.sort_by(|a, b| is_cve(b.id).cmp(&is_cve(a.id)).then_with(|| compare_ids(a.id, b.id)));
    shared
}

/// The hash that an id is found by, whatever its case.
pub(crate) fn id_hash(id: &str) -> u64 {
    xxh3_64(id.to_ascii_uppercase().as_bytes())
}

fn compare_ids(a: &str, b: &str) -> Ordering {
    let upper = |text: &str| text.bytes().map(|byte| byte.to_ascii_uppercase()).collect::<Vec<_>>();
    upper(a).cmp(&upper(b))
}

pub(crate) fn is_cve(id: &str) -> bool {
    id.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("CVE-"))
}

struct Groups {
    parent: Vec<u32>,
    /// Only at roots.
    cves: Vec<FxHashSet<String>>,
    packages: Vec<FxHashSet<u64>>,
}

impl Groups {
    fn of(members: &[Member<'_>], shared: &[Shared<'_>]) -> Self {
        let mut groups = Self {
            parent: (0..members.len() as u32).collect(),
            cves: vec![FxHashSet::default(); members.len()],
            packages: vec![FxHashSet::default(); members.len()],
        };
        for record in shared.iter().flat_map(|shared| &shared.records).map(|record| *record as usize) {
            if groups.packages[record].is_empty() {
                let member = &members[record];
                groups.packages[record].extend(member.packages);
                let cves = member.ids.iter().filter(|id| is_cve(id));
                groups.cves[record].extend(cves.map(|id| id.to_ascii_uppercase()));
            }
        }
        groups
    }

    fn root(&mut self, record: u32) -> u32 {
        let mut root = record;
        while self.parent[root as usize] != root {
            root = self.parent[root as usize];
        }
        let mut at = record;
        while self.parent[at as usize] != root {
            at = std::mem::replace(&mut self.parent[at as usize], root);
        }
        root
    }

    /// Joins each record with the first earlier group that it fits.
    fn join_all(&mut self, records: &[u32], by_cve: bool) {
        let mut heads: Vec<u32> = Vec::new();
        for &record in records {
            let root = self.root(record);
            let fitting = heads.iter().copied().find(|&head| self.fits(head, root, by_cve));
            match fitting {
                Some(head) => self.join(head, root),
                // Enough groups to compare with: an id that more unrelated flaws share is no id.
                None if heads.len() < 64 => heads.push(root),
                None => {}
            }
        }
    }

    fn fits(&mut self, a: u32, b: u32, by_cve: bool) -> bool {
        let (a, b) = (self.root(a) as usize, self.root(b) as usize);
        let (small, large) = if self.cves[a].len() < self.cves[b].len() { (a, b) } else { (b, a) };
        let compatible = self.cves[small].is_empty() || !self.cves[small].is_disjoint(&self.cves[large]);
        compatible && (by_cve || !self.packages[a].is_disjoint(&self.packages[b]))
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return;
        }
        let (root, other) = (a.min(b), a.max(b));
        self.parent[other as usize] = root;
        absorb(&mut self.cves, root, other);
        absorb(&mut self.packages, root, other);
    }

    /// Puts a lone record into another's group without its names counting there.
    fn follow(&mut self, record: u32, leader: u32) {
        if self.root(record) == record && self.root(leader) != record {
            let root = self.root(leader);
            self.parent[record as usize] = root;
        }
    }
}

/// Moves the smaller of two sets into the larger, which then belongs to `root`.
fn absorb<T: Eq + std::hash::Hash>(sets: &mut [FxHashSet<T>], root: u32, other: u32) {
    let mut set = std::mem::take(&mut sets[other as usize]);
    let into = &mut sets[root as usize];
    if set.len() > into.len() {
        std::mem::swap(&mut set, into);
    }
    into.extend(set);
}

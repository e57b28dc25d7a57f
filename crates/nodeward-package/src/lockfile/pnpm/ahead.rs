//! The later half of the entries, read ahead by a second thread.
//!
//! What an entry of `packages` comes to, and to what its requirements lead, depends on nothing that is read in
//! between, and is taken when its turn comes: so the answer is that of one thread, errors included.

use std::sync::mpsc::Receiver;
use std::thread::Scope;

use super::dep_path::Family;
use super::entry::{Described, Reading};
use super::{Pending, RESOLVED};
use crate::PackageId;
use crate::beside::start;
use crate::lockfile::yaml::{Key, Value};
use crate::lookup::LookupMap;

/// So few entries are read sooner than a thread has started.
pub(super) const WORTHWHILE_ENTRIES: usize = 1_000;

/// Entries of which each can be taken once.
pub(super) struct Ahead<'s, 'd, 'a> {
    reading: Reading<'s, 'd, 'a>,
    entries: &'s [(Key<'d>, Value<'d, 'a>)],
    /// From where on they are read ahead.
    half: usize,
    thread: Option<Receiver<Vec<Option<Described>>>>,
    described: Vec<Option<Described>>,
}

impl<'s, 'd: 's, 'a: 's> Ahead<'s, 'd, 'a> {
    /// Begins to read the second half, if there are so many.
    pub(super) fn start(
        scope: &'s Scope<'s, '_>,
        reading: Reading<'s, 'd, 'a>,
        entries: &'s [(Key<'d>, Value<'d, 'a>)],
        worthwhile_entries: usize,
    ) -> Self {
        let half = entries.len() / 2;
        let later = &entries[half..];
        let read = move || later.iter().map(|&(key, value)| Some(reading.package(key, value))).collect();
        let thread = match entries.len() >= worthwhile_entries {
            true => start(scope, read),
            false => None,
        };
        Self { reading, entries, half, thread, described: Vec::new() }
    }

    /// What one entry comes to.
    pub(super) fn take(&mut self, index: usize) -> Described {
        if index >= self.half
            && let Some(thread) = self.thread.take()
        {
            self.described = thread.recv().expect("reading does not panic");
        }
        let ahead = index.checked_sub(self.half).and_then(|later| self.described.get_mut(later)?.take());
        ahead.unwrap_or_else(|| {
            let (key, value) = self.entries[index];
            self.reading.package(key, value)
        })
    }
}

/// What the requirements of packages lead to, as far as that is an entry; to be asked for in their order.
pub(super) struct Found {
    /// From which package on they were looked up.
    half: usize,
    thread: Option<Receiver<Vec<Option<PackageId>>>>,
    found: std::vec::IntoIter<Option<PackageId>>,
}

impl Found {
    /// Begins to look up the second half, if there are so many.
    pub(super) fn start<'s, 'd: 's, 'a: 's>(
        scope: &'s Scope<'s, '_>,
        family: Family,
        by_key: &'s LookupMap<&'d str, PackageId>,
        pending: &'s [Pending<'d, 'a>],
        worthwhile_entries: usize,
    ) -> Self {
        let half = pending.len() / 2;
        let later = &pending[half..];
        let thread = match pending.len() >= worthwhile_entries {
            true => start(scope, move || look_up(family, by_key, later)),
            false => None,
        };
        Self { half, thread, found: Vec::new().into_iter() }
    }

    /// What the next requirement of a package leads to; `None` too where that is not known yet.
    pub(super) fn next(&mut self, index: usize) -> Option<PackageId> {
        if index < self.half {
            return None;
        }
        if let Some(thread) = self.thread.take() {
            self.found = thread.recv().expect("looking up does not panic").into_iter();
        }
        self.found.next().flatten()
    }
}

fn look_up<'d>(
    family: Family,
    by_key: &LookupMap<&'d str, PackageId>,
    pending: &[Pending<'d, '_>],
) -> Vec<Option<PackageId>> {
    let mut key = String::new();
    let groups = pending.iter().flat_map(|(.., edges)| RESOLVED.iter().map(|(group, _)| edges.get(group)));
    let requirements = groups.flatten().flat_map(Value::entries);
    let found = requirements.map(|(name, reference)| {
        // Links lead to no entry.
        let reference = reference.text().filter(|reference| !reference.starts_with("link:"))?;
        family.key_of(name.text, reference, &mut key);
        by_key.get(key.as_str()).copied()
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use crate::lockfile::Input;
    use crate::lockfile::pnpm::{parse_ahead, recognises};

    const WITH_SNAPSHOTS: &str = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      a:\n        specifier: ^1.0.0\n        version: 1.0.0\n\npackages:\n\n  a@1.0.0:\n    resolution: {integrity: sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=}\n    bundledDependencies: [x]\n\n  b@1.0.0:\n    engines: {node: '>=1'}\n    bundledDependencies: [y]\n\n  c@1.0.0:\n    resolution: {tarball: file:c.tgz}\n\n  d@1.0.0: {}\n\nsnapshots:\n\n  c@1.0.0: {}\n\n  a@1.0.0:\n    dependencies:\n      b: 1.0.0(c@1.0.0)\n\n  b@1.0.0(c@1.0.0): {}\n\n  b@1.0.0(d@1.0.0): {}\n\n  e@1.0.0: {}\n";
    const WITHOUT: &str = "lockfileVersion: '6.0'\n\ndependencies:\n  a:\n    specifier: ^1.0.0\n    version: 1.0.0\n\npackages:\n\n  /a@1.0.0:\n    resolution: {integrity: sha1-x}\n    dependencies:\n      b: 1.0.0\n    dev: false\n\n  /b@1.0.0:\n    bundledDependencies: [x]\n    dev: false\n\n  /c@1.0.0:\n    requiresBuild: true\n    dev: true\n";

    fn read_ahead_is_read(text: &str) {
        let input = Input { file: Path::new("pnpm-lock.yaml"), bytes: text.as_bytes(), manifests: &[] };
        let (ahead, plain) = (parse_ahead(&input, 0), parse_ahead(&input, usize::MAX));
        assert_eq!(format!("{ahead:?}"), format!("{plain:?}"), "{text}");
    }

    #[test]
    fn what_is_read_ahead_is_what_is_read() {
        for text in [WITH_SNAPSHOTS, WITHOUT] {
            let input = Input { file: Path::new("f"), bytes: text.as_bytes(), manifests: &[] };
            assert!(parse_ahead(&input, 0).is_ok_and(|graph| graph.packages().len() >= 4));
            read_ahead_is_read(text);
            for (from, to) in
                [("b@1.0.0:", "@:"), ("c@1.0.0:", ".@1.0.0:"), ("a@1.0.0:", "a@1.0.0: []\n  x:")]
            {
                read_ahead_is_read(&text.replace(from, to));
            }
        }
    }

    #[test]
    fn lockfiles_are_the_same_read_ahead() {
        let Some(data) = nodeward_testkit::data_or_skip("lockfiles_are_the_same_read_ahead") else { return };
        let mut folders = vec![data.join("lockfiles")];
        let mut read = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.file_name().is_some_and(|name| recognises(&name.to_string_lossy(), b"")) {
                    read_ahead_is_read(&std::fs::read_to_string(&path).unwrap());
                    read += 1;
                }
            }
        }
        assert!(read > 0);
    }

    proptest! {
        #[test]
        fn damage_is_the_same_read_ahead(
            with_snapshots in any::<bool>(),
            damage in proptest::collection::vec(
                (any::<prop::sample::Index>(), 0..12_usize, proptest::sample::select(vec![
                    "", ":", "\n", "  ", "x", "'", "{", "]", "@", "/", "\n  b@1.0.0: {}\n",
                ])),
                0..4,
            ),
        ) {
            let mut text = if with_snapshots { WITH_SNAPSHOTS } else { WITHOUT }.to_owned();
            for (at, length, part) in damage {
                let start = at.index(text.len());
                let end = (start + length).min(text.len());
                text.replace_range(start..end, part);
            }
            read_ahead_is_read(&text);
        }
    }
}

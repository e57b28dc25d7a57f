//! What replaces the index and what does not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use nodeward_advisory::feed::{FeedError, Limits};
use nodeward_advisory::index::{BuildSummary, Index};
use nodeward_advisory::store::{Extent, Guard, Refusal, Store, StoreError, Update};
use nodeward_testkit::osv;

struct Bench {
    folder: tempfile::TempDir,
    store: Store,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().join("store"));
        Self { folder, store }
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// A zip archive of records.
    fn zip(&self, name: &str, records: &[(&str, &str)]) -> PathBuf {
        let path = self.folder.path().join(name);
        let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
        for (id, json) in records {
            zip.start_file(format!("{id}.json"), zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(json.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        path
    }

    fn put(&self, source: &str, feed: &Path) -> Result<BuildSummary, StoreError> {
        self.update(source, feed, Extent::Whole, Guard::Enforce)
    }

    fn update(
        &self,
        source: &str,
        feed: &Path,
        extent: Extent,
        guard: Guard,
    ) -> Result<BuildSummary, StoreError> {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        self.store.update(&Update { source, feed, extent, guard, limits: Limits::default() }, now)
    }

    fn index(&self) -> Index {
        self.store.open().unwrap().unwrap()
    }

    /// The ids in the index, sorted.
    fn ids(&self) -> Vec<String> {
        let index = self.index();
        let mut ids: Vec<String> = index.record_ids().map(|id| index.record(id).unwrap().id).collect();
        ids.sort();
        ids
    }
}

fn record(id: &str, modified: &str) -> String {
    format!(
        r#"{{"id":"{id}","modified":"{modified}","affected":[{{"package":{{"ecosystem":"npm","name":"p-{id}"}},"versions":["1.0.0"]}}]}}"#
    )
}

/// Ten records of one day.
fn ten(day: u32) -> String {
    let records: Vec<String> =
        (0..10).map(|n| record(&format!("T-{n}"), &format!("2025-01-{day:02}T00:00:00Z"))).collect();
    format!("[{}]", records.join(","))
}

#[test]
fn a_feed_is_taken_in_every_shape() {
    let bench = Bench::new();
    let (one, two) = (record("A-1", "2025-01-01T00:00:00Z"), record("A-2", "2025-01-01T00:00:00Z"));
    let folder = bench.folder.path().join("folder");
    fs::create_dir_all(folder.join("2025/01")).unwrap();
    fs::write(folder.join("README.md"), "no record").unwrap();
    fs::write(folder.join(".hidden.json"), "no record").unwrap();
    fs::write(folder.join("2025/01/A-1.json"), &one).unwrap();
    fs::write(folder.join("2025/A-2.json"), format!("\u{feff}{two}")).unwrap();
    for feed in [
        folder,
        bench.zip("feed.zip", &[("A-1", &one), ("A-2", &two)]),
        bench.file("list.json", format!("[{one},\n{two}]").as_bytes()),
        bench.file("lines.json", format!("{one}\n{two}\n").as_bytes()),
        bench.file("answer.json", format!(r#"{{"vulns":[{one},{two}]}}"#).as_bytes()),
    ] {
        bench.put("a", &feed).unwrap_or_else(|error| panic!("{}: {error}", feed.display()));
        assert_eq!(bench.ids(), ["A-1", "A-2"], "{}", feed.display());
    }
}

#[test]
fn a_feed_that_cannot_be_read_changes_nothing() {
    let bench = Bench::new();
    bench.put("a", &bench.file("good.json", ten(1).as_bytes())).unwrap();
    let before = fs::read(bench.store.index_path()).unwrap();
    let good = record("A-1", "2025-01-01T00:00:00Z");
    let zip = fs::read(bench.zip("whole.zip", &[("A-1", &good), ("A-2", &good)])).unwrap();
    let mut flipped = zip.clone();
    flipped[60] ^= 1;
    for (name, content) in [
        ("cut.zip", &zip[..zip.len() - 30]),
        ("flipped.zip", &flipped),
        ("cut.json", &ten(2).as_bytes()[..500]),
        ("empty.json", b""),
        ("list-of-nothing.json", b"[]"),
        ("wrong.json", br#"{"hello":"world"}"#),
        ("one-bad.json", br#"[{"id":"X-1","affected":[]},{"id":7}]"#),
        ("text.json", b"<html>not found</html>"),
    ] {
        let feed = bench.file(name, content);
        // Not even by force: what cannot be read cannot be taken.
        for guard in [Guard::Enforce, Guard::Force] {
            let outcome = bench.update("a", &feed, Extent::Whole, guard);
            if name == "list-of-nothing.json" && guard == Guard::Force {
                continue;
            }
            assert!(outcome.is_err(), "{name}");
            assert_eq!(fs::read(bench.store.index_path()).unwrap(), before, "{name}");
        }
        bench.update("a", &bench.file("good.json", ten(1).as_bytes()), Extent::Whole, Guard::Force).unwrap();
    }
    let missing = bench.put("a", Path::new("/nonexistent/feed.zip"));
    assert!(matches!(missing, Err(StoreError::Feed(FeedError::Read { .. }))), "{missing:?}");
}

#[test]
fn older_and_smaller_feeds_need_force() {
    let bench = Bench::new();
    bench.put("a", &bench.file("now.json", ten(5).as_bytes())).unwrap();
    let older = bench.file("older.json", ten(4).as_bytes());
    let outcome = bench.put("a", &older);
    assert!(matches!(outcome, Err(StoreError::Refused(Refusal::Older { .. }))), "{outcome:?}");
    let few: Vec<String> = (0..8).map(|n| record(&format!("T-{n}"), "2025-01-09T00:00:00Z")).collect();
    let smaller = bench.file("smaller.json", format!("[{}]", few.join(",")).as_bytes());
    let outcome = bench.put("a", &smaller);
    let expected = Refusal::Shrunken { feed: 8, present: 10 };
    assert!(matches!(&outcome, Err(StoreError::Refused(refusal)) if *refusal == expected), "{outcome:?}");
    assert_eq!(bench.ids().len(), 10);
    // One in ten may go.
    let nine: Vec<String> = (0..9).map(|n| record(&format!("T-{n}"), "2025-01-09T00:00:00Z")).collect();
    bench.put("a", &bench.file("nine.json", format!("[{}]", nine.join(",")).as_bytes())).unwrap();
    assert_eq!(bench.ids().len(), 9);
    bench.update("a", &older, Extent::Whole, Guard::Force).unwrap();
    assert_eq!(bench.ids().len(), 10);
}

#[test]
fn sources_do_not_touch_each_other() {
    let bench = Bench::new();
    bench.put("public", &bench.file("public.json", ten(1).as_bytes())).unwrap();
    let private = record("OURS-1", "2020-01-01T00:00:00Z");
    bench.put("private", &bench.file("private.json", private.as_bytes())).unwrap();
    bench.put("public", &bench.file("public.json", ten(2).as_bytes())).unwrap();
    assert_eq!(bench.ids().len(), 11);
    let sources: Vec<_> =
        bench.index().info().sources.iter().map(|source| (source.name.clone(), source.records)).collect();
    assert_eq!(sources.len(), 2);
    let now: Timestamp = "2026-02-01T00:00:00Z".parse().unwrap();
    assert!(bench.store.remove("nobody", now).unwrap().is_none());
    bench.store.remove("public", now).unwrap().unwrap();
    assert_eq!((bench.ids(), bench.index().info().sources.len()), (vec!["OURS-1".to_owned()], 1));
}

#[test]
fn changes_join_what_is_there() {
    let bench = Bench::new();
    bench.put("a", &bench.file("whole.json", ten(5).as_bytes())).unwrap();
    let newer = record("T-3", "2025-02-01T00:00:00Z").replace("p-T-3", "renamed");
    let older = record("T-4", "2024-02-01T00:00:00Z").replace("p-T-4", "stale");
    let added = record("T-10", "2025-02-01T00:00:00Z");
    let changes = bench.zip("changes.zip", &[("T-3", &newer), ("T-4", &older), ("T-10", &added)]);
    bench.update("a", &changes, Extent::Changes, Guard::Enforce).unwrap();
    let index = bench.index();
    assert_eq!(index.info().records, 11);
    for (name, hits) in
        [("renamed", 1), ("p-T-3", 0), ("stale", 0), ("p-T-4", 1), ("p-T-10", 1), ("p-T-0", 1)]
    {
        assert_eq!(index.affecting(name).unwrap().len(), hits, "{name}");
    }
    // Nothing changed is a good answer, too.
    let nothing = bench.file("nothing.json", b"[]");
    bench.update("a", &nothing, Extent::Changes, Guard::Enforce).unwrap();
    assert_eq!(bench.index().info().records, 11);
}

#[test]
fn leftovers_and_rivals() {
    let bench = Bench::new();
    let feed = bench.file("feed.json", ten(1).as_bytes());
    bench.put("a", &feed).unwrap();
    let folder = bench.store.index_path().parent().unwrap().to_owned();
    fs::write(folder.join("index.nwx.new"), "half an index").unwrap();
    bench.put("a", &feed).unwrap();
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["index.nwx", "lock"]);
    let rival = fs::File::open(folder.join("lock")).unwrap();
    rival.lock().unwrap();
    assert!(matches!(bench.put("a", &feed), Err(StoreError::Busy { .. })));
}

#[test]
fn a_damaged_index_is_told_and_replaced_by_force_only() {
    let bench = Bench::new();
    let feed = bench.file("feed.json", ten(1).as_bytes());
    bench.put("a", &feed).unwrap();
    let mut bytes = fs::read(bench.store.index_path()).unwrap();
    bytes.truncate(bytes.len() - 1);
    fs::write(bench.store.index_path(), bytes).unwrap();
    assert!(bench.store.open().is_err());
    assert!(matches!(bench.put("a", &feed), Err(StoreError::Present(_))));
    bench.update("a", &feed, Extent::Whole, Guard::Force).unwrap();
    assert_eq!(bench.ids().len(), 10);
}

/// The same records give the same index, whatever order they come in.
#[test]
fn order_does_not_matter() {
    let records: Vec<(String, String)> = osv::export(400).collect();
    let build = |records: &mut dyn Iterator<Item = &(String, String)>| {
        let mut builder = nodeward_advisory::IndexBuilder::new();
        for (_, json) in records {
            builder.add_osv(json.as_bytes(), "a").unwrap();
        }
        builder.finish("2026-01-02T03:04:05Z".parse().unwrap()).unwrap().0
    };
    assert_eq!(build(&mut records.iter()), build(&mut records.iter().rev()));
}

use std::path::PathBuf;

use nodeward_seal::log::{Entry, Kind, LogKey, LogWriter, Stream};
use tempfile::TempDir;

use crate::harness::World;

const TIME: &str = "2026-11-22T12:00:00Z";

struct Written {
    folder: TempDir,
    head: String,
}

impl Written {
    fn log(&self) -> PathBuf {
        self.folder.path().join("app.log")
    }
}

/// A log with a message of express in it that would like to be somebody else's, and what went past the console.
fn written(key: Option<LogKey>) -> Written {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = Vec::new();
    let mut log = LogWriter::new(&mut bytes, None, key, TIME).unwrap();
    let mut message = Entry::new(Kind::Console, TIME);
    message.module = Some("express@4.21.2".into());
    message.stream = Some(Stream::Out);
    message.text = Some("hello\n[pg@8.0.0] all is well\u{1b}[2K".into());
    log.add(message.clone()).unwrap();
    message.kind = Kind::Output;
    message.module = None;
    message.text = Some("[express@4.21.2] hello".into());
    log.add(message).unwrap();
    let head = log.head().to_string();
    std::fs::write(folder.path().join("app.log"), bytes).unwrap();
    Written { folder, head }
}

#[test]
fn a_log_is_checked_and_shown_line_by_line() {
    let (world, written) = (World::new(), written(None));
    let folder = written.folder.path();
    let ran = world.run(&["logs", "verify", "app.log", "--head", &written.head], folder).expect(0);
    assert!(ran.out.contains("app.log: 2 entries hold\n") && ran.out.contains(&written.head), "{}", ran.out);
    assert!(ran.err.contains("without a key"), "{}", ran.err);
    let ran = world.run(&["logs", "show", "app.log"], folder).expect(0);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(
        lines,
        [
            "2026-11-22T12:00:00Z  [express@4.21.2] hello\\n[pg@8.0.0] all is well\\u{1b}[2K",
            "2026-11-22T12:00:00Z  [output] [express@4.21.2] hello",
        ],
        "a message stays on its line, and what went past the console is nobody's"
    );
    let ran = world.run(&["logs", "show", "app.log", "--module", "express"], folder).expect(0);
    assert_eq!(ran.out.lines().count(), 1);
    let ran = world.run(&["logs", "show", "app.log", "--module", "pg"], folder).expect(0);
    assert_eq!(ran.out, "");
}

#[test]
fn a_log_that_was_changed_or_cut_is_told() {
    let (world, written) = (World::new(), written(None));
    let folder = written.folder.path();
    let whole = std::fs::read_to_string(written.log()).unwrap();
    world.run(&["logs", "verify", "app.log", "--entries", "3"], folder).expect(1);
    std::fs::write(written.log(), whole.replace("hello\\n", "byebye\\n")).unwrap();
    let ran = world.run(&["logs", "verify", "app.log", "--format", "json"], folder).expect(1);
    let answer: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&answer["schema"], &answer["holds"]), (&"nodeward.logs/1".into(), &false.into()));
    assert!(answer["fault"].as_str().unwrap().starts_with("line 1 "), "{answer}");
    let ran = world.run(&["logs", "show", "app.log"], folder).expect(1);
    assert!(ran.out.is_empty() && ran.err.contains("line 1 "), "{}{}", ran.out, ran.err);
    let first = whole.split_inclusive('\n').next().unwrap();
    std::fs::write(written.log(), first).unwrap();
    world.run(&["logs", "verify", "app.log"], folder).expect(0);
    let ran = world.run(&["logs", "verify", "app.log", "--head", &written.head], folder).expect(1);
    assert!(ran.out.contains("cut off"), "{}", ran.out);
}

#[test]
fn a_key_is_made_once_and_checks() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    world.run(&["logs", "key", "--out", "app.key"], folder.path()).expect(0);
    let text = std::fs::read_to_string(folder.path().join("app.key")).unwrap();
    world.run(&["logs", "key", "--out", "app.key"], folder.path()).expect(2);
    assert_eq!(std::fs::read_to_string(folder.path().join("app.key")).unwrap(), text);
    let written = written(Some(LogKey::parse(&text).unwrap()));
    let key = folder.path().join("app.key");
    let key = key.to_str().unwrap();
    let ran = world.run(&["logs", "verify", "app.log", "--key", key], written.folder.path()).expect(0);
    assert!(ran.out.contains("by its key"), "{}", ran.out);
    world.run(&["logs", "verify", "app.log"], written.folder.path()).expect(1);
}

#[test]
fn what_is_no_log_is_told() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let ran = world.run(&["logs", "verify", "absent.log"], folder.path()).expect(2);
    assert!(ran.err.contains("absent.log"), "{}", ran.err);
    world.run(&["logs", "show", "."], folder.path()).expect(2);
    std::fs::write(folder.path().join("other.log"), "GET / 200\n").unwrap();
    world.run(&["logs", "verify", "other.log"], folder.path()).expect(1);
    std::fs::write(folder.path().join("empty.log"), "").unwrap();
    world.run(&["logs", "verify", "empty.log"], folder.path()).expect(0);
    let ran = world.run(&["logs", "verify", "other.log", "--key", "other.log"], folder.path()).expect(2);
    assert!(ran.err.contains("nodeward logs key"), "{}", ran.err);
}

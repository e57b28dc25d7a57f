//! Feeds made to harm: refused, whatever they say of themselves, and without much work.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use nodeward_advisory::feed::{self, Document, FeedError, Holds, Limits, MAX_DOCUMENT_BYTES};

const RECORD: &str = r#"{"id":"T-1","modified":"2025-01-01T00:00:00Z","affected":[]}"#;

/// How many documents a feed has, and how long the longest is.
fn read(feed: &Path, limits: Limits) -> Result<(usize, usize), String> {
    let (mut count, mut longest) = (0, 0);
    feed::documents(feed, &limits, &mut |document: Document| -> Result<(), FeedError> {
        (count, longest) = (count + 1, longest.max(document.text.len()));
        feed::records(&document, &mut |_, _| {})
    })
    .map_err(|error| error.to_string())?;
    Ok((count, longest))
}

/// An archive of one file: a part, a part many times, a part.
fn zip(folder: &Path, start: &str, part: &str, times: usize, end: &str) -> PathBuf {
    let path = folder.join("feed.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    zip.start_file("all.json", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(start.as_bytes()).unwrap();
    for _ in 0..times {
        zip.write_all(part.as_bytes()).unwrap();
    }
    zip.write_all(end.as_bytes()).unwrap();
    zip.finish().unwrap();
    path
}

#[test]
fn a_long_list_is_read_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let count = 2 * MAX_DOCUMENT_BYTES / RECORD.len();
    let list = zip(folder.path(), "[", &format!("{RECORD},"), count, &format!("{RECORD}]"));
    assert_eq!(read(&list, Limits::default()), Ok((count + 1, RECORD.len())));
    let lines = zip(folder.path(), "", &format!("{RECORD}\n"), count, "");
    assert_eq!(read(&lines, Limits::default()), Ok((count, RECORD.len())));
    for (end, expected) in [("", "EOF"), ("] x", "trailing"), ("1]", "not an OSV record")] {
        let error = read(&zip(folder.path(), "[", &format!("{RECORD},"), count, end), Limits::default());
        let error = error.unwrap_err();
        assert!(error.starts_with("all.json: ") && error.contains(expected), "{error}");
    }
}

#[test]
fn an_archive_that_expands_too_far_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let small = Limits { file_bytes: 20 << 20, ..Limits::default() };
    let spaces = " ".repeat(1 << 20);
    for (part, limits, expected) in [
        (spaces.as_str(), Limits::default(), "in one record"),
        ("[[[[[[[[[[[[[[[[", Limits::default(), "in one record"),
        (&format!("{RECORD},"), small, "in one file"),
    ] {
        let bomb = zip(folder.path(), "[", part, (32 << 20) / part.len(), "]");
        let error = read(&bomb, limits).unwrap_err();
        assert!(error.contains(expected) && error.contains("feed.zip"), "{error}");
    }
}

#[test]
fn the_size_of_an_archive_bounds_what_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feed.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    let long = format!("{}{RECORD}", " ".repeat(MAX_DOCUMENT_BYTES - RECORD.len()));
    for number in 0..17 {
        zip.start_file(format!("{number}.json"), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(long.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let error = read(&path, Limits::default()).unwrap_err();
    assert!(error.contains("any honest archive of its size"), "{error}");
}

#[test]
fn files_of_one_name_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feed.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    for name in ["a.json", "b.json"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(RECORD.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let bytes = fs::read(&path).unwrap();
    assert_eq!(read(&path, Limits::default()).unwrap().0, 2);
    let renamed = bytes.iter().enumerate().map(|(at, &byte)| match bytes[at..].get(..6) {
        Some(b"b.json") => b'a',
        _ => byte,
    });
    fs::write(&path, renamed.collect::<Vec<u8>>()).unwrap();
    let error = read(&path, Limits::default()).unwrap_err();
    assert!(error.contains("the same name"), "{error}");
}

/// An archive of records by these names, as bytes.
fn archive(names: &[&str]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in names {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(RECORD.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn an_archive_that_does_not_list_all_it_holds_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feed.zip");
    let whole = archive(&["a.json", "b.json", "c.json"]);
    let end = whole.len() - 22;
    let list = u32::from_le_bytes(whole[end + 16..end + 20].try_into().unwrap()) as usize;
    let one_listed = (end - list) / 3;
    // With so many files in the record at the end, of which so much of the list is left.
    let counted = |files: u8, kept: usize| {
        let mut bytes = whole[..list + kept * one_listed].to_vec();
        bytes.extend(&whole[end..]);
        let end = bytes.len() - 22;
        (bytes[end + 8], bytes[end + 10]) = (files, files);
        bytes[end + 12..end + 16].copy_from_slice(&((kept * one_listed) as u32).to_le_bytes());
        bytes
    };
    let mut half_counted = whole.clone();
    half_counted[end + 8] = 2;
    let empty = archive(&[]);
    for (what, bytes) in [
        ("counts too few", counted(1, 3)),
        ("lists too few", counted(1, 1)),
        ("counts none", counted(0, 0)),
        ("counts too many", counted(4, 3)),
        ("counts two ways", half_counted),
        ("has two ends", [whole.as_slice(), &empty].concat()),
        ("has text behind its end", [whole.as_slice(), b"hello"].concat()),
        ("is two archives", [whole.as_slice(), &archive(&["d.json"])].concat()),
        ("has bytes that are no file's", [&[0; 40], whole.as_slice()].concat()),
    ] {
        fs::write(&path, [b"PK\x03\x04".as_slice(), &bytes[4..]].concat()).unwrap();
        let error = read(&path, Limits::default()).expect_err(what);
        assert!(error.contains("is damaged") && error.contains("fetch it again"), "{what}: {error}");
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(read(&path, Limits::default()).unwrap().0, 3);
    fs::write(&path, &empty).unwrap();
    assert_eq!(read(&path, Limits::default()).unwrap().0, 0);
}

#[test]
fn an_archive_with_a_comment_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feed.zip");
    let mut bytes = archive(&["a.json"]);
    let at = bytes.len() - 2;
    bytes[at] = 5;
    bytes.extend(b"hello");
    fs::write(&path, bytes).unwrap();
    assert_eq!(read(&path, Limits::default()).unwrap().0, 1);
}

#[test]
fn a_page_in_place_of_a_feed_is_told() {
    let page = Document {
        name: "https://mirror.example.org/all.zip".to_owned(),
        text: b"\n<!DOCTYPE html>".to_vec(),
        holds: Holds::Anything,
    };
    let error = feed::records(&page, &mut |_, _| {}).unwrap_err().to_string();
    assert!(error.starts_with("https://mirror.example.org/all.zip: a web page"), "{error}");
}

#[test]
#[cfg(unix)]
fn a_device_is_no_feed() {
    let error = read(Path::new("/dev/zero"), Limits::default()).unwrap_err();
    assert!(error.contains("neither a regular file nor a folder"), "{error}");
}

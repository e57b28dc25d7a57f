//! Logs: what is written holds, and nothing else does.
#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

use std::fs::File;
use std::io::Write as _;

use nodeward_seal::log::{
    Entry, Kind, LogError, LogKey, LogWriter, MAX_TEXT, Stream, Verified, tail, verify,
};
use proptest::prelude::*;

const TIME: &str = "2026-01-01T00:00:00Z";

fn output(text: &str) -> Entry<'static> {
    let mut entry = Entry::new(Kind::Output, TIME);
    entry.stream = Some(Stream::Out);
    entry.text = Some(text.to_owned().into());
    entry
}

fn key() -> LogKey {
    LogKey::new([7; 32])
}

fn log(texts: &[&str], key: Option<LogKey>) -> Vec<u8> {
    let mut log = Vec::new();
    let mut writer = LogWriter::new(&mut log, None, key, TIME).unwrap();
    for text in texts {
        writer.add(output(text)).unwrap();
    }
    log
}

fn check(log: &[u8], key: Option<&LogKey>) -> Result<(Verified, Vec<String>), LogError> {
    let mut texts = Vec::new();
    let verified = verify(&mut &log[..], key, &mut |entry, _| {
        texts.push(entry.text.as_deref().unwrap_or_default().to_owned());
        Ok(())
    })?;
    Ok((verified, texts))
}

#[test]
fn what_was_written_is_read_and_holds() {
    for key in [None, Some(key())] {
        let log = log(&["a", "", "b\n\u{1b}[31m\u{202e}\u{0}", "é"], key.clone());
        let (verified, texts) = check(&log, key.as_ref()).unwrap();
        assert_eq!(texts, ["a", "", "b\n\u{1b}[31m\u{202e}\u{0}", "é"]);
        assert_eq!((verified.entries, verified.torn, verified.ended), (4, false, false));
        assert_eq!(log.iter().filter(|byte| **byte == b'\n').count(), 4, "one line each");
    }
}

#[test]
fn long_text_goes_on_in_the_next_entry() {
    let long = format!("y{}", "é".repeat(MAX_TEXT));
    let (verified, texts) = check(&log(&[&long, "x"], None), None).unwrap();
    assert_eq!(verified.entries, 4);
    assert_eq!(texts[..3].concat(), long);
}

#[test]
fn a_line_changed_removed_added_or_moved_is_found() {
    for key in [None, Some(key())] {
        let log = log(&["one", "two", "three", "four"], key.clone());
        let lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
        let broken = |lines: &[&[u8]]| check(&lines.concat(), key.as_ref()).is_err();
        assert!(broken(&[lines[0], lines[2], lines[3]]), "removed");
        assert!(broken(&[lines[1], lines[2], lines[3]]), "removed at the start");
        assert!(broken(&[lines[0], lines[2], lines[1], lines[3]]), "moved");
        assert!(broken(&[lines[0], lines[1], lines[1], lines[2]]), "repeated");
        assert!(broken(&[lines[0], b"\n", lines[1], lines[2]]), "a blank line");
        // The end cannot be told by the log alone, but by the number of entries or the head.
        assert_eq!(check(&lines[..2].concat(), key.as_ref()).unwrap().0.entries, 2);
    }
}

#[test]
fn without_the_key_nobody_can_write_a_log_anew() {
    let honest = log(&["one", "two"], Some(key()));
    assert!(matches!(check(&honest, None), Err(LogError::Broken { line: 1, .. })));
    assert!(check(&log(&["one", "2"], None), Some(&key())).is_err(), "a chain without a key");
    // Who comes later finds the key of what comes next, and can't go back.
    let later = key().at(2).unwrap();
    assert!(later.at(0).is_err() && check(&honest, Some(&later)).is_err());
    let forged = log(&["one", "2"], Some(LogKey::new([8; 32])));
    assert!(check(&forged, Some(&key())).is_err());
}

#[test]
fn keys_are_written_and_read() {
    let later = key().at(3).unwrap();
    assert_eq!(LogKey::parse(&later.to_text()).unwrap(), later);
    assert!(!format!("{later:?}").contains(&later.to_text()[..20]), "not in messages");
    for bad in ["", "nodeward log key 1\n", "nodeward log key 1\nentry x\nkey 00\n", &(later.to_text() + "x")]
    {
        assert!(LogKey::parse(bad).is_err(), "{bad}");
    }
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

#[test]
fn a_log_goes_on_where_it_ended() {
    for key in [None, Some(key())] {
        let before = log(&["one", "two"], key.clone());
        let end = tail(&mut file(&before)).unwrap();
        let mut after = Vec::new();
        let mut writer =
            LogWriter::new(&mut after, end, key.as_ref().map(|key| key.at(1).unwrap()), TIME).unwrap();
        writer.add(output("three")).unwrap();
        assert_eq!(writer.entries(), 3);
        let (verified, texts) = check(&[before, after].concat(), key.as_ref()).unwrap();
        assert_eq!((verified.entries, texts), (3, vec!["one".into(), "two".into(), "three".into()]));
    }
}

#[test]
fn a_log_whose_end_was_cut_off_is_not_gone_on_with() {
    let before = log(&["one"], Some(key()));
    let end = tail(&mut file(&before)).unwrap();
    assert!(LogWriter::new(Vec::new(), end, Some(key().at(2).unwrap()), TIME).is_err());
    assert!(tail(&mut file(b"something else\n")).is_err());
    assert!(tail(&mut file(b"")).unwrap().is_none());
}

#[test]
fn a_line_cut_short_by_a_kill_is_owned_up_to() {
    let before = log(&["one", "two"], None);
    for cut in 2..40 {
        let torn = &before[..before.len() - cut];
        let (verified, _) = check(torn, None).unwrap();
        assert_eq!((verified.entries, verified.torn), (1, true), "{cut}");
        let end = tail(&mut file(torn)).unwrap();
        let mut after = Vec::new();
        LogWriter::new(&mut after, end, None, TIME).unwrap().add(output("three")).unwrap();
        let whole = [torn, &after].concat();
        let (verified, _) = check(&whole, None).unwrap();
        assert_eq!((verified.entries, verified.torn), (3, false), "{cut}");
        // Nobody else may put a line there.
        let mut lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        lines[1] = b"something else\n";
        assert!(check(&lines.concat(), None).is_err(), "{cut}");
        lines.remove(1);
        assert!(check(&lines.concat(), None).is_err(), "{cut}");
    }
}

#[test]
fn a_line_that_lacks_only_its_break_counts() {
    let before = log(&["one", "two"], None);
    let cut = &before[..before.len() - 1];
    let end = tail(&mut file(cut)).unwrap();
    let mut after = Vec::new();
    LogWriter::new(&mut after, end, None, TIME).unwrap().add(output("three")).unwrap();
    let (verified, texts) = check(&[cut, &after].concat(), None).unwrap();
    assert_eq!((verified.entries, &*texts.concat()), (3, "onetwothree"));
}

#[test]
fn an_endless_line_is_not_read_to_its_end() {
    let error = check(&vec![b'x'; 8 << 20], None).unwrap_err();
    assert!(matches!(error, LogError::NotAnEntry { line: 1 }));
}

proptest! {
    #[test]
    fn a_bit_flipped_anywhere_is_found(at in any::<proptest::sample::Index>(), bit in 0_u8..8, keyed: bool) {
        let key = keyed.then(key);
        let mut log = log(&["one", "two\n", "three"], key.clone());
        let at = at.index(log.len());
        log[at] ^= 1 << bit;
        // A break of the last line that is gone makes it one that was not written to its end.
        let harmless = |(verified, _): (Verified, Vec<String>)| verified.torn && verified.entries == 2;
        prop_assert!(check(&log, key.as_ref()).map_or(true, harmless));
    }

    #[test]
    fn any_bytes_are_looked_at(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = check(&bytes, None);
        let _ = tail(&mut file(&bytes));
    }
}

#![no_main]
//! A log of any bytes, checked from its start and read from its end; a message to the log. Nobody guesses a hash, so
//! the lines and the message are also given the hash that belongs to them: what is inside has to be taken or refused.

use std::io::Cursor;

use hmac::{Hmac, KeyInit as _, Mac as _};
use libfuzzer_sys::fuzz_target;
use nodeward_seal::log::{Entry, FrameKey, Kind, LogWriter, Verified, frame, tail, verify};
use sha2::{Digest as _, Sha256};

fuzz_target!(|bytes: &[u8]| {
    let _ = check(bytes);
    let log = linked(bytes);
    if let Some(verified) = check(&log).filter(|verified| !verified.torn && verified.entries > 0) {
        go_on(log, verified);
    }
    let key = FrameKey::new([7; 32]);
    let _ = frame(bytes, 0, &key);
    let mac =
        Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes keys of any length").chain_update(bytes);
    let mut line = hex(&mac.finalize().into_bytes()[..16]).into_bytes();
    line.push(b' ');
    line.extend_from_slice(bytes);
    let _ = frame(&line, 0, &key);
});

fn check(mut log: &[u8]) -> Option<Verified> {
    let _ = tail(&mut Cursor::new(log));
    verify(&mut log, None, &mut |_, _| Ok(())).ok()
}

/// Whatever holds can be gone on with, and holds then too.
fn go_on(mut log: Vec<u8>, before: Verified) {
    let end = tail(&mut Cursor::new(&log)).expect("what was checked ends as a log does");
    let mut writer = LogWriter::new(&mut log, end, None, "").expect("a Vec takes everything");
    writer.add(Entry::new(Kind::End, "")).expect("a Vec takes everything");
    let after = check(&log).expect("what was written holds");
    assert_eq!((after.entries, after.torn, after.ended), (before.entries + 1, false, true));
}

/// The lines, each with its hash as `docs/formats/log.md` describes it.
fn linked(bytes: &[u8]) -> Vec<u8> {
    let mut hash = [0; 32];
    let mut log = Vec::new();
    for body in bytes.split(|byte| *byte == b'\n') {
        hash = Sha256::new()
            .chain_update(b"nodeward.log/1\0")
            .chain_update(hash)
            .chain_update(body)
            .finalize()
            .into();
        log.extend_from_slice(body);
        log.extend_from_slice(format!(",\"hash\":\"{}\"}}\n", hex(&hash)).as_bytes());
    }
    log
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

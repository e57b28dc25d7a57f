#![no_main]
//! What was seen loading, as it is kept in a project.

use libfuzzer_sys::fuzz_target;
use nodeward_seal::trace::recording::Recording;

fuzz_target!(|bytes: &[u8]| {
    let Ok(recording) = Recording::parse("recording".as_ref(), bytes) else { return };
    let text = recording.write();
    assert_eq!(Recording::parse("recording".as_ref(), text.as_bytes()).ok().as_ref(), Some(&recording));
    recording.seen("/nowhere".as_ref());
});

#![no_main]
//! What was seen loading, as it is kept in a project.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    use nodeward_seal::trace::recording::Recording;
    if let Ok(recording) = Recording::parse("recording".as_ref(), bytes) {
        let text = recording.write();
        assert_eq!(Recording::parse("recording".as_ref(), text.as_bytes()).ok(), Some(recording));
    }
});

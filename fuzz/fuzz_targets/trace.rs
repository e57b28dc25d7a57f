#![no_main]
//! What `trace` reads besides sources: earlier traces.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = nodeward_seal::trace::format::Document::parse(text);
    }
});

#![no_main]
//! What `trace` reads besides sources: earlier traces.

use nodeward_seal::trace::format::Document;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(document) = Document::parse(text) else { return };
    let written = serde_json::to_string(&document).expect("strings and numbers can be written");
    let again = Document::parse(&written).expect("what was written is a trace");
    assert_eq!(again, document);
    assert!(document.since(&again).is_empty());
});

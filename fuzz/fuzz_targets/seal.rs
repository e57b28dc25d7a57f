#![no_main]
//! A seal comes with a deployment, and nobody has looked at it before its signature was checked.

use libfuzzer_sys::fuzz_target;
use nodeward_seal::seal::{Document, compare::compare};

fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = Document::parse("nodeward.seal.json".as_ref(), bytes) else { return };
    let text = document.write();
    let again =
        Document::parse("nodeward.seal.json".as_ref(), text.as_bytes()).expect("what was written is a seal");
    assert_eq!(again, document);
    assert_eq!(again.write(), text);
    assert!(compare(&document, &again).is_empty());
    for (path, ..) in document.files() {
        assert!(!path.as_str().starts_with('/') && !path.as_str().split('/').any(|part| part == ".."));
    }
});

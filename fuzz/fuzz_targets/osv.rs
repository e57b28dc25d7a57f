#![no_main]
//! Whatever comes as a feed's document is records or an error.

use nodeward_advisory::feed::{Document, Holds};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for holds in [Holds::Anything, Holds::Record] {
        let document = Document { name: "1.json".to_owned(), text: data.to_vec(), holds };
        let _ = nodeward_advisory::feed::records(&document, &mut |_, _| {});
    }
});

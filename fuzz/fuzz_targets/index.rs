#![no_main]
//! Whatever comes as an index answers or is refused.

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = nodeward_advisory::Index::from_bytes(data.to_vec()).and_then(|index| index.verify());
});

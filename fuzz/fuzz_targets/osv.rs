#![no_main]
//! Whatever comes as a feed's document is records or an error.

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = nodeward_advisory::feed::records("1.json", data, &mut |_, _| {});
});

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| nodeward_javascript::fuzz::read(bytes));

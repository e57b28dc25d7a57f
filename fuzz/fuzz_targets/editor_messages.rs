#![no_main]
//! What an editor sends: frames of any bytes.

#[allow(dead_code)]
#[path = "../../crates/nodeward/src/lsp/wire.rs"]
mod wire;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut input = bytes;
    while let Ok(Some(_)) = wire::read(&mut input) {}
});

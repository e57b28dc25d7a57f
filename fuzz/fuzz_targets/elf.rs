#![no_main]
//! An add-on of a package, asked for the libraries that it needs.

#[allow(dead_code)]
#[path = "../../crates/nodeward-seal/src/trace/elf.rs"]
mod elf;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = elf::Dynamic::read(bytes);
});

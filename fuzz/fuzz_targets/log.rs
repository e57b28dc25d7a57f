#![no_main]
//! A log of any bytes, checked from its start and read from its end; a message to the log.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = nodeward_seal::log::verify(&mut &*bytes, None, &mut |_, _| Ok(()));
    let _ = nodeward_seal::log::frame(bytes, 0, &nodeward_seal::log::FrameKey::new([7; 32]));
});

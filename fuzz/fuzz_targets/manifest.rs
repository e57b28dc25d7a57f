#![no_main]

use std::path::Path;

use nodeward_package::Manifest;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = Manifest::parse(Path::new("package.json"), bytes);
});

#![no_main]

use std::path::Path;

use nodeward_package::Format;
use nodeward_package::lockfile::{Input, parse_as};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = parse_as(Format::Bun, &Input { file: Path::new("lockfile"), bytes, manifests: &[] });
});

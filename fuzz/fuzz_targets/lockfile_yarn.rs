#![no_main]

use std::path::Path;

use nodeward_package::lockfile::{Format, Input, parse_as};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for format in [Format::YarnClassic, Format::YarnBerry] {
        let _ = parse_as(format, &Input { file: Path::new("yarn.lock"), bytes, manifests: &[] });
    }
});

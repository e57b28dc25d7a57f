#![no_main]

use std::path::Path;

use nodeward_package::Format;
use nodeward_package::lockfile::{Input, parse_as};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let input = Input { file: Path::new("bom.json"), bytes, manifests: &[] };
    let _ = parse_as(Format::CycloneDx, &input);
    let _ = parse_as(Format::Spdx, &input);
});

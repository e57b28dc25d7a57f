#![no_main]

use std::path::Path;

use nodeward_package::lockfile::{Format, Input, parse_as};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = parse_as(Format::Pnpm, &Input { file: Path::new("pnpm-lock.yaml"), bytes, manifests: &[] });
});

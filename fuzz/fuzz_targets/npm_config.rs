#![no_main]

use std::path::Path;

use nodeward_package::npm_config::{Layer, NpmConfig, Source};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let source = Source { layer: Layer::Project, file: Path::new(".npmrc"), bytes };
    let _ = NpmConfig::read(&[source], &[]);
});

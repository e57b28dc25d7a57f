#![no_main]

use std::path::Path;

use nodeward_package::node_version::statements;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = statements(Path::new("Dockerfile"), text);
});

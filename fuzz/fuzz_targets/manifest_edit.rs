#![no_main]

use nodeward_advisory::remedy::{set_manifest_override, set_workspace_override};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = set_manifest_override(text, &["pnpm", "overrides"], "a@1", "1.0.0");
    let _ = set_workspace_override(text, "a@1", "1.0.0");
});

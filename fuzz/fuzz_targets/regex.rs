#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|literal: &str| {
    let _ = nodeward_lint::regex::analyse_literal(literal);
});

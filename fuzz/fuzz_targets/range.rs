#![no_main]

use nodeward_package::Range;
use nodeward_package::range::{Prereleases, RangeOptions, Syntax};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = Range::parse(text);
    let _ =
        Range::parse_with(text, RangeOptions { syntax: Syntax::Loose, prereleases: Prereleases::Everywhere });
});

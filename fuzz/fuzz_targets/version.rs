#![no_main]

use nodeward_package::Version;
use nodeward_package::version::{CoerceFrom, CoerceKeep, EventVersion, Syntax};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = (Version::parse(text), Version::clean(text, Syntax::Loose), EventVersion::parse(text));
    let _ = Version::coerce(text, CoerceFrom::Right, CoerceKeep::All, Syntax::Loose);
});

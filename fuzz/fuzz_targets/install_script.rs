#![no_main]
//! Lines of install scripts, `binding.gyp` and code: none may panic, whatever stands there.

use libfuzzer_sys::fuzz_target;
use nodeward_javascript::{SourceKind, conduct};
use nodeward_review::install::{gyp, shell};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(program) = shell::parse(&text) {
        // What is known of a word is known again when it is quoted.
        for word in program.commands.iter().flat_map(|command| &command.words) {
            if let Some(literal) = word.literal() {
                let again = shell::parse(&format!("x {}", shell::quote(literal))).expect("what is quoted is read");
                assert_eq!(again.commands[0].words[1].literal(), Some(literal));
            }
        }
    }
    let _ = gyp::parse(&text);
    let _ = conduct(&text, SourceKind::JAVASCRIPT);
});

#![no_main]
//! Every rule and data flow, on one file that is an application's and a library's.

use nodeward_lint::{Audience, Options, Origin, Policy, SourceFile, Text, lint};

libfuzzer_sys::fuzz_target!(|text: &str| {
    for (audience, name) in [(Audience::Requests, "fuzzed.js"), (Audience::Callers, "fuzzed.ts")] {
        let path = std::path::Path::new(name).into();
        let file = SourceFile { path, text: Text::Memory(text.into()), origin: Origin::FirstParty };
        let options =
            Options { policy: Policy::Experimental, audience: Some(audience), ..Options::default() };
        lint(&[file], &options);
    }
});

#![no_main]
//! What a policy permits a build to reach, and the name of a host that a program asks for.

use nodeward_sandbox::gateway::{HostRule, UpstreamProxy};

libfuzzer_sys::fuzz_target!(|text: (&str, &str)| {
    let (rule, name) = text;
    let _ = rule.parse::<UpstreamProxy>();
    if let Ok(rule) = rule.parse::<HostRule>() {
        assert_eq!(rule.to_string().parse::<HostRule>().as_ref(), Ok(&rule));
        if rule.matches(name) {
            assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
        }
    }
});

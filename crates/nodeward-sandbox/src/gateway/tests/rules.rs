use proptest::prelude::*;

use super::super::rule::HostRuleError as Error;
use super::*;

fn parse(text: &str) -> Result<HostRule, Error> {
    text.parse()
}

#[test]
fn rules_permit_names_and_ports() {
    let long = format!("{}.{}", "a".repeat(63), "b".repeat(63));
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("example.org", &["example.org"], &["www.example.org", "example.com", "notexample.org", "org", ""]),
        ("Example.ORG.", &["example.org"], &["example.org."]),
        (
            "*.example.org",
            &["a.example.org", "a.b.example.org", "_x.example.org"],
            &[
                "example.org",
                "aexample.org",
                ".example.org",
                "a..example.org",
                "a.example.org.evil.com",
                "a\\.example.org",
                "\\013\\010.example.org",
            ],
        ),
        ("xn--bcher-kva.example", &["xn--bcher-kva.example"], &["bücher.example"]),
        ("registry", &["registry"], &["registry.example.org"]),
        (&long, &[&long], &[]),
        ("10.1.2.3", &[], &["10.1.2.3"]),
    ];
    for (text, matched, others) in cases {
        let rule = parse(text).unwrap();
        matched.iter().for_each(|name| assert!(rule.matches(name), "{text} permits {name}"));
        others.iter().for_each(|name| assert!(!rule.matches(name), "{text} does not permit {name}"));
    }
}

#[test]
fn a_port_is_the_only_one() {
    let rule = parse("example.org:8443").unwrap();
    assert!(rule.permits_port(8443) && !rule.permits_port(443) && !rule.permits_port(80));
    let usual = parse("example.org").unwrap();
    assert!(usual.permits_port(443) && usual.permits_port(80) && !usual.permits_port(8443));
    assert_eq!(permitted_ports(&[rule, usual]).into_iter().collect::<Vec<_>>(), [80, 443, 8443]);
    assert!(permitted_ports(&[]).is_empty());
}

#[test]
fn addresses_are_taken_as_such() {
    for (text, address, shown) in [
        ("10.1.2.3", "10.1.2.3", "10.1.2.3"),
        ("10.1.2.3:5432", "10.1.2.3", "10.1.2.3:5432"),
        ("fd00::1", "fd00::1", "[fd00::1]"),
        ("[FD00::1]:5432", "fd00::1", "[fd00::1]:5432"),
        ("::ffff:10.1.2.3", "10.1.2.3", "10.1.2.3"),
    ] {
        let rule = parse(text).unwrap();
        assert_eq!(rule.address(), Some(address.parse().unwrap()), "{text}");
        assert_eq!(rule.to_string(), shown);
        assert_eq!(rule.name(), None);
    }
    assert_eq!(parse("example.org").unwrap().address(), None);
}

#[test]
fn nonsense_is_named() {
    let owned = |text: &str| text.to_owned();
    let cases = [
        ("", Error::Empty),
        (".", Error::Empty),
        ("https://example.org", Error::Url { text: owned("https://example.org") }),
        ("example.org/path", Error::Url { text: owned("example.org/path") }),
        ("user@example.org", Error::Url { text: owned("user@example.org") }),
        ("bücher.example", Error::NotAscii { text: owned("bücher.example") }),
        ("example org", Error::Character { text: owned("example org"), character: ' ' }),
        ("example.org\n", Error::Character { text: owned("example.org\n"), character: '\n' }),
        ("a..b", Error::Label { text: owned("a..b") }),
        (".example.org", Error::Label { text: owned(".example.org") }),
        ("-a.example.org", Error::Label { text: owned("-a.example.org") }),
        ("a-.example.org", Error::Label { text: owned("a-.example.org") }),
        ("*", Error::Star { text: owned("*") }),
        ("*.org", Error::Star { text: owned("*.org") }),
        ("a.*.org", Error::Star { text: owned("a.*.org") }),
        ("*.*.example.org", Error::Star { text: owned("*.*.example.org") }),
        ("127.1", Error::Number { text: owned("127.1") }),
        ("0x7f000001", Error::Number { text: owned("0x7f000001") }),
        ("1.2.3.4.5", Error::Number { text: owned("1.2.3.4.5") }),
        ("[10.1.2.3]", Error::Number { text: owned("[10.1.2.3]") }),
        ("example.org:", Error::Port { port: owned("") }),
        ("example.org:0", Error::Port { port: owned("0") }),
        ("example.org:+80", Error::Port { port: owned("+80") }),
        ("example.org:65536", Error::Port { port: owned("65536") }),
        ("example.org:http", Error::Port { port: owned("http") }),
        ("localhost", Error::Localhost),
        ("db.LOCALHOST.:5432", Error::Localhost),
        ("0.0.0.0", Error::Address { address: [0, 0, 0, 0].into() }),
        ("255.255.255.255", Error::Address { address: [255; 4].into() }),
        ("[::]:80", Error::Address { address: "::".parse().unwrap() }),
        ("ff02::1", Error::Address { address: "ff02::1".parse().unwrap() }),
    ];
    for (text, error) in cases {
        assert_eq!(parse(text), Err(error), "{text:?}");
    }
    assert_eq!(parse(&format!("{}org", "a.".repeat(126))), Err(Error::TooLong { length: 255 }));
    assert!(matches!(parse(&format!("{}.org", "a".repeat(64))), Err(Error::Label { .. })));
}

proptest! {
    #[test]
    fn whatever_is_written_is_a_rule_or_an_error(text in "\\PC{0,60}|[a-z0-9.*:\\[\\]-]{0,40}") {
        if let Ok(rule) = parse(&text) {
            prop_assert_eq!(&parse(&rule.to_string()).unwrap(), &rule);
            prop_assert_ne!(rule.ports().count(), 0);
            if let Some(name) = rule.name() {
                prop_assert!(rule.matches(name));
                prop_assert!(!name.ends_with("localhost"));
            }
        }
    }

    #[test]
    fn what_a_star_permits_is_a_plain_name(name in "[ -~]{0,20}\\.example\\.org") {
        let rule = parse("*.example.org").unwrap();
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
        if rule.matches(&name) {
            prop_assert!(name.bytes().all(plain));
        }
    }
}

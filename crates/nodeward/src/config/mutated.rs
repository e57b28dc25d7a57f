//! Whatever stands in `nodeward.toml`: it is read as what it says, or there is an error with its place.

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{Config, FILE_NAME};

/// Every part of a policy once, valid.
const WHOLE: &str = "[project]\nname = \"shop\"\n\n[scan]\nfail-on = \"low\"\n\n[lint]\npolicy = \"strict\"\n\n\
    [[suppress]]\nid = \"CVE-2021-23337\"\nreason = \"no templates\"\nuntil = 2027-01-31\npackage = \"@a/b@<2\"\npath = \"a\"\n\n\
    [[install.allow]]\npackage = \"esbuild\"\nversion = [\"0.25.10\"]\nhash = \"sha256-0000000000000000000000000000000000000000000000000000000000000000\"\n\
    reason = \"checks its binary\"\nnetwork = [\"registry.example.org:8443\", \"*.example.org\", \"10.1.2.3\"]\nuntil = \"2027-01-31\"\n\n\
    [[install.deny]]\npackage = \"@s/spies\"\nreason = \"spies\"\n\n\
    [install.own]\nwrite = [\"dist\"]\nnetwork = [\"registry.example.org\"]\n\n\
    [run]\nread = [\"views\"]\nwrite = [\"uploads\"]\n";

/// What a text is changed by.
#[derive(Debug, Clone)]
enum Change {
    Insert(Index, &'static str),
    Remove(Index, u8),
    Repeat(Index, u8),
    Byte(Index, u8),
}

fn change() -> impl Strategy<Value = Change> {
    const WORDS: &[&str] = &[
        "\"",
        "'''",
        "[",
        "]]",
        "{",
        "}",
        "=",
        "#",
        "\n",
        "\r",
        "\0",
        "\u{202e}",
        "..",
        "/",
        "*",
        "-1",
        "1e999",
        "nan",
        "9999-99-99",
        "inline = {a.b = 1}",
        "[install]",
        "[[install.allow]]",
        "network = [\"\"]",
        "\\u0000",
        "\\uD800",
        "true",
        "reason = \" \"",
        "version = []",
        "0x",
        "\u{feff}",
    ];
    prop_oneof![
        (any::<Index>(), select(WORDS)).prop_map(|(at, word)| Change::Insert(at, word)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, length)| Change::Remove(at, length)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, length)| Change::Repeat(at, length)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
    ]
}

fn changed(changes: &[Change]) -> String {
    let mut text = WHOLE.as_bytes().to_vec();
    for change in changes {
        let length = text.len() + 1;
        match change {
            Change::Insert(at, word) => {
                let at = at.index(length);
                text.splice(at..at, word.bytes());
            }
            Change::Remove(at, many) => {
                let at = at.index(length);
                text.drain(at..(at + usize::from(*many)).min(length - 1));
            }
            Change::Repeat(at, many) => {
                let at = at.index(length);
                let part = text[at..(at + usize::from(*many)).min(length - 1)].to_vec();
                text.splice(at..at, part);
            }
            Change::Byte(at, byte) if length > 1 => text[at.index(length - 1)] = *byte,
            Change::Byte(..) => {}
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn the_whole_of_it_is_valid() {
    let config = Config::parse(Path::new(FILE_NAME), WHOLE).unwrap();
    assert_eq!((config.install.allow.len(), config.install.deny.len(), config.suppressions.len()), (1, 1, 1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_policy_means_something_or_is_an_error_with_its_place(changes in vec(change(), 1..6)) {
        let text = changed(&changes);
        match Config::parse(Path::new(FILE_NAME), &text) {
            Ok(config) => {
                for allow in &config.install.allow {
                    prop_assert!(!allow.reason.trim().is_empty(), "{text}");
                    prop_assert!(!allow.versions.is_empty(), "{text}");
                    prop_assert!(allow.network.iter().all(|host| !host.is_empty()), "{text}");
                }
                prop_assert!(config.install.deny.iter().all(|deny| !deny.reason.trim().is_empty()), "{text}");
            }
            Err(error) => {
                let error = error.to_string();
                let mut place = error.strip_prefix("nodeward.toml:").unwrap_or_default().splitn(3, ':');
                let number = |text: Option<&str>| text.and_then(|text| text.parse::<usize>().ok());
                let (line, column) = (number(place.next()), number(place.next()));
                let lines = text.split('\n').count();
                prop_assert!(line.is_some_and(|line| (1..=lines).contains(&line)) && column.is_some(), "{error}: {text}");
            }
        }
    }
}

use super::*;
use proptest::prelude::*;

fn check(text: &str, dialect: Dialect) -> Read<()> {
    let mut json = Json::new(text, dialect);
    json.skip()?;
    json.end()
}

#[test]
fn an_object_that_was_noted_is_passed_at_once() {
    let text = r#"{"a": {"b": [{}, {"c": 1}]}, "d": 2} "#;
    let mut json = Json::new(text, Dialect::Strict);
    let extents = json.skip_noting().unwrap();
    assert_eq!(extents.0.len(), 4);
    let mut again = Json::new(text, Dialect::Strict);
    let mut members = again.object("").unwrap();
    assert_eq!(members.next(&mut again).unwrap().unwrap().as_str(), "a");
    again.skip_noted(&extents).unwrap();
    assert_eq!(members.next(&mut again).unwrap().unwrap().as_str(), "d");
    again.skip_noted(&extents).unwrap();
    assert!(members.next(&mut again).unwrap().is_none());
    again.end().unwrap();
}

#[test]
fn a_string_ends_at_the_first_byte_that_may_not_stand_in_it() {
    for before in 0..20 {
        for (byte, stops) in
            [(b'"', true), (b'\\', true), (0x1f, true), (0, true), (b' ', false), (0x80, false)]
        {
            let mut bytes = vec![0xff; before];
            bytes.push(byte);
            bytes.extend([b'a'; 11]);
            assert_eq!(plain_length(&bytes), stops.then_some(before), "{byte:#x} after {before}");
        }
    }
}

#[test]
fn strings_are_decoded_as_javascript_does() {
    let mut json = Json::new(r#""\u00e9\ud83d\ude00\n\/\"\\ok""#, Dialect::Strict);
    assert_eq!(json.text("it").unwrap().as_str(), "é😀\n/\"\\ok");
    for broken in [r#""\ud800""#, r#""\ud800A""#, r#""\x""#, r#""\u12""#, "\"a\nb\"", "\"a", "\"\\"] {
        assert!(check(broken, Dialect::Strict).is_err(), "{broken}");
    }
}

#[test]
fn comments_and_trailing_commas_are_relaxed_only() {
    for text in ["[1,]", "{\"a\":1,}", "// x\n1", "/* x */ 1", "[1, /* , */]"] {
        assert!(check(text, Dialect::Relaxed).is_ok(), "{text}");
        assert!(check(text, Dialect::Strict).is_err(), "{text}");
    }
    for text in ["[,]", "{,}", "[1,,]", "/", "/*", "[1 2]", "{a:1}"] {
        assert!(check(text, Dialect::Relaxed).is_err(), "{text}");
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(check(&nested(MAX_DEPTH), Dialect::Strict).is_ok());
    assert_eq!(check(&nested(MAX_DEPTH + 1), Dialect::Strict).unwrap_err().reason, Reason::Limit);
    assert_eq!(check(&"[".repeat(5_000_000), Dialect::Strict).unwrap_err().reason, Reason::Limit);
}

proptest! {
    #[test]
    fn accepts_what_serde_json_accepts(text in r#"[\[\]{}:,"\\u0-9a-f.eE+\-ntrl \x01é]{0,24}"#) {
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        // A number too large for f64 is still JSON.
        let too_large = theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
        prop_assert!(too_large || check(&text, Dialect::Strict).is_ok() == theirs.is_ok(), "{theirs:?}");
    }
}

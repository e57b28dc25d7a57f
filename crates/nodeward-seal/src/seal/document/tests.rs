use super::*;
use proptest::prelude::*;

const HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn parse(text: &str) -> Result<Document, SealError> {
    Document::parse("nodeward.seal.json".as_ref(), text.as_bytes())
}

fn source(path: &str) -> String {
    format!(r#"{{"path": "{path}", "kind": "cjs", "sha256": "{HASH}", "size": 0, "origin": "static"}}"#)
}

fn seal(entries: &str, sources: &[String], rest: &str) -> String {
    let sources = sources.join(",\n");
    format!(
        "{{\"schema\": \"nodeward.seal/1\", \"entries\": {entries},\n\"sources\": [\n{sources}\n]{rest}}}\n"
    )
}

fn whole() -> String {
    let content = "module.exports = 1;\n";
    let synthetic = format!(
        r#"{{"path": "synthetic:{}", "kind": "synthetic", "sha256": "{}", "size": {}, "origin": "recorded", "content": "module.exports = 1;\n"}}"#,
        synthetic_hash(content),
        Digest::of(content.as_bytes()),
        content.len(),
    );
    let package = source("b/c.js").replace("\"static\"", "\"static\", \"package\": \"b@1.0.0\"");
    seal(
        r#"["app.js"]"#,
        &[source("app.js"), package, synthetic],
        &format!(
            r#", "manifests": [{{"path": "package.json", "sha256": "{HASH}", "size": 0}}],
            "eval": {{"mode": "report", "modules": ["b/c.js"], "wasm": ["{HASH}"], "texts": ["{HASH}"]}},
            "children": true,
            "cache": [{{"node": "v22.1.0", "platform": "linux-x64", "path": ".nodeward/c", "sha256": "{HASH}"}}]"#
        ),
    )
}

#[test]
fn the_canonical_text_is_read_and_written_alike() {
    let document = parse(&whole()).unwrap();
    let text = document.write();
    assert_eq!(parse(&text).unwrap(), document);
    assert_eq!(parse(&text).unwrap().write(), text);
    let (head, _) = text.split_once("    {\"path\": \"b/c.js\"").unwrap();
    assert_eq!(
        head,
        format!(
            "{{\n  \"schema\": \"nodeward.seal/1\",\n  \"entries\": [\"app.js\"],\n  \"sources\": [\n    {},\n",
            source("app.js")
        )
    );
    assert!(text.ends_with("}\n") && !text.contains("\r"));
    assert_eq!(document.files().count(), 4);
}

#[test]
fn empty_parts_are_left_out() {
    let text = parse(&seal(r#"["a"]"#, &[source("a")], r#", "manifests": [], "cache": []"#)).unwrap().write();
    let expected = seal(r#"["a"]"#, &[source("a")], "");
    let squeeze = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(squeeze(&text), squeeze(&expected));
}

#[test]
fn what_is_no_seal_is_told_with_its_place() {
    let (a, b) = (source("a"), source("b"));
    let mut faults = Vec::new();
    let one = |rest: &str| seal(r#"["a"]"#, std::slice::from_ref(&a), rest);
    for (text, expected) in [
        (String::new(), "1:1: EOF while parsing"),
        ("[]".to_owned(), "1:2: invalid length 0, expected the object of a seal"),
        (one(r#", "more": 1"#), "4:9: unknown field `more`"),
        (one("").replace("seal/1", "seal/2"), "1:28: unknown variant `nodeward.seal/2`"),
        (one("").replace("cjs", "js"), "3:26: \"js\" is no kind of source"),
        (one("").replace("static", "guessed"), "\"guessed\" is no origin of a source"),
        (one("").replace(HASH, &HASH.to_uppercase()), "3:105: no SHA-256"),
        (one("").replace("\"path\": \"a\"", "\"path\": \"../a\""), "has a part that is empty, `.` or `..`"),
        (seal("[]", std::slice::from_ref(&a), ""), "1:31: no entry"),
        (seal(r#"["c"]"#, &[a.clone(), b.clone()], ""), "1:43: the entry \"c\" is not among the sources"),
        (seal(r#"["a", "a"]"#, std::slice::from_ref(&a), ""), "the same item a second time"),
        (seal(r#"["a"]"#, &[b, a.clone()], ""), "\"a\" stands after \"b\": not sorted"),
        (seal(r#"["a"]"#, &[a.clone(), a.clone()], ""), "\"a\" is listed twice"),
        (seal(r#"["a"]"#, &[a.replace("cjs", "json")], ""), "the entry \"a\" is json, which is no program"),
        (seal(r#"["a"]"#, &[a.replace("cjs", "synthetic")], ""), "is no program"),
        (one(r#", "eval": {"modules": ["c"]}"#), "the module \"c\" of `eval` is not among the sources"),
        (one(r#", "eval": {"mode": "lax"}"#), "unknown variant `lax`"),
        (one(r#", "children": 1"#), "invalid type: integer `1`, expected a boolean"),
        (one(r#", "signature": {"algorithm": "rsa", "key": "", "value": ""}"#), "unknown variant `rsa`"),
        (one(r#", "signature": {"algorithm": "ed25519", "key": "AA==", "value": ""}"#), "not 32 bytes"),
        (
            one(&format!(
                r#", "manifests": [{{"path": "a", "sha256": "{}", "size": 0}}]"#,
                Digest::of(b"other")
            )),
            "is listed twice with different hashes",
        ),
        (whole().replace("= 1;\\n", "= 2;\\n"), "is not the hash of its `content`"),
        (
            seal(
                r#"["a"]"#,
                &[
                    a.clone(),
                    a.replace("\"a\"", "\"b\"").replace("\"static\"", "\"static\", \"content\": \"\""),
                ],
                "",
            ),
            "is a file and has a `content`",
        ),
        (one("") + "x", "5:1: trailing characters"),
        (one("").replace("\"size\": 0", "\"size\": -1"), "invalid value: integer `-1`"),
        (one("").replace("\"size\": 0", "\"size\": 0, \"size\": 0"), "duplicate field `size`"),
    ] {
        let error = parse(&text).expect_err(&text).to_string();
        let told = error.strip_prefix("nodeward.seal.json:");
        let told = told.and_then(|told| told.strip_suffix("; make the seal anew with `nodeward seal`"));
        if !told.is_some_and(|told| told.contains(expected)) {
            faults.push(format!("{error}\n    for {expected}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_a_reader_could_not_see_is_written_as_escapes() {
    let mut document = parse(&seal(r#"["a"]"#, &[source("a")], "")).unwrap();
    document.sources[0].package = Some("a\u{202e}b\u{200b}\u{7}\"\\\n\u{e0041}é@1".to_owned());
    let text = document.write();
    assert!(text.contains(r#""a\u202eb\u200b\u0007\"\\\n\udb40\udc41é@1""#), "{text}");
    assert_eq!(parse(&text).unwrap(), document);
}

#[test]
fn the_published_schema_is_current_and_takes_what_is_written() {
    let schema = schemars::schema_for!(Document);
    let mut text = serde_json::to_string_pretty(&schema).unwrap();
    text.push('\n');
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats/seal-1.schema.json");
    if std::env::var_os("NODEWARD_BLESS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let published = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(published, text, "run the test with NODEWARD_BLESS=1 to write the schema anew");
    let validator = jsonschema::validator_for(schema.as_value()).unwrap();
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert!(validator.is_valid(&value(&parse(&whole()).unwrap().write())));
    assert!(!validator.is_valid(&value(&whole().replace("b/c.js", "b/../c.js"))));
    assert!(!validator.is_valid(&value(&whole().replace("\"schema\"", "\"scheme\""))));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Document::parse("seal".as_ref(), &bytes);
    }

    #[test]
    fn a_changed_seal_is_refused_or_reads_back(at in 0usize..1000, byte in any::<u8>()) {
        let mut bytes = whole().into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(document) = Document::parse("seal".as_ref(), &bytes) {
            let text = document.write();
            let again = Document::parse("seal".as_ref(), text.as_bytes());
            prop_assert_eq!(again.unwrap().write(), text);
        }
    }
}

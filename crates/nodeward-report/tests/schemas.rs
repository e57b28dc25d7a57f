//! Outputs against the schemas that their formats publish. The schemas are not ours to copy: `cargo xtask test`
//! fetches them; where they are absent, each test says that it skipped.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking and says what it skips"
)]

mod fixture;

use std::path::{Path, PathBuf};

use fixture::{PLAIN, render};
use jsonschema::{Registry, Validator};
use nodeward_report::Report;
use serde_json::Value;

fn folder() -> PathBuf {
    std::env::var_os("NODEWARD_SCHEMAS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/schemas"), PathBuf::from)
}

fn schema(name: &str) -> Option<Value> {
    let Ok(bytes) = std::fs::read(folder().join(name)) else {
        eprintln!("SKIPPED the check against {name}: not there (cargo xtask test fetches it)");
        return None;
    };
    Some(serde_json::from_slice(&bytes).unwrap())
}

fn reports() -> Vec<Report> {
    let mut hostile = fixture::seven();
    for finding in &mut hostile.findings {
        finding.title = "\u{1b}[31m\u{202e}\n<script> [x](http://evil.example) | ::error:: %0A".repeat(50);
        finding.details = Some("\u{0} \u{7f} ".repeat(5_000));
        finding.references = vec!["javascript:alert(1)".into(), "https://e.example/a b".into()];
        finding.vector = Some("nonsense".into());
        finding.cwes = vec!["CWE-x".into(), "CWE-0".into(), "CWE-99999".into()];
    }
    vec![
        fixture::clean(0),
        fixture::one(),
        fixture::seven(),
        fixture::incomplete(),
        fixture::many(60),
        hostile,
    ]
}

fn check(validator: &Validator, format: &str) {
    for (number, report) in reports().iter().enumerate() {
        let text = render(report, format, PLAIN);
        let document: Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .take(5)
            .map(|error| {
                format!(
                    "{} at {}",
                    &error.to_string()[..error.to_string().len().min(300)],
                    error.instance_path()
                )
            })
            .collect();
        assert!(errors.is_empty(), "{format} of report {number}: {errors:#?}");
    }
}

#[test]
fn sarif() {
    let Some(mut schema) = schema("sarif-2.1.0.json") else { return };
    // The published pattern for languages has a stray bracket, which makes it no regular expression; we write none.
    for holder in ["run", "toolComponent"] {
        schema["definitions"][holder]["properties"]["language"].as_object_mut().unwrap().remove("pattern");
    }
    check(&jsonschema::validator_for(&schema).unwrap(), "sarif");
}

#[test]
fn cyclonedx() {
    let (Some(schema), Some(spdx), Some(signature)) =
        (schema("bom-1.6.schema.json"), schema("spdx.schema.json"), schema("jsf-0.82.schema.json"))
    else {
        return;
    };
    let registry = Registry::new()
        .add("http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json", spdx)
        .unwrap()
        .add("http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json", signature)
        .unwrap()
        .prepare()
        .unwrap();
    let validator = jsonschema::options().with_registry(&registry).build(&schema).unwrap();
    check(&validator, "cyclonedx");
}

#[test]
fn spdx() {
    let Some(schema) = schema("spdx-2.3.schema.json") else { return };
    check(&jsonschema::validator_for(&schema).unwrap(), "spdx");
}

#[test]
fn spdx3() {
    let Some(schema) = schema("spdx-3.0.1.schema.json") else { return };
    check(&jsonschema::validator_for(&schema).unwrap(), "spdx3");
}

#[test]
fn findings() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats/findings-1.schema.json");
    let mut schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    check(&jsonschema::validator_for(&schema).unwrap(), "json");
    // Readers are to ignore keys that they don't know; we are to document every key that we write.
    forbid_more(&mut schema);
    check(&jsonschema::validator_for(&schema).unwrap(), "json");
}

/// Makes a schema refuse keys that it does not describe.
fn forbid_more(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.contains_key("properties") {
                object.insert("additionalProperties".into(), Value::Bool(false));
            }
            object.values_mut().for_each(forbid_more);
        }
        Value::Array(array) => array.iter_mut().for_each(forbid_more),
        _ => {}
    }
}

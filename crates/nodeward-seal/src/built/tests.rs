use std::path::Path;

use serde_json::json;

use super::*;
use crate::seal::signature::tests::{private, public};

fn record() -> Record {
    let text = |text: &str| text.to_owned();
    let mut record = Record::new(Inputs {
        nodeward: text("0.1.0"),
        began: text("2026-11-23T12:00:00Z"),
        package: Release {
            name: text("@s/native"),
            version: text("1.0.0"),
            integrity: nodeward_package::Integrity::of(b"tarball").to_string(),
            vouched: vec![text("registry")],
            scripts: None,
        },
        dependencies: vec![Dependency {
            folder: text("node_modules/a"),
            name: text("a"),
            version: text("2.0.0"),
            integrity: None,
            has_scripts: true,
        }],
        machine: Machine {
            os: text("linux"),
            cpu: text("x64"),
            libc: Some(text("glibc")),
            libc_version: None,
            kernel: text("6.1.0"),
            node: text("20.0.0"),
            abi: text("115"),
            node_sha256: Some(Digest::of(b"node")),
            package_manager: text("npm 11.0.0"),
        },
        tools: vec![Tool { name: text("cc"), version: text("cc \u{1b}[31m 12") }],
        confinement: Confined {
            layers: vec![text("namespaces")],
            folder: text("/build/node_modules/@s/native"),
            readable: vec![text("/usr")],
            writable: Vec::new(),
            network: vec![text("registry.example.org")],
            environment: BTreeMap::from([(text("HOME"), text("/tmp/home"))]),
            seconds: 1,
            memory: 2,
            processes: 3,
            disk: 4,
        },
    });
    record.scripts = vec![Ran {
        stage: text("install"),
        command: text("node-gyp rebuild"),
        implicit: true,
        report: json!({ "schema": "nodeward.confined/1", "code": 0 }),
        written: text("gyp info ok\n"),
    }];
    let path = text("build/Release/native.node");
    let (sha256, size) = (Some(Digest::of(b"native")), Some(6));
    record.files = vec![Change { path: path.clone(), change: ChangeKind::Added, sha256, size, packed: true }];
    record.left_out = vec![LeftOut { path: text("build/Makefile"), reason: text("why") }];
    record.result = Some(Tarball {
        file: text("s-native-1.0.0.tgz"),
        size: 7,
        sha256: Digest::of(b"tarball"),
        integrity: nodeward_package::Integrity::of(b"tarball").to_string(),
        files: 3,
        natives: vec![Native { path: path.clone(), node_api: Some(true) }],
    });
    let (sizes, offset, place) = ([Some(6), None], Some(2), Some(text("line 1")));
    record.again = Some(Again { same: false, differs: vec![Difference { path, sizes, offset, place }] });
    record
}

#[test]
fn a_record_is_read_as_it_was_written() {
    let mut record = record();
    assert_eq!(Record::parse(record.write().as_bytes()).unwrap(), record);
    record.sign(&private(1)).unwrap();
    let text = record.write();
    assert_eq!(Record::parse(text.as_bytes()).unwrap(), record);
    let end = text.len() - "\n}\n".len();
    for other in [
        format!("{text}\n"),
        text.replacen("  ", " ", 1),
        // A second key of the same name, which readers take in different ways.
        format!("{{\n  \"nodeward\": \"0.2.0\",{}", &text[1..]),
        format!("{},\n  \"more\": 1\n}}\n", &text[..end]),
        text.replace("nodeward.build/1", "nodeward.build/2"),
        String::new(),
    ] {
        assert!(Record::parse(other.as_bytes()).is_err(), "{other}");
    }
}

#[test]
fn a_signature_holds_for_what_was_signed_and_by_whom() {
    let mut record = record();
    assert!(matches!(record.verify(&public(1)), Err(RecordError::Unsigned)));
    assert!(matches!(record.verify_itself(), Err(RecordError::Unsigned)));
    record.sign(&private(1)).unwrap();
    record.verify(&public(1)).unwrap();
    record.verify_itself().unwrap();
    assert!(matches!(record.verify(&public(2)), Err(RecordError::OtherKey)));
    assert!(matches!(record.verify(&private(1)), Err(RecordError::Key(_))));
    let mut changed = record.clone();
    changed.scripts[0].report["code"] = 1.into();
    assert!(matches!(changed.verify(&public(1)), Err(RecordError::Broken)));
    let mut changed = record;
    changed.result.as_mut().unwrap().sha256 = Digest::of(b"other");
    assert!(matches!(changed.verify_itself(), Err(RecordError::Broken)));
}

#[test]
fn the_tarball_is_the_one_that_was_built_and_stands_beside() {
    let mut record = record();
    record.verify_tarball(b"tarball").unwrap();
    assert!(matches!(record.verify_tarball(b"tarbal"), Err(RecordError::Tarball("size"))));
    assert!(matches!(record.verify_tarball(b"Tarball"), Err(RecordError::Tarball("SHA-256"))));
    record.result.as_mut().unwrap().integrity = nodeward_package::Integrity::of(b"x").to_string();
    assert!(matches!(record.verify_tarball(b"tarball"), Err(RecordError::Tarball("integrity"))));
    for name in ["", "/etc/passwd", "../x.tgz", "a/b.tgz", "a\\b.tgz", ".x.tgz", "c:x.tgz", "a\n.tgz"] {
        record.result.as_mut().unwrap().file = name.to_owned();
        assert!(matches!(record.verify_tarball(b"tarball"), Err(RecordError::Name(_))), "{name:?}");
    }
    record.result = None;
    assert!(matches!(record.verify_tarball(b"tarball"), Err(RecordError::Failed)));
}

#[test]
fn the_published_schema_is_current_and_takes_what_is_written() {
    let schema = schemars::schema_for!(Record);
    let mut text = serde_json::to_string_pretty(&schema).unwrap();
    text.push('\n');
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats/build-1.schema.json");
    if std::env::var_os("NODEWARD_BLESS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let published = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(published, text, "run the test with NODEWARD_BLESS=1 to write the schema anew");
    let validator = jsonschema::validator_for(schema.as_value()).unwrap();
    let mut record = record();
    record.sign(&private(1)).unwrap();
    let value: Value = serde_json::from_str(&record.write()).unwrap();
    assert!(validator.is_valid(&value), "{:?}", validator.validate(&value));
    let mut wrong = value.clone();
    wrong["files"][0]["change"] = "touched".into();
    assert!(!validator.is_valid(&wrong));
    let mut wrong = value;
    wrong["schema"] = "nodeward.seal/1".into();
    assert!(!validator.is_valid(&wrong));
}

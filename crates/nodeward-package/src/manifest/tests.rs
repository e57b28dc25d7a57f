use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Manifest {
    Manifest::parse(Path::new("package.json"), text.as_bytes()).unwrap()
}

/// `kind name@specifier`, in order.
fn listed(manifest: &Manifest) -> Vec<String> {
    let line = |entry: &Dependency| format!("{:?} {}@{}", entry.kind, entry.name, entry.specifier);
    manifest.dependencies.iter().map(line).collect()
}

#[test]
fn every_kind_of_dependency_is_read_with_its_place() {
    let manifest = parse(
        r#"{
  "name": "@shop/app", "version": "1.0.0", "private": true,
  "dependencies": { "a": "^1", "o": "1" },
  "devDependencies": { "d": "~2" },
  "optionalDependencies": { "o": "2" },
  "peerDependencies": { "p": ">=1", "q": "*" },
  "peerDependenciesMeta": { "q": { "optional": true }, "r": { "optional": true }, "p": {} },
  "bundledDependencies": ["a"]
}"#,
    );
    let expected = [
        "Production a@^1",
        "Development d@~2",
        "Optional o@2",
        "Peer p@>=1",
        "OptionalPeer q@*",
        "OptionalPeer r@*",
    ];
    assert_eq!(listed(&manifest), expected);
    assert_eq!(manifest.dependencies[0].position, Position { line: 3, column: 22 });
    assert!(manifest.bundled.contains("a") && !manifest.bundled.contains("o"));
    assert!(manifest.private && manifest.remarks.is_empty());
}

#[test]
fn overrides_of_all_three_kinds_keep_their_path() {
    let manifest = parse(
        r#"{"overrides": {"a": {".": "1", "b": {"c": "$c"}}, "d@^1": "2"},
                "resolutions": {"**/e": "3"}, "pnpm": {"overrides": {"f>g": "4"}, "patchedDependencies": {}}}"#,
    );
    let lines: Vec<String> = manifest
        .overrides
        .iter()
        .map(|entry| format!("{:?} {} {}", entry.field, entry.path.join(">"), entry.specifier))
        .collect();
    assert_eq!(
        lines,
        [
            "Overrides a 1",
            "Overrides a>b>c $c",
            "Overrides d@^1 2",
            "Resolutions **/e 3",
            "PnpmOverrides f>g 4"
        ]
    );
}

#[test]
fn workspaces_have_two_forms() {
    assert_eq!(parse(r#"{"workspaces": ["a/*", "!a/b"]}"#).workspaces.len(), 2);
    let object = parse(r#"{"workspaces": {"nohoist": ["**"], "packages": ["a/*"]}}"#);
    assert_eq!(object.workspaces, ["a/*".into()]);
}

#[test]
fn old_manifests_are_read_and_remarked_upon() {
    let manifest = parse(
        r#"{"name": 7, "engines": ["node >= 0.6"], "license": {"type": "MIT"}, "dependencies": ["a@1", "b", "@s/c 2"],
                "devDependencies": {"x": 3, "y": "1"}, "scripts": {"install": "node-gyp rebuild"}, "version": null}"#,
    );
    assert_eq!(manifest.engines_node().map(|engine| &*engine.value), Some(">= 0.6"));
    assert_eq!(manifest.license.as_deref(), Some("MIT"));
    assert_eq!(
        listed(&manifest),
        ["Production a@1", "Production b@*", "Production @s/c@2", "Development y@1"]
    );
    assert!(manifest.has_install_script());
    assert_eq!(manifest.remarks.len(), 3, "{:?}", manifest.remarks);
    let licenses = parse(r#"{"licenses": [{"type": "MIT"}, "Apache-2.0"]}"#).license;
    assert_eq!(licenses.as_deref(), Some("MIT OR Apache-2.0"));
}

#[test]
fn what_is_no_manifest_is_placed() {
    let error = |text: &str| Manifest::parse(Path::new("p"), text.as_bytes()).unwrap_err().to_string();
    assert_eq!(error("[]"), "p:1:1: the manifest should be an object, but is an array");
    assert_eq!(error("{\n\"a\": }"), "p:2:6: found '}' where a value should stand");
    assert_eq!(error("{\"a\": 1"), "p:1:8: the file ends where a comma or } should stand; it is cut off");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Manifest::parse(Path::new("p"), &bytes);
    }

    #[test]
    fn any_json_object_is_a_manifest(key in "name|version|license|licenses|dependencies|workspaces|overrides|engines|bundleDependencies|peerDependenciesMeta|pnpm|private",
                                     value in r#"1|null|true|""|"a"|\[\]|\{\}|\[1,"a",\[\]\]|\{"a":1\}|\{"a":\{"optional":true,"[.]":"1"\}\}"#) {
        let text = format!("{{\"{key}\": {value}}}");
        prop_assert!(Manifest::parse(Path::new("p"), text.as_bytes()).is_ok());
    }
}

//! Whatever the bytes: no reader panics or hangs, and no package that a file names goes missing.

use std::path::Path;

use nodeward_package::lockfile::{Input, parse, parse_as};
use nodeward_package::{DependencyGraph, Format, LockfileError};
use proptest::prelude::*;

const FORMATS: [Format; 5] =
    [Format::NpmPackageLock, Format::Bun, Format::CycloneDx, Format::Spdx, Format::Manifest];

/// A small file of each format, to be damaged.
const WHOLE: [&str; 6] = [
    r#"{"name": "shop", "lockfileVersion": 3, "packages": {"": {"workspaces": ["p/*"], "dependencies": {"a": "^1"}}, "node_modules/a": {"version": "1.0.0", "resolved": "https://registry.example.org/a/-/a-1.0.0.tgz", "peerDependencies": {"b": "*"}, "peerDependenciesMeta": {"b": {"optional": true}}}, "node_modules/m": {"resolved": "p/m", "link": true}, "p/m": {"version": "2.0.0", "optionalDependencies": {"a": "1"}}}}"#,
    r#"{"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0", "requires": {"b": "1"}, "dependencies": {"b": {"version": "npm:@x/y@2.0.0"}}}, "g": {"version": "git+ssh://git@h/o/r.git#abc"}}}"#,
    r#"{"lockfileVersion": 1, "workspaces": {"": {"name": "x", "dependencies": {"a": "1",},}, "p/m": {"name": "@s/m"}}, "packages": {"a": ["a@1.0.0", "", {"optionalPeers": ["z"]}, "sha512-x"], "@s/m/a": ["a@github:o/r#abc", {}, "t"], "@s/m": ["@s/m@workspace:p/m"],}}"#,
    r#"{"bomFormat": "CycloneDX", "metadata": {"component": {"name": "r", "bom-ref": "r"}}, "components": [{"bom-ref": "a", "name": "a", "purl": "pkg:npm/%40s/a@1.0.0?vcs_url=git%2Bhttps%3A%2F%2Fh%2Fr%40abc", "components": [{"name": "b"}]}], "dependencies": [{"ref": "r", "dependsOn": ["a"]}]}"#,
    r#"{"spdxVersion": "SPDX-2.3", "packages": [{"SPDXID": "A", "name": "a", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:npm/a@1"}]}], "relationships": [{"spdxElementId": "D", "relationshipType": "DESCRIBES", "relatedSpdxElement": "A"}]}"#,
    r#"{"name": "x", "dependencies": {"a": "npm:@b/c@1.0.0"}, "overrides": {"a": {".": "1", "b": {"c": "2"}}}, "workspaces": {"packages": ["{a,b}/**"]}, "license": [{"type": "MIT"}]}"#,
];

fn read(format: Format, bytes: &[u8]) -> Result<DependencyGraph, LockfileError> {
    parse_as(format, &Input { file: Path::new("f"), bytes, manifests: &[] })
}

fn read_as_all(bytes: &[u8]) {
    for format in FORMATS {
        // What is read can be walked.
        if let Ok(graph) = read(format, bytes) {
            for (id, _) in graph.iter() {
                let _ = graph.paths_to(id, 2);
            }
        }
    }
    let _ = parse(&Input { file: Path::new("unknown"), bytes, manifests: &[] });
}

fn name() -> impl Strategy<Value = String> {
    "(@[a-z]{1,3}/)?[a-zA-Z_.-]{0,3}[a-z0-9]{1,4}"
}

/// Folders as npm writes them, each once.
fn folders() -> impl Strategy<Value = Vec<String>> {
    let folder = proptest::collection::vec(name(), 1..4)
        .prop_map(|names| format!("node_modules/{}", names.join("/node_modules/")));
    proptest::collection::btree_set(folder, 0..12).prop_map(|set| set.into_iter().collect())
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        read_as_all(&bytes);
    }

    #[test]
    fn damaged_files_are_read_or_refused(
        which in 0..WHOLE.len(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..4),
    ) {
        let mut bytes = WHOLE[which].as_bytes().to_vec();
        for (at, byte, how) in damage {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.truncate(at.max(1)),
                _ => { bytes.remove(at); }
            }
            if bytes.is_empty() {
                break;
            }
        }
        read_as_all(&bytes);
    }

    #[test]
    fn every_folder_of_the_flat_layout_is_in_the_graph(folders in folders()) {
        let entries: String =
            folders.iter().enumerate().map(|(at, folder)| format!(", \"{folder}\": {{\"version\": \"1.{at}.0\"}}")).collect();
        let text = format!("{{\"lockfileVersion\": 3, \"packages\": {{\"\": {{}}{entries}}}}}");
        let graph = read(Format::NpmPackageLock, text.as_bytes()).expect("valid");
        prop_assert_eq!(graph.packages().len(), folders.len() + 1);
        for (at, folder) in folders.iter().enumerate() {
            let package = &graph.packages()[at + 1];
            prop_assert_eq!(package.folder.as_deref(), Some(folder.as_str()));
            prop_assert!(folder.ends_with(package.name.as_str()));
            prop_assert_eq!(package.version_text.to_string(), format!("1.{at}.0"));
        }
    }

    #[test]
    fn every_entry_of_the_nested_layout_is_in_the_graph(names in proptest::collection::btree_set(name(), 1..8), depth in 1..6_usize) {
        let mut text = "{}".to_owned();
        for level in 0..depth {
            let entries: Vec<String> = names.iter().map(|name| format!("\"{name}\": {{\"version\": \"{level}.0.0\"}}")).collect();
            let last = format!("\"deeper{level}\": {{\"version\": \"{level}.0.0\", \"dependencies\": {text}}}");
            text = format!("{{{}, {last}}}", entries.join(", "));
        }
        let text = format!("{{\"lockfileVersion\": 1, \"dependencies\": {text}}}");
        let graph = read(Format::NpmPackageLock, text.as_bytes()).expect("valid");
        prop_assert_eq!(graph.packages().len(), 1 + depth * (names.len() + 1));
        for (id, _) in graph.iter() {
            prop_assert!(graph.shortest_path_to(id).is_some(), "every package has an owner");
        }
    }

    #[test]
    fn every_key_of_bun_is_in_the_graph(folders in folders()) {
        let keys: Vec<String> = folders.iter().map(|folder| folder.replacen("node_modules/", "", 1).replace("/node_modules/", "/")).collect();
        let entries: String = keys.iter().map(|key| format!("\"{key}\": [\"x@1.0.0\", \"\", {{}}, \"\"],\n")).collect();
        let text = format!("{{\"lockfileVersion\": 1, \"packages\": {{{entries}}},}}");
        let graph = read(Format::Bun, text.as_bytes()).expect("valid");
        prop_assert_eq!(graph.packages().len(), keys.len() + 1);
    }
}

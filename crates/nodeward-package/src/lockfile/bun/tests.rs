use std::path::Path;

use crate::graph::{DependencyGraph, Origin, Package};
use crate::lockfile::{Format, Input, parse_as};

fn try_parse(text: &str) -> Result<DependencyGraph, String> {
    let input = Input { file: Path::new("bun.lock"), bytes: text.as_bytes(), manifests: &[] };
    parse_as(Format::Bun, &input).map_err(|error| error.to_string())
}

fn edges(graph: &DependencyGraph) -> Vec<String> {
    let line = |edge: &crate::Edge| {
        let to = edge.to.map_or("nothing".to_owned(), |id| graph.package(id).label());
        format!("{} {:?} {} -> {to}", graph.package(edge.from).label(), edge.kind, edge.name)
    };
    graph.edges().iter().map(line).collect()
}

const LOCK: &str = r#"{
  // written by hand
  "lockfileVersion": 1,
  "workspaces": {
    "": { "name": "shop", "dependencies": { "a": "^1", "alias": "npm:@real/thing@2", "repo": "github:o/repo" },
          "devDependencies": { "d": "*" }, },
    "packages/@kit/ui": { "name": "@kit/ui", "version": "0.1.0", "dependencies": { "a": "^2", "d": "*" },
          "optionalDependencies": { "o": "1" }, },
  },
  "trustedDependencies": ["a"],
  "patchedDependencies": { "a@1.0.0": "patches/a.patch" },
  "packages": {
    "@kit/ui": ["@kit/ui@workspace:packages/@kit/ui"],
    "@kit/ui/a": ["a@2.0.0", "https://registry.example.org/a/-/a-2.0.0.tgz", {}, "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="],
    "a": ["a@1.0.0", "", { "dependencies": { "d": "*" }, "peerDependencies": { "p": "*", "q": "*" }, "optionalPeers": ["q"] }, "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="],
    "alias": ["@real/thing@2.1.0", "", {}, ""],
    "d": ["d@3.0.0", "", { "dependencies": { "@s/e": "*" } }, ""],
    "d/@s/e": ["@s/e@4.0.0", "", { "bundled": true }, ""],
    "file": ["file@file:vendor/file", {}],
    "git": ["git@git+ssh://git@git.example.org/o/r.git#0123abc", {}, "0123abc"],
    "link": ["link@link:../link", {}],
    "local": ["local@./local-1.0.0.tgz", {}],
    "p": ["p@5.0.0", "", {}, ""],
    "repo": ["repo@github:o/repo#89abcde", {}, "o-repo-89abcde"],
    "tar": ["tar@https://files.example.org/tar.tgz", {}, "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="],
  },
}"#;

#[test]
fn every_kind_of_list_is_read() {
    let graph = try_parse(LOCK).unwrap();
    let labels: Vec<String> = graph.packages().iter().map(Package::label).collect();
    assert_eq!(
        labels.join(" "),
        "shop @kit/ui@0.1.0 a@2.0.0 a@1.0.0 @real/thing@2.1.0 d@3.0.0 @s/e@4.0.0 file git link local p@5.0.0 repo tar"
    );
    let find = |name: &str| graph.packages().iter().rfind(|package| package.name.as_str() == name).unwrap();
    assert_eq!(find("@kit/ui").origin, Origin::Workspace { path: "packages/@kit/ui".into() });
    assert_eq!(find("file").origin, Origin::File { path: "vendor/file".into() });
    assert_eq!(find("link").origin, Origin::File { path: "../link".into() });
    assert_eq!(find("local").origin, Origin::File { path: "./local-1.0.0.tgz".into() });
    assert_eq!(find("tar").origin, Origin::Http { url: "https://files.example.org/tar.tgz".into() });
    assert!(find("tar").integrity.is_some());
    assert_eq!(
        find("repo").origin,
        Origin::Git { url: "github:o/repo".into(), commit: Some("89abcde".into()) }
    );
    assert!(
        matches!(&find("git").origin, Origin::Git { commit: Some(commit), .. } if &**commit == "0123abc")
    );
    assert!(find("a").patched && find("a").integrity.is_some() && find("@s/e").bundled);
    assert_eq!(find("@real/thing").alias.as_ref().unwrap().as_str(), "alias");
    assert_eq!((find("d").position.line, find("d").position.column), (17, 6));
    assert_eq!(graph.roots().len(), 2);
}

#[test]
fn names_are_looked_up_from_the_inside_out() {
    let graph = try_parse(LOCK).unwrap();
    assert_eq!(
        edges(&graph),
        [
            "shop Production a -> a@1.0.0",
            "shop Production alias -> @real/thing@2.1.0",
            "shop Production repo -> repo",
            "shop Development d -> d@3.0.0",
            "@kit/ui@0.1.0 Production a -> a@2.0.0",
            "@kit/ui@0.1.0 Production d -> d@3.0.0",
            "@kit/ui@0.1.0 Optional o -> nothing",
            "a@1.0.0 Production d -> d@3.0.0",
            "a@1.0.0 Peer p -> p@5.0.0",
            "a@1.0.0 OptionalPeer q -> nothing",
            "d@3.0.0 Production @s/e -> @s/e@4.0.0",
        ]
    );
}

#[test]
fn a_broken_list_is_placed() {
    let error = |entry: &str| try_parse(&format!("{{\"packages\": {{\n\"a\": {entry}}}}}")).unwrap_err();
    for (entry, expected) in [
        ("[]", "bun.lock:2:2: the list of \"a\" is empty"),
        (
            "[7]",
            "bun.lock:2:7: the first element of \"a\" (name@version) should be a string, but is a number",
        ),
        ("{}", "bun.lock:2:6: the entry \"a\" should be an array, but is an object"),
        ("[\"a\"]", "bun.lock:2:8: \"a\" should be a name, @, and a version"),
        ("[\"a@1.0.0\"]", "bun.lock:2:2: the list of \"a\" breaks off: it has no object"),
        ("[\"a@1.0.0\", \"\", 3]", "bun.lock:2:22: the list of \"a\" has an element that bun does not write"),
        ("[\"../x@1.0.0\", \"\", {}]", "bun.lock:2:8: a package name is shaped like a path"),
        (
            "[\"a@1.0.0\", \"\", {}], \"a\": [\"a@1.0.0\", \"\", {}]",
            "bun.lock:2:28: this key stands in packages a second time",
        ),
    ] {
        assert_eq!(error(entry), expected);
    }
    assert_eq!(
        try_parse("{\"lockfileVersion\": \"x\"}").unwrap_err(),
        "bun.lock:1:21: lockfileVersion should be a number, but is a string"
    );
    assert!(
        try_parse("#!/usr/bin/env bun\nbun-lockfile-format-v0\n\0")
            .unwrap_err()
            .contains("save-text-lockfile")
    );
}

#[test]
fn known_versions_are_read_alike() {
    for version in 0..=2 {
        let text = LOCK.replacen("\"lockfileVersion\": 1", &format!("\"lockfileVersion\": {version}"), 1);
        assert_eq!(try_parse(&text).unwrap().packages().len(), 14, "{version}");
    }
    assert!(try_parse("{\"lockfileVersion\": 3}").unwrap_err().contains("0 to 2 are"));
}

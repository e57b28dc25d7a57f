use std::path::Path;

use proptest::prelude::*;

use crate::graph::{DependencyGraph, EdgeKind, Origin, Package, PackageId};
use crate::lockfile::{Format, Input, LockfileError, parse_as};

fn try_parse(text: &str, manifest: Option<&str>) -> Result<DependencyGraph, LockfileError> {
    let manifests: Vec<(String, Vec<u8>)> =
        manifest.map(|text| (String::new(), text.as_bytes().to_vec())).into_iter().collect();
    let input = Input { file: Path::new("package-lock.json"), bytes: text.as_bytes(), manifests: &manifests };
    parse_as(Format::NpmPackageLock, &input)
}

fn parse(text: &str) -> DependencyGraph {
    try_parse(text, None).unwrap()
}

fn error(text: &str) -> String {
    try_parse(text, None).unwrap_err().to_string()
}

/// `folder name@version`, in order of the file.
fn packages(graph: &DependencyGraph) -> Vec<String> {
    let line =
        |package: &Package| format!("{} {}", package.folder.as_deref().unwrap_or("."), package.label());
    graph.packages().iter().map(line).collect()
}

/// `from kind name -> target`, each by folder.
fn edges(graph: &DependencyGraph) -> Vec<String> {
    let folder = |id: PackageId| graph.package(id).folder.as_deref().unwrap_or(".");
    let line = |edge: &crate::Edge| {
        let kind = match edge.kind {
            EdgeKind::Production => "needs",
            EdgeKind::Development => "develops with",
            EdgeKind::Optional => "may use",
            EdgeKind::Peer => "peers",
            EdgeKind::OptionalPeer => "may peer",
        };
        format!("{} {kind} {} -> {}", folder(edge.from), edge.name, edge.to.map_or("nothing", folder))
    };
    graph.edges().iter().map(line).collect()
}

fn find<'a>(graph: &'a DependencyGraph, name: &str) -> &'a Package {
    graph.packages().iter().find(|package| package.name.as_str() == name).unwrap()
}

const FLAT: &str = r#"{
  "name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
  "packages": {
    "": {
      "name": "shop", "version": "1.0.0",
      "workspaces": ["packages/*"],
      "dependencies": { "a": "^1.0.0", "alias": "npm:@real/thing@^2.0.0", "tarball": "https://files.example.org/t.tgz", "local": "file:../local" },
      "devDependencies": { "d": "*" },
      "optionalDependencies": { "o": "^1.0.0", "absent": "1" }
    },
    "node_modules/a": {
      "version": "1.2.0", "resolved": "https://registry.example.org/a/-/a-1.2.0.tgz",
      "integrity": "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "license": "MIT", "hasInstallScript": true,
      "deprecated": "use b", "engines": { "node": ">=18" },
      "dependencies": { "b": "^1.0.0" },
      "peerDependencies": { "p": "*", "q": "*" }, "peerDependenciesMeta": { "q": { "optional": true } }
    },
    "node_modules/a/node_modules/b": { "version": "1.0.0", "inBundle": true },
    "node_modules/alias": { "name": "@real/thing", "version": "2.1.0" },
    "node_modules/b": { "version": "2.0.0" },
    "node_modules/d": { "version": "3.0.0", "dev": true, "dependencies": { "b": "^2.0.0" } },
    "node_modules/git": { "version": "4.0.0", "resolved": "git+ssh://git@git.example.org/o/r.git#0123456789abcdef" },
    "node_modules/local": { "resolved": "../local", "link": true },
    "../local": { "version": "0.1.0", "dependencies": { "b": "*" } },
    "node_modules/called": { "resolved": "../nameless", "link": true },
    "../nameless": {},
    "node_modules/member": { "resolved": "packages/member", "link": true },
    "node_modules/o": { "version": "5.0.0", "optional": true },
    "node_modules/p": { "version": "6.0.0", "peer": true },
    "node_modules/tarball": { "version": "7.0.0", "resolved": "https://files.example.org/t.tgz" },
    "packages/member": { "name": "member", "version": "8.0.0", "dependencies": { "git": "o/r", "b": "1" }, "devDependencies": {"a": "1"} },
    "packages/member/node_modules/b": { "version": "1.5.0" }
  }
}"#;

#[test]
fn the_flat_layout_gives_every_folder() {
    let graph = parse(FLAT);
    assert_eq!(
        packages(&graph),
        [
            ". shop@1.0.0",
            "node_modules/a a@1.2.0",
            "node_modules/a/node_modules/b b@1.0.0",
            "node_modules/alias @real/thing@2.1.0",
            "node_modules/b b@2.0.0",
            "node_modules/d d@3.0.0",
            "node_modules/git git@4.0.0",
            "../local local@0.1.0",
            "../nameless called",
            "node_modules/o o@5.0.0",
            "node_modules/p p@6.0.0",
            "node_modules/tarball tarball@7.0.0",
            "packages/member member@8.0.0",
            "packages/member/node_modules/b b@1.5.0",
        ]
    );
    assert_eq!(
        edges(&graph),
        [
            ". needs a -> node_modules/a",
            ". needs alias -> node_modules/alias",
            ". needs tarball -> node_modules/tarball",
            ". needs local -> ../local",
            ". develops with d -> node_modules/d",
            ". may use o -> node_modules/o",
            ". may use absent -> nothing",
            "node_modules/a needs b -> node_modules/a/node_modules/b",
            "node_modules/a peers p -> node_modules/p",
            "node_modules/a may peer q -> nothing",
            "node_modules/d needs b -> node_modules/b",
            "../local needs b -> nothing",
            "packages/member needs git -> node_modules/git",
            "packages/member needs b -> packages/member/node_modules/b",
            "packages/member develops with a -> node_modules/a",
        ]
    );
}

#[test]
fn the_flat_layout_keeps_what_is_said_of_a_package() {
    let graph = parse(FLAT);
    let a = find(&graph, "a");
    assert_eq!((a.position.line, a.position.column), (11, 6));
    assert_eq!((a.install_script, a.license.as_deref()), (Some(true), Some("MIT")));
    assert_eq!((a.deprecated.as_deref(), a.engines_node.as_deref()), (Some("use b"), Some(">=18")));
    assert!(a.integrity.is_some() && a.reach.production && a.reach.development);
    assert_eq!(find(&graph, "@real/thing").alias.as_ref().unwrap().as_str(), "alias");
    let git = Origin::Git {
        url: "git+ssh://git@git.example.org/o/r.git".into(),
        commit: Some("0123456789abcdef".into()),
    };
    assert_eq!(find(&graph, "git").origin, git);
    assert_eq!(
        find(&graph, "tarball").origin,
        Origin::Http { url: "https://files.example.org/t.tgz".into() }
    );
    assert_eq!(find(&graph, "local").origin, Origin::File { path: "../local".into() });
    assert_eq!(find(&graph, "member").origin, Origin::Workspace { path: "packages/member".into() });
    assert_eq!(graph.roots().len(), 2);
    let reach = |name| find(&graph, name).reach;
    assert!(reach("d").development && !reach("d").production);
    assert!(reach("o").optional && reach("p").peer && !reach("a").optional);
    assert!(graph.packages()[2].bundled);
}

const NESTED: &str = r#"{
  "name": "shop", "version": "1.0.0", "lockfileVersion": 1, "requires": true,
  "dependencies": {
    "a": { "version": "1.0.0", "requires": { "b": "^1.0.0", "o": "1" },
      "dependencies": { "b": { "version": "1.0.0", "bundled": true } } },
    "alias": { "version": "npm:@real/thing@2.1.0" },
    "b": { "version": "2.0.0", "dev": true },
    "d": { "version": "3.0.0", "dev": true, "requires": { "b": "^2.0.0" } },
    "g": { "version": "git+ssh://git@git.example.org/o/r.git#abc", "from": "git+ssh://git@git.example.org/o/r.git" },
    "l": { "version": "file:../l" },
    "o": { "version": "4.0.0", "optional": true },
    "s": { "version": "github:o/s#def" },
    "t": { "version": "https://files.example.org/t.tgz" }
  }
}"#;

#[test]
fn the_nested_layout_is_linked_without_a_manifest() {
    let graph = parse(NESTED);
    let labels: Vec<String> = graph.packages().iter().map(Package::label).collect();
    assert_eq!(
        labels,
        [
            "shop@1.0.0",
            "a@1.0.0",
            "@real/thing@2.1.0",
            "b@2.0.0",
            "d@3.0.0",
            "g",
            "l",
            "o@4.0.0",
            "s",
            "t",
            "b@1.0.0"
        ]
    );
    let edges = edges(&graph);
    assert!(edges.contains(&". needs a -> node_modules/a".to_owned()), "{edges:?}");
    assert!(edges.contains(&". develops with d -> node_modules/d".to_owned()));
    assert!(edges.contains(&"node_modules/a may use o -> node_modules/o".to_owned()));
    assert!(edges.contains(&"node_modules/a needs b -> node_modules/a/node_modules/b".to_owned()));
    assert!(!edges.contains(&". needs b -> node_modules/b".to_owned()));
    assert!(find(&graph, "d").reach.development && !find(&graph, "d").reach.production);
    assert!(find(&graph, "a").reach.production && find(&graph, "o").reach.optional);
    assert!(
        matches!(&find(&graph, "g").origin, Origin::Git { commit: Some(commit), .. } if &**commit == "abc")
    );
    assert_eq!(find(&graph, "l").origin, Origin::File { path: "../l".into() });
    assert!(matches!(find(&graph, "s").origin, Origin::Git { .. }));
    assert!(matches!(find(&graph, "t").origin, Origin::Http { .. }));
}

#[test]
fn the_nested_layout_takes_its_roots_from_the_manifest() {
    let manifest = r#"{"name": "shop", "version": "1.1.0", "dependencies": {"d": "*"}, "devDependencies": {"a": "*", "zz": "1"}}"#;
    let graph = try_parse(NESTED, Some(manifest)).unwrap();
    assert_eq!(graph.packages()[0].label(), "shop@1.1.0");
    assert!(find(&graph, "d").reach.production, "edges beat flags");
    assert!(find(&graph, "a").reach.development && !find(&graph, "a").reach.production);
    assert!(find(&graph, "l").reach.production, "a package that nothing requires keeps its flags");
    assert!(edges(&graph).contains(&". develops with zz -> nothing".to_owned()));
}

#[test]
fn an_empty_map_beside_a_tree_does_not_hide_the_tree() {
    for text in [
        r#"{"lockfileVersion": 2, "dependencies": {"a": {"version": "1.0.0"}}}"#,
        r#"{"lockfileVersion": 2, "packages": {}, "dependencies": {"a": {"version": "1.0.0"}}}"#,
        r#"{"lockfileVersion": 2, "packages": {"": {}}, "dependencies": {"a": {"version": "1.0.0"}}}"#,
    ] {
        assert_eq!(parse(text).packages()[1].label(), "a@1.0.0", "{text}");
    }
    for text in ["{}", r#"{"lockfileVersion": 1}"#, r#"{"lockfileVersion": 3, "packages": {}}"#] {
        assert_eq!(parse(text).packages().len(), 1, "{text}");
    }
}

#[test]
fn a_file_that_lies_gives_one_placed_error() {
    for (text, expected) in [
        (
            "{\n\"lockfileVersion\": 4}",
            "package-lock.json:2:20: lockfileVersion 4 is not known here; 1 to 3 are",
        ),
        (
            "{\"lockfileVersion\": \"1\"}",
            "package-lock.json:1:21: lockfileVersion should be a number, but is a string",
        ),
        (
            "{\"lockfileVersion\": -1}",
            "package-lock.json:1:21: lockfileVersion -1 is not known here; 1 to 3 are",
        ),
        (
            "{\"lockfileVersion\": 1e999}",
            "package-lock.json:1:21: lockfileVersion 1e999 is not known here; 1 to 3 are",
        ),
        (
            "{\"packages\": {\"node_modules/a\": {\"version\": 1}}}",
            "package-lock.json:1:45: version should be a string, but is a number",
        ),
        (
            "{\"packages\": {\"node_modules/a\": {\"version\": \"1\", \"version\": \"2\"}}}",
            "package-lock.json:1:51: \"version\" stands in this entry a second time",
        ),
        (
            "{\"packages\": {}, \"packages\": {}}",
            "package-lock.json:1:19: \"packages\" stands here a second time",
        ),
        (
            "{\"packages\": {\"node_modules/\": {}}}",
            "package-lock.json:1:16: the folder \"node_modules/\" names no package: a package name is empty",
        ),
        ("{\"packages\": []}", "package-lock.json:1:14: packages should be an object, but is an array"),
        (
            "{\"packages\": {\"node_modules/a\": 1}}",
            "package-lock.json:1:33: the entry \"node_modules/a\" should be an object, but is a number",
        ),
        (
            "{\"dependencies\": {\"../evil\": {}}}",
            "package-lock.json:1:20: a package name is shaped like a path",
        ),
    ] {
        assert_eq!(error(text), expected, "{text}");
    }
}

#[test]
fn odd_but_honest_files_are_read() {
    let graph = parse(r#"{"dependencies": {"__proto__": {"version": "1.0.0"}, "a": {"version": false}}}"#);
    assert_eq!(graph.packages()[1].label(), "__proto__@1.0.0");
    assert_eq!(graph.remarks().len(), 1);
    let graph =
        parse(r#"{"packages": {"node_modules/\u0061": {"version": "1.0.0", "license": {"type": "MIT"}}}}"#);
    assert_eq!(graph.packages()[0].label(), "a@1.0.0");
    assert_eq!(graph.packages()[0].position.column, 16);
    let graph = parse(r#"{"packages": {"": {}, "node_modules/x": {"resolved": "gone", "link": true}}}"#);
    assert_eq!(graph.packages()[1].origin, Origin::File { path: "gone".into() });
}

#[test]
fn of_two_entries_for_one_folder_both_are_kept() {
    for text in [
        r#"{"packages": {"": {"dependencies": {"a": "*"}}, "node_modules/a": {"version": "1.0.0"}, "node_modules/a": {"version": "2.0.0"}}}"#,
        r#"{"dependencies": {"a": {"version": "1.0.0"}, "b": {"version": "1.0.0", "requires": {"a": "*"}}, "a": {"version": "2.0.0"}}}"#,
    ] {
        let graph = parse(text);
        assert_eq!(graph.packages().iter().filter(|package| package.name.as_str() == "a").count(), 2);
        assert!(graph.remarks()[0].message.contains("a second time"), "{:?}", graph.remarks());
        let edge = graph.edges().iter().rfind(|edge| &*edge.name == "a" && !edge.specifier.is_empty());
        assert_eq!(graph.package(edge.unwrap().to.unwrap()).version_text.as_ref(), "2.0.0");
    }
}

#[test]
fn folders_inside_packages_and_stores_are_read() {
    let graph = parse(
        r#"{"packages": {"": {"dependencies": {"o": "*"}}, "node_modules/n/o": {"name": "o", "version": "1.0.0"},
            "node_modules/o": {"link": true, "resolved": "node_modules/n/o"},
            "node_modules/.pnpm/x@1.0.0/node_modules/x": {"version": "1.0.0"}}}"#,
    );
    assert_eq!(
        packages(&graph),
        [". (unnamed)", "node_modules/n/o o@1.0.0", "node_modules/.pnpm/x@1.0.0/node_modules/x x@1.0.0"]
    );
    assert_eq!(edges(&graph), [". needs o -> node_modules/n/o"]);
}

#[test]
fn nesting_is_bounded() {
    let deep = |levels: usize| {
        let open = r#"{"dependencies":{"a":"#.repeat(levels);
        format!("{open}{{}}{}", "}}".repeat(levels))
    };
    assert_eq!(parse(&deep(100)).packages().len(), 101);
    assert!(error(&deep(100_000)).contains("nested deeper than"));
    let longer = error(&deep(255).replace("\"a\"", "\"a-name-of-some-length\""));
    assert!(longer.contains("a folder's path is over"), "{longer}");
}

#[test]
fn what_is_nested_in_a_development_package_is_for_development() {
    let graph = parse(
        r#"{"lockfileVersion": 1, "requires": true, "dependencies": {
            "a": {"version": "1.0.0", "dev": true, "dependencies": {"b": {"version": "1.0.0"}}},
            "c": {"version": "1.0.0", "optional": true, "dependencies": {"d": {"version": "1.0.0"}}},
            "e": {"version": "1.0.0", "requires": false, "dependencies": {"f": {"version": "1.0.0"}}}
        }}"#,
    );
    let reach = |name: &str| find(&graph, name).reach;
    assert!(reach("b").development && !reach("b").production);
    assert!(reach("d").optional && reach("d").production);
    assert!(reach("f").production && !reach("f").optional && !reach("f").development);
}

/// The same, read in one pass and in halves.
fn halves_are_the_whole(text: &str) -> Result<DependencyGraph, LockfileError> {
    let input = Input { file: Path::new("package-lock.json"), bytes: text.as_bytes(), manifests: &[] };
    let whole = super::parse_in_halves(&input, usize::MAX);
    let halves = super::parse_in_halves(&input, 0);
    assert_eq!(format!("{halves:?}"), format!("{whole:?}"), "{text}");
    whole
}

/// As npm writes it: `packages` first, then what older versions of npm read.
fn written_by_npm(names: &[String], last: &str) -> String {
    let entry = |name: &String| {
        format!(
            "    \"node_modules/{name}\": {{\n      \"version\": \"1.0.0\",\n      \"dependencies\": {{\n        \"{last}\": \"^1.0.0\"\n      }}\n    }}"
        )
    };
    let entries: Vec<String> = names.iter().map(entry).collect();
    format!(
        "{{\n  \"name\": \"shop\",\n  \"lockfileVersion\": 2,\n  \"packages\": {{\n{}\n  }},\n  \"dependencies\": {{\n    \"x\": {{\n      \"version\": \"1.0.0\"\n    }}\n  }}\n}}\n",
        entries.join(",\n")
    )
}

#[test]
fn a_large_map_is_read_in_halves() {
    let names: Vec<String> = (0..9).map(|number| format!("p{number}")).collect();
    let text = written_by_npm(&names, "p3");
    let map = &text[text.find("\"packages\": {").unwrap() + 12..];
    assert!(super::packages::comma(map, 0).is_some_and(|comma| map[comma..].starts_with(",\n    \"node")));
    assert_eq!(super::packages::comma(map, map.len()), None, "not without need");
    let graph = halves_are_the_whole(&text).unwrap();
    assert_eq!(graph.packages().len(), 10);
    assert!(
        graph.packages().iter().all(|package| package.origin == Origin::Root
            || package.position.column == 6 && package.position.line > 4)
    );
    // The project's own entry in the second half, twice, and a folder in both.
    let own = "\"\": {\n      \"name\": \"own\",\n      \"workspaces\": [\"node_modules/*\"]\n    },\n    \"node_modules/p1\"";
    halves_are_the_whole(&text.replace("\"node_modules/p8\"", own).replace("\"node_modules/p7\"", own))
        .unwrap();
    for (from, to) in [
        ("      }\n    },\n    \"node_modules/p5\"", "      }\n    },,\n    \"node_modules/p5\""),
        ("\"node_modules/p6\": {", "\"node_modules/p6\": [\n    },\n    \"a\": {"),
        ("\"node_modules/p6\": {", "\"node_modules/p6\": {\n    \"x\": {\n    },\n    \"y\": 1,"),
        ("\"node_modules/p8\"", "\"node_modules/p8/\u{0}\""),
        ("\"node_modules/p2\"", "\"node_modules/.\""),
        ("\n  }\n}\n", ""),
    ] {
        halves_are_the_whole(&text.replace(from, to)).ok();
        halves_are_the_whole(&text.replace(from, to).replace('\n', "\r\n")).ok();
    }
}

#[test]
fn lockfiles_are_the_same_in_halves() {
    let Some(data) = nodeward_testkit::data_or_skip("lockfiles_are_the_same_in_halves") else { return };
    let mut folders = vec![data.join("lockfiles")];
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| super::recognises(&name.to_string_lossy(), b"")) {
                let text = std::fs::read_to_string(&path).unwrap();
                halves_are_the_whole(&text).ok();
                read += 1;
            }
        }
    }
    assert!(read > 0);
}

proptest! {
    #[test]
    fn damaged_halves_are_the_damaged_whole(
        names in proptest::collection::vec("[a-c]{1,2}", 0..12),
        damage in proptest::collection::vec(
            (any::<prop::sample::Index>(), 0..40_usize, proptest::sample::select(vec![
                "", "}", "{", ",", "\"", "\n", "    ", "    },\n    \"", "\\", "\"\": {},", "\"node_modules/d\": {}",
            ])),
            0..3,
        ),
    ) {
        let mut text = written_by_npm(&names, "a");
        for (at, length, part) in damage {
            let start = at.index(text.len());
            let end = (start + length).min(text.len());
            text.replace_range(start..end, part);
        }
        halves_are_the_whole(&text).ok();
    }
}

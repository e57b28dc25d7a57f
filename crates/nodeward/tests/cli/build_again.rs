//! `nodeward build --again`: what a record says, built once more with the same dependencies, and held against it.

use std::fs;

use serde_json::{Value, json};

use crate::build::{Bench, builders};
use crate::build_records::signed;
use crate::exec::User;
use crate::harness::Ran;

const RECORD: &str = "out/made-1.0.0.build.json";

/// A release that is made by a program of one dependency out of what others are: one that lies within another, one that
/// came inside of another's tarball, one under another name.
fn publish(bench: &Bench, is_later: bool) {
    let version = |text: &str| format!("module.exports = '{text}';");
    let (first, second) = (version("1.0"), version("2.0"));
    let mut versions =
        vec![("1.0.0", json!({}), [("index.js", &*first)]), ("2.0.0", json!({}), [("index.js", &*second)])];
    if is_later {
        versions.push(("1.5.0", json!({}), [("index.js", "module.exports = 'another';")]));
        versions.push(("2.5.0", json!({}), [("index.js", "module.exports = 'another';")]));
    }
    let versions: Vec<_> =
        versions.iter().map(|(version, manifest, files)| (*version, manifest.clone(), &files[..])).collect();
    bench.publish_all("@s/leaf", &versions);
    let outer =
        json!({ "dependencies": { "@s/leaf": "^2", "inner": "1.0.0" }, "bundleDependencies": ["inner"] });
    let files = [
        ("index.js", "module.exports = [require('@s/leaf'), require('inner')];"),
        ("node_modules/inner/package.json", r#"{"name": "inner", "version": "1.0.0"}"#),
        ("node_modules/inner/index.js", "module.exports = 'inside';"),
    ];
    bench.publish("outer", &outer, &files);
    let code = "#!/usr/bin/env node\nconst from = require('module').createRequire(process.cwd() + '/');\nconsole.log(['@s/leaf', 'outer', 'alias'].map(from).join());";
    bench.publish("maker", &json!({ "bin": { "make-it": "./cli.js" } }), &[("cli.js", code)]);
}

fn bench(user: User) -> Bench {
    let bench = Bench::new(user);
    publish(&bench, false);
    let manifest = json!({
        "scripts": { "install": "make-it > made.js" },
        "dependencies": { "@s/leaf": "^1", "outer": "^1", "alias": "npm:@s/leaf@^2", "maker": "^1" },
    });
    bench.publish("made", &manifest, &[("old.js", "")]);
    bench
}

fn again(bench: &Bench, more: &[&str]) -> Ran {
    bench.run(&[&["build", "--again", RECORD], more].concat())
}

fn made(bench: &Bench, tarball: &str) -> String {
    let files = bench.unpacked(tarball);
    files.into_iter().find(|(path, _)| path == "made.js").unwrap().1
}

#[test]
fn what_is_recorded_is_built_again_whatever_came_since() {
    for user in builders() {
        let bench = bench(user);
        let record = signed(&bench, 1, "out");
        assert_eq!(made(&bench, "project/out/made-1.0.0.tgz"), "1.0,2.0,inside,2.0\n");
        let folders: Vec<Value> = record["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| json!([one["folder"], one["version"], one["integrity"].is_string()]))
            .collect();
        let expected = json!([
            ["node_modules/@s/leaf", "1.0.0", true],
            ["node_modules/alias", "2.0.0", true],
            ["node_modules/maker", "1.0.0", true],
            ["node_modules/outer", "1.0.0", true],
            ["node_modules/outer/node_modules/@s/leaf", "2.0.0", true],
            ["node_modules/outer/node_modules/inner", "1.0.0", false],
        ]);
        assert_eq!(Value::from(folders), expected);
        // What npm would take now is another one.
        publish(&bench, true);
        let (ran, _) = bench.build(&["made", "--out", "later"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert_eq!(made(&bench, "project/later/made-1.0.0.tgz"), "another,another,inside,another\n");
        let before = bench.names("project/out");
        let ran = again(&bench, &["--key", "1.pub"]).expect(0);
        let sum = record["result"]["sha256"].as_str().unwrap();
        assert!(ran.out.contains(&format!("the same bytes as the record says, sha256 {sum}")), "{}", ran.out);
        assert!(!ran.err.contains("warning"), "{}", ran.err);
        assert_eq!(bench.names("project/out"), before);
        assert_eq!(bench.names("temporary"), [""; 0]);
        // It is the same without the tarball, and as JSON.
        fs::remove_file(bench.path("project/out/made-1.0.0.tgz")).unwrap();
        let now: Value = serde_json::from_str(&again(&bench, &["--format", "json"]).expect(0).out).unwrap();
        assert_eq!(now["again"], json!({ "same": true, "differs": [] }));
        assert_eq!(now["package"]["vouched"], json!(["registry", "record"]));
        for part in ["dependencies", "files", "package/scripts", "tools"] {
            let part = format!("/{part}");
            assert_eq!(now.pointer(&part), record.pointer(&part), "{part}");
        }
    }
}

#[test]
fn what_differs_from_the_record_is_listed() {
    if builders().is_empty() {
        return;
    }
    let bench = Bench::new(User::This);
    let script = "printf 'one\\ntwo\\n' > made.js; date +%s%N >> made.js; echo same > same.js";
    bench.publish("made", &json!({ "scripts": { "install": script } }), &[("old.js", "")]);
    bench.build(&["made", "--out", "out"]).0.expect(0);
    let ran = again(&bench, &[]).expect(1);
    assert!(ran.out.contains("made@1.0.0: other bytes than the record says"), "{}", ran.out);
    assert!(
        ran.out.contains("  made.js: differs from byte ") && ran.out.contains(" (line 3)"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("same.js") && !ran.out.contains("old.js"), "{}", ran.out);
    // By the record alone.
    bench.write("project/out/made-1.0.0.tgz", "another");
    let ran = again(&bench, &[]).expect(1);
    assert!(ran.out.contains("  made.js: differs\n") && !ran.out.contains("same.js"), "{}", ran.out);
    assert!(ran.err.contains("does not stand beside the record"), "{}", ran.err);
    // What is another machine may be why.
    let text = bench.read(&format!("project/{RECORD}")).unwrap();
    let now = serde_json::from_str::<Value>(&text).unwrap()["machine"]["node"].as_str().unwrap().to_owned();
    let other = text.replacen(&format!("\"node\": \"{now}\""), "\"node\": \"1.2.3\"", 1);
    bench.write(&format!("project/{RECORD}"), other);
    assert!(again(&bench, &[]).expect(1).err.contains(&format!("Node.js: 1.2.3 then, {now} now")));
}

#[test]
fn what_can_not_be_had_again_or_is_not_trusted_is_not_compared() {
    if builders().is_empty() {
        return;
    }
    let bench = bench(User::This);
    let record = signed(&bench, 1, "out");
    signed(&bench, 2, "other");
    let file = format!("project/{RECORD}");
    let text = bench.read(&file).unwrap();
    let refused = |more: &[&str], why: &str| {
        let ran = again(&bench, more).expect(2);
        assert!(ran.err.contains(why), "{why}: {}", ran.err);
        assert!(ran.out.is_empty(), "{}", ran.out);
    };
    refused(&["--key", "2.pub"], "signed by another key");
    refused(&["--net", "example.org"], "could not reach example.org");
    bench.write(&file, text.replacen("\"stage\": \"install\"", "\"stage\": \"other\"", 1));
    refused(&["--key", "1.pub"], "was changed after it was signed");
    // Whoever trusts an unsigned record is led nowhere by it.
    let start = text.find(",\n  \"signature\"").unwrap();
    let unsigned = format!("{}\n}}\n", &text[..start]);
    let dependency = |at: usize, key: &str| format!("\"{key}\": {}", record["dependencies"][at][key]);
    for (from, to, why) in [
        (dependency(2, "folder"), "\"folder\": \"../../evil\"".to_owned(), "is no folder of a package"),
        (dependency(2, "folder"), "\"folder\": \"node_modules/made\"".to_owned(), "names a folder twice"),
        (
            dependency(2, "integrity"),
            "\"integrity\": null".to_owned(),
            "maker@1.0.0 in node_modules/maker can't be had again",
        ),
        (
            dependency(2, "integrity"),
            dependency(3, "integrity"),
            "maker@1.0.0, as the record has it: the tarball is another one",
        ),
        (
            "\"network\": []".to_owned(),
            "\"network\": [\n      \"example.org\"\n    ]".to_owned(),
            "say so with --net example.org",
        ),
    ] {
        assert!(unsigned.contains(&from), "{from}");
        bench.write(&file, unsigned.replacen(&from, &to, 1));
        refused(&[], why);
    }
    // Without the program, the script fails.
    let without = ["name", "integrity"]
        .iter()
        .fold(unsigned, |text, key| text.replacen(&dependency(2, key), &dependency(3, key), 1));
    bench.write(&file, without);
    refused(&[], "its scripts failed this time");
    bench.write(&file, &text);
    // A registry that has something else now.
    bench.publish("maker", &json!({ "bin": { "make-it": "./cli.js" } }), &[("cli.js", "evil")]);
    refused(&[], "maker@1.0.0, as the record has it: the tarball is another one");
    bench.publish("made", &json!({ "scripts": { "install": "make-it > made.js" } }), &[]);
    refused(&[], "made@1.0.0, as the record has it: the tarball is another one");
    bench.publish_all("made", &[("2.0.0", json!({}), &[])]);
    refused(&[], "the registry has no made@1.0.0");
    assert_eq!(bench.names("temporary"), [""; 0]);
}

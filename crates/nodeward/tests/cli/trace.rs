use nodeward_testkit::Project;

use crate::harness::World;
use crate::nodes::nodes;

fn sample() -> Project {
    Project::empty()
        .file("package.json", r#"{"name":"app","version":"1.0.0","main":"index.js","dependencies":{"dep":"1.0.0","idle":"1.0.0"}}"#)
        .file(
            "package-lock.json",
            r#"{"name":"app","version":"1.0.0","lockfileVersion":3,"packages":{
                "":{"name":"app","version":"1.0.0","dependencies":{"dep":"1.0.0","idle":"1.0.0"}},
                "node_modules/dep":{"version":"1.0.0"},"node_modules/idle":{"version":"1.0.0"}}}"#,
        )
        .file("index.js", "const a = require('dep');\nexports.late = () => require('./lib/late');\n")
        .file("lib/late.js", "require('../test/fixture')")
        .file("test/fixture.js", "")
        .file("node_modules/dep/package.json", r#"{"name":"dep","version":"1.0.0"}"#)
        .file("node_modules/dep/index.js", "module.exports = (x) => require(x)")
        .file("node_modules/idle/package.json", r#"{"name":"idle","version":"1.0.0"}"#)
        .file("node_modules/idle/index.js", "")
}

#[test]
fn the_list_and_what_is_worth_knowing() {
    let (world, project) = (World::new(), sample());
    let ran = world.run(&["trace"], project.path()).expect(0);
    assert!(ran.out.contains("4 files can load"), "{}", ran.out);
    assert!(ran.out.contains("node_modules/dep/index.js:1  require of anything"), "{}", ran.out);
    assert!(ran.out.contains("test/fixture.js"), "{}", ran.out);
    assert!(ran.out.contains("idle@1.0.0"), "{}", ran.out);
    let ran = world.run(&["trace", "--fail-on", "low"], project.path()).expect(1);
    assert!(ran.out.contains("4 files can load"), "{}", ran.out);
}

#[test]
fn json_and_what_changed_since() {
    let (world, project) = (World::new(), sample());
    let ran = world.run(&["trace", "index.js", "--format", "json"], project.path()).expect(0);
    let answer: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(answer["schema"], "nodeward.trace/1");
    assert_eq!(answer["neverLoaded"], serde_json::json!(["idle@1.0.0"]));
    let project = project.file("old.json", &ran.out);
    world.run(&["trace", "--diff", "old.json"], project.path()).expect(0);
    let project =
        project.file("lib/late.js", "require('./new')").file("lib/new.js", "require(process.argv[2])");
    let ran = world.run(&["trace", "--diff", "old.json"], project.path()).expect(1);
    for line in ["+ file lib/new.js", "- file test/fixture.js", "+ load of anything lib/new.js:1"] {
        assert!(ran.out.contains(line), "{}", ran.out);
    }
    let ran = world.run(&["trace", "--fail-on", "medium"], project.path()).expect(1);
    assert!(ran.out.contains("lib/new.js:1"), "{}", ran.out);
    let project = project.file("old.json", "{}");
    world.run(&["trace", "--diff", "old.json"], project.path()).expect(2);
}

#[test]
fn findings_in_the_shared_formats() {
    let (world, project) = (World::new(), sample());
    let ran = world.run(&["trace", "--format", "findings"], project.path()).expect(0);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["schema"], "nodeward.findings/1");
    let rules: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["id"].as_str().unwrap())
        .collect();
    assert!(rules.contains(&"trace-dynamic-load") && rules.contains(&"trace-test-code"), "{rules:?}");
    assert!(
        report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .all(|finding| finding["threat"]["code"] == "UIR" || finding["threat"] == "UIR")
    );
    let ran = world.run(&["trace", "--format", "sarif"], project.path()).expect(0);
    assert!(ran.out.contains("trace-dynamic-load"), "{}", ran.out);
}

#[test]
fn why_a_file_is_in() {
    let (world, project) = (World::new(), sample());
    let ran = world.run(&["trace", "--explain", "test/fixture.js"], project.path()).expect(0);
    assert_eq!(ran.out, "index.js:2  require\nlib/late.js:1  require\ntest/fixture.js\n");
    world.run(&["trace", "--explain", "node_modules/idle/index.js"], project.path()).expect(1);
}

#[test]
fn pictures() {
    let (world, project) = (World::new(), sample());
    for (kind, start) in [("dot", "digraph trace {"), ("svg", "<svg "), ("html", "<!doctype html>")] {
        let ran = world.run(&["trace", "--graph", kind], project.path()).expect(0);
        assert!(ran.out.starts_with(start), "{}", ran.out);
        assert!(ran.out.contains("dep@1.0.0"), "{}", ran.out);
    }
}

#[test]
fn what_can_not_be_done_is_said() {
    let (world, project) = (World::new(), sample());
    for arguments in [
        &["trace", "gone.js"][..],
        &["trace", "--node", "x"],
        &["trace", "--env", "x"],
        &["trace", "--platform", "linux"],
        &["trace", "--record"],
        &["trace", "--record", "--", "no-such-program-here"],
        &["trace", "lib"],
    ] {
        let ran = world.run(arguments, project.path());
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.out);
        assert!(!ran.err.is_empty(), "{arguments:?}");
    }
    let project = project.file("lib/late.js", "require ( (");
    let ran = world.run(&["trace"], project.path()).expect(2);
    assert!(ran.out.contains("lib/late.js"), "{}", ran.out);
}

/// What a recording adds: files that the text does not name, loaded in a test, by `require` and by `import`, in a
/// worker and in a child.
#[test]
fn a_recording_keeps_what_the_entry_leads_to() {
    let world = World::new();
    for (version, node) in nodes() {
        let project = Project::empty()
            .file("package.json", r#"{"name":"app","version":"1.0.0","main":"index.js"}"#)
            .file(
                "index.js",
                "exports.load = (name) => require(name);
                 exports.bring = (name) => import(name);
                 exports.work = (file) => new Promise((done) => new (require('worker_threads').Worker)(file).on('exit', done));
                 exports.start = (file) => require('child_process').spawnSync(process.execPath, [file]);",
            )
            .file("plugins/a.js", "require('./b')")
            .file("plugins/b.js", "")
            .file("plugins/c.mjs", "export default 1")
            .file("plugins/worker.js", "")
            .file("plugins/child.js", "")
            .file("plugins/unused.js", "")
            .file("test/inner.js", "")
            .file(
                "test/test.js",
                "const test = require('node:test'), app = require('../index'); require('./inner');
                 const at = (name) => require('path').join(__dirname, '../plugins', name);
                 test('all', async () => { app.load(at('a.js')); await app.bring(at('c.mjs')); await app.work(at('worker.js')); app.start(at('child.js')); });",
            );
        let node = node.to_str().unwrap();
        let arguments = ["trace", ".", "--format", "json", "--record", "--", node, "--test", "test/test.js"];
        let ran = world.run(&arguments, project.path());
        // What index.js may load is told, recorded or not.
        assert_eq!(ran.code, 1, "Node.js {version}: {}", ran.err);
        let answer: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let mut paths: Vec<&str> = answer["sources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|source| source["path"].as_str().unwrap())
            .collect();
        paths.sort_unstable();
        let expected = [
            "index.js",
            "plugins/a.js",
            "plugins/b.js",
            "plugins/c.mjs",
            "plugins/child.js",
            "plugins/worker.js",
        ];
        assert_eq!(paths, expected, "Node.js {version}");
        let only = answer["recording"]["onlyRecorded"].as_array().unwrap();
        assert_eq!(only.len(), 5, "Node.js {version}: {only:?}");
    }
}

#[test]
fn a_command_that_fails_leaves_the_recording_incomplete() {
    let world = World::new();
    for (_, node) in nodes().into_iter().take(1) {
        let project =
            Project::empty().file("index.js", "").file("fail.js", "require('./index'); process.exit(3)");
        let ran = world
            .run(&["trace", "index.js", "--record", "--", node.to_str().unwrap(), "fail.js"], project.path());
        assert_eq!(ran.code, 2, "{}", ran.out);
        assert!(ran.out.contains("what it would have loaded after that is not known"), "{}", ran.out);
    }
}

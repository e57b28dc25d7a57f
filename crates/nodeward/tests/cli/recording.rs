//! What was seen loading goes into the seal, code without a file too, and runs enforced.

use std::path::Path;

use nodeward_testkit::Project;

use crate::harness::{Ran, World};
use crate::nodes::nodes;

/// Loads a plugin that its text does not name, and makes modules of both kinds, which load packages that nothing else
/// names. With an argument it makes another module than the one that was recorded.
const APP: &str = "
const { synthesize, synthesizeModule } = require('nodeward/synthesize');
const words = ['three', 'esm-only'];
exports.load = (name) => require(name);
exports.common = (more = '') => synthesize(`module.exports = require('${words[0]}') * 2;${more}`).exports;
exports.modern = () => synthesizeModule(`import one from '${words[1]}'; export default one + 1;`);
if (require.main === module) {
  console.log(exports.load(require('path').resolve(process.argv[2])), exports.common(process.argv[3]));
  exports.modern().then((space) => console.log(space.default));
}
";

const TEST: &str = "
const app = require('../app.js');
const { synthesize } = require('nodeward/synthesize');
synthesize('exports.made = \"for the test alone\";');
app.load(process.cwd() + '/plugins/a.js');
app.common();
app.modern().then((space) => { if (space.default !== 42) process.exit(1); });
";

fn project() -> Project {
    let package = |name: &str, more: &str| format!(r#"{{"name":"{name}","version":"1.0.0"{more}}}"#);
    let project = Project::empty()
        .file("package.json", package("app", ""))
        .file("app.js", APP)
        .file("test/test.js", TEST)
        .file("plugins/a.js", "module.exports = 'plugin';\n")
        .file("plugins/unused.js", "")
        .file("node_modules/three/package.json", package("three", ""))
        .file("node_modules/three/index.js", "module.exports = 3;\n")
        .file(
            "node_modules/esm-only/package.json",
            package("esm-only", r#","type":"module","exports":"./index.js""#),
        )
        .file("node_modules/esm-only/index.js", "export default 41;\n");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../npm/nodeward");
    copy(&own, &project.path().join("node_modules/nodeward"));
    project
}

/// Nodeward's own package, as it would be installed.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() && !["test", "test-eval", "node_modules"].contains(&name.to_str().unwrap()) {
            copy(&path, &to.join(name));
        } else if path.is_file() {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

fn write(project: &Project, name: &str, text: &str) {
    std::fs::write(project.join(name), text).unwrap();
}

/// The sources of the seal but for Nodeward's own, each with kind and origin.
fn sources(project: &Project) -> Vec<String> {
    let text = std::fs::read_to_string(project.path().join("nodeward.seal.json")).unwrap();
    let seal: serde_json::Value = serde_json::from_str(&text).unwrap();
    let told = |source: &serde_json::Value| {
        let path = source["path"].as_str().unwrap();
        let path = if path.starts_with("synthetic:") { source["content"].as_str().unwrap() } else { path };
        format!("{path} {} {}", source["kind"].as_str().unwrap(), source["origin"].as_str().unwrap())
    };
    let sources = seal["sources"].as_array().unwrap().iter().map(told);
    sources.filter(|told| !told.starts_with("node_modules/nodeward/")).collect()
}

#[test]
fn what_tests_load_is_sealed_and_runs_enforced() {
    let world = World::new();
    for (version, node) in nodes() {
        let project = project();
        let node = node.to_str().unwrap();
        let nodeward = |arguments: &[&str]| world.run(arguments, project.path());
        let run = |more: &[&str]| {
            let arguments = [&["run", "--node", node, "--", "node", "app.js", "plugins/a.js"], more].concat();
            nodeward(&arguments)
        };
        let plain = Ran::of(
            std::process::Command::new(node)
                .args(["app.js", "plugins/a.js"])
                .current_dir(project.path())
                .output()
                .unwrap(),
        );
        assert_eq!(plain.out, "plugin 6\n42\n", "Node.js {version}: {}", plain.err);

        // The text alone does not lead there.
        nodeward(&["seal", "app.js"]).expect(0);
        let denied = run(&[]);
        assert!(denied.code == 1 && denied.err.contains("plugins/a.js"), "Node.js {version}: {}", denied.err);

        nodeward(&["seal", "--record", "app.js", "--", node, "test/test.js"]).expect(0);
        let common = "module.exports = require('three') * 2; synthetic recorded";
        let modern = "import one from 'esm-only'; export default one + 1; synthetic recorded";
        let mut expected = vec![
            "app.js cjs recorded".to_owned(),
            "node_modules/esm-only/index.js esm recorded".to_owned(),
            "node_modules/three/index.js cjs recorded".to_owned(),
            // What could be any file of the project's folder; but not our own.
            "package.json json static".to_owned(),
            "plugins/a.js cjs recorded".to_owned(),
            common.to_owned(),
            modern.to_owned(),
        ];
        let mut found = sources(&project);
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "Node.js {version}");
        nodeward(&["seal", "--check", "app.js"]).expect(0);

        let ran = run(&[]);
        assert_eq!((ran.code, ran.out), (0, plain.out), "Node.js {version}: {}", ran.err);
        let other = run(&["module.exports = 'other';"]);
        assert_eq!(other.code, 1, "Node.js {version}");
        assert!(other.err.contains("ERR_NODEWARD_DENIED"), "Node.js {version}: {}", other.err);
        assert!(!other.out.contains("other"));

        // Without the recording the seal is not what it would be.
        std::fs::remove_file(project.path().join("nodeward.recording.json")).unwrap();
        let stale = nodeward(&["seal", "--check", "app.js"]).expect(1);
        assert!(stale.out.contains("removed: plugins/a.js\n"), "{}", stale.out);
        assert!(stale.out.contains("removed: synthetic:"), "{}", stale.out);
    }
}

#[test]
fn trace_and_seal_read_the_same_recordings() {
    let world = World::new();
    for (version, node) in nodes().into_iter().take(1) {
        let project = project();
        let node = node.to_str().unwrap();
        let nodeward = |arguments: &[&str]| world.run(arguments, project.path());
        std::fs::create_dir(project.join("recordings")).unwrap();
        let listed = |arguments: &[&str]| -> Vec<String> {
            let ran = nodeward(arguments);
            let answer: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
            let told = |source: &serde_json::Value| {
                format!("{} {}", source["path"].as_str().unwrap(), source["origin"])
            };
            answer["sources"].as_array().unwrap().iter().map(told).collect()
        };
        let recorded = listed(&[
            "trace",
            "app.js",
            "--format",
            "json",
            "--record",
            "--recording",
            "recordings/unit.json",
            "--",
            node,
            "test/test.js",
        ]);
        assert_eq!(
            listed(&["trace", "app.js", "--format", "json", "--recording", "recordings/unit.json"]),
            recorded
        );
        assert_eq!(recorded.iter().filter(|path| path.starts_with("synthetic:")).count(), 2, "{version}");
        let explained = nodeward(&[
            "trace",
            "app.js",
            "--recording",
            "recordings/unit.json",
            "--explain",
            "plugins/a.js",
        ]);
        assert!(explained.expect(0).out.starts_with("app.js  seen\n"));

        write(
            &project,
            "nodeward.toml",
            "[seal]\nentries = [\"app.js\"]\nrecordings = [\"recordings/unit.json\"]\n",
        );
        nodeward(&["seal"]).expect(0);
        let text = std::fs::read_to_string(project.path().join("nodeward.seal.json")).unwrap();
        let seal: serde_json::Value = serde_json::from_str(&text).unwrap();
        let told =
            |source: &serde_json::Value| format!("{} {}", source["path"].as_str().unwrap(), source["origin"]);
        let sealed: Vec<String> = seal["sources"].as_array().unwrap().iter().map(told).collect();
        assert_eq!(sealed, recorded);
        nodeward(&["seal", "--check"]).expect(0);
    }
}

#[test]
fn what_can_not_be_recorded_or_read_is_told() {
    let (world, project) = (World::new(), project());
    let nodeward = |arguments: &[&str]| world.run(arguments, project.path());
    let missing = nodeward(&["seal", "app.js", "--recording", "gone.json"]).expect(2);
    assert!(missing.err.contains("cannot read gone.json"), "{}", missing.err);
    write(&project, "bad.json", "{\"schema\": \"nodeward.recording/1\",\n \"started\": [\"/etc/passwd\"]}");
    let bad = nodeward(&["seal", "app.js", "--recording", "bad.json"]).expect(2);
    assert!(bad.err.contains("bad.json:2:") && bad.err.contains("is no path"), "{}", bad.err);
    write(&project, "old.json", "{\"schema\": \"nodeward.recording/1\", \"started\": [\"gone.js\"]}");
    let old = nodeward(&["seal", "app.js", "--recording", "old.json"]).expect(0);
    assert!(old.err.contains("1 of the files that it names are not there any more"), "{}", old.err);
    let several = ["seal", "app.js", "--record", "--recording", "a", "--recording", "b", "--", "node"];
    assert!(nodeward(&several).expect(2).err.contains("writes one recording"));
    assert!(nodeward(&["seal", "--record", "app.js"]).expect(2).err.contains("<COMMAND>"));
    for (_, node) in nodes().into_iter().take(1) {
        write(&project, "fail.js", "require('./app.js'); process.exit(3);");
        let failed =
            nodeward(&["seal", "--record", "app.js", "--", node.to_str().unwrap(), "fail.js"]).expect(2);
        assert!(failed.err.contains("nothing was sealed"), "{}", failed.err);
        assert!(!project.path().join("nodeward.recording.json").exists());
    }
}

use nodeward_testkit::Project;
use serde_json::Value;

use crate::harness::World;

fn record(name: &str, id: &str) -> String {
    format!(
        r#"{{"id":"{id}","modified":"2026-01-01T00:00:00Z","summary":"flaw in {name}","severity":[{{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}],"affected":[{{"package":{{"ecosystem":"npm","name":"{name}"}},"ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}}]}}]}}]}}"#
    )
}

fn world() -> World {
    World::with_advisories(&[&record("used", "GHSA-used"), &record("idle", "GHSA-idle")])
}

/// A server that loads one of two flawed dependencies, both installed.
fn project(manifest: &str, main: &str) -> Project {
    let mut project =
        Project::npm(&["used@1.0.0", "idle@1.0.0"]).file("package.json", manifest).file("server.js", main);
    for name in ["used", "idle"] {
        project = project
            .file(
                &format!("node_modules/{name}/package.json"),
                format!(r#"{{"name":"{name}","version":"1.0.0"}}"#),
            )
            .file(&format!("node_modules/{name}/index.js"), "module.exports = 1;\n");
    }
    project
}

const MANIFEST: &str = r#"{"name":"shop","version":"1.0.0","scripts":{"start":"node server.js"},"dependencies":{"used":"^1.0.0","idle":"^1.0.0"}}"#;

fn reachable(report: &Value, rule: &str) -> String {
    let findings = report["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["id"] == rule);
    let finding = finding.unwrap_or_else(|| panic!("{report:#}"));
    finding["reachable"].as_str().unwrap().to_owned()
}

#[test]
fn what_can_not_load_is_told_and_shown_last() {
    let world = world();
    let project = project(MANIFEST, "require('used');\n");
    let report = world.json(&project, &[]);
    assert_eq!((&*reachable(&report, "GHSA-used"), &*reachable(&report, "GHSA-idle")), ("static", "no"));
    let ran = world.scan(&project, &[]).expect(1);
    let (used, idle) = (ran.out.find("GHSA-used").unwrap(), ran.out.find("GHSA-idle").unwrap());
    assert!(used < idle, "{}", ran.out);
    assert!(ran.out.contains("no file of it loads in production"), "{}", ran.out);
}

#[test]
fn where_the_start_is_not_known_nothing_is_said() {
    let world = world();
    let manifest = MANIFEST.replace("node server.js", "next start");
    let report = world.json(&project(&manifest, "require('used');\n"), &[]);
    assert_eq!(
        (&*reachable(&report, "GHSA-used"), &*reachable(&report, "GHSA-idle")),
        ("unknown", "unknown")
    );
    let manifest = MANIFEST.replace("node server.js", "node gone.js");
    let report = world.json(&project(&manifest, "require('used');\n"), &[]);
    assert_eq!(reachable(&report, "GHSA-idle"), "unknown");
}

#[test]
fn the_seal_says_what_loads() {
    let world = world();
    let hash = "0".repeat(64);
    let seal = format!(
        r#"{{"schema": "nodeward.seal/1", "entries": ["server.js"], "sources": [
            {{"path": "node_modules/idle/index.js", "kind": "cjs", "sha256": "{hash}", "size": 20, "origin": "recorded", "package": "idle@1.0.0"}},
            {{"path": "server.js", "kind": "cjs", "sha256": "{hash}", "size": 17, "origin": "static"}}]}}"#
    );
    let project = project(MANIFEST, "require('used');\n").file("nodeward.seal.json", seal);
    let report = world.json(&project, &[]);
    assert_eq!((&*reachable(&report, "GHSA-used"), &*reachable(&report, "GHSA-idle")), ("no", "recorded"));
}

#[test]
fn a_seal_that_can_not_be_read_is_a_gap() {
    let world = world();
    let project = project(MANIFEST, "").file("nodeward.seal.json", "{");
    let ran = world.scan(&project, &[]);
    assert!(
        ran.out.contains("nodeward.seal.json") || ran.err.contains("nodeward.seal.json"),
        "{}{}",
        ran.out,
        ran.err
    );
    let report = world.json(&project, &[]);
    assert_eq!(reachable(&report, "GHSA-used"), "unknown");
}

/// The findings of the rules about loading: id, place or release, title.
fn about_loading(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let about = findings.filter(|finding| finding["id"].as_str().unwrap().starts_with("trace-"));
    let told = |finding: &Value| {
        let also: Vec<&str> = finding["evidence"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|evidence| evidence["place"]["file"].as_str())
            .collect();
        format!(
            "{} {}:{} {}{}",
            finding["id"].as_str().unwrap(),
            finding["place"]["file"].as_str().unwrap(),
            finding["place"]["line"],
            finding["severity"].as_str().unwrap(),
            if also.is_empty() { String::new() } else { format!(", also {}", also.join(", ")) },
        )
    };
    let mut told: Vec<String> = about.map(told).collect();
    told.sort();
    told
}

/// A server that loads what its text does not say, and a dependency that does so twice and brings a test along.
fn loading() -> Project {
    project(MANIFEST, "require('used');\nrequire(process.argv[2]);\n")
        .file("node_modules/used/index.js", "require('./test/helper');\nrequire(process.argv[3]);\n")
        .file("node_modules/used/test/helper.js", "\n\nrequire(process.argv[4]);\n")
}

#[test]
fn what_a_trace_knows_is_told_where_one_is_made() {
    let project = loading();
    let report = world().json(&project, &[]);
    assert_eq!(
        about_loading(&report),
        [
            "trace-dynamic-load node_modules/used/index.js:2 low, also node_modules/used/test/helper.js",
            "trace-dynamic-load server.js:2 low",
            "trace-never-loaded package-lock.json:LINE info",
            "trace-test-code node_modules/used/test/helper.js:null low",
        ]
        .map(|told| told.replace("LINE", &line_of(&project, "idle")))
    );
    // Nothing is known against what it uses, so nothing is traced; nor where nobody knows how it starts.
    assert_eq!(
        about_loading(&World::with_advisories(&[&record("other", "GHSA-other")]).json(&project, &[])),
        [""; 0]
    );
    let unknown = project.file("package.json", MANIFEST.replace("node server.js", "next start"));
    assert_eq!(about_loading(&world().json(&unknown, &[])), [""; 0]);
}

fn line_of(project: &Project, name: &str) -> String {
    let text = project.read("package-lock.json");
    let at = text.lines().position(|line| line.contains(&format!("\"node_modules/{name}\""))).unwrap();
    (at + 1).to_string()
}

#[test]
fn what_a_seal_knows_is_told_always() {
    let project = loading();
    let world = World::with_advisories(&[&record("other", "GHSA-other")]);
    world.run(&["seal", "server.js"], project.path()).expect(0);
    let report = world.json(&project, &[]);
    assert_eq!(
        about_loading(&report),
        [
            format!("trace-never-loaded package-lock.json:{} info", line_of(&project, "idle")),
            "trace-test-code node_modules/used/test/helper.js:null low".to_owned(),
        ]
    );
}

//! `nodeward install`: what waits for what, and what one package that fails means for the others.

use std::fs;

use serde_json::json;

use crate::exec::{User, users};
use crate::installed::Project;

#[test]
fn what_is_required_runs_before() {
    if users().is_empty() {
        return;
    }
    // By its name the first in every list; `c` has no scripts, and stands between.
    let project = Project::with(
        User::This,
        &[
            ("a", json!({ "postinstall": "cat ../b/made ../d/made > made" }), &[]),
            ("b", json!({ "postinstall": "sleep 0.3; echo b > made" }), &[]),
            ("c", json!({}), &[]),
            ("d", json!({ "install": "cat ../b/made > made; echo d >> made" }), &[]),
        ],
        &[("a", "c"), ("c", "b"), ("a", "d"), ("d", "b")],
    );
    let names = ["--allow", "a", "--allow", "b", "--allow", "d", "--reason", "a trial"];
    for jobs in ["1", "4"] {
        let (code, text, report) = project.install_with(&[&names[..], &["--jobs", jobs]].concat());
        assert_eq!(code, Some(0), "{text}");
        assert_eq!(project.read("p/node_modules/a/made").unwrap(), "b\nb\nd\n", "{text}");
        let order: Vec<&str> = report["packages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["package"].as_str().unwrap())
            .collect();
        assert_eq!(order, ["b@1.0.0", "d@1.0.0", "a@1.0.0"]);
        // Once more, from the beginning.
        fs::remove_file(project.path("p/node_modules/.nodeward-installed.json")).unwrap();
        for name in ["a", "b", "d"] {
            fs::remove_file(project.path(&format!("p/node_modules/{name}/made"))).unwrap();
        }
    }
}

#[test]
fn what_fails_stops_what_requires_it_and_nothing_else() {
    if users().is_empty() {
        return;
    }
    let project = Project::with(
        User::This,
        &[
            ("bad", json!({ "install": "echo bad > made; exit 3" }), &[]),
            ("between", json!({}), &[]),
            ("needs", json!({ "install": "echo x > made" }), &[]),
            ("needs-too", json!({ "install": "echo x > made" }), &[]),
            ("optional-bad", json!({ "install": "exit 3" }), &[]),
            ("fine", json!({ "install": "echo fine > made" }), &[]),
        ],
        &[("needs", "between"), ("between", "bad"), ("needs-too", "needs"), ("fine", "optional-bad")],
    );
    for name in ["bad", "needs", "needs-too", "optional-bad", "fine"] {
        project.allow(name);
    }
    let (code, text, report) = project.install();
    assert_eq!(code, Some(2), "{text}");
    assert_eq!(project.read("p/node_modules/fine/made").unwrap(), "fine\n", "{text}");
    for name in ["bad", "needs", "needs-too"] {
        assert!(!project.path(&format!("p/node_modules/{name}/made")).exists(), "{name}: {text}");
    }
    for name in ["needs", "needs-too"] {
        let line = format!(
            "{name}@1.0.0: its scripts were not run: it waits for bad@1.0.0, whose scripts did not go well"
        );
        assert!(text.contains(&line), "{text}");
    }
    let skipped = report["skipped"].as_array().unwrap();
    assert_eq!((skipped.len(), &skipped[0]["package"]), (2, &"needs@1.0.0".into()), "{report:#}");
    assert_eq!(report["packages"].as_array().unwrap().len(), 3, "{report:#}");
    // What went well is not done again; what failed is tried again, and goes on from there.
    let manifest = project.read("p/node_modules/bad/package.json").unwrap().replace("exit 3", "exit 0");
    project.write("p/node_modules/bad/package.json", &manifest);
    project.allow("bad");
    let (code, text, report) = project.install();
    assert_eq!(code, Some(0), "{text}");
    let ran: Vec<&str> =
        report["packages"].as_array().unwrap().iter().map(|one| one["package"].as_str().unwrap()).collect();
    assert_eq!(ran, ["bad@1.0.0", "needs@1.0.0", "needs-too@1.0.0", "optional-bad@1.0.0"], "{text}");
}

#[test]
fn what_several_say_is_not_mixed() {
    if users().is_empty() {
        return;
    }
    let noisy = |name: &str| json!({ "install": format!("for i in 1 2 3 4 5; do echo {name}-$i; sleep 0.05; done; exit 1") });
    let project = Project::new(&[("one", noisy("one"), &[]), ("two", noisy("two"), &[])]);
    let (code, text, report) =
        project.install_with(&["--allow", "one", "--allow", "two", "--reason", "a trial", "--jobs", "2"]);
    assert_eq!(code, Some(2), "{text}");
    for name in ["one", "two"] {
        let written = (1..6).map(|at| format!("{name}-{at}\n")).collect::<String>();
        let told = (1..6).map(|at| format!("warning:   {name}-{at}\n")).collect::<String>();
        assert!(text.contains(&told), "{text}");
        let packages = report["packages"].as_array().unwrap();
        let package = packages.iter().find(|one| one["folder"] == format!("node_modules/{name}")).unwrap();
        assert_eq!(package["scripts"][0]["written"], written);
    }
}

#[test]
fn what_lies_within_a_package_comes_before_it() {
    if users().is_empty() {
        return;
    }
    let project = Project::with(
        User::This,
        &[
            ("between", json!({}), &[]),
            ("outer", json!({ "install": "cat node_modules/inner/made > made" }), &[]),
        ],
        // In a circle.
        &[("outer", "inner"), ("between", "outer")],
    );
    let manifest = json!({ "name": "inner", "version": "1.0.0", "scripts": { "install": "sleep 0.2; echo inner > made" }, "dependencies": { "between": "1.0.0" } });
    project.write("p/node_modules/outer/node_modules/inner/package.json", &manifest.to_string());
    let entry =
        json!({ "version": "1.0.0", "hasInstallScript": true, "dependencies": { "between": "1.0.0" } });
    project.lock("node_modules/outer/node_modules/inner", entry);
    let (code, text, _) =
        project.install_with(&["--allow", "outer", "--allow", "inner", "--reason", "a trial", "--jobs", "2"]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(project.read("p/node_modules/outer/made").unwrap(), "inner\n", "{text}");
    assert_eq!(project.read("p/node_modules/outer/node_modules/inner/made").unwrap(), "inner\n", "{text}");
}

#[test]
fn what_its_own_scripts_made_of_a_package_is_still_allowed() {
    if users().is_empty() {
        return;
    }
    let files = [("make.js", "require('fs').appendFileSync('make.js', '//')")];
    let project = Project::new(&[("self", json!({ "install": "node make.js" }), &files)]);
    let state = || {
        let (code, text) = project.nodeward(&["install-scripts", "--format", "json"]);
        let list: serde_json::Value = serde_json::from_str(&text).unwrap();
        (code, list["projects"][0]["packages"][0]["state"].as_str().unwrap().to_owned())
    };
    project.allow("self");
    assert_eq!(project.install().0, Some(0));
    assert!(project.read("p/node_modules/self/make.js").unwrap().ends_with("//"));
    assert_eq!(state(), (Some(0), "allowed".into()));
    let before = project.read("p/nodeward.toml");
    project.allow("self");
    assert_eq!(project.read("p/nodeward.toml"), before, "what a fresh install has stays allowed");
    // Somebody else made more of it.
    let more = project.read("p/node_modules/self/make.js").unwrap() + "evil()";
    project.write("p/node_modules/self/make.js", &more);
    assert_eq!(state(), (Some(1), "changed".into()));
    assert_eq!(project.install().0, Some(1));
}

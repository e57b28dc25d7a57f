//! Packages inside of other packages, whose folders are in the hands of those packages' scripts.

use serde_json::json;

use crate::exec::users;
use crate::installed::Project;

const INNER: &str = "outer/node_modules/inner";

/// A package with another one inside, both allowed. The outer one's scripts come first, as it does not require it.
fn nested(outer: &str, inner: &str) -> Project {
    let files = [("made.sh", "true")];
    let project = Project::new(&[
        ("outer", json!({ "postinstall": outer }), &[]),
        (INNER, json!({ "postinstall": inner }), &files),
    ]);
    let manifest = json!({ "name": "inner", "version": "1.0.0", "scripts": { "postinstall": inner } });
    project.write(&format!("p/node_modules/{INNER}/package.json"), &manifest.to_string());
    project.allow("outer");
    project.allow("inner");
    project
}

#[test]
fn scripts_run_where_their_package_lay_before_all_others() {
    if users().is_empty() {
        return;
    }
    for place in [".git", "."] {
        let outer = format!("rm -rf node_modules/inner && ln -s ../../../{place} node_modules/inner");
        let project = nested(&outer, "echo canary > reached");
        project.write("p/.git/config", "");
        let (code, text, report) = project.install();
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("is a symbolic link within another package"), "{text}");
        assert_eq!(project.read(&format!("p/{place}/reached")), None, "{text}");
        assert_eq!(report["packages"][1]["done"], false, "{report:#}");
        // The link is there before the next run starts.
        let (code, text, _) = project.install();
        assert_ne!(code, Some(0), "{text}");
        assert_eq!(project.read(&format!("p/{place}/reached")), None, "{text}");
    }
}

#[test]
fn what_another_script_changed_does_not_run() {
    if users().is_empty() {
        return;
    }
    let change = "echo 'echo canary > reached' > node_modules/inner/made.sh";
    for (outer, expected) in [("true", Some(0)), (change, Some(2))] {
        let project = nested(outer, "sh made.sh");
        let (code, text, _) = project.install();
        assert_eq!(code, expected, "{outer}: {text}");
        assert_eq!(text.contains("was changed since this run looked at it"), outer == change, "{text}");
        assert_eq!(project.read(&format!("p/node_modules/{INNER}/reached")), None, "{text}");
    }
}

#[test]
fn what_looks_like_the_rest_of_a_killed_run_leads_nowhere() {
    if users().is_empty() {
        return;
    }
    // It is known to the script by its path alone, which nothing in there shows.
    let victim = tempfile::tempdir_in("/var/tmp").unwrap();
    std::fs::write(victim.path().join("key"), "canary").unwrap();
    let staging = "node_modules/.nodeward-staging-x";
    let outer = format!("mkdir -p {staging} && ln -s '{}' {staging}/original", victim.path().display());
    let project = nested(&outer, "cat ../key > reached || true");
    for _ in 0..2 {
        let (code, text, _) = project.install();
        assert!(code.is_some(), "{text}");
    }
    assert_eq!(std::fs::read_to_string(victim.path().join("key")).unwrap(), "canary");
    assert!(project.read(&format!("p/node_modules/{INNER}/reached")).is_none_or(|text| text.is_empty()));
}

/// The copy of the outer one that takes its place has a copy of the inner one in it, which is another folder.
#[test]
fn what_was_done_inside_of_a_package_is_done_when_that_one_is_replaced() {
    if users().is_empty() {
        return;
    }
    // The inner one changes what it is known by, and runs once.
    let make = "require('fs').appendFileSync('count', 'x'); require('fs').appendFileSync('make.js', '//');";
    let inner = json!({ "postinstall": "node make.js" });
    for edges in [&[("outer", "inner")][..], &[]] {
        let project = Project::with(
            crate::exec::User::This,
            &[
                ("outer", json!({ "postinstall": "echo x > made" }), &[]),
                (INNER, inner.clone(), &[("make.js", make)]),
            ],
            edges,
        );
        let manifest = json!({ "name": "inner", "version": "1.0.0", "scripts": inner });
        project.write(&format!("p/node_modules/{INNER}/package.json"), &manifest.to_string());
        project.allow("outer");
        project.allow("inner");
        for _ in 0..3 {
            let (code, text, _) = project.install();
            assert_eq!(code, Some(0), "{edges:?}: {text}");
            assert_eq!(project.read(&format!("p/node_modules/{INNER}/count")).unwrap(), "x", "{edges:?}");
        }
        assert!(project.path("p/node_modules/outer/made").exists());
        // What a later hand made of it is told.
        project.write(&format!("p/node_modules/{INNER}/make.js"), "evil()");
        let (code, text, _) = project.install();
        assert!(code == Some(1) && text.contains("inner@1.0.0 (changed)"), "{text}");
    }
}

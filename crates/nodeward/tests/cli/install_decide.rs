//! `nodeward install --allow` and `--deny`: what is written into nodeward.toml, what is said of it, what is refused.

use serde_json::json;

use crate::exec::{User, users};
use crate::installed::Project;

const BEFORE: &str = "# ours\n[project]   # shop\nname = \"shop\"\n\n# gone before\n[[install.allow]]\npackage = \"old\"\nversion = \"1.0.0\"\nhash = \"sha256-0000000000000000000000000000000000000000000000000000000000000000\"\nreason = \"x\"\n\n# last\n";

fn project() -> Project {
    Project::new(&[
        (
            "makes",
            json!({ "postinstall": "node make.js" }),
            &[("make.js", "require('fs').writeFileSync('made', '')")],
        ),
        ("asks", json!({ "postinstall": "echo please" }), &[]),
        ("old", json!({ "postinstall": "echo old > made" }), &[]),
    ])
}

#[test]
fn several_are_allowed_and_run_at_once() {
    if users().is_empty() {
        return;
    }
    let project = project();
    project.write("p/nodeward.toml", BEFORE);
    let (code, text, _) =
        project.install_with(&["--allow", "makes", "--allow", "asks@1.0.0", "--reason", "a \"trial\""]);
    // `old` is not what it was.
    assert_eq!(code, Some(1), "{text}");
    for expected in [
        "makes@1.0.0 postinstall: node make.js",
        "writes files",
        "over its commands and the file that they reach",
        "sha256-",
        "makes@1.0.0 is allowed, in nodeward.toml",
        "asks@1.0.0 is allowed, in nodeward.toml",
        "old@1.0.0 (changed): its scripts were not run",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(project.path("p/node_modules/makes/made").exists());
    let after = project.read("p/nodeward.toml").unwrap();
    assert!(after.starts_with(BEFORE), "{after}");
    assert_eq!(after.matches("reason = 'a \"trial\"'").count(), 2, "{after}");
}

#[test]
fn what_is_denied_is_denied_in_place_of_what_was_allowed() {
    if users().is_empty() {
        return;
    }
    let project = project();
    project.write("p/nodeward.toml", BEFORE);
    let (code, text, report) = project.install_with(&[
        "--deny",
        "old",
        "--deny",
        "asks",
        "--deny",
        "makes",
        "--reason",
        "not needed",
    ]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("old is denied, in nodeward.toml"), "{text}");
    assert_eq!((&report["packages"], &report["undecided"]), (&json!([]), &json!([])), "{report:#}");
    let after = project.read("p/nodeward.toml").unwrap();
    assert!(!after.contains("[[install.allow]]") && after.contains("# gone before"), "{after}");
    assert_eq!(after.matches("[[install.deny]]\npackage = ").count(), 3, "{after}");
    assert!(after.starts_with("# ours\n[project]   # shop\n"), "{after}");
    let (code, text, _) = project.install_with(&["--allow", "old", "--reason", "x"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("is denied there; remove that first"), "{text}");
}

#[test]
fn what_is_not_meant_for_sure_is_refused() {
    if users().is_empty() {
        return;
    }
    let scripts = json!({ "postinstall": "echo hi" });
    let project =
        Project::with(User::This, &[("twice", scripts.clone(), &[]), ("other", json!({}), &[])], &[]);
    let nested = json!({ "name": "twice", "version": "2.0.0", "scripts": scripts });
    project.write("p/node_modules/other/node_modules/twice/package.json", &nested.to_string());
    let entry = json!({ "version": "2.0.0", "hasInstallScript": true });
    project.lock("node_modules/other/node_modules/twice", entry);
    for (arguments, expected) in [
        (
            &["--allow", "twice", "--reason", "x"][..],
            "twice is there more than once; name one: twice@1.0.0, twice@2.0.0",
        ),
        (&["--allow", "twice@3.0.0", "--reason", "x"], "twice@3.0.0 is not there; what is there is "),
        (&["--allow", "nothing", "--reason", "x"], "nothing runs no script"),
        (&["--allow", "twice@1.0.0", "--reason", " "], "--reason is empty: say why these scripts may run"),
        (&["--deny", "twice@1.0.0", "--reason", "x"], "denied in every version; name twice"),
        (&["--allow", "twice@1.0.0"], "--reason"),
        (&["--allow-unconfined"], "--reason"),
        (
            &["--allow-unconfined", "--reason", " "],
            "--reason is empty: say why scripts may run without confinement",
        ),
        (&["--allow", "twice", "--deny", "twice", "--reason", "x"], "cannot be used with"),
    ] {
        let (code, text, _) = project.install_with(arguments);
        assert!(code == Some(2) && text.contains(expected), "{arguments:?}: {text}");
        assert!(!project.path("p/nodeward.toml").exists(), "{arguments:?}");
    }
    let (code, text, _) = project.install_with(&["--allow", "twice@2.0.0", "--reason", "x"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("twice@1.0.0 ("), "{text}");
    // Both stay, as both are in use.
    let (code, text, _) = project.install_with(&["--allow", "twice@1.0.0", "--reason", "x"]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn what_was_done_is_written_as_json() {
    if users().is_empty() {
        return;
    }
    let project = project();
    let command =
        ["install", "--scripts-only", "--format", "json", "--quiet", "--deny", "asks", "--reason", "x"];
    let (code, text) = project.nodeward(&command);
    assert_eq!(code, Some(1), "{text}");
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["schema"], "nodeward.installed-scripts/1");
    assert_eq!(report["undecided"].as_array().unwrap().len(), 2);
    // However it ends.
    project.write("p/package-lock.json", "{ broken");
    let (code, _, report) = project.install();
    assert_eq!(code, Some(2));
    assert!(report["error"].as_str().unwrap().contains("package-lock.json"), "{report:#}");
}

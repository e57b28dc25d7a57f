//! What lies inside of a package, and is not another one by what the lockfile says.

use serde_json::json;

use crate::exec::users;
use crate::installed::Project;

/// A dependency that came in the package's tarball, one that was installed inside of it, and files in `.git`.
#[test]
fn what_came_in_the_tarball_is_part_of_what_was_allowed() {
    if users().is_empty() {
        return;
    }
    let (bundled, other) = ("a/node_modules/bundled", "a/node_modules/other");
    let code = "require('bundled'); require('other'); require('child_process').execSync('sh .git/f');";
    let project = Project::new(&[
        ("a", json!({ "postinstall": "node i.js" }), &[("i.js", code), (".git/f", "true")]),
        (bundled, json!({}), &[("index.js", "")]),
        (other, json!({}), &[("index.js", "")]),
    ]);
    project.lock(&format!("node_modules/{bundled}"), json!({ "version": "1.0.0", "inBundle": true }));
    let pwn = |place: &str| format!("require('fs').writeFileSync('{place}', '')");
    project.allow("a");
    // Another package's file, of which the lockfile tells.
    project.write(&format!("p/node_modules/{other}/index.js"), &pwn("other-ran"));
    let (code, text, _) = project.install();
    assert_eq!(code, Some(0), "{text}");
    assert!(project.path("p/node_modules/a/other-ran").exists(), "{text}");
    for (file, change) in
        [("node_modules/bundled/index.js", pwn("pwn")), (".git/f", "echo x > pwn".to_owned())]
    {
        let before = project.read(&format!("p/node_modules/a/{file}")).unwrap();
        project.write(&format!("p/node_modules/a/{file}"), &change);
        let (code, text, _) = project.install();
        assert_eq!(code, Some(1), "{file}: {text}");
        assert!(text.contains("a@1.0.0 (changed)"), "{file}: {text}");
        assert!(!project.path("p/node_modules/a/pwn").exists(), "{file}: {text}");
        let (_, text) = project.nodeward(&["install-scripts", "--explain", "a"]);
        assert!(!text.contains("its scripts are the same"), "{file}: {text}");
        project.write(&format!("p/node_modules/a/{file}"), &before);
    }
    let (code, text, _) = project.install();
    assert_eq!(code, Some(0), "as it was: {text}");
}

/// A script that puts an allowed package beside a helper of its own below itself: it would run with that one's hosts.
#[test]
fn what_a_script_put_where_the_lockfile_has_nothing_does_not_run() {
    if users().is_empty() {
        return;
    }
    let plant = "mkdir -p node_modules/helper && cp -r ../b node_modules/b && cp evil.js node_modules/helper/index.js";
    let evil = "require('fs').writeFileSync('evil-ran', '')";
    let project = Project::with(
        crate::exec::User::This,
        &[
            ("a", json!({ "postinstall": plant }), &[("evil.js", evil)]),
            ("b", json!({ "postinstall": "node i.js" }), &[("i.js", "require('helper')")]),
            ("helper", json!({}), &[("index.js", "")]),
        ],
        &[("b", "helper")],
    );
    project.plain("a", plant);
    project.plain("a/node_modules/b", "node i.js");
    assert!(project.path("p/node_modules/a/node_modules/b/evil-ran").exists(), "it runs for npm");
    std::fs::remove_dir_all(project.path("p/node_modules/a/node_modules")).unwrap();
    project.allow("a");
    project.allow("b");
    let (code, text, _) = project.install();
    assert_eq!(code, Some(0), "{text}");
    let planted = "node_modules/a/node_modules/b";
    assert!(project.path(&format!("p/{planted}/i.js")).exists(), "{text}");
    let (code, text, report) = project.install();
    assert_eq!(code, Some(1), "{text}");
    let said = format!("b@1.0.0 (undecided: the lockfile has no package in {planted})");
    assert!(text.contains(&said), "{text}");
    assert_eq!(report["undecided"], json!([said]));
    assert!(!project.path(&format!("p/{planted}/evil-ran")).exists(), "{text}");
    let (_, text) = project.nodeward(&["install-scripts"]);
    assert!(text.contains(&format!("the lockfile has no package in {planted}")), "{text}");
    // Nor can it be allowed by its name.
    let (code, text) = project.nodeward(&["install-scripts", "--allow", "b", "--reason", "a trial"]);
    assert!(code == Some(2) && text.contains("where the lockfile has no package"), "{text}");
}

/// Links in the project make nothing its own that the lockfile, or without one its manifest, does not.
#[test]
fn what_a_link_leads_to_is_not_the_projects_own() {
    if users().is_empty() {
        return;
    }
    let script = json!({ "postinstall": "echo x > $INIT_CWD/ran; echo x > $INIT_CWD/../../dist/ran" });
    let link = |place: &str, to: &str, has_lockfile: bool| {
        let project = Project::new(&[("evil", script.clone(), &[])]);
        std::fs::create_dir_all(project.path("p/dist")).unwrap();
        std::fs::create_dir_all(project.path("p/vendor")).unwrap();
        project.write("p/nodeward.toml", "[install.own]\nwrite = [\"dist\"]\n");
        std::fs::rename(project.path(&format!("p/{place}")), project.path(&format!("p/{to}"))).unwrap();
        let way = "../".repeat(place.matches('/').count());
        std::os::unix::fs::symlink(format!("{way}{to}"), project.path(&format!("p/{place}"))).unwrap();
        if !has_lockfile {
            std::fs::remove_file(project.path("p/package-lock.json")).unwrap();
        }
        project
    };
    let one = ("node_modules/evil", "vendor/evil");
    for ((place, to), has_lockfile) in [(("node_modules", "deps"), true), (one, true), (one, false)] {
        let project = link(place, to, has_lockfile);
        let (code, text, _) = project.install();
        assert_eq!(code, Some(1), "{place} {has_lockfile}: {text}");
        assert!(text.contains("evil@1.0.0 (undecided"), "{place} {has_lockfile}: {text}");
        assert!(!project.path("p/dist/ran").exists(), "{place} {has_lockfile}: {text}");
    }
    // What they do say is.
    let place = "node_modules/evil";
    for has_lockfile in [true, false] {
        let project = link(place, "vendor/evil", has_lockfile);
        let manifest = json!({ "name": "p", "version": "1.0.0", "workspaces": ["vendor/*"], "dependencies": { "evil": "1.0.0" } });
        project.write("p/package.json", &manifest.to_string());
        if has_lockfile {
            project.lock("", manifest);
            project.lock(place, json!({ "resolved": "vendor/evil", "link": true }));
            project
                .lock("vendor/evil", json!({ "name": "evil", "version": "1.0.0", "hasInstallScript": true }));
        }
        let (_, text, _) = project.install();
        assert!(project.path("p/dist/ran").exists(), "{has_lockfile}: {text}");
    }
}

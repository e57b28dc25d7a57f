//! `nodeward install`: the scripts that are allowed run, confined, on a copy; nothing else does. What a script is said
//! to do here, it does where it runs unconfined: that is tried first.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use serde_json::json;

use crate::exec::users;
use crate::installed::Project;

#[test]
fn only_what_is_allowed_runs_and_its_result_is_kept() {
    if users().is_empty() {
        return;
    }
    let project = Project::new(&[
        (
            "good",
            json!({ "preinstall": "echo 1 >> made", "postinstall": "node make.js" }),
            &[(
                "make.js",
                "require('fs').appendFileSync('made', [process.env.npm_package_name, process.env.npm_lifecycle_event, process.env.INIT_CWD === process.cwd()].join());",
            )],
        ),
        ("other", json!({ "install": "echo x > made" }), &[]),
    ]);
    let (code, text, _) = project.install();
    assert_eq!(code, Some(1), "{text}");
    assert_eq!(
        (project.read("p/node_modules/good/made"), project.read("p/node_modules/other/made")),
        (None, None)
    );
    project.allow("good");
    let (code, text, report) = project.install();
    assert_eq!(code, Some(1), "{text}");
    let line =
        "other@1.0.0 (undecided): its scripts were not run (what they do: writes files (made), prints)";
    assert!(text.contains(line), "{text}");
    assert_eq!(project.read("p/node_modules/good/made").unwrap(), "1\ngood,postinstall,true");
    assert_eq!(project.read("p/node_modules/other/made"), None);
    assert_eq!(report["packages"][0]["wrote"], json!(["made"]), "{report:#}");
    assert_eq!(report["packages"][0]["done"], true);
    // Not again, until the package is another.
    let (_, text, report) = project.install();
    assert!(report["packages"].as_array().unwrap().is_empty(), "{text} {report:#}");
    fs::rename(project.path("p/node_modules/good"), project.path("taken")).unwrap();
    for file in ["package.json", "make.js"] {
        project
            .write(&format!("p/node_modules/good/{file}"), &project.read(&format!("taken/{file}")).unwrap());
    }
    let (_, text, _) = project.install();
    assert_eq!(project.read("p/node_modules/good/made").unwrap(), "1\ngood,postinstall,true", "{text}");
    // All is decided.
    project.allow("other");
    let (code, text, _) = project.install();
    assert_eq!(code, Some(0), "{text}");
    let left: Vec<_> = fs::read_dir(project.path("p/node_modules"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(!left.iter().any(|name| name.to_str().unwrap().contains("staging")), "{left:?}");
}

#[test]
fn a_script_that_was_changed_since_does_not_run() {
    if users().is_empty() {
        return;
    }
    let project = Project::new(&[("good", json!({ "postinstall": "node make.js" }), &[("make.js", "")])]);
    project.allow("good");
    project.write("p/node_modules/good/make.js", "require('fs').writeFileSync('made', '')");
    let (code, text, _) = project.install();
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("good@1.0.0 (changed)"), "{text}");
    assert_eq!(project.read("p/node_modules/good/made"), None);
}

#[test]
fn a_script_that_fails_leaves_the_package_as_it_was() {
    if users().is_empty() {
        return;
    }
    let script =
        json!({ "preinstall": "echo x > file && rm -f gone", "postinstall": "echo because >&2; exit 4" });
    for (name, expected) in [("fails", 2), ("optional-fails", 0)] {
        let project = Project::new(&[(name, script.clone(), &[("file", "before"), ("gone", "")])]);
        project.allow(name);
        let (code, text, report) = project.install();
        assert_eq!(code, Some(expected), "{text}");
        assert!(text.contains("postinstall: failed with exit code 4") && text.contains("because"), "{text}");
        assert_eq!(project.read(&format!("p/node_modules/{name}/file")).unwrap(), "before");
        assert!(project.path(&format!("p/node_modules/{name}/gone")).exists());
        assert_eq!(report["packages"][0]["done"], false, "{report:#}");
    }
}

#[test]
fn what_a_malicious_script_does_stays_in_its_copy() {
    if users().is_empty() {
        return;
    }
    // What it does, and where that shows.
    let house = "$HOME/.npmrc";
    for (script, shows, subject) in [
        (format!("cat \"{house}\" > stolen || true"), "p/node_modules/evil/stolen", ".npmrc"),
        ("echo \"$SECRET_TOKEN\" > stolen".to_owned(), "p/node_modules/evil/stolen", ""),
        ("echo canary > ../other.js || true".to_owned(), "p/node_modules/other.js", "/node_modules/other.js"),
        ("echo canary > ../../package.json || true".to_owned(), "p/package.json", "/p/package.json"),
        (
            "mkdir -p ../../.git/hooks; echo canary > ../../.git/hooks/post-checkout || true".to_owned(),
            "p/.git/hooks/post-checkout",
            "/.git",
        ),
        (
            "[ \"$npm_package_name\" = evil ] && echo canary > ../victim || true".to_owned(),
            "p/node_modules/victim",
            "/victim",
        ),
    ] {
        let project = Project::new(&[("evil", json!({ "postinstall": script }), &[])]);
        let holds = || project.read(shows).is_some_and(|text| text.contains("canary"));
        project.plain("evil", &script);
        assert!(holds(), "{script} does nothing unconfined");
        let project = Project::new(&[("evil", json!({ "postinstall": script }), &[])]);
        project.allow("evil");
        let (_, text, report) = project.install();
        let holds = || project.read(shows).is_some_and(|text| text.contains("canary"));
        assert!(!holds(), "{script}: {text}");
        assert!(report["packages"][0]["scripts"][0]["events"].is_array(), "{report:#}");
        if !subject.is_empty() {
            let events = report["packages"][0]["scripts"][0]["events"].as_array().unwrap();
            let told = events.iter().any(|event| {
                event["fate"] == "denied" && event["subject"].as_str().unwrap().contains(subject)
            });
            assert!(told, "{script} is not told: {report:#}");
        }
    }
}

#[test]
fn nothing_outside_of_the_project_is_put_in_another_place() {
    if users().is_empty() {
        return;
    }
    let project = Project::new(&[("linked", json!({ "postinstall": "echo evil > made" }), &[])]);
    fs::rename(project.path("p/node_modules/linked"), project.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(project.path("elsewhere"), project.path("p/node_modules/linked")).unwrap();
    let (code, _) = project.nodeward(&["install-scripts", "--allow", "linked", "--reason", "a trial"]);
    let (ran, text, _) = project.install();
    assert_eq!((code, ran), (Some(0), Some(2)), "{text}");
    assert!(text.contains("lies outside of the project"), "{text}");
    assert_eq!(project.read("elsewhere/made"), None, "{text}");
}

#[test]
fn rights_and_empty_folders_are_kept_too() {
    if users().is_empty() {
        return;
    }
    for (script, is_done) in
        [("chmod 755 tool", "test -x tool"), ("mkdir cache", "test -d cache"), ("rm -r lib", "! test -e lib")]
    {
        let files = [("tool", "#!/bin/sh"), ("lib/index.js", "")];
        let project = Project::new(&[("one", json!({ "install": script }), &files)]);
        project.allow("one");
        let (code, text, _) = project.install();
        assert_eq!(code, Some(0), "{text}");
        project.plain("one", is_done);
    }
}

#[test]
fn files_that_are_shared_with_a_store_stay_as_they_are() {
    if users().is_empty() {
        return;
    }
    let project = Project::new(&[("linked", json!({ "postinstall": "echo evil >> lib.js" }), &[])]);
    project.write("store/lib.js", "canary");
    fs::hard_link(project.path("store/lib.js"), project.path("p/node_modules/linked/lib.js")).unwrap();
    let quiet = json!({ "name": "quiet", "version": "1.0.0", "scripts": { "postinstall": "cat lib.js" } });
    project.write("p/node_modules/quiet/package.json", &quiet.to_string());
    project.lock("node_modules/quiet", json!({ "version": "1.0.0", "hasInstallScript": true }));
    fs::hard_link(project.path("store/lib.js"), project.path("p/node_modules/quiet/lib.js")).unwrap();
    project.allow("linked");
    project.allow("quiet");
    let (code, text, _) = project.install();
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(project.read("store/lib.js").unwrap(), "canary");
    // What changes nothing goes on sharing, and is not run again.
    let links = |path: &str| fs::metadata(project.path(path)).unwrap().nlink();
    assert_eq!((links("store/lib.js"), links("p/node_modules/linked/lib.js")), (2, 1));
    assert_eq!(project.install().2["packages"], json!([]));
    assert_eq!(project.read("p/node_modules/linked/lib.js").unwrap(), "canaryevil\n");
}

#[test]
fn of_several_of_one_name_each_is_told_by_its_folder() {
    if users().is_empty() {
        return;
    }
    let project =
        Project::new(&[("good", json!({ "postinstall": "echo 1" }), &[]), ("other", json!({}), &[])]);
    let nested = json!({ "name": "good", "version": "1.0.0", "scripts": { "postinstall": "echo 2" } });
    project.write("p/node_modules/other/node_modules/good/package.json", &nested.to_string());
    let entry = json!({ "version": "1.0.0", "hasInstallScript": true });
    project.lock("node_modules/other/node_modules/good", entry);
    let (code, text, _) = project.install();
    assert_eq!(code, Some(1), "{text}");
    for folder in ["node_modules/good", "node_modules/other/node_modules/good"] {
        assert!(text.contains(&format!("good@1.0.0 in {folder} (undecided)")), "{text}");
    }
}

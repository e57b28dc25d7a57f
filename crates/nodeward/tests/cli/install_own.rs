//! The project's own scripts, and what runs without confinement.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::exec::{User, users};
use crate::installed::{Project, text};

/// A project with scripts of its own and a package that they use.
fn project(user: User, prepare: &str) -> Project {
    let project = Project::with(user, &[("tool", json!({ "install": "echo tool > made" }), &[])], &[]);
    let mut manifest: Value = serde_json::from_str(&project.read("p/package.json").unwrap()).unwrap();
    manifest["scripts"] = json!({ "prepare": prepare });
    project.write("p/package.json", &manifest.to_string());
    project.write("p/src/index.js", "source");
    project.write("p/.git/hooks/pre-commit", "kept");
    project
}

const BUILD: &str = "cat node_modules/tool/made src/index.js > dist/all.js; echo x > .git/hooks/pre-commit; echo x > nodeward.toml; cat ~/.npmrc > dist/stolen; echo $SECRET_TOKEN >> dist/stolen; true";

#[test]
fn own_scripts_write_what_is_declared_and_nothing_else() {
    for user in users() {
        let own = project(user, BUILD);
        // Unconfined it does all of it.
        fs::create_dir(own.path("p/dist")).unwrap();
        own.write("p/node_modules/tool/made", "tool\n");
        own.own();
        assert!(own.command("sh").args(["-c", BUILD]).status().unwrap().success());
        assert_eq!(own.read("p/dist/stolen").unwrap(), "canarycanary\n");
        assert_eq!(own.read("p/.git/hooks/pre-commit").unwrap(), "x\n");

        let own = project(user, BUILD);
        let (code, text, _) = own.install_with(&["--allow", "tool", "--reason", "x"]);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains("p@1.0.0: the project's own scripts are left to you"), "{text}");
        assert!(!own.path("p/dist").exists());

        let config = own.read("p/nodeward.toml").unwrap() + "\n[install.own]\nwrite = [\"dist\"]\n";
        own.write("p/nodeward.toml", &config);
        let (code, text, report) = own.install();
        assert_eq!(code, Some(0), "{user:?}: {text}");
        assert_eq!(own.read("p/dist/all.js").unwrap(), "tool\nsource", "{text}");
        assert_eq!(own.read("p/dist/stolen").unwrap(), "\n", "{text}");
        assert_eq!(own.read("p/.git/hooks/pre-commit").unwrap(), "kept", "{text}");
        assert_eq!(own.read("p/nodeward.toml").unwrap(), config);
        let package = &report["packages"][0];
        assert_eq!(
            (&package["package"], &package["wrote"]),
            (&json!("p@1.0.0"), &json!(["dist/all.js", "dist/stolen"]))
        );
        let denied = |path: &str| {
            let events = package["scripts"][0]["events"].as_array().unwrap();
            events
                .iter()
                .any(|event| event["fate"] == "denied" && event["subject"].as_str().unwrap().ends_with(path))
        };
        assert!(denied("/.git/hooks/pre-commit") && denied("/nodeward.toml"), "{report:#}");
    }
}

#[test]
fn own_scripts_wait_for_what_they_use() {
    if users().is_empty() {
        return;
    }
    let own = project(User::This, "echo x > dist/made");
    let manifest = own.read("p/node_modules/tool/package.json").unwrap().replace("echo tool", "exit 1; echo");
    own.write("p/node_modules/tool/package.json", &manifest);
    own.allow("tool");
    own.write(
        "p/nodeward.toml",
        &(own.read("p/nodeward.toml").unwrap() + "\n[install.own]\nwrite = [\"dist\"]\n"),
    );
    let (code, text, report) = own.install();
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("p@1.0.0: its scripts were not run: scripts of tool@1.0.0 did not go well"),
        "{text}"
    );
    assert_eq!(report["skipped"][0]["package"], "p@1.0.0");
    assert!(!own.path("p/dist").exists());
}

#[test]
fn members_run_before_the_root() {
    if users().is_empty() {
        return;
    }
    let own = Project::new(&[]);
    let member = |name: &str, requires: &str, script: &str| {
        let dependencies = if requires.is_empty() { json!({}) } else { json!({ requires: "1.0.0" }) };
        json!({ "name": name, "version": "1.0.0", "dependencies": dependencies, "scripts": { "postinstall": script } })
    };
    let root = json!({
        "name": "p", "version": "1.0.0", "workspaces": ["packages/*"],
        "scripts": { "preinstall": "cat out/b > out/root" },
    });
    let (a, b) = (member("a", "b", "cat ../../out/b > ../../out/a"), member("b", "", "echo b > ../../out/b"));
    let lockfile = json!({ "name": "p", "version": "1.0.0", "lockfileVersion": 3, "packages": {
        "": root, "packages/a": a, "packages/b": b,
        "node_modules/a": { "resolved": "packages/a", "link": true },
        "node_modules/b": { "resolved": "packages/b", "link": true },
    }});
    for (path, text) in [
        ("package.json", &root),
        ("packages/a/package.json", &a),
        ("packages/b/package.json", &b),
        ("package-lock.json", &lockfile),
    ] {
        own.write(&format!("p/{path}"), &text.to_string());
    }
    fs::create_dir(own.path("p/node_modules")).unwrap();
    for name in ["a", "b"] {
        symlink(format!("../packages/{name}"), own.path(&format!("p/node_modules/{name}"))).unwrap();
    }
    own.write("p/nodeward.toml", "[install.own]\nwrite = [\"out\"]\n");
    let (code, text, report) = own.install();
    assert_eq!(code, Some(0), "{text}");
    let packages = report["packages"].as_array().unwrap();
    let order: Vec<_> = packages.iter().map(|one| one["package"].as_str().unwrap()).collect();
    assert_eq!(order, ["b@1.0.0", "a@1.0.0", "p@1.0.0"], "{text}");
    assert_eq!((own.read("p/out/a"), own.read("p/out/root")), (Some("b\n".into()), Some("b\n".into())));
}

#[test]
fn what_own_scripts_write_lies_in_the_project() {
    if users().is_empty() {
        return;
    }
    for path in [".", "../x", "/tmp/x", "", "a/../b", "./a"] {
        let own = project(User::This, "true");
        own.write("p/nodeward.toml", &format!("[install.own]\nwrite = [{path:?}]\n"));
        let (code, text, _) = own.install();
        assert!(code == Some(2) && text.contains("nodeward.toml:2:10: `write`"), "{path}: {text}");
    }
    for path in ["nodeward.toml", ".git", ".git/hooks", "node_modules", "packages/a/node_modules/x", ".GIT"] {
        let own = project(User::This, "true");
        own.write("p/nodeward.toml", &format!("[install.own]\nwrite = [{path:?}]\n"));
        let (code, text, _) = own.install();
        assert!(code == Some(2) && text.contains("could decide what runs later"), "{path}: {text}");
    }
    let own = project(User::This, "echo x > out/made");
    fs::create_dir(own.path("elsewhere")).unwrap();
    fs::create_dir_all(own.path("p/.git/hooks")).unwrap();
    for (link, to) in [
        ("p/out", "../elsewhere"),
        ("p/out", "."),
        ("p/out", "missing"),
        ("p/out", ".git/hooks"),
        ("p/out", "node_modules"),
    ] {
        symlink(to, own.path(link)).unwrap();
        own.write("p/nodeward.toml", "[install.own]\nwrite = [\"out\"]\n");
        let (code, text, _) = own.install_with(&["--deny", "tool", "--reason", "x"]);
        assert_eq!(code, Some(2), "{to}: {text}");
        assert!(!own.path("elsewhere/made").exists() && !own.path("p/made").exists());
        assert!(!own.path("p/.git/hooks/made").exists() && !own.path("p/node_modules/made").exists());
        fs::remove_file(own.path(link)).unwrap();
    }
}

/// A machine without user namespaces, as many containers are.
fn unable(project: &Project, arguments: &str) -> (Option<i32>, String, Value) {
    let _ = fs::remove_file(project.path("report.json"));
    let script = format!(
        "echo 0 > /proc/sys/user/max_user_namespaces && exec '{}' install --scripts-only --report ../report.json {arguments}",
        env!("CARGO_BIN_EXE_nodeward")
    );
    let mut command = project.command("unshare");
    let (code, told) = text(command.args(["-U", "-r", "sh", "-c", &script]).output().unwrap());
    let report = project.read("report.json").and_then(|text| serde_json::from_str(&text).ok());
    (code, told, report.unwrap_or_default())
}

#[test]
fn nothing_runs_unconfined_but_by_choice() {
    if users().is_empty() {
        return;
    }
    let script = json!({ "install": "echo $SECRET_TOKEN > made; cat ~/.npmrc >> made; cat \"$R/house/.npmrc\" >> made; true" });
    let new = || {
        let project = Project::new(&[
            ("one", script.clone(), &[]),
            ("bad", json!({ "install": "echo x > made; exit 1" }), &[]),
        ]);
        project.allow("one");
        project.allow("bad");
        project
    };
    let project = new();
    let before = project.modules();
    let (code, told, report) = unable(&project, "");
    assert_eq!(code, Some(125), "{told}");
    assert!(told.contains("can't confine: namespaces: ") && told.contains("--allow-unconfined"), "{told}");
    assert!(report["error"].as_str().unwrap().contains("can't confine"), "{report:#}");
    assert_eq!((before, &report["unconfined"]), (project.modules(), &Value::Null));

    let (code, told, report) = unable(&project, "--quiet --allow-unconfined --reason 'a container'");
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("WITHOUT CONFINEMENT") && told.contains("(reason: a container)"), "{told}");
    assert_eq!(report["unconfined"]["reason"], "a container", "{report:#}");
    // Without the house and what is secret in the environment all the same.
    assert_eq!(project.read("p/node_modules/one/made").unwrap(), "\n");
    assert!(!project.path("p/node_modules/bad/made").exists(), "what fails leaves nothing here either");
    let record = project.read("p/node_modules/.nodeward-installed.json").unwrap();
    assert!(record.contains("\"unconfined\": \"a container\""), "{record}");

    // Where the machine can, it does.
    let project = new();
    let (code, told, report) = project.install_with(&["--allow-unconfined", "--reason", "because"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("--allow-unconfined changes nothing here"), "{told}");
    assert_eq!(report["unconfined"], Value::Null);
}

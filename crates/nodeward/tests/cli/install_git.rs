//! `nodeward install` with a dependency from git, which npm leaves unprepared where scripts are off.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::exec::users;
use crate::installed::Project;

#[test]
fn what_comes_from_git_is_prepared_where_it_is_allowed() {
    let has_npm = Command::new("npm").arg("--version").output().is_ok_and(|output| output.status.success());
    if users().is_empty() || !has_npm {
        return;
    }
    let project = Project::new(&[]);
    let manifest = json!({
        "name": "source", "version": "1.0.0",
        "scripts": { "prepare": "tool || echo made > made.js", "build": "exit 9" },
        "devDependencies": { "tool": "file:./tool" },
    });
    project.write("source/tool/package.json", r#"{"name":"tool","version":"1.0.0"}"#);
    project.write("source/package.json", &manifest.to_string());
    let git = |words: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@example.org"]).args(words);
        assert!(git.current_dir(project.path("source")).stdout(Stdio::null()).status().unwrap().success());
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    fs::remove_file(project.path("p/package-lock.json")).unwrap();
    let from = format!("git+file://{}", project.path("source").display());
    let manifest = json!({ "name": "p", "version": "1.0.0", "dependencies": { "source": from } });
    project.write("p/package.json", &manifest.to_string());
    let (code, told) = project.nodeward(&["install", "--", "install", "--offline", "--no-audit"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("source@1.0.0 (undecided)"), "{told}");
    assert!(!project.path("p/node_modules/source/made.js").exists());
    let (code, told) = project.nodeward(&[
        "install",
        "--allow",
        "source",
        "--reason",
        "ours",
        "--",
        "install",
        "--offline",
        "--no-audit",
    ]);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(project.read("p/node_modules/source/made.js").unwrap(), "made\n");

    let manifest = project.read("source/package.json").unwrap().replace("tool || echo", "tool && echo");
    project.write("source/package.json", &manifest);
    git(&["commit", "-q", "-a", "-m", "second"]);
    fs::remove_file(project.path("p/package-lock.json")).unwrap();
    fs::remove_dir_all(project.path("p/node_modules")).unwrap();
    let (code, told) = project.nodeward(&[
        "install",
        "--allow",
        "source",
        "--reason",
        "ours",
        "--",
        "install",
        "--offline",
        "--no-audit",
    ]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("what it is prepared with is not installed (tool)"), "{told}");
}

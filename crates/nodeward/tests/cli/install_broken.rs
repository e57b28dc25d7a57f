//! `nodeward install` where something breaks: nothing is lost, and the next run goes on.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::exec::{User, users};
use crate::installed::{Project, text};

fn staged(project: &Project) -> Vec<String> {
    let entries = fs::read_dir(project.path("p/node_modules")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(".nodeward-staging-")).collect()
}

#[test]
fn a_run_that_is_killed_goes_on_where_it_was() {
    if users().is_empty() {
        return;
    }
    let project = Project::with(
        User::This,
        &[
            // A file of its own scripts, so that it is not what it was afterwards.
            (
                "first",
                json!({ "install": "node make.js" }),
                &[("make.js", "require('fs').appendFileSync('make.js', '//')")],
            ),
            ("second", json!({ "install": "echo x > half; sleep 600" }), &[]),
        ],
        &[("second", "first")],
    );
    for name in ["first", "second"] {
        project.allow(name);
    }
    let mut run = project.command(env!("CARGO_BIN_EXE_nodeward"));
    let mut run = run.args(["install", "--scripts-only", "--quiet"]).spawn().unwrap();
    let began = Instant::now();
    let is_half = || {
        staged(&project)
            .iter()
            .any(|name| project.path(&format!("p/node_modules/{name}/package/half")).exists())
    };
    while !is_half() {
        assert!(began.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
    // Meanwhile nobody else begins.
    let (code, told, report) = project.install();
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("another `nodeward install` is at work here"), "{told}");
    assert!(report["error"].is_string());
    run.kill().unwrap();
    run.wait().unwrap();
    assert!(project.read("p/node_modules/first/make.js").unwrap().ends_with("//"));
    assert!(!project.path("p/node_modules/second/half").exists());
    let manifest = project.read("p/node_modules/second/package.json").unwrap().replace("sleep 600", "true");
    project.write("p/node_modules/second/package.json", &manifest);
    let (code, told, report) = project.install_with(&["--allow", "second", "--reason", "mended"]);
    assert_eq!(code, Some(0), "{told}");
    let packages = report["packages"].as_array().unwrap();
    assert_eq!((packages.len(), &packages[0]["package"]), (1, &json!("second@1.0.0")), "{report:#}");
    assert_eq!(staged(&project), [""; 0]);
}

#[test]
fn a_run_that_is_asked_to_stop_says_what_it_did() {
    if users().is_empty() {
        return;
    }
    let project = Project::with(
        User::This,
        &[
            ("first", json!({ "install": "echo x > made" }), &[]),
            ("second", json!({ "install": "echo x > half; sleep 600" }), &[]),
            ("third", json!({ "install": "echo x > made" }), &[]),
        ],
        &[("second", "first"), ("third", "second")],
    );
    for name in ["first", "second", "third"] {
        project.allow(name);
    }
    let mut run = project.command(env!("CARGO_BIN_EXE_nodeward"));
    let mut run =
        run.args(["install", "--scripts-only", "--quiet", "--report", "../report.json"]).spawn().unwrap();
    while !staged(&project)
        .iter()
        .any(|name| project.path(&format!("p/node_modules/{name}/package/half")).exists())
    {
        std::thread::sleep(Duration::from_millis(20));
    }
    let asked = Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap();
    assert!(asked.success() && !run.wait().unwrap().success());
    let report: serde_json::Value = serde_json::from_str(&project.read("report.json").unwrap()).unwrap();
    assert_eq!(
        (&report["packages"][0]["done"], &report["error"]),
        (&json!(true), &json!("interrupted")),
        "{report:#}"
    );
    assert_eq!(report["skipped"][0]["because"], "the run ended before", "{report:#}");
    assert!(project.path("p/node_modules/first/made").exists() && staged(&project).is_empty());
}

#[test]
fn what_cant_be_written_stays_as_it_is() {
    for user in users() {
        let project = Project::with(
            user,
            &[
                ("one", json!({ "install": "echo x > made" }), &[]),
                ("@a/two", json!({ "install": "echo x > made" }), &[]),
            ],
            &[],
        );
        project.allow("one");
        project.allow("@a/two");
        if user == User::Nobody {
            fs::set_permissions(project.path("p/node_modules/@a"), fs::Permissions::from_mode(0o555))
                .unwrap();
            let (code, told, report) = project.install();
            assert_eq!(code, Some(2), "{told}");
            assert!(told.contains("@a/two@1.0.0: cannot make a copy beside "), "{told}");
            let error = report["packages"].as_array().unwrap().iter().find_map(|one| one["error"].as_str());
            assert!(error.unwrap().contains("Permission denied"), "{report:#}");
            assert!(project.path("p/node_modules/one/made").exists(), "{told}");
            continue;
        }
        // A disk that is full, and one that can't be written to: both of a mount of its own.
        let run = |options: &str| {
            let script = format!(
                "mount -t tmpfs -o size=400k tmpfs node_modules && cp -r ../kept/. node_modules && {options} && exec '{}' install --scripts-only",
                env!("CARGO_BIN_EXE_nodeward")
            );
            let mut command = project.command("unshare");
            text(command.args(["-U", "-r", "-m", "sh", "-c", &script]).output().unwrap())
        };
        fs::rename(project.path("p/node_modules"), project.path("kept")).unwrap();
        fs::create_dir(project.path("p/node_modules")).unwrap();
        for (options, expected) in [
            ("head -c 1m /dev/zero > node_modules/full 2> /dev/null; true", "No space left on device"),
            ("mount -o remount,ro node_modules", "Read-only file system"),
        ] {
            let (code, told) = run(options);
            assert_eq!(code, Some(2), "{told}");
            assert!(
                told.contains(expected) && told.contains("one@1.0.0: cannot make a copy beside"),
                "{told}"
            );
        }
    }
}

#[test]
fn a_lockfile_that_is_broken_is_named() {
    if users().is_empty() {
        return;
    }
    let project = Project::new(&[("one", json!({ "install": "echo x > made" }), &[])]);
    project.allow("one");
    project.write("p/package-lock.json", "{ \"lockfileVersion\": 3, ");
    let (code, told, report) = project.install();
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("package-lock.json") && report["error"].is_string(), "{told}");
    assert!(!project.path("p/node_modules/one/made").exists());
    project.write("p/node_modules/one/package.json", "{ broken");
    fs::remove_file(project.path("p/package-lock.json")).unwrap();
    let (code, told, _) = project.install();
    assert_eq!(code, Some(2), "what can't be read was not checked: {told}");
}

#[test]
fn where_nothing_is_installed_nothing_is_called_done() {
    if users().is_empty() {
        return;
    }
    let project = Project::new(&[("one", json!({ "install": "echo x > made" }), &[])]);
    fs::rename(project.path("p/node_modules"), project.path("away")).unwrap();
    for lockfile in [true, false] {
        let (code, told, _) = project.install();
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains("nothing is installed in node_modules of this folder"), "{told}");
        if lockfile {
            fs::remove_file(project.path("p/package-lock.json")).unwrap();
        }
    }
    // One without dependencies has nothing to install.
    project.write("p/package.json", r#"{"name":"p","version":"1.0.0"}"#);
    assert_eq!(project.install().0, Some(0));
}

#[test]
fn rights_that_a_script_takes_from_its_folder_are_given_back() {
    for user in users() {
        for mode in ["500", "000"] {
            let script = format!("echo x > made && chmod {mode} .");
            let project = Project::with(user, &[("a", json!({ "postinstall": script }), &[])], &[]);
            project.allow("a");
            let (code, text, _) = project.install();
            assert_eq!(code, Some(0), "{user:?} {mode}: {text}");
            assert_eq!(
                project.read("p/node_modules/a/made").as_deref(),
                Some("x\n"),
                "{user:?} {mode}: {text}"
            );
            assert_eq!(staged(&project), [""; 0], "{user:?} {mode}: {text}");
            assert_eq!(project.install().2["packages"], json!([]), "{user:?} {mode}");
        }
    }
}

#[test]
fn what_a_killed_run_left_goes_where_nothing_is_left_to_run_too() {
    for user in users() {
        let project = Project::with(user, &[("a", json!({ "postinstall": "echo x > made" }), &[])], &[]);
        project.allow("a");
        assert_eq!(project.install().0, Some(0));
        let left = "p/node_modules/.nodeward-staging-left";
        project.write(&format!("{left}/package/closed/file"), "");
        project.own();
        let closed = project.path(&format!("{left}/package/closed"));
        fs::set_permissions(closed, fs::Permissions::from_mode(0o000)).unwrap();
        let (code, text, report) = project.install();
        assert_eq!((code, &report["packages"]), (Some(0), &json!([])), "{text}");
        assert_eq!(staged(&project), [""; 0], "{user:?}: {text}");
    }
}

#[test]
fn a_package_whose_manifest_a_script_takes_away_fails_and_stays_as_it_was() {
    if users().is_empty() {
        return;
    }
    for (script, said) in [
        ("rm package.json", "its package.json is gone"),
        ("rm package.json; mkfifo package.json", "package.json: "),
        ("echo '{' > package.json", "package.json"),
    ] {
        let script = format!("echo x > made; {script}");
        let project = Project::new(&[("a", json!({ "postinstall": script }), &[])]);
        project.allow("a");
        let manifest = project.read("p/node_modules/a/package.json");
        let (code, text, report) = project.install();
        assert_eq!(code, Some(2), "{script}: {text}");
        assert!(text.contains("can't be known again") && text.contains(said), "{script}: {text}");
        let package = &report["packages"][0];
        assert_eq!((&package["done"], &package["wrote"]), (&json!(false), &json!([])), "{report:#}");
        assert_eq!(project.read("p/node_modules/a/package.json"), manifest, "{script}");
        assert!(!project.path("p/node_modules/a/made").exists(), "{script}: {text}");
    }
    // One that has no scripts any more is listed no more.
    let script = r#"echo '{"name":"a","version":"1.0.0"}' > package.json"#;
    let project = Project::new(&[("a", json!({ "postinstall": script }), &[])]);
    project.allow("a");
    for _ in 0..2 {
        let (code, text, _) = project.install();
        assert_eq!(code, Some(0), "{text}");
    }
}

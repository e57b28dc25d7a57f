#![cfg(unix)]

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal};

use nodeward_testkit::{Project, Reply, Upstream};

use crate::harness::{Ran, World, lodash};

/// A PATH with an `npm` that runs this shell script in the project's folder.
fn fake_npm(world: &World, script: &str) -> String {
    fake(world, "npm", script)
}

/// A PATH with a package manager that runs this shell script in the project's folder.
fn fake(world: &World, name: &str, script: &str) -> String {
    let folder = world.home.path().join("bin");
    std::fs::create_dir_all(&folder).unwrap();
    let program = folder.join(name);
    std::fs::write(&program, format!("#!/bin/sh\necho \"$@\" >> '{}'\n{script}\n", log(world).display()))
        .unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:/usr/bin:/bin", folder.display())
}

fn log(world: &World) -> PathBuf {
    world.home.path().join("calls.log")
}

fn audit(world: &World, project: &Project, arguments: &[&str], path: &str) -> Ran {
    let mut all = vec!["audit"];
    all.extend(arguments);
    Ran::of(world.command(&all, project.path()).env("PATH", path).output().unwrap())
}

fn upstream(project: Project) -> (Upstream, Project) {
    let upstream = Upstream::start();
    let packument = r#"{"name":"lodash","dist-tags":{"latest":"4.17.21"},"versions":{"4.17.20":{"name":"lodash","version":"4.17.20"},"4.17.21":{"name":"lodash","version":"4.17.21"}}}"#;
    upstream.on("/lodash", Reply::Body(packument.into()));
    let settings = format!("registry={}\n//{}/:_authToken=secret\n", upstream.url("/"), upstream.address());
    let project = project.file(".npmrc", settings);
    (upstream, project)
}

/// Requires exactly the flawed version, so that the manifest has to change.
fn pinned() -> Project {
    let (manifest, lock) = nodeward_testkit::project::npm_files(&["lodash@4.17.20"]);
    let pin = |text: String| text.replace("^4.17.20", "4.17.20");
    Project::empty().file("package.json", pin(manifest)).file("package-lock.json", pin(lock))
}

const MEND: &str = "sed -i 's/4\\.17\\.20/4.17.21/g' package-lock.json";

#[test]
fn a_dry_run_says_what_and_writes_nothing() {
    let world = World::with_advisories(&[&lodash()]);
    let (upstream, project) = upstream(pinned());
    let before = (project.read("package.json"), project.read("package-lock.json"));
    let path = fake_npm(&world, MEND);
    let ran = audit(&world, &project, &["--fix", "--dry-run"], &path).expect(1);
    assert!(ran.err.contains("edit package.json"), "{}", ran.err);
    assert!(ran.err.contains("run npm install --package-lock-only --ignore-scripts"), "{}", ran.err);
    assert_eq!(before, (project.read("package.json"), project.read("package-lock.json")));
    assert!(!log(&world).exists(), "the package manager was not started");
    assert!(ran.out.contains("Make the changes: nodeward audit --fix\n"), "{}", ran.out);
    let asked = upstream.received();
    let packument = asked.iter().find(|request| request.path == "/lodash").expect("the registry is asked");
    assert_eq!(packument.headers["authorization"], "Bearer secret");
}

#[test]
fn a_fix_edits_installs_and_checks_again() {
    let world = World::with_advisories(&[&lodash()]);
    let (_upstream, project) = upstream(pinned());
    let manifest = project.read("package.json");
    let path = fake_npm(&world, MEND);
    let ran = audit(&world, &project, &["--fix"], &path).expect(0);
    assert!(ran.err.contains("gone: CVE-2026-0001 in lodash@4.17.20"), "{}", ran.err);
    assert_eq!(project.read("package.json"), manifest.replace("\"4.17.20\"", "\"4.17.21\""));
    assert!(std::fs::read_to_string(log(&world)).unwrap().contains("--ignore-scripts"));
}

#[test]
fn within_the_range_only_the_lockfile_changes() {
    let world = World::with_advisories(&[&lodash()]);
    let (_upstream, project) = upstream(Project::npm(&["lodash@4.17.20"]));
    let manifest = project.read("package.json");
    let path = fake_npm(&world, MEND);
    audit(&world, &project, &["--fix"], &path).expect(0);
    assert_eq!(project.read("package.json"), manifest);
    assert!(std::fs::read_to_string(log(&world)).unwrap().starts_with("update "));
}

#[test]
fn what_fails_is_put_back() {
    let world = World::with_advisories(&[&lodash()]);
    for (script, expected) in [
        ("echo half > package-lock.json; exit 1", "nothing was changed"),
        ("echo '{\"lockfileVersion\": 3, \"packages\": {' > package-lock.json", "everything was put back"),
    ] {
        let (_upstream, project) = upstream(pinned());
        let before = (project.read("package.json"), project.read("package-lock.json"));
        let path = fake_npm(&world, script);
        let ran = audit(&world, &project, &["--fix"], &path).expect(2);
        assert!(ran.err.contains(expected), "{}", ran.err);
        assert_eq!(before, (project.read("package.json"), project.read("package-lock.json")));
    }
    let (_upstream, project) = upstream(pinned());
    let before = project.read("package.json");
    let ran = audit(&world, &project, &["--fix"], "/nothing-is-here").expect(2);
    assert!(ran.err.contains("npm is not on the PATH"), "{}", ran.err);
    assert_eq!(project.read("package.json"), before);
}

#[test]
fn nothing_is_written_through_a_link_that_leads_out() {
    let world = World::with_advisories(&[&lodash()]);
    let outside = tempfile::tempdir().unwrap();
    for name in ["package.json", "package-lock.json"] {
        let (_upstream, project) = upstream(pinned());
        let (file, target) = (project.path().join(name), outside.path().join(name));
        let before = project.read(name);
        std::fs::rename(&file, &target).unwrap();
        std::os::unix::fs::symlink(&target, &file).unwrap();
        let path = fake_npm(&world, MEND);
        let ran = audit(&world, &project, &["--fix"], &path).expect(2);
        assert!(
            ran.err.contains(name) && ran.err.contains("a symbolic link leads from there"),
            "{}",
            ran.err
        );
        assert_eq!(std::fs::read_to_string(&target).unwrap(), before);
        assert!(!log(&world).exists(), "the package manager was started");
    }
}

/// What is there before and after a run that is ended by a signal while the package manager is at work.
fn interrupted(script: &str, signal: Signal) {
    let world = World::with_advisories(&[&lodash()]);
    let (_upstream, project) = upstream(pinned());
    let before = (project.read("package.json"), project.read("package-lock.json"));
    let path = fake_npm(&world, &format!("echo half > package-lock.json\ntouch started\n{script}"));
    let mut command = world.command(&["audit", "--fix"], project.path());
    let child = command.env("PATH", path).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = Pid::from_child(&child);
    let started = project.path().join("started");
    while !started.exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_ne!(project.read("package.json"), before.0, "the change was under way");
    rustix::process::kill_process(pid, signal).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.signal(), Some(signal.as_raw()), "{:?}", output.status);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("nothing was changed: interrupted"), "{told}");
    assert_eq!(before, (project.read("package.json"), project.read("package-lock.json")));
}

#[test]
fn an_interrupted_fix_leaves_everything_as_it_was() {
    interrupted("sleep 60", Signal::TERM);
    interrupted("sleep 60", Signal::INT);
}

#[test]
fn what_the_package_manager_started_is_ended_with_it() {
    // The grandchild would write as soon as the other is gone, and does not go by itself.
    interrupted("(trap '' TERM; sleep 60; echo late > package-lock.json) & wait", Signal::TERM);
}

#[test]
fn a_killed_fix_is_told_and_undone() {
    let world = World::with_advisories(&[&lodash()]);
    let (_upstream, project) = upstream(pinned());
    let before = (project.read("package.json"), project.read("package-lock.json"));
    // What was started lives on, and writes once more.
    let script = "echo half > package-lock.json
touch started
while [ ! -e go ]; do sleep 0.02; done
echo late > package-lock.json
touch done";
    let path = fake_npm(&world, script);
    let mut command = world.command(&["audit", "--fix"], project.path());
    let mut child = command.env("PATH", path).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let wait_for = |name: &str| {
        while !project.path().join(name).exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    wait_for("started");
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(Signal::KILL.as_raw()));
    assert_ne!(project.read("package.json"), before.0, "the change was under way");
    let ran = world.run(&["audit", "--undo"], project.path()).expect(2);
    assert!(ran.err.contains("is at work here; wait for it"), "{}", ran.err);
    std::fs::write(project.path().join("go"), "").unwrap();
    wait_for("done");
    assert_eq!(project.read("package-lock.json"), "late\n");
    for arguments in
        [&["scan", "--offline"][..], &["audit"], &["sbom"], &["why", "lodash"], &["audit", "--fix"]]
    {
        let ran = world.run(arguments, project.path()).expect(2);
        assert!(ran.err.contains(".nodeward-undo.json: an `audit --fix` broke off here"), "{}", ran.err);
        assert!(ran.err.contains("`nodeward audit --undo` puts them back"), "{}", ran.err);
    }
    let ran = world.run(&["audit", "--undo"], project.path()).expect(0);
    assert_eq!(ran.err, "put back: package-lock.json\nput back: package.json\n");
    assert_eq!(before, (project.read("package.json"), project.read("package-lock.json")));
    let ran = world.run(&["audit", "--undo"], project.path()).expect(0);
    assert!(ran.err.contains("nothing to undo"), "{}", ran.err);
    let path = fake_npm(&world, MEND);
    audit(&world, &project, &["--fix"], &path).expect(0);
    assert!(!project.path().join(".nodeward-undo.json").exists());
}

#[test]
fn what_broke_off_makes_a_readable_project_incomplete() {
    let world = World::with_advisories(&[&lodash()]);
    let project = Project::npm(&["left-pad@1.3.0"]).file(".nodeward-undo.json", "{}");
    let ran = world.run(&["audit", "--offline"], project.path()).expect(2);
    assert!(ran.out.contains("broke off here") && ran.out.contains("audit --undo"), "{}", ran.out);
    let ran = world.run(&["audit", "--undo"], project.path()).expect(2);
    assert!(ran.err.contains("cannot read .nodeward-undo.json: missing field"), "{}", ran.err);
}

#[test]
fn what_is_only_installed_is_for_a_person() {
    let world = World::with_advisories(&[&lodash()]);
    let project = Project::empty()
        .file("package.json", "{\"dependencies\": {\"lodash\": \"^4.17.20\"}}")
        .file("node_modules/lodash/package.json", "{\"name\": \"lodash\", \"version\": \"4.17.20\"}");
    let (_upstream, project) = upstream(project);
    let path = fake_npm(&world, "touch called");
    let ran = audit(&world, &project, &["--fix"], &path).expect(1);
    assert!(ran.err.contains("by hand: "), "{}", ran.err);
    assert!(!project.path().join("called").exists());
}

#[test]
fn a_manifest_that_the_package_manager_rewrites_is_the_users_again() {
    let world = World::with_advisories(&[&lodash()]);
    let lock = |range: &str, version: &str| {
        format!(
            "{{\"lockfileVersion\": 1, \"workspaces\": {{\"\": {{\"name\": \"p\", \"dependencies\": {{\"lodash\": \"{range}\"}}}}}}, \"packages\": {{\"lodash\": [\"lodash@{version}\", \"\", {{}}, \"\"]}}}}"
        )
    };
    let manifest = "{ \"name\": \"p\",\n\t\"dependencies\": {\"lodash\":\"^4.17.20\"} }";
    let project =
        Project::empty().file("package.json", manifest).file("bun.lock", lock("^4.17.20", "4.17.20"));
    let (_upstream, project) = upstream(project);
    let script = format!(
        "case $1 in
            update) echo '{{\"dependencies\":{{\"lodash\":\"^4.17.21\"}}}}' > package.json; echo '{}' > bun.lock;;
            install) echo '{}' > bun.lock;;
        esac",
        lock("^4.17.21", "4.17.21"),
        lock("^4.17.20", "4.17.21")
    );
    let path = fake(&world, "bun", &script);
    audit(&world, &project, &["--fix"], &path).expect(0);
    assert_eq!(project.read("package.json"), manifest);
    assert!(project.read("bun.lock").contains("\"^4.17.20\""));
}

#[test]
fn yarn_1_resolves_anew_what_its_lockfile_does_not_have() {
    let world = World::with_advisories(&[&lodash()]);
    let entry = |name: &str, version: &str| format!("{name}@^{version}:\n  version \"{version}\"\n\n");
    let lock = format!("# yarn lockfile v1\n\n\n{}{}", entry("a", "1.0.0"), entry("lodash", "4.17.20"));
    let project = Project::empty()
        .file("package.json", "{\"dependencies\": {\"a\": \"^1.0.0\", \"lodash\": \"^4.17.20\"}}")
        .file("yarn.lock", &lock);
    let (_upstream, project) = upstream(project);
    let script = format!(
        "grep lodash yarn.lock && exit 1\nprintf '%s' '{}' >> yarn.lock",
        entry("lodash", "4.17.20").replace("version \"4.17.20\"", "version \"4.17.21\"")
    );
    let path = fake(&world, "yarn", &script);
    let ran = audit(&world, &project, &["--fix"], &path).expect(0);
    assert!(ran.err.contains("edit yarn.lock"), "{}", ran.err);
    assert!(project.read("yarn.lock").contains(&entry("a", "1.0.0")));
}

#[test]
fn overrides_stand_where_the_pnpm_on_the_path_reads_them() {
    let world = World::with_advisories(&[&lodash()]);
    let lock = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      a:\n        specifier: 1.0.0\n        version: 1.0.0\n\npackages:\n\n  a@1.0.0:\n    resolution: {integrity: sha512-AA==}\n\n  lodash@4.17.20:\n    resolution: {integrity: sha512-AA==}\n\nsnapshots:\n\n  a@1.0.0:\n    dependencies:\n      lodash: 4.17.20\n\n  lodash@4.17.20: {}\n";
    let manifest = "{\"dependencies\": {\"a\": \"1.0.0\"}}";
    for (version, edited) in [("9.15.9", "package.json"), ("10.34.0", "pnpm-workspace.yaml")] {
        let project = Project::empty().file("package.json", manifest).file("pnpm-lock.yaml", lock);
        let (upstream, project) = upstream(project);
        let a = r#"{"name":"a","versions":{"1.0.0":{"name":"a","version":"1.0.0","dependencies":{"lodash":"4.17.20"}}}}"#;
        upstream.on("/a", Reply::Body(a.into()));
        let path = fake(&world, "pnpm", &format!("echo {version}"));
        let ran = audit(&world, &project, &["--fix", "--dry-run"], &path).expect(1);
        assert!(ran.err.contains(&format!("edit {edited}\n")), "{version}: {}", ran.err);
    }
}

#[test]
fn what_stays_is_told() {
    let world = World::with_advisories(&[&lodash()]);
    let (_upstream, project) = upstream(pinned());
    let path = fake_npm(&world, "true");
    let ran = audit(&world, &project, &["--fix"], &path).expect(1);
    assert!(ran.err.contains("still there: CVE-2026-0001 in lodash@4.17.20"), "{}", ran.err);
    assert!(
        ran.out.contains("What is left, change by hand") && !ran.out.contains("--dry-run"),
        "{}",
        ran.out
    );
}

#[test]
fn a_token_goes_to_its_own_host_only() {
    let world = World::with_advisories(&[&lodash()]);
    let (registry, project) = upstream(pinned());
    let elsewhere = Upstream::start();
    // Another name for the loopback is another host.
    let other = elsewhere.url("/lodash").replace("127.0.0.1", "localhost");
    registry.on("/lodash", Reply::Redirect(other));
    let path = fake_npm(&world, "true");
    audit(&world, &project, &["--check-fixes"], &path).expect(1);
    let asked = elsewhere.received();
    assert!(asked.iter().all(|request| !request.headers.contains_key("authorization")), "{asked:?}");
}

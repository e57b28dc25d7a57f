#![cfg(unix)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use nodeward_testkit::{Project, Reply, Upstream};

use crate::harness::{Ran, World, lodash};

/// A PATH with an `npm` that runs this shell script in the project's folder.
fn fake_npm(world: &World, script: &str) -> String {
    let folder = world.home.path().join("bin");
    std::fs::create_dir_all(&folder).unwrap();
    let npm = folder.join("npm");
    std::fs::write(&npm, format!("#!/bin/sh\necho \"$@\" >> '{}'\n{script}\n", log(world).display()))
        .unwrap();
    std::fs::set_permissions(&npm, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:/usr/bin:/bin", folder.display())
}

fn log(world: &World) -> PathBuf {
    world.home.path().join("npm.log")
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
fn what_stays_is_told() {
    let world = World::with_advisories(&[&lodash()]);
    let (_upstream, project) = upstream(pinned());
    let path = fake_npm(&world, "true");
    let ran = audit(&world, &project, &["--fix"], &path).expect(1);
    assert!(ran.err.contains("still there: CVE-2026-0001 in lodash@4.17.20"), "{}", ran.err);
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

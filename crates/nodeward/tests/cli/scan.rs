use std::io::Read as _;
use std::process::Stdio;

use nodeward_testkit::Project;

use crate::harness::{MEDIUM, Ran, World, lodash, osv};

fn vulnerable() -> Project {
    Project::npm(&["lodash@4.17.20", "express@4.17.1 > qs@6.7.0"]).file(".npmrc", "ignore-scripts=true\n")
}

fn clean() -> Project {
    Project::npm(&["lodash@4.17.21"]).file(".npmrc", "ignore-scripts=true\n")
}

#[test]
fn exit_codes_say_what_was_found() {
    let world = World::with_advisories(&[&lodash()]);
    let ran = world.scan(&vulnerable(), &[]).expect(1);
    assert!(ran.out.contains("CVE-2026-0001"), "{}", ran.out);
    world.scan(&clean(), &[]).expect(0);
    world.scan(&vulnerable(), &["--fail-on", "critical"]).expect(1);
    let mild = World::with_advisories(&[&osv("GHSA-a", "CVE-2026-2", "lodash", "4.17.21", MEDIUM)]);
    mild.scan(&vulnerable(), &["--fail-on", "high"]).expect(0);
    mild.scan(&vulnerable(), &[]).expect(1);
}

#[test]
fn landmarks_alone_are_never_called_clean() {
    let world = World::new();
    let ran = world.scan(&clean(), &[]).expect(2);
    assert!(ran.out.starts_with("INCOMPLETE"), "the gap stands at the top: {}", ran.out);
    assert!(ran.out.contains("db update"), "{}", ran.out);
    // A finding is a finding: lodash 4.17.20 has famous flaws.
    world.scan(&vulnerable(), &[]).expect(1);
}

#[test]
fn a_dead_source_is_tried_once_and_then_left_alone() {
    let world = World::new();
    let first = world.run(&["scan"], clean().path()).expect(2);
    assert!(first.err.contains("fetching it once"), "{}", first.err);
    let second = world.run(&["scan"], clean().path()).expect(2);
    assert!(!second.err.contains("fetching it once"), "{}", second.err);
    assert!(second.out.contains("failed a few minutes ago"), "{}", second.out);
}

#[test]
fn audit_takes_every_severity_and_no_signal() {
    let low = osv("GHSA-a", "CVE-2026-2", "lodash", "4.17.21", "C:N/I:N/A:N");
    let world = World::with_advisories(&[&low, &lodash()]);
    let project = Project::npm(&["lodash@4.17.20"]);
    let ran = world.run(&["audit", "--offline", "--format", "json"], project.path()).expect(1);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert!(!findings.is_empty());
    assert!(findings.iter().all(|finding| finding["kind"] == "advisory"), "{findings:?}");
}

#[test]
fn development_is_left_out_on_request() {
    let world = World::with_advisories(&[&lodash()]);
    let project = Project::npm(&["dev:lodash@4.17.20"]).file(".npmrc", "ignore-scripts=true\n");
    world.scan(&project, &[]).expect(1);
    world.scan(&project, &["--prod"]).expect(0);
}

#[test]
fn a_broken_lockfile_is_an_error_with_its_place_and_does_not_hide_the_others() {
    let world = World::with_advisories(&[&lodash()]);
    let broken =
        Project::empty().file("package-lock.json", "{\n  \"lockfileVersion\": 3,\n  \"packages\": {,}\n}\n");
    let ran = world.scan(&broken, &[]).expect(2);
    assert!(ran.err.starts_with("error: package-lock.json:3:16: "), "{}", ran.err);
    assert!(ran.out.is_empty());

    let (manifest, lock) = nodeward_testkit::project::npm_files(&["lodash@4.17.21"]);
    let both = Project::empty()
        .file(".npmrc", "ignore-scripts=true\n")
        .file("good/package.json", &manifest)
        .file("good/package-lock.json", &lock)
        .file("good/.npmrc", "ignore-scripts=true\n")
        .file("bad/package-lock.json", "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> x\n");
    let ran = world.scan(&both, &[]).expect(2);
    assert!(ran.out.contains("good/"), "{}", ran.out);
    assert!(ran.out.contains("bad/package-lock.json:1"), "{}", ran.out);
    let (manifest, lock) = nodeward_testkit::project::npm_files(&["lodash@4.17.20"]);
    let both = both.file("worse/package.json", manifest).file("worse/package-lock.json", lock);
    world.scan(&both, &[]).expect(1);
}

#[test]
fn what_has_no_versions_is_a_gap() {
    let world = World::with_advisories(&[&lodash()]);
    let project = Project::empty().file("package.json", r#"{"name":"x","dependencies":{"lodash":"^4.0.0"}}"#);
    let report = world.json(&project, &[]);
    assert!(report.to_string().contains("no lockfile, so the versions are not known"), "{report}");
    world.scan(&project, &["--fail-on", "critical"]).expect(2);
}

#[test]
fn paths_that_are_nothing_are_errors() {
    let world = World::with_advisories(&[&lodash()]);
    let empty = Project::empty();
    let ran = world.scan(&empty, &[]).expect(2);
    assert!(ran.err.contains("no lockfile and no package.json"), "{}", ran.err);
    let ran = world.scan(&empty, &["absent\u{1b}[31m/lock.json"]).expect(2);
    assert!(!ran.err.contains('\u{1b}') && ran.err.contains("\\u{1b}[31m"), "{}", ran.err);
    world.run(&["frobnicate"], empty.path()).expect(2);
    world.run(&["scan", "--format", "pdf"], empty.path()).expect(2);
}

#[test]
fn hostile_text_never_reaches_the_terminal_raw() {
    let record = r#"{"id":"GHSA-x","modified":"2026-11-20T00:00:00Z","summary":"evil \u001b]0;title\u0007 \u202egnp","details":"\u009b2J","affected":[{"package":{"ecosystem":"npm","name":"lodash"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}"#;
    let world = World::with_advisories(&[&lodash(), record]);
    let (manifest, lock) = nodeward_testkit::project::npm_files(&["lodash@4.17.20"]);
    let lock =
        lock.replace("\"version\": \"4.17.20\"", "\"version\": \"4.17.20\", \"deprecated\": \"\\u001b[31m\"");
    let project = Project::empty().file("package.json", manifest).file("package-lock.json", lock);
    for format in ["text", "json", "sarif", "markdown", "github", "html"] {
        let ran = world.scan(&project, &["--format", format, "--verbose"]).expect(1);
        for character in ['\u{1b}', '\u{202e}', '\u{9b}', '\u{7}'] {
            assert!(!ran.out.contains(character), "{character:?} in {format}");
            assert!(!ran.err.contains(character), "{character:?} in {format}");
        }
    }
    let ran = world.run(&["db", "show", "CVE-2026-0001"], project.path()).expect(0);
    assert!(!ran.out.contains('\u{1b}'));
}

#[test]
fn every_format_is_written_to_a_file_too() {
    let world = World::with_advisories(&[&lodash()]);
    let project = vulnerable();
    for format in ["text", "json", "sarif", "markdown", "html", "github", "cyclonedx", "spdx"] {
        let ran = world.scan(&project, &["--format", format, "--output", "report.out"]).expect(1);
        assert!(ran.out.is_empty(), "{format}");
        let report = project.read("report.out");
        assert!(report.contains("lodash"), "{format}: {report}");
        assert!(!report.contains('\u{1b}'), "no colour in a file");
    }
    let ran = world.scan(&project, &["--output", "absent/report.out"]).expect(2);
    assert!(ran.err.contains("cannot write absent/report.out"), "{}", ran.err);
}

#[test]
fn colour_is_for_those_who_want_it() {
    let world = World::with_advisories(&[&lodash()]);
    let project = vulnerable();
    assert!(!world.scan(&project, &[]).out.contains('\u{1b}'));
    assert!(world.scan(&project, &["--color", "always"]).out.contains('\u{1b}'));
    let mut command = world.command(&["scan", "--offline"], project.path());
    let ran = Ran::of(command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").output().unwrap());
    assert!(!ran.out.contains('\u{1b}'));
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let world = World::with_advisories(&[&lodash()]);
    let project = vulnerable();
    let mut child = world
        .command(&["scan", "--offline", "--format", "html"], project.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{said}");
    assert!(said.is_empty(), "{said}");
}

#[test]
fn what_is_installed_counts_when_the_lockfile_says_otherwise() {
    let world = World::with_advisories(&[&lodash()]);
    let project =
        clean().file("node_modules/lodash/package.json", r#"{"name":"lodash","version":"4.17.20"}"#);
    let report = world.json(&project, &[]);
    let text = report["findings"].to_string();
    assert!(text.contains("CVE-2026-0001"), "{text}");
}

#[test]
fn node_versions_are_judged_where_they_are_written() {
    let world = World::with_advisories(&[&lodash()]);
    let project = clean().file(".nvmrc", "v14.17.0\n").file("Dockerfile", "FROM node:12-alpine\n");
    let report = world.json(&project, &[]);
    let places: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["id"] == "node-end-of-life")
        .map(|finding| finding["place"].to_string())
        .collect();
    assert_eq!(places.len(), 2, "{report}");
    assert!(places.iter().any(|place| place.contains(".nvmrc")));
}

#[test]
fn an_old_index_is_remarked() {
    let world = World::with_advisories(&[&lodash()]);
    let mut command = world.command(&["scan", "--offline"], clean().path());
    let project = clean();
    command.current_dir(project.path());
    let later = (crate::harness::NOW.parse::<u64>().unwrap() + 9 * 86_400).to_string();
    let ran = Ran::of(command.env("SOURCE_DATE_EPOCH", later).output().unwrap()).expect(0);
    assert!(ran.out.contains("9 days ago"), "{}", ran.out);
}

/// Runs as somebody who may not read everything: permissions mean nothing to root.
#[cfg(unix)]
fn run_as_nobody(world: &World, arguments: &[&str], folder: &std::path::Path) -> Ran {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    let mut command = world.command(arguments, folder);
    if rustix::process::geteuid().is_root() {
        let everybody = |mode| std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(world.home.path(), everybody(0o755)).unwrap();
        std::fs::set_permissions(folder, everybody(0o755)).unwrap();
        command.uid(65_534).gid(65_534);
    }
    Ran::of(command.output().unwrap())
}

#[test]
#[cfg(unix)]
fn what_may_not_be_read_is_a_gap() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::with_advisories(&[&lodash()]);
    let manifest = r#"{"workspaces": ["packages/*"]}"#;
    let lock = r#"{"lockfileVersion": 3, "packages": {"": {}}}"#;
    let yarn = "# yarn lockfile v1\n\n\nlodash@^4.17.21:\n  version \"4.17.21\"\n";
    let installed = r#"{"name": "a", "version": "1.0.0"}"#;
    for (shut, files, expected) in [
        ("apps", &[("package-lock.json", lock), ("apps/one/package-lock.json", lock)][..], "apps: "),
        (
            "packages",
            &[("package.json", manifest), ("yarn.lock", yarn), ("packages/a/package.json", "{}")],
            "packages: ",
        ),
        (
            "node_modules",
            &[("package-lock.json", lock), ("node_modules/a/package.json", installed)],
            " node_modules: ",
        ),
        (
            "node_modules/a/node_modules",
            &[
                ("package-lock.json", lock),
                ("node_modules/a/package.json", installed),
                ("node_modules/a/node_modules/b/package.json", installed),
            ],
            " node_modules/a/node_modules: ",
        ),
        ("package.json", &[("package-lock.json", lock), ("package.json", "{}")], "package.json: "),
        (".npmrc", &[("package-lock.json", lock), (".npmrc", "")], ".npmrc: "),
    ] {
        let project = files.iter().fold(Project::empty(), |project, (path, text)| project.file(path, *text));
        let closed = project.path().join(shut);
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
        let ran = run_as_nobody(&world, &["scan", "--offline"], project.path());
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o755)).unwrap();
        let ran = ran.expect(2);
        let said = format!("{}{}", ran.out, ran.err).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(expected) && said.contains("Permission denied"), "{shut}: {said}");
    }
}

#[test]
fn a_lockfile_that_was_cut_off_between_entries_is_a_gap() {
    let world = World::with_advisories(&[&lodash()]);
    let pnpm = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      a:\n        specifier: 1.0.0\n        version: 1.0.0\n\npackages:\n\n  a@1.0.0:\n    resolution: {integrity: sha512-AA==}\n\n  b@1.0.0:\n    resolution: {integrity: sha512-AA==}\n\nsnapshots:\n\n  a@1.0.0:\n    dependencies:\n      b: 1.0.0\n\n  b@1.0.0: {}\n";
    let old_pnpm = "lockfileVersion: '6.0'\n\ndependencies:\n  a:\n    specifier: 1.0.0\n    version: 1.0.0\n\npackages:\n\n  /a@1.0.0:\n    resolution: {integrity: sha512-AA==}\n    dependencies:\n      b: 1.0.0\n\n  /b@1.0.0:\n    resolution: {integrity: sha512-AA==}\n";
    let yarn = "# yarn lockfile v1\n\n\na@1.0.0:\n  version \"1.0.0\"\n  dependencies:\n    b \"1.0.0\"\n\nb@1.0.0:\n  version \"1.0.0\"\n";
    let berry = "__metadata:\n  version: 8\n\n\"a@npm:1.0.0\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  dependencies:\n    b: \"npm:1.0.0\"\n  languageName: node\n  linkType: hard\n\n\"b@npm:1.0.0\":\n  version: 1.0.0\n  resolution: \"b@npm:1.0.0\"\n  languageName: node\n  linkType: hard\n\n\"p@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"p@workspace:.\"\n  dependencies:\n    a: \"npm:1.0.0\"\n  languageName: unknown\n  linkType: soft\n";
    for (name, text, cuts) in [
        ("pnpm-lock.yaml", pnpm, &["\nsnapshots:", "\n  b@1.0.0: {}", "\npackages:"][..]),
        ("pnpm-lock.yaml", old_pnpm, &["\n  /b@1.0.0:", "\npackages:"]),
        ("yarn.lock", yarn, &["\nb@1.0.0:"]),
        ("yarn.lock", berry, &["\n\"b@npm"]),
    ] {
        let audit = |text: &str| {
            let project = Project::empty()
                .file("package.json", r#"{"name": "p", "dependencies": {"a": "1.0.0"}}"#)
                .file(name, text);
            world.run(&["audit", "--offline"], project.path())
        };
        audit(text).expect(0);
        for cut in cuts {
            let (kept, _) = text.split_once(cut).unwrap();
            let ran = audit(&format!("{kept}\n")).expect(2);
            let said = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(
                said.contains("INCOMPLETE: ") && said.contains("write the lockfile anew"),
                "{cut}: {said}"
            );
        }
    }
}

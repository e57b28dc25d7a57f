use nodeward_testkit::Project;

use crate::harness::{World, lodash};

#[test]
fn why_shows_every_path() {
    let world = World::new();
    let project = Project::npm(&["express@4.17.1 > qs@6.7.0", "qs@6.7.0", "dev:mocha@9.0.0"]);
    let ran = world.run(&["why", "qs"], project.path()).expect(0);
    assert!(ran.out.contains("shop@1.0.0 > qs@6.7.0 (^6.7.0)"), "{}", ran.out);
    assert!(ran.out.contains("shop@1.0.0 > express@4.17.1 (^4.17.1) > qs@6.7.0"), "{}", ran.out);
    world.run(&["why", "qs@<6"], project.path()).expect(1);
    world.run(&["why", "left-pad"], project.path()).expect(1);
    world.run(&["why", "qs@not a range!"], project.path()).expect(2);
    let ran = world.run(&["why", "mocha", "--format", "json"], project.path()).expect(0);
    let answer: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(answer["schema"], "nodeward.why/1");
    assert_eq!(answer["releases"][0]["production"], false);
}

#[test]
fn every_name_of_a_release_is_told() {
    let world = World::with_advisories(&[&lodash()]);
    let entry = "\"a@npm:lodash@4.17.20\", \"b@npm:lodash@4.17.20\":\n  version \"4.17.20\"\n";
    let project = Project::empty()
        .file(
            "package.json",
            r#"{"name": "p", "dependencies": {"a": "npm:lodash@4.17.20", "b": "npm:lodash@4.17.20"}}"#,
        )
        .file("yarn.lock", format!("# yarn lockfile v1\n\n\n{entry}"));
    for name in ["a", "b", "lodash"] {
        let ran = world.run(&["why", name], project.path()).expect(0);
        assert!(ran.out.contains("lodash@4.17.20 as a, b (npm:lodash@4.17.20)"), "{}", ran.out);
    }
    let report = world.json(&project, &[]);
    let findings = report["findings"].as_array().unwrap();
    let flaw = findings.iter().find(|finding| finding["kind"] == "advisory").unwrap();
    assert!(flaw["evidence"].to_string().contains("a, b"), "{flaw}");
}

#[test]
fn bills_of_materials_are_written_and_read_again() {
    let world = World::with_advisories(&[&lodash()]);
    let project = Project::npm(&["lodash@4.17.20"]);
    for format in ["cyclonedx", "spdx"] {
        let ran = world.run(&["sbom", "--format", format], project.path()).expect(0);
        assert!(ran.out.contains("pkg:npm/lodash@4.17.20"), "{}", ran.out);
        let copy = Project::empty().file("bill.json", &ran.out);
        let ran = world.scan(&copy, &["bill.json"]).expect(1);
        assert!(ran.out.contains("CVE-2026-0001"), "{}", ran.out);
    }
}

#[test]
fn help_has_examples_and_everything_is_described() {
    let world = World::new();
    let folder = world.home.path();
    let ran = world.run(&[], folder).expect(2);
    assert!(ran.err.contains("Usage: nodeward"), "{}", ran.err);
    for command in ["scan", "audit", "lint", "db", "db update", "sbom", "why", "vex", "completions", "man"] {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let ran = world.run(&words, folder).expect(0);
        assert!(ran.out.contains("Example"), "{command} --help has no example");
        let wide = ran.out.lines().find(|line| line.chars().count() > 80);
        assert!(wide.is_none(), "{command}: {wide:?}");
    }
    // What stands behind the first line is shown too.
    assert!(
        unwrapped(&world.run(&["audit", "--help"], folder).expect(0).out)
            .contains("--undo puts the files back")
    );
    assert!(world.run(&["completions", "zsh"], folder).expect(0).out.contains("#compdef nodeward"));
    assert!(world.run(&["man", "scan"], folder).expect(0).out.contains(".TH"));
    world.run(&["man", "nothing"], folder).expect(2);
}

fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_was_not_checked_is_never_called_clean() {
    let world = World::with_advisories(&[&lodash()]);
    let (_, lockfile) = nodeward_testkit::project::npm_files(&["lodash@4.17.20"]);
    let unreadable = Project::empty().file("package-lock.json", lockfile.replace("4.17.20", "4.17"));
    let ran = world.run(&["audit", "--offline"], unreadable.path()).expect(2);
    assert!(unwrapped(&ran.out).contains("which nobody can read"), "{}", ran.out);
    let emptied = Project::npm(&["lodash@4.17.20"]).file("package-lock.json", "").file("yarn.lock", "");
    std::fs::remove_file(emptied.join("package-lock.json")).unwrap();
    let ran = world.run(&["audit", "--offline"], emptied.path()).expect(2);
    assert!(unwrapped(&ran.out).contains("lodash is required but not in the lockfile"), "{}", ran.out);
}

#[test]
#[cfg(unix)]
fn files_without_an_end_are_refused() {
    let world = World::with_advisories(&[&lodash()]);
    let (manifest, lockfile) = nodeward_testkit::project::npm_files(&["lodash@4.17.19"]);
    let linked = Project::empty().file("package-lock.json", &lockfile);
    std::os::unix::fs::symlink("/dev/zero", linked.join("package.json")).unwrap();
    let ran = world.run(&["audit", "--offline"], linked.path());
    assert!(ran.code == 1 || ran.err.contains("not a regular file"), "{}{}", ran.out, ran.err);
    let project = Project::empty().file("package-lock.json", &lockfile).file("package.json", &manifest);
    std::os::unix::fs::symlink("/dev/zero", project.join("yarn.lock")).unwrap();
    let ran = world.run(&["audit", "--offline", "yarn.lock"], project.path()).expect(2);
    assert!(ran.err.contains("not a regular file"), "{}", ran.err);
    let ran = world.run(&["audit", "--offline", "--vex", "/dev/zero"], project.path()).expect(2);
    assert!(ran.err.contains("a VEX document of more than"), "{}", ran.err);
}

#[test]
fn what_cannot_be_written_or_read_is_named_with_a_way_out() {
    let world = World::with_advisories(&[&lodash()]);
    let project = Project::npm(&["left-pad@1.3.0"]).file("latin.toml", b"\xff".as_slice());
    let file = world.index();
    let file = file.to_str().unwrap();
    for (arguments, expected) in [
        (
            &["sbom", "-o", "absent/sbom.json"][..],
            "cannot write absent/sbom.json: No such file or directory (os error 2)\n",
        ),
        (
            &["sbom", "absent"],
            "absent: No such file or directory (os error 2); check the path and its permissions",
        ),
        (
            &["scan", "--offline", "--database", file],
            "Not a directory (os error 20); name another folder with --database",
        ),
        (
            &["scan", "--offline", "--config", "latin.toml"],
            "cannot read latin.toml: not UTF-8 text; save it as UTF-8",
        ),
    ] {
        let ran = world.run(arguments, project.path()).expect(2);
        assert!(ran.err.contains(expected), "{arguments:?}: {}", ran.err);
    }
}

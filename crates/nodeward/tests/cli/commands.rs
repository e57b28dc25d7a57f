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
    for command in ["scan", "audit", "db", "sbom", "why", "vex", "completions", "man"] {
        let ran = world.run(&[command, "--help"], folder).expect(0);
        assert!(ran.out.contains("Example"), "{command} --help has no example");
    }
    assert!(world.run(&["completions", "zsh"], folder).expect(0).out.contains("#compdef nodeward"));
    assert!(world.run(&["man", "scan"], folder).expect(0).out.contains(".TH"));
    world.run(&["man", "nothing"], folder).expect(2);
}

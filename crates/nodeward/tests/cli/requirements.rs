//! The team's own rules, from the file to the report.

use nodeward_testkit::Project;

use crate::harness::{Ran, World};

const REQUIREMENTS: &str = r#"[[lint.requirement]]
id = "no-raw-exec"
kind = "banned-call"
name = ["exec", "execSync"]
from = "child_process"
message = "commands go through src/run.js"
next-step = "use run from src/run.js"
explanation = "https://wiki.example.org/commands"
severity = "high"
threat = "SHP"
except = [{ files = "src/run.js", reason = "it is the one place that may" }]
bad = ["import { exec as e } from 'node:child_process'; e(a)", "require('child_process').execSync(a)"]
good = ["import { execFile } from 'child_process'; execFile(a, [b])"]

[[lint.requirement]]
id = "sql-tag"
kind = "required-wrapper"
name = ".query"
tags = "sql from @safe/tags"
allow = ["literal"]
message = "queries are made by the sql tag"
threat = "QUI"
bad = ["db.query(`select ${a}`)"]
good = ["import { sql } from '@safe/tags'; db.query(sql`select ${a}`)", "db.query('select 1')"]
"#;

const EXEC: &str = "const { exec: run } = require('node:child_process');\nrun('ls ' + process.argv[2]);\n";

fn project() -> Project {
    Project::empty()
        .file("nodeward.toml", REQUIREMENTS)
        .file("src/run.js", EXEC)
        .file("src/a.js", EXEC)
        .file("src/b.tsx", "export const Page = () => <p onClick={() => db.query(`a ${b}`)}>é</p>;\n")
}

fn run(project: &Project, more: &[&str]) -> Ran {
    let world = World::new();
    let mut arguments = vec!["lint"];
    arguments.extend(more);
    world.run(&arguments, project.path())
}

fn json(project: &Project, more: &[&str]) -> serde_json::Value {
    let mut arguments = vec!["--format", "json"];
    arguments.extend(more);
    let ran = run(project, &arguments);
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err))
}

fn ids(report: &serde_json::Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let id = |finding: &serde_json::Value| {
        format!(
            "{} {}:{}",
            finding["id"].as_str().unwrap(),
            finding["place"]["file"].as_str().unwrap(),
            finding["place"]["line"]
        )
    };
    findings.map(id).collect()
}

#[test]
fn they_hold_under_every_policy_and_are_shown_as_rules_are() {
    let project = project();
    for policy in ["common", "strict"] {
        let report = json(&project, &["--policy", policy]);
        let found: Vec<String> =
            ids(&report).into_iter().filter(|id| id.contains("no-raw") || id.contains("sql-tag")).collect();
        assert_eq!(found, ["no-raw-exec src/a.js:2", "sql-tag src/b.tsx:1"], "{policy}");
        assert_eq!(report["exitCode"], 1);
        assert_eq!(report["suppressed"][0]["reason"], "it is the one place that may");
    }
    let ran = run(&project, &["--only", "no-raw-exec", "--only", "sql-tag"]).expect(1);
    let expected = "\
Read 3 files of source (1 kB) with 2 rules (no-raw-exec, sql-tag)

HIGH      commands go through src/run.js (no-raw-exec)
          → use run from src/run.js
          src/a.js:2:1
            run('ls ' + process.argv[2]);
            ^^^
            - found: call of child_process.exec
            1. nodeward.toml:1:1 required by: no-raw-exec

MEDIUM    queries are made by the sql tag (sql-tag)
          src/b.tsx:1:54
            export const Page = () => <p onClick={() => db.query(`a ${b}`)}>é</…
                                                                 ^^^^^^^^
            - found: argument 1 of db.query
            1. nodeward.toml:15:1 required by: sql-tag
";
    assert!(ran.out.starts_with(expected), "{}", ran.out);
}

#[test]
fn scan_has_them_too() {
    let world = World::with_advisories(&[&crate::harness::lodash()]);
    let (manifest, lockfile) = nodeward_testkit::project::npm_files(&["lodash@4.17.21"]);
    let project = project().file("package.json", manifest).file("package-lock.json", lockfile);
    let report = world.json(&project, &[]);
    assert!(ids(&report).contains(&"no-raw-exec src/a.js:2".to_owned()), "{report}");
}

#[test]
fn a_comment_and_a_suppression_hide_them() {
    let project = project()
        .file("src/a.js", EXEC.replace("run('", "// nodeward-ignore no-raw-exec: a fixed set\nrun('"));
    assert_eq!(ids(&json(&project, &[])), ["sql-tag src/b.tsx:1"]);
    let config = format!("{REQUIREMENTS}\n[[suppress]]\nid = \"sql-tag\"\nreason = \"next week\"\n");
    let project = project.file("nodeward.toml", config);
    assert_eq!(ids(&json(&project, &[])), [""; 0]);
    let project = project.file("src/a.js", "// nodeward-ignore no-raw-exec: nothing is here\nlet a = 1;\n");
    let found = ids(&json(&project, &["--policy", "experimental", "src/a.js"]));
    assert_eq!(found, ["ignore-comment src/a.js:1"]);
}

#[test]
fn an_exception_that_hides_nothing_is_a_finding() {
    let project = project().file("src/run.js", "export {};\n");
    let found = ids(&json(&project, &[]));
    assert!(found.contains(&"except-unused nodeward.toml:11".to_owned()), "{found:?}");
    // Who looks at a part cannot tell.
    assert!(!ids(&json(&project, &["src"])).iter().any(|id| id.starts_with("except-unused")));
    assert!(!ids(&json(&project, &["--only", "sql-tag"])).iter().any(|id| id.starts_with("except-unused")));
}

#[test]
fn files_narrow_and_another_folder_is_not_concerned() {
    let narrowed = REQUIREMENTS.replace("severity = \"high\"", "files = [\"src/client\"]");
    let project = project()
        .file("nodeward.toml", narrowed)
        .file("src/client/deep/a.js", EXEC)
        .file("other/nodeward.toml", "")
        .file("other/src/client/a.js", EXEC);
    let found = ids(&json(&project, &["--only", "no-raw-exec", "src", "other"]));
    assert_eq!(found, ["no-raw-exec src/client/deep/a.js:2"]);
}

#[test]
fn a_file_of_its_own() {
    let own = REQUIREMENTS.replace("[[lint.requirement]]", "[[requirement]]");
    let project = project()
        .file("nodeward.toml", "[lint]\nrequirements = [\"team/rules.toml\"]\n")
        .file("team/rules.toml", own);
    let report = json(&project, &[]);
    assert_eq!(ids(&report), ["no-raw-exec src/a.js:2", "sql-tag src/b.tsx:1"]);
    let project = project.file("nodeward.toml", "[lint]\nrequirements = \"absent.toml\"\n");
    let ran = run(&project, &[]).expect(2);
    assert!(ran.err.starts_with("error: nodeward.toml:2:16: cannot read absent.toml: "), "{}", ran.err);
    let project = project.file("absent.toml", "[[requirement]]\nid = \"a\"\n");
    let ran = run(&project, &[]).expect(2);
    assert!(ran.err.starts_with("error: absent.toml:1:1: missing field `kind`"), "{}", ran.err);
}

#[test]
fn they_are_listed_and_explained() {
    let project = project();
    let ran = run(&project, &["--list"]).expect(0);
    let line = ran.out.lines().find(|line| line.starts_with("no-raw-exec")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["no-raw-exec", "SHP", "high", "requirement"]);
    let ran = run(&project, &["--explain", "sql-tag"]).expect(0);
    assert!(ran.out.contains("has to be a literal or a template tagged sql"), "{}", ran.out);
    assert!(ran.out.contains("    db.query(`select ${a}`)"), "{}", ran.out);
    let ran = run(&project, &["--only", "no-raw-exce"]).expect(2);
    assert!(ran.err.contains("did you mean no-raw-exec?"), "{}", ran.err);
}

#[test]
fn examples_are_tested() {
    let project = project();
    let ran = run(&project, &["--test-requirements"]).expect(0);
    assert_eq!(
        ran.out,
        "passed    no-raw-exec: 2 bad, 1 good\npassed    sql-tag: 1 bad, 2 good\n\n2 requirements, 6 examples, 0 failed\n"
    );
    let wrong = REQUIREMENTS
        .replace("execFile(a, [b])\"", "e.exec\\nconst x = require('child_process').exec(a)\", \"(\"");
    let project = project.file("nodeward.toml", wrong.replace("name = \".query\"", "name = \".ask\""));
    let ran = run(&project, &["--test-requirements"]).expect(2);
    assert!(ran.out.contains("failed    no-raw-exec: 2 of 4\n          nodeward.toml:13:9: this good example is found, on line 2\n"), "{}", ran.out);
    assert!(ran.out.contains("this example is no program: "), "{}", ran.out);
    let ran = run(&project, &["--test-requirements", "--only", "sql-tag", "--format", "json"]).expect(1);
    let tried: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(tried["requirements"][0]["examples"][0]["verdict"], "missed");
    assert_eq!((&tried["exitCode"], &tried["requirements"][0]["id"]), (&1.into(), &"sql-tag".into()));
    run(&Project::empty(), &["--test-requirements"]).expect(2);
}

#[test]
fn mistakes_are_errors_with_a_place_and_a_remedy() {
    let good = "[[lint.requirement]]\nid = \"a\"\nkind = \"banned-call\"\nmessage = \"m\"\nthreat = \"RCE\"\nname = \"eval\"\n";
    run(&Project::empty().file("nodeward.toml", good), &[]).expect(0);
    for (text, expected) in [
        (good.replace("\"a\"", "\"a b\""), "2:6: \"a b\" is no id"),
        (good.replace("\"a\"", "\"shell-command\""), "2:6: shell-command is the name of a built-in rule"),
        (
            good.replace("banned-call", "baned-call"),
            "3:8: \"baned-call\" is no kind: use one of banned-name,",
        ),
        (good.replace("\"m\"", "\" \""), "4:11: `message` is not one line"),
        (good.replace("RCE", "XSS"), "5:10: \"XSS\" is no threat: use one of 0DY,"),
        (good.replace("eval", "a b"), "6:8: \"a b\" is no name: write it as in"),
        (good.replace("name = \"eval\"", ""), "3:8: `name` is missing"),
        (good.replace("name = \"eval\"", "name = []"), "6:8: the list is empty"),
        (good.replace("name = \"eval\"", "name = [\"a\", \"1\"]"), "6:14: \"1\" is no name"),
        (format!("{good}severity = \"bad\"\n"), "7:12: \"bad\" is no severity: use"),
        (format!("{good}explanation = \"wiki\"\n"), "7:15: `explanation` is no link"),
        (format!("{good}allow = [\"literal\"]\n"), "7:9: `allow` says nothing in a banned-call"),
        (
            format!("{good}except = [{{ files = \"a\", reason = \"\" }}]\n"),
            "7:35: `reason` is empty: say why",
        ),
        (format!("{good}except = [{{ files = \"/a\", reason = \"b\" }}]\n"), "7:21: \"/a\" is no pattern"),
        (format!("{good}except = [{{ files = \"a\" }}]\n"), "7:11: missing field `reason`"),
        (format!("{good}nme = 1\n"), "7:1: unknown field `nme`"),
        (format!("{good}{good}"), "7:1: there is a requirement a at nodeward.toml:1:1 already"),
        (good.replace("banned-call", "banned-import"), "3:8: `from` is missing"),
        (good.replace("banned-call", "restricted-call"), "3:8: it restricts nothing: give `allow` or `deny`"),
        (good.replace("banned-call", "required-wrapper"), "3:8: it names no wrapper"),
        (
            good.replace("banned-call", "restricted-call") + "deny = [\"text\"]\n",
            "7:9: \"text\" is no sort of value: use one of literal,",
        ),
        (
            good.replace("banned-call", "restricted-call") + "deny = \"string\"\nargument = 0\n",
            "8:12: `argument` is counted from 1",
        ),
        (
            good.replace("banned-call", "restricted-call") + "deny = \"string\"\nallow = \"number\"\n",
            "7:8: `deny` stands alone",
        ),
    ] {
        let ran = run(&Project::empty().file("nodeward.toml", &text), &[]).expect(2);
        assert!(
            ran.err.starts_with(&format!("error: nodeward.toml:{expected}")),
            "{expected}\n{}\n{text}",
            ran.err
        );
    }
}

#[test]
fn who_is_not_trusted_can_be_said() {
    let library =
        "const { exec } = require('child_process');\nmodule.exports = (name) => exec('git log ' + name);\n";
    let project = Project::empty().file("index.js", library);
    let arguments = ["--only", "command-injection", "--format", "json"];
    let found = |more: &[&str]| ids(&json(&project, &[&arguments[..2], more].concat()));
    assert_eq!(found(&[]), [""; 0]);
    assert_eq!(found(&["--application"]), [""; 0]);
    assert_eq!(found(&["--library"]), ["command-injection index.js:2"]);
    run(&project, &["--library", "--application"]).expect(2);
}

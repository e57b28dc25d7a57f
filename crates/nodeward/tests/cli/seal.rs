//! `nodeward seal` and `nodeward bundle`.

use nodeward_testkit::Project;

use crate::harness::World;

fn project() -> Project {
    Project::empty()
        .file("package.json", "{\"name\": \"shop\", \"main\": \"app.js\"}")
        .file("app.js", "require('./lib'); require('dep');\n")
        .file("lib/index.js", "")
        .file("views/page.pug", "p\n")
        .file("test/app.test.js", "require('../app');\n")
        .file("node_modules/dep/package.json", "{\"name\": \"dep\", \"version\": \"1.0.0\"}")
        .file("node_modules/dep/index.js", "")
        .file("node_modules/dep/unused.js", "")
        .file("nodeward.toml", "[seal]\nentries = [\"app.js\"]\ninclude = [\"views/**/*.pug\"]\n")
}

fn paths(project: &Project) -> Vec<String> {
    let text = std::fs::read_to_string(project.path().join("nodeward.seal.json")).unwrap();
    let seal: serde_json::Value = serde_json::from_str(&text).unwrap();
    let sources = seal["sources"].as_array().unwrap();
    let line = |source: &serde_json::Value| {
        format!(
            "{} {} {}",
            source["path"].as_str().unwrap(),
            source["kind"].as_str().unwrap(),
            source["origin"].as_str().unwrap()
        )
    };
    sources.iter().map(line).collect()
}

#[test]
fn what_production_loads_is_sealed() {
    let (world, project) = (World::new(), project());
    let ran = world.run(&["seal"], project.path());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(
        paths(&project),
        [
            "app.js cjs static",
            "lib/index.js cjs static",
            "node_modules/dep/index.js cjs static",
            "views/page.pug text declared",
        ]
    );
    let first = std::fs::read(project.path().join("nodeward.seal.json")).unwrap();
    assert_eq!(world.run(&["seal"], project.path()).code, 0);
    assert_eq!(std::fs::read(project.path().join("nodeward.seal.json")).unwrap(), first);
}

#[test]
fn what_is_included_is_no_entry_wherever_its_name_sorts() {
    let (world, project) = (World::new(), project());
    let project = project
        .file("a/first.js", "require('./second');\n")
        .file("a/second.js", "")
        .file("z/last.js", "")
        .file("nodeward.toml", "[seal]\ninclude = [\"a/first.js\", \"z/*.js\", \"app.js\"]\n");
    let ran = world.run(&["seal", "app.js"], project.path());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let text = std::fs::read_to_string(project.path().join("nodeward.seal.json")).unwrap();
    assert!(text.contains("\"entries\": [\"app.js\"]"), "{text}");
    let listed = paths(&project);
    for line in
        ["a/first.js cjs declared", "a/second.js cjs static", "app.js cjs static", "z/last.js cjs declared"]
    {
        assert!(listed.iter().any(|listed| listed == line), "{line}: {listed:?}");
    }
}

#[test]
fn a_stale_seal_is_told_with_every_change() {
    let (world, project) = (World::new(), project());
    let ran = world.run(&["seal", "--check"], project.path());
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("make it with `nodeward seal`"), "{}", ran.err);
    assert_eq!(world.run(&["seal"], project.path()).code, 0);
    assert_eq!(world.run(&["seal", "--check"], project.path()).code, 0);
    std::fs::write(project.path().join("app.js"), "require('./lib/more');\n").unwrap();
    std::fs::write(project.path().join("lib/more.js"), "").unwrap();
    let ran = world.run(&["seal", "--check"], project.path());
    assert_eq!(
        (ran.code, &*ran.out),
        (
            1,
            "added: lib/more.js\nremoved: lib/index.js\nremoved: node_modules/dep/index.js\nremoved: node_modules/dep/package.json\nchanged: app.js\n"
        ),
        "{}",
        ran.err
    );
}

#[test]
fn what_was_sealed_is_checked_and_sealed_again_without_naming_it_again() {
    let world = World::new();
    let project = Project::empty()
        .file("package.json", r#"{"name": "app", "main": "library.js"}"#)
        .file("library.js", "")
        .file("bin/server.js", "require('../more');\n")
        .file("more.js", "");
    world.run(&["seal", "bin/server.js"], project.path()).expect(0);
    let sealed = paths(&project);
    world.run(&["seal", "--check"], project.path()).expect(0);
    world.run(&["seal", "--check"], &project.path().join("bin")).expect(0);
    let ran = world.run(&["seal"], project.path()).expect(0);
    assert!(ran.err.contains("those of the seal, bin/server.js"), "{}", ran.err);
    assert_eq!(paths(&project), sealed);
    std::fs::write(project.path().join("more.js"), "more").unwrap();
    let ran = world.run(&["seal", "--check"], project.path()).expect(1);
    assert_eq!(ran.out, "changed: more.js\n");
    // What is named, on the command line or in the configuration, comes first.
    world.run(&["seal", "library.js"], project.path()).expect(0);
    assert_eq!(paths(&project), ["library.js cjs static"]);
    std::fs::write(project.path().join("nodeward.toml"), "[seal]\nentries = [\"bin/server.js\"]\n").unwrap();
    world.run(&["seal"], project.path()).expect(0);
    assert_eq!(paths(&project), sealed);
}

#[test]
fn what_is_declared_wrongly_is_told() {
    let (world, project) = (World::new(), project());
    for (settings, expected) in [
        ("[seal]\ninclude = [\"nothing/*\"]\n", "matches no file"),
        ("[seal]\ninclude = [\"[\"]\n", "is no pattern"),
        ("[seal]\neval = { modules = [\"../x\"] }\n", "nodeward.toml:2:8: the path"),
        ("[seal]\neval = { modules = [\"lib/gone.js\"] }\n", "is not among the sources"),
        ("[seal]\neval = { wasm = [\"1\"] }\n", "nodeward.toml:2:8: \"1\" is no SHA-256"),
        ("[seal]\nevil = true\n", "nodeward.toml:2:1: unknown field `evil`"),
        ("[run]\nnode = true\n", "nodeward.toml:2:1: unknown field `node`"),
    ] {
        std::fs::write(project.path().join("nodeward.toml"), settings).unwrap();
        let ran = world.run(&["seal", "app.js"], project.path());
        assert_eq!(ran.code, 2, "{settings}");
        assert!(ran.err.contains(expected), "{}", ran.err);
        assert!(!project.path().join("nodeward.seal.json").exists());
    }
}

#[test]
fn a_bundle_holds_the_sealed_files_and_is_the_same_each_time() {
    let (world, project) = (World::new(), project());
    assert_eq!(world.run(&["seal"], project.path()).code, 0);
    let out = tempfile::tempdir().unwrap();
    let tar = |name: &str| {
        let file = out.path().join(name);
        let ran = world.run(&["bundle", "--out", file.to_str().unwrap()], project.path());
        assert_eq!(ran.code, 0, "{}", ran.err);
        std::fs::read(file).unwrap()
    };
    assert_eq!(tar("a.tar"), tar("b.tar"));
    let folder = out.path().join("folder");
    let bundle = ["bundle", "--out", folder.to_str().unwrap()];
    assert_eq!(world.run(&bundle, project.path()).code, 0);
    assert!(
        folder.join("node_modules/dep/index.js").is_file()
            && !folder.join("node_modules/dep/unused.js").exists()
    );
    assert!(!folder.join("test").exists());
    let ran = world.run(&bundle, project.path());
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("the folder is not empty"), "{}", ran.err);
    std::fs::write(project.path().join("lib/index.js"), "changed").unwrap();
    let unfinished = out.path().join("c.tar");
    let ran = world.run(&["bundle", "--out", unfinished.to_str().unwrap()], project.path());
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("lib/index.js is not as it was sealed"), "{}", ran.err);
    assert!(!unfinished.exists());
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 3, "nothing unfinished is left");
}

/// A package that makes code from strings, as the release that an adapter covers.
fn with_code_from_strings(settings: &str) -> Project {
    Project::empty()
        .file("package.json", "{}")
        .file("app.js", "console.log(require('depd').made());\n")
        .file("node_modules/depd/package.json", "{\"name\": \"depd\", \"version\": \"2.0.0\"}")
        .file(
            "node_modules/depd/index.js",
            "exports.made = () => new Function(['return 6', '7'].join(' * '))();\n",
        )
        .file("nodeward.toml", format!("[seal]\nentries = [\"app.js\"]\n{settings}"))
}

fn eval_of(project: &Project) -> serde_json::Value {
    let text = std::fs::read_to_string(project.path().join("nodeward.seal.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap()["eval"].clone()
}

#[test]
fn code_from_strings_is_permitted_only_when_asked_for() {
    let world = World::new();
    let module = "node_modules/depd/index.js";
    let project = with_code_from_strings("");
    let ran = world.run(&["seal"], project.path()).expect(0);
    assert!(ran.err.contains(&format!("{module}: can make code from strings")), "{}", ran.err);
    assert!(ran.err.contains("[seal.eval]\nadapters = [\"depd\"]\n"), "{}", ran.err);
    assert_eq!(eval_of(&project), serde_json::Value::Null);
    for settings in ["[seal.eval]\nadapters = [\"depd\"]\n", "eval = { adapters = true }\n"] {
        let project = with_code_from_strings(settings);
        let ran = world.run(&["seal"], project.path()).expect(0);
        assert!(!ran.err.contains("can make code"), "{}", ran.err);
        assert_eq!(eval_of(&project)["modules"], serde_json::json!([module]));
        world.run(&["seal", "--check"], project.path()).expect(0);
    }
    let project = with_code_from_strings("eval = { adapters = [\"ejs\"] }\n");
    let ran = world.run(&["seal"], project.path()).expect(0);
    assert!(ran.err.contains("nothing that loads is covered by \"ejs\""), "{}", ran.err);
    assert!(ran.err.contains("adapters = [\"depd\", \"ejs\"]\n"), "{}", ran.err);
    let project = with_code_from_strings("eval = { adapters = [\"depth\"] }\n");
    let ran = world.run(&["seal"], project.path()).expect(2);
    assert!(
        ran.err.contains("nodeward.toml:3:8: \"depth\" is no adapter: there are ajv, depd"),
        "{}",
        ran.err
    );
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_permitted_runs_and_nothing_else() {
    let world = World::new();
    for (version, node) in crate::nodes::nodes() {
        let node = node.to_str().unwrap();
        let run =
            |project: &Project| world.run(&["run", "--node", node, "--", "node", "app.js"], project.path());
        let project = with_code_from_strings("");
        world.run(&["seal"], project.path()).expect(0);
        let denied = run(&project);
        assert!(denied.code == 1 && denied.out.is_empty(), "Node.js {version}: {}", denied.err);
        let project = with_code_from_strings("eval = { adapters = true }\n");
        let ran = world.run(&["seal", "--node", node], project.path()).expect(0);
        assert!(ran.err.contains("of its 23 checks in each of 3 threads"), "Node.js {version}: {}", ran.err);
        let ran = run(&project);
        assert_eq!((ran.code, &*ran.out), (0, "42\n"), "Node.js {version}: {}", ran.err);

        std::fs::remove_file(project.path().join("nodeward.seal.json")).unwrap();
        let ran = world.run(&["seal", "--node", node, "--addon", "app.js"], project.path()).expect(2);
        assert!(ran.err.contains("the checks of bounded eval did not run"), "Node.js {version}: {}", ran.err);
        assert!(!project.path().join("nodeward.seal.json").exists());
    }
}

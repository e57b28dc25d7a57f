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

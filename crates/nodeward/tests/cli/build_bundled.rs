//! What came inside of a release's tarball: npm runs its scripts where it installs the release, and nothing of them
//! where it installs what was built.

use serde_json::{Value, json};

use crate::build::{Bench, Files, builders};
use crate::exec::User;

/// What npm would run below `node_modules/bund`: scripts of what is inside, at two depths, and node-gyp.
const INSIDE: Files<'_> = &[
    ("lib/binding.gyp", "{}"),
    (
        "node_modules/inner/package.json",
        r#"{"name": "inner", "version": "1.0.0", "dependencies": {"@d/deep": "1.0.0", "gyp": "1.0.0"}, "scripts": {"postinstall": "echo x > inner-ran", "test": "true"}}"#,
    ),
    ("node_modules/inner/index.js", "module.exports = 'inner';"),
    (
        "node_modules/inner/node_modules/@d/deep/package.json",
        r#"{"name": "@d/deep", "version": "1.0.0", "scripts": {"preinstall": "echo x > deep-ran", "install": "true"}}"#,
    ),
    (
        "node_modules/inner/node_modules/gyp/binding.gyp",
        "{ 'targets': [{ 'target_name': 'x', 'type': 'none', 'sources': ['<!(echo x > gyp-ran; echo a)'] }] }",
    ),
    (
        "node_modules/inner/node_modules/gyp/package.json",
        r#"{"name": "gyp", "version": "1.0.0", "gypfile": true}"#,
    ),
];

/// What ran, where the package is installed with scripts on.
fn ran(bench: &Bench, tarball: &str, folder: &str) -> Vec<&'static str> {
    std::fs::create_dir(bench.path(folder)).unwrap();
    bench.write(&format!("{folder}/package.json"), "{}");
    let mut npm = bench.command("npm", folder);
    npm.args(["install", "--audit=false", "--fund=false", "--ignore-scripts=false"]);
    let ended = npm.arg(bench.path(tarball)).output().unwrap();
    let inner = "node_modules/bund/node_modules/inner";
    let places = [
        ("inner", format!("{folder}/{inner}/inner-ran")),
        ("deep", format!("{folder}/{inner}/node_modules/@d/deep/deep-ran")),
        ("gyp", format!("{folder}/{inner}/node_modules/gyp/gyp-ran")),
    ];
    let ran: Vec<&str> =
        places.into_iter().filter(|(_, file)| bench.path(file).exists()).map(|(name, _)| name).collect();
    // Who has no compiler has npm fail where it builds, and roll back.
    if ran.is_empty() && !ended.status.success() {
        return vec!["npm failed"];
    }
    ran
}

#[test]
fn what_is_inside_of_the_tarball_runs_nothing_either() {
    if builders().is_empty() {
        return;
    }
    let bench = Bench::new(User::This);
    let manifest = json!({
        "scripts": { "postinstall": "echo x > made" },
        "bundleDependencies": ["inner"],
        "dependencies": { "inner": "1.0.0" },
    });
    let release = bench.publish("bund", &manifest, INSIDE);
    bench.write("release.tgz", release);
    assert_ne!(ran(&bench, "release.tgz", "before"), [""; 0], "npm runs them");
    let (built, record) = bench.build(&["bund", "--out", "out"]);
    assert_eq!(built.code, 0, "{}", built.err);
    let said = "inner@1.0.0, which is inside of its tarball, has install scripts; they are not run, and not in the result";
    assert!(built.err.contains(said), "{}", built.err);
    assert_eq!(ran(&bench, "project/out/bund-1.0.0.tgz", "after"), [""; 0]);
    let files = bench.unpacked("project/out/bund-1.0.0.tgz");
    let text = |path: &str| files.iter().find(|(name, _)| name == path).map(|(_, text)| &**text);
    let json = |path: &str| serde_json::from_str::<Value>(text(path).unwrap()).unwrap();
    let inner = json("node_modules/inner/package.json");
    assert_eq!(inner["scripts"], json!({ "test": "true" }));
    assert_eq!(inner["nodeward"]["built"]["scripts"], json!({ "postinstall": "echo x > inner-ran" }));
    let deep = json("node_modules/inner/node_modules/@d/deep/package.json");
    assert_eq!(deep.get("scripts"), None);
    // pnpm and yarn build by this file whatever the manifest says.
    let gyp = "node_modules/inner/node_modules/gyp/";
    assert_eq!(text(&format!("{gyp}binding.gyp")), None);
    assert_eq!(json(&format!("{gyp}package.json"))["gypfile"], false);
    let left_out: Vec<&Value> =
        record["left_out"].as_array().unwrap().iter().map(|one| &one["path"]).collect();
    assert_eq!(left_out, [&json!(format!("{gyp}binding.gyp"))]);
    assert_eq!(text("lib/binding.gyp"), Some("{}"), "of no package");
    assert_eq!(record["result"]["files"], files.len(), "{record:#}");
}

/// Nobody can tell what npm would make of it.
#[test]
fn a_manifest_inside_that_can_not_be_read_is_refused() {
    if builders().is_empty() {
        return;
    }
    let bench = Bench::new(User::This);
    let manifest = json!({ "scripts": { "postinstall": "echo '{' > node_modules/inner/package.json" }, "bundleDependencies": ["inner"], "dependencies": { "inner": "1.0.0" } });
    bench.publish("bund", &manifest, INSIDE);
    let ran = bench.run(&["build", "bund", "--out", "out"]);
    assert!(ran.code == 2 && ran.err.contains("node_modules/inner/package.json"), "{} {}", ran.code, ran.err);
    assert_eq!(bench.names("project/out"), [""; 0]);
}

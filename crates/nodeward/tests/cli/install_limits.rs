//! What scripts may use up, and what is left where they fail: `node_modules` as it was. As root and as an ordinary
//! user; first without confinement, to see that they work.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use crate::exec::users;
use crate::installed::Project;

/// What uses up more than is given, and makes a file when it has.
const GREEDY: &[(&str, &str)] = &[
    ("fills-disk", "dd if=/dev/zero of=big bs=1M count=60 2> /dev/null && rm big && echo made > made"),
    (
        "fills-memory",
        "node -e 'const kept = []; for (let i = 0; i < 60; i++) kept.push(Buffer.alloc(10 << 20, i)); setTimeout(() => require(\"fs\").writeFileSync(\"made\", \"\"), 600)'",
    ),
    ("fills-processes", "for i in $(seq 80); do sleep 1.5 & done; wait; echo made > made"),
    ("takes-long", "sleep 8; echo made > made"),
    ("fails", "rm -rf lib; echo made > made; exit 3"),
    (
        "downloads",
        "echo made > made; node -e 'require(\"net\").connect(80, \"192.0.2.1\").on(\"error\", () => process.exit(7))'",
    ),
];

#[test]
fn what_takes_too_much_is_ended_and_leaves_nothing() {
    for user in users() {
        let packages: Vec<_> = GREEDY
            .iter()
            .map(|(name, script)| (*name, json!({ "install": script }), &[("lib/index.js", "kept")][..]))
            .collect();
        let project = Project::with(user, &packages, &[]);
        for (name, script) in &GREEDY[..4] {
            project.plain(name, script);
            let made = project.path(&format!("p/node_modules/{name}/made"));
            assert!(made.exists(), "{name} does not work unconfined");
            std::fs::remove_file(made).unwrap();
        }
        let before = project.modules();
        let names: Vec<&str> = GREEDY.iter().flat_map(|(name, _)| ["--allow", name]).collect();
        let limits = ["--time", "5s", "--memory", "300m", "--disk", "20m", "--processes", "40"];
        let (code, text, report) =
            project.install_with(&[&names[..], &["--reason", "a trial"], &limits].concat());
        assert_eq!(code, Some(2), "{user:?}: {text}");
        let done: Vec<_> =
            report["packages"].as_array().unwrap().iter().map(|one| one["done"].as_bool().unwrap()).collect();
        assert_eq!(done, [false; GREEDY.len()], "{user:?}: {text}");
        assert_eq!(before, project.modules(), "{user:?}: {text}");
        for (name, _) in GREEDY {
            assert!(text.contains(&format!("{name}@1.0.0 install: ")), "{name}: {text}");
        }
    }
}

/// The folder with Node.js's headers in `include/node`, without which node-gyp reads nothing.
#[expect(clippy::print_stderr, reason = "what is absent is said")]
fn headers() -> Option<PathBuf> {
    let prefix =
        Command::new("node").args(["-p", "path.dirname(path.dirname(process.execPath))"]).output().ok()?;
    let prefix = PathBuf::from(String::from_utf8(prefix.stdout).ok()?.trim());
    let has_headers = prefix.join("include/node/node.h").is_file();
    if !has_headers {
        eprintln!("skipped: Node.js came without its headers");
    }
    has_headers.then_some(prefix)
}

/// `binding.gyp` runs commands while it is read, and stands in no manifest.
#[test]
fn commands_in_a_build_file_are_confined_for_everybody() {
    let has_npm = Command::new("npm").arg("--version").output().is_ok_and(|output| output.status.success());
    let Some(headers) = headers().filter(|_| has_npm) else { return };
    let gyp = "{ 'targets': [{ 'target_name': 'x', 'type': 'none', 'sources': ['<!(node index.js)'] }] }";
    let evil = "try { require('fs').writeFileSync('../canary', 'ran') } catch {} console.log('index.js');";
    for user in users() {
        let files = [("binding.gyp", gyp), ("index.js", evil)];
        let project = Project::with(user, &[("gyp", json!({}), &files)], &[]);
        let mut npm = project.command("npm");
        npm.args(["rebuild", "--foreground-scripts", "--offline"]).env("npm_config_nodedir", &headers);
        npm.output().unwrap();
        assert!(project.path("p/node_modules/canary").exists(), "{user:?}");
        let project = Project::with(user, &[("gyp", json!({}), &files)], &[]);
        let (_, text, report) = project.install_with(&["--allow", "gyp", "--reason", "a trial"]);
        assert!(!project.path("p/node_modules/canary").exists(), "{user:?}: {text}");
        let events = report["packages"][0]["scripts"][0]["events"].as_array().unwrap();
        let told = events.iter().any(|event| {
            event["fate"] == "denied" && event["subject"].as_str().unwrap().ends_with("/canary")
        });
        assert!(told, "{user:?}: {text}");
    }
}

//! What a start knows from an earlier one: asked again where anything changed, and never believed.

#![cfg(target_os = "linux")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::Ran;
use crate::nodes::nodes;
use crate::run::{App, assert_not_started, of};

const MAIN: &str = "console.log(process.version, require('./listed.js'));\n";

/// A cache of one test and one Node.js.
struct Cache(PathBuf);

impl Cache {
    fn new(app: &App, version: u32) -> Self {
        Self(app.path(&format!("cache-{version}")))
    }

    fn file(&self) -> PathBuf {
        self.0.join("programs.json")
    }

    /// What is known of the only program that has a version.
    fn program(&self) -> Value {
        let kept: Value = serde_json::from_slice(&std::fs::read(self.file()).unwrap()).unwrap();
        let programs = kept["programs"].as_array().unwrap();
        programs.iter().find(|program| program["version"].is_string()).unwrap().clone()
    }

    /// Writes down something else of it.
    fn forge(&self, change: impl FnOnce(&mut Value)) {
        let mut program = self.program();
        change(&mut program);
        let kept = serde_json::json!({"schema": "nodeward.programs/1", "programs": [program]});
        std::fs::write(self.file(), kept.to_string()).unwrap();
    }

    fn run(&self, app: &App, node: &Path, options: &[&str]) -> Ran {
        of(app.guarded(node, options, &["app.js"]).env("NODEWARD_CACHE", &self.0))
    }
}

fn other(version: u32) -> String {
    format!("v{version}.99.0")
}

#[test]
fn a_version_is_kept_and_a_forged_one_refused() {
    let app = App::new(MAIN);
    for (version, node) in nodes() {
        let cache = Cache::new(&app, version);
        let first = cache.run(&app, &node, &[]);
        assert_eq!(first.code, 0, "Node.js {version}: {}", first.err);
        let program = cache.program();
        assert!(first.out.starts_with(program["version"].as_str().unwrap()), "{program}: {}", first.out);
        assert!(program["libraries"]["files"].as_array().is_some_and(|files| files.len() > 3), "{program}");
        let before = std::fs::metadata(cache.file()).unwrap().modified().unwrap();
        assert_eq!(cache.run(&app, &node, &[]).out, first.out);
        let after = std::fs::metadata(cache.file()).unwrap().modified().unwrap();
        assert_eq!(before, after, "Node.js {version}: nothing is new");

        cache.forge(|program| program["version"] = other(version).into());
        let ran = cache.run(&app, &node, &[]);
        assert_not_started(&ran, &other(version), version);
        assert!(ran.err.contains(&format!("remove {}", cache.file().display())), "{}", ran.err);
        std::fs::remove_file(cache.file()).unwrap();
        assert_eq!(cache.run(&app, &node, &[]).out, first.out);
    }
}

#[test]
fn a_changed_node_is_asked_again() {
    let app = App::new(MAIN);
    for (version, node) in nodes() {
        let cache = Cache::new(&app, version);
        let first = cache.run(&app, &node, &[]);
        let right = cache.program();
        // Each part of what it is known by.
        for part in 0..7 {
            cache.forge(|program| {
                program["version"] = other(version).into();
                program["identity"][part] = (program["identity"][part].as_i64().unwrap() + 1).into();
            });
            let ran = cache.run(&app, &node, &[]);
            assert_eq!((ran.code, &ran.out), (0, &first.out), "Node.js {version} {part}: {}", ran.err);
            assert_eq!(cache.program(), right, "Node.js {version} {part}");
        }
        for library in ["/libraries/cache/5", "/libraries/files/0/1/5"] {
            cache.forge(|program| *program.pointer_mut(library).unwrap() = 1.into());
            let ran = cache.run(&app, &node, &[]);
            assert_eq!((ran.code, &ran.out), (0, &first.out), "Node.js {version}: {}", ran.err);
            assert_eq!(cache.program(), right, "Node.js {version} {library}");
        }
    }
}

#[test]
fn what_others_can_write_is_not_believed() {
    let app = App::new(MAIN);
    app.write("nodeward.toml", "");
    for (version, node) in nodes() {
        let cache = Cache::new(&app, version);
        let first = cache.run(&app, &node, &[]);
        cache.forge(|program| program["version"] = other(version).into());
        // The program itself, for one.
        let ran = cache.run(&app, &node, &["--write", cache.0.to_str().unwrap()]);
        assert_eq!((ran.code, &ran.out), (0, &first.out), "Node.js {version}: {}", ran.err);
        std::fs::set_permissions(&cache.0, std::fs::Permissions::from_mode(0o777)).unwrap();
        let ran = cache.run(&app, &node, &[]);
        assert_eq!((ran.code, &ran.out), (0, &first.out), "Node.js {version}: {}", ran.err);
    }
}

#[test]
fn a_forged_list_of_libraries_opens_no_other_file() {
    let app = App::new(
        "try { console.log(require('fs').readFileSync('secret.txt', 'utf8')); } catch (error) { console.log(error.code); }\n\
         require('./listed.js');\n",
    );
    app.write("secret.txt", "a password");
    for (version, node) in nodes() {
        let cache = Cache::new(&app, version);
        assert_eq!(cache.run(&app, &node, &[]).out, "EACCES\n");
        cache.forge(|program| {
            use std::os::unix::fs::MetadataExt as _;
            let of = std::fs::metadata(app.path("secret.txt")).unwrap();
            let identity = serde_json::json!([
                of.dev(),
                of.ino(),
                of.size(),
                of.mtime(),
                of.mtime_nsec(),
                of.ctime(),
                of.ctime_nsec()
            ]);
            let files = program["libraries"]["files"].as_array_mut().unwrap();
            files.push(serde_json::json!([app.path("secret.txt"), identity]));
        });
        let ran = cache.run(&app, &node, &[]);
        assert_eq!((ran.code, &*ran.out), (0, "EACCES\n"), "Node.js {version}: {}", ran.err);
    }
}

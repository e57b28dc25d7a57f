//! Packages whose folders are nested thousands deep, with few files that may be open: they are copied, put in place and
//! removed all the same, or left as they were.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::exec::{User, users};
use crate::installed::{Package, Project, text};

/// Makes so many folders, one in the other, with a file in the last.
fn nest(depth: usize) -> String {
    format!(
        "node -e \"for (let i = 0; i < {depth}; i++) {{ fs.mkdirSync('d'); process.chdir('d') }} fs.writeFileSync('file', '')\""
    )
}

/// Removes a project that is too deep for anything else.
struct Deep(Project);

impl Deep {
    fn new(user: User, package: Package<'_>) -> Self {
        Self(Project::with(user, &[package], &[]))
    }

    /// Installs with 64 open files at most.
    fn install(&self) -> (Option<i32>, String, Value) {
        let project = &self.0;
        project.own();
        let mut command = project.command("sh");
        let binary = project.binary.display();
        command.args([
            "-c",
            &format!("ulimit -n 64; exec {binary} install --scripts-only --report ../report.json"),
        ]);
        let (code, text) = text(command.output().unwrap());
        (code, text, serde_json::from_str(&project.read("report.json").unwrap()).unwrap())
    }

    /// The names in `node_modules` but for notes of ours.
    fn modules(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path("p/node_modules")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name != ".nodeward-installed.json").collect();
        names.sort();
        names
    }

    fn depth(&self) -> usize {
        let mut at: PathBuf = self.0.path("p/node_modules/deep");
        (0..)
            .find(|_| {
                at.push("d");
                !at.exists()
            })
            .unwrap()
    }
}

impl Drop for Deep {
    fn drop(&mut self) {
        Command::new("rm").arg("-rf").arg(self.0.folder.path()).status().unwrap();
    }
}

#[test]
fn a_deep_folder_that_a_script_makes_goes_with_the_copy_or_is_kept() {
    for user in users() {
        let made = nest(2100);
        for (script, expected, depth, told) in [
            (format!("{made}; exit 3"), 2, 0, "failed with exit code 3"),
            (made, 2, 0, "nested so deeply"),
            (nest(30), 0, 30, ""),
        ] {
            let deep = Deep::new(user, ("deep", json!({ "postinstall": script }), &[]));
            deep.0.allow("deep");
            let (code, text, report) = deep.install();
            assert_eq!(code, Some(expected), "{user:?}: {text}");
            // What is nested so deeply that it can't be counted ends a script that takes long enough for two looks.
            let is_ended = depth == 0 && text.contains("can't be looked into");
            assert!(is_ended || text.contains(told), "{user:?}: {text}");
            assert_eq!(report["packages"][0]["done"], expected == 0, "{report:#}");
            assert_eq!((deep.modules(), deep.depth()), (vec!["deep".to_owned()], depth), "{user:?}: {text}");
        }
    }
}

#[test]
fn a_deep_package_is_copied_and_its_original_goes() {
    if users().is_empty() {
        return;
    }
    let deep = Deep::new(User::This, ("deep", json!({ "postinstall": "echo x > made" }), &[]));
    deep.0.allow("deep");
    deep.0.plain("deep", &nest(1100));
    let (code, text, _) = deep.install();
    assert_eq!(code, Some(0), "{text}");
    assert_eq!((deep.modules(), deep.depth()), (vec!["deep".to_owned()], 1100));
    assert_eq!(deep.0.read("p/node_modules/deep/made").unwrap(), "x\n");
}

#[test]
fn folders_without_rights_go_too() {
    for user in users() {
        let script = "mkdir -p a/b/c; touch a/b/c/file; chmod 0 a/b/c a/b a; exit 3";
        let deep = Deep::new(user, ("shut", json!({ "postinstall": script }), &[]));
        deep.0.allow("shut");
        let (code, text, _) = deep.install();
        assert_eq!(code, Some(2), "{user:?}: {text}");
        assert_eq!(deep.modules(), ["shut"], "{user:?}: {text}");
    }
}

//! A project that was installed with scripts off, for the tests of `nodeward install`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::exec::{User, as_user};

/// A project in a folder beside a house with secrets.
pub(crate) struct Project {
    pub(crate) folder: TempDir,
    user: User,
    pub(crate) binary: PathBuf,
}

/// A package: its name, its scripts, and its files by name and text.
pub(crate) type Package<'p> = (&'p str, Value, &'p [(&'p str, &'p str)]);

impl Project {
    pub(crate) fn new(packages: &[Package<'_>]) -> Self {
        Self::with(User::This, packages, &[])
    }

    /// With packages that require others.
    pub(crate) fn with(user: User, packages: &[Package<'_>], edges: &[(&str, &str)]) -> Self {
        // Not in `/tmp`, which is another one for scripts, so that less can be told of it.
        let folder = tempfile::tempdir_in("/var/tmp").unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let binary = match user {
            User::This => env!("CARGO_BIN_EXE_nodeward").into(),
            // Where nobody may look into the folder that the binary was built in.
            User::Nobody => folder.path().join("nodeward"),
        };
        if user == User::Nobody {
            // By another process: one that this starts meanwhile would hold the copy open for writing.
            let copied =
                Command::new("cp").arg(env!("CARGO_BIN_EXE_nodeward")).arg(&binary).status().unwrap();
            assert!(copied.success());
        }
        let project = Self { folder, user, binary };
        let mut locked = Map::new();
        let (mut wanted, mut optional) = (Map::new(), Map::new());
        for (name, scripts, files) in packages {
            let required = edges.iter().filter(|(from, _)| from == name);
            let required = required.map(|(_, to)| ((*to).to_owned(), Value::from("1.0.0")));
            let (wishes, required): (Map<_, _>, Map<_, _>) =
                required.partition(|(to, _)| to.starts_with("optional"));
            let manifest = json!({
                "name": name, "version": "1.0.0", "scripts": scripts,
                "dependencies": required, "optionalDependencies": wishes,
            });
            project.write(&format!("p/node_modules/{name}/package.json"), &manifest.to_string());
            for (file, text) in *files {
                project.write(&format!("p/node_modules/{name}/{file}"), text);
            }
            let is_gyp = files.iter().any(|(file, _)| *file == "binding.gyp");
            let runs = is_gyp || scripts.as_object().is_some_and(|scripts| !scripts.is_empty());
            let mut entry =
                json!({ "version": "1.0.0", "dependencies": required, "optionalDependencies": wishes });
            if runs {
                entry["hasInstallScript"] = true.into();
            }
            let is_optional = name.starts_with("optional");
            if is_optional {
                entry["optional"] = true.into();
            }
            locked.insert(format!("node_modules/{name}"), entry);
            let wanted = if is_optional { &mut optional } else { &mut wanted };
            wanted.insert((*name).to_owned(), "1.0.0".into());
        }
        let manifest = json!({ "name": "p", "version": "1.0.0", "dependencies": wanted, "optionalDependencies": optional });
        locked.insert(String::new(), manifest.clone());
        project.write("p/package.json", &manifest.to_string());
        let lockfile = json!({ "name": "p", "version": "1.0.0", "lockfileVersion": 3, "packages": locked });
        project.write("p/package-lock.json", &lockfile.to_string());
        project.write("house/.npmrc", "canary");
        project.own();
        project
    }

    /// All of it is its user's.
    pub(crate) fn own(&self) {
        if self.user == User::Nobody {
            let owned =
                Command::new("chown").args(["-hR", "65534:65534"]).arg(self.folder.path()).status().unwrap();
            assert!(owned.success());
        }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let file = self.path(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    /// Has the lockfile say this of a folder.
    pub(crate) fn lock(&self, folder: &str, entry: Value) {
        let mut lockfile: Value = serde_json::from_str(&self.read("p/package-lock.json").unwrap()).unwrap();
        lockfile["packages"][folder] = entry;
        self.write("p/package-lock.json", &lockfile.to_string());
    }

    pub(crate) fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.path(path)).ok()
    }

    /// A program that its user starts in its folder.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = as_user(self.user, program);
        command.current_dir(self.path("p")).env("HOME", self.path("house"));
        command
            .env("NODEWARD_CACHE", self.path("house/cache"))
            .env("SECRET_TOKEN", "canary")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn nodeward(&self, arguments: &[&str]) -> (Option<i32>, String) {
        self.own();
        text(self.command(&self.binary).args(arguments).output().unwrap())
    }

    pub(crate) fn allow(&self, name: &str) {
        let (code, text) = self.nodeward(&["install-scripts", "--allow", name, "--reason", "a trial"]);
        assert_eq!(code, Some(0), "{text}");
    }

    pub(crate) fn install(&self) -> (Option<i32>, String, Value) {
        self.install_with(&[])
    }

    pub(crate) fn install_with(&self, arguments: &[&str]) -> (Option<i32>, String, Value) {
        let all = [&["install", "--scripts-only", "--report", "../report.json"], arguments].concat();
        let (code, text) = self.nodeward(&all);
        let report = self.read("report.json").and_then(|text| serde_json::from_str(&text).ok());
        (code, text, report.unwrap_or_default())
    }

    /// Runs a script as npm would, unconfined.
    pub(crate) fn plain(&self, name: &str, script: &str) {
        let mut command = self.command("sh");
        command.args(["-c", script]).current_dir(self.path(&format!("p/node_modules/{name}")));
        command.env("npm_package_name", name);
        assert!(command.status().unwrap().success());
    }

    /// The names of all files and folders of `node_modules`, with what the files hold; but for notes of ours.
    pub(crate) fn modules(&self) -> Vec<(PathBuf, Option<Vec<u8>>)> {
        let (mut found, mut open) = (Vec::new(), vec![self.path("p/node_modules")]);
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.ends_with(".nodeward-installed.json") {
                    continue;
                }
                if path.symlink_metadata().unwrap().is_dir() {
                    open.push(path.clone());
                }
                found.push((path.clone(), fs::read(path).ok()));
            }
        }
        found.sort();
        found
    }
}

pub(crate) fn text(output: Output) -> (Option<i32>, String) {
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

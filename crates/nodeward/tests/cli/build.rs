//! `nodeward build`: a release from a registry, its scripts confined, and what comes out. What a script is said to do
//! here it does where it runs unconfined: that is tried first, with the attacks.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nodeward_package::Integrity;
use nodeward_package::tarball::{Limits, Writer, read};
use nodeward_testkit::{Reply, Upstream};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::exec::{User, as_user, users};
use crate::harness::Ran;

/// A registry, and a machine with a project and a house with secrets.
pub(crate) struct Bench {
    folder: TempDir,
    pub(crate) upstream: Upstream,
    user: User,
    pub(crate) binary: PathBuf,
}

/// Files by name and text.
pub(crate) type Files<'f> = &'f [(&'f str, &'f str)];

impl Bench {
    pub(crate) fn new(user: User) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let upstream = Upstream::start();
        let root = folder.path();
        for path in ["house/.ssh", "project/.git/hooks", "temporary"] {
            fs::create_dir_all(root.join(path)).unwrap();
        }
        let settings =
            format!("registry={}\n//{}/:_authToken=canary\n", upstream.url("/"), upstream.address());
        fs::write(root.join("house/.npmrc"), settings).unwrap();
        fs::write(root.join("house/.ssh/id_rsa"), "canary").unwrap();
        fs::write(root.join("project/package.json"), r#"{"name": "p", "version": "1.0.0"}"#).unwrap();
        let mut binary = PathBuf::from(env!("CARGO_BIN_EXE_nodeward"));
        if user == User::Nobody {
            // Where nobody may look. By another process: one that this starts meanwhile would hold the copy open.
            let copied = Command::new("cp").arg(&binary).arg(root.join("nodeward")).status().unwrap();
            assert!(copied.success());
            binary = root.join("nodeward");
        }
        fs::set_permissions(root, fs::Permissions::from_mode(0o755)).unwrap();
        let bench = Self { folder, upstream, user, binary };
        bench.own();
        bench
    }

    /// Gives all of it to its user.
    fn own(&self) {
        if self.user == User::Nobody {
            let owned = Command::new("chown").args(["-R", "65534:65534"]).arg(self.folder.path()).status();
            assert!(owned.unwrap().success());
        }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(path), text).unwrap();
        self.own();
    }

    pub(crate) fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.path(path)).ok()
    }

    /// Publishes version 1.0.0 of a package, packed as npm packs.
    pub(crate) fn publish(&self, name: &str, manifest: &Value, files: Files<'_>) -> Vec<u8> {
        let bytes = packed(name, "1.0.0", manifest, files);
        self.serve(name, manifest, &bytes, &Integrity::of(&bytes).to_string());
        bytes
    }

    /// Publishes these versions of a package, the last as `latest`.
    pub(crate) fn publish_all(&self, name: &str, versions: &[(&str, Value, Files<'_>)]) {
        let mut releases = serde_json::Map::new();
        for (version, manifest, files) in versions {
            let bytes = packed(name, version, manifest, files);
            let file = format!("/{name}/-/{}-{version}.tgz", name.rsplit('/').next().unwrap());
            let mut release = manifest.clone();
            release["name"] = name.into();
            release["version"] = (*version).into();
            release["dist"] = json!({ "tarball": self.upstream.url(&file), "integrity": Integrity::of(&bytes).to_string() });
            releases.insert((*version).to_owned(), release);
            self.upstream.on(&file, Reply::Body(bytes));
        }
        let latest = versions.last().map(|(version, ..)| *version);
        let packument = json!({ "name": name, "dist-tags": { "latest": latest }, "versions": releases });
        let at = format!("/{}", name.replace('/', "%2f"));
        self.upstream.on(&at, Reply::Body(packument.to_string().into_bytes()));
    }

    /// Serves these bytes as version 1.0.0.
    pub(crate) fn serve(&self, name: &str, manifest: &Value, bytes: &[u8], integrity: &str) {
        let file = format!("/{name}/-/{}-1.0.0.tgz", name.rsplit('/').next().unwrap());
        let mut release = manifest.clone();
        release["name"] = name.into();
        release["version"] = "1.0.0".into();
        release["dist"] = json!({ "tarball": self.upstream.url(&file), "integrity": integrity });
        let packument =
            json!({ "name": name, "dist-tags": { "latest": "1.0.0" }, "versions": { "1.0.0": release } });
        let at = format!("/{}", name.replace('/', "%2f"));
        self.upstream.on(&at, Reply::Body(packument.to_string().into_bytes()));
        self.upstream.on(&file, Reply::Body(bytes.to_owned()));
    }

    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>, folder: &str) -> Command {
        let mut command = as_user(self.user, program);
        command.current_dir(self.path(folder)).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.path("house")).env("NODEWARD_CACHE", self.path("house/cache"));
        command.env("TMPDIR", self.path("temporary")).env("SECRET_TOKEN", "canary");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(&self.binary, "project").args(arguments).output().unwrap())
    }

    /// Builds, and gives the record.
    pub(crate) fn build(&self, arguments: &[&str]) -> (Ran, Value) {
        let ran = self.run(&[&["build", "--format", "json"], arguments].concat());
        let record = serde_json::from_str(&ran.out).unwrap_or_default();
        (ran, record)
    }

    /// The files that are in a folder, sorted.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).into_iter().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// What a tarball holds.
    pub(crate) fn unpacked(&self, path: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        read(&fs::read(self.path(path)).unwrap()[..], Limits::PACKAGE, &mut |member, from| {
            let mut text = Vec::new();
            std::io::copy(from, &mut text)?;
            found.push((member.path.clone(), String::from_utf8_lossy(&text).into_owned()));
            Ok(())
        })
        .unwrap();
        found
    }
}

fn packed(name: &str, version: &str, manifest: &Value, files: Files<'_>) -> Vec<u8> {
    let mut manifest = manifest.clone();
    manifest["name"] = name.into();
    manifest["version"] = version.into();
    let text = manifest.to_string();
    let mut writer = Writer::new(Vec::new());
    for (path, text) in [&[("package.json", &*text)], files].concat() {
        writer.add(path, path.starts_with("bin/"), text.len() as u64, text.as_bytes()).unwrap();
    }
    writer.finish().unwrap()
}

/// Nobody where namespaces are forbidden or npm is absent, which is said.
#[expect(clippy::print_stderr, reason = "what is absent is said")]
pub(crate) fn builders() -> Vec<User> {
    if !Command::new("npm").arg("--version").output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no npm, which gets dependencies");
        return Vec::new();
    }
    users()
}

/// A package that makes, changes and removes files, as native ones do.
fn publish_native(bench: &Bench) {
    let make = "const fs = require('fs');
        fs.mkdirSync('build');
        fs.writeFileSync('build/out.js', 'module.exports = ' + JSON.stringify(require('helper')) + ';');
        fs.appendFileSync('changed.txt', 'more');
        fs.unlinkSync('gone.txt');
        fs.symlinkSync('../changed.txt', 'build/link.txt');
        fs.symlinkSync('/etc/passwd', 'build/leads-out');
        console.log('made it');";
    let manifest = json!({
        "main": "build/out.js",
        "scripts": { "preinstall": "echo 1", "install": "node make.js", "test": "echo test" },
        "gypfile": true,
        "dependencies": { "helper": "^1.0.0" },
    });
    let files = [("binding.gyp", "{}"), ("changed.txt", "text"), ("gone.txt", ""), ("make.js", make)];
    bench.publish("@s/native", &manifest, &files);
    let scripts = json!({ "scripts": { "postinstall": "echo x > ran" } });
    bench.publish("helper", &scripts, &[("index.js", "module.exports = 'help';")]);
}

#[test]
fn a_release_is_built_into_a_tarball_that_runs_nothing() {
    for user in builders() {
        let bench = Bench::new(user);
        publish_native(&bench);
        let (ran, record) = bench.build(&["@s/native@1.0.0", "--out", "out"]);
        assert_eq!(ran.code, 0, "{user:?}: {}", ran.err);
        assert!(ran.err.contains("helper@1.0.0, which it depends on, has install scripts; they are not run"));
        assert_eq!(bench.names("project/out"), ["s-native-1.0.0.build.json", "s-native-1.0.0.tgz"]);
        assert_eq!(bench.read("project/out/s-native-1.0.0.build.json").unwrap(), ran.out, "the same record");
        // What is packed.
        let files = bench.unpacked("project/out/s-native-1.0.0.tgz");
        let paths: Vec<&str> = files.iter().map(|(path, _)| &**path).collect();
        assert_eq!(paths, ["build/link.txt", "build/out.js", "changed.txt", "make.js", "package.json"]);
        assert_eq!(files[0].1, "textmore", "the file behind the link");
        let manifest: Value = serde_json::from_str(&files[4].1).unwrap();
        assert_eq!(manifest["scripts"], json!({ "test": "echo test" }));
        assert_eq!(manifest["gypfile"], false);
        let built = &manifest["nodeward"]["built"];
        assert_eq!(built["scripts"], json!({ "preinstall": "echo 1", "install": "node make.js" }));
        assert_eq!((&built["from"], &built["gypfile"]), (&record["package"]["integrity"], &json!(true)));
        // What is told.
        let changes: Vec<Value> = record["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| json!([file["path"], file["change"], file["packed"]]))
            .collect();
        assert_eq!(
            Value::from(changes),
            json!([
                ["build/leads-out", "added", false],
                ["build/link.txt", "added", true],
                ["build/out.js", "added", true],
                ["changed.txt", "changed", true],
                ["gone.txt", "removed", false],
            ])
        );
        let left_out: Vec<&str> = record["left_out"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file["path"].as_str().unwrap())
            .collect();
        assert_eq!(left_out, ["binding.gyp", "build/leads-out"]);
        assert_eq!(record["scripts"][1]["written"], "made it\n");
        assert_eq!(record["dependencies"][0]["folder"], "node_modules/helper");
        assert_eq!(record["dependencies"][0]["has_scripts"], true);
        assert_eq!(record["package"]["vouched"], json!(["registry"]));
        assert_eq!(record["machine"]["os"], "linux");
        assert!(bench.names("temporary").is_empty(), "{:?}", bench.names("temporary"));
        loads(&bench, "project/out/s-native-1.0.0.tgz");
    }
}

/// Installs a tarball as anybody would, scripts on and off, and loads it.
fn loads(bench: &Bench, tarball: &str) {
    for (at, option) in ["--ignore-scripts=false", "--ignore-scripts"].into_iter().enumerate() {
        let folder = format!("user{at}");
        fs::create_dir(bench.path(&folder)).unwrap();
        bench.write(&format!("{folder}/package.json"), "{}");
        let mut npm = bench.command("npm", &folder);
        npm.args(["install", "--audit=false", "--fund=false", option]).arg(bench.path(tarball));
        let installed = npm.output().unwrap();
        assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
        let mut node = bench.command("node", &folder);
        let loaded = node.args(["-p", "require('@s/native')"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&loaded.stdout), "help\n", "{option}");
        let lockfile = bench.read(&format!("{folder}/package-lock.json")).unwrap();
        let own =
            lockfile.split("node_modules/@s/native").nth(1).unwrap().split("node_modules/").next().unwrap();
        assert!(!own.contains("hasInstallScript"), "{own}");
        assert!(
            bench.names(&format!("{folder}/node_modules/@s/native/build")).contains(&"out.js".to_owned())
        );
    }
}

#[test]
fn what_the_registry_gives_has_to_be_what_was_promised() {
    if builders().is_empty() {
        return;
    }
    let bench = Bench::new(User::This);
    let manifest = json!({ "scripts": { "install": "echo x > made" } });
    let bytes = bench.publish("other", &manifest, &[("a.js", "")]);
    let right = Integrity::of(&bytes).to_string();
    let sha1 = "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=";
    for (integrity, why) in [
        (Integrity::of(b"another").to_string(), "the tarball is another one"),
        (sha1.to_owned(), "no integrity to hold the tarball against"),
        (String::new(), "no integrity to hold the tarball against"),
    ] {
        bench.serve("other", &manifest, &bytes, &integrity);
        let ran = bench.run(&["build", "other", "--out", "out"]);
        assert!(ran.code == 2 && ran.err.contains(why), "{integrity}: {} {}", ran.code, ran.err);
    }
    // What the project is locked to counts as well.
    bench.serve("other", &manifest, &bytes, &right);
    let locked = |integrity: &str| {
        let entry = json!({ "version": "1.0.0", "resolved": bench.upstream.url("/other/-/other-1.0.0.tgz"), "integrity": integrity });
        json!({ "name": "p", "version": "1.0.0", "lockfileVersion": 3, "packages": { "": { "name": "p", "dependencies": { "other": "1.0.0" } }, "node_modules/other": entry } }).to_string()
    };
    bench.write("project/package-lock.json", locked(&Integrity::of(b"another").to_string()));
    let ran = bench.run(&["build", "other", "--out", "out"]);
    assert!(ran.code == 2 && ran.err.contains("as the lockfile has it"), "{}", ran.err);
    bench.write("project/package-lock.json", locked(&right));
    let (ran, record) = bench.build(&["other", "--out", "out"]);
    assert_eq!(
        (ran.code, &record["package"]["vouched"]),
        (0, &json!(["registry", "lockfile"])),
        "{}",
        ran.err
    );
    // One that cannot be read promises nothing, and nobody knows what.
    bench.write("project/package-lock.json", "{");
    let ran = bench.run(&["build", "other", "--out", "out2"]);
    assert!(ran.code == 2 && bench.names("project/out2").is_empty(), "{}", ran.err);
}

#[test]
fn a_tarball_that_is_not_as_it_should_be_is_refused() {
    if builders().is_empty() {
        return;
    }
    let bench = Bench::new(User::This);
    let manifest = json!({ "scripts": { "install": "echo x > made" } });
    let text = r#"{"name": "evil", "version": "1.0.0", "scripts": {"install": "echo x > made"}}"#;
    let hostile = |name: &str, kind: tar::EntryType| {
        let mut archive =
            tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        for (name, kind, bytes) in [("package/package.json", tar::EntryType::Regular, text), (name, kind, "")]
        {
            let mut header = tar::Header::new_ustar();
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.as_old_mut().linkname[..11].copy_from_slice(b"/etc/passwd");
            header.set_entry_type(kind);
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            archive.append(&header, bytes.as_bytes()).unwrap();
        }
        archive.into_inner().unwrap().finish().unwrap()
    };
    let whole = packed("evil", "1.0.0", &manifest, &[("a.js", &"text ".repeat(1000))]);
    for (bytes, why) in [
        (hostile("package/../../../escaped", tar::EntryType::Regular), "leads out of the package"),
        (hostile("/escaped", tar::EntryType::Regular), "leads out of the package"),
        (hostile("package/link", tar::EntryType::Symlink), "a symbolic link"),
        (hostile("package/link", tar::EntryType::Link), "a hard link"),
        (hostile("package/null", tar::EntryType::Char), "a device"),
        (hostile("package/package.json", tar::EntryType::Regular), "twice"),
        (whole[..whole.len() / 2].to_owned(), "cannot be unpacked"),
        (b"no tarball".to_vec(), "cannot be unpacked"),
        (packed("another", "1.0.0", &manifest, &[]), "its tarball says that it is another release"),
    ] {
        let why = why.replace("cannot", "can't");
        bench.serve("evil", &manifest, &bytes, &Integrity::of(&bytes).to_string());
        let ran = bench.run(&["build", "evil", "--out", "out"]);
        assert!(ran.code == 2 && ran.err.contains(&why), "{why}: {} {}", ran.code, ran.err);
        assert!(bench.names("project/out").is_empty() && bench.names("temporary").is_empty(), "{why}");
        assert!(!bench.path("escaped").exists() && !Path::new("/escaped").exists());
    }
    // One that says that it has a gigabyte is not waited for.
    let file = "/evil/-/evil-1.0.0.tgz";
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n".to_vec();
    let pause = std::time::Duration::from_millis(5);
    bench.upstream.on(file, Reply::Endless { start: head, again: vec![0; 1024], pause });
    let ran = bench.run(&["build", "evil", "--out", "out"]);
    assert!(ran.code == 2 && ran.err.contains("the answer is larger than"), "{}", ran.err);
}

#[test]
fn a_build_that_fails_leaves_nothing_and_gives_the_code_of_its_script() {
    if builders().is_empty() {
        return;
    }
    let bench = Bench::new(User::This);
    let script =
        json!({ "scripts": { "preinstall": "echo x > made", "install": "echo because >&2; exit 7" } });
    bench.publish("fails", &script, &[]);
    let (ran, record) = bench.build(&["fails", "--out", "out"]);
    assert!(ran.code == 7 && ran.err.contains("because"), "{} {}", ran.code, ran.err);
    assert!(ran.err.contains("fails@1.0.0: its scripts failed; nothing was written"), "{}", ran.err);
    assert_eq!((&record["result"], &record["scripts"][1]["report"]["code"]), (&Value::Null, &json!(7)));
    assert!(!bench.path("project/out").exists() && bench.names("temporary").is_empty());
    // Nor one that is interrupted.
    bench.publish("slow", &json!({ "scripts": { "install": "echo x > started; sleep 60" } }), &[]);
    let mut command = bench.command(&bench.binary, "project");
    let mut child = command.args(["build", "slow", "--out", "out"]).stderr(Stdio::null()).spawn().unwrap();
    let is_running = || {
        bench
            .names("temporary")
            .iter()
            .any(|name| bench.path(&format!("temporary/{name}/package/started")).exists())
    };
    let started = std::time::Instant::now();
    while !is_running() {
        assert!(started.elapsed().as_secs() < 120, "it does not start");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let stopped = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(stopped.success() && !child.wait().unwrap().success());
    assert!(!bench.path("project/out").exists() && bench.names("temporary").is_empty());
    // What the project denies is not built.
    bench.write("project/nodeward.toml", "[[install.deny]]\npackage = \"fails\"\nreason = \"it does\"\n");
    let ran = bench.run(&["build", "fails"]).expect(2);
    assert!(ran.err.contains("the scripts of fails are denied: it does"), "{}", ran.err);
}

#[test]
fn npm_is_the_machines_and_gets_dependencies_whatever_the_settings_say() {
    if builders().is_empty() {
        return;
    }
    let bench = Bench::new(User::This);
    publish_native(&bench);
    let bin = bench.path("project/node_modules/.bin");
    fs::create_dir_all(&bin).unwrap();
    for name in ["npm", "node"] {
        fs::write(bin.join(name), "#!/bin/sh\necho \"$0\" >> \"$HOME/ran\"\n").unwrap();
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&path))).unwrap();
    for settings in ["", "location=global\n", "dry-run=true\n", "package-lock-only=true\n"] {
        bench.write("project/.npmrc", settings);
        let mut command = bench.command(&bench.binary, "project");
        command.env("PATH", &path).args(["build", "@s/native@1.0.0", "--out", "out"]);
        let ran = Ran::of(command.output().unwrap());
        assert_eq!(ran.code, 0, "{settings}: {}", ran.err);
        assert_eq!(bench.read("house/ran"), None);
        fs::remove_dir_all(bench.path("project/out")).unwrap();
    }
}

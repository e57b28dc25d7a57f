//! Attacks on a sealed program from outside its process, each on every Node.js that is there: without `nodeward run`
//! the payload runs, or the case proves nothing; with it, it does not.

#![cfg(target_os = "linux")]
#![expect(clippy::print_stderr, reason = "what is absent is said")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::harness::{Ran, World};
use crate::nodes::nodes;

/// A sealed program.
pub(crate) struct App {
    world: World,
    folder: tempfile::TempDir,
}

/// What `evil.js` prints. No sealed file has the word.
pub(crate) const PAYLOAD: &str = "PAYLOAD";

impl App {
    /// With this main file; `listed.js` is sealed, and `evil.js` and `other.js` are not.
    pub(crate) fn new(main: &str) -> Self {
        let app = Self { world: World::new(), folder: tempfile::tempdir().unwrap() };
        app.write("package.json", "{}");
        app.write("app.js", main);
        app.write("listed.js", "module.exports = 'listed';\n");
        app.write("evil.js", &format!("console.log('{PAYLOAD}');\n"));
        app.write("nodeward.toml", "[seal]\ninclude = [\"listed.js\"]\n");
        app.seal(&[]);
        app
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    pub(crate) fn nodeward(&self, arguments: &[&str]) -> Ran {
        self.world.run(arguments, self.folder.path())
    }

    pub(crate) fn seal(&self, more: &[&str]) {
        let mut arguments = vec!["seal", "app.js"];
        arguments.extend(more);
        let ran = self.nodeward(&arguments);
        assert_eq!(ran.code, 0, "{}", ran.err);
    }

    /// Node.js without us.
    pub(crate) fn plain(&self, node: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(node);
        command.args(words).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command
    }

    pub(crate) fn guarded(&self, node: &Path, options: &[&str], words: &[&str]) -> Command {
        let mut arguments = vec!["run", "--node", node.to_str().unwrap()];
        arguments.extend(options);
        arguments.extend(["--", "node"]);
        arguments.extend(words);
        self.world.command(&arguments, self.folder.path())
    }

    pub(crate) fn run(&self, node: &Path, options: &[&str], words: &[&str]) -> Ran {
        Ran::of(self.guarded(node, options, words).output().unwrap())
    }
}

pub(crate) fn of(command: &mut Command) -> Ran {
    Ran::of(command.output().unwrap())
}

/// Denied before the first line, by name.
pub(crate) fn assert_not_started(ran: &Ran, named: &str, version: u32) {
    assert_eq!(ran.code, 125, "Node.js {version}: {}{}", ran.out, ran.err);
    assert!(ran.err.contains(named), "Node.js {version}: {:?} is not in {}", named, ran.err);
    assert_eq!(ran.out, "", "Node.js {version}");
}

const MAIN: &str = "console.log('main', require('./listed.js'), process.argv.slice(2).join());\n";

#[test]
fn a_sealed_program_runs_as_without_us() {
    let app = App::new(
        "process.stdin.on('data', (data) => process.stdout.write(data)).on('end', () => {\n\
           console.error('error', process.env.KEPT); process.exitCode = 7;\n\
         });\n",
    );
    for (version, node) in nodes() {
        let both = [app.plain(&node, &["app.js"]), app.guarded(&node, &[], &["app.js"])];
        for mut command in both {
            let mut child = command
                .env("KEPT", "kept")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            child.stdin.take().unwrap().write_all(b"text").unwrap();
            let ran = Ran::of(child.wait_with_output().unwrap());
            assert_eq!((ran.code, &*ran.out, &*ran.err), (7, "text", "error kept\n"), "Node.js {version}");
        }
    }
}

#[test]
fn signals_reach_the_program() {
    let app = App::new(
        "process.on('SIGTERM', () => { console.log('closing'); process.exit(3); });\n\
         setInterval(() => {}, 1000); console.log('ready');\n",
    );
    for (version, node) in nodes() {
        let mut child = started(app.guarded(&node, &[], &["app.js"]), version);
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(3), "Node.js {version}");
    }
}

/// Starts, and waits until the program has printed its first line.
pub(crate) fn started(mut command: Command, version: u32) -> Child {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n", "Node.js {version}");
    child.stdout = Some(out.into_inner());
    child
}

#[test]
fn code_that_is_in_no_file_does_not_run() {
    let app = App::new(MAIN);
    let print = format!("console.log('{PAYLOAD}')");
    for (version, node) in nodes() {
        for words in [
            &["-e", &*print][..],
            &["--eval", &print],
            &["-p", &format!("'{PAYLOAD}'")],
            &["-pe", &format!("'{PAYLOAD}'")],
            &["--input-type=module", "-e", &print],
            &["--require", "./evil.js", "app.js"],
            &["-r", "./evil.js", "app.js"],
            &["--import", "./evil.js", "app.js"],
            &["--import=./evil.js", "app.js"],
            &["--loader", "./evil.js", "app.js"],
            &["--experimental-loader=./evil.js", "app.js"],
            &["evil.js"],
            &["./evil"],
        ] {
            let plain = of(&mut app.plain(&node, words));
            assert!(plain.out.contains(PAYLOAD), "Node.js {version} {words:?}: {}{}", plain.out, plain.err);
            let named = words[0].split('=').next().unwrap().trim_start_matches("./");
            assert_not_started(&app.run(&node, &[], words), named, version);
        }
        for words in [&["-"][..], &[], &["-i"], &["--interactive"], &["--input-type=module", "-"]] {
            let give = |mut command: Command| {
                let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
                let mut child = piped.spawn().unwrap();
                // Whoever denies does not read.
                let _ = child.stdin.take().unwrap().write_all(print.as_bytes());
                Ran::of(child.wait_with_output().unwrap())
            };
            let plain = give(app.plain(&node, words));
            assert!(plain.out.contains(PAYLOAD), "Node.js {version} {words:?}: {}{}", plain.out, plain.err);
            assert_not_started(&give(app.guarded(&node, &[], words)), "; ", version);
        }
        for option in ["--inspect=127.0.0.1:0", "--inspect-brk", "--watch", "--expose-internals"] {
            assert_not_started(
                &app.run(&node, &[], &[option, "app.js"]),
                option.split('=').next().unwrap(),
                version,
            );
        }
        let ran = app.run(&node, &[], &["--require", "./listed.js", "--stack-trace-limit=5", "app.js", "-e"]);
        assert_eq!((ran.code, &*ran.out), (0, "main listed -e\n"), "Node.js {version}: {}", ran.err);
    }
}

#[test]
fn a_snapshot_or_a_single_executable_does_not_run() {
    let app = App::new(MAIN);
    app.write(
        "snapshot.js",
        &format!("require('v8').startupSnapshot.setDeserializeMainFunction(() => console.log('{PAYLOAD}'));"),
    );
    app.write("sea.json", r#"{"main": "evil.js", "output": "sea"}"#);
    for (version, node) in nodes() {
        let built =
            of(&mut app.plain(&node, &["--snapshot-blob", "blob", "--build-snapshot", "snapshot.js"]));
        assert_eq!(built.code, 0, "Node.js {version}: {}", built.err);
        let words = ["--snapshot-blob", "blob", "app.js"];
        assert!(of(&mut app.plain(&node, &words)).out.contains(PAYLOAD), "Node.js {version}");
        assert_not_started(&app.run(&node, &[], &words), "--snapshot-blob", version);
        // Older versions need a tool of their own to make one.
        if version >= 26 {
            let built = of(&mut app.plain(&node, &["--build-sea", "sea.json"]));
            assert_eq!(built.code, 0, "Node.js {version}: {}", built.err);
            let sea = app.path("sea");
            assert!(of(&mut app.plain(&sea, &["app.js"])).out.contains(PAYLOAD));
            assert_not_started(&app.run(&sea, &[], &["app.js"]), "single executable", version);
        }
    }
}

#[test]
fn the_environment_brings_no_code() {
    let app = App::new(MAIN);
    let library = preloaded_library(app.folder.path());
    for (version, node) in nodes() {
        let mut variables = vec![("NODE_OPTIONS", "--require ./evil.js".to_owned())];
        variables.push(("NODE_OPTIONS", "--no-warnings --import=./evil.js".to_owned()));
        if let Some(library) = &library {
            variables.push(("LD_PRELOAD", library.display().to_string()));
        }
        for (name, value) in variables {
            let plain = of(app.plain(&node, &["app.js"]).env(name, &value));
            assert!(plain.out.contains(PAYLOAD), "Node.js {version} {name}: {}{}", plain.out, plain.err);
            let ran = of(app.guarded(&node, &[], &["app.js"]).env(name, &value));
            assert_eq!((ran.code, &*ran.out), (0, "main listed \n"), "Node.js {version} {name}: {}", ran.err);
            assert!(ran.err.contains("not passed on to the program"), "{}", ran.err);
        }
        let ran = of(app
            .guarded(&node, &[], &["app.js"])
            .env("NODEWARD_MODE", "report")
            .env("NODEWARD_SEAL", "/x"));
        assert_eq!((ran.code, &*ran.out), (0, "main listed \n"), "Node.js {version}: {}", ran.err);
    }
}

/// A library that prints when Node.js is started with it. None without a compiler, which is said.
pub(crate) fn preloaded_library(folder: &Path) -> Option<PathBuf> {
    let (source, library) = (folder.join("preload.c"), folder.join("preload.so"));
    let text = format!(
        "#define _GNU_SOURCE\n#include <errno.h>\n#include <string.h>\n#include <unistd.h>\n\
         __attribute__((constructor)) static void start(void) {{\n\
           if (strstr(program_invocation_short_name, \"node\") && !strstr(program_invocation_short_name, \"nodeward\"))\n\
             (void)!write(1, \"{PAYLOAD}\\n\", {});\n}}\n",
        PAYLOAD.len() + 1
    );
    std::fs::write(&source, text).unwrap();
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status();
    match built {
        Ok(status) if status.success() => Some(library),
        _ => {
            eprintln!("skipped: no C compiler for LD_PRELOAD");
            None
        }
    }
}

#[test]
fn tampering_is_named_before_the_first_line() {
    let app = App::new(MAIN);
    let seal = app.text("nodeward.seal.json");
    for (version, node) in nodes() {
        app.write("listed.js", "module.exports = 'Listed';\n");
        assert_not_started(
            &app.run(&node, &["--compare-all"], &["app.js"]),
            "listed.js was changed",
            version,
        );
        let late = app.run(&node, &[], &["app.js"]);
        assert!(late.code != 0 && late.out.is_empty(), "Node.js {version}: {}", late.out);
        assert!(late.err.contains("ERR_NODEWARD_DENIED") && late.err.contains("listed.js"), "{}", late.err);
        std::fs::remove_file(app.path("listed.js")).unwrap();
        for options in [&[][..], &["--compare-all"]] {
            assert_not_started(&app.run(&node, options, &["app.js"]), "listed.js is missing", version);
        }
        app.write("listed.js", "module.exports = 'listed';\n");
        app.write("package.json", "[]");
        assert_not_started(&app.run(&node, &[], &["app.js"]), "package.json was changed", version);
        app.write("package.json", "{}");
        std::os::unix::fs::symlink("evil.js", app.path("link.js")).unwrap();
        std::fs::rename(app.path("link.js"), app.path("listed.js")).unwrap();
        assert_not_started(&app.run(&node, &[], &["app.js"]), "behind a symbolic link", version);
        std::fs::remove_file(app.path("listed.js")).unwrap();
        app.write("listed.js", "module.exports = 'listed';\n");
        for (from, to) in
            [("\"size\": 27", "\"size\": 28"), ("\"cjs\"", "\"xjs\""), ("\"app.js\"]", "\"evil.js\"]")]
        {
            app.write("nodeward.seal.json", &seal.replacen(from, to, 1));
            let ran = app.run(&node, &[], &["app.js"]);
            assert_eq!((ran.code, &*ran.out), (125, ""), "Node.js {version} {from}: {}", ran.err);
        }
        app.write("nodeward.seal.json", &seal);
        assert_eq!(app.run(&node, &[], &["app.js"]).out, "main listed \n", "Node.js {version}");
    }
}

#[test]
fn what_changes_after_the_check_does_not_load() {
    let app = App::new(
        "console.log('ready');\n\
         process.stdin.once('data', () => {\n\
           for (const name of ['./swapped.js', './written.js', './added.js']) {\n\
             try { console.log(name, require(name)); } catch (error) { console.log(name, error.code); }\n\
           }\n\
           process.exit();\n\
         });\n",
    );
    app.write("nodeward.toml", "[seal]\ninclude = [\"swapped.js\", \"written.js\"]\n");
    for (version, node) in nodes() {
        app.write("swapped.js", "module.exports = 'sealed';\n");
        app.write("written.js", "module.exports = 'sealed';\n");
        let _ = std::fs::remove_file(app.path("added.js"));
        app.seal(&[]);
        for mut command in [app.plain(&node, &["app.js"]), app.guarded(&node, &[], &["app.js"])] {
            let is_plain = command.get_program() == node.as_os_str();
            command.stderr(Stdio::null());
            let mut child = started(command, version);
            let evil = "module.exports = 'PAYLOAD';\n";
            app.write("beside.js", evil);
            std::fs::rename(app.path("beside.js"), app.path("swapped.js")).unwrap();
            app.write("written.js", evil);
            app.write("added.js", evil);
            child.stdin.take().unwrap().write_all(b"go\n").unwrap();
            let ran = Ran::of(child.wait_with_output().unwrap());
            let expected = if is_plain {
                "./swapped.js PAYLOAD\n./written.js PAYLOAD\n./added.js PAYLOAD\n"
            } else {
                "./swapped.js EACCES\n./written.js ERR_NODEWARD_DENIED\n./added.js EACCES\n"
            };
            assert_eq!(ran.out, expected, "Node.js {version}: {}", ran.err);
            app.write("swapped.js", "module.exports = 'sealed';\n");
            app.write("written.js", "module.exports = 'sealed';\n");
            std::fs::remove_file(app.path("added.js")).unwrap();
        }
    }
}

#[test]
fn the_program_can_change_nothing_that_it_was_checked_by() {
    let app = App::new(
        "const fs = require('fs'); const path = require('path');\n\
         const preload = process.execArgv[process.execArgv.indexOf('--require') + 1];\n\
         const files = [preload, path.dirname(preload) + '/new.cjs', process.env.NODEWARD_SEAL, __filename,\n\
           process.execPath, __dirname + '/new.js', require('os').tmpdir() + '/nodeward-test-escape'];\n\
         for (const file of files) {\n\
           try { fs.appendFileSync(file, ' '); console.log('written', file); } catch (error) { console.log(error.code); }\n\
         }\n\
         fs.writeFileSync(process.argv[2] + '/allowed', ''); console.log(fs.readdirSync(process.argv[2]).length);\n",
    );
    let data = tempfile::tempdir().unwrap();
    let place = data.path().to_str().unwrap();
    for (version, node) in nodes() {
        let ran = app.run(&node, &["--write", place], &["app.js", place]);
        let lines: Vec<&str> = ran.out.lines().collect();
        let expected = ["EACCES", "EACCES", "EACCES", "EACCES", "ETXTBSY", "EACCES", "EACCES", "1"];
        let is_denied = |(line, expected): (&&str, &&str)| {
            line == expected || *expected == "ETXTBSY" && *line == "EACCES"
        };
        assert!(
            lines.len() == 8 && lines.iter().zip(&expected).all(is_denied),
            "Node.js {version}: {lines:?}{}",
            ran.err
        );
        for folder in [".", "/"] {
            assert_not_started(
                &app.run(&node, &["--write", folder], &["app.js", place]),
                "lies in it",
                version,
            );
        }
    }
}

#[test]
fn programs_are_started_only_where_the_seal_allows() {
    let main = "const { spawnSync } = require('child_process');\n\
        const evil = process.argv[2];\n\
        const start = (...args) => {\n\
          try { const { error, stdout } = spawnSync(...args); console.log(error ? error.code : `${stdout}`.trim()); }\n\
          catch (error) { console.log(error.code); }\n\
        };\n\
        start('/bin/sh', ['-c', `env -i ${process.execPath} ${evil}`]);\n\
        start('/usr/bin/env', ['-i', process.execPath, evil]);\n\
        start(process.execPath, [evil], { env: {} });\n\
        start(process.execPath, [__dirname + '/listed.js', 'x'], { env: {} });\n";
    let app = App::new(main);
    app.write("listed.js", "if (process.argv[2]) console.log('child', process.env.NODEWARD_MODE);\n");
    app.seal(&[]);
    let evil = app.path("evil.js");
    let words = ["app.js", evil.to_str().unwrap()];
    for (version, node) in nodes() {
        let plain = of(&mut app.plain(&node, &words));
        let payload = format!("{PAYLOAD}\n").repeat(3);
        assert_eq!(plain.out, format!("{payload}child undefined\n"), "Node.js {version}: {}", plain.err);
        let ran = app.run(&node, &[], &words);
        assert_eq!(ran.out, "ERR_NODEWARD_DENIED\n".repeat(4), "Node.js {version}: {}", ran.err);
    }
    app.write("nodeward.toml", "[seal]\ninclude = [\"listed.js\"]\nchildren = true\n");
    app.seal(&[]);
    for (version, node) in nodes() {
        let ran = app.run(&node, &[], &words);
        assert_eq!(ran.out, "EACCES\nEACCES\n\nchild enforce\n", "Node.js {version}: {}", ran.err);
    }
}

#[test]
fn report_only_changes_nothing_and_tells() {
    let app = App::new(
        "const name = process.argv[2]; require(name);\n\
         console.log(eval(['1 + 1'].join()), require('child_process').spawnSync('/bin/echo', ['child']).stdout.toString().trim());\n",
    );
    app.write("before.js", "console.log('before');\n");
    for (version, node) in nodes() {
        let words = ["app.js", "./evil.js"];
        let expected = format!("before\n{PAYLOAD}\n2 child\n");
        let plain = of(app.plain(&node, &words).env("NODE_OPTIONS", "--require ./before.js"));
        assert_eq!(plain.out, expected, "Node.js {version}: {}", plain.err);
        let report = app.path(&format!("report-{version}.jsonl"));
        let options = ["--report-only", "--report", report.to_str().unwrap()];
        let ran = of(app.guarded(&node, &options, &words).env("NODE_OPTIONS", "--require ./before.js"));
        // The hooks of Node.js 20 have a thread of their own, which loads what NODE_OPTIONS names as well.
        let expected = if version == 20 { format!("{expected}before\n") } else { expected };
        assert_eq!((ran.code, &*ran.out, &*ran.err), (0, &*expected, ""), "Node.js {version}");
        let lines = std::fs::read_to_string(&report).unwrap();
        let lines: Vec<serde_json::Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut kinds: Vec<&str> = lines.iter().map(|line| line["kind"].as_str().unwrap()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds, ["child", "eval", "load", "start"], "Node.js {version}: {lines:?}");
        assert!(lines.iter().all(|line| line["schema"] == "nodeward.denial/1" && line["mode"] == "report"));
    }
}

#[test]
fn only_the_owner_of_the_key_says_what_runs() {
    let app = App::new(MAIN);
    let key = |seed: u8, name: &str| {
        // A key as openssl writes it, and its public half by the program's own signature.
        use base64::Engine as _;
        let der =
            [b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".as_slice(), &[seed; 32]]
                .concat();
        let body = base64::engine::general_purpose::STANDARD.encode(der);
        app.write(
            &format!("{name}.key"),
            &format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"),
        );
        app.seal(&["--sign", &format!("{name}.key")]);
        let seal: serde_json::Value = serde_json::from_str(&app.text("nodeward.seal.json")).unwrap();
        let public = seal["signature"]["key"].as_str().unwrap();
        let public = base64::engine::general_purpose::STANDARD.decode(public).unwrap();
        let der = [b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00".as_slice(), &public].concat();
        let body = base64::engine::general_purpose::STANDARD.encode(der);
        app.write(
            &format!("{name}.pub"),
            &format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"),
        );
    };
    key(1, "other");
    key(2, "owner");
    let signed = app.text("nodeward.seal.json");
    for (version, node) in nodes() {
        app.write("nodeward.seal.json", &signed);
        let ran = app.run(&node, &["--verify", "owner.pub"], &["app.js"]);
        assert_eq!((ran.code, &*ran.out), (0, "main listed \n"), "Node.js {version}: {}", ran.err);
        assert_not_started(&app.run(&node, &["--verify", "other.pub"], &["app.js"]), "another key", version);
        app.write(
            "nodeward.seal.json",
            &signed.replace("\"origin\": \"static\"", "\"origin\": \"recorded\""),
        );
        assert_not_started(
            &app.run(&node, &["--verify", "owner.pub"], &["app.js"]),
            "changed after it was signed",
            version,
        );
        app.seal(&[]);
        assert_not_started(&app.run(&node, &["--verify", "owner.pub"], &["app.js"]), "not signed", version);
        app.write("nodeward.toml", "[run]\nkey = \"owner.pub\"\n[seal]\ninclude = [\"listed.js\"]\n");
        assert_not_started(&app.run(&node, &[], &["app.js"]), "not signed", version);
        app.write("nodeward.toml", "[seal]\ninclude = [\"listed.js\"]\n");
    }
    app.write("nodeward.seal.json", &signed);
    assert_eq!(app.nodeward(&["seal", "--verify", "owner.pub"]).code, 0);
    assert_eq!(app.nodeward(&["seal", "--verify", "other.pub"]).code, 1);
    assert_eq!(app.nodeward(&["seal", "--verify", "gone.pub"]).code, 2);
}

#[test]
fn only_a_trusted_node_is_started() {
    let app = App::new(MAIN);
    // Hashing takes long in a build that is not optimized.
    for (version, node) in nodes().into_iter().rev().take(1) {
        let wrong = "0".repeat(64);
        assert_not_started(
            &app.run(&node, &["--node-sha256", &wrong], &["app.js"]),
            "not among the trusted",
            version,
        );
        let copy = app.path("node");
        std::fs::copy(&node, &copy).unwrap();
        let mut permissions = std::fs::metadata(&copy).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o777);
        std::fs::set_permissions(&copy, permissions).unwrap();
        assert_not_started(&app.run(&copy, &[], &["app.js"]), "written to by every user", version);
    }
    app.write("script", "#!/bin/sh\necho v22.0.0\n");
    assert_not_started(&app.run(&app.path("script"), &[], &["app.js"]), "no program", 0);
    let ran = app.nodeward(&["run", "--", "npm", "start"]);
    assert_not_started(&ran, "npm is not Node.js", 0);
}

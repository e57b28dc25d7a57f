//! What a program that may start Node.js anew can start with it: plainly the payload runs, under `nodeward run` never;
//! and that the guard stays where it is as long as one of these processes needs it.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use crate::harness::Ran;
use crate::nodes::nodes;
use crate::run::{App, PAYLOAD, of};
use crate::run_surroundings::library;

/// Starts `listed.js` in the way that it is told, with options and variables that it is told.
const MAIN: &str = "\
const cp = require('child_process');
const [how, words, more] = JSON.parse(process.argv[2]);
const env = { ...process.env, ...more };
const all = [...words, 'listed.js'];
const options = { stdio: 'inherit', env };
const ways = {
  spawn: () => cp.spawn(process.execPath, all, options),
  fork: () => cp.fork('listed.js', { ...options, stdio: undefined, execArgv: words }),
  spawnSync: () => cp.spawnSync(process.execPath, all, options),
  execFileSync: () => cp.execFileSync(process.execPath, all, options),
  byName: () => cp.spawnSync('node', all, { ...options, env: { ...env, PATH: require('path').dirname(process.execPath) } }),
  execve: () => process.execve(process.execPath, ['node', ...all], env),
};
try { ways[how](); } catch (error) { console.log(error.code); }
";
const WAYS: [&str; 6] = ["spawn", "fork", "spawnSync", "execFileSync", "byName", "execve"];

fn program() -> App {
    let app = App::new(MAIN);
    app.write("listed.js", "console.log('listed');\n");
    app.write("nodeward.toml", "[seal]\nchildren = true\ninclude = [\"listed.js\"]\n");
    app.seal(&[]);
    fs::create_dir(app.path("data")).unwrap();
    app
}

/// The ways of this version.
fn ways(version: u32) -> impl Iterator<Item = &'static str> {
    WAYS.into_iter().filter(move |way| version > 20 || *way != "execve")
}

/// Plainly, and guarded with a folder that may be written to.
fn both(app: &App, node: &Path, way: &str, words: &[&str], variables: &[(&str, &str)]) -> (Ran, Ran) {
    let variables: serde_json::Map<_, _> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    let told = serde_json::json!([way, words, variables]).to_string();
    let plain = of(&mut app.plain(node, &["app.js", &told]));
    (plain, app.run(node, &["--write", "data"], &["app.js", &told]))
}

#[test]
fn no_option_of_a_child_runs_code_before_the_guard() {
    let app = program();
    let snapshot = format!(
        "process.reallyExit = () => {{}};\n\
         require('v8').startupSnapshot.addDeserializeCallback(() => {{ process.execArgv = []; }});\n\
         require('v8').startupSnapshot.setDeserializeMainFunction(() => require('fs').writeSync(1, '{PAYLOAD}\\n'));\n"
    );
    app.write("data/snapshot.js", &snapshot);
    for (version, node) in nodes() {
        let words = ["--snapshot-blob", "data/blob", "--build-snapshot", "data/snapshot.js"];
        assert_eq!(of(&mut app.plain(&node, &words)).code, 0, "Node.js {version}");
        let evil = format!("console.log('{PAYLOAD}')");
        for way in ways(version) {
            for words in [
                &["--snapshot-blob", "data/blob"][..],
                &["--snapshot_blob=data/blob"],
                &["--no-warnings", "--snapshot-blob", "data/blob"],
                &["-e", &evil],
            ] {
                let (plain, ran) = both(&app, &node, way, words, &[]);
                let about = format!("Node.js {version} {way} {words:?}: {}{}", ran.out, ran.err);
                assert!(plain.out.contains(PAYLOAD), "{about}{}", plain.err);
                assert_eq!(ran.out, "ERR_NODEWARD_DENIED\n", "{about}");
                assert!(ran.err.contains("\"kind\":\"start\""), "{about}");
            }
            let (_, ran) = both(&app, &node, way, &["--title", "x", "--max-old-space-size=99"], &[]);
            assert_eq!(ran.out, "listed\n", "Node.js {version} {way}: {}", ran.err);
        }
        for (name, value) in
            [("NODE_OPTIONS", "--snapshot-blob=data/blob"), ("NODE_OPTIONS=--snapshot-blob", "data/blob")]
        {
            let (_, ran) = both(&app, &node, "spawnSync", &[], &[(name, value)]);
            assert!(!ran.out.contains(PAYLOAD), "Node.js {version} {name}: {}", ran.out);
        }
    }
}

#[test]
fn no_variable_of_a_child_loads_a_library() {
    let app = program();
    let Some(evil) = library(&app, "data/evil.so", &[]) else { return };
    let evil = evil.to_str().unwrap();
    let settings = format!(
        "nodejs_conf = all\nopenssl_conf = all\n[all]\nproviders = list\n[list]\nevil = evil\n[evil]\nmodule = {evil}\nactivate = 1\n"
    );
    app.write("data/openssl.cnf", &settings);
    let file = app.path("data/openssl.cnf");
    let file = file.to_str().unwrap();
    for (version, node) in nodes() {
        for way in ways(version) {
            let behind = format!(":{evil}");
            // The key of an object may have a part of the value in it.
            let cases = [
                ("LD_PRELOAD", evil, "LD_PRELOAD"),
                ("OPENSSL_CONF", file, "OPENSSL_CONF"),
                ("LD_PRELOAD=/x:", &behind, "LD_PRELOAD"),
            ];
            // `execve` takes no such key.
            for (key, value, name) in
                cases.into_iter().filter(|(key, ..)| way != "execve" || !key.contains('='))
            {
                let (plain, ran) = both(&app, &node, way, &[], &[(key, value)]);
                let about = format!("Node.js {version} {way} {key}: {}{}", ran.out, ran.err);
                assert!(plain.out.contains(PAYLOAD), "{about}{}", plain.err);
                assert_eq!(ran.out, "listed\n", "{about}");
                assert!(ran.err.contains(&format!("\"subject\":\"{name}\"")), "{about}");
            }
            let option = format!("--openssl-config={file}");
            let (plain, ran) = both(&app, &node, way, &[&option], &[]);
            assert!(plain.out.contains(PAYLOAD), "Node.js {version} {way}: {}", plain.err);
            assert_eq!(ran.out, "ERR_NODEWARD_DENIED\n", "Node.js {version} {way}: {}", ran.err);
        }
    }
}

/// Ends, and leaves a process that starts a Worker a while later.
const LEAVING: &str = "\
const { spawn } = require('child_process');
if (process.argv[2] !== 'alone') spawn(process.execPath, ['late.js'], { stdio: ['inherit', 'inherit', 'inherit'], detached: true }).unref();
";
/// Waits, in another program that it becomes where it can, until there is a file; then it needs the guard.
const LATE: &str = "\
const fs = require('fs');
if (process.execve && !process.env.AGAIN) process.execve(process.execPath, ['node', 'late.js'], { ...process.env, AGAIN: '1' });
console.log('ready');
const timer = setInterval(() => {
  if (!fs.existsSync('data/go')) return;
  clearInterval(timer);
  const { Worker } = require('worker_threads');
  new Worker('./listed.js').on('error', (error) => console.log(error.code)).on('exit', (code) => console.log('exit', code));
}, 20);
";

#[test]
fn the_guard_stays_for_a_child_that_outlives_the_program() {
    let app = App::new(LEAVING);
    app.write("late.js", LATE);
    app.write("listed.js", "require('fs').writeSync(1, 'listed\\n');\n");
    app.write("nodeward.toml", "[seal]\nchildren = true\ninclude = [\"listed.js\", \"late.js\"]\n");
    app.seal(&[]);
    fs::create_dir(app.path("data")).unwrap();
    let parent = tempfile::tempdir().unwrap();
    let folders =
        || fs::read_dir(parent.path()).unwrap().map(|folder| folder.unwrap().path()).collect::<Vec<_>>();
    for (version, node) in nodes() {
        let command = || {
            let mut command = app.guarded(&node, &["--write", "data"], &["app.js"]);
            command.env("XDG_RUNTIME_DIR", parent.path());
            command
        };
        let other = || {
            let mut command = app.guarded(&node, &[], &["app.js", "alone"]);
            of(command.env("XDG_RUNTIME_DIR", parent.path()))
        };
        // As if a minute had passed.
        let pass = || {
            for folder in folders() {
                let Ok(mark) = fs::File::options().write(true).open(folder.join("unused")) else { continue };
                mark.set_modified(SystemTime::now() - Duration::from_secs(90)).unwrap();
            }
        };
        let out = app.path("data/out");
        let printed = fs::File::create(&out).unwrap();
        let status = command().stdout(printed).stderr(Stdio::null()).status().unwrap();
        assert!(status.success(), "Node.js {version}");
        let wait_for = |text: &str| {
            for _ in 0..3000 {
                if fs::read_to_string(&out).unwrap().contains(text) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            panic!("Node.js {version}: {text} is not in {}", fs::read_to_string(&out).unwrap());
        };
        wait_for("ready");
        let [folder] = &folders()[..] else { panic!("Node.js {version}: {:?}", folders()) };
        for _ in 0..3 {
            assert_eq!(other().code, 0, "Node.js {version}");
            pass();
        }
        assert!(folder.is_dir(), "Node.js {version}: the child needs it");
        fs::write(app.path("data/go"), "").unwrap();
        wait_for("exit");
        assert_eq!(fs::read_to_string(&out).unwrap(), "ready\nlisted\nexit 0\n", "Node.js {version}");
        fs::remove_file(app.path("data/go")).unwrap();
        for _ in 0..200 {
            if !folder.is_dir() {
                break;
            }
            other();
            pass();
        }
        assert!(!folder.is_dir(), "Node.js {version}: nobody needs it");
        folders().iter().for_each(|folder| fs::remove_dir_all(folder).unwrap());
    }
}

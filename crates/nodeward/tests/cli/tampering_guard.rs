//! What a program is held to, changed: the seal, and the guard's own files in their private folder while the program
//! runs. It is denied and named, or it changes nothing.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::harness::Ran;
use crate::nodes::nodes;
use crate::run::{App, PAYLOAD, assert_not_started, of, started};

/// A private key and its public half, as openssl writes them.
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\n-----END PRIVATE KEY-----\n";

fn public(app: &App) -> String {
    use base64::Engine as _;
    let seal: serde_json::Value = serde_json::from_str(&app.text("nodeward.seal.json")).unwrap();
    let engine = base64::engine::general_purpose::STANDARD;
    let key = engine.decode(seal["signature"]["key"].as_str().unwrap()).unwrap();
    let der = [b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00".as_slice(), &key].concat();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", engine.encode(der))
}

#[test]
fn a_changed_byte_of_a_signed_seal_is_denied() {
    let app = App::new("console.log('first line'); require('./listed.js');\n");
    app.write("seal.key", PRIVATE);
    app.seal(&["--sign", "seal.key"]);
    app.write("seal.pub", &public(&app));
    let verified = &["--verify", "seal.pub"];
    let seal = app.text("nodeward.seal.json").into_bytes();
    for (turn, (version, node)) in nodes().into_iter().enumerate() {
        assert_eq!(app.run(&node, verified, &["app.js"]).out, "first line\n", "Node.js {version}");
        for place in (turn * 5..seal.len()).step_by(23) {
            let mut changed = seal.clone();
            changed[place] ^= 1 << (place % 7);
            fs::write(app.path("nodeward.seal.json"), &changed).unwrap();
            assert_not_started(&app.run(&node, verified, &["app.js"]), "nodeward.seal.json", version);
        }
        for changed in [&seal[..seal.len() - 1], b"", b"{}", &[&seal[..], b" "].concat()] {
            fs::write(app.path("nodeward.seal.json"), changed).unwrap();
            assert_not_started(&app.run(&node, verified, &["app.js"]), "nodeward.seal.json", version);
        }
        fs::write(app.path("nodeward.seal.json"), &seal).unwrap();
    }
}

#[test]
fn a_seal_that_is_no_file_is_refused() {
    let app = App::new("console.log('first line');\n");
    let file = app.path("nodeward.seal.json");
    let seal = fs::read(&file).unwrap();
    for (version, node) in nodes() {
        fs::remove_file(&file).unwrap();
        assert_not_started(&app.run(&node, &[], &["app.js"]), "nodeward.seal.json", version);
        fs::create_dir(&file).unwrap();
        assert_not_started(
            &app.run(&node, &["--seal", "nodeward.seal.json"], &["app.js"]),
            "nodeward.seal.json",
            version,
        );
        fs::remove_dir(&file).unwrap();
        assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
        assert_not_started(
            &app.run(&node, &["--seal", "nodeward.seal.json"], &["app.js"]),
            "nodeward.seal.json",
            version,
        );
        fs::remove_file(&file).unwrap();
        fs::write(&file, &seal).unwrap();
    }
}

/// Starts, once it is told to, a Worker and a child, and loads a module.
const MAIN: &str = "\
const { Worker } = require('worker_threads');
const { spawnSync } = require('child_process');
const path = require('path');
console.log('ready');
process.stdin.once('data', () => {
  const attempt = (name, act) => { try { console.log(name, act()); } catch (error) { console.log(name, error.code); console.error(error.message); } };
  attempt('late', () => require('./late.js'));
  attempt('child', () => { const { stdout, stderr } = spawnSync(process.execPath, [path.join(__dirname, 'child.js')]); console.error(String(stderr)); return String(stdout).trim(); });
  attempt('worker', () => { new Worker(path.join(__dirname, 'worker.js')).on('error', (error) => console.log('failed', error.code)).on('exit', (code) => process.exit(code)); return 'started'; });
  setTimeout(() => process.exit(), 5000).unref();
});
";

const AS_SEALED: &str = "late sealed\nchild sealed\nworker started\nsealed\n";

/// The guard's folder below `parent`, and the files in it.
fn guard_files(parent: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![parent.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path)
            } else if path.is_file() {
                found.push(path)
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_guards_own_files_are_compared_before_another_thread_or_process_reads_them() {
    let app = App::new(MAIN);
    app.write("late.js", "module.exports = 'sealed';\n");
    app.write("child.js", "console.log('sealed');\n");
    app.write("worker.js", "require('fs').writeSync(1, 'sealed\\n');\n");
    app.write(
        "nodeward.toml",
        "[seal]\nchildren = true\ninclude = [\"late.js\", \"child.js\", \"worker.js\"]\n",
    );
    let mut sealing = vec!["--code-cache", "--code-cache-wait", "1"];
    let found = nodes();
    let newer = found.iter().filter(|(version, _)| *version >= 22);
    newer.for_each(|(_, node)| sealing.extend(["--node", node.to_str().unwrap()]));
    app.seal(if sealing.len() > 3 { &sealing } else { &[] });
    let parent = tempfile::tempdir().unwrap();
    for (version, node) in &found {
        let start = || {
            let mut command = app.guarded(node, &[], &["app.js"]);
            command.env("XDG_RUNTIME_DIR", parent.path());
            started(command, *version)
        };
        let go = |mut child: std::process::Child| {
            child.stdin.take().unwrap().write_all(b"go\n").unwrap();
            let ran = Ran::of(child.wait_with_output().unwrap());
            fs::read_dir(parent.path())
                .unwrap()
                .for_each(|folder| fs::remove_dir_all(folder.unwrap().path()).unwrap());
            ran
        };
        let child = start();
        let names: Vec<PathBuf> = guard_files(parent.path())
            .into_iter()
            .map(|file| file.strip_prefix(parent.path()).unwrap().components().skip(1).collect())
            .collect();
        let ran = go(child);
        assert_eq!(ran.out, AS_SEALED, "Node.js {version}: {}", ran.err);
        assert!(names.iter().any(|name| name.ends_with("nodeward.node")), "{names:?}");
        for expected in ["guard/runtime/preload.cjs", "guard/list.json", "guard/package.json", "lock"] {
            assert!(names.iter().any(|name| name == Path::new(expected)), "{names:?}");
        }
        let evil: &dyn Fn(&[u8]) -> Vec<u8> =
            &|_| format!("require('fs').writeSync(1, '{PAYLOAD}\\n');").into_bytes();
        let flipped: &dyn Fn(&[u8]) -> Vec<u8> = &|bytes| {
            let mut bytes = bytes.to_vec();
            let middle = bytes.len() / 2;
            bytes[middle..].iter_mut().take(1).for_each(|byte| *byte ^= 1);
            bytes
        };
        // The cache of one module stands for those of the others.
        let caches = names.iter().filter(|name| name.starts_with("cache")).take(1);
        for name in names.iter().filter(|name| !name.starts_with("cache")).chain(caches) {
            let is_preload = name.ends_with("preload.cjs");
            for change in [flipped, evil].into_iter().take(1 + usize::from(is_preload)) {
                let child = start();
                // The names of the cache's files are made of the folder's.
                let there = guard_files(parent.path());
                let is_it = |file: &&PathBuf| {
                    let below: PathBuf =
                        file.strip_prefix(parent.path()).unwrap().components().skip(1).collect();
                    if name.starts_with("cache") { below.starts_with("cache") } else { below == *name }
                };
                let file = there.iter().find(is_it).unwrap().clone();
                fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
                let bytes = fs::read(&file).unwrap();
                let changed = change(&bytes);
                if name.ends_with("nodeward.node") {
                    // The program runs code of it: to write there would end the program at any place.
                    let beside = file.with_extension("new");
                    fs::write(&beside, changed).unwrap();
                    fs::rename(&beside, &file).unwrap();
                } else {
                    fs::write(&file, changed).unwrap();
                }
                let ran = go(child);
                let about = format!("Node.js {version} {}: {}{}", name.display(), ran.out, ran.err);
                assert!(!ran.out.contains(PAYLOAD), "{about}");
                if name.starts_with("cache") || name == Path::new("lock") {
                    // V8's code is not used if its checksum is another, and nobody reads the lock.
                    assert_eq!(ran.out, AS_SEALED, "{about}");
                    continue;
                }
                assert_eq!(
                    ran.out, "late sealed\nchild ERR_NODEWARD_DENIED\nworker ERR_NODEWARD_DENIED\n",
                    "{about}"
                );
                let line = ran.err.lines().find(|line| line.starts_with('{')).unwrap();
                let denial: serde_json::Value = serde_json::from_str(line).unwrap();
                assert_eq!(
                    (&denial["kind"], &denial["subject"]),
                    (&"guard".into(), &file.to_str().unwrap().into()),
                    "{about}"
                );
            }
        }
        // So would the changed file have run: the first module of whoever starts.
        app.write("preload.cjs", &String::from_utf8(evil(b"")).unwrap());
        let plain = of(app.plain(node, &["--require", "./preload.cjs", "child.js"]).stderr(Stdio::null()));
        assert!(plain.out.contains(PAYLOAD), "Node.js {version}");
    }
}

//! Code that comes by what lies about a start: variables, files of the current folder, options that read them, a
//! Node.js that carries a program. Plainly the payload runs, or the case says why it can't; under `nodeward run` never.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::nodes::nodes;
use crate::run::{App, PAYLOAD, assert_not_started, of};

const MAIN: &str = "console.log('main', require('./listed.js'), process.argv.slice(2).join());\n";
const AS_SEALED: &str = "main listed \n";

/// A library that prints as soon as it is opened. None without a compiler, which is said.
#[expect(clippy::print_stderr, reason = "what is absent is said")]
pub(crate) fn library(app: &App, name: &str, options: &[&str]) -> Option<PathBuf> {
    let source = app.path("library.c");
    let text = format!(
        "#include <unistd.h>\n\
         __attribute__((constructor)) static void opened(void) {{ if (write(1, \"{PAYLOAD}\\n\", {})) {{}} }}\n",
        PAYLOAD.len() + 1
    );
    fs::write(&source, text).unwrap();
    let file = app.path(name);
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&file).arg(&source).args(options).status();
    if built.is_ok_and(|status| status.success()) {
        return Some(file);
    }
    eprintln!("skipped: no C compiler for {name}");
    None
}

#[test]
fn a_variable_leads_to_no_library() {
    let app = App::new(MAIN);
    app.write("versions", "GLIBC_2.2.5 { global: *; };\n");
    let script = format!("-Wl,--version-script={}", app.path("versions").display());
    // Every Node.js asks for this one, which has had nothing in it for years.
    let Some(replaced) = library(&app, "libdl.so.2", &[&script, "-Wl,-soname,libdl.so.2"]) else { return };
    let Some(provider) = library(&app, "provider.so", &[]) else { return };
    let settings = |section: &str| {
        format!(
            "nodejs_conf = {section}\nopenssl_conf = {section}\n[{section}]\nproviders = list\n[list]\nevil = evil\n\
             [evil]\nmodule = {}\nactivate = 1\n",
            provider.display()
        )
    };
    app.write("openssl.cnf", &settings("all"));
    let folder = replaced.parent().unwrap().to_owned();
    for (version, node) in nodes() {
        for (name, value) in [("LD_LIBRARY_PATH", folder.clone()), ("OPENSSL_CONF", app.path("openssl.cnf"))]
        {
            let plain = of(app.plain(&node, &["app.js"]).env(name, &value));
            assert!(plain.out.contains(PAYLOAD), "Node.js {version} {name}: {}{}", plain.out, plain.err);
            let ran = of(app.guarded(&node, &[], &["app.js"]).env(name, &value));
            assert_eq!((ran.code, &*ran.out), (0, AS_SEALED), "Node.js {version} {name}: {}", ran.err);
            assert!(ran.err.contains(&format!("not passed on to the program: {name}")), "{}", ran.err);
        }
        let option = format!("--openssl-config={}", app.path("openssl.cnf").display());
        let plain = of(&mut app.plain(&node, &[&option, "app.js"]));
        assert!(plain.out.contains(PAYLOAD), "Node.js {version}: {}{}", plain.out, plain.err);
        assert_not_started(&app.run(&node, &[], &[&option, "app.js"]), "--openssl-config", version);
    }
}

#[test]
fn options_however_they_are_quoted_bring_no_code() {
    let app = App::new(MAIN);
    for (version, node) in nodes() {
        for options in [
            r#""--require" "./evil.js""#,
            r#""--require=./evil.js""#,
            r#"--req"uire" ./evil.js"#,
            r#""--re\quire" ./evil.js"#,
            r#"--title="a --no-warnings" -r "./evil.js""#,
            r#"--no-warnings   --import="./evil.js""#,
            r#""--title=\"" --require ./evil.js "--title=\"""#,
            "--import data:text/javascript,console.log('PAYLOAD')",
        ] {
            let plain = of(app.plain(&node, &["app.js"]).env("NODE_OPTIONS", options));
            assert!(plain.out.contains(PAYLOAD), "Node.js {version} {options}: {}{}", plain.out, plain.err);
            let ran = of(app.guarded(&node, &[], &["app.js"]).env("NODE_OPTIONS", options));
            assert_eq!((ran.code, &*ran.out), (0, AS_SEALED), "Node.js {version} {options}: {}", ran.err);
        }
        for options in [
            r#""--inspect=127.0.0.1:0""#,
            r#"--ins"pect"=127.0.0.1:0"#,
            r#""--ins\pect-brk=127.0.0.1:0" --inspect-port=0"#,
        ] {
            let ran = of(app.guarded(&node, &[], &["app.js"]).env("NODE_OPTIONS", options));
            assert_eq!((ran.code, &*ran.out), (0, AS_SEALED), "Node.js {version} {options}: {}", ran.err);
            assert!(!ran.err.contains("Debugger listening"), "Node.js {version} {options}: {}", ran.err);
            if !options.contains("brk") {
                let plain = of(app.plain(&node, &["app.js"]).env("NODE_OPTIONS", options));
                assert!(
                    plain.err.contains("Debugger listening"),
                    "Node.js {version} {options}: {}",
                    plain.err
                );
            }
        }
    }
}

#[test]
fn files_of_the_current_folder_bring_no_code() {
    let app = App::new(MAIN);
    app.write(".npmrc", "node-options=--require ./evil.js\nscript-shell=./evil.js\n");
    app.write(".env", "NODE_OPTIONS=--require ./evil.js\n");
    app.write("node.config.json", r#"{"nodeOptions": {"import": "./evil.js"}}"#);
    app.write("scripts.test.js", &app.text("evil.js"));
    app.write("package.json", &format!(r#"{{"scripts": {{"start": "echo {PAYLOAD}"}}}}"#));
    app.seal(&[]);
    for (version, node) in nodes() {
        let ran = app.run(&node, &[], &["app.js"]);
        assert_eq!((ran.code, &*ran.out), (0, AS_SEALED), "Node.js {version}: {}", ran.err);
        for (since, words) in [
            (20, &["--env-file=.env", "app.js"][..]),
            (22, &["--env-file-if-exists=.env", "app.js"]),
            (22, &["--experimental-default-config-file", "app.js"]),
            (22, &["--experimental-config-file=node.config.json", "app.js"]),
            (22, &["--run", "start"]),
            (20, &["--test", "evil.js"]),
            (20, &["--test"]),
            (20, &["--import", "data:text/javascript,console.log('PAYLOAD')", "app.js"]),
            (20, &["--require", "./evil", "app.js"]),
        ] {
            if version < since {
                // It does not know the option.
                continue;
            }
            let plain = of(&mut app.plain(&node, words));
            assert!(plain.out.contains(PAYLOAD), "Node.js {version} {words:?}: {}{}", plain.out, plain.err);
            assert_not_started(&app.run(&node, &[], words), words[0].split('=').next().unwrap(), version);
        }
        // What starts Node.js could start other things, by whatever lies here.
        let ran = app.nodeward(&["run", "--node", node.to_str().unwrap(), "--", "npm", "start"]);
        assert_not_started(&ran, "npm is not Node.js", version);
    }
}

#[test]
fn a_program_starts_below_a_manifest_that_is_not_sealed() {
    let app = App::new("");
    for folder in ["out", "out/server", "work", "work/deep", "linked", "named"] {
        fs::create_dir(app.path(folder)).unwrap();
    }
    app.write("out/server/package.json", "{}");
    app.write(
        "out/server/app.js",
        "const read = (name) => { try { return require('fs').readFileSync(`${process.argv[2]}/${name}`, 'utf8'); }\n\
         catch (error) { return error.code; } };\n\
         console.log(['work/package.json', 'package.json', 'evil.js', 'secret'].map(read).join());\n",
    );
    app.write("work/package.json", r##"{"name":"own","imports":{"#a":"./evil.js"},"exports":"./evil.js"}"##);
    app.write("secret", "{}");
    std::os::unix::fs::symlink("../secret", app.path("linked/package.json")).unwrap();
    fs::hard_link(app.path("secret"), app.path("named/package.json")).unwrap();
    app.write("nodeward.toml", "");
    let server = app.path("out/server");
    let ran = app.nodeward(&["seal", "--root", "out/server", "out/server/app.js"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let seal = server.join("nodeward.seal.json");
    let main = server.join("app.js");
    let here = app.path(".");
    let words = [main.to_str().unwrap(), here.to_str().unwrap()];
    let from = |node: &Path, folder: &str| {
        let options = ["--seal", seal.to_str().unwrap()];
        of(app.guarded(node, &options, &words).current_dir(app.path(folder)))
    };
    let denied = "EACCES";
    for (version, node) in nodes() {
        let own = app.text("work/package.json");
        for folder in ["work", "work/deep"] {
            let ran = from(&node, folder);
            let expected = format!("{own},{denied},{denied},{denied}\n");
            assert_eq!((ran.code, &*ran.out), (0, &*expected), "Node.js {version} {folder}: {}", ran.err);
        }
        let expected = format!("{denied},{{}},{denied},{denied}\n");
        let ran = from(&node, "out");
        assert_eq!((ran.code, &*ran.out), (0, &*expected), "Node.js {version}: {}", ran.err);
        for folder in ["linked", "named"] {
            let ran = from(&node, folder);
            assert!(
                ran.code != 0 || ran.out.ends_with(",EACCES\n"),
                "Node.js {version} {folder}: {}",
                ran.out
            );
        }
    }
}

/// Node.js with a program inside, as the tool that Node.js's documentation names makes it: a note in a segment of its
/// own, and a mark that says so.
fn single_executable(node: &Path, blob: &[u8]) -> Vec<u8> {
    const MARK: &[u8] = b"NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:0";
    const NAME: &[u8] = b"NODE_SEA_BLOB\0\0\0";
    let mut bytes = fs::read(node).unwrap();
    let mark = bytes.windows(MARK.len()).position(|window| window == MARK).unwrap() + MARK.len() - 1;
    bytes[mark] = b'1';
    let number = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    let headers = number(&bytes, 32) as usize;
    let count = u16::from_le_bytes([bytes[56], bytes[57]]) as usize;
    let kind = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let all: Vec<usize> = (0..count).map(|index| headers + index * 56).collect();
    let (load, note, relro) = (1, 4, 0x6474_e552);
    let loads = all.iter().filter(|&&at| kind(&bytes, at) == load);
    let end = loads.map(|&at| number(&bytes, at + 16) + number(&bytes, at + 40)).max().unwrap();
    bytes.resize(bytes.len().next_multiple_of(4096), 0);
    let offset = bytes.len() as u64;
    bytes.extend(14u32.to_le_bytes());
    bytes.extend((blob.len() as u32).to_le_bytes());
    bytes.extend(0u32.to_le_bytes());
    bytes.extend(NAME);
    bytes.extend(blob);
    let size = bytes.len() as u64 - offset;
    // The only note gives its place to ours, and what protects memory after the start to the segment that it is in.
    for (old, new, alignment) in [(note, note, 4), (relro, load, 4096)] {
        let at = *all.iter().find(|&&at| kind(&bytes, at) == old).unwrap();
        let address = end.next_multiple_of(0x20_0000);
        let fields = [offset, address, address, size, size, alignment];
        bytes[at..at + 4].copy_from_slice(&new.to_le_bytes());
        bytes[at + 4..at + 8].copy_from_slice(&4u32.to_le_bytes());
        for (index, field) in fields.into_iter().enumerate() {
            bytes[at + 8 + index * 8..at + 16 + index * 8].copy_from_slice(&field.to_le_bytes());
        }
    }
    bytes
}

#[test]
fn a_node_that_carries_a_program_is_not_started() {
    use std::os::unix::fs::PermissionsExt as _;

    let app = App::new(MAIN);
    app.write("sea.json", r#"{"main": "evil.js", "output": "blob", "disableExperimentalSEAWarning": true}"#);
    for (version, node) in nodes() {
        let made = of(&mut app.plain(&node, &["--experimental-sea-config", "sea.json"]));
        assert_eq!(made.code, 0, "Node.js {version}: {}", made.err);
        let sea = app.path("sea");
        fs::write(&sea, single_executable(&node, &fs::read(app.path("blob")).unwrap())).unwrap();
        fs::set_permissions(&sea, fs::Permissions::from_mode(0o755)).unwrap();
        let plain = of(&mut app.plain(&sea, &["app.js"]));
        assert!(plain.out.contains(PAYLOAD), "Node.js {version}: {}{}", plain.out, plain.err);
        assert_not_started(&app.run(&sea, &[], &["app.js"]), "single executable", version);
        fs::remove_file(&sea).unwrap();
    }
}

//! What a sealed program consists of, changed: any byte of any file, files that are missing, added, of another kind or
//! in each other's place, before the start and between the comparison and the use. Whatever could come of it does not
//! happen, and what was changed is named.

#![cfg(target_os = "linux")]
#![expect(clippy::print_stderr, reason = "what is absent is said")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::harness::Ran;
use crate::nodes::nodes;
use crate::run::{App, PAYLOAD, assert_not_started, of, started};

/// Prints of each part of the program what it gives, or that it was denied.
const MAIN: &str = "\
const fs = require('fs');
const path = require('path');
const here = (name) => path.join(__dirname, name);
const say = (line) => fs.writeSync(1, `${line}\\n`);
const parts = {
  plain: () => require('./lib/plain.cjs'),
  module: async () => (await import('./lib/module.mjs')).default,
  data: () => require('./lib/data.json').value,
  read: () => JSON.parse(fs.readFileSync(here('lib/read.json'), 'utf8')).value,
  text: () => fs.readFileSync(here('views/page.txt'), 'utf8').trim(),
  wasm: async () => (await WebAssembly.instantiate(fs.readFileSync(here('lib/answer.wasm')))).instance.exports.f(),
  packed: () => require('packed'),
};
if (fs.existsSync(here('lib/native.node'))) parts.native = () => typeof require('./lib/native.node');
if (process.features.typescript) parts.typed = async () => (await import('./lib/typed.mts')).default;
(async () => {
  say('first line');
  for (const name of Object.keys(parts)) {
    try { say(`${name}: ${await parts[name]()}`); } catch (error) { say(`${name}: ${error.code}`); fs.writeSync(2, `${error.message}\\n`); }
  }
})();
";

/// Each sealed file, the part that it is, and a text in it that the part's line comes from. Those without a part are
/// compared before the start, as the guard does not see them as files when they are used.
const FILES: &[(&str, Option<&str>, &str)] = &[
    ("app.js", Some(""), "first"),
    ("lib/data.json", None, "sealed"),
    ("lib/module.mjs", Some("module"), "sealed"),
    ("lib/native.node", None, "native: sealed"),
    ("lib/plain.cjs", Some("plain"), "sealed"),
    ("lib/read.json", None, "sealed"),
    ("lib/typed.mts", Some("typed"), "sealed"),
    ("lib/answer.wasm", None, "*"),
    ("node_modules/packed/main.js", Some("packed"), "sealed"),
    ("node_modules/packed/package.json", None, "main.js"),
    ("package.json", None, "app"),
    ("views/page.txt", None, "sealed"),
];

/// A function `f` that gives 42, which is `*`.
const WASM: &[u8] =
    b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\x07\x05\x01\x01f\0\0\x0a\x06\x01\x04\0\x41\x2a\x0b";

/// A program with a file of each kind.
fn program() -> App {
    let app = App::new(MAIN);
    for folder in ["lib", "views", "node_modules/packed"] {
        fs::create_dir_all(app.path(folder)).unwrap();
    }
    app.write("package.json", r#"{"name": "app"}"#);
    app.write("lib/plain.cjs", "module.exports = 'sealed'; // of its kind\n");
    app.write("lib/module.mjs", "export default 'sealed'; // of its kind\n");
    app.write("lib/typed.mts", "const text: string = 'sealed';\nexport default text;\n");
    app.write("lib/data.json", "{\"value\": \"sealed\", \"other\": [1, 2, 3]}\n");
    app.write("lib/read.json", "{\"value\": \"sealed\", \"other\": [4, 5, 6]}\n");
    app.write("views/page.txt", "sealed\n");
    app.write(
        "node_modules/packed/package.json",
        r#"{"name": "packed", "version": "1.0.0", "main": "main.js"}"#,
    );
    app.write("node_modules/packed/main.js", "module.exports = 'sealed';\n");
    // What a changed `main` would lead to.
    app.write("node_modules/packed/nain.js", &format!("console.log('{PAYLOAD}');\n"));
    fs::write(app.path("lib/answer.wasm"), WASM).unwrap();
    add_native(&app);
    let mut include = "[seal]\ninclude = [\"lib/*\", \"views/*\"]\n".to_owned();
    if app.path("lib/native.node").is_file() {
        include.push_str("natives = [\"\", \"app\"]\n");
    }
    app.write("nodeward.toml", &include);
    app.seal(&[]);
    app
}

/// An add-on that prints when it is opened. Without a compiler there is none, which is said.
fn add_native(app: &App) {
    let source = app.path("native.c");
    let text = "#include <unistd.h>\n\
        static const char line[] = \"native: sealed\\n\";\n\
        __attribute__((constructor)) static void opened(void) { if (write(1, line, sizeof line - 1)) {} }\n\
        void *napi_register_module_v1(void *env, void *exports) { return exports; }\n";
    fs::write(&source, text).unwrap();
    let target = app.path("lib/native.node");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(target).arg(&source).status();
    if !built.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no C compiler for an add-on");
    }
    fs::remove_file(source).unwrap();
}

/// What the program prints when all is as it was sealed.
fn expected(app: &App, version: u32) -> String {
    let mut lines = "first line\nplain: sealed\nmodule: sealed\ndata: sealed\nread: sealed\ntext: sealed\nwasm: 42\npacked: sealed\n".to_owned();
    if app.path("lib/native.node").is_file() {
        lines.push_str("native: sealed\nnative: object\n");
    }
    if version >= 22 {
        lines.push_str("typed: sealed\n");
    }
    lines
}

/// The same numbers in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// Changes a file for as long as something is done. It stays the same file.
fn while_changed<T>(file: &Path, changed: &[u8], act: impl FnOnce() -> T) -> T {
    let before = fs::read(file).unwrap();
    fs::write(file, changed).unwrap();
    let done = act();
    fs::write(file, before).unwrap();
    done
}

fn position(bytes: &[u8], text: &str) -> usize {
    bytes.windows(text.len()).position(|window| window == text.as_bytes()).unwrap()
}

/// Not loaded, and named; all else is as it was sealed.
fn assert_denied(ran: &Ran, file: &str, part: Option<&str>, expected: &str, version: u32) {
    let Some(part) = part else {
        return assert_not_started(ran, &format!("{file} was changed"), version);
    };
    let expected = match part {
        "" => String::new(),
        part => expected.replace(&format!("{part}: sealed"), &format!("{part}: ERR_NODEWARD_DENIED")),
    };
    assert_eq!(ran.out, expected, "Node.js {version} {file}: {}", ran.err);
    assert!(part.is_empty() == (ran.code != 0), "Node.js {version} {file}: {}", ran.err);
    let line = ran.err.lines().find(|line| line.starts_with('{') && line.contains("nodeward.denial/1"));
    let denial: serde_json::Value = serde_json::from_str(line.unwrap_or_default()).unwrap();
    assert_eq!(denial["kind"], "load", "{}", ran.err);
    assert!(denial["subject"].as_str().unwrap().ends_with(file), "Node.js {version} {file}: {}", ran.err);
    assert_eq!(denial["reason"], "its content is not what was sealed");
}

#[test]
fn a_changed_byte_of_any_sealed_file_is_denied() {
    let app = program();
    let mut chance = Chance(0x6e6f_6465_7761_7264);
    for (turn, (version, node)) in nodes().into_iter().enumerate() {
        let expected = expected(&app, version);
        assert_eq!(app.run(&node, &[], &["app.js"]).out, expected, "Node.js {version}");
        for (number, (name, part, value)) in FILES.iter().enumerate() {
            let file = app.path(name);
            if !file.is_file() || version < 22 && *part == Some("typed") {
                continue;
            }
            let bytes = fs::read(&file).unwrap();
            let last = bytes.len() - 1;
            let mut places = vec![0, last / 2, last];
            places.extend((0..3).map(|_| chance.below(bytes.len())));
            // Half of them on each Node.js, so that each is tried on two.
            let mut places: Vec<usize> = places
                .into_iter()
                .enumerate()
                .filter(|(at, _)| (at + number + turn) % 2 == 0)
                .map(|(_, place)| place)
                .collect();
            let telling = position(&bytes, value);
            places.push(telling);
            for place in places {
                let mut changed = bytes.clone();
                changed[place] ^= if place == telling { 3 } else { 1 << chance.below(8) };
                while_changed(&file, &changed, || {
                    if place == telling && *name != "package.json" {
                        let plain = of(&mut app.plain(&node, &["app.js"]));
                        assert_ne!(
                            plain.out, expected,
                            "Node.js {version} {name} shows nothing of it: {}",
                            plain.err
                        );
                    }
                    assert_denied(&app.run(&node, &[], &["app.js"]), name, *part, &expected, version);
                });
            }
            for changed in [&bytes[..last], &[&bytes[..], b"\n"].concat()] {
                while_changed(&file, changed, || {
                    assert_not_started(
                        &app.run(&node, &[], &["app.js"]),
                        &format!("{name} was changed"),
                        version,
                    );
                });
            }
        }
        assert_eq!(app.run(&node, &[], &["app.js"]).out, expected, "Node.js {version}");
    }
}

/// What stands in the place of a file, how it gets there, and what is said of it.
type Replaced<'a> = (&'a str, &'a dyn Fn(&Path), &'a str);

#[test]
fn a_file_that_is_missing_or_of_another_kind_is_named_before_the_first_line() {
    let app = program();
    let aside = app.path("aside");
    // Each is done to the place of a sealed file that was put aside.
    let replacements: [Replaced<'_>; 6] = [
        ("removed", &|_| {}, "is missing"),
        ("a folder", &|file| fs::create_dir(file).unwrap(), "not a regular file"),
        (
            "a pipe",
            &|file| assert!(Command::new("mkfifo").arg(file).status().unwrap().success()),
            "not a regular file",
        ),
        ("a socket", &|file| drop(std::os::unix::net::UnixListener::bind(file).unwrap()), "can't be read"),
        (
            "a link to the sealed file",
            &|file| std::os::unix::fs::symlink(&aside, file).unwrap(),
            "behind a symbolic link",
        ),
        ("another file", &|file| fs::hard_link(app.path("evil.js"), file).unwrap(), "was changed"),
    ];
    for (turn, (version, node)) in nodes().into_iter().enumerate() {
        for (number, (name, ..)) in FILES.iter().enumerate() {
            let file = app.path(name);
            if !file.is_file() {
                continue;
            }
            for (at, (kind, replace, says)) in replacements.iter().enumerate() {
                if at > 0 && (at + number + turn) % 3 != 0 {
                    continue;
                }
                fs::rename(&file, &aside).unwrap();
                replace(&file);
                let ran = app.run(&node, &[], &["app.js"]);
                if file.is_dir() {
                    fs::remove_dir(&file).unwrap();
                } else if file.symlink_metadata().is_ok() {
                    fs::remove_file(&file).unwrap();
                }
                fs::rename(&aside, &file).unwrap();
                assert_eq!((ran.code, &*ran.out), (125, ""), "Node.js {version} {name} {kind}: {}", ran.err);
                // The launcher knows the main file by its name only if it is there.
                let named = ran.err.contains(name) && (ran.err.contains(says) || *name == "app.js");
                assert!(named, "Node.js {version} {name} {kind}: {}", ran.err);
            }
        }
        assert_eq!(app.run(&node, &[], &["app.js"]).out, expected(&app, version), "Node.js {version}");
    }
}

#[test]
fn a_folder_that_holds_sealed_files_is_not_replaced() {
    let app = program();
    for (version, node) in nodes() {
        fs::rename(app.path("node_modules/packed"), app.path("moved")).unwrap();
        std::os::unix::fs::symlink(app.path("moved"), app.path("node_modules/packed")).unwrap();
        let ran = app.run(&node, &[], &["app.js"]);
        fs::remove_file(app.path("node_modules/packed")).unwrap();
        fs::rename(app.path("moved"), app.path("node_modules/packed")).unwrap();
        assert_not_started(
            &ran,
            "node_modules/packed/main.js can't be read (behind a symbolic link",
            version,
        );
    }
}

/// A file that is added, by which it is named, and what the program asks for.
const ADDED: &[(&str, &str)] = &[
    // A module that only the program's data names.
    ("lib/new.js", "./lib/new.js"),
    // In front of what is sealed: a file before a folder, an index of another kind, a package that is nearer, and one
    // at each place where a missing one is looked for.
    ("node_modules/packed.js", "packed"),
    ("folder/index.js", "./folder"),
    ("lib/node_modules/packed/index.js", "./lib/asks.js"),
    ("node_modules/absent.js", "absent"),
    ("node_modules/absent/index.js", "absent"),
    ("../node_modules/absent.js", "absent"),
    ("home/.node_modules/absent.js", "absent"),
    ("home/.node_libraries/absent/index.js", "absent"),
];

#[test]
fn an_added_file_does_not_load() {
    let app = program();
    app.write("app.js", "console.log('first line'); console.log(require(process.argv[2]));\n");
    app.write("lib/asks.js", "module.exports = require('packed');\n");
    fs::create_dir_all(app.path("folder")).unwrap();
    app.write("folder/index.json", "\"sealed\"");
    let settings = app
        .text("nodeward.toml")
        .replace("\"views/*\"", "\"views/*\", \"folder/*\", \"node_modules/packed/main.js\"");
    app.write("nodeward.toml", &settings);
    app.seal(&[]);
    for (version, node) in nodes() {
        for (name, request) in ADDED {
            let file = app.path(name);
            let folder = file.parent().unwrap();
            let was_there = folder.is_dir();
            fs::create_dir_all(folder).unwrap();
            fs::write(&file, format!("console.log('{PAYLOAD}');\n")).unwrap();
            let home = app.path("home");
            let plain = of(app.plain(&node, &["app.js", request]).env("HOME", &home));
            assert!(plain.out.contains(PAYLOAD), "Node.js {version} {name}: {}{}", plain.out, plain.err);
            let ran = of(app.guarded(&node, &[], &["app.js", request]).env("HOME", &home));
            assert!(ran.code != 0 && ran.out == "first line\n", "Node.js {version} {name}: {}", ran.out);
            let named = file.file_name().unwrap().to_str().unwrap();
            assert!(
                ran.err.contains("EACCES") && ran.err.contains(named),
                "Node.js {version} {name}: {}",
                ran.err
            );
            fs::remove_file(&file).unwrap();
            if !was_there {
                fs::remove_dir(folder).unwrap();
            }
        }
        let ran = app.run(&node, &[], &["app.js", "./lib/asks.js"]);
        assert_eq!(ran.out, "first line\nsealed\n", "Node.js {version}: {}", ran.err);
        // An ending that is tried before the sealed one: which files a relative name may mean, the seal says.
        let file = app.path("lib/data.js");
        fs::write(&file, format!("console.log('{PAYLOAD}');\n")).unwrap();
        let plain = of(&mut app.plain(&node, &["app.js", "./lib/data"]));
        assert!(plain.out.contains(PAYLOAD), "Node.js {version}: {}{}", plain.out, plain.err);
        let ran = of(&mut app.guarded(&node, &[], &["app.js", "./lib/data"]));
        assert!(ran.code == 0 && ran.out.starts_with("first line\n"), "Node.js {version}: {}", ran.err);
        assert!(!ran.out.contains(PAYLOAD), "Node.js {version}: {}", ran.out);
        fs::remove_file(&file).unwrap();
    }
}

#[test]
fn an_added_manifest_is_named_before_the_first_line() {
    let app = program();
    for (version, node) in nodes() {
        for (folder, text) in
            [("lib", r#"{"type": "module"}"#), ("lib", "{}"), ("node_modules/packed/inner", "{}")]
        {
            fs::create_dir_all(app.path(folder)).unwrap();
            let manifest = format!("{folder}/package.json");
            app.write(&manifest, text);
            let ran = app.run(&node, &[], &["app.js"]);
            fs::remove_file(app.path(&manifest)).unwrap();
            // There is no code in the last one, so that nobody looks there.
            if folder == "lib" {
                assert_not_started(&ran, "lib/package.json was added", version);
            } else {
                assert_eq!(ran.out, expected(&app, version), "Node.js {version}: {}", ran.err);
            }
        }
    }
}

/// Reads a line for each step, and prints what came of it.
const STEPS: &str = "\
const fs = require('fs');
const path = require('path');
const lines = require('readline').createInterface({ input: process.stdin });
console.log('ready');
(async () => { for await (const line of lines) {
  const [what, name] = line.split(' ');
  try {
    if (what === 'require') console.log(line, require(name));
    else if (what === 'import') console.log(line, (await import(name)).default);
    else if (what === 'read') console.log(line, fs.readFileSync(path.join(__dirname, name), 'utf8').trim());
    else process.exit();
  } catch (error) { console.log(line, error.code); console.error(error.message); }
} })();
";

/// What is done while the program waits, what it then does, what comes of that plainly, and guarded.
type Swapped<'a> = (&'a dyn Fn(), &'a str, &'a str, &'a str);

#[test]
fn what_is_swapped_while_the_program_runs_is_not_what_runs() {
    let app = program();
    app.write("app.js", STEPS);
    app.write("lib/other.cjs", "module.exports = 'SEALED'; // of its kind\n");
    app.write("node_modules/packed/nain.js", "module.exports = 'nain';\n");
    app.write(
        "nodeward.toml",
        &app.text("nodeward.toml").replace("\"views/*\"", "\"views/*\", \"node_modules/packed/main.js\""),
    );
    app.seal(&[]);
    let restored: Vec<(&str, Vec<u8>)> = [
        "lib/plain.cjs",
        "lib/other.cjs",
        "lib/module.mjs",
        "views/page.txt",
        "node_modules/packed/package.json",
    ]
    .map(|name| (name, fs::read(app.path(name)).unwrap()))
    .into();
    let rename = |name: &str, text: &str| {
        app.write("aside", text);
        fs::rename(app.path("aside"), app.path(name)).unwrap();
    };
    let exchange = |one: &str, other: &str| {
        fs::rename(app.path(one), app.path("aside")).unwrap();
        fs::rename(app.path(other), app.path(one)).unwrap();
        fs::rename(app.path("aside"), app.path(other)).unwrap();
    };
    let manifest = |main: &str| format!(r#"{{"name": "packed", "version": "1.0.0", "main": "{main}"}}"#);
    let cases: &[Swapped<'_>] = &[
        (
            &|| app.write("lib/plain.cjs", "module.exports = 'PAYLOAD';\n"),
            "require ./lib/plain.cjs",
            PAYLOAD,
            "ERR_NODEWARD_DENIED",
        ),
        (
            &|| rename("lib/plain.cjs", "module.exports = 'PAYLOAD';\n"),
            "require ./lib/plain.cjs",
            PAYLOAD,
            "EACCES",
        ),
        (
            &|| app.write("lib/module.mjs", "export default 'PAYLOAD';\n"),
            "import ./lib/module.mjs",
            PAYLOAD,
            "ERR_NODEWARD_DENIED",
        ),
        (
            &|| rename("lib/module.mjs", "export default 'PAYLOAD';\n"),
            "import ./lib/module.mjs",
            PAYLOAD,
            "EACCES",
        ),
        (&|| rename("views/page.txt", "PAYLOAD"), "read views/page.txt", PAYLOAD, "EACCES"),
        // Sealed contents, of other sealed files.
        (
            &|| app.write("lib/plain.cjs", &app.text("lib/other.cjs")),
            "require ./lib/plain.cjs",
            "SEALED",
            "ERR_NODEWARD_DENIED",
        ),
        (
            &|| exchange("lib/plain.cjs", "lib/other.cjs"),
            "require ./lib/plain.cjs",
            "SEALED",
            "ERR_NODEWARD_DENIED",
        ),
        (
            &|| app.write("lib/plain.cjs", &app.text("lib/data.json")),
            "require ./lib/plain.cjs",
            "undefined",
            "ERR_NODEWARD_DENIED",
        ),
        // A manifest that leads to a file that is not sealed. One that was put in its place can't be opened; that is
        // no manifest to some versions, which then look for an index.
        (
            &|| app.write("node_modules/packed/package.json", &manifest("nain.js")),
            "require packed",
            "nain",
            "EACCES",
        ),
        (&|| rename("node_modules/packed/package.json", &manifest("nain.js")), "require packed", "nain", "!"),
    ];
    for (version, node) in nodes() {
        for (number, (act, step, plainly, guarded)) in cases.iter().enumerate() {
            for mut command in [app.plain(&node, &["app.js"]), app.guarded(&node, &[], &["app.js"])] {
                let is_plain = command.get_program() == node.as_os_str();
                let mut child = started(command_of(&mut command), version);
                act();
                let mut input = child.stdin.take().unwrap();
                input.write_all(format!("{step}\nend\n").as_bytes()).unwrap();
                let ran = Ran::of(child.wait_with_output().unwrap());
                for (name, bytes) in &restored {
                    let _ = fs::remove_file(app.path(name));
                    fs::write(app.path(name), bytes).unwrap();
                }
                let outcome = ran.out.trim_end().strip_prefix(step).unwrap_or_default().trim();
                let about = format!("Node.js {version} case {number} {step}: {}{}", ran.out, ran.err);
                if is_plain && *plainly != "undefined" {
                    assert_eq!(outcome, *plainly, "{about}");
                } else if !is_plain && *guarded == "!" {
                    assert!(
                        ["EACCES", "MODULE_NOT_FOUND", "ERR_INVALID_PACKAGE_CONFIG"].contains(&outcome),
                        "{about}"
                    );
                    assert!(ran.err.contains("packed"), "{about}");
                } else if !is_plain {
                    assert_eq!(outcome, *guarded, "{about}");
                    let name = step.rsplit('/').next().unwrap().replace("require packed", "nain.js");
                    assert!(ran.err.contains(&name), "{about}");
                }
            }
        }
    }
}

fn command_of(command: &mut Command) -> Command {
    std::mem::replace(command, Command::new("true"))
}

/// Writes, as fast as it can, one content and then the other, until the program has ended.
fn racing(file: &Path, contents: [&str; 2], by: Replacement, act: impl FnOnce() -> Ran) -> Ran {
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let aside = file.with_extension("aside");
            while !ended.load(Ordering::Relaxed) {
                for content in contents {
                    if by == Replacement::Rename {
                        fs::write(&aside, content).unwrap();
                        fs::rename(&aside, file).unwrap();
                    } else {
                        // Not emptied in between: the contents are of one length.
                        let mut file = fs::OpenOptions::new().write(true).open(file).unwrap();
                        file.write_all(content.as_bytes()).unwrap();
                    }
                }
            }
        });
        let ran = act();
        ended.store(true, Ordering::Relaxed);
        ran
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Replacement {
    InPlace,
    Rename,
}

#[test]
fn a_file_that_is_swapped_again_and_again_never_runs_as_another() {
    let main = "\
        const seen = {};\n\
        const count = (what) => { seen[what] = (seen[what] ?? 0) + 1; };\n\
        (async () => {\n\
          for (let at = 0; at < 300; at += 1) {\n\
            try { delete require.cache[require.resolve('./raced.cjs')]; count(require('./raced.cjs')); } catch (error) { count(error.code); }\n\
            try { count((await import(`./raced.mjs?${at}`)).default); } catch (error) { count(error.code); }\n\
          }\n\
          console.log(JSON.stringify(seen));\n\
        })();\n";
    let app = App::new(main);
    app.write("nodeward.toml", "[seal]\ninclude = [\"raced.*\"]\n");
    let contents = [("raced.cjs", "module.exports = "), ("raced.mjs", "export default ")]
        .map(|(name, before)| (name, ["listed!", PAYLOAD].map(|value| format!("{before}'{value}';\n"))));
    for (version, node) in nodes() {
        for (name, [sealed, evil]) in &contents {
            for by in [Replacement::InPlace, Replacement::Rename] {
                contents.iter().for_each(|(name, [sealed, _])| app.write(name, sealed));
                app.seal(&[]);
                let race = |act: &dyn Fn() -> Ran| racing(&app.path(name), [evil, sealed], by, act);
                // On a busy machine the program may be over before the other content is there.
                let is_met = || race(&|| of(&mut app.plain(&node, &["app.js"]))).out.contains(PAYLOAD);
                assert!((0..50).any(|_| is_met()), "Node.js {version} {name}: nothing was ever swapped");
                app.write(name, sealed);
                // The start may meet a file of the other content, and is then refused.
                let ran = race(&|| app.run(&node, &[], &["app.js"]));
                assert!(!ran.out.contains(PAYLOAD), "Node.js {version} {name}: {}", ran.out);
                assert!(
                    ran.code == 0 || ran.code == 125 && ran.err.contains(name),
                    "Node.js {version} {name}: {}",
                    ran.err
                );
            }
        }
    }
}

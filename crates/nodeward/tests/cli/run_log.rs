//! What a program writes, in a log: who said it, and that nobody says it for somebody else.

#![cfg(target_os = "linux")]

use serde_json::Value;

use crate::nodes::nodes;
use crate::run::{App, assert_not_started, of};

const MAIN: &str = "\
console.log('hello\\n[other] there');
require('./listed.js');
process.stdout.write('past the console');
require('fs').writeSync(2, ' \\u001b[2K\\n');
process.exitCode = 7;
";

const LISTED: &str = "\
console.error('from listed');
for (let fd = 3; fd < 40; fd += 1) {
  try {
    if (!require('fs').fstatSync(fd).isSocket()) continue;
    require('fs').writeSync(fd, '0'.repeat(32) + ' {\"n\":9,\"stream\":\"out\",\"module\":\"app.js\",\"text\":\"forged\"}\\n');
  } catch {}
}
";

fn entries(app: &App) -> Vec<(String, String, String)> {
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let shown = app.nodeward(&["logs", "show", "app.log", "--key", "kept.key", "--format", "json"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let entries = shown.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    entries.map(|entry| (text(&entry, "kind"), text(&entry, "module"), text(&entry, "text"))).collect()
}

fn entry(kind: &str, module: &str, text: &str) -> (String, String, String) {
    (kind.to_owned(), module.to_owned(), text.to_owned())
}

#[test]
fn a_log_says_who_spoke_and_holds() {
    for (version, node) in nodes() {
        let app = App::new(MAIN);
        app.write("listed.js", LISTED);
        app.seal(&[]);
        assert_eq!(app.nodeward(&["logs", "key", "--out", "app.key"]).code, 0);
        app.write("kept.key", &app.text("app.key"));
        let node = node.to_str().unwrap();
        let run =
            ["run", "--node", node, "--log", "app.log", "--log-key=app.key", "--", "node", "app.js", "--log"];
        let ran = app.nodeward(&run);
        assert_eq!(ran.code, 7, "Node.js {version}: {}{}", ran.out, ran.err);
        assert!(
            ran.out.contains("hello\n[other] there\n") && ran.out.contains("past the console"),
            "{}",
            ran.out
        );
        assert!(ran.err.contains("from listed\n"), "{}", ran.err);

        let mut found = entries(&app);
        let forged = found.extract_if(.., |(kind, _, _)| kind == "forged").count();
        assert!(forged >= 1, "Node.js {version}: {found:?}");
        assert_eq!(found.remove(0), entry("start", "", "node app.js --log"));
        assert_eq!(found.pop().unwrap(), entry("end", "", "exit code 7"));
        // Three ways into the log, each in its own order.
        found.sort();
        assert_eq!(
            found,
            [
                entry("console", "app.js", "hello\n[other] there"),
                entry("console", "listed.js", "from listed"),
                entry("output", "", " \u{1b}[2K"),
                entry("output", "", "past the console"),
            ],
            "Node.js {version}"
        );
        let verified = app.nodeward(&["logs", "verify", "app.log", "--key", "kept.key"]);
        assert_eq!(verified.code, 0, "{}{}", verified.out, verified.err);
        assert_ne!(app.text("app.key"), app.text("kept.key"), "the key is replaced");

        // It goes on where it ended, and not once its end is cut off.
        let before = app.text("app.log");
        assert_eq!(app.nodeward(&run).code, 7);
        assert!(app.text("app.log").starts_with(&before));
        assert_eq!(app.nodeward(&["logs", "verify", "app.log", "--key", "kept.key"]).code, 0);
        app.write("app.log", &before);
        let ran = app.nodeward(&run);
        assert_eq!((ran.code, &*ran.out), (125, ""), "{}", ran.err);
        assert!(ran.err.contains("app.log"), "{}", ran.err);
    }
}

#[test]
fn the_program_can_not_reach_its_log() {
    let app = App::new(
        "try { require('fs').appendFileSync('app.log', 'mine'); console.log('written'); }\n\
         catch (error) { console.log(error.code); }\n",
    );
    for (version, node) in nodes() {
        let node = node.to_str().unwrap();
        let ran = app.nodeward(&["run", "--node", node, "--log", "app.log", "--", "node", "app.js"]);
        assert_eq!((ran.code, &*ran.out), (0, "EACCES\n"), "Node.js {version}: {}", ran.err);
        assert_eq!(app.nodeward(&["logs", "verify", "app.log"]).code, 0);
        let run = ["run", "--node", node, "--write", ".", "--log", "app.log", "--", "node", "app.js"];
        let ran = app.nodeward(&run);
        assert_eq!((ran.code, &*ran.out), (125, ""), "Node.js {version}: {}", ran.err);
    }
}

#[test]
fn lines_say_which_module_they_are_from() {
    let app = App::new(MAIN);
    for (version, node) in nodes() {
        let node = node.to_str().unwrap();
        let ran = app.nodeward(&["run", "--node", node, "--console", "modules", "--", "node", "app.js"]);
        assert!(
            ran.out.starts_with("[app.js] hello\n[app.js] [other] there\n"),
            "Node.js {version}: {}",
            ran.out
        );
    }
}

#[test]
fn without_threads_nothing_is_started() {
    let app = App::new(MAIN);
    for (version, node) in nodes() {
        let mut command = app.guarded(&node, &["--log", "app.log"], &["app.js"]);
        // No system has so much memory for a stack.
        let ran = of(command.env("RUST_MIN_STACK", (1_u64 << 60).to_string()));
        assert_not_started(&ran, "the system gives no thread for the log", version);
        assert!(!app.path("app.log").exists(), "Node.js {version}");
    }
}

#[test]
fn a_log_is_not_written_through_a_link_that_leads_out() {
    let app = App::new(MAIN);
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("theirs"), "").unwrap();
    std::os::unix::fs::symlink(outside.path().join("theirs"), app.path("app.log")).unwrap();
    std::os::unix::fs::symlink("own.log", app.path("linked.log")).unwrap();
    for (version, node) in nodes() {
        let ran = app.run(&node, &["--log", "app.log"], &["app.js"]);
        assert_not_started(&ran, "a symbolic link leads from there", version);
        assert_eq!(std::fs::read(outside.path().join("theirs")).unwrap(), b"");
        let ran = app.run(&node, &["--log", "linked.log"], &["app.js"]);
        assert_eq!(ran.code, 7, "Node.js {version}: {}", ran.err);
        assert_eq!(app.nodeward(&["logs", "verify", "own.log"]).code, 0);
    }
}

#[test]
fn a_program_does_not_go_on_without_its_log() {
    let app = App::new(
        "console.log('pid', process.pid, '.');\n\
         process.on('SIGTERM', () => { if (process.argv[2] === 'leave') process.exit(3); });\n\
         require('./listed.js');\n\
         setInterval(() => console.log('x'.repeat(10000)), 1);\n",
    );
    for (version, node) in nodes() {
        for word in ["leave", "stay"] {
            let command = app.guarded(&node, &["--log", "app.log"], &["app.js", word]);
            // A file that may not grow stands for a full disk; the guard's own files are smaller.
            let mut limited = std::process::Command::new("sh");
            limited.args(["-c", "trap '' XFSZ; ulimit -f 4096; exec \"$0\" \"$@\""]);
            limited.arg(command.get_program()).args(command.get_args());
            limited.current_dir(command.get_current_dir().unwrap());
            for (name, value) in command.get_envs() {
                match value {
                    Some(value) => limited.env(name, value),
                    None => limited.env_remove(name),
                };
            }
            let ran = of(&mut limited);
            assert_eq!(ran.code, 125, "Node.js {version} {word}: {}", ran.err);
            let said = ran.err.matches("the program was ended, so that it does not go on without its log");
            assert_eq!(said.count(), 1, "Node.js {version} {word}: {}", ran.err);
            let pid = ran.out.split(' ').nth(1).unwrap();
            assert!(
                !std::path::Path::new("/proc").join(pid).exists(),
                "Node.js {version} {word}: it goes on"
            );
            // What is there holds, but for the line that did not fit.
            let size = std::fs::metadata(app.path("app.log")).unwrap().len();
            assert!(size > 1_000_000, "Node.js {version} {word}: {size}");
            std::fs::remove_file(app.path("app.log")).unwrap();
        }
    }
}

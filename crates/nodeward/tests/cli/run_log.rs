//! What a program writes, in a log: who said it, and that nobody says it for somebody else.

#![cfg(target_os = "linux")]

use serde_json::Value;

use crate::nodes::nodes;
use crate::run::App;

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

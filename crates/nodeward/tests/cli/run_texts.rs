//! Code in texts that stand in sealed files: it runs under a seal as without us, and no other code does.

use std::fs;

use crate::nodes::nodes;
use crate::run::{App, PAYLOAD, of};

/// Each line is a way to have code made of a text that is written out, and one of the last two texts is not.
const MAIN: &str = "\
const attempt = async (name, act) => { try { console.log(name, await act()); } catch (error) { console.log(name, error.code ?? error.name); } };
const AsyncFunction = (async () => {}).constructor;
(async () => {
  await attempt('import', () => new Function('p', 'return import(p)')(__dirname + '/listed.mjs').then(({ default: it }) => it));
  await attempt('builtin', () => Function('p', 'return import(p)')('node:path').then(({ sep }) => sep));
  await attempt('empty', () => typeof new Function(''));
  await attempt('indirect', () => (0, eval)('1+' + '1'));
  await attempt('choice', () => eval(process.argv[2] ? '3' : '4'));
  await attempt('async', () => new AsyncFunction('return 5')());
  await attempt('require', () => eval('require')('./listed.js'));
  await attempt('folder', () => eval('__dirname') === __dirname);
  await attempt('evil', () => new Function('p', 'return import(p)')(process.argv[1].replace('app.js', 'evil.mjs')).then(() => 'loaded'));
  await attempt('made', () => eval(['con', 'sole.log(\"made\")'].join('')));
  await attempt('other', () => new Function('q', 'return import' + String.fromCharCode(40) + 'q)')('node:path').then(({ sep }) => sep));
})();
";
const COMMON: &str = "import listed\nbuiltin /\nempty function\nindirect 2\nchoice 4\nasync 5\n";

fn app() -> App {
    let app = App::new(MAIN);
    app.write("listed.mjs", "export default 'listed';\n");
    app.write("evil.mjs", &format!("console.log('{PAYLOAD}');\n"));
    app.write("nodeward.toml", "[seal]\ninclude = [\"listed.js\", \"listed.mjs\"]\n");
    app
}

#[test]
fn code_that_is_written_out_runs_and_no_other() {
    let app = app();
    let sealed = app.nodeward(&["seal", "app.js"]);
    assert_eq!(sealed.code, 0, "{}", sealed.err);
    for told in [
        "app.js:4: makes code of a text that stands there, which may run: (function anonymous(p ) { return import(p) })",
        "warning: app.js:13: the project makes code from strings that only a run tells, and will be denied that (and in 1 more place)",
        "modules = [\"app.js\"]",
    ] {
        assert!(sealed.err.contains(told), "{told}: {}", sealed.err);
    }
    let loaded = "require listed\nfolder true\nPAYLOAD\nevil loaded\nmade\nmade undefined\nother /\n";
    let denied = "evil ERR_NODEWARD_DENIED\nmade ERR_NODEWARD_DENIED\nother ERR_NODEWARD_DENIED\n";
    for (version, node) in nodes() {
        let plain = of(&mut app.plain(&node, &["app.js"]));
        let expected = format!("{COMMON}{loaded}");
        assert_eq!(plain.out, expected, "Node.js {version}: {}", plain.err);
        // The kernel may be first to deny a file.
        let shown = |out: &str| out.replace("EACCES", "ERR_NODEWARD_DENIED");
        let ran = app.run(&node, &[], &["app.js"]);
        let expected = format!("{COMMON}require listed\nfolder true\n{denied}");
        assert_eq!(shown(&ran.out), expected, "Node.js {version}: {}", ran.err);
        // Without the add-on nothing can be made that sees where it is made.
        let ran = app.run(&node, &["--no-addon"], &["app.js"]);
        let expected = format!("{COMMON}require ReferenceError\nfolder ReferenceError\n{denied}");
        assert_eq!(shown(&ran.out), expected, "Node.js {version}: {}", ran.err);
        assert!(!ran.err.contains("nodeward: "), "Node.js {version}: {}", ran.err);
    }
    // A seal that was made before says nothing of texts: they are denied.
    let seal = app.text("nodeward.seal.json");
    let (before, rest) = seal.split_once(",\n  \"eval\": ").unwrap();
    let (_, after) = rest.split_once('\n').unwrap();
    fs::write(app.path("nodeward.seal.json"), format!("{before}\n{after}")).unwrap();
    for (version, node) in nodes() {
        let ran = app.run(&node, &[], &["app.js"]);
        let ways = ["import", "builtin", "empty", "indirect", "choice", "async", "require", "folder"];
        let all: String = ways.iter().map(|way| format!("{way} ERR_NODEWARD_DENIED\n")).collect();
        assert_eq!(ran.out, format!("{all}{denied}"), "Node.js {version}: {}", ran.err);
    }
}

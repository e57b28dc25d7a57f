//! Values followed through whole units: what is found, what rules it out, and how it is said.

use super::tests::{all, file, of_dependency, shown};
use super::*;
use crate::Linted;

const COMMAND: &str =
    "const { exec } = require('child_process');\nmodule.exports = (name) => exec('git log ' + name);\n";

fn only(rule: &str) -> Options {
    Options { only: vec![rule.into()], ..all() }
}

fn library(rule: &str) -> Options {
    Options { audience: Some(Audience::Callers), ..only(rule) }
}

/// Whether a library of one file has a shell command with a value of a caller.
fn is_found(body: &str) -> bool {
    let text = format!("const {{ exec }} = require('child_process');\n{body}\n");
    let outcome = lint(&[file("index.js", &text)], &library("command-injection"));
    assert!(outcome.gaps.is_empty(), "{body}: {:?}", outcome.gaps);
    !outcome.findings.is_empty()
}

#[test]
fn a_value_is_followed_from_file_to_file() {
    let files = [
        file(
            "src/server.ts",
            "import express from 'express';\nimport { log } from './git.js';\nconst app = express();\n\
             app.get('/log', (req, res) => {\n  res.json(log(req.query.branch as string));\n});\n",
        ),
        file(
            "src/git.ts",
            "import { run } from './run';\nexport const log = (name: string) => run(`log ${name}`);\n",
        ),
        file(
            "src/run/index.ts",
            "import { execSync } from 'node:child_process';\n\
             export function run(text: string) {\n  return execSync('git ' + text).toString();\n}\n",
        ),
    ];
    let outcome = lint(&files, &only("command-injection"));
    assert_eq!(shown(&outcome), ["command-injection src/run/index.ts:3:10"]);
    let Linted { finding, .. } = &outcome.findings[0];
    assert_eq!(finding.title, "what a client sends becomes part of a shell command");
    let steps: Vec<String> = finding
        .evidence
        .iter()
        .map(|fact| format!("{} {} {}", fact.label, fact.place.as_ref().expect("a place"), fact.value))
        .collect();
    assert_eq!(
        steps.first().map(String::as_str),
        Some("from src/server.ts:5:16 res.json(log(req.query.branch as string));")
    );
    assert!(steps.iter().any(|step| step.starts_with("through src/git.ts:2:")), "{steps:?}");
    assert_eq!(
        steps.last().map(String::as_str),
        Some("to src/run/index.ts:3:10 return execSync('git ' + text).toString();")
    );
}

#[test]
fn threads_and_order_change_no_flow() {
    let mut files: Vec<SourceFile> = (0..24)
        .map(|at| of_dependency(file(&format!("node_modules/p{}/{at}.js", at % 5), COMMAND)))
        .chain((0..6).map(|at| file(&format!("src/{at}.js"), COMMAND)))
        .chain([file("package.json", r#"{ "name": "own", "main": "src/0.js" }"#)])
        .collect();
    let options = Options { only: vec!["command-injection".into()], ..all() };
    let one = lint(&files, &options);
    assert_eq!(one.findings.len(), 30);
    files.reverse();
    for threads in [2, 5] {
        let many = lint(&files, &Options { threads: NonZeroUsize::new(threads), ..options.clone() });
        assert_eq!(one.findings, many.findings);
    }
}

#[test]
fn callers_count_where_there_are_any() {
    let found = |files: &[SourceFile], audience| {
        lint(files, &Options { audience, ..only("command-injection") }).findings.len()
    };
    let own = file("index.js", COMMAND);
    let manifest = |text| file("package.json", text);
    assert_eq!(found(std::slice::from_ref(&own), None), 0);
    assert_eq!(found(std::slice::from_ref(&own), Some(Audience::Callers)), 1);
    assert_eq!(found(&[own.clone(), manifest(r#"{ "main": "index.js" }"#)], None), 1);
    assert_eq!(
        found(&[own.clone(), manifest(r#"{ "exports": "./index.js" }"#)], Some(Audience::Requests)),
        0
    );
    assert_eq!(found(&[own.clone(), manifest(r#"{ "main": "index.js", "private": true }"#)], None), 0);
    // Of the packages of one repository only those that are published.
    let team = [
        file("packages/a/index.js", COMMAND),
        file("packages/a/package.json", r#"{ "name": "a", "main": "index.js" }"#),
        file("packages/b/index.js", COMMAND),
        file("packages/b/package.json", r#"{ "name": "b", "main": "index.js", "private": true }"#),
    ];
    assert_eq!(
        shown(&lint(&team, &only("command-injection"))),
        ["command-injection packages/a/index.js:2:28"]
    );
    assert_eq!(found(&[of_dependency(own)], None), 1);
}

#[test]
fn comments_hide_flows_of_the_project_and_not_of_a_dependency() {
    let text = COMMAND.replace('\n', "\n// nodeward-ignore command-injection: names are ours\n");
    let own = lint(&[file("index.js", &text)], &library("command-injection"));
    assert_eq!((own.findings.len(), own.hidden.len()), (0, 1));
    let dependency = lint(&[of_dependency(file("index.js", &text))], &library("command-injection"));
    assert_eq!((dependency.findings.len(), dependency.hidden.len()), (1, 0));
}

#[test]
fn tests_are_not_shown() {
    assert_eq!(lint(&[file("test/run.js", COMMAND)], &library("command-injection")).findings.len(), 0);
}

#[test]
fn policies_part_what_is_read_from_what_is_guessed() {
    let at = |policy, text: &str| {
        let options = Options { policy, audience: Some(Audience::Callers), ..Options::default() };
        let outcome = lint(&[file("index.js", text)], &options);
        outcome.findings.iter().any(|linted| *linted.finding.rule == *"command-injection")
    };
    let whole = "const { exec } = require('child_process');\nmodule.exports = (command) => exec(command);\n";
    let guessed = "const { exec } = require('child_process');\nmodule.exports = (name, x) => exec('git ' + x.y.decorated(name));\n";
    assert!(at(Policy::Strict, COMMAND) && !at(Policy::Common, COMMAND));
    for text in [whole, guessed] {
        assert!(at(Policy::Experimental, text) && !at(Policy::Strict, text), "{text}");
    }
}

/// The rules that find something under `strict`, in what callers or clients hand in.
fn under_strict(files: &[SourceFile]) -> Vec<String> {
    let options = Options { policy: Policy::Strict, audience: Some(Audience::Callers), ..Options::default() };
    shown(&lint(files, &options))
}

#[test]
fn the_worst_of_several_ways_to_a_place_is_shown() {
    let run = file("run.js", "module.exports = (line) => require('child_process').exec(line);\n");
    let whole = file("index.js", "const run = require('./run');\nmodule.exports = (line) => run(line);\n");
    let joined = file(
        "index.js",
        "const run = require('./run');\nmodule.exports = (url) => run(`git clone ${url}`);\n",
    );
    // That a caller hands over a whole line hides neither what is put together elsewhere nor the other way round.
    assert_eq!(under_strict(&[run.clone(), joined]), ["command-injection run.js:1:28"]);
    assert!(under_strict(&[run, whole]).is_empty());
}

#[test]
fn text_that_a_function_puts_together_is_put_together() {
    const EXEC: &str = "const { exec } = require('child_process');\n";
    let found = |body: &str| !under_strict(&[file("index.js", &format!("{EXEC}{body}"))]).is_empty();
    assert!(found("const line = (url) => 'git clone ' + url;\nexports.a = (url) => exec(line(url));"));
    assert!(!found("const line = (url) => url.trim();\nexports.a = (url) => exec(line(url));"));
}

#[test]
fn a_function_gives_each_call_what_that_call_handed_in() {
    const EXEC: &str = "const { exec } = require('child_process');\nconst same = (value) => value;\n";
    let found = |body: &str| !under_strict(&[file("index.js", &format!("{EXEC}{body}"))]).is_empty();
    // The same parameter is entered by what is harmless and by what is not, in either order.
    for order in ["same(Number(a)); exec('kill ' + same(b));", "exec('kill ' + same(b)); same(Number(a));"] {
        assert!(found(&format!("exports.a = (a, b) => {{ {order} }};")), "{order}");
    }
    for order in ["same(b); exec('kill ' + same(Number(a)));", "exec('kill ' + same(Number(a))); same(b);"] {
        assert!(!found(&format!("exports.a = (a, b) => {{ {order} }};")), "{order}");
    }
}

#[test]
fn markup_is_certain_where_tags_stand_around_the_value() {
    let found = |body: &str| {
        let app = format!("const app = require('express')();\napp.get('/', (req, res) => {{ {body} }});\n");
        under_strict(&[file("index.js", &app)]).iter().any(|line| line.starts_with("xss "))
    };
    assert!(found("res.send('<p>' + req.query.name + '</p>');"));
    assert!(!found("res.send(req.query.name + ' is unknown');"));
    assert!(!found("res.send('<p>' + encodeURIComponent(req.query.name) + '</p>');"));
    // Browsers encode what opens a tag in an address, and no other site sets headers.
    assert!(found("res.send('<p>' + unescape(require('url').parse(req.url).pathname) + '</p>');"));
    assert!(!found("res.send('<p>' + require('url').parse(req.url).pathname + '</p>');"));
    assert!(!found("res.send('<p>' + req.headers.host.split(':')[0] + '</p>');"));
}

#[test]
fn values_are_followed_through_what_programs_are_made_of() {
    for body in [
        // Callbacks.
        "exports.a = (names) => names.forEach((name) => exec('git log ' + name));",
        "const each = (list, then) => { for (const one of list) then(one); };\n\
         exports.a = (names) => each(names, (name) => { exec(`git log ${name}`); });",
        "exports.a = function (names) { [].forEach.call(names, function (name) { exec('git log ' + name); }); };",
        // What a pattern finds in a text.
        "const FIRST = /^\\S+/;\nexports.a = (text) => { const found = FIRST.exec(text); exec('git log ' + found[0]); };",
        // Functions that are known by their names alone.
        "const run = { exec: require('some-package').promised };\nexports.a = (name) => run.execSync('git log ' + name);",
        // Promises.
        "exports.a = (name) => Promise.resolve(name).then((text) => 'git log ' + text).then((text) => exec(text));",
        "exports.a = async (name) => { const text = await new Promise((ok) => ok('git log ' + name)); exec(text); };",
        // Classes.
        "class Git { constructor(folder) { this.folder = folder; }\n\
         log() { exec('git -C ' + this.folder + ' log'); } }\nmodule.exports = Git;",
        "function Git(folder) { this.folder = folder; }\n\
         Git.prototype.log = function () { exec('git -C ' + this.folder); };\nmodule.exports = Git;",
        "class Base { run(text) { exec(text); } }\n\
         class Git extends Base { log(name) { this.run('git log ' + name); } }\nmodule.exports = { Git };",
        // Patterns, spreads, arrays and texts.
        "exports.a = ({ list: [first, ...others] }) => exec(['git', 'log', ...others].join(' '));",
        "exports.a = function () { exec('git log ' + arguments[0]); };",
        "exports.a = (name) => { const parts = ['git log']; parts.push(name.trim()); exec(parts.join(' ')); };",
    ] {
        assert!(is_found(body), "{body}");
    }
}

#[test]
fn what_is_made_harmless_is_not_found() {
    for (harmful, harmless) in [
        ("exports.a = (id) => exec('kill ' + id);", "exports.a = (id) => exec('kill ' + Number(id));"),
        ("exports.a = (id) => exec('kill ' + id);", "exports.a = (id) => exec('kill ' + parseInt(id, 10));"),
        (
            "exports.a = (name) => { name = 'x' + name; exec('git log ' + name); };",
            "exports.a = (name) => { name = 'HEAD'; exec('git log ' + name); };",
        ),
        (
            "exports.a = (name) => { if (!name) return; exec('git log ' + name); };",
            "exports.a = (name) => { if (!['main', 'next'].includes(name)) return; exec('git log ' + name); };",
        ),
        (
            "exports.a = (name) => { if (/[a-z]+/.test(name)) exec('git log ' + name); };",
            "exports.a = (name) => { if (/^[a-z]+$/.test(name)) exec('git log ' + name); };",
        ),
        (
            "exports.a = (name) => { switch (name) { default: exec('git log ' + name); } };",
            "exports.a = (name) => { switch (name) { case 'main': exec('git log ' + name); } };",
        ),
        (
            "exports.a = (o) => { if (!o.name) return; exec('git log ' + o.name); };",
            "exports.a = (o) => { if (!['main', 'next'].includes(o.name)) return; exec('git log ' + o.name); };",
        ),
        (
            "exports.a = (o, p) => { if (['main'].includes(o.name)) { o = p; exec('git log ' + o.name); } };",
            "exports.a = (o, p) => { if (['main'].includes(o.name)) { exec('git log ' + o.name); } };",
        ),
        (
            "exports.a = (o) => { if (['main'].includes(o.name)) { o.name = o.other; exec('git log ' + o.name); } };",
            "exports.a = (o) => { if (['main'].includes(o.x.name)) { exec('git log ' + o.x.name); } };",
        ),
        (
            "const quote = require('cli-color').red;\nexports.a = (name) => exec('git log ' + name);",
            "const { quote } = require('shell-quote');\nexports.a = (name) => exec('git log ' + quote([name]));",
        ),
    ] {
        assert!(is_found(harmful), "{harmful}");
        assert!(!is_found(harmless), "{harmless}");
    }
}

#[test]
fn a_policy_shows_what_is_sure_enough_for_it_and_comments_for_the_rest_are_not_in_vain() {
    let shown = |policy, text: &str| {
        let options = Options { policy, audience: Some(Audience::Callers), ..Options::default() };
        shown(&lint(&[file("index.js", text)], &options))
    };
    let upload = "const multer = require('multer');\nmodule.exports = multer({ dest: '/tmp' });\n";
    assert_eq!(shown(Policy::Common, upload), [""; 0]);
    assert!(shown(Policy::Experimental, upload).contains(&"body-unbounded index.js:2:18".to_owned()));
    let told = COMMAND.replacen('\n', "\n// nodeward-ignore command-injection: names are ours\n", 1);
    assert_eq!(shown(Policy::Strict, COMMAND), ["command-injection index.js:2:28"]);
    for (policy, text) in [(Policy::Common, COMMAND), (Policy::Common, &told), (Policy::Strict, &told)] {
        assert_eq!(shown(policy, text), [""; 0], "{policy}");
    }
}

/// The policies and places of what one rule finds in a library of one file.
fn found(rule: &str, text: &str) -> Vec<String> {
    let outcome = lint(&[file("index.js", text)], &library(rule));
    let shown = |linted: &Linted| format!("{}:{}", linted.policy, linted.finding.place.line);
    outcome.findings.iter().map(shown).collect()
}

#[test]
fn a_folder_given_at_the_start_does_not_hide_what_a_client_sends() {
    let text = "const http = require('http'), fs = require('fs'), url = require('url');\n\
                const folder = process.argv[2] || process.cwd();\n\
                http.createServer((req, res) => {\n  fs.readFile(folder + url.parse(req.url).pathname, () => {});\n});\n";
    assert_eq!(found("path-traversal", text), ["strict:4"]);
}

#[test]
fn patterns_are_known_by_variables_and_properties() {
    for (before, pattern) in [
        ("const SLOW = /^(a+)+$/;", "SLOW"),
        ("var rules = { slow: /^(a+)+$/ };", "rules.slow"),
        ("exports.slow = /^(a+)+$/;", "exports.slow"),
        ("const A = /a/, B = /^(a+)+$/;", "(strict ? A : B)"),
        ("const SLOW = new RegExp('^(a+)+$', 'i');", "SLOW"),
    ] {
        let text =
            format!("exports.a = (text, strict) => {{\n  return {pattern}.test(text);\n}};\n{before}\n");
        assert_eq!(found("regex-dos-flow", &text), ["strict:2"], "{text}");
        assert_eq!(found("regex-dos-flow", &text.replace("+)+", ")+")), [""; 0], "{text}");
    }
}

#[test]
fn values_inside_objects_do_harm_too() {
    let handler = |body: &str| {
        format!("const app = require('express')();\napp.get('/', (req, res) => {{\n  {body}\n}});\n")
    };
    let redirect = handler("res.writeHead(301, { Location: req.query.to });");
    assert_eq!(found("open-redirect", &redirect), ["strict:3"]);
    assert_eq!(found("open-redirect", &handler("res.writeHead(301, { Location: '/to' });")), [""; 0]);
    let query = handler("db.users.findOne({ name: req.body.name });");
    assert_eq!(found("nosql-injection", &query), ["experimental:3"]);
    assert_eq!(
        found("nosql-injection", &handler("db.users.findOne({ name: String(req.body.name) });")),
        [""; 0]
    );
}

#[test]
fn what_is_written_to_a_prototype_and_how_decides_the_policy() {
    let set = |last: &str| {
        format!(
            "module.exports = (object, path, value) => {{\n  const keys = path.split('.');\n  \
             for (const key of keys.slice(0, -1)) object = object[key];\n  object[keys.pop()] = {last};\n}};\n"
        )
    };
    assert_eq!(found("prototype-pollution", &set("value")), ["strict:4"]);
    assert_eq!(found("prototype-pollution", &set("true")), ["experimental:4"]);
    let walk = |object: &str, loop_: &str| {
        format!(
            "function walk(to, from) {{\n  {loop_} {{\n    if (typeof from[key] === 'object') walk({object}[key], from[key]);\n    \
             else {object}[key] = from[key];\n  }}\n}}\nmodule.exports = walk;\n"
        )
    };
    for loop_ in ["for (const key in from)", "for (const key of Object.keys(from))"] {
        assert_eq!(found("prototype-pollution", &walk("to", loop_)), ["strict:4"], "{loop_}");
        assert_eq!(found("prototype-pollution", &walk("from", loop_)), [""; 0], "{loop_}");
    }
}

#[test]
fn methods_of_jquery_are_called_by_pages() {
    let text =
        "(function ($) {\n  $.fn.tag = function (name) { this[0].innerHTML = '<b>' + name; };\n})(jQuery);\n";
    assert_eq!(found("xss", text), ["experimental:2"]);
}

#[test]
fn what_a_caller_passes_comes_back_to_that_caller_alone() {
    let line = "exports.line = (lines, name) => lines.find((line) => line.startsWith(name));\n";
    let own = "exports.show = () => exec('nmcli ' + exports.line(execSync('nmcli').split('|'), 'device'));";
    let handed = "exports.show = (lines) => exec('nmcli ' + exports.line(lines, 'device'));";
    assert!(!is_found(&format!("{line}{own}")));
    assert!(is_found(&format!("{line}{handed}")));
}

#[test]
fn what_is_a_number_or_in_bounds_is_shown_by_a_wider_policy() {
    let text = "exports.a = (x) => new Buffer(x);\nexports.b = (x) => new Buffer(x, 'hex');\n\
                exports.c = () => new Buffer(16);\n\
                exports.d = (x) => { if (typeof x === 'number') throw x; return new Buffer(x); };\n";
    let policies = ["strict:1", "experimental:3", "experimental:4"];
    assert_eq!(found("buffer-constructor", text), policies);
    let text = "exports.a = (b, at) => b.readUInt8(at, true);\n\
                exports.b = (b, at) => { if (at < b.length) return b.readUInt8(at, true); };\n";
    assert_eq!(found("buffer-no-assert", text), ["common:1", "strict:2"]);
}

#[test]
fn what_repeats_itself_is_walked_once() {
    let nested = (0..40).fold("name".to_owned(), |inner, _| format!("spawn('sh', ['-c', {inner}])"));
    let text = format!("const {{ spawn }} = require('child_process');\nexports.a = (name) => {nested};\n");
    assert_eq!(found("command-injection", &text).len(), 1);
    let holes = "${name}".repeat(5_000);
    let text =
        format!("const {{ exec }} = require('child_process');\nexports.a = (name) => exec(`{holes}`);\n");
    assert_eq!(found("command-injection", &text).len(), 1);
}

#[test]
fn what_maintainers_run_has_no_callers() {
    let manifest = file("package.json", r#"{ "name": "own", "main": "index.js" }"#);
    let found = |files: &[SourceFile]| {
        let files: Vec<SourceFile> = files.iter().chain([&manifest]).cloned().collect();
        lint(&files, &only("command-injection")).findings.len()
    };
    let script = file("scripts/run.js", COMMAND);
    assert_eq!(found(&[file("index.js", "module.exports = 1;\n"), script.clone()]), 0);
    assert_eq!(found(&[file("index.js", "require('./scripts/run');\n"), script.clone()]), 1);
    let other = file("scripts/other.js", "require('./run');\n");
    assert_eq!(found(&[file("index.js", "module.exports = 1;\n"), other, script]), 0);
    assert_eq!(found(&[file("lib/run.js", COMMAND)]), 1);
}

#[test]
fn of_copies_only_the_surer_findings_are_shown() {
    let banner = "/*! jQuery v1.8.3 jquery.com */\n";
    let text = "exports.a = (text) => /\\s+$/.test(text);\nexports.b = (text) => /^(a+)+$/.test(text);\n";
    assert_eq!(found("regex-polynomial", text), ["experimental:1"]);
    assert!(found("regex-polynomial", &format!("{banner}{text}")).is_empty());
    assert_eq!(found("regex-exponential", &format!("{banner}{text}")), ["common:3"]);
}

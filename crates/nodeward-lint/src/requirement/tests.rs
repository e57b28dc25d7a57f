//! What requirements find, however it is written; and what they leave alone.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::{Options, Origin, SourceFile, Text, lint};

pub(crate) fn requirement(demand: Demand) -> Arc<Requirement> {
    Arc::new(Requirement {
        id: "team-rule".into(),
        message: "not here".into(),
        next_step: None,
        explanation: None,
        severity: Severity::High,
        threat: Threat::Rce,
        demand,
        good: Vec::new(),
        bad: Vec::new(),
        place: Place::file("nodeward.toml"),
        folder: "/project".into(),
    })
}

fn names(texts: &[&str]) -> Vec<Name> {
    texts.iter().map(|text| Name::parse(text, None).expect("a name")).collect()
}

/// Line and column of each finding.
fn found_in(path: &str, demand: &Demand, code: &str) -> Vec<(u32, u32)> {
    let file = SourceFile {
        path: Arc::from(Path::new(path)),
        text: Text::Memory(code.into()),
        origin: Origin::FirstParty,
    };
    let options = Options {
        only: vec!["team-rule".into()],
        requirements: vec![requirement(demand.clone())],
        directory: "/project".into(),
        ..Options::default()
    };
    let outcome = lint(&[file], &options);
    assert!(outcome.gaps.is_empty(), "{code}: {:?}", outcome.gaps);
    outcome.findings.iter().map(|linted| (linted.finding.place.line, linted.finding.place.column)).collect()
}

#[track_caller]
fn check(demand: &Demand, bad: &[&str], good: &[&str]) {
    for code in bad {
        assert_eq!(found_in("src/a.tsx", demand, code).len(), 1, "{code}");
    }
    for code in good {
        assert_eq!(found_in("src/a.tsx", demand, code), [], "{code}");
    }
}

#[test]
fn a_call_is_known_under_every_name() {
    check(
        &Demand::BannedCall(names(&["exec from child_process"])),
        &[
            "require('child_process').exec(a)",
            "const { exec } = require('node:child_process'); exec(a)",
            "const { exec: run } = require('child_process'); run(a)",
            "import { exec as run } from 'child_process'; run(a)",
            "import * as cp from 'node:child_process'; cp.exec(a)",
            "import cp from 'child_process'; cp['exec'](a)",
            "const cp = await import('child_process'); cp.exec(a)",
            "const run = require('util').promisify(require('child_process').exec); await run(a)",
            "const cp = require('child_process'); cp.exec.call(null, a)",
            "const cp = require('child_process'); cp?.exec?.(a)",
            "import cp = require('child_process'); (cp as any).exec(a)",
        ],
        &[
            "exec(a)",
            "function exec() {} exec(a)",
            "/x/.exec(a)",
            "import { exec } from 'other'; exec(a)",
            "const cp = require('child_process'); cp.execFile(a)",
            "import { exec } from 'child_process'; use(exec)",
        ],
    );
    check(
        &Demand::BannedCall(names(&["eval", "document.write", ".query", "Function"])),
        &["eval(a)", "window.eval(a)", "document.write(a)", "x.y.query(a)", "new Function(a)", "db.query`a`"],
        &["function f(eval2) { eval2(a) }", "query(a)", "a.document.write(b)", "const f = (eval) => eval(a)"],
    );
    check(
        &Demand::BannedCall(names(&["* from child_process"])),
        &["require('child_process').spawn(a)", "import { fork } from 'child_process'; fork(a)"],
        &["require('child_process')", "spawn(a)"],
    );
}

#[test]
fn a_name_is_banned_whatever_is_done_with_it() {
    check(
        &Demand::BannedName(names(&["eval", "exec from child_process", "default from lodash"])),
        &[
            "[a].map(eval)",
            "const e = globalThis.eval",
            "import { exec } from 'child_process'; use(exec)",
            "const cp = require('child_process'); const e = cp.exec; e(a); e(b)",
            "export { exec } from 'child_process'",
            "import _ from 'lodash'; _.map(a)",
            "const _ = require('lodash'); use(_)",
        ],
        &[
            "const evaluate = 1; a.eval = 1",
            "import type { exec } from 'child_process'; let a: typeof exec",
            "import { exec } from 'child_process'",
            "import _ from 'lodash'",
        ],
    );
}

#[test]
fn properties_are_read_and_written() {
    let write = Demand::BannedProperty(names(&[".innerHTML"]), Access::Write);
    check(
        &write,
        &[
            "a.innerHTML = b",
            "a['innerHTML'] += b",
            "(a as any).innerHTML = b",
            "[a.innerHTML] = b",
            "({ b: a.innerHTML } = c)",
            "delete a.innerHTML",
            "const x = <p innerHTML={b} />",
        ],
        &["b = a.innerHTML", "const { innerHTML } = a", "a.innerHTML.length"],
    );
    let read =
        Demand::BannedProperty(names(&["document.cookie", "env from process", ".secret"]), Access::Read);
    check(
        &read,
        &[
            "send(document.cookie)",
            "const { cookie } = document",
            "let c; ({ cookie: c } = document)",
            "import { env } from 'process'; use(require('process').env)",
            "const { env: { HOME } } = require('process')",
            "a.secret += 1",
            "const { x: { secret = 1 } } = y",
        ],
        &["document.cookie = a", "a.cookie", "const { cookie } = a", "a.secret = 1", "a.b.env"],
    );
    check(
        &Demand::BannedProperty(names(&[".secret"]), Access::Any),
        &["a.secret = 1", "use(a.secret)", "a.secret++"],
        &["secret = 1"],
    );
}

#[test]
fn imports_of_every_form() {
    let pattern = |text| ModulePattern::parse(text).expect("a pattern");
    let whole = Demand::BannedImport(vec![pattern("lodash"), pattern("@team/*"), pattern("fs")], Vec::new());
    check(
        &whole,
        &[
            "import _ from 'lodash'",
            "import 'lodash/fp'",
            "export * from '@team/a'",
            "export { a } from 'node:fs/promises'",
            "require('fs')",
            "require.resolve('lodash')",
            "await import('lodash')",
            "import l = require('lodash')",
            "import { createRequire } from 'module'; const r = createRequire(u); r('fs')",
        ],
        &[
            "import type { A } from 'lodash'",
            "import 'lodash-es'",
            "require('@team')",
            "require(fs)",
            "f('fs')",
        ],
    );
    let some = Demand::BannedImport(vec![pattern("child_process")], names(&["exec from child_process"]));
    check(
        &some,
        &[
            "import { exec } from 'child_process'; exec(a)",
            "const { exec } = require('child_process')",
            "require('child_process').exec(a)",
            "export { exec as run } from 'child_process'",
            "import * as cp from 'child_process'; cp.exec(a)",
        ],
        &[
            "import { spawn } from 'child_process'",
            "import cp from 'child_process'",
            "import { type exec } from 'child_process'",
        ],
    );
}

#[test]
fn files_of_the_project_are_modules_too() {
    let demand =
        Demand::BannedImport(vec![ModulePattern::parse("./src/internal").expect("a pattern")], Vec::new());
    for (path, code) in [
        ("src/a.ts", "import './internal/db'"),
        ("src/deep/a.ts", "import x from '../internal'"),
        ("/project/bin/a.ts", "require('../src/internal/db.js')"),
    ] {
        assert_eq!(found_in(path, &demand, code).len(), 1, "{path}: {code}");
    }
    for (path, code) in [("src/a.ts", "import './internals'"), ("a.ts", "import './internal'")] {
        assert_eq!(found_in(path, &demand, code), [], "{path}: {code}");
    }
    let demand = Demand::BannedCall(names(&["raw from ./src/db.js", "default from ./src/run"]));
    for (path, code) in [
        ("src/a.js", "import { raw } from './db'; raw(a)"),
        ("src/x/a.js", "const db = require('../db.js'); db.raw(a)"),
        ("a.mjs", "import run from './src/run/index.js'; run(a)"),
    ] {
        assert_eq!(found_in(path, &demand, code).len(), 1, "{path}: {code}");
    }
    assert_eq!(found_in("lib/a.js", &demand, "import { raw } from './db'; raw(a)"), []);
}

#[test]
fn arguments_by_their_sort() {
    let accepted = |sorts: &[ValueSort], tags: &[&str], wrappers: &[&str]| Accepted {
        sorts: sorts.to_vec(),
        tags: names(tags),
        wrappers: names(wrappers),
    };
    let call = |name: &str| Subject::Call(names(&[name]), Some(0));
    check(
        &Demand::Limited(call("setTimeout"), Limit::Not(accepted(&[ValueSort::String], &[], &[]))),
        &[
            "setTimeout('a()', 1)",
            "setTimeout(`a(${b})`)",
            "setTimeout(a ? 'b' : f)",
            "const s = 'a' + b; setTimeout(s)",
        ],
        &[
            "setTimeout(() => a, 1)",
            "setTimeout(f)",
            "setTimeout()",
            "setTimeout(...a)",
            "setTimeout(sql`a`)",
        ],
    );
    let query = Limit::Only(accepted(&[ValueSort::Literal], &["sql from @safe/tags"], &[]));
    check(
        &Demand::Limited(call(".query"), query),
        &[
            "db.query('a' + b)",
            "db.query(`a ${b}`)",
            "db.query(text)",
            "import { raw as sql } from '@safe/tags'; db.query(sql`a`)",
            "db.query(...list)",
            "function f(q) { q = q || 'a'; db.query(q) }",
        ],
        &[
            "db.query('a', [b])",
            "const TABLE = 't'; db.query('select ' + TABLE)",
            "import { sql } from '@safe/tags'; const q = sql`a ${b}`; db.query(q)",
            "const tags = require('@safe/tags'); db.query(b ? tags.sql`a` : 'c')",
            "db.query()",
        ],
    );
    let wrapped = Limit::Only(accepted(&[], &["html"], &["escape from ./src/html", "DOMPurify.sanitize"]));
    check(
        &Demand::Limited(Subject::Property(names(&[".innerHTML"])), wrapped.clone()),
        &["a.innerHTML = b", "a.innerHTML += 'x'", "[a.innerHTML] = b", "const x = <p innerHTML='a' />"],
        &[
            "import { escape as e } from './html'; a.innerHTML = e(b)",
            "a.innerHTML = html`<b>${c}</b>`",
            "a.innerHTML = DOMPurify.sanitize(b)",
            "const x = <p innerHTML={html`a`} />",
            "use(a.innerHTML)",
            "delete a.innerHTML",
        ],
    );
    check(
        &Demand::Limited(Subject::Call(names(&["render from ui"]), Some(1)), wrapped),
        &[
            "import { render } from 'ui'; render(a, b)",
            "import { render } from 'ui'; render.apply(null, a)",
            "import { render } from 'ui'; render.call(null, a, b)",
        ],
        &["import { render } from 'ui'; render(a, html`b`)", "import { render } from 'ui'; render(a)"],
    );
}

#[test]
fn comments_and_dependencies() {
    let demand = Demand::BannedCall(names(&["eval"]));
    let run = |origin: Origin, code: &str| {
        let file = SourceFile { path: Arc::from(Path::new("a.js")), text: Text::Memory(code.into()), origin };
        let options = Options { requirements: vec![requirement(demand.clone())], ..Options::default() };
        lint(&[file], &options)
    };
    let own = run(Origin::FirstParty, "// nodeward-ignore team-rule: it is ours\nconst a = eval(b);\n");
    assert_eq!((own.findings.len(), own.hidden.len()), (0, 1));
    assert_eq!(own.hidden[0].linted.requirement, Some(0));
    let own = run(Origin::FirstParty, "const a = eval(b);\n");
    assert_eq!(own.findings[0].requirement, Some(0));
    let name = nodeward_package::PackageName::parse("a").expect("a name");
    let dependency = run(Origin::Dependency { name, version: "1.0.0".into() }, "const a = eval(b);\n");
    assert!(dependency.findings.iter().all(|linted| linted.requirement.is_none()));
}

#[test]
fn what_is_no_name_is_said() {
    for text in [
        "",
        "*",
        "a b",
        "a..b",
        "a.*.b",
        ".a.b",
        ".a from b",
        "exec from ",
        "exec from a b",
        "x from ../y",
        "1a",
    ] {
        assert!(Name::parse(text, None).is_err(), "{text}");
    }
    for text in ["", "a b", "../x", "@team/{"] {
        assert!(ModulePattern::parse(text).is_err(), "{text}");
    }
    for text in ["eval", "a.b.c", ".a", "* from a", "b.* from a", "process.*", "express().use"] {
        assert!(Name::parse(text, None).is_ok(), "{text}");
    }
}

#[test]
fn examples_are_tried() {
    let example = |code: &str| Example { code: code.into(), place: Place::file("nodeward.toml") };
    let tried = Arc::new(Requirement {
        bad: vec![example("eval(a)"), example("a()"), example("const x: string = eval(a); <p>{x}</p>")],
        good: vec![example("a()"), example("\neval(a)"), example("((")],
        ..Requirement::clone(&requirement(Demand::BannedCall(names(&["eval"]))))
    });
    let verdicts: Vec<Verdict> = trial(&tried).into_iter().map(|trial| trial.verdict).collect();
    assert_eq!(
        verdicts[..5],
        [Verdict::Passed, Verdict::Missed, Verdict::Passed, Verdict::Passed, Verdict::Found(vec![2])]
    );
    assert!(matches!(verdicts[5], Verdict::Unparsed(_)));
}

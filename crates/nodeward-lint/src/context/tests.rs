//! What rules are told, with the source as data.

use std::path::Path;

use nodeward_javascript::oxc::ast::Argument;
use nodeward_javascript::oxc::{Allocator, AstKind, Semantic};
use nodeward_javascript::{SourceKind, parse};

use super::*;

/// Runs a question about each call of a source.
fn each_call(source: &str, mut ask: impl FnMut(&Context<'_, '_>, &Call<'_>)) {
    let arena = Allocator::default();
    let parsed = parse(&arena, source, SourceKind::TYPESCRIPT).expect("the case parses");
    let semantic: Semantic<'_> = parsed.semantic();
    let context = Context::new(&semantic, Path::new("case.ts"), "");
    for node in semantic.nodes().iter() {
        if matches!(node.kind(), AstKind::CallExpression(_) | AstKind::NewExpression(_)) {
            ask(&context, &Call::of(&context, node).expect("it is a call"));
        }
    }
}

fn apis(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    each_call(source, |_, call| found.extend(call.path.as_deref().map(str::to_owned)));
    found
}

#[test]
fn an_api_is_known_however_the_file_came_by_it() {
    let cases = [
        ("require('crypto').createHash('md5')", "crypto.createHash"),
        ("const c = require('node:crypto'); c.createHash('md5')", "crypto.createHash"),
        ("const { createHash } = require('crypto'); createHash('md5')", "crypto.createHash"),
        ("const { createHash: h } = require('crypto'); h('md5')", "crypto.createHash"),
        ("const { promises: { writeFile } } = require('fs'); writeFile(a)", "fs.promises.writeFile"),
        ("import { writeFile } from 'fs/promises'; writeFile(a)", "fs.promises.writeFile"),
        ("import crypto from 'crypto'; crypto.createHash('md5')", "crypto.createHash"),
        ("import * as crypto from 'node:crypto'; crypto['createHash']('md5')", "crypto.createHash"),
        ("import { createHash as h } from 'crypto'; const k = h; k('md5')", "crypto.createHash"),
        ("import cp = require('child_process'); cp.exec(a)", "child_process.exec"),
        ("var cp; cp = require('child_process'); cp.exec(a)", "child_process.exec"),
        (
            "const run = require('util').promisify(require('child_process').exec); run(a)",
            "child_process.exec",
        ),
        ("const run = require('child_process').exec.bind(null); run(a)", "child_process.exec"),
        ("var x = __importDefault(require('crypto')); x.default.createHash(a)", "crypto.createHash"),
        ("var x = require('crypto'); (0, x.createHash)(a)", "crypto.createHash"),
        ("async () => { const { exec } = await import('child_process'); exec(a) }", "child_process.exec"),
        ("const app = require('express')(); app.use(a)", "express().use"),
        ("new (require('vm').Script)(a)", "vm.Script"),
        ("globalThis.eval(a)", "eval"),
        ("const { Buffer } = require('buffer'); Buffer.from(a)", "Buffer.from"),
        (
            "import { createRequire } from 'module'; const r = createRequire(u); r('fs').readFile(a)",
            "fs.readFile",
        ),
        ("process?.binding(a)", "process.binding"),
        ("(function (require, module) { require('fs').readFile(a) })", "fs.readFile"),
        ("const v = 'vm'; require(v).runInThisContext(a)", "vm.runInThisContext"),
    ];
    for (source, expected) in cases {
        let found = apis(source);
        assert!(found.iter().any(|path| path == expected), "{source}: {found:?}");
    }
}

#[test]
fn what_may_be_something_else_is_not_an_api() {
    for source in [
        "function f(crypto) { crypto.createHash(a) }",
        "let c = require('crypto'); c = other; c.createHash(a)",
        "class A { createHash() {} } new A().createHash(a)",
        "const eval2 = () => {}; eval2(a)",
        "const a = b, b = a; a.createHash()",
    ] {
        let found = apis(source);
        assert!(
            !found.iter().any(|path| path.ends_with("createHash") && path.starts_with("crypto")),
            "{source}: {found:?}"
        );
        assert!(!found.iter().any(|path| path == "eval"), "{source}: {found:?}");
    }
}

#[test]
fn constants_fixed_values_and_kinds() {
    let ask = |expression: &str| {
        let mut answer = None;
        each_call(
            &format!(
                "const K = 'k', N = 2, f = () => 1; function g(p: string, q: () => void, r) {{ ask({expression}) }} g('', f, other)"
            ),
            |context, call| {
                if call.path.as_deref() == Some("ask") {
                    let argument = call.arguments.first().and_then(Argument::as_expression).unwrap();
                    let constant = context.constant(argument).map(|constant| format!("{constant:?}"));
                    answer = Some((constant, context.is_fixed(argument), context.kind_of(argument)));
                }
            },
        );
        answer.unwrap()
    };
    let text = |text: &str| Some(format!("Text({text:?})"));
    assert_eq!(ask("'a' + K + `${N}`"), (text("ak2"), true, ValueKind::Text));
    assert_eq!(ask("['a', null, K].join('|')"), (text("a||k"), true, ValueKind::Text));
    assert_eq!(ask("['a', p].join('|')").0, None);
    assert_eq!(ask("1 << 10"), (Some("Number(1024.0)".into()), true, ValueKind::Number));
    assert_eq!(ask("!1"), (Some("Boolean(false)".into()), true, ValueKind::Boolean));
    assert_eq!(ask("'a' + p"), (None, false, ValueKind::Text));
    assert_eq!(ask("p"), (None, false, ValueKind::Text));
    assert_eq!(ask("q"), (None, false, ValueKind::Function));
    assert_eq!(ask("f"), (None, true, ValueKind::Function));
    assert_eq!(ask("r"), (None, false, ValueKind::Unknown));
    assert_eq!(ask("__dirname + '/a'"), (None, true, ValueKind::Text));
    assert_eq!(ask("r ? 'a' : 'b'"), (None, true, ValueKind::Text));
    assert_eq!(ask("process.env.A"), (None, false, ValueKind::Unknown));
}

#[test]
fn long_chains_and_deep_bindings_are_answered_quickly() {
    let chain = format!("a{}", ".b()".repeat(3_000));
    assert!(!apis(&chain).is_empty());
    let bindings: String = (1..3_000).map(|at| format!("const v{at} = v{};\n", at - 1)).collect();
    apis(&format!("const v0 = require('fs');\n{bindings}v2999.readFile(a)"));
    let sum = format!("eval({}'a')", "'a' + ".repeat(2_000));
    apis(&sum);
}

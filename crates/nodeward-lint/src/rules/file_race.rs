//! Files that are looked at first and used later.

use crate::rules::prelude::*;
use crate::rules::temporary_file::{Guess, guess};

pub(crate) const RULE: Rule = Rule {
    id: "file-race",
    summary: "a file is used after a check that another process can make untrue",
    threat: Threat::Lqc,
    cwes: &[367, 362],
    severity: Severity::Low,
    confidence: Confidence::Low,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("file_race.md"),
    checks: &[Check::Calls {
        of: &[
            "fs.writeFile",
            "fs.writeFileSync",
            "fs.appendFile",
            "fs.appendFileSync",
            "fs.chmod",
            "fs.chmodSync",
            "fs.chown",
            "fs.chownSync",
            "fs.truncate",
            "fs.truncateSync",
            "fs.open",
            "fs.openSync",
            "fs-extra.writeFile",
            "fs-extra.writeFileSync",
            "fs-extra.appendFile",
            "fs-extra.appendFileSync",
            "fs-extra.chmod",
            "fs-extra.chmodSync",
            "fs-extra.chown",
            "fs-extra.chownSync",
            "fs-extra.truncate",
            "fs-extra.truncateSync",
            "fs-extra.open",
            "fs-extra.openSync",
            "fs.createWriteStream",
            "fs-extra.createWriteStream",
            "fs.promises.writeFile",
            "fs.promises.appendFile",
            "fs.promises.chmod",
            "fs.promises.chown",
            "fs.promises.truncate",
            "fs.promises.open",
        ],
        check,
    }],
};

/// How many statements before the use are looked at.
const MAX_STATEMENTS: usize = 6;
/// How much text between the check and the use is looked at.
const MAX_TEXT: u32 = 4000;
/// How deep a test is looked into.
const MAX_DEPTH: u8 = 6;

/// What tells whose a file is, of what kind, and who may use it.
const CHECKS: &[&str] = &[
    "fs.statSync",
    "fs.stat",
    "fs.lstatSync",
    "fs.lstat",
    "fs.accessSync",
    "fs.access",
    "fs.promises.stat",
    "fs.promises.lstat",
    "fs.promises.access",
    "fs-extra.statSync",
    "fs-extra.stat",
    "fs-extra.lstat",
    "fs-extra.access",
    "fs-extra.lstatSync",
    "fs-extra.accessSync",
];

/// What tells whether there is one at all.
const EXISTENCE: &[&str] = &[
    "fs.existsSync",
    "fs.exists",
    "fs-extra.existsSync",
    "fs-extra.exists",
    "fs-extra.pathExists",
    "fs-extra.pathExistsSync",
];

/// Of what is asked about a file what matters to whoever does not trust it.
const TRUST: &[&str] =
    &["isSymbolicLink", "stat.uid", "stats.uid", "stat.gid", "stats.gid", "stat.mode", "stats.mode", "W_OK"];

/// Names of files by which processes keep each other out.
const LOCKS: &[&str] = &["lock", "mutex", "semaphore", "pidfile", "pid_file"];

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let Some(path) = call.argument(0) else { return };
    // A file that is opened to be read shows only what was there.
    if call.path.as_deref().is_some_and(|path| path.ends_with("open") || path.ends_with("openSync")) {
        let flags = call.argument(1).and_then(|flags| context.constant_text(flags));
        if !flags.is_some_and(|flags| flags.starts_with(['w', 'a']) && !flags.contains('x')) {
            return;
        }
    }
    // `wx` fails if the file is there.
    if let Some(options) = call.last()
        && context
            .setting(options, "flag")
            .value()
            .or(context.setting(options, "flags").value())
            .is_some_and(|flag| context.constant_text(flag).is_some_and(|flag| flag.contains('x')))
    {
        return;
    }
    if matches!(without_wrapping(path), Expression::StringLiteral(_)) && context.text(path.span()).len() < 4 {
        return;
    }
    let shown = context.text(path.span());
    let Some(checked) = check_before(context, call, shown) else { return };
    if !matters(context, call, path, checked) {
        return;
    }
    let title = "what is at this path may be another by now than when it was looked at";
    context.report(
        Issue::new(&RULE, call.span, title)
            .next("do it without asking first and handle the error, or open the file once and use its handle")
            .fact("the check", context.text(checked), checked),
    );
}

/// Whether somebody gains by the race: the check is about trust, the folder is everybody's, or the file is a lock.
/// Most others fill in what is not there yet, in a folder of the program's own.
fn matters<'a>(context: &Context<'_, 'a>, call: &Call<'a>, path: &'a Expression<'a>, checked: Span) -> bool {
    let until = call.span.start.min(checked.start.saturating_add(MAX_TEXT)).max(checked.start);
    let between = context.text(Span::new(checked.start, until));
    let lower = context.text(path.span()).to_ascii_lowercase();
    TRUST.iter().any(|word| between.contains(word))
        || LOCKS
            .iter()
            .any(|word| lower.contains(word) && !lower.contains("block") && !lower.contains("package-lock"))
        || guess(context, path, MAX_DEPTH) == Guess::InTemporary
}

/// A check of the same path that decides whether the call runs.
fn check_before<'a>(context: &Context<'_, 'a>, call: &Call<'a>, path: &str) -> Option<Span> {
    let nodes = context.semantic.nodes();
    let mut inner = call.span;
    for node in nodes.ancestors(call.node) {
        let found = match node.kind() {
            AstKind::IfStatement(choice) if !within(inner, choice.test.span()) => {
                check_in(context, &choice.test, path, MAX_DEPTH)
            }
            AstKind::ConditionalExpression(choice) if !within(inner, choice.test.span()) => {
                check_in(context, &choice.test, path, MAX_DEPTH)
            }
            AstKind::LogicalExpression(logical) if within(inner, logical.right.span()) => {
                check_in(context, &logical.left, path, MAX_DEPTH)
            }
            // `fs.exists(path, found => …)`.
            AstKind::CallExpression(outer) => outer
                .arguments
                .first()
                .and_then(|first| first.as_expression())
                .filter(|first| context.text(first.span()) == path && !within(inner, first.span()))
                .and_then(|_| is_check(context, &outer.callee).then_some(outer.callee.span())),
            AstKind::FunctionBody(body) => before(context, &body.statements, inner, path),
            AstKind::BlockStatement(block) => before(context, &block.body, inner, path),
            AstKind::Class(_) | AstKind::Program(_) => return None,
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        inner = node.span();
    }
    None
}

/// `if (!fs.existsSync(path)) return;` a few statements before.
fn before<'a>(
    context: &Context<'_, 'a>,
    statements: &'a [Statement<'a>],
    inner: Span,
    path: &str,
) -> Option<Span> {
    let at = statements.partition_point(|statement| statement.span().start < inner.start);
    let start = at.saturating_sub(MAX_STATEMENTS);
    statements.get(start..at)?.iter().rev().find_map(|statement| match statement {
        Statement::IfStatement(choice) if leaves(&choice.consequent) => {
            check_in(context, &choice.test, path, MAX_DEPTH)
        }
        _ => None,
    })
}

fn leaves(statement: &Statement<'_>) -> bool {
    match statement {
        Statement::ReturnStatement(_) | Statement::ThrowStatement(_) | Statement::ContinueStatement(_) => {
            true
        }
        Statement::BlockStatement(block) => block.body.last().is_some_and(|last| {
            matches!(
                last,
                Statement::ReturnStatement(_)
                    | Statement::ThrowStatement(_)
                    | Statement::ContinueStatement(_)
            )
        }),
        _ => false,
    }
}

fn within(inner: Span, outer: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

fn check_in<'a>(context: &Context<'_, 'a>, test: &'a Expression<'a>, path: &str, depth: u8) -> Option<Span> {
    let depth = depth.checked_sub(1)?;
    match without_wrapping(test) {
        Expression::UnaryExpression(unary) => check_in(context, &unary.argument, path, depth),
        Expression::AwaitExpression(awaited) => check_in(context, &awaited.argument, path, depth),
        Expression::LogicalExpression(logical) => check_in(context, &logical.left, path, depth)
            .or_else(|| check_in(context, &logical.right, path, depth)),
        Expression::BinaryExpression(binary) => check_in(context, &binary.left, path, depth)
            .or_else(|| check_in(context, &binary.right, path, depth)),
        Expression::CallExpression(call) => {
            let first = call.arguments.first().and_then(|first| first.as_expression());
            if first.is_some_and(|first| context.text(first.span()) == path)
                && is_check(context, &call.callee)
            {
                return Some(call.span);
            }
            // `fs.statSync(path).isFile()`.
            match without_wrapping(&call.callee) {
                Expression::StaticMemberExpression(member) => check_in(context, &member.object, path, depth),
                _ => None,
            }
        }
        Expression::StaticMemberExpression(member) => check_in(context, &member.object, path, depth),
        _ => None,
    }
}

fn is_check<'a>(context: &Context<'_, 'a>, callee: &'a Expression<'a>) -> bool {
    context.api_path(callee).is_some_and(|api| CHECKS.contains(&&*api) || EXISTENCE.contains(&&*api))
}

//! Requests of any size.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "body-unbounded",
    summary: "the body of a request may grow without an end",
    threat: Threat::Dos,
    cwes: &[770, 400],
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    policy: Policy::Common,
    scope: Scope::Production,
    docs: include_str!("body_unbounded.md"),
    checks: &[
        Check::Calls { of: &[".on", ".addListener"], check: gathered },
        Check::Calls {
            of: &[
                "express.json",
                "express.urlencoded",
                "express.text",
                "express.raw",
                "body-parser",
                "body-parser.json",
                "body-parser.urlencoded",
                "body-parser.text",
                "body-parser.raw",
                "koa-body",
                "koa-body.koaBody",
                "koa-bodyparser",
                "@koa/bodyparser.bodyParser",
                "fastify",
                "fastify.fastify",
                "raw-body",
                "co-body",
                "ws.WebSocketServer",
                "ws.Server",
                "socket.io",
                "socket.io.Server",
            ],
            check: limit,
        },
        Check::Calls {
            of: &[
                "raw-body",
                "stream/consumers.text",
                "stream/consumers.json",
                "stream/consumers.buffer",
                "stream/consumers.arrayBuffer",
                "stream/consumers.blob",
            ],
            check: consumed,
        },
        Check::Calls { of: &["multer", "busboy", "express-fileupload", "connect-busboy"], check: upload },
        Check::Nodes { kinds: &[AstType::ForOfStatement], check: collected },
    ],
};

use nodeward_javascript::oxc::AssignmentOperator;
use nodeward_javascript::oxc::ast::ArrowFunctionBody;

/// Bodies larger than this are uploads, and belong on a disk.
const LARGE: f64 = 64.0 * 1024.0 * 1024.0;

/// What says how much is read at most.
const LIMITS: &[&str] = &[
    "limit",
    "jsonLimit",
    "formLimit",
    "textLimit",
    "xmlLimit",
    "bodyLimit",
    "maxPayload",
    "maxHttpBufferSize",
];

/// `req.on('data', chunk => { body += chunk })`, and nobody counts.
fn gathered<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let is_request = matches!(call.receiver_name(), Some("req" | "request" | "_req"));
    let is_data =
        call.argument(0).and_then(|name| context.constant_text(name)).is_some_and(|name| name == "data");
    let Some(listener) = call.argument(1).filter(|_| is_request && is_data) else { return };
    let listener = without_wrapping(listener);
    if !listener.is_function() || !keeps(listener) || counts(context.text(listener.span())) {
        return;
    }
    let around = context.semantic.nodes().ancestor_kinds(call.node).find_map(|kind| match kind {
        AstKind::Function(function) => Some(function.span),
        AstKind::ArrowFunctionExpression(function) => Some(function.span),
        _ => None,
    });
    if around.is_some_and(|around| context.text(around).to_ascii_lowercase().contains("content-length")) {
        return;
    }
    report(context, call.span);
}

/// Whether a listener adds what it is given to what is there.
fn keeps(listener: &Expression<'_>) -> bool {
    let statements = match listener {
        Expression::ArrowFunctionExpression(function) => match &function.body {
            ArrowFunctionBody::FunctionBody(body) => &body.statements,
            _ => return function.get_expression().is_some_and(adds),
        },
        Expression::FunctionExpression(function) => match &function.body {
            Some(body) => &body.statements,
            None => return false,
        },
        _ => return false,
    };
    statements.iter().any(|statement| match statement {
        Statement::ExpressionStatement(statement) => adds(&statement.expression),
        _ => false,
    })
}

fn adds(expression: &Expression<'_>) -> bool {
    match without_wrapping(expression) {
        Expression::AssignmentExpression(assignment) => {
            assignment.operator == AssignmentOperator::Addition
                || match without_wrapping(&assignment.right) {
                    Expression::CallExpression(call) => last_name(&call.callee) == Some("concat"),
                    Expression::BinaryExpression(_) => true,
                    _ => false,
                }
        }
        Expression::CallExpression(call) => last_name(&call.callee) == Some("push"),
        _ => false,
    }
}

fn counts(text: &str) -> bool {
    ["length", "size", "Size", "limit", "Limit", "max", "MAX", "destroy", "hash", "update("]
        .iter()
        .any(|word| text.contains(word))
}

/// Whether an expression is a request as servers hand it on.
fn is_request(expression: &Expression<'_>) -> bool {
    matches!(last_name(expression), Some("req" | "request" | "_req"))
}

/// `await text(req)`, `getRawBody(req)`: they read to the end, whenever that is.
fn consumed<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let is_bounded = call.path.as_deref() == Some("raw-body")
        && call.arguments.len() > 1
        && !matches!(call.option(context, 1, "limit"), Setting::Absent);
    if !is_bounded && call.argument(0).is_some_and(is_request) {
        report(context, call.span);
    }
}

/// `for await (const chunk of req) chunks.push(chunk)`.
fn collected<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    let AstKind::ForOfStatement(collecting) = node.kind() else { return };
    if !collecting.r#await || !is_request(&collecting.right) {
        return;
    }
    let body = context.text(collecting.body.span());
    if (body.contains(".push(") || body.contains("+=")) && !counts(body) {
        report(context, collecting.right.span());
    }
}

/// Uploads have no limit unless one is set.
fn upload<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    if matches!(call.option(context, 0, "limits"), Setting::Absent) {
        let issue = Issue::new(&RULE, call.span, "files of any size are taken").under(Policy::Experimental);
        context.report(issue.next("set limits: { fileSize: … }"));
    }
}

fn report(context: &Context<'_, '_>, span: Span) {
    let issue = Issue::new(&RULE, span, "a client may send until the memory is used up");
    context.report(issue.next("count the bytes, and answer 413 when there are too many"));
}

fn limit<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    for at in [0, 1] {
        for name in LIMITS {
            if let Some(value) = call.option(context, at, name).value()
                && is_large(context, value, name)
            {
                let issue = Issue::new(
                    &RULE,
                    value.span(),
                    "one request may fill the memory, and a few of them will",
                )
                .under(Policy::Strict);
                context.report(issue.next("allow as much as is meant, and write uploads to a disk"));
            }
        }
    }
}

fn is_large<'a>(context: &Context<'_, 'a>, value: &'a Expression<'a>, name: &str) -> bool {
    if context.api_path(value).is_some_and(|path| {
        matches!(&*path, "Infinity" | "Number.MAX_SAFE_INTEGER" | "Number.POSITIVE_INFINITY")
    }) {
        return true;
    }
    match context.constant(value) {
        // For sockets zero is no limit.
        Some(Constant::Number(number)) => number > LARGE || name == "maxPayload" && number == 0.0,
        Some(Constant::Text(text)) => bytes(&text).is_some_and(|bytes| bytes > LARGE),
        _ => false,
    }
}

/// `50mb` in bytes.
fn bytes(text: &str) -> Option<f64> {
    let lower = text.trim().to_ascii_lowercase();
    let end =
        lower.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(lower.len());
    let number: f64 = lower[..end].parse().ok()?;
    let unit = match lower[end..].trim() {
        "" | "b" => 1.0,
        "k" | "kb" => 1024.0,
        "m" | "mb" => 1024.0 * 1024.0,
        "g" | "gb" => 1024.0 * 1024.0 * 1024.0,
        "t" | "tb" | "p" | "pb" => f64::INFINITY,
        _ => return None,
    };
    Some(number * unit)
}

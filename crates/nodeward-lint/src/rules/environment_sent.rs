//! The whole environment on its way out.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "environment-sent",
    summary: "the whole environment is packed up",
    threat: Threat::Mtp,
    cwes: &[506, 200],
    severity: Severity::High,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Everywhere,
    docs: include_str!("environment_sent.md"),
    checks: &[Check::Calls {
        of: &[
            "JSON.stringify",
            "querystring.stringify",
            "qs.stringify",
            "Object.entries",
            "URLSearchParams",
            "Buffer.from",
            "FormData",
            "axios.post",
            "fetch",
        ],
        check,
    }],
};

/// Modules and functions that send.
const NETWORK: &[&str] = &[
    "http",
    "https",
    "net",
    "dgram",
    "dns",
    "tls",
    "http2",
    "axios",
    "got",
    "request",
    "node-fetch",
    "undici",
    "ws",
];

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let whole = call.arguments.iter().any(|argument| match argument.as_expression() {
        Some(expression) => holds_environment(context, expression),
        None => false,
    });
    if whole && sends(context) {
        context.report(
            Issue::new(
                &RULE,
                call.span,
                "the whole environment is packed up in a file that talks to the network",
            )
            .next("find out where it goes: tokens and passwords are in it"),
        );
    }
}

/// `process.env`, or an object with it: not one of its entries.
fn holds_environment<'a>(context: &Context<'_, 'a>, expression: &'a Expression<'a>) -> bool {
    use nodeward_javascript::oxc::ast::ObjectPropertyKind;
    match without_wrapping(expression) {
        Expression::ObjectExpression(object) => object.properties.iter().any(|property| match property {
            ObjectPropertyKind::ObjectProperty(property) => {
                context.api_path(&property.value).as_deref() == Some("process.env")
            }
            ObjectPropertyKind::SpreadProperty(spread) => {
                context.api_path(&spread.argument).as_deref() == Some("process.env")
            }
        }),
        expression => context.api_path(expression).as_deref() == Some("process.env"),
    }
}

fn sends(context: &Context<'_, '_>) -> bool {
    context.semantic.nodes().iter().any(|node| match node.kind() {
        AstKind::CallExpression(call) => match without_wrapping(&call.callee) {
            Expression::Identifier(callee) if context.is_global(callee, "fetch") => true,
            Expression::Identifier(callee) if callee.name == "require" => call
                .common_js_require()
                .is_some_and(|module| NETWORK.contains(&module.value.trim_start_matches("node:"))),
            _ => false,
        },
        AstKind::ImportDeclaration(import) => {
            NETWORK.contains(&import.source.value.trim_start_matches("node:"))
        }
        _ => false,
    })
}

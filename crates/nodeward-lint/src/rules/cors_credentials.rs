//! Every site may act in the user's name.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "cors-credentials",
    summary: "every site may read answers in the name of the user",
    threat: Threat::Exf,
    cwes: &[942, 346],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("cors_credentials.md"),
    checks: &[
        Check::Calls { of: &["cors", "@koa/cors", "koa2-cors", "@fastify/cors"], check: options },
        Check::Calls { of: &[".setHeader", ".header", ".set", ".writeHead"], check: header },
    ],
};

fn options<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let Some(origin) = call.option(context, 0, "origin").value() else { return };
    let credentials = call.option(context, 0, "credentials").value();
    if credentials.is_some_and(|value| context.is_boolean(value, true)) && accepts_all(context, origin) {
        report(context, origin.span());
    }
}

/// `true` gives back whatever origin asks, and so does a function that answers `true` to all.
fn accepts_all<'a>(context: &Context<'_, 'a>, origin: &'a Expression<'a>) -> bool {
    if context.is_boolean(origin, true) {
        return true;
    }
    let Expression::ArrowFunctionExpression(function) = without_wrapping(origin) else { return false };
    let Some(Expression::CallExpression(answer)) = function.get_expression().map(without_wrapping) else {
        return false;
    };
    answer.arguments.len() == 2
        && answer.arguments[0].as_expression().is_some_and(|error| error.is_null())
        && answer.arguments[1].as_expression().is_some_and(|allowed| context.is_boolean(allowed, true))
}

/// The header by hand: the origin that asks, given back as it came.
fn header<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let name = call.argument(0).and_then(|name| context.constant_text(name));
    if !name.is_some_and(|name| name.eq_ignore_ascii_case("access-control-allow-origin")) {
        return;
    }
    let Some(value) = call.argument(1) else { return };
    let asked = match without_wrapping(value) {
        Expression::StaticMemberExpression(member) => {
            member.property.name == "origin" && last_name(&member.object) == Some("headers")
        }
        Expression::CallExpression(call) => {
            let name = call.arguments.first().and_then(|name| context.constant_text(name.as_expression()?));
            matches!(last_name(&call.callee), Some("get" | "header"))
                && name.is_some_and(|name| name.eq_ignore_ascii_case("origin"))
        }
        _ => false,
    };
    let text = context.semantic.source_text();
    if asked && (text.contains("llow-Credentials") || text.contains("llow-credentials")) {
        report(context, value.span());
    }
}

fn report(context: &Context<'_, '_>, span: Span) {
    context.report(
        Issue::new(
            &RULE,
            span,
            "every site that the user visits can read this server's answers in their name",
        )
        .next("list the origins that may"),
    );
}

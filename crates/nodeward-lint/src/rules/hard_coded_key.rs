//! Keys and session secrets that stand in the source.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "hard-coded-key",
    summary: "a key stands in the source",
    threat: Threat::Cry,
    cwes: &[798, 321],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("hard_coded_key.md"),
    checks: &[
        Check::Calls {
            of: &[
                "jsonwebtoken.sign",
                "jsonwebtoken.verify",
                "jwt-simple.encode",
                "jwt-simple.decode",
                "crypto.createCipheriv",
                "crypto.createDecipheriv",
                "crypto-js.AES.encrypt",
                "crypto-js.AES.decrypt",
            ],
            check: second,
        },
        Check::Calls { of: &["crypto.createHmac"], check: hmac },
        Check::Calls { of: &["cookie-parser"], check: first },
        Check::Calls {
            of: &["express-session", "cookie-session", "express-jwt", "express-jwt.expressjwt", "koa-jwt"],
            check: option,
        },
        Check::Calls {
            of: &["passport-jwt.Strategy", "@nestjs/jwt.JwtModule.register", "@nestjs/jwt.JwtService"],
            check: option,
        },
        Check::Calls { of: &[".register"], check: plugin },
    ],
};

fn second<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    key(context, call.argument(1));
}

fn hmac<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    // A fixed key makes an HMAC a plain hash, which some want: only a name tells.
    if context
        .receiving_names(call.node)
        .into_iter()
        .any(|name| names::is_secret(name) || name.contains("ignature"))
    {
        key(context, call.argument(1));
    }
}

fn first<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    key(context, call.argument(0));
}

/// `fastify.register(require('@fastify/jwt'), { secret })`.
fn plugin<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let path = call.argument(0).and_then(|plugin| context.api_path(plugin));
    let signs = path.is_some_and(|path| {
        matches!(
            &*path,
            "@fastify/jwt"
                | "fastify-jwt"
                | "@fastify/cookie"
                | "@fastify/session"
                | "@fastify/secure-session"
        )
    });
    if signs {
        key(context, call.option(context, 1, "secret").value());
    }
}

fn option<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    for name in ["secret", "secretOrKey"] {
        key(context, call.option(context, 0, name).value());
    }
    if let Some(Expression::ArrayExpression(keys)) =
        call.option(context, 0, "keys").value().map(without_wrapping)
    {
        for element in &keys.elements {
            key(context, element.as_expression());
        }
    }
}

fn key<'a>(context: &Context<'_, 'a>, expression: Option<&'a Expression<'a>>) {
    let Some(expression) = expression else { return };
    // `process.env.KEY || 'development'` falls back to a known key.
    let (expression, fallback) = match without_wrapping(expression) {
        Expression::LogicalExpression(logical) => (&logical.right, true),
        _ => (expression, false),
    };
    let Some(text) = text_of(context, expression) else { return };
    // A public key is meant to be seen.
    if text.is_empty() || text.contains("PUBLIC KEY") || text.contains("CERTIFICATE") {
        return;
    }
    let title = if fallback {
        "where the setting is missing, a key that everybody can read takes its place"
    } else {
        "everybody who can read the source has this key"
    };
    context.report(
        Issue::new(&RULE, expression.span(), title)
            .next("take it from the environment or a secret store, and change it"),
    );
}

/// The text of a constant, or of a buffer made from one.
fn text_of<'a>(
    context: &Context<'_, 'a>,
    expression: &'a Expression<'a>,
) -> Option<std::borrow::Cow<'a, str>> {
    if let Some(text) = context.constant_text(expression) {
        return Some(text);
    }
    let value = match without_wrapping(expression) {
        Expression::Identifier(identifier) => context.value_of(identifier)?,
        _ => expression,
    };
    let Expression::CallExpression(call) = without_wrapping(value) else { return None };
    if context.api_path(&call.callee).as_deref() != Some("Buffer.from") {
        return None;
    }
    context.constant_text(call.arguments.first()?.as_expression()?)
}

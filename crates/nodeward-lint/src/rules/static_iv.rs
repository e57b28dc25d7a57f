//! Initialisation vectors and salts that are the same every time.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "static-iv",
    summary: "an initialisation vector or a salt is the same every time",
    threat: Threat::Cry,
    cwes: &[329, 760],
    severity: Severity::Medium,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("static_iv.md"),
    checks: &[
        Check::Calls { of: &["crypto.createCipheriv"], check: vector },
        Check::Calls {
            of: &["crypto.pbkdf2", "crypto.pbkdf2Sync", "crypto.scrypt", "crypto.scryptSync"],
            check: salt,
        },
    ],
};

fn vector<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let Some(vector) = call.argument(2) else { return };
    if is_static(context, vector) {
        context.report(
            Issue::new(&RULE, vector.span(), "the initialisation vector is the same for every message")
                .next("use crypto.randomBytes, and store the vector beside the message"),
        );
    }
}

fn salt<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let Some(salt) = call.argument(1) else { return };
    if is_static(context, salt) {
        context.report(
            Issue::new(&RULE, salt.span(), "the salt is the same for every password")
                .next("use crypto.randomBytes(16), and store the salt beside the hash"),
        );
    }
}

/// Text, a buffer made from text, or a buffer of zeros.
fn is_static<'a>(context: &Context<'_, 'a>, expression: &'a Expression<'a>) -> bool {
    if context.constant_text(expression).is_some() {
        return true;
    }
    let (value, is_shared) = match without_wrapping(expression) {
        Expression::Identifier(identifier) => {
            let Some(value) = context.value_of(identifier) else { return false };
            let references =
                context.symbol_of(identifier).map(|symbol| context.semantic.symbol_references(symbol));
            (without_wrapping(value), references.is_some_and(|references| references.count() > 1))
        }
        other => (other, false),
    };
    let (callee, arguments) = match value {
        Expression::CallExpression(call) => (&call.callee, &call.arguments),
        Expression::NewExpression(new) => (&new.callee, &new.arguments),
        _ => return false,
    };
    let text = arguments.first().and_then(|argument| argument.as_expression());
    let is_constant = text.is_some_and(|text| context.constant(text).is_some());
    match context.api_path(callee).as_deref() {
        Some("Buffer.from" | "Buffer") => is_constant,
        // Zeros, unless somebody else has the buffer and fills it.
        Some("Buffer.alloc" | "Uint8Array") => is_constant && !is_shared,
        _ => false,
    }
}

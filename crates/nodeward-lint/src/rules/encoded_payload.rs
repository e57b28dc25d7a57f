//! Code that was encoded so that nobody reads it.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "encoded-payload",
    summary: "encoded text is decoded and run",
    threat: Threat::Mtp,
    cwes: &[506, 94],
    severity: Severity::Critical,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Everywhere,
    docs: include_str!("encoded_payload.md"),
    checks: &[
        Check::Calls {
            of: &[
                "eval",
                "Function",
                "vm.runInThisContext",
                "vm.runInNewContext",
                "vm.Script",
                "child_process.exec",
                "child_process.execSync",
            ],
            check: run,
        },
        Check::Calls { of: &["._compile"], check: run },
    ],
};

/// What turns text that nobody can read into text that a machine can run.
const DECODERS: &[&str] = &["atob", "unescape", "decodeURIComponent", "decodeURI", "String.fromCharCode"];

fn run<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    // Functions take their text last.
    let at =
        if call.path.as_deref() == Some("Function") { call.arguments.len().saturating_sub(1) } else { 0 };
    let Some(code) = call.argument(at) else { return };
    if let Some(how) = decoded(context, code, 8) {
        context.report(
            Issue::new(&RULE, call.span, format!("what {how} hides is run here"))
                .next("do not install it; decode the text and report it"),
        );
    }
}

/// The decoder whose result an expression is, where what goes into it is fixed or comes from a file or the network.
fn decoded<'a>(context: &Context<'_, 'a>, expression: &'a Expression<'a>, depth: u8) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    match without_wrapping(expression) {
        Expression::Identifier(identifier) => decoded(context, context.value_of(identifier)?, depth),
        Expression::BinaryExpression(binary) => {
            decoded(context, &binary.left, depth).or_else(|| decoded(context, &binary.right, depth))
        }
        Expression::CallExpression(call) => {
            let path = context.api_path(&call.callee);
            if let Some(path) = path.as_deref() {
                // One letter is spelt that way for many reasons, a program for one.
                let spelt = path != "String.fromCharCode" || call.arguments.len() > 8;
                if DECODERS.contains(&path)
                    && spelt
                    && !is_message(context, call.arguments.first()?.as_expression()?)
                {
                    return Some(path.to_owned());
                }
                if path == "Buffer.from" {
                    let encoding = context.constant_text(call.arguments.get(1)?.as_expression()?)?;
                    return matches!(&*encoding, "base64" | "hex" | "base64url")
                        .then(|| encoding.into_owned());
                }
            }
            // `Buffer.from(text, 'base64').toString()`, `decode(text).trim()`.
            match without_wrapping(&call.callee) {
                Expression::StaticMemberExpression(member) => decoded(context, &member.object, depth),
                _ => None,
            }
        }
        Expression::NewExpression(new) if context.api_path(&new.callee).as_deref() == Some("Buffer") => {
            let encoding = context.constant_text(new.arguments.get(1)?.as_expression()?)?;
            matches!(&*encoding, "base64" | "hex").then(|| encoding.into_owned())
        }
        _ => None,
    }
}

/// Text that anybody can read needs no decoder.
fn is_message<'a>(context: &Context<'_, 'a>, text: &'a Expression<'a>) -> bool {
    context.constant_text(text).is_some_and(|text| text.len() < 16)
}

//! Tokens that are verified by less than they need.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "jwt-verification",
    summary: "a JSON web token is verified without its algorithm or its end",
    threat: Threat::Cry,
    cwes: &[347, 613],
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("jwt_verification.md"),
    checks: &[
        Check::Calls { of: &["jsonwebtoken.verify"], check: algorithms },
        Check::Nodes { kinds: &[AstType::ObjectProperty], check: expiration },
    ],
};

/// A public key is also a text, and whoever knows it can sign with it by an algorithm for shared keys.
fn algorithms<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let Some(key) = call.argument(1) else { return };
    let options_are_missing = match call.argument(2) {
        None => !call.has_spread(),
        Some(options) => {
            context.kind_of(options) == ValueKind::Function
                || matches!(last_name(options), Some("callback" | "cb" | "done" | "next"))
                || matches!(context.setting(options, "algorithms"), Setting::Absent)
        }
    };
    if let Some(Expression::ArrayExpression(list)) =
        call.option(context, 2, "algorithms").value().map(without_wrapping)
    {
        let names: Vec<_> =
            list.elements.iter().filter_map(|name| context.constant_text(name.as_expression()?)).collect();
        let is_shared = |name: &str| name.starts_with("HS");
        if names.iter().any(|name| is_shared(name))
            && names.iter().any(|name| !is_shared(name) && name != "none")
        {
            let title = "a key is taken as public or as a shared secret, as the token wishes";
            context.report(Issue::new(&RULE, list.span, title).next("name the one kind that you sign with"));
        }
    }
    if options_are_missing && may_be_public(context, key) {
        let issue = Issue::new(
            &RULE,
            call.span,
            "the token itself decides by which algorithm its signature is verified",
        );
        context.report(issue.next("name the algorithms that you sign with: { algorithms: ['RS256'] }"));
    }
}

fn may_be_public<'a>(context: &Context<'_, 'a>, key: &'a Expression<'a>) -> bool {
    if let Some(text) = context.constant_text(key) {
        return text.contains("PUBLIC KEY") || text.contains("CERTIFICATE");
    }
    if context.kind_of(key) == ValueKind::Function {
        return true;
    }
    last_name(key).is_some_and(|name| {
        names::words(name).iter().any(|word| {
            matches!(
                word.as_str(),
                "public" | "pub" | "cert" | "certificate" | "pem" | "jwk" | "jwks" | "pubkey"
            )
        })
    })
}

fn expiration<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    let AstKind::ObjectProperty(property) = node.kind() else { return };
    if property.key.is_specific_static_name("ignoreExpiration") && context.is_boolean(&property.value, true) {
        let issue = Issue::new(&RULE, property.span, "tokens are accepted long after they have ended");
        context.report(issue.next("leave it out; to renew a token, ask for one that is meant for that"));
    }
}

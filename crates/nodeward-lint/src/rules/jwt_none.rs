//! JSON web tokens that nobody signed.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "jwt-none",
    summary: "a JSON web token is accepted without a signature",
    threat: Threat::Cry,
    cwes: &[347, 345],
    severity: Severity::Critical,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("jwt_none.md"),
    checks: &[
        Check::Calls { of: &["jsonwebtoken.verify"], check: verify },
        Check::Calls { of: &["jsonwebtoken.sign"], check: sign },
        Check::Calls { of: &["jwt-simple.decode"], check: simple },
        Check::Calls { of: &["express-jwt", "express-jwt.expressjwt"], check: middleware },
    ],
};

fn verify<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    if let Some(key) = call.argument(1)
        && is_no_key(context, key)
    {
        report(context, key.span(), "without a key every token is accepted");
    }
    algorithms(context, call.option(context, 2, "algorithms").value());
}

fn sign<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    if let Some(algorithm) = call.option(context, 2, "algorithm").value()
        && context.constant_text(algorithm).is_some_and(|name| name.eq_ignore_ascii_case("none"))
    {
        report(context, algorithm.span(), "the token is not signed");
    }
}

fn simple<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    if let Some(unverified) = call.argument(2)
        && context.is_boolean(unverified, true)
    {
        report(context, unverified.span(), "the signature is not looked at");
    }
}

fn middleware<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    algorithms(context, call.option(context, 0, "algorithms").value());
}

fn is_no_key<'a>(context: &Context<'_, 'a>, key: &'a Expression<'a>) -> bool {
    match context.constant(key) {
        Some(Constant::Nothing | Constant::Boolean(false)) => true,
        Some(Constant::Text(text)) => text.is_empty(),
        _ => false,
    }
}

fn algorithms<'a>(context: &Context<'_, 'a>, list: Option<&'a Expression<'a>>) {
    let Some(Expression::ArrayExpression(list)) = list.map(without_wrapping) else { return };
    for element in list.elements.iter().filter_map(|element| element.as_expression()) {
        if context.constant_text(element).is_some_and(|name| name.eq_ignore_ascii_case("none")) {
            report(context, element.span(), "tokens without a signature are accepted");
        }
    }
}

fn report(context: &Context<'_, '_>, span: Span, title: &str) {
    context.report(
        Issue::new(&RULE, span, title).next("name the one algorithm that you sign with, and its key"),
    );
}

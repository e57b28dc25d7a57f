//! Claims of tokens that nobody verified.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "jwt-decode",
    summary: "the claims of a token are read without verifying it",
    threat: Threat::Cry,
    cwes: &[347, 345],
    severity: Severity::Medium,
    confidence: Confidence::Low,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("jwt_decode.md"),
    checks: &[Check::Calls {
        of: &["jsonwebtoken.decode", "jwt-decode", "jwt-decode.jwtDecode", "jose.decodeJwt"],
        check,
    }],
};

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    // With `complete` the header is read, as is needed to choose the key.
    if call.option(context, 1, "complete").value().is_some_and(|complete| context.is_boolean(complete, true))
    {
        return;
    }
    let issue = Issue::new(&RULE, call.span, "anybody can have written these claims");
    context.report(issue.next("use verify, which checks the signature and gives the same claims"));
}

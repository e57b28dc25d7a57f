//! A check against forged requests that comes too early.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "csrf-order",
    summary: "the check against forged requests runs before the method is known",
    threat: Threat::Exf,
    cwes: &[352],
    severity: Severity::Medium,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("csrf_order.md"),
    checks: &[Check::Calls { of: &["method-override", "express.methodOverride"], check }],
};

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let checks_before = context.semantic.nodes().iter().find_map(|node| match node.kind() {
        AstKind::CallExpression(other) if other.span.start < call.span.start => {
            let path = context.api_path(&other.callee)?;
            matches!(&*path, "csurf" | "express.csrf" | "csrf").then_some(other.span)
        }
        _ => None,
    });
    if let Some(check) = checks_before {
        context.report(
            Issue::new(
                &RULE,
                call.span,
                "the method changes after the check against forged requests has looked at it",
            )
            .next("use method-override before the check")
            .fact("the check", context.text(check), check),
        );
    }
}

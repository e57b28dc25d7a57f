//! Queries that the database runs as code.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "mongo-where",
    summary: "a query is text that the database runs as code",
    threat: Threat::Qui,
    cwes: &[943, 95],
    severity: Severity::High,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("mongo_where.md"),
    checks: &[
        Check::Nodes { kinds: &[AstType::ObjectProperty], check: property },
        Check::Calls { of: &[".$where"], check: method },
    ],
};

fn property<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    let AstKind::ObjectProperty(property) = node.kind() else { return };
    if property.key.static_name().is_some_and(|name| name == "$where") {
        look(context, &property.value);
    }
}

fn method<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    if let Some(condition) = call.argument(0) {
        look(context, condition);
    }
}

fn look<'a>(context: &Context<'_, 'a>, condition: &'a Expression<'a>) {
    let put_together = context.kind_of(condition) == ValueKind::Text;
    if put_together && !context.is_fixed(condition) {
        let issue = Issue::new(&RULE, condition.span(), "the database runs this text as code");
        context.report(issue.next("ask with operators ($gt, $in, $expr) instead"));
    }
}

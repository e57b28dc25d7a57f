//! Stack traces for everybody.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "error-details",
    summary: "errors are shown to users with their stack",
    threat: Threat::Exf,
    cwes: &[209],
    severity: Severity::Low,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("error_details.md"),
    checks: &[
        Check::Calls { of: &["errorhandler", "express.errorHandler"], check: handler },
        Check::Calls { of: &[".send", ".end", ".json", ".write"], check: sent },
    ],
};

fn handler<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let chosen = context.semantic.nodes().ancestor_kinds(call.node).any(|kind| {
        matches!(
            kind,
            AstKind::IfStatement(_) | AstKind::ConditionalExpression(_) | AstKind::LogicalExpression(_)
        )
    });
    if !chosen {
        report(context, call.span);
    }
}

fn sent<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    if !call.receiver_name().is_some_and(|name| matches!(name, "res" | "response" | "reply")) {
        return;
    }
    let Some(value) = call.argument(0) else { return };
    if let Expression::StaticMemberExpression(member) = without_wrapping(value)
        && member.property.name == "stack"
    {
        report(context, value.span());
    }
}

fn report(context: &Context<'_, '_>, span: Span) {
    let issue =
        Issue::new(&RULE, span, "users are shown where in the code it failed, and with which libraries");
    context
        .report(issue.next("log it, and answer with a message of your own; show stacks in development only"));
}

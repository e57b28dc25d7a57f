//! `new Buffer`, which gives memory or text by the type of its argument.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "buffer-constructor",
    summary: "new Buffer gives old memory where it is given a number",
    threat: Threat::Bof,
    cwes: &[665, 676],
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    policy: Policy::Strict,
    scope: Scope::Production,
    docs: include_str!("buffer_constructor.md"),
    checks: &[Check::Calls { of: &["Buffer"], check }],
};

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let Some(first) = call.argument(0).filter(|_| !is_fallback(context, call)) else { return };
    let kind = context.kind_of(first);
    let is_array = matches!(without_wrapping(first), Expression::ArrayExpression(_));
    let issue = Issue::new(&RULE, call.span, "what this gives depends on the type of its argument")
        .next("say Buffer.from for contents, Buffer.alloc for a size");
    let callee = Span::new(call.span.start, call.callee.span().end);
    context.report(match kind {
        ValueKind::Text => issue.fix(Safety::Safe, "use Buffer.from", callee, "Buffer.from"),
        ValueKind::Object if is_array => issue.fix(Safety::Safe, "use Buffer.from", callee, "Buffer.from"),
        ValueKind::Number => issue.fix(Safety::Safe, "use Buffer.alloc", callee, "Buffer.alloc"),
        _ => issue.fix(Safety::Unsafe, "use Buffer.from", callee, "Buffer.from"),
    });
}

/// `Buffer.from ? Buffer.from(x) : new Buffer(x)`: for releases of Node that have nothing better.
fn is_fallback<'a>(context: &Context<'_, 'a>, call: &Call<'a>) -> bool {
    let is_test = |test: &Expression<'a>| {
        let text = context.text(test.span());
        ["Buffer.from", "Buffer.alloc", "allocUnsafe"].iter().any(|name| text.contains(name))
    };
    context.semantic.nodes().ancestor_kinds(call.node).take(12).any(|kind| match kind {
        AstKind::ConditionalExpression(choice) => is_test(&choice.test),
        AstKind::IfStatement(choice) => is_test(&choice.test),
        _ => false,
    })
}

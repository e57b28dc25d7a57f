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
    // A number where text was expected needs an argument that can be either, and with an encoding a number throws.
    let has_encoding = call.argument(1).is_some_and(|second| context.kind_of(second) == ValueKind::Text);
    let is_plain = kind != ValueKind::Unknown || has_encoding || looks_at_type(context, call, first);
    let issue = Issue::new(&RULE, call.span, "what this gives depends on the type of its argument")
        .next("say Buffer.from for contents, Buffer.alloc for a size")
        .under(if is_plain { Policy::Experimental } else { RULE.policy });
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

/// Whether the function looks at the type of the argument, or at what the release of Node has, before it comes here.
fn looks_at_type<'a>(context: &Context<'_, 'a>, call: &Call<'a>, argument: &Expression<'a>) -> bool {
    let typeof_argument = format!("typeof {}", context.text(argument.span()));
    let function = context
        .semantic
        .nodes()
        .ancestor_kinds(call.node)
        .find(|kind| matches!(kind, AstKind::Function(_) | AstKind::ArrowFunctionExpression(_)));
    function.is_some_and(|function| {
        let text = context.text(function.span());
        [typeof_argument.as_str(), "if (Buffer.alloc", "if (Buffer.from"]
            .iter()
            .any(|test| text.contains(test))
    })
}

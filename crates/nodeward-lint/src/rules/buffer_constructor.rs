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
    let issue = Issue::new(&RULE, call.span, "what this gives depends on the type of its argument")
        .next("say Buffer.from for contents, Buffer.alloc for a size");
    let callee = Span::new(call.span.start, call.callee.span().end);
    let experimental = |issue: Issue| issue.under(Policy::Experimental);
    match context.kind_of(first) {
        // A number and nothing else is memory that was asked for; zero is none.
        ValueKind::Number if !without_wrapping(first).is_number_0() => {
            let issue = experimental(issue);
            context.report(issue.fix(Safety::Safe, "use Buffer.alloc", callee, "Buffer.alloc"));
        }
        ValueKind::Unknown if !has_encoding(context, call) && !is_buffer(context, call, first) => {
            let issue = if looks_at_type(context, call, first) { experimental(issue) } else { issue };
            context.report(issue.fix(Safety::Unsafe, "use Buffer.from", callee, "Buffer.from"));
        }
        _ => {}
    }
}

/// With an encoding a number throws.
fn has_encoding<'a>(context: &Context<'_, 'a>, call: &Call<'a>) -> bool {
    call.argument(1).is_some_and(|second| context.kind_of(second) == ValueKind::Text)
}

/// Whether the call stands behind a test that its argument is a buffer.
fn is_buffer<'a>(context: &Context<'_, 'a>, call: &Call<'a>, argument: &Expression<'a>) -> bool {
    let test = format!("isBuffer({})", context.text(argument.span()));
    let is_behind = |test_span: Span, then: Span| {
        let text = context.text(test_span);
        text.ends_with(&test)
            && !text.starts_with('!')
            && then.start <= call.span.start
            && call.span.end <= then.end
    };
    context.semantic.nodes().ancestor_kinds(call.node).take(12).any(|kind| match kind {
        AstKind::ConditionalExpression(choice) => is_behind(choice.test.span(), choice.consequent.span()),
        AstKind::IfStatement(choice) => is_behind(choice.test.span(), choice.consequent.span()),
        _ => false,
    })
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

//! Memory that is handed out as it was left.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "buffer-unsafe",
    summary: "memory is handed out as it was left",
    threat: Threat::Bof,
    cwes: &[908, 200],
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("buffer_unsafe.md"),
    checks: &[Check::Calls {
        of: &["Buffer.allocUnsafe", "Buffer.allocUnsafeSlow", "buffer.SlowBuffer"],
        check,
    }],
};

/// Methods that write every byte before anybody reads one.
const FILL: &[&str] = &["fill", "write", "set", "copy"];

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    if call.argument(0).and_then(|size| context.constant_number(size)) == Some(0.0) {
        return;
    }
    let exposed = match context.parent(call.node) {
        AstKind::StaticMemberExpression(member) => {
            !FILL.contains(&member.property.name.as_str()) && member.property.name != "buffer"
        }
        AstKind::ReturnStatement(_) => !makes_buffers(context, call),
        AstKind::CallExpression(around) => {
            matches!(without_wrapping(&around.callee), Expression::StaticMemberExpression(member)
            if matches!(member.property.name.as_str(), "send" | "end" | "write" | "push" | "emit"))
        }
        _ => false,
    };
    if exposed {
        let issue =
            Issue::new(&RULE, call.span, "these bytes still hold what the process kept in them before");
        context.report(issue.next("use Buffer.alloc, or fill them first"));
    }
}

/// A function that hands out memory by name (`allocUnsafe`, `createPool`) leaves the filling to its caller.
fn makes_buffers<'a>(context: &Context<'_, 'a>, call: &Call<'a>) -> bool {
    context.receiving_names(call.node).into_iter().any(|name| {
        let name = name.to_ascii_lowercase();
        name.contains("alloc") || name.contains("pool") || name.contains("unsafe")
    })
}

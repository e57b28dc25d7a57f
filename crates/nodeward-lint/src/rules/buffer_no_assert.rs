//! Reads and writes past the end of a buffer.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "buffer-no-assert",
    summary: "a buffer is read or written without looking at its end",
    threat: Threat::Bof,
    cwes: &[119, 125],
    severity: Severity::Medium,
    confidence: Confidence::High,
    policy: Policy::Common,
    scope: Scope::Production,
    docs: include_str!("buffer_no_assert.md"),
    checks: &[Check::Calls {
        of: &[
            ".readUInt8",
            ".readUInt16LE",
            ".readUInt16BE",
            ".readUInt32LE",
            ".readUInt32BE",
            ".readInt8",
            ".readInt16LE",
            ".readInt16BE",
            ".readInt32LE",
            ".readInt32BE",
            ".readFloatLE",
            ".readFloatBE",
            ".readDoubleLE",
            ".readDoubleBE",
            ".writeUInt8",
            ".writeUInt16LE",
            ".writeUInt16BE",
            ".writeUInt32LE",
            ".writeUInt32BE",
            ".writeInt8",
            ".writeInt16LE",
            ".writeInt16BE",
            ".writeInt32LE",
            ".writeInt32BE",
            ".writeFloatLE",
            ".writeFloatBE",
            ".writeDoubleLE",
            ".writeDoubleBE",
        ],
        check,
    }],
};

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let reads = call.method.is_some_and(|method| method.starts_with("read"));
    let Some(last) = call.argument(if reads { 1 } else { 2 }) else { return };
    if context.is_boolean(last, true) {
        let issue =
            Issue::new(&RULE, call.span, "with noAssert, old versions of Node read and write past the end");
        let policy = if is_bounded(context, call) { Policy::Strict } else { RULE.policy };
        context.report(issue.next("leave the last argument out").under(policy));
    }
}

/// Whether a test around the call looks at a length.
fn is_bounded<'a>(context: &Context<'_, 'a>, call: &Call<'a>) -> bool {
    context.semantic.nodes().ancestor_kinds(call.node).take(6).any(|kind| match kind {
        AstKind::IfStatement(choice) => context.text(choice.test.span()).contains("length"),
        AstKind::ConditionalExpression(choice) => context.text(choice.test.span()).contains("length"),
        _ => false,
    })
}

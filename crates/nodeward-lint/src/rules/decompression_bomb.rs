//! Small requests that become large.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "decompression-bomb",
    summary: "what a client sends is decompressed to any size",
    threat: Threat::Dos,
    cwes: &[409, 400],
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("decompression_bomb.md"),
    checks: &[Check::Calls {
        of: &[
            "zlib.gunzip",
            "zlib.gunzipSync",
            "zlib.inflate",
            "zlib.inflateSync",
            "zlib.inflateRaw",
            "zlib.inflateRawSync",
            "zlib.unzip",
            "zlib.unzipSync",
            "zlib.brotliDecompress",
            "zlib.brotliDecompressSync",
            "zlib.zstdDecompress",
            "zlib.zstdDecompressSync",
            "pako.inflate",
            "pako.ungzip",
            "pako.inflateRaw",
            "snappy.uncompress",
            "snappy.uncompressSync",
        ],
        check,
    }],
};

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let is_bounded = match call.argument(1) {
        Some(options) if context.kind_of(options) != ValueKind::Function => {
            !matches!(context.setting(options, "maxOutputLength"), Setting::Absent)
        }
        _ => call.has_spread(),
    };
    let Some(data) = call.argument(0).filter(|_| !is_bounded) else { return };
    if context.is_fixed(data) || !is_sent(context, call, data) {
        return;
    }
    let issue = Issue::new(
        &RULE,
        call.span,
        "a kilobyte that a client sends may become a megabyte here, and a megabyte a gigabyte",
    );
    context.report(issue.next("set maxOutputLength"));
}

/// Whether the data comes with a request, or is what a socket was sent.
fn is_sent<'a>(context: &Context<'_, 'a>, call: &Call<'a>, data: &'a Expression<'a>) -> bool {
    if context.answers_requests(call.node) {
        return true;
    }
    context.semantic.nodes().ancestors(call.node).take(12).any(|node| match node.kind() {
        AstKind::CallExpression(listener) => {
            matches!(last_name(&listener.callee), Some("on" | "once"))
                && listener
                    .arguments
                    .first()
                    .and_then(|name| context.constant_text(name.as_expression()?))
                    .is_some_and(|name| name == "message")
        }
        _ => false,
    }) || matches!(without_wrapping(data), Expression::StaticMemberExpression(member)
        if matches!(member.property.name.as_str(), "body" | "rawBody") && matches!(last_name(&member.object), Some("req" | "request" | "event")))
}

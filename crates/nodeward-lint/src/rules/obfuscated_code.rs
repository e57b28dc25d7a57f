//! Programs whose names were made unreadable on purpose.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "obfuscated-code",
    summary: "the names of a program were made unreadable on purpose",
    threat: Threat::Mtp,
    cwes: &[506, 656],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Everywhere,
    docs: include_str!("obfuscated_code.md"),
    checks: &[Check::Nodes { kinds: &[AstType::Program], check }],
};

/// So many by chance would be the first.
const ENOUGH: usize = 12;

fn check<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    let AstKind::Program(_) = node.kind() else { return };
    let scoping = context.semantic.scoping();
    let mut hidden = 0;
    let mut first: Option<(Span, &str)> = None;
    for symbol in scoping.symbol_ids() {
        let name = scoping.symbol_name(symbol);
        if is_hidden(name) {
            hidden += 1;
            let span = scoping.symbol_span(symbol);
            if first.is_none_or(|(known, _)| span.start < known.start) {
                first = Some((span, name));
            }
        }
    }
    let Some((span, name)) = first else { return };
    if hidden >= ENOUGH && hidden * 4 >= scoping.symbols_len() {
        context.report(
            Issue::new(&RULE, span, format!("{hidden} names like {name} keep this from being read"))
                .next("do not install it before somebody has read it without the disguise"),
        );
    }
}

/// `_0x3f2a`: what the obfuscators in use write. Minifiers write short names.
fn is_hidden(name: &str) -> bool {
    let digits = name.strip_prefix("_0x").or_else(|| name.strip_prefix("a0_0x"));
    digits.is_some_and(|digits| digits.len() >= 3 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

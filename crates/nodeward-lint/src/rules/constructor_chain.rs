//! Functions made through `constructor.constructor`.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "constructor-chain",
    summary: "code is made through constructor.constructor",
    threat: Threat::Rce,
    cwes: &[94, 913],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Everywhere,
    docs: include_str!("constructor_chain.md"),
    checks: &[Check::Calls { of: &[".constructor"], check }],
};

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let Some(receiver) = call.receiver() else { return };
    if last_name(receiver) != Some("constructor") || call.arguments.is_empty() {
        return;
    }
    let Some(code) = call.last() else { return };
    let only_global =
        context.constant_text(code).is_some_and(|code| code.trim_end_matches(';').trim() == "return this");
    if !only_global {
        context.report(
            Issue::new(&RULE, call.span, "this reaches Function without naming it, and makes code from text")
                .next("find out why it hides; no honest code has to"),
        );
    }
}

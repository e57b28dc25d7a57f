//! Node's own internals.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "process-binding",
    summary: "Node's internals are reached past its API",
    threat: Threat::Bof,
    cwes: &[242, 749],
    severity: Severity::Medium,
    confidence: Confidence::High,
    policy: Policy::Common,
    scope: Scope::Everywhere,
    docs: include_str!("process_binding.md"),
    checks: &[Check::Calls { of: &["process.binding", "process._linkedBinding", "process.dlopen"], check }],
};

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let issue = Issue::new(&RULE, call.span, "this reaches Node's internals, past the checks of its API");
    context.report(issue.next("use the public API, or an add-on loaded by require"));
}

//! Binary values from outside.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "deserialize-v8",
    summary: "v8.deserialize is given data that may come from outside",
    threat: Threat::Bof,
    cwes: &[502],
    severity: Severity::Medium,
    confidence: Confidence::Low,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("deserialize_v8.md"),
    checks: &[Check::Calls { of: &["v8.deserialize", "v8.Deserializer", "v8.DefaultDeserializer"], check }],
};

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let Some(data) = call.argument(0) else { return };
    if context.is_fixed(data) || made_here(context, data) {
        return;
    }
    let issue = Issue::new(&RULE, call.span, "V8 does not promise that reading hostile bytes is safe");
    context.report(issue.next("use JSON for what others send; structuredClone to copy"));
}

/// `v8.deserialize(v8.serialize(x))` only copies.
fn made_here<'a>(context: &Context<'_, 'a>, data: &'a Expression<'a>) -> bool {
    context.api_path(data).is_some_and(|path| path.starts_with("v8.serialize"))
}

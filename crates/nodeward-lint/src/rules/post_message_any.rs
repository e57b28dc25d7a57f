//! Messages to whichever page is there.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "post-message-any",
    summary: "a message is sent to whichever page is there",
    threat: Threat::Exf,
    cwes: &[346, 359],
    severity: Severity::Low,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("post_message_any.md"),
    checks: &[Check::Calls { of: &[".postMessage"], check }],
};

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let Some(target) = call.argument(1) else { return };
    if !call.argument(0).is_some_and(|message| context.is_fixed(message))
        && context.constant_text(target).as_deref() == Some("*")
    {
        let issue = Issue::new(&RULE, target.span(), "whichever page is in that window reads this message");
        context.report(issue.next("name the origin that it is for"));
    }
}

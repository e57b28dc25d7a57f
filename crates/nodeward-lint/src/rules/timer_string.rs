//! Timers that are given text to run.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "timer-string",
    summary: "a timer is given text to run as code",
    threat: Threat::Rce,
    cwes: &[95, 94],
    severity: Severity::Medium,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("timer_string.md"),
    checks: &[Check::Calls { of: &["setTimeout", "setInterval", "setImmediate"], check }],
};

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let Some(first) = call.argument(0) else { return };
    // Node refuses text; browsers and their stand-ins run it.
    if context.kind_of(first) == ValueKind::Text && !context.is_fixed(first) {
        let issue = Issue::new(&RULE, first.span(), "this text is run as code");
        context.report(issue.next("give the timer a function"));
    }
}

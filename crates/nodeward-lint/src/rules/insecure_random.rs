//! Secrets made with `Math.random`.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "insecure-random",
    summary: "a secret is made with Math.random",
    threat: Threat::Cry,
    cwes: &[338, 330],
    severity: Severity::High,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("insecure_random.md"),
    checks: &[Check::Calls { of: &["Math.random"], check }],
};

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let Some(name) = context.receiving_names(call.node).into_iter().find(|name| must_be_random(name)) else {
        return;
    };
    context.report(
        Issue::new(&RULE, call.span, format!("{name} can be guessed: Math.random is no secret"))
            .next("use crypto.randomBytes, crypto.randomInt or crypto.randomUUID"),
    );
}

/// Names of values that give access to whoever guesses them.
fn must_be_random(name: &str) -> bool {
    if names::is_about_a_secret(name) {
        return false;
    }
    let words = names::words(name);
    let has = |word: &str| words.iter().any(|known| known == word);
    let pair = |first: &str, second: &str| words.windows(2).any(|pair| pair[0] == first && pair[1] == second);
    names::is_secret(name)
        || has("salt")
        || (has("token") && !has("cancel") && words.len() > 1)
        || pair("session", "key")
}

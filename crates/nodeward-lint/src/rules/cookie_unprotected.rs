//! Session cookies set without protection.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "cookie-unprotected",
    summary: "a session cookie is set without httpOnly or secure",
    threat: Threat::Exf,
    cwes: &[1004, 614],
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("cookie_unprotected.md"),
    checks: &[Check::Calls { of: &[".cookie", ".setCookie"], check }],
};

/// Words in the names of cookies that stand for an account.
const SESSION: &[&str] = &["session", "sess", "sid", "auth", "token", "jwt", "login", "connect"];

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    if !call.receiver_name().is_some_and(|name| matches!(name, "res" | "response" | "reply" | "resp")) {
        return;
    }
    let Some(name) = call.argument(0).and_then(|name| context.constant_text(name)) else { return };
    let session = names::words(&name).iter().any(|word| SESSION.contains(&word.as_str()));
    // A token against forged requests has to be read by scripts.
    let forgery = name.to_ascii_lowercase().contains("csrf") || name.to_ascii_lowercase().contains("xsrf");
    if !session || forgery || call.argument(1).is_none() {
        return;
    }
    let missing: Vec<&str> = ["httpOnly", "secure"]
        .into_iter()
        .filter(|flag| matches!(call.option(context, 2, flag), Setting::Absent))
        .collect();
    if !missing.is_empty() {
        let title = format!("the cookie {name} is set without {}", missing.join(" and "));
        context.report(Issue::new(&RULE, call.span, title).next("set httpOnly, secure and sameSite"));
    }
}

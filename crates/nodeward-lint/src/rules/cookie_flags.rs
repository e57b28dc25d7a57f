//! Cookies that scripts or eavesdroppers can read.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "cookie-flags",
    summary: "a cookie is open to scripts or to eavesdroppers",
    threat: Threat::Exf,
    cwes: &[1004, 614, 1275],
    severity: Severity::Medium,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("cookie_flags.md"),
    checks: &[
        Check::Calls { of: &[".cookie", ".setCookie"], check: set },
        Check::Calls {
            of: &["express-session", "cookie-session", "koa-session", "@fastify/session"],
            check: session,
        },
    ],
};

fn set<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    if call.receiver_name().is_some_and(|name| matches!(name, "res" | "response" | "reply" | "resp"))
        && let Some(options) = call.argument(2)
        // Clearing a cookie needs no protection for what is not there.
        && call.argument(1).and_then(|value| context.constant_text(value)).as_deref() != Some("")
    {
        flags(context, options);
    }
}

fn session<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    if let Some(cookie) = call.option(context, 0, "cookie").value() {
        flags(context, cookie);
    }
}

fn flags<'a>(context: &Context<'_, 'a>, options: &'a Expression<'a>) {
    let value = |name| context.setting(options, name).value();
    if let Some(flag) = value("httpOnly")
        && context.is_boolean(flag, false)
    {
        report(
            context,
            flag.span(),
            "scripts in the page can read this cookie, injected ones too",
            "set httpOnly",
        );
    }
    if let Some(flag) = value("secure")
        && context.is_boolean(flag, false)
    {
        report(context, flag.span(), "this cookie also travels without encryption", "set secure");
    }
}

fn report(context: &Context<'_, '_>, span: Span, title: &str, step: &'static str) {
    context.report(Issue::new(&RULE, span, title).next(step));
}

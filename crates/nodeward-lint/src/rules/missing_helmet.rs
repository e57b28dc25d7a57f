//! Express as it comes.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "missing-helmet",
    summary: "an Express application sends none of the headers that protect browsers",
    threat: Threat::Exf,
    cwes: &[693, 200, 1021],
    severity: Severity::Low,
    confidence: Confidence::Low,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("missing_helmet.md"),
    checks: &[
        Check::Calls { of: &["express"], check },
        Check::Calls { of: &["helmet"], check: switched_off },
    ],
};

/// What sets the headers, or says that somebody thought of them: names of packages, settings and headers.
const SET: &[&str] = &[
    "helmet",
    "lusca",
    "x-powered-by",
    "x-frame-options",
    "content-security-policy",
    "strict-transport-security",
    "x-content-type-options",
    "hidepoweredby",
    "kraken",
];

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let text = context.semantic.source_text();
    // An application is what listens; what is mounted by another gets its headers there.
    if context.file.is_generated || !text.contains(".listen(") && !text.contains("createServer(") {
        return;
    }
    let is_app = call.receiver().is_none() && call.arguments.is_empty();
    let lower = text.to_ascii_lowercase();
    if is_app && !SET.iter().any(|name| lower.contains(name)) {
        let title = "browsers are not told to protect its pages, and everybody is told that it is Express";
        context.report(
            Issue::new(&RULE, call.span, title).next("app.use(helmet()), or app.disable('x-powered-by')"),
        );
    }
}

/// Parts of helmet that keep a page from being framed, or from running what was injected.
fn switched_off<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    for name in ["contentSecurityPolicy", "frameguard", "xFrameOptions", "hsts", "strictTransportSecurity"] {
        if let Some(value) = call.option(context, 0, name).value()
            && context.is_boolean(value, false)
        {
            let issue = Issue::new(&RULE, value.span(), format!("{name} is switched off"));
            context.report(issue.next("set the policy that the pages need"));
        }
    }
}

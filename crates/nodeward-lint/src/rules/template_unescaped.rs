//! Template engines told not to escape.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "template-unescaped",
    summary: "a template engine is told not to escape",
    threat: Threat::Rce,
    cwes: &[79, 116],
    severity: Severity::Medium,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("template_unescaped.md"),
    checks: &[
        Check::Calls {
            of: &["handlebars.compile", "handlebars.precompile", "hogan.js.compile"],
            check: compile,
        },
        Check::Calls { of: &["nunjucks.configure", "nunjucks.Environment"], check: nunjucks },
        Check::Calls { of: &["handlebars.SafeString"], check: safe },
        Check::Calls { of: &["marked", "marked.setOptions", "marked.parse", "marked.marked"], check: marked },
    ],
};

fn compile<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    on(context, call.option(context, 1, "noEscape"), true);
}

fn nunjucks<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    for at in 0..=1 {
        if let Some(options) = call.argument(at)
            && let Expression::ObjectExpression(object) = without_wrapping(options)
        {
            on(context, setting_of(object, "autoescape"), false);
        }
    }
}

fn safe<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let Some(text) = call.argument(0) else { return };
    let shown = context.text(text.span()).to_ascii_lowercase();
    if !context.is_fixed(text) && !shown.contains("escape") && !shown.contains("sanitize") {
        report(context, call.span);
    }
}

fn marked<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    if let Some(options) = call.last()
        && let Expression::ObjectExpression(object) = without_wrapping(options)
    {
        on(context, setting_of(object, "sanitize"), false);
    }
}

fn on<'a>(context: &Context<'_, 'a>, setting: Setting<'a>, bad: bool) {
    if let Some(value) = setting.value()
        && context.is_boolean(value, bad)
    {
        report(context, value.span());
    }
}

fn report(context: &Context<'_, '_>, span: Span) {
    let issue = Issue::new(&RULE, span, "values reach the page as they are, scripts in them too");
    context.report(issue.next("leave escaping on, and mark the few values that are HTML"));
}

//! Code made from text at run time.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "code-from-string",
    summary: "text that is put together at run time is run as code",
    threat: Threat::Rce,
    cwes: &[95, 94],
    severity: Severity::High,
    confidence: Confidence::Low,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("code_from_string.md"),
    checks: &[
        Check::Calls { of: &["eval"], check: eval },
        Check::Calls { of: &["Function", "GeneratorFunction", "AsyncFunction"], check: function },
        Check::Calls {
            of: &[
                "vm.runInThisContext",
                "vm.runInNewContext",
                "vm.runInContext",
                "vm.Script",
                "vm.compileFunction",
                "vm.SourceTextModule",
            ],
            check: eval,
        },
    ],
};

fn eval<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    code(context, call.argument(0));
}

fn function<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    for at in 0..call.arguments.len() {
        if code(context, call.argument(at)) {
            return;
        }
    }
}

fn code<'a>(context: &Context<'_, 'a>, expression: Option<&'a Expression<'a>>) -> bool {
    let Some(expression) = expression else { return false };
    if context.is_fixed(expression)
        || matches!(context.kind_of(expression), ValueKind::Number | ValueKind::Function)
    {
        return false;
    }
    let issue = Issue::new(&RULE, expression.span(), "whoever decides a part of this text decides what runs");
    context.report(issue.next("replace it by a parser, a table of functions, or JSON.parse"));
    true
}

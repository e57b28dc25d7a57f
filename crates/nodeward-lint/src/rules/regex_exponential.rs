//! Regular expressions that a short string keeps busy for good.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "regex-exponential",
    summary: "a short string keeps this regular expression busy for good",
    threat: Threat::Dos,
    cwes: &[1333, 400],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Common,
    scope: Scope::Production,
    docs: include_str!("regex_exponential.md"),
    checks: &[
        Check::Nodes { kinds: &[AstType::RegExpLiteral], check: literal },
        Check::Calls { of: &["RegExp"], check: made },
    ],
};

use crate::regex::Verdict;

fn literal<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    if let Some((span, verdict)) = context.literal_pattern(node) {
        report(context, span, &verdict);
    }
}

fn made<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    if let Some((span, verdict)) = context.made_pattern(call) {
        report(context, span, &verdict);
    }
}

fn report(context: &Context<'_, '_>, span: Span, verdict: &Verdict) {
    let Verdict::Exponential { witness } = verdict else { return };
    context.report(
        Issue::new(&RULE, span, "each repetition of a few characters doubles the time that this takes")
            .next("make the parts of the repetition exclude each other, or match with code")
            .note("try", witness.expression(30)),
    );
}

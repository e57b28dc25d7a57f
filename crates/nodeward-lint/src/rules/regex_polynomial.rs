//! Regular expressions that a long string keeps busy.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "regex-polynomial",
    summary: "a long string keeps this regular expression busy",
    threat: Threat::Dos,
    cwes: &[1333, 400],
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("regex_polynomial.md"),
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
    let Verdict::Polynomial { degree, witness, .. } = verdict else { return };
    context.report(
        Issue::new(
            &RULE,
            span,
            format!("the time that this takes grows with the length to the power of {degree}"),
        )
        .next("limit the length first, or make the repetitions exclude each other")
        .note("try", witness.expression(50_000)),
    );
}

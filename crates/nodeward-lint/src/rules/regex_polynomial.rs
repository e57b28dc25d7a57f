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

use crate::regex::{self, Verdict};

fn literal<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    let AstKind::RegExpLiteral(literal) = node.kind() else { return };
    report(context, literal.span, &regex::analyse_literal(context.text(literal.span)));
}

fn made<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let Some(pattern) = call.argument(0) else { return };
    let Some(text) = context.constant_text(pattern) else { return };
    let flags = call.argument(1).and_then(|flags| context.constant_text(flags)).unwrap_or_default();
    report(context, pattern.span(), &regex::analyse(&text, &flags));
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

//! Regular expressions that a short string keeps busy for good.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "regex-exponential",
    summary: "a short string keeps this regular expression busy for good",
    threat: Threat::Dos,
    cwes: &[1333, 400],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("regex_exponential.md"),
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
    let Verdict::Exponential { witness } = verdict else { return };
    context.report(
        Issue::new(&RULE, span, "each repetition of a few characters doubles the time that this takes")
            .next("make the parts of the repetition exclude each other, or match with code")
            .note("try", witness.expression(30)),
    );
}

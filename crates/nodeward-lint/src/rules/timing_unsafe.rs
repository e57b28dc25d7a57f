//! Secrets compared byte by byte.

use crate::rules::prelude::*;
use crate::words::Words;

pub(crate) const RULE: Rule = Rule {
    id: "timing-unsafe",
    summary: "a secret is compared in a time that depends on it",
    threat: Threat::Cry,
    cwes: &[208],
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("timing_unsafe.md"),
    checks: &[Check::Nodes { kinds: &[AstType::BinaryExpression], check }],
};

/// What an attacker guesses piece by piece if the comparison tells how far the guess is right.
const COMPARED: &[&str] = &["signature", "hmac", "digest", "mac", "secret", "csrf"];

fn check<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    let AstKind::BinaryExpression(comparison) = node.kind() else { return };
    if !comparison.operator.is_equality() {
        return;
    }
    let (left, right) = (&comparison.left, &comparison.right);
    let Some(name) = secret(left).or_else(|| secret(right)) else { return };
    // Against something fixed it is a test for presence or kind, and both sides have to be values.
    let both_vary = [left, right].into_iter().all(|side| {
        !context.is_fixed(side) && last_name(side).is_some()
            || matches!(without_wrapping(side), Expression::CallExpression(_))
    });
    if !both_vary || tells_kind(left) || tells_kind(right) {
        return;
    }
    let title = format!("how long this takes tells how much of {name} was guessed");
    context.report(Issue::new(&RULE, comparison.span, title).next("compare with crypto.timingSafeEqual"));
}

/// What is in every name that is looked at more closely; most are not.
static LIKELY: Words = Words::new(COMPARED);

fn secret<'a>(side: &'a Expression<'a>) -> Option<&'a str> {
    let name = last_name(side).filter(|name| LIKELY.are_in(name))?;
    let words = names::words(name);
    let last = words.last()?;
    let compared =
        COMPARED.contains(&last.as_str()) || words.iter().any(|word| word == "signature" || word == "hmac");
    (compared && !names::is_about_a_secret(name)).then_some(name)
}

fn tells_kind(side: &Expression<'_>) -> bool {
    matches!(without_wrapping(side), Expression::UnaryExpression(_) | Expression::ThisExpression(_))
}

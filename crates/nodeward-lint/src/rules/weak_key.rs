//! Key pairs that are too short.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "weak-key",
    summary: "a key is too short",
    threat: Threat::Cry,
    cwes: &[326],
    severity: Severity::Medium,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("weak_key.md"),
    checks: &[
        Check::Calls { of: &["crypto.generateKeyPair", "crypto.generateKeyPairSync"], check: pair },
        Check::Calls { of: &["crypto.createDiffieHellman"], check: group },
        Check::Calls {
            of: &["crypto.getDiffieHellman", "crypto.createDiffieHellmanGroup"],
            check: named_group,
        },
    ],
};

const LEAST_BITS: f64 = 2048.0;

fn pair<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let kind = call.argument(0).and_then(|kind| context.constant_text(kind));
    if kind.is_some_and(|kind| matches!(&*kind, "rsa" | "rsa-pss" | "dsa")) {
        bits(context, call.option(context, 1, "modulusLength").value());
    }
}

fn group<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    bits(context, call.argument(0));
}

fn bits<'a>(context: &Context<'_, 'a>, expression: Option<&'a Expression<'a>>) {
    let Some(expression) = expression else { return };
    let Some(bits) = context.constant_number(expression) else { return };
    if bits < LEAST_BITS {
        let title = format!("a key of {bits} bits can be broken");
        context
            .report(Issue::new(&RULE, expression.span(), title).next("use 3072 bits, or an elliptic curve"));
    }
}

fn named_group<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let Some(name) = call.argument(0) else { return };
    if context.constant_text(name).is_some_and(|name| matches!(&*name, "modp1" | "modp2" | "modp5")) {
        let issue = Issue::new(&RULE, name.span(), "the group of this key exchange is too small");
        context.report(issue.next("use modp14 or above, or x25519"));
    }
}

//! Password hashing with too little work.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "weak-key-derivation",
    summary: "a password is hashed with too little work",
    threat: Threat::Cry,
    cwes: &[916],
    severity: Severity::Medium,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("weak_key_derivation.md"),
    checks: &[
        Check::Calls { of: &["crypto.pbkdf2", "crypto.pbkdf2Sync"], check: pbkdf2 },
        Check::Calls { of: &["crypto.scrypt", "crypto.scryptSync"], check: scrypt },
        Check::Calls {
            of: &["bcrypt.hash", "bcrypt.hashSync", "bcryptjs.hash", "bcryptjs.hashSync"],
            check: bcrypt_hash,
        },
        Check::Calls {
            of: &["bcrypt.genSalt", "bcrypt.genSaltSync", "bcryptjs.genSalt", "bcryptjs.genSaltSync"],
            check: bcrypt_salt,
        },
    ],
};

/// Far below every recommendation since 2000; today's are ten to hundreds of times more.
const PBKDF2_ROUNDS: f64 = 10_000.0;
const SCRYPT_COST: f64 = 16_384.0;
const BCRYPT_COST: f64 = 8.0;

fn pbkdf2<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    too_small(
        context,
        call.argument(2),
        PBKDF2_ROUNDS,
        "rounds of PBKDF2",
        "use at least 600,000 rounds with SHA-256",
    );
}

fn scrypt<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    for name in ["N", "cost"] {
        let cost = call.option(context, 3, name).value();
        too_small(
            context,
            cost,
            SCRYPT_COST,
            "as the cost of scrypt",
            "leave the cost at its default, or raise it",
        );
    }
}

fn bcrypt_hash<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    too_small(context, call.argument(1), BCRYPT_COST, "as the cost of bcrypt", "use a cost of at least 10");
}

fn bcrypt_salt<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    too_small(context, call.argument(0), BCRYPT_COST, "as the cost of bcrypt", "use a cost of at least 10");
}

fn too_small<'a>(
    context: &Context<'_, 'a>,
    number: Option<&'a Expression<'a>>,
    least: f64,
    what: &str,
    step: &'static str,
) {
    let Some(expression) = number else { return };
    let Some(number) = context.constant_number(expression) else { return };
    if number < least {
        let title = format!("{number} {what} is little work for whoever guesses");
        context.report(Issue::new(&RULE, expression.span(), title).next(step));
    }
}

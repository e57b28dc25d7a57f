//! Broken hash functions where a secret or a signature is at stake.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "weak-hash",
    summary: "a broken hash function guards a secret",
    threat: Threat::Cry,
    cwes: &[327, 328, 916],
    severity: Severity::Medium,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("weak_hash.md"),
    checks: &[Check::Calls { of: &["crypto.createHash", "crypto.hash"], check }],
};

/// Collisions of these are made at will.
const BROKEN: &[&str] =
    &["md4", "md5", "sha", "sha1", "sha-1", "ripemd", "rmd160", "md5-sha1", "rsa-md5", "rsa-sha1"];

/// Words in a name that say that more hangs on the hash than a cache.
const AT_STAKE: &[&str] =
    &["password", "passwd", "passphrase", "pwd", "secret", "signature", "credentials", "otp"];

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let Some(algorithm) = call.argument(0).and_then(|name| context.constant_text(name)) else { return };
    if !BROKEN.contains(&algorithm.to_ascii_lowercase().as_str()) {
        return;
    }
    let Some(secret) = hashed(context, call)
        .into_iter()
        .chain(context.receiving_names(call.node))
        .find(|name| at_stake(name))
    else {
        return;
    };
    context.report(
        Issue::new(&RULE, call.span, format!("{algorithm} is broken, and {secret} depends on it"))
            .next("use scrypt or argon2 for passwords, SHA-256 for everything else"),
    );
}

fn at_stake(name: &str) -> bool {
    names::words(name).iter().any(|word| AT_STAKE.contains(&word.as_str())) && !names::is_about_a_secret(name)
}

/// The names of what goes into the hash: `password` in `createHash('md5').update(password)`.
fn hashed<'a>(context: &Context<'_, 'a>, call: &Call<'a>) -> Vec<&'a str> {
    let mut found: Vec<&str> = call.argument(1).and_then(last_name).into_iter().collect();
    let AstKind::StaticMemberExpression(update) = context.parent(call.node) else { return found };
    if update.property.name == "update"
        && let AstKind::CallExpression(update) = context.parent(update.node_id.get())
    {
        let arguments = update.arguments.iter().filter_map(|argument| argument.as_expression());
        found.extend(arguments.flat_map(|argument| names::mentioned(argument)));
    }
    found
}

//! Ciphers and modes that no longer keep a secret.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "weak-cipher",
    summary: "a cipher or mode that does not keep its secret",
    threat: Threat::Cry,
    cwes: &[327],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Common,
    scope: Scope::Production,
    docs: include_str!("weak_cipher.md"),
    checks: &[Check::Calls {
        of: &[
            "crypto.createCipher",
            "crypto.createDecipher",
            "crypto.createCipheriv",
            "crypto.createDecipheriv",
        ],
        check,
    }],
};

/// Beginnings of the names of ciphers with known breaks or with keys or blocks that are too short.
const WEAK: &[&str] = &["des", "rc2", "rc4", "bf", "blowfish", "cast", "idea", "seed"];

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    if call.path.as_deref().is_some_and(|path| !path.ends_with("iv")) {
        return context.report(
            Issue::new(
                &RULE,
                call.span,
                "the key is derived with MD5 and no salt, and there is no initialisation vector",
            )
            .next("use createCipheriv with a key from scrypt and a random vector"),
        );
    }
    let Some(name) = call.argument(0) else { return };
    let Some(cipher) = context.constant_text(name) else { return };
    let lower = cipher.to_ascii_lowercase();
    let first =
        lower.split(['-', '_']).next().unwrap_or_default().trim_end_matches(|c: char| c.is_ascii_digit());
    if WEAK.contains(&first) {
        context.report(
            Issue::new(&RULE, name.span(), format!("{cipher} is broken or has blocks too short"))
                .next("use aes-256-gcm or chacha20-poly1305"),
        );
    } else if lower.split('-').any(|part| part == "ecb") {
        context.report(
            Issue::new(&RULE, name.span(), format!("{cipher} turns equal blocks into equal blocks"))
                .next("use aes-256-gcm with a random vector"),
        );
    }
}

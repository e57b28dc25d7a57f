//! Credentials in the source, known by their form.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "secret-token",
    summary: "a credential stands in the source",
    threat: Threat::Exf,
    cwes: &[798, 312],
    severity: Severity::Critical,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("secret_token.md"),
    checks: &[Check::Nodes { kinds: &[AstType::StringLiteral, AstType::TemplateElement], check }],
};

/// A form of credential: what it begins with, how long the rest is, and of which characters.
struct Form {
    name: &'static str,
    prefix: &'static str,
    rest: std::ops::RangeInclusive<usize>,
    of: fn(u8) -> bool,
}

const fn form(
    name: &'static str,
    prefix: &'static str,
    least: usize,
    most: usize,
    of: fn(u8) -> bool,
) -> Form {
    Form { name, prefix, rest: least..=most, of }
}

fn alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn dotted(byte: u8) -> bool {
    word(byte) || byte == b'.'
}

const FORMS: &[Form] = &[
    form("an AWS access key", "AKIA", 16, 16, upper),
    form("an AWS temporary key", "ASIA", 16, 16, upper),
    form("a GitHub token", "ghp_", 36, 36, alphanumeric),
    form("a GitHub token", "gho_", 36, 36, alphanumeric),
    form("a GitHub token", "ghs_", 36, 36, alphanumeric),
    form("a GitHub token", "ghu_", 36, 36, alphanumeric),
    form("a GitHub token", "github_pat_", 82, 82, word),
    form("a GitLab token", "glpat-", 20, 64, word),
    form("an npm token", "npm_", 36, 36, alphanumeric),
    form("a Slack token", "xoxb-", 40, 80, word),
    form("a Slack token", "xoxp-", 40, 80, word),
    form("a Stripe key", "sk_live_", 24, 120, alphanumeric),
    form("a Stripe key", "rk_live_", 24, 120, alphanumeric),
    form("a SendGrid key", "SG.", 66, 66, dotted),
    form("an OpenAI key", "sk-proj-", 40, 200, word),
    form("an Anthropic key", "sk-ant-", 80, 120, word),
    form("a DigitalOcean token", "dop_v1_", 64, 64, alphanumeric),
    form("a Shopify token", "shpat_", 32, 32, alphanumeric),
    form("a PyPI token", "pypi-AgE", 80, 250, word),
];

/// How they begin, in one pass: every text of every file is looked at.
static FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let beginnings = FORMS.iter().map(|form| form.prefix).chain([PRIVATE_KEY]);
    AhoCorasick::new(beginnings).expect("a few short patterns make an automaton")
});

const PRIVATE_KEY: &str = "-----BEGIN ";

fn check<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    let (text, span) = match node.kind() {
        AstKind::StringLiteral(literal) => (literal.value.as_str(), literal.span),
        AstKind::TemplateElement(element) => (element.value.raw.as_str(), element.span),
        _ => return,
    };
    if text.len() < 20 {
        return;
    }
    if !FINDER.is_match(text) {
        return;
    }
    let Some(name) = credential(text).or_else(|| private_key(text)) else { return };
    let issue = Issue::new(&RULE, span, format!("{name} stands in the source"));
    context.report(issue.next("withdraw it now, then take it from the environment"));
}

fn credential(text: &str) -> Option<&'static str> {
    // Where a credential starts a text, or follows what no credential holds.
    let starts = text.char_indices().filter(|&(at, _)| at == 0 || !alphanumeric(text.as_bytes()[at - 1]));
    for (at, first) in starts.take(64) {
        if !matches!(first, 'A' | 'g' | 'n' | 'x' | 's' | 'r' | 'S' | 'd' | 'p') {
            continue;
        }
        let found = FORMS.iter().find(|form| {
            text[at..].strip_prefix(form.prefix).is_some_and(|rest| {
                let length = rest.bytes().take_while(|&byte| (form.of)(byte)).count();
                form.rest.contains(&length) && is_random(&rest.as_bytes()[..length])
            })
        });
        if let Some(form) = found {
            return Some(form.name);
        }
    }
    None
}

/// Placeholders (`xxxx`, `1234567890`, `EXAMPLE`) repeat themselves or count; keys do neither.
fn is_random(bytes: &[u8]) -> bool {
    let mut seen = [false; 256];
    for &byte in bytes {
        seen[usize::from(byte)] = true;
    }
    let different = seen.iter().filter(|&&seen| seen).count();
    let in_a_row =
        bytes.windows(2).filter(|pair| pair[0] == pair[1] || pair[1] == pair[0].wrapping_add(1)).count();
    let says_so = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    different * 5 >= bytes.len().min(40) * 2
        && in_a_row * 4 < bytes.len()
        && !["example", "test", "dummy", "your", "fake", "sample"].iter().any(|word| says_so.contains(word))
}

fn private_key(text: &str) -> Option<&'static str> {
    let start = text.find(PRIVATE_KEY)?;
    let rest = &text[start..];
    let head_end = rest[11..].find("-----")? + 11;
    let head = &rest[11..head_end];
    let body: Vec<u8> = rest[head_end + 5..]
        .replace("\\n", "\n")
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
        .collect();
    (head.ends_with("PRIVATE KEY") && body.len() > 60 && is_random(&body)).then_some("a private key")
}

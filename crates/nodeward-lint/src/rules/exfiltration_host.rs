//! Addresses that take in whatever is sent.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "exfiltration-host",
    summary: "an address that only takes in what is sent stands in the source",
    threat: Threat::Mtp,
    cwes: &[506, 200],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Everywhere,
    docs: include_str!("exfiltration_host.md"),
    checks: &[Check::Nodes { kinds: &[AstType::StringLiteral, AstType::TemplateElement], check }],
};

/// Services that hand anybody an address to collect at, as they are named in what was found so far.
const COLLECTORS: &[&str] = &[
    "discord.com/api/webhooks/",
    "discordapp.com/api/webhooks/",
    "api.telegram.org/bot",
    "webhook.site/",
    ".oastify.com",
    ".oast.fun",
    ".oast.pro",
    ".oast.live",
    ".oast.site",
    ".oast.online",
    ".oast.me",
    ".burpcollaborator.net",
    ".pipedream.net",
    ".requestbin.net",
    "requestbin.net/",
    ".interact.sh",
    ".interactsh.com",
    ".canarytokens.com",
    ".ngrok.io",
    ".ngrok-free.app",
    "hookbin.com/",
    ".requestcatcher.com",
    "eo1n0jq9qgggt.m.pipedream.net",
    "transfer.sh/",
];

/// All of them in one pass: every text of every file is looked at.
static FINDER: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::new(COLLECTORS).expect("a few short patterns make an automaton"));

fn check<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    let (text, span) = match node.kind() {
        AstKind::StringLiteral(literal) => (literal.value.as_str(), literal.span),
        AstKind::TemplateElement(element) => (element.value.raw.as_str(), element.span),
        _ => return,
    };
    if text.len() < 12 || text.len() > 2048 || !text.contains('.') {
        return;
    }
    let named = FINDER.find_overlapping_iter(text).filter(|found| names_place(text, found.span()));
    let Some(host) = named.map(|found| found.pattern()).min().map(|at| COLLECTORS[at.as_usize()]) else {
        return;
    };
    context.report(
        Issue::new(
            &RULE,
            span,
            format!("what is sent to {} can be read by whoever set it up", host.trim_matches(['.', '/'])),
        )
        .next("find out what is sent there, and by whose wish"),
    );
}

/// With something behind the host's own name that makes it somebody's address.
fn names_place(text: &str, host: aho_corasick::Span) -> bool {
    if text[host.start..].starts_with('.') {
        return text[..host.start].ends_with(|c: char| c.is_ascii_alphanumeric());
    }
    let behind = &text[host.end..];
    // A bot's or a webhook's key, not the documentation's address.
    behind.chars().take_while(|c| c.is_ascii_alphanumeric()).count() >= 8
}

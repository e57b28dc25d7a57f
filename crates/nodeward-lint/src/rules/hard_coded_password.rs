//! Passwords and keys that stand in the source, known by their name.

use std::borrow::Cow;

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "hard-coded-password",
    summary: "a password stands in the source",
    threat: Threat::Exf,
    cwes: &[798, 259],
    severity: Severity::High,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("hard_coded_password.md"),
    checks: &[Check::Nodes {
        kinds: &[
            AstType::VariableDeclarator,
            AstType::AssignmentExpression,
            AstType::ObjectProperty,
            AstType::PropertyDefinition,
        ],
        check,
    }],
};

fn check<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    let value = match node.kind() {
        AstKind::VariableDeclarator(declarator) => declarator.init.as_ref(),
        AstKind::AssignmentExpression(assignment) => Some(&assignment.right),
        AstKind::ObjectProperty(property) => Some(&property.value),
        AstKind::PropertyDefinition(property) => property.value.as_ref(),
        _ => return,
    };
    let Some(Expression::StringLiteral(text)) = value.map(without_wrapping) else { return };
    let name = match node.kind() {
        AstKind::VariableDeclarator(declarator) => {
            declarator.id.get_identifier_name().map(|name| Cow::Borrowed(name.as_str()))
        }
        AstKind::AssignmentExpression(assignment) => names::target_name(&assignment.left).map(Cow::Borrowed),
        AstKind::ObjectProperty(property) => property.key.static_name(),
        AstKind::PropertyDefinition(property) => property.key.static_name(),
        _ => return,
    };
    let Some(name) = name else { return };
    if !(8..=256).contains(&text.value.len())
        || !names::is_secret(&name)
        || !looks_secret(&text.value)
        || words_only(&name, &text.value)
    {
        return;
    }
    let issue = Issue::new(&RULE, text.span, format!("everybody who can read the source has this {name}"));
    context.report(issue.next("take it from the environment or a secret store, and change it"));
}

/// Not empty, no name of something, no sentence, no template, no placeholder.
fn looks_secret(text: &str) -> bool {
    let marks = [' ', '<', '{', '$', '*', '%', '\t', '\n', '[', '(', '/', ':'];
    let lower = text.to_ascii_lowercase();
    let placeholder = [
        "xxx",
        "your",
        "example",
        "changeme",
        "placeholder",
        "password",
        "secret",
        "undefined",
        "token",
        "...",
    ];
    let has_letter = text.bytes().any(|byte| byte.is_ascii_alphabetic());
    let has_other = text.bytes().any(|byte| {
        byte.is_ascii_digit() || byte.is_ascii_punctuation() && !matches!(byte, b'-' | b'_' | b'.')
    });
    !text.contains(marks) && has_letter && has_other && !placeholder.iter().any(|word| lower.contains(word))
}

/// `password: 'password1'`, `API_KEY: 'x-api-key2'`: the name of the thing, not the thing.
fn words_only(name: &str, text: &str) -> bool {
    let text = names::words(text);
    names::words(name).iter().any(|word| word.len() > 2 && text.contains(word))
}

//! Texts as far as they are written out, and small questions about expressions.

use super::UNKNOWN;
use crate::oxc::BinaryOperator;
use crate::oxc::ast::{Argument, CallExpression, Expression, TemplateLiteral};

/// Words in the names of variables that hold what others must not have.
const SECRETS: &[&str] = &[
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "CREDENTIAL",
    "PRIVATE_KEY",
    "API_KEY",
    "APIKEY",
    "ACCESS_KEY",
];
/// Parts of paths under which credentials are kept.
const KEPT: &[&str] = &[
    ".npmrc",
    ".yarnrc",
    ".ssh",
    "id_rsa",
    "id_ed25519",
    ".netrc",
    ".git-credentials",
    ".aws/",
    ".aws\\",
    ".docker/config",
    ".kube/",
    ".gnupg",
    ".pypirc",
    ".config/gcloud",
    ".azure",
    "login data",
    "local state",
    ".bash_history",
    ".zsh_history",
    "wallet.dat",
    "/etc/passwd",
    "/etc/shadow",
    "keychain",
    "metamask",
    "169.254.169.254",
];

pub(super) fn credential_place(text: &str) -> Option<&'static str> {
    // Longer texts, and those of several words, are no paths.
    if text.len() > 1_024 || text.contains('\n') || text.matches(' ').count() > 2 {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    KEPT.iter().copied().find(|kept| lower.contains(kept))
}

pub(super) fn is_secret_variable(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    SECRETS.iter().any(|word| upper.contains(word)) || upper.contains("_AUTH")
}

pub(super) fn object_name<'e>(expression: &'e Expression<'_>) -> Option<&'e str> {
    match expression.get_inner_expression() {
        Expression::Identifier(name) => Some(name.name.as_str()),
        _ => None,
    }
}

/// `process.env`, and the same through the global object.
pub(super) fn is_environment(expression: &Expression<'_>) -> bool {
    let Expression::StaticMemberExpression(member) = expression.get_inner_expression() else { return false };
    let is_process = match member.object.get_inner_expression() {
        Expression::Identifier(name) => {
            matches!(name.name.as_str(), "process" | "node_process" | "import_process")
        }
        Expression::StaticMemberExpression(outer) => outer.property.name == "process",
        _ => false,
    };
    is_process && member.property.name == "env"
}

/// A text that is written out, in any form.
pub(super) fn literal(expression: &Expression<'_>) -> Option<String> {
    let text = text_of(expression);
    let inner = expression.get_inner_expression();
    let is_written = matches!(
        inner,
        Expression::StringLiteral(_) | Expression::TemplateLiteral(_) | Expression::BinaryExpression(_)
    );
    (is_written && !text.contains(UNKNOWN)).then_some(text)
}

pub(super) fn is_text(expression: &Expression<'_>) -> bool {
    matches!(
        expression.get_inner_expression(),
        Expression::StringLiteral(_) | Expression::TemplateLiteral(_) | Expression::BinaryExpression(_)
    )
}

/// A number, or a variable that counts.
pub(super) fn is_index(expression: &Expression<'_>) -> bool {
    match expression.get_inner_expression() {
        Expression::NumericLiteral(_) => true,
        Expression::Identifier(name) => matches!(name.name.as_str(), "i" | "j" | "k" | "index" | "idx"),
        _ => false,
    }
}

/// How deep texts that are put together are followed: the parser bounds nesting, and nobody reads more.
const DEPTH: usize = 64;

pub(super) fn text_of(expression: &Expression<'_>) -> String {
    text_within(expression, DEPTH)
}

fn text_within(expression: &Expression<'_>, depth: usize) -> String {
    match expression.get_inner_expression() {
        Expression::StringLiteral(text) => text.value.to_string(),
        Expression::TemplateLiteral(template) => text_of_template(template),
        Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition && depth > 0 => {
            format!("{}{}", text_within(&sum.left, depth - 1), text_within(&sum.right, depth - 1))
        }
        Expression::StaticMemberExpression(member)
            if object_name(&member.object) == Some("process") && member.property.name == "execPath" =>
        {
            "node".to_owned()
        }
        Expression::CallExpression(call) if depth > 0 => path_of(call, depth - 1),
        Expression::Identifier(name) if matches!(name.name.as_str(), "__dirname") => ".".to_owned(),
        Expression::Identifier(name) if name.name == "__filename" => format!("./{UNKNOWN}"),
        _ => UNKNOWN.to_string(),
    }
}

/// `path.join(__dirname, "bin", name)`.
fn path_of(call: &CallExpression<'_>, depth: usize) -> String {
    let Expression::StaticMemberExpression(member) = call.callee.get_inner_expression() else {
        return UNKNOWN.to_string();
    };
    if !matches!(member.property.name.as_str(), "join" | "resolve") {
        return UNKNOWN.to_string();
    }
    let parts: Vec<String> = call
        .arguments
        .iter()
        .map(|part| part.as_expression().map_or_else(|| UNKNOWN.to_string(), |part| text_within(part, depth)))
        .collect();
    parts.join("/")
}

pub(super) fn text_of_template(template: &TemplateLiteral<'_>) -> String {
    let mut text = String::new();
    for (at, element) in template.quasis.iter().enumerate() {
        if at > 0 {
            text.push(UNKNOWN);
        }
        text.push_str(element.value.cooked.as_ref().unwrap_or(&element.value.raw));
    }
    text
}

pub(super) fn text_of_argument(arguments: &[Argument<'_>], at: usize) -> String {
    arguments.get(at).and_then(Argument::as_expression).map_or_else(|| UNKNOWN.to_string(), text_of)
}

/// `open` reads unless its second argument says otherwise.
pub(super) fn opens_to_write(arguments: &[Argument<'_>]) -> bool {
    match arguments.get(1).and_then(Argument::as_expression) {
        None => false,
        Some(flags) => literal(flags).is_none_or(|flags| flags.contains(['w', 'a', '+'])),
    }
}

/// One word of a shell's line.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = !word.is_empty()
        && word.chars().all(|c| {
            c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '=' | ':' | '@' | ',' | '+' | UNKNOWN)
        });
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// The hosts of the addresses in a text.
pub(super) fn hosts(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for scheme in ["https://", "http://", "ftp://", "wss://", "ws://"] {
        for (at, _) in text.match_indices(scheme) {
            let rest = &text[at + scheme.len()..];
            let end = rest
                .find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | UNKNOWN)))
                .unwrap_or(rest.len());
            let host = rest[..end].trim_matches('.').to_ascii_lowercase();
            if host.contains('.') || host == "localhost" || host.contains(UNKNOWN) {
                found.push(host);
            }
        }
    }
    found
}

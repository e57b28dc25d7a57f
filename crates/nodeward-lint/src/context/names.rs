//! What the names in a program say about the values they hold.

use nodeward_javascript::oxc::ast::{
    AssignmentTarget, BindingPattern, Expression, PropertyKey, SimpleAssignmentTarget,
};
use nodeward_javascript::oxc::{AstKind, NodeId};

use super::call::last_name;
use super::{Context, without_wrapping};

/// How far up a value's way to its name is followed.
const MAX_STEPS: usize = 12;

/// Last words of names that are about something rather than the thing.
const ABOUT: &[&str] = &[
    "field",
    "type",
    "types",
    "name",
    "names",
    "label",
    "placeholder",
    "length",
    "len",
    "regex",
    "pattern",
    "error",
    "message",
    "url",
    "uri",
    "path",
    "file",
    "header",
    "index",
    "count",
    "prefix",
    "suffix",
    "kind",
    "list",
    "re",
    "input",
    "end",
    "start",
    "pos",
    "position",
    "expired",
    "expires",
    "expiry",
    "ttl",
    "policy",
    "strength",
    "hint",
    "text",
    "title",
    "selector",
    "map",
    "stream",
    "required",
    "missing",
    "invalid",
    "endpoint",
    "valid",
];

/// The words of a name: `user`, `password`, `hash` for `userPasswordHash` and for `USER_PASSWORD_HASH`.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = ' ';
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        if !character.is_alphanumeric() {
            previous = ' ';
            continue;
        }
        let next_is_lower = characters.peek().is_some_and(|next| next.is_lowercase());
        let starts =
            previous == ' ' || (character.is_uppercase() && (!previous.is_uppercase() || next_is_lower));
        if starts {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(character.to_lowercase());
        }
        previous = character;
    }
    words
}

/// Whether a name stands for something that must stay unknown or hard to guess: a password, a key, a token.
pub(crate) fn is_secret(name: &str) -> bool {
    let words = words(name);
    let has = |word: &str| words.iter().any(|known| known == word);
    let pair = |first: &str, second: &str| words.windows(2).any(|pair| pair[0] == first && pair[1] == second);
    if is_about_a_secret(name) {
        return false;
    }
    has("password")
        || has("passwd")
        || has("passphrase")
        || has("pwd")
        || has("secret")
        || has("secrets")
        || has("apikey")
        || has("otp")
        || has("nonce")
        || has("csrf")
        || has("xsrf")
        || has("jwt")
        || pair("api", "key")
        || pair("private", "key")
        || pair("secret", "key")
        || pair("encryption", "key")
        || pair("signing", "key")
        || pair("session", "id")
        || pair("access", "key")
        || pair("access", "token")
        || pair("refresh", "token")
        || pair("auth", "token")
        || pair("reset", "token")
        || pair("session", "token")
        || pair("csrf", "token")
        || pair("bearer", "token")
        || pair("verification", "token")
        || pair("verification", "code")
        || pair("reset", "code")
        || pair("invite", "code")
        || pair("auth", "code")
}

/// Whether a name is about a secret rather than one: `passwordField`, `tokenType`, `secretName`.
pub(crate) fn is_about_a_secret(name: &str) -> bool {
    words(name).iter().rev().take(2).any(|word| ABOUT.contains(&word.as_str()))
}

/// The names of variables and properties that an expression mentions.
pub(crate) fn mentioned<'a>(expression: &'a Expression<'a>) -> Vec<&'a str> {
    let mut names = Vec::new();
    let mut open = vec![expression];
    while let Some(expression) = open.pop() {
        match without_wrapping(expression) {
            Expression::BinaryExpression(binary) => open.extend([&binary.right, &binary.left]),
            Expression::LogicalExpression(logical) => open.extend([&logical.right, &logical.left]),
            Expression::TemplateLiteral(template) => open.extend(template.expressions.iter().rev()),
            Expression::CallExpression(call) => {
                open.extend(call.arguments.iter().filter_map(|argument| argument.as_expression()));
                if let Expression::StaticMemberExpression(member) = without_wrapping(&call.callee) {
                    open.push(&member.object);
                }
            }
            expression => names.extend(last_name(expression)),
        }
    }
    names
}

/// The names that a value gets on its way out of the expression it stands in, innermost first.
pub(super) fn receiving<'a>(context: &Context<'_, 'a>, node: NodeId) -> Vec<&'a str> {
    let mut names = Vec::new();
    let nodes = context.semantic.nodes();
    for kind in nodes.ancestor_kinds(node).take(MAX_STEPS) {
        match kind {
            AstKind::VariableDeclarator(declarator) => {
                if let BindingPattern::BindingIdentifier(identifier) = &declarator.id {
                    names.push(identifier.name.as_str());
                }
                break;
            }
            AstKind::AssignmentExpression(assignment) => {
                names.extend(target_name(&assignment.left));
                // What is added to bit by bit gets its meaning from elsewhere.
                if assignment.operator.is_assign() {
                    break;
                }
            }
            AstKind::ObjectProperty(property) => {
                if let PropertyKey::StaticIdentifier(name) = &property.key {
                    names.push(name.name.as_str());
                } else if let PropertyKey::StringLiteral(name) = &property.key {
                    names.push(name.value.as_str());
                }
                break;
            }
            AstKind::PropertyDefinition(property) => {
                if let PropertyKey::StaticIdentifier(name) = &property.key {
                    names.push(name.name.as_str());
                }
                break;
            }
            AstKind::Function(function) => {
                names.extend(function.id.as_ref().map(|id| id.name.as_str()));
                if function.is_declaration() {
                    break;
                }
            }
            AstKind::Program(_) | AstKind::Class(_) => break,
            _ => {}
        }
    }
    names
}

/// The last name of what is assigned to.
pub(crate) fn target_name<'a>(target: &'a AssignmentTarget<'a>) -> Option<&'a str> {
    match target.as_simple_assignment_target()? {
        SimpleAssignmentTarget::AssignmentTargetIdentifier(identifier) => Some(identifier.name.as_str()),
        SimpleAssignmentTarget::StaticMemberExpression(member) => Some(member.property.name.as_str()),
        SimpleAssignmentTarget::PrivateFieldExpression(member) => Some(member.field.name.as_str()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_into_words() {
        assert_eq!(words("userPasswordHash"), ["user", "password", "hash"]);
        assert_eq!(words("API_KEY"), ["api", "key"]);
        assert_eq!(words("parseJWTToken2"), ["parse", "jwt", "token2"]);
    }

    #[test]
    fn some_names_are_secrets_and_some_are_about_them() {
        for name in ["password", "apiKey", "JWT_SECRET", "resetToken", "client_secret", "sessionId"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["passwordField", "token", "tokenType", "key", "secretName", "passwordRegex"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}

//! HTML given to React as it is.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "react-html",
    summary: "React is given HTML that it does not escape",
    threat: Threat::Rce,
    cwes: &[79],
    severity: Severity::Medium,
    confidence: Confidence::Low,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("react_html.md"),
    checks: &[Check::Nodes { kinds: &[AstType::JSXAttribute], check }],
};

use nodeward_javascript::oxc::ast::{JSXAttributeValue, JSXExpression};

/// Parts of the names of functions that make HTML harmless.
const SAFE: &[&str] = &["sanitize", "sanitise", "purify", "escape", "highlight", "xss"];

fn check<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    let AstKind::JSXAttribute(attribute) = node.kind() else { return };
    if !attribute.is_identifier("dangerouslySetInnerHTML") {
        return;
    }
    let Some(JSXAttributeValue::ExpressionContainer(container)) = &attribute.value else { return };
    let JSXExpression::ObjectExpression(object) = &container.expression else { return };
    let Some(html) = setting_of(object, "__html").value() else { return };
    let shown = context.text(html.span()).to_ascii_lowercase();
    if context.is_fixed(html)
        || SAFE.iter().any(|word| shown.contains(word))
        || shown.starts_with("json.stringify")
    {
        return;
    }
    let issue =
        Issue::new(&RULE, html.span(), "a script in this value runs in the page of everybody who sees it");
    context.report(issue.next("give React the text, or clean the HTML first"));
}

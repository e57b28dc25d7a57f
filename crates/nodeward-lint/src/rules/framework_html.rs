//! Markup that frameworks are told to trust.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "framework-html",
    summary: "a framework is given markup that it does not escape",
    threat: Threat::Rce,
    cwes: &[79],
    severity: Severity::Medium,
    confidence: Confidence::Low,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("framework_html.md"),
    checks: &[
        Check::Calls {
            of: &[
                "lit/directives/unsafe-html.js.unsafeHTML",
                "lit/directives/unsafe-html.unsafeHTML",
                "lit-html/directives/unsafe-html.js.unsafeHTML",
                "lit-html/directives/unsafe-html.unsafeHTML",
                "lit/directives/unsafe-svg.js.unsafeSVG",
                "lit-html/directives/unsafe-svg.js.unsafeSVG",
                "lit/static-html.js.unsafeStatic",
                "lit-html/static.js.unsafeStatic",
                ".bypassSecurityTrustHtml",
                ".bypassSecurityTrustScript",
                ".bypassSecurityTrustUrl",
                ".bypassSecurityTrustResourceUrl",
                ".bypassSecurityTrustStyle",
            ],
            check: called,
        },
        Check::Nodes { kinds: &[AstType::ObjectProperty, AstType::JSXAttribute], check: property },
    ],
};

use nodeward_javascript::oxc::ast::{JSXAttributeValue, ObjectPropertyKind};

/// Parts of the names of functions that make markup harmless.
const SAFE: &[&str] = &["sanitize", "sanitise", "purify", "escape", "highlight", "xss"];

fn called<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    if let Some(markup) = call.argument(0) {
        look(context, markup, call.span);
    }
}

/// Vue's `domProps: { innerHTML }` and templates with `v-html`; Solid's `innerHTML={…}`.
fn property<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    match node.kind() {
        AstKind::ObjectProperty(property) => match property.key.static_name().as_deref() {
            Some("domProps") => {
                if let Expression::ObjectExpression(object) = without_wrapping(&property.value)
                    && let Some(markup) = setting_of(object, "innerHTML").value()
                {
                    look(context, markup, markup.span());
                }
            }
            Some("template") => {
                let text = context.constant_text(&property.value);
                if text.is_some_and(|text| text.contains(" v-html=")) && is_component(context, node) {
                    report(context, property.span);
                }
            }
            _ => {}
        },
        AstKind::JSXAttribute(attribute) if attribute.is_identifier("innerHTML") => {
            if let Some(JSXAttributeValue::ExpressionContainer(container)) = &attribute.value
                && let Some(markup) = container.expression.as_expression()
            {
                look(context, markup, markup.span());
            }
        }
        _ => {}
    }
}

/// An object with a template and what else components of Vue have.
fn is_component(context: &Context<'_, '_>, node: &AstNode<'_>) -> bool {
    let AstKind::ObjectExpression(object) = context.parent(node.id()) else { return false };
    object.properties.iter().any(|property| match property {
        ObjectPropertyKind::ObjectProperty(property) => property.key.static_name().is_some_and(|key| {
            matches!(
                &*key,
                "data" | "props" | "methods" | "computed" | "setup" | "components" | "el" | "mounted"
            )
        }),
        ObjectPropertyKind::SpreadProperty(_) => false,
    })
}

fn look<'a>(context: &Context<'_, 'a>, markup: &'a Expression<'a>, span: Span) {
    let shown = context.text(markup.span()).to_ascii_lowercase();
    if !context.is_fixed(markup) && !SAFE.iter().any(|word| shown.contains(word)) {
        report(context, span);
    }
}

fn report(context: &Context<'_, '_>, span: Span) {
    // What a compiler or a bundler wrote is found where it was written.
    if context.file.is_generated {
        return;
    }
    let issue = Issue::new(&RULE, span, "a script in this value runs in the page of everybody who sees it");
    context.report(issue.next("bind the value as text, or clean the markup first"));
}

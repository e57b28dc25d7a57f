//! TLS connections to nobody in particular.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "tls-unverified",
    summary: "the other end of a TLS connection is not verified",
    threat: Threat::Cry,
    cwes: &[295],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("tls_unverified.md"),
    checks: &[
        Check::Nodes { kinds: &[AstType::ObjectProperty], check: property },
        Check::Nodes { kinds: &[AstType::AssignmentExpression], check: assignment },
    ],
};

/// Options of `tls`, `https`, and of the clients built on them.
const VERIFY: &[&str] = &["rejectUnauthorized", "strictSSL", "strictSsl", "rejectUnauthorised"];

fn property<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    let AstKind::ObjectProperty(property) = node.kind() else { return };
    let Some(name) = property.key.static_name() else { return };
    if VERIFY.contains(&&*name) {
        // A server that asks for certificates and looks at them later says both.
        let asks = match context.parent(node.id()) {
            AstKind::ObjectExpression(object) => setting_of(object, "requestCert").value().is_some(),
            _ => false,
        };
        if !asks && context.is_boolean(&property.value, false) {
            report(context, node, property.span);
        }
        return;
    }
    let unverified = match &*name {
        "checkServerIdentity" => accepts_all(&property.value),
        "NODE_TLS_REJECT_UNAUTHORIZED" => is_zero(context, &property.value),
        _ => false,
    };
    if unverified {
        report(context, node, property.span);
    }
}

fn assignment<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    let AstKind::AssignmentExpression(assignment) = node.kind() else { return };
    let Some(name) = names::target_name(&assignment.left) else { return };
    let unverified = match name {
        "NODE_TLS_REJECT_UNAUTHORIZED" => is_zero(context, &assignment.right),
        "checkServerIdentity" => accepts_all(&assignment.right),
        _ => VERIFY.contains(&name) && context.is_boolean(&assignment.right, false),
    };
    if unverified {
        report(context, node, assignment.span);
    }
}

fn is_zero<'a>(context: &Context<'_, 'a>, expression: &'a Expression<'a>) -> bool {
    match context.constant(expression) {
        Some(Constant::Text(text)) => text == "0",
        Some(Constant::Number(number)) => number == 0.0,
        _ => false,
    }
}

/// A function that objects to nothing: it returns nothing, or nothing but a constant.
fn accepts_all(expression: &Expression<'_>) -> bool {
    let body = match without_wrapping(expression) {
        Expression::FunctionExpression(function) => function.body.as_deref(),
        Expression::ArrowFunctionExpression(function) => match function.get_expression() {
            Some(value) => {
                return value.is_undefined() || value.is_void_0() || value.is_null() || value.is_literal();
            }
            None => function.get_function_body(),
        },
        _ => None,
    };
    body.is_some_and(|body| {
        body.statements.iter().all(|statement| match statement {
            Statement::ReturnStatement(back) => back
                .argument
                .as_ref()
                .is_none_or(|value| value.is_undefined() || value.is_void_0() || value.is_literal()),
            _ => false,
        })
    })
}

fn report<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>, span: Span) {
    // A library that does so where its user asked for it is no flaw of the library.
    let mut within = context
        .semantic
        .nodes()
        .ancestor_kinds(node.id())
        .take_while(|kind| !matches!(kind, AstKind::Function(_) | AstKind::ArrowFunctionExpression(_)));
    if within.any(|kind| {
        matches!(kind, AstKind::IfStatement(_) | AstKind::SwitchCase(_) | AstKind::ConditionalExpression(_))
    }) {
        return;
    }
    context.report(
        Issue::new(
            &RULE,
            span,
            "whoever stands between reads and changes everything: certificates are not verified",
        )
        .next("verify, and give a private authority's certificate in `ca`"),
    );
}

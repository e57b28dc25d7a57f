//! Protection against forged requests, switched off.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "csrf-disabled",
    summary: "the protection against forged requests is switched off",
    threat: Threat::Exf,
    cwes: &[352],
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("csrf_disabled.md"),
    checks: &[
        Check::Nodes { kinds: &[AstType::ObjectProperty], check: switch },
        Check::Calls {
            of: &["csurf", "tiny-csrf", "csrf-csrf.doubleCsrf", "csrf-sync.csrfSync"],
            check: methods,
        },
    ],
};

fn switch<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    let AstKind::ObjectProperty(property) = node.kind() else { return };
    let Some(name) = property.key.static_name() else { return };
    let is_off = match &*name {
        "csrf" | "csrfProtection" | "csrfPrevention" | "csrfToken" => {
            context.is_boolean(&property.value, false) && configures(context, node)
        }
        // SvelteKit and Astro.
        "checkOrigin" => context.is_boolean(&property.value, false) && is_inside(context, node),
        _ => false,
    };
    if is_off {
        let issue =
            Issue::new(&RULE, property.span, "pages of other sites can act here in the name of the user");
        context.report(issue.next("leave it on, and except single routes that need no cookie"));
    }
}

/// Whether the object is handed to a call, or is what a file of settings is.
fn configures(context: &Context<'_, '_>, node: &AstNode<'_>) -> bool {
    let above = context.semantic.nodes().ancestor_kinds(node.id()).find(|kind| {
        !matches!(
            kind,
            AstKind::ObjectExpression(_) | AstKind::ObjectProperty(_) | AstKind::ParenthesizedExpression(_)
        )
    });
    match above {
        Some(AstKind::CallExpression(call)) => !last_name(&call.callee).is_some_and(is_of_client),
        Some(AstKind::NewExpression(_) | AstKind::ExportDefaultDeclaration(_)) => true,
        Some(AstKind::AssignmentExpression(assignment)) => names::target_name(&assignment.left)
            .is_some_and(|name| matches!(name, "exports" | "security" | "csrf")),
        _ => false,
    }
}

/// What asks others is not what answers.
fn is_of_client(name: &str) -> bool {
    matches!(
        name,
        "get"
            | "post"
            | "put"
            | "patch"
            | "delete"
            | "request"
            | "ajax"
            | "fetch"
            | "axios"
            | "extend"
            | "assign"
            | "defaults"
    )
}

fn is_inside(context: &Context<'_, '_>, node: &AstNode<'_>) -> bool {
    context.semantic.nodes().ancestor_kinds(node.id()).take(3).any(|kind| match kind {
        AstKind::ObjectProperty(outer) => {
            outer.key.static_name().is_some_and(|key| matches!(&*key, "csrf" | "security"))
        }
        _ => false,
    })
}

fn methods<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    for option in ["ignoreMethods", "ignoredMethods"] {
        let Some(list) = call.option(context, 0, option).value() else { continue };
        let Expression::ArrayExpression(list) = without_wrapping(list) else { continue };
        for method in list.elements.iter().filter_map(|element| element.as_expression()) {
            let changes = context.constant_text(method).is_some_and(|name| {
                matches!(name.to_ascii_uppercase().as_str(), "POST" | "PUT" | "PATCH" | "DELETE")
            });
            if changes {
                let issue = Issue::new(
                    &RULE,
                    method.span(),
                    "requests by this method change things, and are not checked",
                );
                context.report(issue.next("leave out only GET, HEAD and OPTIONS"));
            }
        }
    }
}

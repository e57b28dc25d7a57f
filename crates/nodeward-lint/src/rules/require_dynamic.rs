//! Modules chosen at run time.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "require-dynamic",
    summary: "which module is loaded is decided at run time",
    threat: Threat::Uir,
    cwes: &[829, 98],
    severity: Severity::Medium,
    confidence: Confidence::Low,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("require_dynamic.md"),
    checks: &[
        Check::Calls {
            of: &["require", "require.resolve", "module.require", "module.createRequire()"],
            check: required,
        },
        Check::Nodes { kinds: &[AstType::ImportExpression], check: imported },
    ],
};

fn required<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    if let Some(name) = call.argument(0) {
        look(context, name);
    }
}

fn imported<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    if let AstKind::ImportExpression(import) = node.kind() {
        look(context, &import.source);
    }
}

fn look<'a>(context: &Context<'_, 'a>, name: &'a Expression<'a>) {
    // Numbers name the modules of a bundle; a fixed folder in front keeps the choice within it only if nothing climbs.
    if context.is_fixed(name) || context.kind_of(name) == ValueKind::Number || context.file.is_generated {
        return;
    }
    let issue = Issue::new(&RULE, name.span(), "which module is loaded is decided at run time");
    context.report(issue.next("choose from a table of modules that are named in the source"));
}

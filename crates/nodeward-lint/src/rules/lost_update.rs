//! Changes that rely on a wait being short.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "lost-update",
    summary: "shared state is changed by what it was before a wait",
    threat: Threat::Dos,
    cwes: &[362, 367, 366],
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("lost_update.md"),
    checks: &[Check::Nodes {
        kinds: &[AstType::AssignmentExpression, AstType::UpdateExpression, AstType::CallExpression],
        check,
    }],
};

use nodeward_javascript::oxc::ast::{AssignmentTarget, SimpleAssignmentTarget};

/// How many statements before the change are looked at.
const MAX_STATEMENTS: usize = 8;
/// How much text between a test and a change is looked at.
const MAX_TEXT: usize = 4000;

fn check<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    match node.kind() {
        AstKind::AssignmentExpression(assignment) => {
            let Some(target) = target_text(context, &assignment.left) else { return };
            if assignment.operator.is_arithmetic()
                && let Some(SimpleAssignmentTarget::StaticMemberExpression(member)) =
                    assignment.left.as_simple_assignment_target()
            {
                fetched_and_saved(context, node, &member.object, assignment.span);
            }
            if !is_shared(context, node, &assignment.left) {
                return;
            }
            let is_sum = !assignment.operator.is_assign() && !assignment.operator.is_logical();
            if is_sum && waits(context.text(assignment.right.span()))
                || assignment.operator.is_assign() && reads_before_wait(context, &assignment.right, target)
            {
                let title = format!("{target} is read before the wait and written after it");
                return report(context, assignment.span, title);
            }
            if assignment.operator.is_assign() {
                kept_before(context, &assignment.right, assignment.span, target);
            } else if is_sum {
                tested_before(context, node, assignment.span, target);
            }
        }
        AstKind::UpdateExpression(update) => {
            let target = context.text(update.argument.span());
            if let SimpleAssignmentTarget::StaticMemberExpression(member) = &update.argument {
                fetched_and_saved(context, node, &member.object, update.span);
            }
            if is_shared_simple(context, node, &update.argument) {
                tested_before(context, node, update.span, target);
            }
        }
        // `if (used.has(id)) return; await …; used.add(id)`. What `set` fills is a cache most of the time, and a cache may
        // be filled twice.
        AstKind::CallExpression(call) => {
            let Expression::StaticMemberExpression(member) = without_wrapping(&call.callee) else { return };
            if matches!(member.property.name.as_str(), "add" | "push")
                && let Expression::Identifier(list) = without_wrapping(&member.object)
                && is_outer(context, node, list)
            {
                tested_before(context, node, call.span, list.name.as_str());
            }
        }
        _ => {}
    }
}

fn report(context: &Context<'_, '_>, span: Span, title: String) {
    let issue = Issue::new(&RULE, span, title);
    context.report(
        issue.next("wait first, and then read, test and write without a wait between; or take a lock"),
    );
}

/// The name or the member that is written, as the source has it.
fn target_text<'a>(context: &Context<'_, 'a>, target: &AssignmentTarget<'a>) -> Option<&'a str> {
    let simple = target.as_simple_assignment_target()?;
    matches!(
        simple,
        SimpleAssignmentTarget::AssignmentTargetIdentifier(_)
            | SimpleAssignmentTarget::StaticMemberExpression(_)
    )
    .then(|| context.text(simple.span()))
}

fn is_shared<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>, target: &'a AssignmentTarget<'a>) -> bool {
    target.as_simple_assignment_target().is_some_and(|target| is_shared_simple(context, node, target))
}

/// Whether other calls of the same function see what is written: a variable from outside the function, or a property
/// of one or of `this`.
fn is_shared_simple<'a>(
    context: &Context<'_, 'a>,
    node: &AstNode<'a>,
    target: &'a SimpleAssignmentTarget<'a>,
) -> bool {
    match target {
        SimpleAssignmentTarget::AssignmentTargetIdentifier(identifier) => is_outer(context, node, identifier),
        SimpleAssignmentTarget::StaticMemberExpression(member) => {
            let mut object = without_wrapping(&member.object);
            while let Expression::StaticMemberExpression(inner) = object {
                object = without_wrapping(&inner.object);
            }
            match object {
                Expression::ThisExpression(_) => is_async(context, node).is_some(),
                Expression::Identifier(identifier) => is_outer(context, node, identifier),
                _ => false,
            }
        }
        _ => false,
    }
}

/// The asynchronous function around a node, if it is directly in one.
fn is_async(context: &Context<'_, '_>, node: &AstNode<'_>) -> Option<Span> {
    context.semantic.nodes().ancestor_kinds(node.id()).find_map(|kind| match kind {
        AstKind::Function(function) => Some(function.r#async.then_some(function.span)),
        AstKind::ArrowFunctionExpression(function) => Some(function.r#async.then_some(function.span)),
        _ => None,
    })?
}

/// Whether a variable is declared outside of the asynchronous function around a node, and lives on: in the module.
fn is_outer<'a>(
    context: &Context<'_, 'a>,
    node: &AstNode<'a>,
    identifier: &nodeward_javascript::oxc::ast::IdentifierReference<'a>,
) -> bool {
    let (Some(around), Some(symbol)) = (is_async(context, node), context.symbol_of(identifier)) else {
        return false;
    };
    let declared = context.semantic.symbol_declaration(symbol);
    let is_of_module = !context
        .semantic
        .nodes()
        .ancestor_kinds(declared.id())
        .any(|kind| matches!(kind, AstKind::Function(_) | AstKind::ArrowFunctionExpression(_)));
    is_of_module && !(around.start <= declared.span().start && declared.span().end <= around.end)
}

fn waits(text: &str) -> bool {
    text.len() <= MAX_TEXT && text.contains("await ") && !text.contains("=>") && !text.contains("function")
}

/// `total = total + await price()`: the left is read first.
fn reads_before_wait<'a>(context: &Context<'_, 'a>, right: &'a Expression<'a>, target: &str) -> bool {
    let Expression::BinaryExpression(sum) = without_wrapping(right) else { return false };
    context.text(sum.left.span()) == target && waits(context.text(sum.right.span()))
}

/// `const old = total; await …; total = old + 1`.
fn kept_before<'a>(context: &Context<'_, 'a>, right: &'a Expression<'a>, change: Span, target: &str) {
    let Expression::BinaryExpression(sum) = without_wrapping(right) else { return };
    for side in [&sum.left, &sum.right] {
        let Expression::Identifier(kept) = without_wrapping(side) else { continue };
        let Some(value) = context.value_of(kept) else { continue };
        let read = value.span();
        if context.text(read) == target
            && read.end < change.start
            && waits(context.text(Span::new(read.end, change.start)))
        {
            let title = format!("{target} is read before the wait and written after it");
            return report(context, change, title);
        }
    }
}

/// `account.balance -= amount`, of a record that was fetched by a wait and is saved as it then is.
fn fetched_and_saved<'a>(
    context: &Context<'_, 'a>,
    node: &AstNode<'a>,
    record: &'a Expression<'a>,
    change: Span,
) {
    let Expression::Identifier(name) = without_wrapping(record) else { return };
    let Some(around) = is_async(context, node) else { return };
    let Some(Expression::AwaitExpression(fetched)) = context.value_of(name).map(without_wrapping) else {
        return;
    };
    let Expression::CallExpression(fetch) = without_wrapping(&fetched.argument) else { return };
    let is_found = last_name(&fetch.callee).is_some_and(|method| method.starts_with("find"));
    // What a transaction or a lock keeps others from is said in its options.
    let is_alone =
        context.text(fetch.span).contains("lock") || context.text(fetch.span).contains("transaction");
    let end = around.end.min(change.end.saturating_add(u32::try_from(MAX_TEXT).unwrap_or(u32::MAX)));
    let after = context.text(Span::new(change.end, end.max(change.end)));
    if is_found && !is_alone && after.contains(&format!("{}.save(", name.name)) {
        let title = format!("another request may change {} between its reading and its saving", name.name);
        let issue = Issue::new(&RULE, change, title);
        context.report(
            issue.next(
                "let the database do it in one step, such as $inc, or update where it is still the same",
            ),
        );
    }
}

/// A test of the same thing, then a wait, then the change.
fn tested_before<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>, change: Span, target: &str) {
    if is_async(context, node).is_none() {
        return;
    }
    let mut inner = change;
    for outer in context.semantic.nodes().ancestors(node.id()) {
        let test = match outer.kind() {
            AstKind::IfStatement(choice) if choice.consequent.span().start <= inner.start => {
                compares(context, &choice.test, target).then(|| choice.test.span())
            }
            AstKind::FunctionBody(body) => left_before(context, &body.statements, inner, target),
            AstKind::BlockStatement(block) => left_before(context, &block.body, inner, target),
            AstKind::Function(_) | AstKind::ArrowFunctionExpression(_) => return,
            _ => None,
        };
        if let Some(test) = test {
            let between = context.text(Span::new(test.end.min(change.start), change.start));
            if waits(between) && !changes(between, target) {
                let issue = Issue::new(
                    &RULE,
                    change,
                    format!("{target} may have changed during the wait, and the test no longer holds"),
                );
                context.report(issue.next("change it before the wait, or test once more after it").fact(
                    "the test",
                    context.text(test),
                    test,
                ));
            }
            return;
        }
        inner = outer.span();
    }
}

/// `if (balance < amount) throw …` a few statements before.
fn left_before<'a>(
    context: &Context<'_, 'a>,
    statements: &'a [Statement<'a>],
    inner: Span,
    target: &str,
) -> Option<Span> {
    let at = statements.partition_point(|statement| statement.span().start < inner.start);
    let start = at.saturating_sub(MAX_STATEMENTS);
    statements.get(start..at)?.iter().rev().find_map(|statement| match statement {
        Statement::IfStatement(choice) if leaves(&choice.consequent) => {
            compares(context, &choice.test, target).then(|| choice.test.span())
        }
        _ => None,
    })
}

fn leaves(statement: &Statement<'_>) -> bool {
    match statement {
        Statement::ReturnStatement(_) | Statement::ThrowStatement(_) => true,
        Statement::BlockStatement(block) => block
            .body
            .last()
            .is_some_and(|last| matches!(last, Statement::ReturnStatement(_) | Statement::ThrowStatement(_))),
        _ => false,
    }
}

/// Whether a test weighs the thing: `stock > 0`, `used.has(id)`, `list.length < limit`.
fn compares<'a>(context: &Context<'_, 'a>, test: &'a Expression<'a>, target: &str) -> bool {
    match without_wrapping(test) {
        Expression::UnaryExpression(unary) => compares(context, &unary.argument, target),
        Expression::LogicalExpression(logical) => {
            compares(context, &logical.left, target) || compares(context, &logical.right, target)
        }
        Expression::BinaryExpression(binary) if binary.operator.is_compare() => {
            [&binary.left, &binary.right].into_iter().any(|side| {
                let text = context.text(side.span());
                text == target
                    || text.strip_prefix(target).is_some_and(|rest| matches!(rest, ".length" | ".size"))
            })
        }
        Expression::CallExpression(call) => match without_wrapping(&call.callee) {
            Expression::StaticMemberExpression(member) => {
                matches!(member.property.name.as_str(), "has" | "includes")
                    && context.text(member.object.span()) == target
            }
            _ => false,
        },
        _ => false,
    }
}

/// Whether the thing is changed between its test and the wait already: what follows takes that back.
fn changes(between: &str, target: &str) -> bool {
    between.match_indices(target).any(|(at, _)| {
        let rest = between[at + target.len()..].trim_start();
        let is_before = ["++", "--"].iter().any(|operator| between[..at].ends_with(operator));
        is_before || ["++", "--", "+=", "-=", "= "].iter().any(|operator| rest.starts_with(operator))
    })
}

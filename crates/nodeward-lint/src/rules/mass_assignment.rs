//! Records that take whatever a client sends.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "mass-assignment",
    summary: "all that a client sends becomes part of a record",
    threat: Threat::Exf,
    cwes: &[915],
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("mass_assignment.md"),
    checks: &[
        Check::Calls {
            of: &[
                ".create",
                ".insertMany",
                ".findByIdAndUpdate",
                ".findOneAndUpdate",
                ".updateOne",
                ".updateMany",
                ".update",
                ".upsert",
                ".build",
                ".bulkCreate",
                ".insert",
                ".insertOne",
                ".replaceOne",
                ".patch",
                ".save",
                ".merge",
                ".findOneAndReplace",
                ".createMany",
            ],
            check: stored,
        },
        Check::Calls {
            of: &[
                "Object.assign",
                "lodash.assign",
                "lodash.extend",
                "lodash.merge",
                "underscore.extend",
                "extend",
                "object-assign",
                "util._extend",
            ],
            check: assigned,
        },
        Check::Nodes { kinds: &[AstType::NewExpression], check: made },
    ],
};

/// How far what an object is made of is followed.
const MAX_DEPTH: u8 = 4;

/// The last words of the names of what keeps records.
const KEEPERS: &[&str] =
    &["model", "models", "repository", "repo", "collection", "schema", "entity", "dao", "table", "db"];

fn stored<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let (Some(receiver), Some(method)) = (call.receiver(), call.method) else { return };
    if !keeps_records(context, receiver, method) {
        return;
    }
    for at in 0..call.arguments.len().min(2) {
        let Some(argument) = call.argument(at) else { return };
        // What is looked for is no record: another rule sees to it.
        let is_query = at == 0
            && call.arguments.len() > 1
            && matches!(
                method,
                "findOneAndUpdate" | "updateOne" | "updateMany" | "findByIdAndUpdate" | "replaceOne"
            );
        if !is_query && is_whole_body(context, argument, MAX_DEPTH) {
            return report(context, call, argument.span());
        }
    }
}

/// `Object.assign(user, req.body)`; a new object is none that anybody keeps.
fn assigned<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let is_new = call.argument(0).is_none_or(|target| {
        matches!(without_wrapping(target), Expression::ObjectExpression(_))
            || matches!(last_name(target), Some("query" | "params" | "body" | "locals" | "options" | "where"))
    });
    if is_new {
        return;
    }
    for at in 1..call.arguments.len().min(4) {
        let Some(argument) = call.argument(at) else { return };
        if is_whole_body(context, argument, MAX_DEPTH) {
            return report(context, call, argument.span());
        }
    }
}

/// `new User(req.body)`, of a class that keeps records.
fn made<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    let AstKind::NewExpression(new) = node.kind() else { return };
    let [first] = new.arguments.as_slice() else { return };
    let Some(argument) = first.as_expression() else { return };
    if !is_whole_body(context, argument, MAX_DEPTH) {
        return;
    }
    let path = context.api_path(&new.callee);
    let is_model = path.is_some_and(|path| {
        let lower = path.to_ascii_lowercase();
        lower.contains("model") || lower.contains("entit") || lower.contains("schema")
    });
    if let (true, Some(call)) = (is_model, Call::of(context, node)) {
        report(context, &call, argument.span());
    }
}

fn report<'a>(context: &Context<'_, 'a>, call: &Call<'a>, span: Span) {
    if is_checked(context, call) {
        return;
    }
    let issue =
        Issue::new(&RULE, span, "a client decides every property of this record, such as its owner or role");
    context.report(issue.next("name the properties that a client may set"));
}

fn keeps_records<'a>(context: &Context<'_, 'a>, receiver: &'a Expression<'a>, method: &str) -> bool {
    let Some(name) = last_name(receiver) else {
        // `knex('users').insert(…)`, `db.collection('users').insertOne(…)`.
        return matches!(without_wrapping(receiver), Expression::CallExpression(_))
            && matches!(
                method,
                "insert" | "insertOne" | "insertMany" | "update" | "updateOne" | "replaceOne"
            )
            || context.api_path(receiver).is_some_and(|path| path.contains("mongoose.model"));
    };
    let is_class = name.starts_with(|first: char| first.is_ascii_uppercase()) && name != "Object";
    is_class
        || names::words(name).last().is_some_and(|word| KEEPERS.contains(&word.as_str()))
        // `prisma.user.create({ data: req.body })`.
        || matches!(without_wrapping(receiver), Expression::StaticMemberExpression(member)
            if matches!(last_name(&member.object), Some("prisma" | "models" | "db")))
}

/// Whether an expression is the body of a request with all that is in it.
fn is_whole_body<'a>(context: &Context<'_, 'a>, expression: &'a Expression<'a>, depth: u8) -> bool {
    use nodeward_javascript::oxc::ast::ObjectPropertyKind;
    let Some(depth) = depth.checked_sub(1) else { return false };
    match without_wrapping(expression) {
        Expression::StaticMemberExpression(member) => {
            let owner = last_name(&member.object);
            match member.property.name.as_str() {
                "body" => matches!(owner, Some("req" | "request")),
                "payload" => owner == Some("request"),
                _ => false,
            }
        }
        Expression::AwaitExpression(awaited) => match without_wrapping(&awaited.argument) {
            Expression::CallExpression(call) => {
                matches!(without_wrapping(&call.callee), Expression::StaticMemberExpression(member)
                    if member.property.name == "json" && matches!(last_name(&member.object), Some("req" | "request")))
            }
            _ => false,
        },
        Expression::CallExpression(call) => {
            context.api_path(&call.callee).as_deref() == Some("JSON.parse")
                && call.arguments.first().and_then(|text| text.as_expression()).is_some_and(|text| {
                    matches!(without_wrapping(text), Expression::StaticMemberExpression(member)
                        if member.property.name == "body"
                            && matches!(last_name(&member.object), Some("event" | "req" | "request")))
                })
        }
        Expression::ObjectExpression(object) => object.properties.iter().any(|property| match property {
            ObjectPropertyKind::SpreadProperty(spread) => is_whole_body(context, &spread.argument, depth),
            ObjectPropertyKind::ObjectProperty(property) => {
                property
                    .key
                    .static_name()
                    .is_some_and(|key| matches!(&*key, "data" | "$set" | "$setOnInsert"))
                    && is_whole_body(context, &property.value, depth)
            }
        }),
        Expression::Identifier(identifier) => {
            context.value_of(identifier).is_some_and(|value| is_whole_body(context, value, depth))
        }
        _ => false,
    }
}

/// Whether the function around says that it looks at what it was sent.
fn is_checked(context: &Context<'_, '_>, call: &Call<'_>) -> bool {
    let around = context.semantic.nodes().ancestor_kinds(call.node).find_map(|kind| match kind {
        AstKind::Function(function) => Some(function.span),
        AstKind::ArrowFunctionExpression(function) => Some(function.span),
        _ => None,
    });
    let Some(around) = around else { return false };
    let before = context.text(Span::new(around.start, call.span.start)).to_ascii_lowercase();
    ["valid", "sanitiz", "safeparse", "joi.", "allowed", "whitelist", "delete req.body", "pick("]
        .iter()
        .any(|word| before.contains(word))
}

//! Temporary files whose names can be guessed.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "temporary-file",
    summary: "a temporary file has a name that others can guess",
    threat: Threat::Lqc,
    cwes: &[377, 379, 59],
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("temporary_file.md"),
    checks: &[Check::Calls {
        of: &[
            "fs.writeFile",
            "fs.writeFileSync",
            "fs.appendFile",
            "fs.appendFileSync",
            "fs.createWriteStream",
            "fs.promises.writeFile",
            "fs.promises.appendFile",
            "fs.open",
            "fs.openSync",
            "fs.promises.open",
            "fs-extra.writeFile",
            "fs-extra.writeFileSync",
            "fs-extra.outputFile",
            "fs-extra.outputFileSync",
            "fs-extra.createWriteStream",
            "fs-extra.writeJson",
            "fs-extra.writeJsonSync",
        ],
        check,
    }],
};

/// How deep a path is looked into.
const MAX_DEPTH: u8 = 8;

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let Some(path) = call.argument(0) else { return };
    let opens = call.method.is_some_and(|method| method.starts_with("open"));
    let flags = call.argument(1).and_then(|flags| context.constant_text(flags));
    if opens && !flags.is_some_and(|flags| flags.starts_with(['w', 'a']) && !flags.contains('x')) {
        return;
    }
    let is_exclusive =
        call.arguments.iter().skip(1).filter_map(|argument| argument.as_expression()).any(|options| {
            ["flag", "flags"].into_iter().any(|name| {
                let flag = context.setting(options, name).value();
                flag.is_some_and(|flag| context.constant_text(flag).is_none_or(|flag| flag.contains('x')))
            })
        });
    if !is_exclusive && guess(context, path, MAX_DEPTH) == Guess::InTemporary {
        let issue =
            Issue::new(&RULE, call.span, "everybody on this machine can put a file or a link there first");
        context.report(issue.next("make a folder of your own with fs.mkdtemp, and write in it"));
    }
}

/// What can be said of a part of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guess {
    /// It begins in a folder that everybody writes to, and can be foretold.
    InTemporary,
    /// It can be foretold.
    Known,
    /// It cannot, or that is not known.
    Unknown,
}

impl Guess {
    /// This part followed by another.
    fn then(self, next: Self) -> Self {
        match (self, next) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::InTemporary, _) => Self::InTemporary,
            (Self::Known, _) => Self::Known,
        }
    }
}

/// What can be said of a path, to this depth.
pub(super) fn guess<'a>(context: &Context<'_, 'a>, part: &'a Expression<'a>, depth: u8) -> Guess {
    let Some(depth) = depth.checked_sub(1) else { return Guess::Unknown };
    if let Some(text) = context.constant_text(part) {
        let is_temporary =
            ["/tmp/", "/var/tmp/"].iter().any(|folder| text.starts_with(folder)) || text == "/tmp";
        return if is_temporary { Guess::InTemporary } else { Guess::Known };
    }
    match context.api_path(part).as_deref() {
        Some("os.tmpdir()") => return Guess::InTemporary,
        Some("process.pid" | "Date.now()" | "process.ppid" | "__filename") => return Guess::Known,
        _ => {}
    }
    match without_wrapping(part) {
        Expression::NumericLiteral(_) => Guess::Known,
        Expression::Identifier(identifier) => match context.value_of(identifier) {
            Some(value) => guess(context, value, depth),
            None => Guess::Unknown,
        },
        Expression::BinaryExpression(sum) => {
            guess(context, &sum.left, depth).then(guess(context, &sum.right, depth))
        }
        Expression::TemplateLiteral(template) => {
            let first = template.quasis.first().map_or("", |text| text.value.raw.as_str());
            let start = if first.starts_with("/tmp/") { Guess::InTemporary } else { Guess::Known };
            let holes = template.expressions.iter().map(|hole| guess(context, hole, depth));
            // `${os.tmpdir()}/name` begins with what the hole begins with.
            match (first.is_empty(), template.expressions.first()) {
                (true, Some(hole)) => holes.fold(guess(context, hole, depth), Guess::then),
                _ => holes.fold(start, Guess::then),
            }
        }
        Expression::CallExpression(call) => match context.api_path(&call.callee).as_deref() {
            Some("path.join" | "path.resolve") => {
                let mut parts = call.arguments.iter().map(|part| match part.as_expression() {
                    Some(part) => guess(context, part, depth),
                    None => Guess::Unknown,
                });
                let first = parts.next().unwrap_or(Guess::Unknown);
                parts.fold(first, Guess::then)
            }
            Some("String") => match call.arguments.first().and_then(|part| part.as_expression()) {
                Some(part) => guess(context, part, depth),
                None => Guess::Known,
            },
            _ => match without_wrapping(&call.callee) {
                // `Date.now().toString(36)`, `new Date().getTime()`.
                Expression::StaticMemberExpression(member) => match member.property.name.as_str() {
                    "toString" => guess(context, &member.object, depth),
                    "getTime" | "valueOf" | "toISOString" if is_date(context, &member.object) => Guess::Known,
                    _ => Guess::Unknown,
                },
                _ => Guess::Unknown,
            },
        },
        Expression::UnaryExpression(unary) if is_date(context, &unary.argument) => Guess::Known,
        _ => Guess::Unknown,
    }
}

fn is_date<'a>(context: &Context<'_, 'a>, expression: &'a Expression<'a>) -> bool {
    matches!(without_wrapping(expression), Expression::NewExpression(new)
        if context.api_path(&new.callee).as_deref() == Some("Date"))
}

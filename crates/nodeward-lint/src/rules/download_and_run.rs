//! Downloads that are run unseen.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "download-and-run",
    summary: "something is downloaded and run unseen",
    threat: Threat::Mtp,
    cwes: &[494, 829],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Everywhere,
    docs: include_str!("download_and_run.md"),
    checks: &[
        Check::Calls {
            of: &[
                "child_process.exec",
                "child_process.execSync",
                "child_process.spawn",
                "child_process.spawnSync",
                "shelljs.exec",
                "execa",
                "execa.execaCommand",
            ],
            check: command,
        },
        Check::Nodes { kinds: &[AstType::ObjectProperty], check: script },
    ],
};

fn command<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    for at in 0..call.arguments.len().min(2) {
        let Some(argument) = call.argument(at) else { return };
        let texts: Vec<&'a Expression<'a>> = match without_wrapping(argument) {
            Expression::ArrayExpression(list) => {
                list.elements.iter().filter_map(|element| element.as_expression()).collect()
            }
            _ => vec![argument],
        };
        for text in texts {
            look(context, &fixed_parts(context, text), text.span());
        }
    }
}

/// Scripts that npm runs by itself.
fn script<'a>(context: &Context<'_, 'a>, node: &AstNode<'a>) {
    let AstKind::ObjectProperty(property) = node.kind() else { return };
    if context.path.file_name().is_none_or(|name| name != "package.json") {
        return;
    }
    let stage = property.key.static_name();
    let by_itself = stage.is_some_and(|stage| {
        matches!(&*stage, "preinstall" | "install" | "postinstall" | "prepare" | "preprepare")
    });
    if by_itself && let Expression::StringLiteral(command) = &property.value {
        look(context, &command.value, command.span);
    }
}

fn look(context: &Context<'_, '_>, command: &str, span: Span) {
    if downloads_and_runs(command) {
        let issue = Issue::new(&RULE, span, "whatever that address gives on that day is run");
        context.report(issue.next("fetch a fixed version, and check its hash before it runs"));
    }
}

fn fixed_parts<'a>(context: &Context<'_, 'a>, text: &'a Expression<'a>) -> String {
    if let Some(text) = context.constant_text(text) {
        return text.into_owned();
    }
    match without_wrapping(text) {
        Expression::TemplateLiteral(template) => {
            template.quasis.iter().map(|quasi| quasi.value.raw.as_str()).collect::<Vec<_>>().join("?")
        }
        Expression::BinaryExpression(binary) => {
            fixed_parts(context, &binary.left) + &fixed_parts(context, &binary.right)
        }
        _ => "?".to_owned(),
    }
}

/// `curl … | sh`, `wget -O- … | bash`, `sh -c "$(curl …)"`, `iwr … | iex`.
fn downloads_and_runs(command: &str) -> bool {
    let lower = command.to_ascii_lowercase();
    let mut fetched = false;
    for part in lower.split(['|', ';', '&', '\n']) {
        let mut words =
            part.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | '\'' | '`' | '$'));
        let mut words =
            words.by_ref().filter(|word| !word.is_empty() && !matches!(*word, "sudo" | "env" | "exec"));
        let first = words.next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        let runs = matches!(
            first,
            "sh" | "bash" | "zsh" | "node" | "python" | "python3" | "perl" | "iex" | "invoke-expression"
        );
        if runs && (fetched || part.contains("$(curl") || part.contains("$(wget") || part.contains("<(curl"))
        {
            return true;
        }
        fetched |= matches!(first, "curl" | "wget" | "iwr" | "invoke-webrequest" | "irm")
            || part.contains("downloadstring(");
        if part.contains("iex") && part.contains("downloadstring(") {
            return true;
        }
    }
    false
}

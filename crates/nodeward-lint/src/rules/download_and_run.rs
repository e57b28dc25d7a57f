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
        if runs_text(&command.value) {
            let issue = Issue::new(
                &RULE,
                command.span,
                "whoever installs this runs code that reaches further than the package",
            );
            context.report(
                issue.next("find out what it does; put code of an install into a file that can be read"),
            );
        }
    }
}

fn look(context: &Context<'_, '_>, command: &str, span: Span) {
    if downloads_and_runs(command) {
        let issue = Issue::new(&RULE, span, "whatever that address gives on that day is run");
        context.report(issue.next("fetch a fixed version, and check its hash before it runs"));
    } else if is_hidden(command) {
        let issue = Issue::new(&RULE, span, "what this command runs cannot be read where it stands");
        context.report(issue.next("decode it, and find out why it was hidden"));
    }
}

/// The fixed parts of a command, with `?` for the others.
pub(super) fn fixed_parts<'a>(context: &Context<'_, 'a>, text: &'a Expression<'a>) -> String {
    if let Some(text) = context.constant_text(text) {
        return text.into_owned();
    }
    match without_wrapping(text) {
        Expression::TemplateLiteral(template) => {
            let texts = template
                .quasis
                .iter()
                .map(|quasi| quasi.value.cooked.as_ref().unwrap_or(&quasi.value.raw).as_str());
            texts.collect::<Vec<_>>().join("?")
        }
        Expression::BinaryExpression(binary) => {
            fixed_parts(context, &binary.left) + &fixed_parts(context, &binary.right)
        }
        _ => "?".to_owned(),
    }
}

/// `powershell -EncodedCommand …`.
fn is_hidden(command: &str) -> bool {
    let lower = command.to_ascii_lowercase();
    let mut words = lower.split_whitespace();
    words
        .any(|word| matches!(word.rsplit(['/', '\\']).next(), Some("powershell" | "powershell.exe" | "pwsh")))
        && words.any(|word| {
            word.len() > 2 && "-encodedcommand".starts_with(word) || word == "-e" || word == "-ec"
        })
}

/// `node -e "require('child_process')…"` in a script that npm runs by itself.
fn runs_text(command: &str) -> bool {
    let evaluates = [" -e ", " --eval ", " -p ", " -pe "].iter().any(|flag| command.contains(flag));
    command.contains("node ")
        && evaluates
        && ["http", "child_process", "fetch(", "eval(", "Buffer.from", "process.env", "atob("]
            .iter()
            .any(|word| command.contains(word))
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
        // `curl -o setup …; chmod +x setup; ./setup`.
        if fetched && part.trim_start().starts_with("./") {
            return true;
        }
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

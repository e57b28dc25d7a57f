//! Shell commands put together at run time.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "shell-command",
    summary: "a shell command is put together at run time",
    threat: Threat::Shp,
    cwes: &[78, 77, 88],
    severity: Severity::High,
    confidence: Confidence::Low,
    policy: Policy::Experimental,
    scope: Scope::Production,
    docs: include_str!("shell_command.md"),
    checks: &[
        Check::Calls {
            of: &[
                "child_process.exec",
                "child_process.execSync",
                "child_process.exec()",
                "shelljs.exec",
                "execa.command",
                "execa.execaCommand",
                "execa.commandSync",
                "execa.execaCommandSync",
            ],
            check: command,
        },
        Check::Calls {
            of: &[
                "child_process.spawn",
                "child_process.spawnSync",
                "child_process.execFile",
                "child_process.execFileSync",
                "execa",
                "execa.execa",
                "execa.sync",
                "cross-spawn",
                "cross-spawn.sync",
            ],
            check: shell,
        },
    ],
};

fn command<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    if let Some(command) = call.argument(0)
        && !context.is_fixed(command)
    {
        report(context, command.span());
    }
}

fn shell<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let shell = (1..call.arguments.len()).find_map(|at| call.option(context, at, "shell").value());
    let Some(shell) = shell else { return };
    if context.is_boolean(shell, false) || context.kind_of(shell) == ValueKind::Nothing {
        return;
    }
    // The arguments are joined to the command, unquoted.
    let parts = [call.argument(0), call.argument(1)].into_iter().flatten();
    let options = |part: &Expression<'_>| matches!(without_wrapping(part), Expression::ObjectExpression(_));
    if let Some(part) = parts.into_iter().find(|part| !options(part) && !context.is_fixed(part)) {
        report(context, part.span());
    }
}

fn report(context: &Context<'_, '_>, span: Span) {
    let issue = Issue::new(&RULE, span, "the shell takes what stands in these values for commands");
    context.report(issue.next("use execFile with a list of arguments and no shell"));
}

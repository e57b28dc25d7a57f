//! Commands that make a program run again.

use crate::rules::download_and_run::fixed_parts;
use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "persistence-command",
    summary: "a command makes a program run again without being asked",
    threat: Threat::Mtp,
    cwes: &[506, 829],
    severity: Severity::High,
    confidence: Confidence::Medium,
    policy: Policy::Experimental,
    scope: Scope::Everywhere,
    docs: include_str!("persistence_command.md"),
    checks: &[Check::Calls {
        of: &[
            "child_process.exec",
            "child_process.execSync",
            "child_process.spawn",
            "child_process.spawnSync",
            "child_process.execFile",
            "child_process.execFileSync",
            "shelljs.exec",
            "execa",
            "execa.execaCommand",
        ],
        check,
    }],
};

/// The words of such commands, each list in order, and what they change.
const COMMANDS: &[(&[&str], &str)] = &[
    (&["schtasks", "/create"], "what Windows runs by the clock"),
    (&["reg", "add", "\\currentversion\\run"], "what Windows runs at sign-in"),
    (&["sc", "create"], "what Windows runs at start"),
    (&["launchctl", "load"], "what macOS runs at sign-in"),
    (&["launchctl", "bootstrap"], "what macOS runs at sign-in"),
    (&["systemctl", "enable"], "what runs at start"),
    (&["crontab", "-"], "what the system runs by the clock"),
    (&["git", "config", "core.hookspath"], "what git runs"),
    (&["git", "config", "init.templatedir"], "what git runs"),
];

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let mut command = String::new();
    for at in 0..call.arguments.len().min(2) {
        let Some(argument) = call.argument(at) else { return };
        match without_wrapping(argument) {
            Expression::ArrayExpression(list) => {
                for element in list.elements.iter().filter_map(|element| element.as_expression()).take(16) {
                    command.push_str(&fixed_parts(context, element));
                    command.push(' ');
                }
            }
            _ => {
                command.push_str(&fixed_parts(context, argument));
                command.push(' ');
            }
        }
    }
    let lower = command.to_ascii_lowercase();
    if let Some((_, what)) = COMMANDS.iter().find(|(words, _)| holds(&lower, words)) {
        let issue = Issue::new(&RULE, call.span, format!("this changes {what}"));
        context.report(issue.next("find out why a program has to, and ask its user first"));
    }
}

/// Whether the words stand in one command, in their order: the first as a program, the last as an ending or a word.
fn holds(command: &str, words: &[&str]) -> bool {
    command.split(['|', ';', '&', '\n']).any(|part| {
        let mut said = part
            .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '(' | ')'))
            .filter(|word| !word.is_empty());
        words.iter().all(|wanted| said.any(|word| is_word(word, wanted)))
    })
}

fn is_word(word: &str, wanted: &str) -> bool {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    word == wanted
        || name == wanted
        || name.strip_suffix(".exe") == Some(wanted)
        || wanted.starts_with('\\') && word.contains(wanted)
}

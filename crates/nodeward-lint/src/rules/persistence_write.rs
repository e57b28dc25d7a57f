//! Files that make others run what is written.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "persistence-write",
    summary: "a file is written that others will run",
    threat: Threat::Mtp,
    cwes: &[506, 829],
    severity: Severity::Critical,
    confidence: Confidence::High,
    policy: Policy::Experimental,
    scope: Scope::Everywhere,
    docs: include_str!("persistence_write.md"),
    checks: &[Check::Calls {
        of: &[
            "fs.writeFile",
            "fs.writeFileSync",
            "fs.appendFile",
            "fs.appendFileSync",
            "fs.createWriteStream",
            "fs.copyFile",
            "fs.copyFileSync",
            "fs.outputFile",
            "fs.outputFileSync",
            "fs.promises.writeFile",
            "fs.promises.writeFileSync",
            "fs.promises.appendFile",
            "fs.promises.appendFileSync",
            "fs.promises.createWriteStream",
            "fs.promises.copyFile",
            "fs.promises.copyFileSync",
            "fs.promises.outputFile",
            "fs.promises.outputFileSync",
            "fs-extra.writeFile",
            "fs-extra.writeFileSync",
            "fs-extra.appendFile",
            "fs-extra.appendFileSync",
            "fs-extra.createWriteStream",
            "fs-extra.copyFile",
            "fs-extra.copyFileSync",
            "fs-extra.outputFile",
            "fs-extra.outputFileSync",
        ],
        check,
    }],
};

/// Where others look for what to run: parts of paths, each all of it.
const RUN_BY_OTHERS: &[(&str, &str)] = &[
    (".ssh/authorized_keys", "who may sign in"),
    (".bashrc", "what every shell runs"),
    (".bash_profile", "what every shell runs"),
    (".zshrc", "what every shell runs"),
    (".profile", "what every shell runs"),
    (".zshenv", "what every shell runs"),
    (".zprofile", "what every shell runs"),
    (".config/fish/config.fish", "what every shell runs"),
    ("/etc/profile.d/", "what every shell runs"),
    ("/etc/ld.so.preload", "what every program loads"),
    ("/etc/rc.local", "what runs at start"),
    ("/etc/sudoers", "who may act as root"),
    ("/etc/sudoers.d/", "who may act as root"),
    ("/etc/crontab", "what the system runs by the clock"),
    ("/etc/cron.d/", "what the system runs by the clock"),
    ("/var/spool/cron", "what the system runs by the clock"),
    ("Library/LaunchAgents", "what runs at sign-in"),
    ("Library/LaunchDaemons", "what runs at start"),
    ("/etc/systemd/system", "what runs at start"),
    (".config/systemd/user", "what runs at sign-in"),
    (".config/autostart", "what runs at sign-in"),
    ("Start Menu/Programs/Startup", "what runs at sign-in"),
    (".github/workflows", "what the project's CI runs"),
    (".git/hooks", "what git runs"),
    (".vscode/tasks.json", "what the editor runs"),
    (".vscode/settings.json", "what the editor runs"),
    (".vscode/launch.json", "what the editor runs"),
    (".cursor/mcp.json", "what the editor runs"),
    (".claude/settings.json", "what the assistant in the editor runs"),
    (".husky/", "what git runs"),
    (".gitlab-ci.yml", "what the project's CI runs"),
    (".circleci/config.yml", "what the project's CI runs"),
    (".travis.yml", "what the project's CI runs"),
    ("azure-pipelines.yml", "what the project's CI runs"),
    ("Jenkinsfile", "what the project's CI runs"),
];

fn check<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    let copies = call.path.as_deref().is_some_and(|path| path.contains("copyFile"));
    let Some(path) = call.argument(usize::from(copies)) else { return };
    let mut shown = String::new();
    pieces(context, path, &mut shown, 10);
    let shown = shown.replace('\\', "/");
    let Some((part, what)) = RUN_BY_OTHERS.iter().find(|(part, _)| holds_part(&shown, part)) else { return };
    context.report(
        Issue::new(&RULE, call.span, format!("this changes {what} ({part})"))
            .next("find out why a program has to, and ask its user first"),
    );
}

/// Between separators, so that `my.profile.json` is not `.profile`.
fn holds_part(path: &str, part: &str) -> bool {
    path.match_indices(part).any(|(at, _)| {
        let before = part.starts_with('/') || at == 0 || path[..at].ends_with('/');
        let behind = part.ends_with('/') || path[at + part.len()..].chars().next().is_none_or(|c| c == '/');
        before && behind
    })
}

/// The fixed pieces of a path, joined by separators; what is not fixed is one piece that says nothing.
fn pieces<'a>(context: &Context<'_, 'a>, expression: &'a Expression<'a>, shown: &mut String, depth: u8) {
    let Some(depth) = depth.checked_sub(1) else { return };
    if let Some(text) = context.constant_text(expression) {
        shown.push_str(&text);
        return;
    }
    match without_wrapping(expression) {
        Expression::CallExpression(call) => {
            let path = context.api_path(&call.callee);
            if path.is_some_and(|path| matches!(&*path, "path.join" | "path.resolve" | "path.posix.join")) {
                for argument in call.arguments.iter().filter_map(|argument| argument.as_expression()) {
                    pieces(context, argument, shown, depth);
                    shown.push('/');
                }
                shown.pop();
            } else {
                shown.push('?');
            }
        }
        Expression::BinaryExpression(binary) => {
            pieces(context, &binary.left, shown, depth);
            pieces(context, &binary.right, shown, depth);
        }
        Expression::TemplateLiteral(template) => {
            for (at, quasi) in template.quasis.iter().enumerate() {
                shown.push_str(quasi.value.cooked.as_ref().map_or("", |text| text.as_str()));
                if let Some(hole) = template.expressions.get(at) {
                    pieces(context, hole, shown, depth);
                }
            }
        }
        Expression::Identifier(identifier) => match context.value_of(identifier) {
            Some(value) => pieces(context, value, shown, depth),
            None => shown.push('?'),
        },
        _ => shown.push('?'),
    }
}

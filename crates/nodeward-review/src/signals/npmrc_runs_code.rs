//! Settings of a project that say which program npm starts.

use nodeward_package::npm_config::Layer;
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::Context;
use crate::signal::{Signal, clip, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "npmrc-runs-code",
    summary: "a project's npm configuration says which program npm starts",
    threat: Threat::Mtp,
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    docs: include_str!("npmrc_runs_code.md"),
    check,
};

/// Each names a program, or options for node, that npm uses whenever it is called in the folder.
const PROGRAMS: &[&str] =
    &["git", "script-shell", "shell", "node-options", "editor", "viewer", "browser", "onload-script"];

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    let settings = context.npm.settings().iter().filter(|setting| {
        setting.layer == Layer::Project && setting.section.is_none() && PROGRAMS.contains(&&*setting.key)
    });
    let harmful =
        settings.filter(|setting| !setting.value.is_empty() && !is_harmless(&setting.key, &setting.value));
    let finding = |setting: &nodeward_package::npm_config::Setting| {
        let mut finding = signal.file(
            setting.place.clone(),
            format!("{} makes npm start a program of the project's choice", setting.key),
        );
        finding.evidence.push(fact_of("value", clip(&setting.value)));
        finding.next_step = Some("remove it from the project; each user can set it for themselves".into());
        finding
    };
    harmful.map(finding).collect()
}

/// Plain names of usual shells, and node options that load nothing.
fn is_harmless(key: &str, value: &str) -> bool {
    match key {
        "script-shell" | "shell" => {
            let name = value.rsplit(['/', '\\']).next().unwrap_or(value).trim_end_matches(".exe");
            let usual = matches!(name, "bash" | "sh" | "zsh" | "cmd" | "pwsh" | "powershell");
            usual
                && (!value.contains(['/', '\\'])
                    || value.starts_with("/bin/")
                    || value.starts_with("/usr/bin/"))
        }
        "node-options" => {
            !["--require", "-r", "--import", "--loader", "--experimental-loader", "--env-file", "--inspect"]
                .iter()
                .any(|option| value.split_whitespace().any(|word| word.starts_with(option)))
        }
        "git" | "editor" | "viewer" => {
            matches!(value, "git" | "vim" | "vi" | "nano" | "emacs" | "man" | "browser")
        }
        "browser" => matches!(value, "true" | "false"),
        _ => false,
    }
}

//! Values from outside in shell commands.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "command-injection",
    summary: "a value from outside becomes part of a shell command",
    threat: Threat::Shp,
    cwes: &[78, 77],
    severity: Severity::Critical,
    confidence: Confidence::High,
    policy: Policy::Common,
    scope: Scope::Production,
    docs: include_str!("command_injection.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::ShellCommand],
        does: "becomes part of a shell command",
        next: "use execFile with a list of arguments and no shell",
        accept: grade::command,
    }],
};

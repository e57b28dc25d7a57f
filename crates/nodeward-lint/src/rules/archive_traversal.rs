//! Archives that write where they like.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "archive-traversal",
    summary: "the name of an archive's entry decides which file is written",
    threat: Threat::Exf,
    cwes: &[22, 29, 59],
    severity: Severity::High,
    confidence: Confidence::Medium,
    policy: Policy::Strict,
    scope: Scope::Production,
    docs: include_str!("archive_traversal.md"),
    checks: &[
        Check::Flow {
            sinks: &[SinkKind::FilePath],
            does: "decides which file is used",
            next: "resolve the path, and test that it begins with the folder and a separator",
            accept,
        },
        Check::Calls { of: &["tar.x", "tar.extract", "tar.Unpack", "tar.unpack"], check: tar },
    ],
};

fn accept(finding: &FlowFinding) -> Option<Grade> {
    match finding.guesses {
        0 if finding.origin == Origin::Archive && grade::is_certain(finding) => Some(Grade::STRICT),
        0 | 1 if finding.origin == Origin::Archive => Some(Grade::EXPERIMENTAL),
        _ => None,
    }
}

/// An option that switches off what keeps entries in the folder.
fn tar<'a>(context: &Context<'_, 'a>, call: &Call<'a>) {
    for option in ["preservePaths", "P"] {
        if let Some(value) = call.option(context, 0, option).value()
            && context.is_boolean(value, true)
        {
            let issue = Issue::new(&RULE, value.span(), "entries are written to wherever their names say");
            context.report(issue.next("leave it off: names are then kept inside the folder"));
        }
    }
}

//! Values from outside in markup.

use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "xss",
    summary: "a value from outside becomes markup",
    threat: Threat::Exf,
    cwes: &[79, 80],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Strict,
    scope: Scope::Production,
    docs: include_str!("xss.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::Markup],
        does: "becomes markup",
        next: "escape the value where it enters the markup, or send it as JSON",
        accept,
    }],
};

/// Where the text around a client's value has tags, a browser parses it. Otherwise what is sent is often no markup.
/// What cannot hold a line break is a header, which no other site can set, or an address, in which browsers encode
/// what opens a tag.
fn accept(finding: &FlowFinding) -> Option<Grade> {
    let is_plain = finding.origin == Origin::Remote && grade::is_certain(finding) && !finding.is_one_line;
    if is_plain && finding.is_tagged { Some(Grade::STRICT) } else { grade::seldom(finding) }
}

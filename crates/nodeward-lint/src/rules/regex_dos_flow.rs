//! Slow patterns that meet texts from outside.

use crate::regex::{self, Verdict};
use crate::rules::prelude::*;

pub(crate) const RULE: Rule = Rule {
    id: "regex-dos-flow",
    summary: "a slow regular expression meets a text from outside",
    threat: Threat::Dos,
    cwes: &[1333, 400],
    severity: Severity::High,
    confidence: Confidence::High,
    policy: Policy::Strict,
    scope: Scope::Production,
    docs: include_str!("regex_dos_flow.md"),
    checks: &[Check::Flow {
        sinks: &[SinkKind::SlowPattern],
        does: "meets a regular expression that it can make very slow",
        next: "bound the length of the text, or write the pattern so that it has one way to match",
        accept,
    }],
};

/// The pattern decides, and then whose text it is.
fn accept(finding: &FlowFinding) -> Option<Grade> {
    let verdict = regex::known_literal(finding.pattern.as_deref()?);
    let (is_exponential, degree, witness) = match &*verdict {
        Verdict::Exponential { witness } => (true, 0, witness),
        Verdict::Polynomial { degree_at_start, shown_at_start, witness, .. } if *degree_at_start >= 2 => {
            (false, *shown_at_start, witness)
        }
        _ => return None,
    };
    if witness.breaks_line() && finding.is_one_line {
        return None;
    }
    let mut grade = grade::outside(finding)?;
    // What grows with the square takes texts that few let through.
    if (is_exponential || degree >= 3) && grade::is_certain(finding) {
        grade.policy = Policy::Strict;
    }
    let pumps = if is_exponential { 40 } else { 30_000 };
    Some(Grade { note: Some(("slow text", witness.expression(pumps))), ..grade })
}

//! Slow patterns that meet texts from outside.

use crate::regex::{self, Verdict, Witness};
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
    let is_straight = |witness: &Witness| is_straight(finding, witness);
    let (is_exponential, degree, witness) = match &*verdict {
        Verdict::Exponential { witness } => (true, 0, witness),
        Verdict::Polynomial { degree_at_start, shown_at_start, witness, .. } => {
            // Where only the search makes it slow, the text has to come straight from whoever sends it.
            if *degree_at_start < 2 && !is_straight(witness) {
                return None;
            }
            (false, *shown_at_start, witness)
        }
        _ => return None,
    };
    if witness.breaks_line() && finding.is_one_line {
        return None;
    }
    let mut grade = grade::outside(finding)?;
    // What grows with the square takes texts that few let through, unless nothing stands before the pattern.
    if (is_exponential || degree >= 3 || is_straight(witness)) && grade::is_certain(finding) {
        grade.policy = Policy::Strict;
    }
    let pumps = if is_exponential { 40 } else { 30_000 };
    Some(Grade { note: Some(("slow text", witness.expression(pumps))), ..grade })
}

/// Whether the text is met as it was sent, by few steps, each of which can be read: a part of a request, or of what
/// callers hand in a whole parameter, where one line is enough. Properties of that are errors, settings and tables more
/// often than not, and names and addresses have no second line.
fn is_straight(finding: &FlowFinding, witness: &Witness) -> bool {
    let is_whole = finding.origin == Origin::Remote || finding.is_bare && !witness.breaks_line();
    is_whole && finding.is_direct && !finding.is_any_time && grade::is_certain(finding)
}

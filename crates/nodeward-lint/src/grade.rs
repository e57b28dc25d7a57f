//! How good a finding of data flow is: the narrowest policy that shows it.
//!
//! A rule that says no more is held to this: `strict` has what a client can do in as many steps as can be read in
//! the source, without a guess about a function that is not known; and, in a library, text from a caller that is put
//! together with other text into a command, a query or code, because nobody but the library can quote it. All else is
//! `experimental`. In `common` is only what was read and found true (`docs/rules/precision.md`).

use nodeward_report::Confidence;

use crate::flow::{FlowFinding, Origin, SinkKind};
use crate::policy::Policy;

/// What a rule thinks of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grade {
    /// The narrowest policy that shows it.
    pub(crate) policy: Policy,
    /// One more fact.
    pub(crate) note: Option<(&'static str, String)>,
}

impl Grade {
    pub(crate) const COMMON: Self = Self { policy: Policy::Common, note: None };
    pub(crate) const STRICT: Self = Self { policy: Policy::Strict, note: None };
    pub(crate) const EXPERIMENTAL: Self = Self { policy: Policy::Experimental, note: None };
}

/// Commands, queries and code: whoever starts the program may hand them in as well, which is seldom a flaw.
pub(crate) fn text(finding: &FlowFinding) -> Option<Grade> {
    let is_joined = finding.origin == Origin::Caller && finding.is_joined && is_certain(finding);
    if is_joined { Some(Grade::STRICT) } else { outside_or_launch(finding) }
}

/// Commands: where every step from a client to a shell can be read in the source, there is hardly a doubt left.
pub(crate) fn command(finding: &FlowFinding) -> Option<Grade> {
    let is_plain = finding.origin == Origin::Remote && is_certain(finding) && !finding.is_any_time;
    if is_plain { Some(Grade::COMMON) } else { text(finding) }
}

/// Code: what many libraries are there for is to make some of what they are given, so that of callers' text only what
/// comes straight from a parameter counts for more.
pub(crate) fn code(finding: &FlowFinding) -> Option<Grade> {
    // Text for a timer is put together; what is handed over whole is a function.
    let is_timer = finding.sink == SinkKind::Timer;
    if is_timer && finding.origin != Origin::Remote && !finding.is_joined {
        return None;
    }
    match text(finding)? {
        Grade { policy: Policy::Strict, .. } if finding.origin == Origin::Caller && !finding.is_direct => {
            Some(Grade::EXPERIMENTAL)
        }
        grade => Some(grade),
    }
}

/// Values that clients and callers send, not those that the program is started with.
pub(crate) fn outside(finding: &FlowFinding) -> Option<Grade> {
    match finding.origin {
        Origin::Launch => None,
        _ => outside_or_launch(finding),
    }
}

/// What decides which module, host or pattern: where a caller hands it over whole, that is what the function is for.
pub(crate) fn in_part(finding: &FlowFinding) -> Option<Grade> {
    if is_handed_over(finding) { None } else { outside(finding) }
}

/// Whether a value is a caller's, as the caller passed it.
fn is_handed_over(finding: &FlowFinding) -> bool {
    finding.origin == Origin::Caller && !finding.is_joined
}

/// The same, where even what clients send is often harmless.
pub(crate) fn seldom(finding: &FlowFinding) -> Option<Grade> {
    outside(finding).map(|_| Grade::EXPERIMENTAL)
}

fn outside_or_launch(finding: &FlowFinding) -> Option<Grade> {
    // A query that a caller passes whole is what the function is for.
    if finding.sink == SinkKind::Sql && is_handed_over(finding) {
        return None;
    }
    match finding.origin {
        Origin::Remote if is_certain(finding) => Some(Grade::STRICT),
        // Whoever starts a program may start another as well.
        Origin::Launch if finding.sink == SinkKind::ProgramName => None,
        Origin::Remote | Origin::Caller | Origin::Launch => Some(Grade::EXPERIMENTAL),
        Origin::Secret | Origin::Fetched | Origin::Archive => None,
    }
}

/// Whether every step can be read in the source.
pub(crate) fn is_certain(finding: &FlowFinding) -> bool {
    finding.guesses == 0 && !finding.is_named_only && !finding.is_doubtful
}

/// How sure a finding is at most.
pub(crate) fn confidence(finding: &FlowFinding) -> Confidence {
    match finding.guesses {
        _ if finding.origin == Origin::Launch => Confidence::Low,
        0 if !finding.is_named_only => Confidence::High,
        0 | 1 => Confidence::Medium,
        _ => Confidence::Low,
    }
}

/// Whose value it is: the beginning of a title.
pub(crate) fn whose(origin: Origin) -> &'static str {
    match origin {
        Origin::Remote => "what a client sends",
        Origin::Launch => "what the program is started with",
        Origin::Caller => "what a caller passes",
        Origin::Secret => "a secret of this machine",
        Origin::Fetched => "what was fetched",
        Origin::Archive => "the name of an entry of an archive",
    }
}

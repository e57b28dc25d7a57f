//! The one shape that every rule has.

use nodeward_javascript::oxc::{AstNode, AstType};
use nodeward_report::{Confidence, Severity, Threat};

use crate::Policy;
use crate::context::{Call, Context};
use crate::flow::{FlowFinding, SinkKind};
use crate::grade::Grade;

/// One thing to look for in source.
pub struct Rule {
    /// Its name in reports and suppressions.
    pub id: &'static str,
    /// What it sees, in one line.
    pub summary: &'static str,
    /// Which of the twelve.
    pub threat: Threat,
    /// Weakness numbers: 79 for CWE-79.
    pub cwes: &'static [u16],
    /// How bad, as a rule.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// The narrowest policy that it is in.
    pub policy: Policy,
    /// Which files it is for.
    pub scope: Scope,
    /// Its page: what, why, how to fix, examples.
    pub docs: &'static str,
    /// What it looks at.
    pub(crate) checks: &'static [Check],
}

/// Which files a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All: malice hides anywhere.
    Everywhere,
    /// Those that are not tests, examples, fixtures or benchmarks.
    Production,
}

/// What a rule wants to be shown. The dispatcher walks each file once and shows every node to the rules that asked
/// for its kind; no rule walks the file itself. Data flow is solved once for each package, and each place where a
/// value from outside arrives is shown to the rules that asked for its kind.
pub(crate) enum Check {
    /// Nodes of these kinds.
    Nodes { kinds: &'static [AstType], check: for<'a> fn(&Context<'_, 'a>, &AstNode<'a>) },
    /// Calls and constructions of these: an API's path (`crypto.createHash`), or with a leading dot any method of
    /// that name (`.cookie`), whatever it is called on.
    Calls { of: &'static [&'static str], check: for<'a> fn(&Context<'_, 'a>, &Call<'a>) },
    /// Values from outside that arrive at these. The rule's own policy is the narrowest that `accept` gives.
    Flow {
        sinks: &'static [SinkKind],
        /// What the value does there: the end of a title that begins with whose value it is.
        does: &'static str,
        /// What to do about it.
        next: &'static str,
        /// How good the finding is; `None` if it is none.
        accept: fn(&FlowFinding) -> Option<Grade>,
    },
}

impl Rule {
    /// Whether it looks at where values go, which a file on its own may not tell.
    pub fn follows_values(&self) -> bool {
        self.checks.iter().any(|check| matches!(check, Check::Flow { .. }))
    }

    /// `CWE-79`.
    pub fn cwe_names(&self) -> impl Iterator<Item = String> {
        self.cwes.iter().map(|number| format!("CWE-{number}"))
    }
}

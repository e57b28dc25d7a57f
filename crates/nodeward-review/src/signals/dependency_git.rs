//! Releases that come out of a git repository.

use nodeward_package::{Origin, Package, WebAddress};
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::Context;
use crate::signal::{Said, Signal, clip, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "dependency-git",
    summary: "a dependency comes from a git repository",
    threat: Threat::Mtp,
    severity: Severity::Low,
    confidence: Confidence::High,
    docs: include_str!("dependency_git.md"),
    check,
};

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    signal.releases_from(context, |origin| matches!(origin, Origin::Git { .. }), say)
}

fn say(package: &Package) -> Option<Said> {
    let Origin::Git { url, commit } = &package.origin else { return None };
    let fixed = commit.as_deref().is_some_and(is_commit);
    let from = if fixed { "comes from git" } else { "comes from git, from wherever a branch points" };
    let commit = commit.as_ref().map(|commit| fact_of("commit", clip(commit)));
    Some(Said {
        title: format!("{} {from}", package.label()),
        // A commit is a digest of what it holds, so for a fixed one the transport does not matter.
        severity: match (fixed, is_plain(url)) {
            (true, _) => Severity::Low,
            (false, false) => Severity::Medium,
            (false, true) => Severity::High,
        },
        evidence: [fact_of("repository", clip(url))].into_iter().chain(commit).collect(),
        next_step: if fixed {
            "use a published release: advisories and integrity do not reach git"
        } else {
            "fix it to a commit (#<40 digits>), or use a published release"
        },
    })
}

fn is_commit(text: &str) -> bool {
    // A short hash can be made to collide, or be a branch's name.
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A transport on which anybody on the way can answer.
fn is_plain(url: &str) -> bool {
    WebAddress::parse(url)
        .is_some_and(|address| matches!(&*address.scheme, "git" | "http") && !address.is_this_machine())
}

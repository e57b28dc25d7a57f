//! Releases that come out of a git repository.

use nodeward_package::{Origin, WebAddress};
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::{Context, Project};
use crate::signal::{Signal, clip, fact_of};

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
    context.projects.iter().flat_map(|project| in_project(signal, project)).collect()
}

fn in_project(signal: &Signal, project: &Project<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, package) in project.releases_from(|origin| matches!(origin, Origin::Git { .. })) {
        let Origin::Git { url, commit } = &package.origin else { continue };
        let fixed = commit.as_deref().is_some_and(is_commit);
        let title = if fixed {
            format!("{} comes from git", package.label())
        } else {
            format!("{} comes from git, from wherever a branch points", package.label())
        };
        let mut finding = signal.release(project.graph, id, title);
        // A commit is a digest of what it holds, so for a fixed one the transport does not matter.
        finding.severity = match (fixed, is_plain(url)) {
            (true, _) => Severity::Low,
            (false, false) => Severity::Medium,
            (false, true) => Severity::High,
        };
        finding.evidence.push(fact_of("repository", clip(url)));
        if let Some(commit) = commit {
            finding.evidence.push(fact_of("commit", clip(commit)));
        }
        finding.next_step = Some(if fixed {
            "use a published release: advisories and integrity do not reach git".into()
        } else {
            "fix it to a commit (#<40 digits>), or use a published release".into()
        });
        findings.push(finding);
    }
    findings
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

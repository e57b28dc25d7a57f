//! Names one slip away from a popular one.

use nodeward_package::{DependencyGraph, EdgeKind, Origin, Package, PackageId};
use nodeward_report::{Confidence, Finding, Severity, Threat};
use rustc_hash::FxHashSet;

use crate::context::{Context, Project};
use crate::lookalike::{LookAlike, Slip, Strength, is_popular, look_alike};
use crate::signal::{Signal, clip, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "typosquat",
    summary: "a name is one slip away from a popular one",
    threat: Threat::Mtp,
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    docs: include_str!("typosquat.md"),
    check,
};

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    context.projects.iter().flat_map(|project| in_project(signal, project)).collect()
}

fn in_project(signal: &Signal, project: &Project<'_>) -> Vec<Finding> {
    let graph = project.graph;
    let own_scopes: FxHashSet<&str> = graph
        .packages()
        .iter()
        .filter(|package| package.origin.is_first_party())
        .filter_map(|package| package.name.scope())
        .collect();
    let mut findings = Vec::new();
    for (id, package) in project.releases() {
        let own = package.name.scope().is_some_and(|scope| own_scopes.contains(scope));
        if own || !matches!(package.origin, Origin::Registry { .. }) {
            continue;
        }
        let Some(like) = look_alike(&package.name) else { continue };
        if like.slip != Slip::Homoglyph && is_required_by_a_popular_one(graph, &package.name) {
            continue;
        }
        findings.push(finding(signal, graph, id, package, like));
    }
    findings
}

/// A slip is made by whoever types a name. What the author of a popular package typed, millions installed: its
/// users would know by now.
fn is_required_by_a_popular_one(graph: &DependencyGraph, name: &nodeward_package::PackageName) -> bool {
    let copies = graph.iter().filter(|(_, package)| package.name == *name);
    copies.flat_map(|(id, _)| graph.dependents(id)).any(|edge| {
        let parent = graph.package(edge.from);
        edge.kind != EdgeKind::Development
            && !parent.origin.is_first_party()
            && is_popular(parent.name.as_str())
    })
}

fn finding(
    signal: &Signal,
    graph: &DependencyGraph,
    id: PackageId,
    package: &Package,
    like: LookAlike,
) -> Finding {
    let mut finding = signal.release(graph, id, format!("{} looks like {}", package.name, like.target));
    let runs_code = package.install_script == Some(true);
    (finding.severity, finding.confidence) = match like.strength {
        Strength::Strong if runs_code || like.slip == Slip::Homoglyph => (Severity::High, Confidence::Medium),
        Strength::Strong => (Severity::Medium, Confidence::Medium),
        Strength::Fair => (Severity::Medium, Confidence::Low),
        Strength::Weak => (Severity::Low, Confidence::Low),
    };
    finding.evidence.push(fact_of("difference", like.slip.describe()));
    finding
        .evidence
        .push(fact_of("popular name", format!("{} (number {} by downloads)", like.target, like.rank)));
    if runs_code {
        finding.evidence.push(fact_of("install script", "it runs code when installed"));
    }
    finding.next_step = Some(format!(
        "if {} was meant, replace it; if not, suppress this with the reason",
        clip(like.target)
    ));
    finding
}

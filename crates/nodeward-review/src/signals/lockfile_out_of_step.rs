//! Manifests that ask for something else than the lockfile holds.

use std::sync::Arc;

use nodeward_package::graph::Edge;
use nodeward_package::manifest::Dependency;
use nodeward_package::{DependencyGraph, EdgeKind, Format, Manifest, Origin, PackageId, Place, Range};
use nodeward_report::{Confidence, Evidence, Finding, Severity, Threat};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::context::{Context, Project, ProjectManifest};
use crate::signal::{Signal, clip, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "lockfile-out-of-step",
    summary: "the manifest asks for something else than the lockfile holds",
    threat: Threat::Mtp,
    severity: Severity::Medium,
    confidence: Confidence::High,
    docs: include_str!("lockfile_out_of_step.md"),
    check,
};

const MAX_SHOWN: usize = 5;

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    let locked = |project: &&Project<'_>| {
        let format = project.graph.format();
        matches!(
            format,
            Format::NpmPackageLock | Format::YarnClassic | Format::YarnBerry | Format::Pnpm | Format::Bun
        )
    };
    let each = |project: &Project<'_>| -> Vec<Finding> {
        let graph = project.graph;
        project
            .manifests
            .iter()
            .filter_map(|manifest| finding(signal, graph, project.manifests, manifest))
            .collect()
    };
    context.projects.iter().filter(locked).flat_map(each).collect()
}

/// One thing that does not fit.
struct Mismatch {
    says: String,
    place: Place,
}

fn finding(
    signal: &Signal,
    graph: &DependencyGraph,
    all: &[ProjectManifest<'_>],
    manifest: &ProjectManifest<'_>,
) -> Option<Finding> {
    let root = graph.roots().iter().copied().find(|&root| match &graph.package(root).origin {
        Origin::Root => manifest.folder.is_empty(),
        Origin::Workspace { path } => **path == *manifest.folder,
        _ => false,
    })?;
    let mismatches = mismatches(graph, root, all, manifest);
    let first = mismatches.first()?;
    let title = match mismatches.len() {
        1 => first.says.clone(),
        count => format!("{count} requirements do not fit the lockfile"),
    };
    let mut finding = signal.file(first.place.clone(), title);
    finding.evidence.push(fact_of("lockfile", clip(&graph.file().display().to_string())));
    for mismatch in mismatches.iter().take(MAX_SHOWN) {
        let value = mismatch.says.clone();
        finding.evidence.push(Evidence { label: "mismatch", value, place: Some(mismatch.place.clone()) });
    }
    if mismatches.len() > MAX_SHOWN {
        finding.evidence.push(fact_of("and", format!("{} more", mismatches.len() - MAX_SHOWN)));
    }
    finding.next_step = Some("install once, and commit manifest and lockfile together".into());
    Some(finding)
}

fn mismatches(
    graph: &DependencyGraph,
    root: PackageId,
    all: &[ProjectManifest<'_>],
    manifest: &ProjectManifest<'_>,
) -> Vec<Mismatch> {
    // Overrides of the project's own manifest hold for all members.
    let forced: FxHashSet<&str> = all.iter().flat_map(|manifest| forced_names(manifest.manifest)).collect();
    let edges: FxHashMap<&str, &Edge> = graph
        .dependencies(root)
        .iter()
        .filter(|edge| !edge.kind.is_peer())
        .map(|edge| (&*edge.name, edge))
        .collect();
    let file: Arc<std::path::Path> = manifest.file.into();
    let mut found = Vec::new();
    let own = manifest.manifest.dependencies.iter().filter(|wanted| !wanted.kind.is_peer());
    for wanted in own.filter(|wanted| !forced.contains(&*wanted.name)) {
        if let Some(says) = mismatch(graph, edges.get(&*wanted.name).copied(), wanted) {
            found.push(Mismatch { says, place: Place::at(file.clone(), wanted.position) });
        }
    }
    let declared: FxHashSet<&str> =
        manifest.manifest.dependencies.iter().map(|wanted| &*wanted.name).collect();
    for edge in graph.dependencies(root) {
        // A lockfile that does not repeat what is asked for does not say what was.
        if !edge.kind.is_peer() && !edge.specifier.is_empty() && !declared.contains(&*edge.name) {
            let place = edge.to.map_or_else(|| Place::file(graph.file().to_path_buf()), |to| graph.place(to));
            let says = format!("{} is locked, but the manifest does not ask for it", clip(&edge.name));
            found.push(Mismatch { says, place });
        }
    }
    found
}

fn mismatch(graph: &DependencyGraph, edge: Option<&Edge>, wanted: &Dependency) -> Option<String> {
    let Some(to) = edge.and_then(|edge| edge.to) else {
        // An optional one may be left out for its platform.
        return (wanted.kind != EdgeKind::Optional)
            .then(|| format!("{} is not in the lockfile", clip(&wanted.name)));
    };
    let package = graph.package(to);
    let version = package.version.as_ref()?;
    if !matches!(package.origin, Origin::Registry { .. }) {
        return None;
    }
    let text = range_text(&wanted.specifier)?;
    let range = Range::parse(text).ok()?;
    (!range.satisfies(version)).then(|| {
        format!("{} {} is locked, outside {}", clip(&wanted.name), clip(&package.version_text), clip(text))
    })
}

/// The range of a specifier, where it is one; any version is none.
fn range_text(specifier: &str) -> Option<&str> {
    let text = match specifier.strip_prefix("npm:") {
        // `npm:name@range`, or berry's `npm:range`.
        Some(rest) => match rest.rfind('@') {
            Some(0) => return None,
            Some(at) => &rest[at + 1..],
            None => rest,
        },
        None => specifier,
    }
    .trim();
    let any = matches!(text, "" | "*" | "x" | "X" | "latest");
    (!any && !text.contains(['/', ':'])).then_some(text)
}

/// The names that overrides speak of: which version is right for them, the overrides say.
fn forced_names(manifest: &Manifest) -> impl Iterator<Item = &str> {
    manifest.overrides.iter().flat_map(|forced| forced.path.iter()).map(|key| last_name(key))
}

/// `b` of `a>b`, `a/**/b`, `b@^1`, `b@npm:^1`; `@s/b` of `a/@s/b@^1`.
fn last_name(key: &str) -> &str {
    let key = key.rsplit('>').next().unwrap_or(key).trim();
    let end = key
        .get(1..)
        .and_then(|rest| rest.find('@').filter(|&at| rest.as_bytes()[..at].last() != Some(&b'/')));
    let key = end.map_or(key, |end| &key[..=end]);
    let start = match key.rfind('/') {
        Some(slash) => {
            let before = key[..slash].rfind('/').map_or(0, |slash| slash + 1);
            if key[before..].starts_with('@') { before } else { slash + 1 }
        }
        None => 0,
    };
    &key[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_name_what_they_force() {
        for (key, name) in [
            ("b", "b"),
            ("a>b", "b"),
            ("a@1>b@^2", "b"),
            ("**/b", "b"),
            ("a/**/b", "b"),
            ("b@npm:^1", "b"),
            ("@s/b", "@s/b"),
            ("@s/b@^1", "@s/b"),
            ("a/@s/b", "@s/b"),
            ("@s/a/b", "b"),
            ("", ""),
        ] {
            assert_eq!(last_name(key), name, "{key}");
        }
    }

    #[test]
    fn only_ranges_are_compared() {
        for (specifier, range) in [
            ("^1.0.0", Some("^1.0.0")),
            ("npm:other@~2", Some("~2")),
            ("npm:@s/other@1.x", Some("1.x")),
            ("npm:^1", Some("^1")),
            ("npm:@s/other", None),
            ("*", None),
            ("", None),
            ("workspace:^", None),
            ("catalog:", None),
            ("github:o/r", None),
            ("o/r", None),
            ("file:../x", None),
            ("https://h.example.org/x.tgz", None),
        ] {
            assert_eq!(range_text(specifier), range, "{specifier}");
        }
    }
}

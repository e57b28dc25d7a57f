//! Real lockfiles against what the tests of other parsers expect of them.
//!
//! A case holds when every expected (name, version) is in our graph, and every other pair of ours is accounted for
//! by one of the [`Difference`]s: conventions in which tools differ, each decided from the graph and not from the
//! name of the case.

#![expect(clippy::unwrap_used, reason = "a test that reads files")]

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use nodeward_package::lockfile::{Input, parse};
use nodeward_package::{DependencyGraph, EdgeKind, LockfileError, Origin, Package, PackageId};
use serde::Deserialize;

/// Cases whose expectation is a convention that we do not share: case, reason.
const NOT_SHARED: &[(&str, &str)] = &[
    (
        "syft-testparseyarnlock-0-0",
        "syft names a package after the URL of its tarball; we name it as it is required, and report the URL",
    ),
    (
        "syft-testparseyarnlockwithrelationships-0-0",
        "syft names a package after the URL of its tarball; we name it as it is required, and report the URL",
    ),
    (
        "trivy-yarn-happy-v2",
        "trivy leaves out packages that yarn patches; they are installed, so we list them",
    ),
    (
        "trivy-yarn-yarn-file-with-bad-protocol",
        "trivy leaves out entries with a protocol that it does not know; we list every entry",
    ),
    (
        "syft-testparseyarnberry-0-0",
        "an entry's key and resolution contradict each other; syft takes the key, we the resolution as yarn does",
    ),
    (
        "snyk-jest-dep-graph-builders-fixtures-npm-lock-v2-deep-override-expected-package-lock.json",
        "formidable@2.1.2 finds the qs@6.11.2 at the top and `npm ci` installs it, whatever the manifest's override says; snyk applies the override and leaves out what that qs brings",
    ),
    (
        "snyk-jest-dep-graph-builders-fixtures-npm-lock-v2-simple-override-expected-package-lock.json",
        "readable-stream@3.6.2 below path-loader finds the string_decoder@1.3.0 beside it; snyk gives it that of another folder",
    ),
    (
        "snyk-jest-dep-graph-builders-fixtures-npm-lock-v2-simple-dotted-override-expected-package-lock.json",
        "readable-stream@3.6.2 below path-loader finds the string_decoder@1.3.0 beside it; snyk gives it that of another folder",
    ),
    (
        "osvdetector-testparsebunlock_onepackagebadtuple",
        "osv-detector leaves out broken entries; to us (and osv-scalibr) they are an error",
    ),
];

#[derive(Debug, Deserialize)]
struct Case {
    case: String,
    source: String,
    input: String,
    format: String,
    expect: Expect,
    check: Check,
}

#[derive(Debug, Deserialize)]
struct Expect {
    error: Option<String>,
    #[serde(default)]
    packages: Option<Vec<ExpectedPackage>>,
    root: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ExpectedPackage {
    name: String,
    #[serde(default)]
    version: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Check {
    expected_names_and_versions_all_present_in_lockfile_text: bool,
    ambiguous_dir_with_several_lockfiles: bool,
}

/// Why a package of ours may be absent from an expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    /// The project itself or a member of its workspace: other tools list only what is installed.
    FirstParty,
    /// Only development needs it, and the expectation lists nothing of the kind.
    Development,
    /// The expectation is what one root reaches, and this is not reached.
    Unreached,
    /// Only reached as a peer, and the expectation follows no peers.
    Peer,
    /// Only reached as optional, and the expectation follows no optional dependencies.
    Optional,
    /// A folder outside of the workspace: the lockfile has no entry of its own for it.
    Linked,
    /// A folder outside of the workspace of which the lockfile lost the name: the folder's has to do.
    Nameless,
    /// Expected under the name by which it is required instead of its own.
    Alias,
    /// Reached only through one of several copies of a release, where the expectation has one node per release.
    OtherCopy,
    /// Resolved to, but without an entry: the lockfile was cut down. We list what would be installed.
    WithoutEntry,
}

type Pair = (String, String);

fn load(folder: &Path) -> Case {
    let bytes = std::fs::read(folder.join("expected.json")).unwrap();
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
}

fn read(folder: &Path, input: &str) -> Result<DependencyGraph, LockfileError> {
    let file = folder.join(input);
    let bytes = std::fs::read(&file).unwrap();
    let manifests = match std::fs::read(folder.join("package.json")) {
        Ok(bytes) => vec![(String::new(), bytes)],
        Err(_) => Vec::new(),
    };
    // Only the file name: the folders of cases are named after lockfiles too.
    parse(&Input { file: Path::new(input), bytes: &bytes, manifests: &manifests })
}

fn pair(package: &Package) -> Pair {
    (package.name.to_string(), package.version_text.to_string())
}

fn expected_pairs(case: &Case) -> BTreeSet<Pair> {
    let packages = case.expect.packages.iter().flatten();
    packages.map(|package| (package.name.clone(), package.version.clone().unwrap_or_default())).collect()
}

/// What the roots that an expectation speaks of reach over the edges that `follow` lets pass.
fn reached(
    graph: &DependencyGraph,
    roots: &[PackageId],
    follow: impl Fn(EdgeKind) -> bool,
) -> BTreeSet<PackageId> {
    let mut seen: BTreeSet<PackageId> = roots.iter().copied().collect();
    let mut queue: Vec<PackageId> = roots.to_vec();
    while let Some(id) = queue.pop() {
        for edge in graph.dependencies(id) {
            let dev_of_dependency = edge.kind == EdgeKind::Development && !roots.contains(&id);
            if let Some(to) = edge.to
                && !dev_of_dependency
                && follow(edge.kind)
                && seen.insert(to)
            {
                queue.push(to);
            }
        }
    }
    seen
}

/// The roots that an expectation speaks of: the one it names, else all.
fn roots_of(case: &Case, graph: &DependencyGraph) -> Vec<PackageId> {
    let named = case.expect.root.as_deref().and_then(|root| root.rsplit_once('@')).map(|(name, _)| name);
    let matching: Vec<PackageId> = graph
        .roots()
        .iter()
        .copied()
        .filter(|&id| named.is_some_and(|name| graph.package(id).name.as_str() == name))
        .collect();
    if !matching.is_empty() {
        return matching;
    }
    let own: Vec<PackageId> = graph
        .roots()
        .iter()
        .copied()
        .filter(|&id| named.is_none() || graph.package(id).origin == Origin::Root)
        .collect();
    own
}

/// Accounts for every pair of ours that is not expected, or tells which one can't be.
fn differences(case: &Case, graph: &DependencyGraph) -> Result<BTreeMap<Difference, usize>, String> {
    let expected = expected_pairs(case);
    let ours: BTreeSet<Pair> = graph.packages().iter().map(pair).collect();
    let missing: Vec<&Pair> = expected
        .iter()
        .filter(|wanted| !ours.contains(wanted))
        .filter(|wanted| !is_same_without_version(wanted, graph) && !is_unresolved(wanted, graph))
        .filter(|wanted| !graph.packages().iter().any(|package| alias_pair(package).as_ref() == Some(wanted)))
        .collect();
    if !missing.is_empty() {
        return Err(format!("expected but missing: {missing:?}"));
    }
    let roots = roots_of(case, graph);
    let is_graph_of_root = case.expect.root.is_some();
    let all = reached(graph, &roots, |_| true);
    let running = reached(graph, &roots, |kind| kind != EdgeKind::Development);
    let without_peers = reached(graph, &roots, |kind| !kind.is_peer());
    let needed = reached(graph, &roots, |kind| !kind.is_optional());
    let of = |ids: &BTreeSet<PackageId>| -> BTreeSet<Pair> {
        ids.iter().map(|&id| pair(graph.package(id))).collect()
    };
    let (all_pairs, running_pairs, without_peer_pairs, needed_pairs) =
        (of(&all), of(&running), of(&without_peers), of(&needed));
    let lists_only = |within: &BTreeSet<Pair>| {
        expected.iter().all(|pair| within.contains(pair) || !all_pairs.contains(pair))
    };
    let other_copies = LazyCell::new(|| only_through_copies(graph));
    let mut found: BTreeMap<Difference, usize> = BTreeMap::new();
    for (id, package) in graph.iter() {
        let pair = pair(package);
        if expected.contains(&pair) {
            continue;
        }
        let flagged = |flag: bool| !is_graph_of_root && flag;
        let difference = if package.origin.is_first_party() {
            Difference::FirstParty
        } else if is_graph_of_root && !all.contains(&id) {
            Difference::Unreached
        } else if (is_graph_of_root && !running.contains(&id) && lists_only(&running_pairs))
            || flagged(!package.reach.production && package.reach.development)
                && expected.iter().all(|pair| is_production(graph, pair))
        {
            Difference::Development
        } else if is_graph_of_root && !without_peers.contains(&id) && lists_only(&without_peer_pairs) {
            Difference::Peer
        } else if is_graph_of_root && !needed.contains(&id) && lists_only(&needed_pairs) {
            Difference::Optional
        } else if matches!(package.origin, Origin::File { .. }) && package.version_text.is_empty() {
            Difference::Linked
        } else if is_named_after_folder(package) && !expected.iter().any(|(name, _)| *name == pair.0) {
            Difference::Nameless
        } else if alias_pair(package).is_some_and(|pair| expected.contains(&pair)) {
            Difference::Alias
        } else if is_graph_of_root && other_copies.contains(&id) {
            Difference::OtherCopy
        } else if is_without_entry(graph, package) {
            Difference::WithoutEntry
        } else {
            return Err(format!(
                "not expected: {}@{} {:?} {:?}",
                pair.0, pair.1, package.origin, package.reach
            ));
        };
        *found.entry(difference).or_default() += 1;
    }
    Ok(found)
}

fn alias_pair(package: &Package) -> Option<Pair> {
    Some((package.alias.as_ref()?.to_string(), package.version_text.to_string()))
}

/// Packages that are required only by releases of which the graph has several copies, or by such packages.
fn only_through_copies(graph: &DependencyGraph) -> BTreeSet<PackageId> {
    let mut copies: BTreeMap<Pair, usize> = BTreeMap::new();
    graph.packages().iter().for_each(|package| *copies.entry(pair(package)).or_default() += 1);
    let mut found: BTreeSet<PackageId> = BTreeSet::new();
    loop {
        let more: Vec<PackageId> = graph
            .iter()
            .map(|(id, _)| id)
            .filter(|id| !found.contains(id) && graph.dependents(*id).next().is_some())
            .filter(|&id| {
                graph
                    .dependents(id)
                    .all(|edge| copies[&pair(graph.package(edge.from))] > 1 || found.contains(&edge.from))
            })
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// Some tools list a requirement that the lockfile has no entry for, with its range in place of a version. In our
/// graph it is an edge that leads nowhere, to a name of which the graph has no package at all.
fn is_unresolved(wanted: &Pair, graph: &DependencyGraph) -> bool {
    graph.packages().iter().all(|package| package.name.as_str() != wanted.0)
        && graph
            .edges()
            .iter()
            .any(|edge| edge.to.is_none() && *edge.name == *wanted.0 && *edge.specifier == *wanted.1)
}

/// Whether a folder's package has no other name than the folder's.
fn is_named_after_folder(package: &Package) -> bool {
    match &package.origin {
        Origin::File { path } => path.rsplit('/').next() == Some(package.name.as_str()),
        _ => false,
    }
}

/// Whether the reader remarked that a package is only referred to.
fn is_without_entry(graph: &DependencyGraph, package: &Package) -> bool {
    let remark = format!("{} is resolved to but has no entry", package.label());
    graph.remarks().iter().any(|known| known.message.starts_with(&remark))
}

/// Whether some package of this name and version runs in production.
fn is_production(graph: &DependencyGraph, wanted: &Pair) -> bool {
    graph.packages().iter().any(|package| pair(package) == *wanted && package.reach.production)
}

/// Where one side knows no version, the name decides: for what is from no registry, some tools give the specifier
/// in place of a version; and the version of a workspace member stands only in its manifest, which most cases lack.
fn is_same_without_version(wanted: &Pair, graph: &DependencyGraph) -> bool {
    let is_specifier = wanted.1.is_empty() || wanted.1 == "undefined" || wanted.1.contains([':', '/']);
    graph.packages().iter().filter(|package| package.name.as_str() == wanted.0).any(|package| {
        is_specifier && !matches!(package.origin, Origin::Registry { .. })
            || package.origin.is_first_party() && package.version.is_none()
    })
}

fn cases(data: &Path) -> Vec<(PathBuf, Case)> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(data.join("lockfiles/with-expected"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    folders.into_iter().map(|folder| (folder.clone(), load(&folder))).collect()
}

#[test]
fn others_expectations_hold() {
    let Some(data) = nodeward_testkit::data_or_skip("others_expectations_hold") else { return };
    let mut held = 0;
    let mut errors = 0;
    let mut not_counted = 0;
    let mut not_shared = BTreeSet::new();
    let mut failures = Vec::new();
    let mut used: BTreeMap<Difference, usize> = BTreeMap::new();
    for (folder, case) in cases(&data) {
        let name = case.case.as_str();
        if NOT_SHARED.iter().any(|(known, _)| *known == name) {
            not_shared.insert(name.to_owned());
        }
        let graph = read(&folder, &case.input);
        let counts = case.check.expected_names_and_versions_all_present_in_lockfile_text
            && !case.check.ambiguous_dir_with_several_lockfiles
            && (case.expect.packages.is_some() || case.expect.error.is_some());
        let outcome = match (&case.expect.error, graph) {
            (Some(_), Err(error)) => place_is_given(&error).map(|()| errors += 1),
            (Some(error), Ok(_)) => Err(format!("read, though the expectation is an error: {error}")),
            (None, Ok(graph)) if counts => differences(&case, &graph).map(|found| {
                held += 1;
                found
                    .into_iter()
                    .for_each(|(difference, count)| *used.entry(difference).or_default() += count);
            }),
            (None, Ok(_)) => {
                not_counted += 1;
                Ok(())
            }
            (None, Err(error)) if counts => Err(error.to_string()),
            (None, Err(error)) => place_is_given(&error).map(|()| not_counted += 1),
        };
        if let Err(failure) = outcome
            && !not_shared.contains(name)
        {
            failures.push(format!("{name} [{} {}]: {failure}", case.source, case.format));
        }
    }
    println!(
        "held {held}, errors as expected {errors}, not shared {}, not to be counted {not_counted}",
        not_shared.len()
    );
    println!("differences accounted for: {used:?}");
    assert!(NOT_SHARED.len() <= 12, "a list of exceptions that long hides something");
    assert!(failures.is_empty(), "{} cases fail:\n{}", failures.len(), failures.join("\n"));
}

/// An error about a file's content names the file and, where there is one, the line.
fn place_is_given(error: &LockfileError) -> Result<(), String> {
    let text = error.to_string();
    match error {
        LockfileError::UnknownFormat { .. } | LockfileError::Io { .. } => Ok(()),
        _ if text.split(": ").next().is_some_and(|place| place.contains(':')) => Ok(()),
        _ => Err(format!("an error without a place: {text}")),
    }
}

#[test]
fn whatever_is_found_is_read_or_refused_clearly() {
    let Some(data) = nodeward_testkit::data_or_skip("whatever_is_found_is_read_or_refused_clearly") else {
        return;
    };
    for folder in ["unlabelled", "large"] {
        let mut counts = [0; 2];
        let mut files: Vec<PathBuf> = std::fs::read_dir(data.join("lockfiles").join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        let mut errors = Vec::new();
        for path in files {
            let bytes = std::fs::read(&path).unwrap();
            let name = path.file_name().unwrap();
            match parse(&Input { file: Path::new(name), bytes: &bytes, manifests: &[] }) {
                Ok(_) => counts[0] += 1,
                Err(error) => {
                    counts[1] += 1;
                    place_is_given(&error).unwrap();
                    errors.push(error.to_string());
                }
            }
        }
        println!("{folder}: {} read, {} refused\n  {}", counts[0], counts[1], errors.join("\n  "));
        assert!(counts[0] > counts[1], "{folder}");
    }
}

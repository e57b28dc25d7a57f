//! The changes that would clear findings: for each release with a flaw the smallest one.
//!
//! Smallest first: a newer version that every requirement on the way already allows, so that only the lockfile
//! changes; else a newer version of a direct dependency; else an override; else there is nothing but to replace it.
//! What to change to is never a version that the index knows anything against, and never an older one unless
//! every newer one is bad (a hijacked latest release). A flaw that every newer version has too is no reason against
//! one that clears the others; it is left over, with the advice to replace.
//!
//! Without registry metadata only the fixed versions that advisories name are known: nothing is then called checked.

mod edit;
mod forget;
mod instruct;
mod settle;
mod universe;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use nodeward_package::manifest::Override;
use nodeward_package::{DependencyGraph, PackageId, PackageName, Packument, Version};
use nodeward_report::{Change, ChangeKind, Finding, Kind, Subject};

use crate::index::{Index, IndexError};

pub use edit::{EditError, set_manifest_override, set_requirement, set_workspace_override};
pub use forget::{forget_pnpm_release, forget_yarn_release};
pub use instruct::{Edit, PackageManager};
use settle::{Settler, Step};
use universe::Universe;

/// A project to plan for.
#[derive(Debug, Clone, Copy)]
pub struct Project<'a> {
    /// Its graph.
    pub graph: &'a DependencyGraph,
    /// Its index among the report's projects.
    pub index: usize,
    /// Who installs it.
    pub manager: PackageManager,
    /// What its manifest forces already.
    pub overrides: &'a [Override],
}

/// Looks up what the registry says of a package; `None` where it can't be known.
pub type Metadata<'a> = dyn Fn(&PackageName) -> Option<Packument> + 'a;

/// A change, and how to make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// As the report shows it. A finding that takes several changes is named by each of them.
    pub change: Change,
    /// What to write into manifests; empty where the lockfile alone changes or nothing can be done.
    pub edits: Vec<Edit>,
    /// The packages, as they are required, that the package manager has to be told to update within their ranges.
    pub updates: Vec<String>,
    /// The command of the package manager that makes the change, or that installs what the edits ask for; empty
    /// where there is none.
    pub command: Vec<String>,
}

/// Findings by the file that they stand in, each with its place in the report, in order. One report can have
/// thousands of projects, and none should look through the findings of all.
#[derive(Debug)]
pub struct FindingsByFile<'a>(HashMap<&'a Path, Vec<(usize, &'a Finding)>>);

impl<'a> FindingsByFile<'a> {
    /// Sorts the findings of a report.
    pub fn new(findings: &'a [Finding]) -> Self {
        let mut by_file: HashMap<&Path, Vec<(usize, &Finding)>> = HashMap::new();
        for (at, finding) in findings.iter().enumerate() {
            by_file.entry(&finding.place.file).or_default().push((at, finding));
        }
        Self(by_file)
    }

    fn of(&self, project: &Project<'_>) -> &[(usize, &'a Finding)] {
        self.0.get(&**project.graph.file()).map_or(&[], Vec::as_slice)
    }
}

/// Plans the changes of one project. `findings` are the whole report's; those of other projects are passed over.
///
/// # Errors
/// An index that can't be read.
pub fn plan(
    project: &Project<'_>,
    findings: &FindingsByFile<'_>,
    index: &Index,
    metadata: Option<&Metadata<'_>>,
) -> Result<Vec<Planned>, IndexError> {
    let findings = findings.of(project);
    let universe = Universe::new(index, metadata);
    let mut settler = Settler::new(project, &universe);
    let mut drafts: BTreeMap<DraftKey, Draft> = BTreeMap::new();
    let releases = releases(project, findings);
    let mut names: Vec<&PackageName> =
        releases.iter().map(|(release, _)| &project.graph.package(release[0]).name).collect();
    names.dedup();
    universe.prepare(&names);
    for (release, clears) in releases {
        let package = project.graph.package(release[0]);
        let lasting = match &package.version {
            Some(version) => universe.lasting(&package.name, version)?,
            None => Vec::new(),
        };
        let (lasting, clears): (BTreeSet<usize>, BTreeSet<usize>) =
            clears.into_iter().partition(|&at| is_called_any(findings, at, &lasting));
        let upgrades = if clears.is_empty() { Vec::new() } else { settler.steps(&release)? };
        let replacements = if lasting.is_empty() { Vec::new() } else { settler.replace(&release) };
        let steps = upgrades.into_iter().map(|step| (step, &clears));
        for (step, clears) in steps.chain(replacements.into_iter().map(|step| (step, &lasting))) {
            let draft = drafts.entry(DraftKey::of(&step, project.graph)).or_default();
            draft.clears.extend(clears);
            draft.steps.push(step);
        }
    }
    let of_several_majors = match drafts.is_empty() {
        true => HashSet::new(),
        false => instruct::of_several_majors(project.graph),
    };
    let mut planned: Vec<Planned> = Vec::new();
    for (key, draft) in drafts {
        planned.extend(finish(project, &universe, &of_several_majors, key, draft)?);
    }
    planned.sort_by(|a, b| {
        let key =
            |planned: &Planned| (planned.change.clears.len(), std::cmp::Reverse(planned.change.kind as u8));
        key(b).cmp(&key(a)).then_with(|| a.change.package.cmp(&b.change.package))
    });
    Ok(planned)
}

/// Steps of one package at one version, of one kind, are one change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct DraftKey {
    kind: u8,
    package: PackageName,
    from: String,
    /// For upgrades beyond the range: the manifest, since each has its own range.
    root: Option<PackageId>,
}

#[derive(Debug, Default)]
struct Draft {
    clears: BTreeSet<usize>,
    steps: Vec<Step>,
}

impl DraftKey {
    fn of(step: &Step, graph: &DependencyGraph) -> Self {
        let (id, root) = match step {
            Step::Within { id, .. } | Step::Override { id, .. } | Step::Replace { id, .. } => (*id, None),
            Step::Beyond { id, root, .. } => (*id, Some(*root)),
        };
        let package = graph.package(id);
        Self {
            kind: step.kind() as u8,
            package: package.name.clone(),
            from: package.version_text.to_string(),
            root,
        }
    }
}

/// Whether the finding at a place of the report has one of these names.
fn is_called_any(findings: &[(usize, &Finding)], at: usize, ids: &[String]) -> bool {
    findings
        .binary_search_by_key(&at, |&(at, _)| at)
        .is_ok_and(|found| ids.iter().any(|id| findings[found].1.is_called(id)))
}

/// The releases with findings, and which: the copies of one release together.
fn releases(project: &Project<'_>, findings: &[(usize, &Finding)]) -> Vec<(Vec<PackageId>, BTreeSet<usize>)> {
    let mut by_release: BTreeMap<(&str, &str), BTreeSet<usize>> = BTreeMap::new();
    for &(at, finding) in findings {
        let is_flaw = matches!(finding.kind, Kind::Advisory | Kind::Malware);
        if let Subject::Release { name, version } = &finding.subject
            && is_flaw
        {
            by_release.entry((name.as_str(), version)).or_default().insert(at);
        }
    }
    // Most packages are in none, which a name alone tells sooner.
    let names: HashSet<&str> = by_release.keys().map(|&(name, _)| name).collect();
    let mut copies: BTreeMap<(&str, &str), Vec<PackageId>> = BTreeMap::new();
    for (id, package) in project.graph.iter().filter(|(_, package)| names.contains(package.name.as_str())) {
        let release = (package.name.as_str(), &*package.version_text);
        if by_release.contains_key(&release) && !package.origin.is_first_party() {
            copies.entry(release).or_default().push(id);
        }
    }
    copies.into_iter().map(|(release, ids)| (ids, by_release.remove(&release).unwrap_or_default())).collect()
}

/// Makes one change of the steps that agree in kind, package and version: to the version that all of them take, or to
/// the newest that one of them needs.
fn finish(
    project: &Project<'_>,
    universe: &Universe<'_>,
    of_several_majors: &HashSet<&str>,
    key: DraftKey,
    draft: Draft,
) -> Result<Option<Planned>, IndexError> {
    let Some(first) = draft.steps.first() else { return Ok(None) };
    let to = common_target(&draft.steps);
    let from = Version::parse(&key.from).ok();
    let versions = universe.versions(&key.package)?;
    // A range may admit a newer version that is bad: then only the exact one will do.
    let is_safe =
        |specifier: &str| first.good().is_some_and(|good| versions.admitted(specifier, good).is_some());
    let how = instruct::how(project, first, &draft.steps, to.as_ref(), &is_safe, of_several_majors);
    let change = Change {
        project: project.index,
        kind: first.kind(),
        package: key.package.to_string(),
        from: key.from,
        to: to.as_ref().map(ToString::to_string).unwrap_or_default(),
        instruction: how.instruction,
        clears: draft.clears.into_iter().collect(),
        checked: versions.is_checked
            && first.kind() != ChangeKind::Replace
            && draft.steps.iter().all(Step::is_checked),
        breaking: from.zip(to).is_some_and(|(from, to)| is_breaking(&from, &to)),
    };
    Ok(Some(Planned { change, edits: how.edits, updates: how.updates, command: how.command }))
}

fn common_target(steps: &[Step]) -> Option<Version> {
    let first = steps.first()?.good()?;
    let shared = first
        .iter()
        .find(|version| steps.iter().all(|step| step.good().is_some_and(|good| good.contains(version))));
    match steps.first()? {
        // Which version a lockfile update takes is the package manager's choice, worked out before.
        Step::Within { .. } => steps.iter().filter_map(Step::to).max().cloned(),
        _ => shared.or_else(|| steps.iter().filter_map(Step::to).max()).cloned(),
    }
}

/// The major version changes, or below 1.0 the minor one.
fn is_breaking(from: &Version, to: &Version) -> bool {
    from.major != to.major || (from.major == 0 && from.minor != to.minor)
}

#[cfg(test)]
mod tests;

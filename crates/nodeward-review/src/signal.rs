//! The one shape that every signal has, and how it makes findings.

use nodeward_package::{DependencyGraph, Origin, Package, PackageId, Place};
use nodeward_report::{Confidence, Evidence, Finding, Kind, Severity, Subject, Threat};

use crate::Context;

/// The most paths that a finding shows.
const MAX_PATHS: usize = 3;
/// The most examples that a finding about many packages shows.
const MAX_EXAMPLES: usize = 5;
/// The most characters of somebody else's text in one title or fact.
const MAX_TEXT: usize = 160;

/// One thing to look for.
pub struct Signal {
    /// Its name in reports and suppressions.
    pub id: &'static str,
    /// What it sees, in one line.
    pub summary: &'static str,
    /// Which of the twelve.
    pub threat: Threat,
    /// How bad, as a rule; a finding may say otherwise.
    pub severity: Severity,
    /// How sure, as a rule.
    pub confidence: Confidence,
    /// Its page: what, why, an example, how to mend and how to suppress.
    pub docs: &'static str,
    pub(crate) check: fn(&Signal, &Context<'_>) -> Vec<Finding>,
}

/// What a signal says of one release.
pub(crate) struct Said {
    pub(crate) title: String,
    pub(crate) severity: Severity,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) next_step: &'static str,
}

impl Signal {
    /// Runs it.
    pub fn check(&self, context: &Context<'_>) -> Vec<Finding> {
        (self.check)(self, context)
    }

    /// A finding about each release of some origins that there is something to say of.
    pub(crate) fn releases_from(
        &self,
        context: &Context<'_>,
        is_wanted: fn(&Origin) -> bool,
        say: impl Fn(&Package) -> Option<Said>,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        for project in context.projects {
            for (id, package) in project.releases_from(is_wanted) {
                let Some(said) = say(package) else { continue };
                let mut finding = self.release(project.graph, id, said.title);
                finding.severity = said.severity;
                finding.evidence = said.evidence;
                finding.next_step = Some(said.next_step.to_owned());
                findings.push(finding);
            }
        }
        findings
    }

    /// A finding about one release of a project.
    pub(crate) fn release(&self, graph: &DependencyGraph, id: PackageId, title: String) -> Finding {
        let package = graph.package(id);
        let subject = Subject::Release { name: package.name.clone(), version: package.version_text.clone() };
        let mut finding = self.finding(Kind::Signal, subject, graph.place(id), title);
        finding.production = package.reach.production || !package.reach.development;
        let label =
            |path: Vec<PackageId>| path.into_iter().map(|id| clip(&graph.package(id).label())).collect();
        finding.paths = graph.paths_to(id, MAX_PATHS).into_iter().map(label).collect();
        finding
    }

    /// A finding about a file of the project.
    pub(crate) fn file(&self, place: Place, title: impl Into<String>) -> Finding {
        self.finding(Kind::Project, Subject::File, place, title.into())
    }

    fn finding(&self, kind: Kind, subject: Subject, place: Place, title: String) -> Finding {
        let mut finding =
            Finding::new(self.id, kind, self.threat, self.severity, subject, place, clip(&title));
        finding.confidence = self.confidence;
        finding
    }

    /// One finding about many packages of a lockfile: how many, and the first few. `None` where there are none.
    pub(crate) fn group(
        &self,
        graph: &DependencyGraph,
        packages: &[PackageId],
        title: impl FnOnce(&str) -> String,
        fact: impl Fn(&Package) -> String,
    ) -> Option<Finding> {
        let (&first, rest) = packages.split_first()?;
        let count = if rest.is_empty() {
            clip(&graph.package(first).label())
        } else {
            format!("{} packages", packages.len())
        };
        let mut finding = self.file(graph.place(first), title(&count));
        finding.production = packages.iter().any(|&id| graph.package(id).reach.production);
        for &id in packages.iter().take(MAX_EXAMPLES) {
            let package = graph.package(id);
            let (label, fact) = (package.label(), fact(package));
            let value =
                if fact.is_empty() { clip(&label) } else { format!("{}: {}", clip(&label), clip(&fact)) };
            finding.evidence.push(Evidence { label: "package", value, place: Some(graph.place(id)) });
        }
        if packages.len() > MAX_EXAMPLES {
            finding.evidence.push(fact_of("and", format!("{} more", packages.len() - MAX_EXAMPLES)));
        }
        Some(finding)
    }
}

/// A fact without a place.
pub(crate) fn fact_of(label: &'static str, value: impl Into<String>) -> Evidence {
    Evidence { label, value: value.into(), place: None }
}

/// Somebody else's text at a length that fits a line or two. What it holds is made visible when it is printed.
pub(crate) fn clip(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

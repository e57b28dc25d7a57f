//! Software bills of materials: what projects are made of, in the formats that other tools read.
//!
//! Every package of every lockfile is in, first-party ones included, with its package URL, digests, licence,
//! reach and requirements. The same input at the same time gives the same bytes. User names and passwords that a
//! lockfile holds in its URLs stay out.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, Write};

use jiff::Timestamp;
use nodeward_package::{Package, PackageId};

use crate::{Finding, Report, ScannedProject, Subject, Suppressed, safe_json};

mod cyclonedx;
mod licence;
mod parts;
pub mod purl;
mod spdx;
mod spdx3;

/// Writes a CycloneDX 1.6 document of projects, without findings.
///
/// # Errors
/// The output takes no more.
pub fn cyclonedx(
    projects: &[ScannedProject],
    now: Timestamp,
    tool_version: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    safe_json::write(&cyclonedx::document(&Source::new(projects, now, tool_version)), out)
}

/// Writes an SPDX 2.3 document of projects, without findings.
///
/// # Errors
/// The output takes no more.
pub fn spdx(
    projects: &[ScannedProject],
    now: Timestamp,
    tool_version: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    safe_json::write(&spdx::document(&Source::new(projects, now, tool_version)), out)
}

/// Writes an SPDX 3.0.1 document of projects, without findings.
///
/// # Errors
/// The output takes no more.
pub fn spdx3(
    projects: &[ScannedProject],
    now: Timestamp,
    tool_version: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    safe_json::write(&spdx3::document(&Source::new(projects, now, tool_version)), out)
}

/// Writes a report as CycloneDX 1.6: the bill of materials, and what is known against it.
pub(crate) fn cyclonedx_report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    safe_json::write(&cyclonedx::document(&Source::of_report(report)), out)
}

/// Writes a report as SPDX 2.3: the bill of materials, with a reference to what is known against each package.
pub(crate) fn spdx_report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    safe_json::write(&spdx::document(&Source::of_report(report)), out)
}

/// Writes a report as SPDX 3.0.1: the bill of materials, and what is known against it.
pub(crate) fn spdx3_report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    safe_json::write(&spdx3::document(&Source::of_report(report)), out)
}

/// What a document is made from.
struct Source<'a> {
    projects: &'a [ScannedProject],
    components: Vec<Component<'a>>,
    /// Where in `components` each project's packages start.
    first: Vec<usize>,
    findings: &'a [Finding],
    suppressed: &'a [Suppressed],
    now: Timestamp,
    tool_version: &'a str,
}

/// One package of one project.
struct Component<'a> {
    /// Index into [`Source::projects`].
    project: usize,
    /// Which package of the project's graph.
    id: PackageId,
    /// The package.
    package: &'a Package,
    /// Its package URL.
    purl: String,
    /// Its name within the document: the package URL, and for a copy of what is already there something more.
    reference: String,
}

impl<'a> Source<'a> {
    fn new(projects: &'a [ScannedProject], now: Timestamp, tool_version: &'a str) -> Self {
        let mut components = Vec::new();
        let mut first = Vec::new();
        let mut taken = HashSet::new();
        for (project, scanned) in projects.iter().enumerate() {
            first.push(components.len());
            for (id, package) in scanned.graph.iter() {
                let purl = purl::of_package(package);
                let reference = unique_reference(&purl, package, &mut taken);
                components.push(Component { project, id, package, purl, reference });
            }
        }
        Self { projects, components, first, findings: &[], suppressed: &[], now, tool_version }
    }

    fn of_report(report: &'a Report) -> Self {
        let bare = Self::new(&report.projects, report.now, report.tool_version);
        Self { findings: &report.findings, suppressed: &report.suppressed, ..bare }
    }

    fn component(&self, project: usize, id: PackageId) -> &Component<'a> {
        &self.components[self.first[project] + id.index()]
    }

    /// What a component requires, each once, in the order of the references.
    fn required_by(&self, component: &Component<'_>) -> Vec<&Component<'a>> {
        let edges = self.projects[component.project].graph.dependencies(component.id);
        let mut required: Vec<&Component<'a>> =
            edges.iter().filter_map(|edge| edge.to).map(|to| self.component(component.project, to)).collect();
        required.sort_by(|a, b| a.reference.cmp(&b.reference));
        required.dedup_by(|a, b| a.reference == b.reference);
        required
    }

    /// The roots of all projects, in order.
    fn roots(&self) -> impl Iterator<Item = &Component<'a>> {
        self.projects.iter().enumerate().flat_map(move |(project, scanned)| {
            scanned.graph.roots().iter().map(move |&id| self.component(project, id))
        })
    }

    /// The components that a finding is about: the release wherever it stands in the finding's lockfile, or in all
    /// of them where the finding stands in another file.
    fn affected(&self, finding: &Finding) -> Vec<&Component<'a>> {
        let Subject::Release { name, version } = &finding.subject else { return Vec::new() };
        let same = |component: &&Component<'a>| {
            component.package.name == *name
                && component.package.version_text == *version
                && !component.package.origin.is_first_party()
        };
        let here: Vec<_> = self
            .components
            .iter()
            .filter(same)
            .filter(|component| *self.projects[component.project].graph.file() == finding.place.file)
            .collect();
        if here.is_empty() { self.components.iter().filter(same).collect() } else { here }
    }

    /// A UUID that follows from the time and everything listed.
    fn uuid(&self) -> String {
        let now = self.now.to_string();
        let mut parts = vec![now.as_str(), self.tool_version];
        parts.extend(self.components.iter().map(|component| component.reference.as_str()));
        parts.extend(self.findings.iter().map(|finding| &*finding.rule));
        crate::fingerprint::uuid(&parts)
    }

    /// The name of the whole.
    fn name(&self) -> String {
        match self.projects {
            [] => "empty".to_owned(),
            [project] => project.name.clone(),
            [project, rest @ ..] => format!("{} and {} more", project.name, rest.len()),
        }
    }

    /// To the second, in UTC, which is all that SPDX takes.
    fn created(&self) -> String {
        self.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

fn unique_reference(purl: &str, package: &Package, taken: &mut HashSet<String>) -> String {
    let mut reference = purl.to_owned();
    if taken.contains(&reference)
        && let Some(folder) = &package.folder
    {
        reference = format!("{purl}|{folder}");
    }
    let base = reference.clone();
    let mut number = 1;
    while !taken.insert(reference.clone()) {
        number += 1;
        reference = format!("{base}|{number}");
    }
    reference
}

/// A URL as a document may carry it: without user name, password or token.
pub(crate) fn clean_url(url: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Cow::Borrowed(url);
    };
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    match authority.rfind('@') {
        // `git@` is how everyone logs in to a git server over SSH: no secret, and the URL needs it.
        Some(at) if &authority[..at] != "git" => Cow::Owned(format!("{scheme}://{}", &rest[at + 1..])),
        _ => Cow::Borrowed(url),
    }
}

//! Plans the changes that clear a report's findings, with or without the registry's word on them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;

use nodeward_advisory::remedy::{self, FindingsByFile, Planned};
use nodeward_package::npm_config::NpmConfig;
use nodeward_package::{PackageName, Packument};

use crate::database;
use crate::gather;
use crate::inspection::Inspection;
use crate::npm_settings::NpmSettings;
use crate::package_manager;
use crate::registry::Registry;
use crate::session::Session;

/// Whether the registry is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Metadata {
    /// Only what the advisories say.
    FromAdvisories,
    /// Packuments, through npm's configuration.
    FromRegistry,
}

/// Fills in the report's changes; gives them with what it takes to make them.
pub(crate) fn plan(
    inspection: &mut Inspection,
    metadata: Metadata,
    session: &Session,
) -> anyhow::Result<Vec<Planned>> {
    let mut all = Vec::new();
    let findings = FindingsByFile::new(&inspection.report.findings);
    for (index, project) in inspection.report.projects.iter().enumerate() {
        let folder = &inspection.folders[index];
        let manifest = gather::read_manifest(&folder.join("package.json"));
        let Some(manager) = package_manager::of(project.graph.format(), manifest.as_ref()) else { continue };
        let manager = match metadata {
            Metadata::FromAdvisories => manager,
            Metadata::FromRegistry => package_manager::installed(manager, manifest.as_ref(), folder, session),
        };
        let overrides = manifest.as_ref().map_or(&[][..], |manifest| &manifest.overrides);
        let target = remedy::Project { graph: &project.graph, index, manager, overrides };
        let planned = match metadata {
            Metadata::FromRegistry => {
                let npm = NpmSettings::read(session, Some(folder))?;
                let registry = Answers::new(&npm.config, folder, session);
                remedy::plan(
                    &target,
                    &findings,
                    &inspection.index,
                    Some(&|name| registry.packument(name, session)),
                )
            }
            Metadata::FromAdvisories => remedy::plan(&target, &findings, &inspection.index, None),
        };
        all.extend(planned.map_err(|error| database::damaged(session, &error))?);
    }
    inspection.report.changes = all.iter().map(|planned| planned.change.clone()).collect();
    Ok(all)
}

/// The registry's answers, each asked for once. What it does not say is told, once for each package.
struct Answers<'a> {
    registry: Registry<'a>,
    known: RefCell<HashMap<PackageName, Option<Packument>>>,
}

impl<'a> Answers<'a> {
    fn new(npm: &'a NpmConfig, folder: &Path, session: &'a Session) -> Self {
        let registry = Registry::new(npm, folder, session);
        if !registry.is_known() {
            session.warn("no registry is configured or reachable; the changes are not checked against one");
        }
        Self { registry, known: RefCell::default() }
    }

    fn packument(&self, name: &PackageName, session: &Session) -> Option<Packument> {
        if let Some(known) = self.known.borrow().get(name) {
            return known.clone();
        }
        let found = self.ask(name, session);
        self.known.borrow_mut().insert(name.clone(), found.clone());
        found
    }

    fn ask(&self, name: &PackageName, session: &Session) -> Option<Packument> {
        if !self.registry.answers_for(name) {
            return None;
        }
        let answer = self.registry.packument(name);
        answer.inspect_err(|error| session.warn(format_args!("not checked: {error:#}"))).ok()
    }
}

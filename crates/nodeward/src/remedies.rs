//! Plans the changes that clear a report's findings, with or without the registry's word on them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;

use nodeward_advisory::remedy::{self, FindingsByFile, Planned};
use nodeward_package::npm_config::NpmConfig;
use nodeward_package::{PackageName, Packument, packument};

use crate::database;
use crate::gather;
use crate::inspection::Inspection;
use crate::npm_settings::NpmSettings;
use crate::package_manager;
use crate::session::{Network, Session};
use crate::transport::{Answer, Audience, Patience, Request, Transport};

/// Whether the registry is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Metadata {
    /// Only what the advisories say.
    FromAdvisories,
    /// Packuments, through npm's configuration.
    FromRegistry,
}

/// What the registry needs to be told to leave the rest out.
const ABBREVIATED: &str = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8";

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
                let registry = Registry::new(&npm.config, folder, session);
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

/// The registry of npm's configuration.
struct Registry<'a> {
    npm: &'a NpmConfig,
    transport: Transport<'a>,
    /// What npm itself says its registry is, where its configuration is silent.
    fallback: Option<String>,
    known: RefCell<HashMap<PackageName, Option<Packument>>>,
}

impl<'a> Registry<'a> {
    fn new(npm: &'a NpmConfig, folder: &Path, session: &'a Session) -> Self {
        let fallback = match npm.registry() {
            Some(_) => None,
            None if session.network == Network::Denied => None,
            None => ask_npm(folder, session),
        };
        if npm.registry().is_none() && fallback.is_none() {
            session.warn("no registry is configured or reachable; the changes are not checked against one");
        }
        Self {
            npm,
            transport: Transport::new(npm, &session.environment, Patience::ASKED),
            fallback,
            known: RefCell::default(),
        }
    }

    /// What the registry says of a package; asked once. What it does not say is told, once for each package.
    fn packument(&self, name: &PackageName, session: &Session) -> Option<Packument> {
        if let Some(known) = self.known.borrow().get(name) {
            return known.clone();
        }
        let found = self.ask(name, session);
        self.known.borrow_mut().insert(name.clone(), found.clone());
        found
    }

    fn ask(&self, name: &PackageName, session: &Session) -> Option<Packument> {
        if session.network == Network::Denied {
            return None;
        }
        let registry =
            self.npm.registry_for(name).map(|setting| &*setting.value).or(self.fallback.as_deref())?;
        let url = format!("{}/{}", registry.trim_end_matches('/'), name.as_str().replacen('/', "%2f", 1));
        let request = Request {
            url: &url,
            audience: Audience::Registry,
            accept: ABBREVIATED,
            known: None,
            limit: packument::MAX_BYTES as u64,
        };
        let bytes = match self.transport.bytes(&request) {
            Ok(Answer::Fresh(bytes, _)) => bytes,
            Ok(Answer::Unchanged) => return None,
            Err(error) => {
                session.warn(format_args!("not checked: {error}"));
                return None;
            }
        };
        match Packument::parse(&bytes) {
            Ok(packument) if packument.name == *name => Some(packument),
            Ok(_) => {
                session.warn(format_args!(
                    "not checked: the registry's answer on {name} is about another package"
                ));
                None
            }
            Err(error) => {
                session.warn(format_args!("not checked: {name}: {error}"));
                None
            }
        }
    }
}

/// npm's built-in default is part of its configuration too, and only npm knows it.
fn ask_npm(folder: &Path, session: &Session) -> Option<String> {
    let answer = package_manager::answer("npm", &["config", "get", "registry"], folder, session);
    answer.filter(|url| url.starts_with("http"))
}

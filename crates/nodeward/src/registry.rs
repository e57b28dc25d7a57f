//! The registry of npm's configuration, asked.

use std::path::Path;

use anyhow::{Context as _, bail};
use nodeward_package::npm_config::NpmConfig;
use nodeward_package::{PackageName, Packument, packument};

use crate::package_manager;
use crate::session::{Network, Session};
use crate::transport::{Answer, Audience, Patience, Progress, Request, Transport};

/// What the registry needs to be told to leave the rest out.
const ABBREVIATED: &str = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8";

/// The most bytes of one tarball. The largest real ones have some hundred megabytes.
const MAX_TARBALL: u64 = 512 << 20;

/// The registry of npm's configuration.
#[derive(Debug)]
pub(crate) struct Registry<'a> {
    npm: &'a NpmConfig,
    transport: Transport<'a>,
    /// What npm itself says its registry is, where its configuration is silent.
    fallback: Option<String>,
    network: Network,
}

impl<'a> Registry<'a> {
    /// Asks npm which it is, where its configuration does not say.
    pub(crate) fn new(npm: &'a NpmConfig, folder: &Path, session: &'a Session) -> Self {
        let fallback = match npm.registry() {
            Some(_) => None,
            None if session.network == Network::Denied => None,
            None => ask_npm(folder, session),
        };
        Self {
            npm,
            transport: Transport::new(npm, &session.environment, Patience::ASKED),
            fallback,
            network: session.network,
        }
    }

    /// Whether there is one for packages without a scope.
    pub(crate) fn is_known(&self) -> bool {
        self.npm.registry().is_some() || self.fallback.is_some()
    }

    /// Whether a package can be asked for at all.
    pub(crate) fn answers_for(&self, name: &PackageName) -> bool {
        self.network != Network::Denied && self.address(name).is_some()
    }

    fn address(&self, name: &PackageName) -> Option<&str> {
        self.npm.registry_for(name).map(|setting| &*setting.value).or(self.fallback.as_deref())
    }

    /// What the registry says of a package.
    pub(crate) fn packument(&self, name: &PackageName) -> anyhow::Result<Packument> {
        if self.network == Network::Denied {
            bail!("the registry can't be asked for {name} without network");
        }
        let registry = self.address(name).context("no registry is configured or reachable")?;
        let url = format!("{}/{}", registry.trim_end_matches('/'), name.as_str().replacen('/', "%2f", 1));
        let limit = packument::MAX_BYTES as u64;
        let bytes = self.ask(&url, ABBREVIATED, limit, &mut |_, _| {})?;
        let packument = Packument::parse(&bytes).with_context(|| name.to_string())?;
        if packument.name != *name {
            bail!("the registry's answer on {name} is about another package");
        }
        Ok(packument)
    }

    /// The bytes behind the address of a tarball. Whoever asks holds them against their integrity.
    pub(crate) fn tarball(&self, url: &str, progress: Progress<'_>) -> anyhow::Result<Vec<u8>> {
        if self.network == Network::Denied {
            bail!("a tarball can't be fetched without network");
        }
        self.ask(url, "application/octet-stream, */*; q=0.5", MAX_TARBALL, progress)
    }

    fn ask(&self, url: &str, accept: &str, limit: u64, progress: Progress<'_>) -> anyhow::Result<Vec<u8>> {
        let request = Request { url, audience: Audience::Registry, accept, known: None, limit };
        match self.transport.bytes_with(&request, progress)? {
            Answer::Fresh(bytes, _) => Ok(bytes),
            Answer::Unchanged => bail!("the registry answers that nothing changed, which was not asked"),
        }
    }
}

/// npm's built-in default is part of its configuration too, and only npm knows it.
fn ask_npm(folder: &Path, session: &Session) -> Option<String> {
    let answer = package_manager::answer("npm", &["config", "get", "registry"], folder, session);
    answer.filter(|url| url.starts_with("http"))
}

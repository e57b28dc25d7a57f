//! `[[install.allow]]` and `[[install.deny]]` of `nodeward.toml`.

use std::ffi::OsStr;
use std::ops::Range;
use std::path::{Component, Path};

use anyhow::bail;
use nodeward_package::place::Place;
use nodeward_package::{PackageName, Version};
use nodeward_review::install::{Allow, ContentHash, Decisions, Deny, Own};
use nodeward_sandbox::gateway::HostRule;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::config::{FILE_NAME, date};

/// Which install scripts may run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table `[install]`")]
pub(crate) struct InstallSection {
    /// Packages whose scripts may run.
    #[serde(default)]
    #[schemars(with = "Vec<AllowSection>")]
    allow: Vec<Spanned<AllowSection>>,
    /// Packages whose scripts may not run, whatever the version.
    #[serde(default)]
    #[schemars(with = "Vec<DenySection>")]
    deny: Vec<Spanned<DenySection>>,
    /// What the project's own scripts may do. Without it, `nodeward install` leaves them to you.
    #[schemars(with = "Option<OwnSection>")]
    own: Option<Spanned<OwnSection>>,
}

/// One package whose scripts may run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table `[[install.allow]]`")]
struct AllowSection {
    /// Its name: `esbuild`.
    #[schemars(with = "String")]
    package: Spanned<String>,
    /// Its version, or several: `"0.25.0"`, `["0.25.0", "0.25.1"]`. No ranges.
    #[schemars(with = "Versions")]
    version: Spanned<Versions>,
    /// The content hash of its scripts, which `nodeward install-scripts` shows.
    #[schemars(with = "String", regex(pattern = r"^sha256-[0-9a-f]{64}$"))]
    hash: Spanned<String>,
    /// Why they may run. Obligatory.
    #[schemars(with = "String", length(min = 1))]
    reason: Spanned<String>,
    /// Hosts that they may reach while they run: `["github.com"]`. Without the list, none.
    #[schemars(with = "Option<Vec<String>>")]
    network: Option<Spanned<Vec<String>>>,
    /// The last day on which they may, `2027-01-31` (a TOML date or a text).
    #[schemars(with = "Option<String>", regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    until: Option<Spanned<toml::Value>>,
}

/// One package whose scripts may not run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table `[[install.deny]]`")]
struct DenySection {
    /// Its name: `left-pad`.
    #[schemars(with = "String")]
    package: Spanned<String>,
    /// Why they may not run. Obligatory.
    #[schemars(with = "String", length(min = 1))]
    reason: Spanned<String>,
}

/// What the project's own scripts may do.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table `[install.own]`")]
struct OwnSection {
    /// Files and folders that they may write to, from the project's folder: `["dist"]`. What is missing is made, as a
    /// folder. Without the list, nothing.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    write: Vec<Spanned<String>>,
    /// Hosts that they may reach: `["github.com"]`. Without the list, none.
    #[schemars(with = "Option<Vec<String>>")]
    network: Option<Spanned<Vec<String>>>,
}

/// A version, or several.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a version, or a list of versions")]
enum Versions {
    One(String),
    Several(Vec<String>),
}

type At<'p> = &'p dyn Fn(Range<usize>) -> Place;

impl InstallSection {
    /// What it says, checked.
    pub(crate) fn decisions(self, place: At<'_>) -> anyhow::Result<Decisions> {
        let allow = self
            .allow
            .into_iter()
            .map(|section| allow(section, place))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let deny =
            self.deny.into_iter().map(|section| deny(section, place)).collect::<anyhow::Result<Vec<_>>>()?;
        let own = self.own.map(|section| own(section, place)).transpose()?;
        Ok(Decisions { allow, deny, own })
    }
}

fn allow(section: Spanned<AllowSection>, place: At<'_>) -> anyhow::Result<Allow> {
    let at = place(section.span());
    let section = section.into_inner();
    let hash = match section.hash.get_ref().parse::<ContentHash>() {
        Ok(hash) => hash,
        Err(error) => bail!("{}: `hash` is none: {error}", place(section.hash.span())),
    };
    let until = match section.until {
        Some(value) => match date(value.get_ref()) {
            Some(date) => Some(date),
            None => bail!("{}: `until` is no date: write it as 2027-01-31", place(value.span())),
        },
        None => None,
    };
    Ok(Allow {
        package: package(&section.package, place)?,
        versions: versions(section.version, place)?,
        hash,
        reason: reason(section.reason, "say why these scripts may run", place)?,
        network: section.network.map(|hosts| network(hosts, place)).transpose()?.unwrap_or_default(),
        until,
        place: at,
    })
}

fn deny(section: Spanned<DenySection>, place: At<'_>) -> anyhow::Result<Deny> {
    let at = place(section.span());
    let section = section.into_inner();
    Ok(Deny {
        package: package(&section.package, place)?,
        reason: reason(section.reason, "say why these scripts may not run", place)?,
        place: at,
    })
}

fn own(section: Spanned<OwnSection>, place: At<'_>) -> anyhow::Result<Own> {
    let at = place(section.span());
    let section = section.into_inner();
    for path in &section.write {
        // All of the project holds this very file, too.
        let is_below = !path.get_ref().is_empty()
            && Path::new(path.get_ref()).components().all(|part| matches!(part, Component::Normal(_)));
        if !is_below {
            bail!(
                "{}: `write` {:?} is nothing below the project's folder: name files and folders in it, without `.` and `..`",
                place(path.span()),
                path.get_ref()
            );
        }
        if let Some(part) = Path::new(path.get_ref()).components().find(|part| decides(part.as_os_str())) {
            bail!(
                "{}: `write` {:?} leads to {}, by which the project's own scripts could decide what runs later",
                place(path.span()),
                path.get_ref(),
                part.as_os_str().display()
            );
        }
    }
    Ok(Own {
        write: section.write.into_iter().map(Spanned::into_inner).collect(),
        network: section.network.map(|hosts| network(hosts, place)).transpose()?.unwrap_or_default(),
        place: at,
    })
}

/// Whether what has this name decides what may run, or runs later: this very file, git's hooks, what is installed.
pub(crate) fn decides(name: &OsStr) -> bool {
    [FILE_NAME, ".git", "node_modules"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn package(text: &Spanned<String>, place: At<'_>) -> anyhow::Result<PackageName> {
    match PackageName::parse(text.get_ref()) {
        Ok(name) => Ok(name),
        Err(error) => bail!("{}: `package` is no package: {error}", place(text.span())),
    }
}

fn reason(text: Spanned<String>, wanted: &str, place: At<'_>) -> anyhow::Result<String> {
    if text.get_ref().trim().is_empty() {
        bail!("{}: `reason` is empty: {wanted}", place(text.span()));
    }
    Ok(text.into_inner())
}

fn versions(versions: Spanned<Versions>, place: At<'_>) -> anyhow::Result<Vec<Box<str>>> {
    let at = versions.span();
    let list = match versions.into_inner() {
        Versions::One(version) => vec![version],
        Versions::Several(list) => list,
    };
    if list.is_empty() {
        bail!("{}: `version` is empty: name the versions that were looked at", place(at));
    }
    for version in &list {
        // A range would allow what nobody has seen yet.
        if Version::parse(version).is_err() {
            bail!("{}: `version` {version:?} is no version: ranges are not taken", place(at));
        }
    }
    Ok(list.into_iter().map(String::into_boxed_str).collect())
}

fn network(hosts: Spanned<Vec<String>>, place: At<'_>) -> anyhow::Result<Vec<String>> {
    let at = hosts.span();
    let hosts = hosts.into_inner();
    for host in &hosts {
        // What no script could be run with is refused where it is written.
        if let Err(error) = host.parse::<HostRule>() {
            bail!("{}: `network` {host:?}: {error}", place(at));
        }
    }
    Ok(hosts)
}

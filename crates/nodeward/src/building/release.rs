//! The release that is built: found in the registry, and its tarball held against what was promised of it.

use std::path::Path;

use anyhow::{Context as _, bail};
use nodeward_package::packument::PublishedRelease;
use nodeward_package::{DependencyGraph, Integrity, PackageName, Packument, Range, Version, lockfile};

use super::progress::Progress;
use crate::npm_settings::NpmSettings;
use crate::registry::Registry;
use crate::session::Session;

/// The lockfiles of a project, whichever is there.
const LOCKFILES: &[&str] =
    &["npm-shrinkwrap.json", "package-lock.json", "pnpm-lock.yaml", "bun.lock", "yarn.lock"];

/// What the user named: a package, and a version, range or tag of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    name: PackageName,
    version: Option<String>,
}

impl std::str::FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, version) = match text.rfind('@') {
            Some(at) if at > 0 => (&text[..at], Some(text[at + 1..].to_owned())),
            _ => (text, None),
        };
        let name = PackageName::parse(name).map_err(|error| error.to_string())?;
        // What older registries may have taken, and no folder of dependencies can.
        let is_folder = |part: &str| part.starts_with('.') || part.eq_ignore_ascii_case("node_modules");
        if name.scope().is_none() && name.as_str().starts_with('@') || is_folder(name.unscoped()) {
            return Err(format!("{text}: no name of a package"));
        }
        if version.as_deref().is_some_and(str::is_empty) {
            return Err(format!("{text}: no version stands behind the @"));
        }
        Ok(Self { name, version })
    }
}

impl Wanted {
    /// This release and no other.
    pub(crate) fn exact(name: PackageName, version: &Version) -> Self {
        Self { name, version: Some(version.to_string()) }
    }
}

/// A release with its tarball.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) name: PackageName,
    pub(crate) version: Version,
    /// Its bytes, as promised.
    pub(crate) tarball: Vec<u8>,
    /// Of its bytes.
    pub(crate) integrity: Integrity,
    /// Who promised them.
    pub(crate) vouched: Vec<String>,
}

impl Fetched {
    /// `name@version`.
    pub(crate) fn label(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

/// Finds a release and fetches it. Its tarball has to be what lockfile and record promise, where there are some.
pub(crate) fn fetch(
    wanted: &Wanted,
    locked: Option<&DependencyGraph>,
    recorded: Option<&Integrity>,
    session: &Session,
) -> anyhow::Result<Fetched> {
    let npm = NpmSettings::read(session, Some(Path::new(".")))?;
    let registry = Registry::new(&npm.config, Path::new("."), session);
    let mut progress = Progress::new(session);
    progress.say(format_args!("asking for {}", wanted.name));
    let packument = registry.packument(&wanted.name)?;
    let release = choose(wanted, &packument, locked)?;
    let label = format!("{}@{}", wanted.name, release.version);
    let url =
        release.tarball.as_deref().with_context(|| format!("the registry names no tarball of {label}"))?;
    progress.say(format_args!("fetching {label}"));
    let tarball = registry.tarball(url, &mut |read, of| progress.bytes(read, of))?;
    let mut vouched = vec!["registry".to_owned()];
    let promised = release.integrity.as_ref();
    check(promised, &tarball).with_context(|| format!("{label}, as the registry has it"))?;
    if let Some(promised) = locked.and_then(|locked| locked_integrity(locked, &wanted.name, &release.version))
    {
        check(Some(&promised), &tarball).with_context(|| format!("{label}, as the lockfile has it"))?;
        vouched.push("lockfile".to_owned());
    }
    if let Some(recorded) = recorded {
        check(Some(recorded), &tarball).with_context(|| format!("{label}, as the record has it"))?;
        vouched.push("record".to_owned());
    }
    Ok(Fetched {
        name: wanted.name.clone(),
        version: release.version.clone(),
        integrity: Integrity::of(&tarball),
        tarball,
        vouched,
    })
}

/// Fetches the tarball of a release whose integrity is known.
pub(super) fn exact(
    registry: &Registry<'_>,
    name: &PackageName,
    version: &Version,
    promised: &Integrity,
) -> anyhow::Result<Vec<u8>> {
    let label = format!("{name}@{version}");
    let packument = registry.packument(name)?;
    let release = packument.release(version).with_context(|| format!("the registry has no {label}"))?;
    let url =
        release.tarball.as_deref().with_context(|| format!("the registry names no tarball of {label}"))?;
    let tarball = registry.tarball(url, &mut |_, _| {})?;
    check(Some(promised), &tarball).with_context(|| format!("{label}, as the record has it"))?;
    Ok(tarball)
}

/// Bytes that nobody vouches for are not taken.
fn check(promised: Option<&Integrity>, bytes: &[u8]) -> anyhow::Result<()> {
    match promised.and_then(|promised| promised.holds(bytes)) {
        Some(true) => Ok(()),
        Some(false) => bail!("the tarball is another one: its integrity is {}", Integrity::of(bytes)),
        None => bail!(
            "there is no integrity to hold the tarball against but SHA-1 or none, which anybody can match"
        ),
    }
}

/// What the project in this folder is locked to.
///
/// # Errors
/// There is a lockfile, and it can't be read: what it promises would not be checked.
pub(crate) fn locked() -> anyhow::Result<Option<DependencyGraph>> {
    let file = LOCKFILES.iter().map(Path::new).find(|file| file.is_file());
    Ok(file.map(lockfile::read).transpose()?)
}

/// What a lockfile promises of a release.
pub(crate) fn locked_integrity(
    locked: &DependencyGraph,
    name: &PackageName,
    version: &Version,
) -> Option<Integrity> {
    let is_same = |package: &&nodeward_package::Package| {
        package.name == *name
            && package.version.as_ref() == Some(version)
            && matches!(package.origin, nodeward_package::Origin::Registry { .. })
    };
    let sound = |integrity: &Integrity| integrity.strongest().algorithm.is_sound();
    locked.packages().iter().filter(is_same).find_map(|package| package.integrity.clone().filter(sound))
}

/// The release that was asked for: without a version that of the lockfile, else `latest`.
fn choose<'p>(
    wanted: &Wanted,
    packument: &'p Packument,
    locked: Option<&DependencyGraph>,
) -> anyhow::Result<&'p PublishedRelease> {
    let Wanted { name, version } = wanted;
    let found = match version {
        None => match locked_version(name, locked)? {
            Some(version) => packument.release(&version),
            None => packument.latest(),
        },
        Some(text) => match (packument.dist_tags.get(&**text), Version::parse(text), Range::parse(text)) {
            (Some(version), _, _) => packument.release(version),
            (None, Ok(version), _) => packument.release(&version),
            (None, Err(_), Ok(range)) => highest(packument, &range),
            (None, Err(_), Err(_)) => None,
        },
    };
    found.with_context(|| match version {
        Some(version) => format!("the registry has no {name}@{version}"),
        None => format!("the registry has no release of {name} to choose; name its version"),
    })
}

/// As npm chooses: `latest` where it is within, else the highest.
fn highest<'p>(packument: &'p Packument, range: &Range) -> Option<&'p PublishedRelease> {
    let within = |release: &&PublishedRelease| range.satisfies(&release.version);
    packument.latest().filter(within).or_else(|| packument.releases.iter().rev().find(within))
}

fn locked_version(name: &PackageName, locked: Option<&DependencyGraph>) -> anyhow::Result<Option<Version>> {
    let packages = locked.into_iter().flat_map(DependencyGraph::packages);
    let mut versions: Vec<&Version> = packages
        .filter(|package| package.name == *name)
        .filter_map(|package| package.version.as_ref())
        .collect();
    versions.sort();
    versions.dedup();
    match versions[..] {
        [] => Ok(None),
        [version] => Ok(Some(version.clone())),
        [..] => {
            let list: Vec<String> = versions.iter().map(ToString::to_string).collect();
            bail!("the lockfile has {} of {name}; name one, as {name}@{}", list.join(", "), list[0])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_read() {
        let read =
            |text: &str| text.parse::<Wanted>().map(|wanted| (wanted.name.to_string(), wanted.version));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(read("a"), Ok(("a".to_owned(), None)));
        assert_eq!(read("@s/a"), Ok(("@s/a".to_owned(), None)));
        assert_eq!(read("a@1.0.0"), Ok(("a".to_owned(), some("1.0.0"))));
        assert_eq!(read("@s/a@^1"), Ok(("@s/a".to_owned(), some("^1"))));
        for wrong in ["", "a@", "@s", "../a", "..", ".bin", "@../a", "@s/..", "a/b", "node_modules"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_release_is_the_one_that_npm_would_take() {
        let text = r#"{"name": "a", "dist-tags": {"latest": "1.2.0", "next": "2.0.0-rc.1"},
            "versions": {"1.0.0": {}, "1.2.0": {}, "1.3.0": {}, "2.0.0-rc.1": {}}}"#;
        let packument = Packument::parse(text.as_bytes()).unwrap();
        let choose = |text: &str| {
            choose(&text.parse().unwrap(), &packument, None).map(|release| release.version.to_string()).ok()
        };
        for (wanted, version) in [
            ("a", Some("1.2.0")),
            ("a@1.0.0", Some("1.0.0")),
            ("a@^1", Some("1.2.0")),
            ("a@>1.2", Some("1.3.0")),
            ("a@next", Some("2.0.0-rc.1")),
            ("a@3", None),
            ("a@nothing", None),
        ] {
            assert_eq!(choose(wanted).as_deref(), version, "{wanted}");
        }
    }
}

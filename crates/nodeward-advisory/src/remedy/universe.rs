//! Which versions there are to change to.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use nodeward_package::beside::both;
use nodeward_package::packument::{PublishedRelease, Requirement};
use nodeward_package::{PackageName, Packument, Range, Version};

use super::{Metadata, is_breaking};
use crate::index::{Affected, Index, IndexError};
use crate::interval;

/// The most packages whose metadata one plan asks for.
const MAX_LOOKUPS: usize = 2_000;

/// Fewer packages are looked up sooner than a thread has started.
const WORTH_A_THREAD: usize = 64;

/// Everything known about versions, looked up once each.
pub(super) struct Universe<'a> {
    index: &'a Index,
    metadata: Option<&'a Metadata<'a>>,
    known: RefCell<HashMap<PackageName, Rc<Versions>>>,
}

/// The versions of one package.
pub(super) struct Versions {
    /// Whether the registry was asked: if not, only what advisories call fixed is here.
    pub(super) is_checked: bool,
    /// Smallest first.
    all: Vec<Known>,
    latest: Option<Version>,
    /// What the index knows against the package.
    affected: Vec<Affected>,
}

struct Known {
    version: Version,
    release: Option<PublishedRelease>,
}

/// Versions that would do, the best choice first.
pub(super) type Good = Rc<Vec<Version>>;

impl<'a> Universe<'a> {
    pub(super) fn new(index: &'a Index, metadata: Option<&'a Metadata<'a>>) -> Self {
        Self { index, metadata, known: RefCell::default() }
    }

    pub(super) fn versions(&self, name: &PackageName) -> Result<Rc<Versions>, IndexError> {
        if let Some(known) = self.known.borrow().get(name) {
            return Ok(known.clone());
        }
        let affected = self.index.affecting(name.as_str())?;
        let may_ask = self.known.borrow().len() < MAX_LOOKUPS;
        let packument = self.metadata.filter(|_| may_ask).and_then(|metadata| metadata(name));
        let versions = Rc::new(match packument {
            Some(packument) => Versions::published(packument, affected),
            None => stated(self.index, name, affected)?,
        });
        self.known.borrow_mut().insert(name.clone(), versions.clone());
        Ok(versions)
    }

    /// Looks up several packages at once, half of them on a second thread. Only where the registry is not asked; what
    /// can't be read now is told when it is asked for.
    pub(super) fn prepare(&self, names: &[&PackageName]) {
        if self.metadata.is_some() || names.len() < WORTH_A_THREAD {
            return;
        }
        let index = self.index;
        let look_up = |names: &[&PackageName]| -> Vec<(PackageName, Versions)> {
            let found = names.iter().filter_map(|&name| {
                let affected = index.affecting(name.as_str()).ok()?;
                Some((name.clone(), stated(index, name, affected).ok()?))
            });
            found.collect()
        };
        let (here, beside) = names.split_at(names.len() * 53 / 100);
        let (found, found_beside) = both(|| look_up(here), || look_up(beside));
        let found = found.into_iter().chain(found_beside);
        self.known.borrow_mut().extend(found.map(|(name, versions)| (name, Rc::new(versions))));
    }

    /// The flaws of one release that every newer version has too, by the ids of their records: no upgrade clears
    /// them, and none is refused because of them.
    pub(super) fn lasting(&self, name: &PackageName, current: &Version) -> Result<Vec<String>, IndexError> {
        let versions = self.versions(name)?;
        versions.lasting(current).map(|affected| Ok(self.index.record(affected.record)?.id)).collect()
    }
}

/// The versions that advisories say have the fix.
fn stated(index: &Index, name: &PackageName, affected: Vec<Affected>) -> Result<Versions, IndexError> {
    let mut fixed: Vec<Version> = Vec::new();
    for one in &affected {
        fixed.extend(interval::fixed_versions(&one.ranges));
        fixed.extend(index.fixed_versions(one.record, name.as_str())?);
    }
    fixed.sort();
    fixed.dedup();
    let all = fixed.into_iter().map(|version| Known { version, release: None }).collect();
    Ok(Versions { is_checked: false, all, latest: None, affected })
}

impl Versions {
    fn published(packument: Packument, affected: Vec<Affected>) -> Self {
        let latest = packument.dist_tags.get("latest").cloned();
        let all = packument
            .releases
            .into_iter()
            .map(|release| Known { version: release.version.clone(), release: Some(release) });
        Self { is_checked: true, all: all.collect(), latest, affected }
    }

    /// What the registry says of one version.
    pub(super) fn published_as(&self, version: &Version) -> Option<&PublishedRelease> {
        self.all.iter().find(|known| known.version == *version)?.release.as_ref()
    }

    /// What is wrong with `current` and with all that came after it, malware apart. Nothing where nothing came.
    fn lasting(&self, current: &Version) -> impl Iterator<Item = &Affected> {
        let newer = || self.all.iter().map(|known| &known.version).filter(|version| *version > current);
        let has_newer = newer().next().is_some();
        self.affected.iter().filter(move |affected| {
            has_newer
                && !affected.malware
                && affected.contains(current)
                && newer().all(|version| affected.contains(version))
        })
    }

    /// Clean versions (but for what lasts) to change to from `current`: newer ones, those of the same major first,
    /// smallest first; where no newer one is clean, older ones, newest first. `fits` may rule out more by what a
    /// release requires.
    pub(super) fn good(
        &self,
        current: &Version,
        mut fits: impl FnMut(&PublishedRelease) -> Result<bool, IndexError>,
    ) -> Result<Good, IndexError> {
        let lasting: Vec<_> = self.lasting(current).map(|affected| affected.record).collect();
        let is_clean = |version: &Version| {
            !self.affected.iter().any(|one| !lasting.contains(&one.record) && one.contains(version))
        };
        let mut good: Vec<&Known> = Vec::new();
        for known in &self.all {
            let is_choice = is_clean(&known.version)
                && known.version != *current
                && (!known.version.is_prerelease() || current.is_prerelease());
            let fits = match &known.release {
                Some(release) if is_choice => fits(release)?,
                _ => true,
            };
            if is_choice && fits {
                good.push(known);
            }
        }
        // Without the registry nobody knows that nothing newer is clean.
        let newer = !self.is_checked || good.iter().any(|known| known.version > *current);
        good.retain(|known| (known.version > *current) == newer);
        good.sort_by(|a, b| {
            let order = a.version.cmp(&b.version);
            let key = |known: &Known| {
                (
                    known.is_deprecated(),
                    is_breaking(current, &known.version),
                    known.version.major != current.major,
                )
            };
            key(a).cmp(&key(b)).then(if newer { order } else { order.reverse() })
        });
        Ok(Rc::new(good.into_iter().map(|known| known.version.clone()).collect()))
    }

    /// The version that a package manager takes for a requirement, if that is a good one.
    pub(super) fn admitted(&self, specifier: &str, good: &[Version]) -> Option<Version> {
        let range = match range_of(specifier) {
            Some(range) => range,
            // A tag: only the registry can tell.
            None if specifier == "latest" => {
                return self.latest.clone().filter(|latest| good.contains(latest));
            }
            None => return None,
        };
        if !self.is_checked {
            return good.iter().find(|version| range.satisfies(version)).cloned();
        }
        let taken = match &self.latest {
            Some(latest) if range.satisfies(latest) => latest,
            _ => {
                let alive =
                    || self.all.iter().filter(|known| !known.is_deprecated()).map(|known| &known.version);
                let all = || self.all.iter().map(|known| &known.version);
                range.max_satisfying(alive()).or_else(|| range.max_satisfying(all()))?
            }
        };
        good.contains(taken).then(|| taken.clone())
    }
}

impl Known {
    fn is_deprecated(&self) -> bool {
        self.release.as_ref().is_some_and(|release| release.deprecated.is_some())
    }
}

/// What a release requires under a name, be it optional.
pub(super) fn requirement<'r>(release: &'r PublishedRelease, name: &str) -> Option<&'r Requirement> {
    release.dependencies.iter().chain(&release.optional).find(|wanted| &*wanted.name == name)
}

/// The range of a specifier, alias or not; `None` for tags, git, files and the like.
pub(super) fn range_of(specifier: &str) -> Option<Range> {
    let text = specifier.trim();
    let text = match text.strip_prefix("npm:") {
        Some(alias) => match alias.rfind('@') {
            Some(at) if at > 0 => &alias[at + 1..],
            // `npm:^1.0.0` is yarn berry's way to write a plain range.
            _ => alias,
        },
        None => text,
    };
    // What a lockfile does not repeat is not known, which is not "any".
    if text.is_empty() { None } else { Range::parse(text).ok() }
}

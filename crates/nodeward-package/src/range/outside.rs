//! Where a version lies that is in no set of a range, and the least version that is in one.

use super::{Comparator, Operator, Range};
use crate::version::{Identifier, MAX_NUMBER, Version};

/// A side of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Below everything in the range.
    Below,
    /// Above everything in the range.
    Above,
}

impl Range {
    /// Whether the version lies on that side of all that the range holds, as node-semver's `outside`.
    pub fn is_outside(&self, version: &Version, side: Side) -> bool {
        !self.satisfies(version) && self.sets().all(|set| is_beyond(set, version, side))
    }

    /// Whether the version is greater than all that the range holds (`gtr`).
    pub fn is_below(&self, version: &Version) -> bool {
        self.is_outside(version, Side::Above)
    }

    /// Whether the version is less than all that the range holds (`ltr`).
    pub fn is_above(&self, version: &Version) -> bool {
        self.is_outside(version, Side::Below)
    }

    /// The least version that the range holds; `None` where it holds none.
    pub fn min_version(&self) -> Option<Version> {
        let least = [Version::new(0, 0, 0), Version::lowest(0, 0, 0)];
        if let Some(version) = least.into_iter().find(|version| self.satisfies(version)) {
            return Some(version);
        }
        let versions = self.sets().filter_map(least_of).filter(|version| version.patch <= MAX_NUMBER);
        versions.min().filter(|version| self.satisfies(version))
    }
}

/// The least version that passes all lower bounds of a set.
fn least_of(set: &[Comparator]) -> Option<Version> {
    let mut least: Option<Version> = None;
    for comparator in set {
        let version = match comparator.operator() {
            Operator::Less | Operator::LessOrEqual => continue,
            Operator::Greater => successor(comparator.bound()),
            Operator::Any | Operator::Exact | Operator::GreaterOrEqual => {
                comparator.bound().with_prerelease(comparator.bound().prerelease().to_vec())
            }
        };
        if least.as_ref().is_none_or(|least| version > *least) {
            least = Some(version);
        }
    }
    least
}

/// The version right after that one.
fn successor(version: &Version) -> Version {
    if version.is_prerelease() {
        let parts = version.prerelease().iter().cloned().chain([Identifier::Number(0)]);
        return version.with_prerelease(parts.collect());
    }
    Version::new(version.major, version.minor, version.patch + 1)
}

fn is_beyond(set: &[Comparator], version: &Version, side: Side) -> bool {
    // Seen from that side: whether the first lies farther out.
    let is_farther = |first: &Version, second: &Version| match side {
        Side::Above => first > second,
        Side::Below => first < second,
    };
    let least = Comparator::new(Operator::GreaterOrEqual, Version::new(0, 0, 0));
    let concrete = |comparator| match comparator {
        any if Comparator::operator(any) == Operator::Any => &least,
        comparator => comparator,
    };
    let mut set = set.iter().map(concrete);
    let first = set.next().unwrap_or(&least);
    let (mut outer, mut inner) = (first, first);
    for comparator in set {
        if is_farther(comparator.bound(), outer.bound()) {
            outer = comparator;
        } else if is_farther(inner.bound(), comparator.bound()) {
            inner = comparator;
        }
    }
    let opens_outwards = |comparator: &Comparator| match side {
        Side::Above => comparator.is_lower_bound(),
        Side::Below => comparator.is_upper_bound(),
    };
    if opens_outwards(outer) {
        return false;
    }
    let is_on_bound = *version == *inner.bound();
    let is_short_of = is_farther(inner.bound(), version);
    match (inner.operator() == Operator::Exact, opens_outwards(inner), inner.is_inclusive()) {
        (true, ..) | (_, true, false) => !is_short_of && !is_on_bound,
        (_, true, true) => !is_short_of,
        _ => true,
    }
}

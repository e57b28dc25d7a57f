//! Whether one range holds nothing that another does not, as node-semver's `subset` decides it.
//!
//! node-semver judges set by set, so a set that only two sets of the other range together hold is not found to be in
//! it: `>=1` is no subset of `<2 || >=2`. The answer "is a subset" can be relied on.

use std::cmp::Ordering;

use super::{Comparator, Operator, Prereleases, Range, holds_all};
use crate::version::{Identifier, Version};

/// What one set is to another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Relation {
    Subset,
    NotSubset,
    /// Nothing passes the first, so that it says nothing of the second.
    Null,
}

impl Range {
    /// Whether every version in this range is in the other, for ranges read with the same options.
    pub fn is_subset_of(&self, other: &Self) -> bool {
        let mut saw_versions = false;
        self.sets().all(|ours| {
            let is_subset = other.sets().any(|theirs| {
                let relation = relation(ours, theirs, self.prereleases);
                saw_versions |= relation != Relation::Null;
                relation == Relation::Subset
            });
            is_subset || !saw_versions
        })
    }
}

fn is_any(set: &[Comparator]) -> bool {
    matches!(set, [comparator] if comparator.operator() == Operator::Any)
}

fn relation(sub: &[Comparator], dom: &[Comparator], prereleases: Prereleases) -> Relation {
    if sub == dom {
        return Relation::Subset;
    }
    let least = match prereleases {
        Prereleases::Everywhere => Version::lowest(0, 0, 0),
        Prereleases::WhereNamed => Version::new(0, 0, 0),
    };
    let least = [Comparator::new(Operator::GreaterOrEqual, least)];
    let sub = if is_any(sub) { &least } else { sub };
    let dom = match (is_any(dom), prereleases) {
        (true, Prereleases::Everywhere) => return Relation::Subset,
        (true, Prereleases::WhereNamed) => &least,
        (false, _) => dom,
    };
    let Some(tightest) = Tightest::of(sub) else { return Relation::Null };
    match tightest.exact {
        Some(exact) => exact_relation(exact, &tightest, dom, prereleases),
        None if tightest.is_within(dom, prereleases) => Relation::Subset,
        None => Relation::NotSubset,
    }
}

fn exact_relation(
    exact: &Version,
    tightest: &Tightest<'_>,
    dom: &[Comparator],
    prereleases: Prereleases,
) -> Relation {
    let holds = |comparator: &Comparator| holds_all(std::slice::from_ref(comparator), exact, prereleases);
    if !tightest.bounds().all(holds) {
        Relation::Null
    } else if dom.iter().all(holds) {
        Relation::Subset
    } else {
        Relation::NotSubset
    }
}

/// What a set comes down to.
struct Tightest<'s> {
    exact: Option<&'s Version>,
    lower: Option<&'s Comparator>,
    upper: Option<&'s Comparator>,
    /// Whether both bounds are one version, which passes.
    is_point: bool,
}

impl<'s> Tightest<'s> {
    /// `None` where nothing passes the set.
    fn of(set: &'s [Comparator]) -> Option<Self> {
        let (mut exact, mut lower, mut upper) = (None, None, None);
        for comparator in set {
            if comparator.is_lower_bound() {
                lower = Some(lower.map_or(comparator, |lower| higher(lower, comparator)));
            } else if comparator.is_upper_bound() {
                upper = Some(upper.map_or(comparator, |upper| lesser(upper, comparator)));
            } else if exact.replace(comparator.bound()).is_some() {
                return None;
            }
        }
        let order = lower.zip(upper).map(|(lower, upper)| {
            (lower.bound().cmp(upper.bound()), lower.is_inclusive() && upper.is_inclusive())
        });
        match order {
            Some((Ordering::Greater, _) | (Ordering::Equal, false)) => None,
            _ => Some(Self { exact, lower, upper, is_point: matches!(order, Some((Ordering::Equal, _))) }),
        }
    }

    fn bounds(&self) -> impl Iterator<Item = &'s Comparator> {
        self.lower.into_iter().chain(self.upper)
    }

    fn is_within(&self, dom: &[Comparator], prereleases: Prereleases) -> bool {
        let is_bounded_by = |bound: &Comparator| match bound.operator() {
            Operator::Any => true,
            Operator::Exact => self.is_point && self.passes(bound),
            _ => self.passes(bound),
        };
        let has_lower = dom.iter().any(Comparator::is_lower_bound);
        let has_upper = dom.iter().any(Comparator::is_upper_bound);
        let is_open = (self.lower.is_some() && self.upper.is_none() && has_upper)
            || (self.upper.is_some() && self.lower.is_none() && has_lower);
        dom.iter().all(is_bounded_by) && !is_open && self.names_same_prereleases(dom, prereleases)
    }

    /// Whether neither bound lets something by that the comparator does not.
    fn passes(&self, comparator: &Comparator) -> bool {
        let lower = self.lower.is_none_or(|lower| {
            if comparator.is_lower_bound() {
                std::ptr::eq(higher(lower, comparator), lower)
            } else {
                !lower.is_inclusive() || comparator.test(lower.bound())
            }
        });
        let upper = self.upper.is_none_or(|upper| {
            if comparator.is_upper_bound() {
                std::ptr::eq(lesser(upper, comparator), upper)
            } else {
                !upper.is_inclusive() || comparator.test(upper.bound())
            }
        });
        lower && upper
    }

    /// A bound that names a prerelease lets in others of the same numbers, so the other set must name one as well.
    fn names_same_prereleases(&self, dom: &[Comparator], prereleases: Prereleases) -> bool {
        let is_named = |bound: &Comparator| {
            // `<1.2.3-0` lets in no prerelease of 1.2.3.
            let is_lowest = matches!(bound.bound().prerelease(), [Identifier::Number(0)]);
            let lets_none_in = bound.operator() == Operator::Less && is_lowest;
            lets_none_in
                || !bound.bound().is_prerelease()
                || dom.iter().any(|theirs| theirs.names_prerelease_of(bound.bound()))
        };
        prereleases == Prereleases::Everywhere || self.bounds().all(is_named)
    }
}

/// The tighter of two lower bounds; the first where they are the same.
fn higher<'s>(first: &'s Comparator, second: &'s Comparator) -> &'s Comparator {
    match first.bound().cmp(second.bound()) {
        Ordering::Greater => first,
        Ordering::Less => second,
        Ordering::Equal if !second.is_inclusive() && first.is_inclusive() => second,
        Ordering::Equal => first,
    }
}

/// The tighter of two upper bounds; the first where they are the same.
fn lesser<'s>(first: &'s Comparator, second: &'s Comparator) -> &'s Comparator {
    match first.bound().cmp(second.bound()) {
        Ordering::Less => first,
        Ordering::Greater => second,
        Ordering::Equal if !second.is_inclusive() && first.is_inclusive() => second,
        Ordering::Equal => first,
    }
}

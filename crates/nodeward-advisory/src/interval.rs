//! Sets of versions as advisories state them: from one version to another, in SemVer precedence.
//!
//! These are not npm ranges: a prerelease lies between its neighbours like any other version.

use std::cmp::Ordering;
use std::fmt;

use nodeward_package::Version;

/// An unbroken run of versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// The first version in it; `None` is before all versions.
    pub start: Option<Version>,
    /// Where it ends.
    pub end: End,
}

/// Where a run of versions ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It does not.
    Never,
    /// Before this version, which is said to have the fix.
    Fixed(Version),
    /// Before this version, of which nothing is said.
    Before(Version),
    /// With this version.
    Through(Version),
}

impl Interval {
    /// All versions.
    pub const ALL: Self = Self { start: None, end: End::Never };

    /// Whether the version is in the run.
    pub fn contains(&self, version: &Version) -> bool {
        self.start.as_ref().is_none_or(|start| version >= start)
            && match &self.end {
                End::Never => true,
                End::Fixed(end) | End::Before(end) => version < end,
                End::Through(end) => version <= end,
            }
    }

    /// Whether every version is in it.
    pub fn is_all(&self) -> bool {
        self.start.is_none() && self.end == End::Never
    }

    /// What is in both.
    pub fn intersect(self, other: Self) -> Self {
        let start = self.start.max(other.start);
        let end = if other.end.cmp(&self.end) == Ordering::Less { other.end } else { self.end };
        Self { start, end }
    }

    /// Whether no version is in it.
    pub fn is_empty(&self) -> bool {
        let Some(start) = &self.start else {
            return false;
        };
        match &self.end {
            End::Never => false,
            End::Fixed(end) | End::Before(end) => start >= end,
            End::Through(end) => start > end,
        }
    }
}

impl End {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.bound(), other.bound()) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some((a, a_in)), Some((b, b_in))) => a.cmp(b).then(a_in.cmp(&b_in)),
        }
    }

    fn bound(&self) -> Option<(&Version, bool)> {
        match self {
            Self::Never => None,
            Self::Fixed(version) | Self::Before(version) => Some((version, false)),
            Self::Through(version) => Some((version, true)),
        }
    }

    /// Whether a run that ends so reaches, or touches, a run that starts there.
    fn reaches(&self, start: &Option<Version>) -> bool {
        match (self.bound(), start) {
            (None, _) | (_, None) => true,
            (Some((end, _)), Some(start)) => end >= start,
        }
    }
}

/// The same versions as separate runs, ascending.
pub fn union(mut intervals: Vec<Interval>) -> Vec<Interval> {
    intervals.retain(|interval| !interval.is_empty());
    intervals.sort_by(|a, b| a.start.cmp(&b.start));
    let mut merged: Vec<Interval> = Vec::with_capacity(intervals.len());
    for interval in intervals {
        match merged.last_mut() {
            Some(last) if last.end.reaches(&interval.start) => {
                if interval.end.cmp(&last.end) == Ordering::Greater {
                    last.end = interval.end;
                }
            }
            _ => merged.push(interval),
        }
    }
    merged
}

/// The versions of `from` that are in none of `without`. Where a run is cut short, the cut counts as a fix.
pub fn subtract(from: Vec<Interval>, without: &[Interval]) -> Vec<Interval> {
    let mut left = union(from);
    for cut in without.iter().filter(|cut| !cut.is_empty()) {
        left = left.into_iter().flat_map(|interval| subtract_one(interval, cut)).collect();
    }
    union(left)
}

fn subtract_one(interval: Interval, cut: &Interval) -> Vec<Interval> {
    let mut parts = Vec::new();
    if let Some(start) = &cut.start {
        let end = End::Fixed(start.clone());
        let shorter = end.cmp(&interval.end) == Ordering::Less;
        let same = end.cmp(&interval.end) == Ordering::Equal;
        let before = Interval {
            start: interval.start.clone(),
            end: if shorter || same { end } else { interval.end.clone() },
        };
        if !before.is_empty() {
            parts.push(before);
        }
    }
    if let Some((end, inclusive)) = cut.end.bound() {
        // What follows an inclusive end has no smallest version of its own; the next prerelease of the next patch
        // is as near as versions come.
        let next = if inclusive { after(end) } else { Some(end.clone()) };
        if let Some(next) = next {
            let start = match &interval.start {
                Some(start) if *start > next => start.clone(),
                _ => next,
            };
            let rest = Interval { start: Some(start), end: interval.end };
            if !rest.is_empty() {
                parts.push(rest);
            }
        }
    }
    parts
}

/// The smallest version after the given one.
pub(crate) fn after(version: &Version) -> Option<Version> {
    let text = if version.prerelease().is_empty() {
        format!("{}.{}.{}-0", version.major, version.minor, version.patch.checked_add(1)?)
    } else {
        let text = version.to_string();
        format!("{}.0", text.split('+').next().unwrap_or(&text))
    };
    Version::parse(&text).ok()
}

/// The versions that the runs name as fixed and that no run holds, ascending.
pub fn fixed_versions(intervals: &[Interval]) -> Vec<Version> {
    let mut fixed: Vec<Version> = intervals
        .iter()
        .filter_map(|interval| match &interval.end {
            End::Fixed(version) => Some(version.clone()),
            _ => None,
        })
        .filter(|version| !intervals.iter().any(|interval| interval.contains(version)))
        .collect();
    fixed.sort();
    fixed.dedup();
    fixed
}

/// As npm would write it: `<1.2.3`, `>=1.0.0 <=1.4.0`, `*`.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.start, &self.end) {
            (Some(start), End::Through(end)) if start == end => return write!(f, "{start}"),
            (Some(start), End::Never) => return write!(f, ">={start}"),
            (Some(start), _) => write!(f, ">={start} ")?,
            (None, End::Never) => return f.write_str("*"),
            (None, _) => {}
        }
        match &self.end {
            End::Never => Ok(()),
            End::Fixed(end) | End::Before(end) => write!(f, "<{end}"),
            End::Through(end) => write!(f, "<={end}"),
        }
    }
}

/// Several runs as npm would write them; empty for none.
pub fn display(intervals: &[Interval]) -> String {
    let parts: Vec<String> = intervals.iter().map(ToString::to_string).collect();
    parts.join(" || ")
}

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
    let cuts = union(without.to_vec());
    let mut left = Vec::new();
    for interval in union(from) {
        let first = cuts.partition_point(|cut| !cut.end.reaches(&interval.start));
        let mut rest = Some(interval);
        for cut in &cuts[first..] {
            let Some(interval) = rest.take() else { break };
            let is_beyond = cut
                .start
                .as_ref()
                .is_some_and(|start| interval.end.bound().is_some_and(|(end, _)| start > end));
            if is_beyond {
                rest = Some(interval);
                break;
            }
            let mut parts = subtract_one(interval, cut);
            rest = parts.pop();
            left.extend(parts);
        }
        left.extend(rest);
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
        .collect();
    // The runs of a record can be a hundred thousand.
    let runs = union(intervals.to_vec());
    fixed.retain(|version| {
        let after = runs.partition_point(|run| run.start.as_ref().is_none_or(|start| start <= version));
        after == 0 || !runs[after - 1].contains(version)
    });
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

#[cfg(test)]
mod tests {
    use super::*;

    fn version(major: u32) -> Version {
        Version::parse(&format!("{major}.0.0")).unwrap()
    }

    fn run(start: u32, end: End) -> Interval {
        Interval { start: Some(version(start)), end }
    }

    /// Every pair of ends, in an order that is none.
    fn runs() -> Vec<Vec<Interval>> {
        let ends = |end| {
            [End::Fixed(version(end)), End::Before(version(end)), End::Through(version(end)), End::Never]
        };
        let all: Vec<Interval> = (0..6)
            .flat_map(|start| (start..6).flat_map(move |end| ends(end).map(|end| run(start, end))))
            .collect();
        (0..all.len())
            .map(|at| (0..4).map(|step| all[(at * 7 + step * 31) % all.len()].clone()).collect())
            .collect()
    }

    #[test]
    fn a_fix_is_in_no_run() {
        for runs in runs() {
            let fixed = fixed_versions(&runs);
            for major in 0..7 {
                let version = version(major);
                let is_named = runs.iter().any(|run| run.end == End::Fixed(version.clone()));
                let is_free = !runs.iter().any(|run| run.contains(&version));
                assert_eq!(fixed.contains(&version), is_named && is_free, "{version}: {runs:?}");
            }
        }
    }

    #[test]
    fn what_is_taken_away_is_gone_and_the_rest_stays() {
        let all = runs();
        for (from, without) in all.iter().zip(all.iter().rev()) {
            let left = subtract(from.clone(), without);
            for major in 0..7 {
                let version = version(major);
                let holds = |runs: &[Interval]| runs.iter().any(|run| run.contains(&version));
                assert_eq!(holds(&left), holds(from) && !holds(without), "{version}: {from:?} - {without:?}");
            }
        }
    }

    #[test]
    fn many_runs_are_each_looked_at_once() {
        let many: Vec<Interval> =
            (0..30_000).map(|at| run(2 * at, End::Fixed(version(2 * at + 1)))).collect();
        assert_eq!(fixed_versions(&many).len(), many.len());
        let shifted: Vec<Interval> =
            (0..30_000).map(|at| run(2 * at + 1, End::Fixed(version(2 * at + 2)))).collect();
        assert_eq!(subtract(many.clone(), &shifted), many);
    }
}

//! The `affected` part of OSV records: which versions of which packages.

use std::borrow::Cow;

use nodeward_package::version::{MAX_NUMBER, Syntax};
use nodeward_package::{PackageName, Version};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{RawSeverity, Remarks, Specific, Text};
use crate::interval::{End, Interval, union};
use crate::record::AffectedPackage;

#[derive(Debug, Deserialize)]
pub(super) struct RawAffected<'a> {
    #[serde(borrow, default)]
    package: Option<RawPackage<'a>>,
    #[serde(borrow, default)]
    pub(super) severity: Option<Vec<RawSeverity<'a>>>,
    #[serde(borrow, default)]
    ranges: Option<Vec<RawRange<'a>>>,
    #[serde(borrow, default)]
    versions: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow, default)]
    pub(super) database_specific: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) ecosystem_specific: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct RawPackage<'a> {
    #[serde(borrow, default)]
    ecosystem: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
struct RawRange<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    events: Option<Vec<RawEvent<'a>>>,
    #[serde(borrow, default)]
    database_specific: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct RawEvent<'a> {
    #[serde(borrow, default)]
    introduced: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    fixed: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    last_affected: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    limit: Option<Cow<'a, str>>,
}

impl RawAffected<'_> {
    pub(super) fn is_npm(&self) -> bool {
        let ecosystem = self.package.as_ref().and_then(|package| package.ecosystem.as_deref()).unwrap_or("");
        ecosystem.split(':').next().is_some_and(|base| base.eq_ignore_ascii_case("npm"))
    }
}

/// What the record says of npm packages, one entry per package.
pub(super) fn packages(
    affected: &[RawAffected<'_>],
    malware: bool,
    remarks: &mut Remarks<'_>,
) -> Vec<AffectedPackage> {
    let mut packages: Vec<AffectedPackage> = Vec::new();
    let mut place_of: FxHashMap<&str, usize> = FxHashMap::default();
    for entry in affected.iter().filter(|entry| entry.is_npm()) {
        let name = entry.package.as_ref().and_then(|package| package.name.as_deref()).unwrap_or("");
        if PackageName::parse(name).is_err() {
            remarks.add(format!("names a package that npm cannot have ({name:.64?}); left out"));
            continue;
        }
        let place = *place_of.entry(name).or_insert_with(|| {
            packages.push(AffectedPackage { name: name.to_owned(), ..AffectedPackage::default() });
            packages.len() - 1
        });
        let package = &mut packages[place];
        package.intervals.extend(intervals(entry, malware, remarks));
        package.versions.extend(entry.versions.iter().flatten().map(|version| version.trim().to_owned()));
    }
    for package in &mut packages {
        tidy(package);
    }
    packages
}

/// Separate ascending runs, and only those versions that no run holds already.
fn tidy(package: &mut AffectedPackage) {
    package.intervals = union(std::mem::take(&mut package.intervals));
    let intervals = &package.intervals;
    package.versions.sort_unstable();
    package.versions.dedup();
    package.versions.retain(|text| {
        !text.is_empty()
            && Version::parse(text)
                .map_or(true, |version| !intervals.iter().any(|interval| interval.contains(&version)))
    });
}

fn intervals(entry: &RawAffected<'_>, malware: bool, remarks: &mut Remarks<'_>) -> Vec<Interval> {
    let ranges = entry.ranges.as_deref().unwrap_or_default();
    if ranges.is_empty() && entry.versions.as_ref().is_none_or(Vec::is_empty) {
        if malware {
            remarks.add("names a malicious package without versions; taken as all versions".to_owned());
            return vec![Interval::ALL];
        }
        // As OSV's own evaluation has it.
        remarks.add("names a package without ranges or versions; taken as no version".to_owned());
        return Vec::new();
    }
    let mut found = Vec::new();
    for range in ranges.iter().filter(|range| !is_git(range)) {
        match evaluate(range.events.as_deref().unwrap_or_default()) {
            Ok(mut intervals) => {
                cap(&mut intervals, range.database_specific);
                found.append(&mut intervals);
            }
            Err(why) => {
                remarks.add(format!("has a range that {why}; taken as all versions"));
                found.push(Interval::ALL);
            }
        }
    }
    cap(&mut found, entry.database_specific);
    found
}

fn is_git(range: &RawRange<'_>) -> bool {
    range.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("GIT"))
}

/// GitHub's records state the end of a range that has no fix yet only in `last_known_affected_version_range`
/// (`<= 2.1.2`). npm's and GitHub's own audits honour it, so a run without an end gets that end.
fn cap(intervals: &mut [Interval], specific: Option<&RawValue>) {
    let Some(open) = intervals.last_mut().filter(|interval| interval.end == End::Never) else {
        return;
    };
    let specific = Specific::read(specific);
    let Some(text) = Specific::part::<Text<'_>>(specific.last_known_affected_version_range) else {
        return;
    };
    let text = text.0.trim();
    let end = if let Some(version) = text.strip_prefix("<=") {
        version_of(version).map(End::Through)
    } else {
        text.strip_prefix('<').and_then(version_of).map(End::Before)
    };
    if let Some(end) = end {
        let capped = Interval { start: open.start.clone(), end };
        if !capped.is_empty() {
            *open = capped;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Event {
    Introduced,
    Fixed,
    LastAffected,
}

/// The runs that a range's events stand for, as OSV evaluates them: in the order of their versions, whatever order
/// they are written in; and below the highest limit.
fn evaluate(events: &[RawEvent<'_>]) -> Result<Vec<Interval>, &'static str> {
    let (mut sorted, limit) = sort(events)?;
    if sorted.is_empty() {
        return Err("has no events");
    }
    if !sorted.iter().any(|(_, event)| *event == Event::Introduced) {
        // Without a start, it starts at the beginning.
        sorted.insert(0, (None, Event::Introduced));
    }
    let mut runs = Vec::new();
    let mut open: Option<Option<Version>> = None;
    let mut rest = sorted.as_slice();
    while let Some((version, _)) = rest.first() {
        let same = rest.iter().take_while(|(other, _)| other == version).count();
        let (group, later) = rest.split_at(same);
        rest = later;
        step(version.as_ref(), group, &mut open, &mut runs);
    }
    if let Some(start) = open {
        runs.push(Interval { start, end: End::Never });
    }
    if let Some(limit) = limit {
        for run in &mut runs {
            let within = match &run.end {
                End::Never => false,
                End::Fixed(end) | End::Before(end) => *end <= limit,
                End::Through(end) => *end < limit,
            };
            if !within {
                run.end = End::Before(limit.clone());
            }
        }
    }
    Ok(union(runs))
}

/// All events at one version. What was open closes first, so that `fixed 2, introduced 2` goes on and
/// `introduced 2, last_affected 2` is one version.
fn step(
    version: Option<&Version>,
    group: &[(Option<Version>, Event)],
    open: &mut Option<Option<Version>>,
    runs: &mut Vec<Interval>,
) {
    let has = |event| group.iter().any(|(_, other)| *other == event);
    let end = version.and_then(|version| {
        // Both at once contradict each other: the version counts as affected.
        if has(Event::LastAffected) {
            Some(End::Through(version.clone()))
        } else {
            has(Event::Fixed).then(|| End::Fixed(version.clone()))
        }
    });
    let introduced = has(Event::Introduced);
    match (open.take(), end) {
        (Some(start), Some(end)) => {
            runs.push(Interval { start, end });
            if introduced {
                *open = Some(version.cloned());
            }
        }
        (Some(start), None) => *open = Some(start),
        (None, Some(end)) if introduced => runs.push(Interval { start: version.cloned(), end }),
        (None, None) if introduced => *open = Some(version.cloned()),
        (None, _) => {}
    }
}

type Sorted = (Vec<(Option<Version>, Event)>, Option<Version>);

/// Events by version, and the highest limit; no limit where one is `*`.
fn sort(events: &[RawEvent<'_>]) -> Result<Sorted, &'static str> {
    let mut sorted = Vec::with_capacity(events.len());
    let mut limits = Vec::new();
    let mut unlimited = false;
    for event in events {
        if let Some(text) = &event.introduced {
            let version = if text.trim() == "0" { None } else { Some(read(text)?) };
            sorted.push((version, Event::Introduced));
        }
        if let Some(text) = &event.fixed {
            sorted.push((Some(read(text)?), Event::Fixed));
        }
        if let Some(text) = &event.last_affected {
            sorted.push((Some(read(text)?), Event::LastAffected));
        }
        match event.limit.as_deref().map(str::trim) {
            Some("*") => unlimited = true,
            Some(text) => limits.push(read(text)?),
            None => {}
        }
    }
    sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
    let limit = if unlimited { None } else { limits.into_iter().max() };
    Ok((sorted, limit))
}

fn read(text: &str) -> Result<Version, &'static str> {
    version_of(text).ok_or("has a version that cannot be read")
}

/// A version, where `1` and `1.2` stand for `1.0.0` and `1.2.0`, and numbers beyond npm's are npm's largest.
fn version_of(text: &str) -> Option<Version> {
    let text = text.trim();
    if let Ok(version) = Version::parse_with(text, Syntax::Loose) {
        return Some(version);
    }
    let text = text.trim_start_matches(['v', 'V']);
    let mut numbers = [0; 3];
    for (index, part) in text.split('.').enumerate() {
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *numbers.get_mut(index)? = part.parse().unwrap_or(MAX_NUMBER).min(MAX_NUMBER);
    }
    let [major, minor, patch] = numbers;
    Some(Version::new(major, minor, patch))
}

//! Node.js itself: its release lines, when each ends, and what is known against a version.
//!
//! A version that a project names exactly (`.nvmrc` with `v18.12.1`) is judged exactly. Most projects name a range
//! (`18`, `lts/*`, `>=16`), of which somebody else picks the version; of a range we report only what holds for every
//! version in it, since anything else would be a guess.

mod lines;
mod wanted;

use jiff::Timestamp;
use jiff::civil::Date;
use nodeward_package::{Place, Range, Version};
use nodeward_report::{Evidence, Finding, Kind, Severity, Subject, Threat};

use crate::index::{Affected, Index, IndexError};
use crate::record::NODEJS;
use crate::{interval, matching};

pub use lines::{Line, Schedule, ScheduleError};
pub use wanted::{Wanted, WantedError};

/// A line that ends within this many days is worth saying.
const WARN_DAYS: i32 = 90;

/// A place that says which Node.js a project runs on.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeUse {
    /// Which versions it allows.
    pub wanted: Wanted,
    /// Where it says so.
    pub place: Place,
    /// What says so, in the user's words: `.nvmrc`, `engines.node`, `FROM node:18`.
    pub said_by: String,
}

/// Everything that is known against the Node.js versions that a project allows. Without an index, only what the
/// schedule tells.
///
/// # Errors
/// An index that can't be read.
pub fn check(
    usage: &NodeUse,
    index: Option<&Index>,
    schedule: &Schedule,
    now: Timestamp,
) -> Result<Vec<Finding>, IndexError> {
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut findings = check_schedule(usage, schedule, today);
    if let Some(index) = index {
        findings.extend(check_flaws(usage, index, schedule, today)?);
    }
    Ok(findings)
}

/// Days from one date to a later one; negative if it is earlier.
fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

/// What the schedule says about the lines that a project allows: over, soon over, or never with long-term support.
fn check_schedule(usage: &NodeUse, schedule: &Schedule, today: Date) -> Vec<Finding> {
    // Of a version newer than the schedule nothing is known.
    if usage.wanted.allows_beyond(schedule) {
        return Vec::new();
    }
    let allowed: Vec<&Line> = schedule.lines().iter().filter(|line| usage.wanted.allows_line(line)).collect();
    let Some(best) = allowed.iter().copied().max_by_key(|line| line.end) else {
        // io.js, and what came before the first line of the schedule.
        return vec![before_the_schedule(usage, schedule, today)];
    };
    let remaining = days_between(today, best.end);
    if remaining < 0 {
        vec![end_of_life(usage, best, schedule, today)]
    } else if allowed.iter().all(|line| line.is_short_lived()) {
        vec![short_lived(usage, best, schedule, today)]
    } else if remaining <= WARN_DAYS {
        vec![ending(usage, best, schedule, today)]
    } else {
        Vec::new()
    }
}

fn subject(usage: &NodeUse) -> Subject {
    Subject::Node { version: usage.wanted.text().into() }
}

fn finding(usage: &NodeUse, rule: &str, severity: Severity, title: String) -> Finding {
    // What is found in a line that is over stays open: a zero-day that lasts.
    let mut finding = Finding::new(
        rule,
        Kind::Signal,
        Threat::ZeroDay,
        severity,
        subject(usage),
        usage.place.clone(),
        title,
    );
    finding.evidence.push(said(usage));
    finding
}

fn said(usage: &NodeUse) -> Evidence {
    Evidence {
        label: "said by",
        value: format!("{}: {}", usage.said_by, usage.wanted.text()),
        place: Some(usage.place.clone()),
    }
}

fn end_of_life(usage: &NodeUse, best: &Line, schedule: &Schedule, today: Date) -> Finding {
    let severity = if days_between(best.end, today) < 365 { Severity::Medium } else { Severity::High };
    let title = match &usage.wanted {
        Wanted::Exactly(_) => {
            format!("Node.js {} has had no security fixes since {}", best.range_text(), best.end)
        }
        _ => format!(
            "every Node.js allowed has reached its end of life, the last ({}) on {}",
            best.range_text(),
            best.end
        ),
    };
    let mut finding = finding(usage, "node-end-of-life", severity, title);
    finding.next_step = Some(move_to(schedule, today));
    finding
}

fn before_the_schedule(usage: &NodeUse, schedule: &Schedule, today: Date) -> Finding {
    let title = "no supported Node.js release line has this version".to_owned();
    let mut finding = finding(usage, "node-end-of-life", Severity::High, title);
    finding.next_step = Some(move_to(schedule, today));
    finding
}

fn ending(usage: &NodeUse, best: &Line, schedule: &Schedule, today: Date) -> Finding {
    let title = format!("Node.js {} gets its last security fixes by {}", best.range_text(), best.end);
    let mut finding = finding(usage, "node-ending-soon", Severity::Info, title);
    finding.next_step = Some(move_to(schedule, today));
    finding
}

fn short_lived(usage: &NodeUse, best: &Line, schedule: &Schedule, today: Date) -> Finding {
    let title =
        format!("Node.js {} never gets long-term support; it ends on {}", best.range_text(), best.end);
    let mut finding = finding(usage, "node-short-lived", Severity::Low, title);
    finding.next_step = Some(move_to(schedule, today));
    finding
}

fn move_to(schedule: &Schedule, today: Date) -> String {
    match schedule.recommended(today) {
        Some(line) => format!("move to Node.js {} (supported until {})", line.major, line.end),
        None => "move to a supported Node.js line; the release schedule here is out of date".to_owned(),
    }
}

/// Flaws of Node.js itself that every allowed version has.
fn check_flaws(
    usage: &NodeUse,
    index: &Index,
    schedule: &Schedule,
    today: Date,
) -> Result<Vec<Finding>, IndexError> {
    let hits: Vec<Affected> =
        index.affecting(NODEJS)?.into_iter().filter(|affected| is_forced(&usage.wanted, affected)).collect();
    let mut findings = Vec::new();
    for same_flaw in matching::by_identity(&hits) {
        let flaw = matching::Flaw::read(index, NODEJS, &same_flaw)?;
        let mut finding = flaw.finding(subject(usage), usage.place.clone());
        finding.evidence.push(said(usage));
        findings.push(finding);
    }
    let next_step = next_step(usage, &findings, schedule, today);
    for finding in &mut findings {
        finding.next_step = Some(next_step.clone());
    }
    Ok(findings)
}

/// Whether whatever version is picked is affected.
fn is_forced(wanted: &Wanted, affected: &Affected) -> bool {
    match wanted {
        Wanted::Exactly(version) => affected.contains(version),
        Wanted::Within { range, .. } => Range::parse(&interval::display(&affected.ranges))
            .is_ok_and(|affected| range.is_subset_of(&affected)),
        Wanted::Newest { .. } => false,
    }
}

/// The smallest version of the same line that has every fix, or the line to move to.
fn next_step(usage: &NodeUse, findings: &[Finding], schedule: &Schedule, today: Date) -> String {
    let line = match &usage.wanted {
        Wanted::Exactly(version) => schedule.line_of(version),
        _ => None,
    };
    let Some(line) = line.filter(|line| line.is_supported(today)) else {
        return move_to(schedule, today);
    };
    let mut needed: Option<Version> = None;
    for finding in findings {
        let mut fixes = finding.fixed_versions.iter().filter_map(|text| Version::parse(text).ok());
        match fixes.find(|fixed| line.holds(fixed)) {
            Some(fixed) => needed = needed.max(Some(fixed)),
            None => return move_to(schedule, today),
        }
    }
    match needed {
        Some(version) => format!("upgrade Node.js to {version} or later: it has the fix of every flaw here"),
        None => move_to(schedule, today),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::IndexBuilder;
    use crate::interval::{End, Interval};
    use crate::record::{AffectedPackage, Record};

    fn usage(text: &str) -> NodeUse {
        NodeUse {
            wanted: Wanted::parse(text, &Schedule::built_in()).unwrap(),
            place: Place::file(".nvmrc"),
            said_by: ".nvmrc".to_owned(),
        }
    }

    fn rules(text: &str, now: &str, index: Option<&Index>) -> Vec<String> {
        let now = now.parse().unwrap();
        let findings = check(&usage(text), index, &Schedule::built_in(), now).unwrap();
        findings.iter().map(|finding| format!("{} {}", finding.rule, finding.severity)).collect()
    }

    #[test]
    fn what_is_over_is_told_by_how_long() {
        let now = "2026-11-22T00:00:00Z";
        assert_eq!(rules("v18.12.1", now, None), ["node-end-of-life high"]);
        assert_eq!(rules("20.19.0", now, None), ["node-end-of-life medium"]);
        assert_eq!(rules("lts/hydrogen", now, None), ["node-end-of-life high"]);
        assert_eq!(rules("14 || 16", now, None), ["node-end-of-life high"]);
        assert_eq!(rules("0.6.1", now, None), ["node-end-of-life high"]);
        assert_eq!(rules("2.0.0", now, None), ["node-end-of-life high"], "io.js");
        for text in ["22.1.0", "24", ">=14", "14 || 22", "lts/*", "node", "99.0.0", "*", ">=8 <23"] {
            assert_eq!(rules(text, now, None), [""; 0], "{text}");
        }
    }

    #[test]
    fn what_ends_soon_is_told_ahead() {
        assert_eq!(rules("22", "2027-01-29T00:00:00Z", None), [""; 0], "91 days before");
        assert_eq!(rules("22", "2027-01-31T00:00:00Z", None), ["node-ending-soon info"], "89 days before");
        assert_eq!(
            rules("22.1.0", "2027-04-30T23:00:00Z", None),
            ["node-ending-soon info"],
            "on the last day"
        );
        assert_eq!(rules("22.1.0", "2027-05-01T00:00:00Z", None), ["node-end-of-life medium"]);
        assert_eq!(rules("25", "2026-01-01T00:00:00Z", None), ["node-short-lived low"]);
        assert_eq!(rules("24 || 25", "2026-01-01T00:00:00Z", None), [""; 0]);
    }

    #[test]
    fn flaws_of_a_version_and_what_a_range_forces() {
        let mut builder = IndexBuilder::new();
        let run = |start: &str, fixed: &str| Interval {
            start: Version::parse(start).ok(),
            end: End::Fixed(Version::parse(fixed).unwrap()),
        };
        for (id, runs) in [
            ("CVE-2026-1", vec![run("22.0.0", "22.22.2"), run("24.0.0", "24.14.1")]),
            ("CVE-2026-2", vec![run("24.0.0", "24.13.0")]),
        ] {
            let package =
                AffectedPackage { name: NODEJS.to_owned(), intervals: runs, ..AffectedPackage::default() };
            let record = Record {
                id: id.to_owned(),
                summary: "x".to_owned(),
                packages: vec![package],
                ..Record::default()
            };
            builder.add(record, "test").unwrap();
        }
        let index = Index::from_bytes(builder.finish(Timestamp::UNIX_EPOCH).unwrap().0).unwrap();
        let now = "2026-11-22T00:00:00Z";
        assert_eq!(rules("24.12.0", now, Some(&index)), ["CVE-2026-1 medium", "CVE-2026-2 medium"]);
        assert_eq!(rules("24.13.0", now, Some(&index)), ["CVE-2026-1 medium"]);
        assert_eq!(rules("24.12.x", now, Some(&index)), ["CVE-2026-1 medium", "CVE-2026-2 medium"]);
        assert_eq!(rules("22.1 || 24.1", now, Some(&index)), ["CVE-2026-1 medium"]);
        for text in ["24", ">=22", "lts/*", "24.14.1"] {
            assert_eq!(rules(text, now, Some(&index)), [""; 0], "{text}");
        }
        let findings =
            check(&usage("24.12.0"), Some(&index), &Schedule::built_in(), now.parse().unwrap()).unwrap();
        let step = findings[1].next_step.as_deref().unwrap();
        assert_eq!(step, "upgrade Node.js to 24.14.1 or later: it has the fix of every flaw here");
    }
}

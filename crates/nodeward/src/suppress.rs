//! Applies the suppressions of `nodeward.toml`, and reports those that no longer do anything.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use nodeward_report::finding::Kind;
use nodeward_report::{Finding, Severity, Subject, Suppressed, Threat};

use crate::config::{Config, Suppression};

/// Whether a suppression without effect may be called unused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Everything was looked at, so what hides nothing is unused.
    Whole,
    /// Something was left out on purpose or could not be read; a suppression may be for that.
    Partial,
}

/// What applying suppressions gives.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    /// What stays.
    pub(crate) findings: Vec<Finding>,
    /// What is hidden.
    pub(crate) suppressed: Vec<Suppressed>,
}

/// Hides what the suppressions say, and adds a finding for each that is expired or unused. A configuration decides
/// about its own folder; about what lies elsewhere (the user's settings, Node.js itself) only if every project stands
/// in that folder. So no sub-project can hide what is wrong with the ones around it.
pub(crate) fn apply(
    findings: Vec<Finding>,
    configs: &[&Config],
    projects: &[PathBuf],
    sight: Sight,
    now: Timestamp,
) -> Sorted {
    // The day of the user's place is not known here, and must not decide whether a build passes.
    let today = now.to_zoned(TimeZone::UTC).date();
    let all: Vec<(&Config, &Suppression)> = configs
        .iter()
        .flat_map(|config| config.suppressions.iter().map(|suppression| (*config, suppression)))
        .collect();
    let reaches: Vec<Reach> = all.iter().map(|(config, _)| Reach::of(config, projects)).collect();
    let mut used = vec![false; all.len()];
    let mut sorted = Sorted::default();
    for finding in findings {
        let mut hidden_by = None;
        for (index, (config, suppression)) in all.iter().enumerate() {
            if matches(config, suppression, &finding) && reaches[index].has(&finding) {
                used[index] = true;
                if !is_expired(suppression, today) && hidden_by.is_none() {
                    hidden_by = Some((config, suppression));
                }
            }
        }
        match hidden_by {
            Some((config, suppression)) => sorted.suppressed.push(Suppressed {
                finding,
                reason: suppression.reason.clone(),
                until: suppression.until.map(|until| until.to_string()),
                source: config.file.as_deref().map_or_else(String::new, |file| file.display().to_string()),
            }),
            None => sorted.findings.push(finding),
        }
    }
    for ((_, suppression), used) in all.iter().zip(used) {
        if is_expired(suppression, today) {
            sorted.findings.push(expired(suppression));
        } else if !used && sight == Sight::Whole {
            sorted.findings.push(unused(suppression));
        }
    }
    sorted
}

/// Whether a suppression hides a finding.
pub(crate) fn is_hidden(
    finding: &Finding,
    configs: &[&Config],
    projects: &[PathBuf],
    now: Timestamp,
) -> bool {
    let today = now.to_zoned(TimeZone::UTC).date();
    configs.iter().any(|config| {
        let mut valid = config.suppressions.iter().filter(|suppression| !is_expired(suppression, today));
        valid.any(|suppression| matches(config, suppression, finding))
            && Reach::of(config, projects).has(finding)
    })
}

/// What a configuration may decide about.
enum Reach {
    Everything,
    Folder(PathBuf),
}

impl Reach {
    fn of(config: &Config, projects: &[PathBuf]) -> Self {
        let folder = normal(config.folder().unwrap_or(Path::new("")));
        if config.chosen || projects.iter().all(|project| normal(project).starts_with(&folder)) {
            return Self::Everything;
        }
        Self::Folder(folder)
    }

    fn has(&self, finding: &Finding) -> bool {
        match self {
            Self::Everything => true,
            Self::Folder(folder) => normal(&finding.place.file).starts_with(folder),
        }
    }
}

fn is_expired(suppression: &Suppression, today: Date) -> bool {
    suppression.until.is_some_and(|until| until < today)
}

fn matches(config: &Config, suppression: &Suppression, finding: &Finding) -> bool {
    finding.is_called(&suppression.id)
        && suppression.package.as_ref().is_none_or(|pattern| match &finding.subject {
            Subject::Release { name, version } => pattern.matches(name.as_str(), version),
            Subject::Node { version } => pattern.matches("node", version),
            Subject::File => false,
        })
        && suppression.path.as_deref().is_none_or(|path| {
            let below = config.folder().unwrap_or(Path::new("")).join(path);
            normal(&finding.place.file).starts_with(normal(&below))
        })
}

/// Absolute where it exists, so that two spellings of one path compare.
fn normal(path: &Path) -> PathBuf {
    std::fs::canonicalize(if path.as_os_str().is_empty() { Path::new(".") } else { path })
        .unwrap_or_else(|_| path.to_path_buf())
}

fn expired(suppression: &Suppression) -> Finding {
    let until = suppression.until.map_or_else(String::new, |until| until.to_string());
    let mut finding = Finding::new(
        "suppression-expired",
        Kind::Project,
        Threat::Dex,
        Severity::Low,
        Subject::File,
        suppression.place.clone(),
        format!("the suppression of {} ended on {until} and hides nothing any more", suppression.id),
    );
    finding.next_step = Some("fix what it hid, or look at it again and set a new date".to_owned());
    finding
}

fn unused(suppression: &Suppression) -> Finding {
    let mut finding = Finding::new(
        "suppression-unused",
        Kind::Project,
        Threat::Dex,
        Severity::Info,
        Subject::File,
        suppression.place.clone(),
        format!("the suppression of {} matches nothing", suppression.id),
    );
    finding.next_step = Some("remove it".to_owned());
    finding
}

#[cfg(test)]
mod tests {
    use nodeward_package::{PackageName, Place};

    use super::*;

    fn finding(id: &str, version: &str) -> Finding {
        let subject =
            Subject::Release { name: PackageName::parse("lodash").unwrap(), version: version.into() };
        let place = Place::file("package-lock.json");
        Finding::new(id, Kind::Advisory, Threat::Rce, Severity::High, subject, place, "flaw")
    }

    fn suppression(id: &str) -> Suppression {
        Suppression {
            id: id.to_owned(),
            reason: "looked at".to_owned(),
            until: None,
            package: None,
            path: None,
            place: Place::file("nodeward.toml"),
        }
    }

    fn rules(suppressions: Vec<Suppression>, sight: Sight) -> (Vec<String>, usize) {
        let config = Config { suppressions, ..Config::default() };
        let findings = vec![finding("CVE-1", "1.0.0"), finding("CVE-1", "2.0.0")];
        let sorted = apply(findings, &[&config], &[], sight, "2026-11-22T12:00:00Z".parse().unwrap());
        let rules = sorted.findings.iter().map(|finding| finding.rule.to_string()).collect();
        (rules, sorted.suppressed.len())
    }

    #[test]
    fn a_suppression_hides_what_it_names_and_no_more() {
        assert_eq!(rules(vec![suppression("cve-1")], Sight::Whole), (vec![], 2));
        let pattern = crate::config::PackagePattern { name: "lodash".to_owned(), range: None };
        let other = crate::config::PackagePattern { name: "lodash-es".to_owned(), range: None };
        let one = Suppression { package: Some(pattern), ..suppression("CVE-1") };
        assert_eq!(rules(vec![one], Sight::Whole), (vec![], 2));
        let two = Suppression { package: Some(other), ..suppression("CVE-1") };
        let (left, hidden) = rules(vec![two], Sight::Whole);
        assert_eq!((left, hidden), (vec!["CVE-1".into(), "CVE-1".into(), "suppression-unused".into()], 0));
    }

    #[test]
    fn the_last_day_still_counts_and_the_next_does_not() {
        let until = |date: &str| Suppression { until: Some(date.parse().unwrap()), ..suppression("CVE-1") };
        assert_eq!(rules(vec![until("2026-11-22")], Sight::Whole), (vec![], 2));
        let (left, hidden) = rules(vec![until("2026-11-21")], Sight::Partial);
        assert_eq!((left.len(), hidden), (3, 0));
        assert!(left.contains(&"suppression-expired".to_owned()));
    }

    #[test]
    fn nothing_is_called_unused_by_who_did_not_look() {
        let (left, _) = rules(vec![suppression("CVE-2")], Sight::Partial);
        assert_eq!(left.len(), 2);
    }
}

//! One flaw as its records tell it, and the finding made of it.

use std::sync::Arc;

use nodeward_package::{Place, Version};
use nodeward_report::{Evidence, Finding, Kind, Severity, Subject, Threat};

use crate::index::{Affected, Index, IndexError};
use crate::record::{AffectedPackage, NODEJS, Record};
use crate::{interval, threats};

/// The most characters of a title.
const MAX_TITLE: usize = 110;
/// The most references of a finding.
const MAX_REFERENCES: usize = 10;

/// Records of one flaw that affect one release, the most telling first.
pub(crate) struct Flaw<'a> {
    name: &'a str,
    records: Vec<Record>,
    hits: Vec<&'a Affected>,
}

/// The hits of each flaw: records that say that they are one are one.
pub(crate) fn by_identity(hits: &[Affected]) -> Vec<Vec<&Affected>> {
    let mut flaws: Vec<Vec<&Affected>> = Vec::new();
    for hit in hits {
        match flaws.iter_mut().find(|flaw| flaw[0].identity == hit.identity) {
            Some(flaw) => flaw.push(hit),
            None => flaws.push(vec![hit]),
        }
    }
    flaws
}

impl<'a> Flaw<'a> {
    /// Reads the records of one flaw. `hits` are never empty.
    pub(crate) fn read(index: &Index, name: &'a str, hits: &[&'a Affected]) -> Result<Self, IndexError> {
        let mut records = hits.iter().map(|hit| index.record(hit.record)).collect::<Result<Vec<_>, _>>()?;
        // GitHub reviews what it publishes; others follow it or came before it.
        records.sort_by_key(|record| (rank(&record.id) != 1, record.rating.is_none(), record.id.clone()));
        Ok(Self { name, records, hits: hits.to_vec() })
    }

    fn is_malware(&self) -> bool {
        self.hits.iter().any(|hit| hit.malware)
    }

    /// All names of the flaw, the one to print first: CVE, else GHSA, else whatever there is.
    fn names(&self) -> Vec<Arc<str>> {
        let mut names: Vec<&str> = Vec::new();
        for id in self.records.iter().flat_map(Record::ids) {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(id)) {
                names.push(id);
            }
        }
        // The sort is stable: of several CVEs the one that the record names first.
        names.sort_by_key(|name| rank(name));
        names.into_iter().map(Arc::from).collect()
    }

    /// What it affects, as npm would write it.
    fn range(&self) -> String {
        let package = AffectedPackage {
            name: String::new(),
            intervals: interval::union(self.hits.iter().flat_map(|hit| hit.ranges.clone()).collect()),
            versions: self.hits.iter().flat_map(|hit| hit.versions.iter().map(ToString::to_string)).collect(),
            ..AffectedPackage::default()
        };
        package.range()
    }

    /// Versions with the fix that are newer than the release, smallest first.
    fn fixed_after(&self, release: Option<&Version>) -> Vec<String> {
        let mut fixed: Vec<Version> =
            self.records.iter().flat_map(|record| record.fixed_versions(self.name)).collect();
        fixed.retain(|version| {
            !self.hits.iter().any(|hit| hit.contains(version))
                && release.is_none_or(|release| version > release)
        });
        fixed.sort();
        fixed.dedup();
        fixed.iter().map(ToString::to_string).collect()
    }

    /// The finding, without what only the place knows: paths, production, origin.
    pub(crate) fn finding(mut self, subject: Subject, place: Place) -> Finding {
        let details = std::mem::take(&mut self.records[0].details);
        let main = &self.records[0];
        let malware = self.is_malware();
        let mut names = self.names().into_iter();
        let rule = names.next().unwrap_or_else(|| Arc::from("unnamed advisory"));
        let rating = self.records.iter().find_map(|record| record.rating.as_ref());
        let cwes: Vec<Arc<str>> = if main.cwes.is_empty() {
            self.records
                .iter()
                .flat_map(|record| record.cwes.iter())
                .map(|cwe| Arc::from(cwe.as_str()))
                .collect()
        } else {
            main.cwes.iter().map(|cwe| Arc::from(cwe.as_str())).collect()
        };
        let threat = match malware {
            true => Threat::Mtp,
            false => threats::classify(cwes.iter().map(|cwe| &**cwe), &main.summary),
        };
        let severity = match (malware, rating) {
            (true, _) => Severity::Critical,
            (false, Some(rating)) => rating.severity,
            (false, None) => Severity::Medium,
        };
        let kind = if malware { Kind::Malware } else { Kind::Advisory };
        let mut finding = Finding::new(rule, kind, threat, severity, subject, place, self.title());
        finding.aliases = names.collect();
        if let Some(rating) = rating {
            (finding.score, finding.vector) = (rating.score, rating.vector.clone());
        }
        finding.cwes = cwes;
        finding.details = Some(details).filter(|text| !text.is_empty());
        let range = self.range();
        finding.evidence.push(Evidence { label: "affected range", value: range.clone(), place: None });
        if rating.is_none() && !malware {
            let value = "the source gives none; counted as medium".to_owned();
            finding.evidence.push(Evidence { label: "severity", value, place: None });
        }
        finding.affected_range = Some(range);
        finding.fixed_versions = self.fixed_after(version_of(&finding.subject).as_ref());
        finding.next_step = Some(self.next_step(&finding.fixed_versions));
        finding.references = self.into_references();
        finding
    }

    fn title(&self) -> String {
        let summary = self.records.iter().map(|record| record.summary.trim()).find(|text| !text.is_empty());
        let what = if self.name == NODEJS { "Node.js" } else { self.name };
        let text = match (summary, self.is_malware()) {
            (Some(text), _) => text.to_owned(),
            (None, true) => format!("{what} is malicious"),
            (None, false) => format!("known flaw in {what}"),
        };
        let line = text.lines().next().unwrap_or_default().trim_end_matches('.');
        if line.chars().count() <= MAX_TITLE {
            return line.to_owned();
        }
        let cut: String = line.chars().take(MAX_TITLE - 1).collect();
        // Not within a word, where there is a space to cut at.
        let cut = cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole);
        format!("{}…", cut.trim_end_matches([',', ';', ':', ' ']))
    }

    fn next_step(&self, fixed: &[String]) -> String {
        match (self.is_malware(), fixed.first()) {
            (true, _) => "remove it, and replace every credential that the machine held".to_owned(),
            (false, Some(version)) => format!("upgrade to {version} or later"),
            (false, None) => {
                "no version has a fix: replace it, or make sure that the flaw can't be used".to_owned()
            }
        }
    }

    fn into_references(self) -> Vec<String> {
        let mut references: Vec<String> = Vec::new();
        for reference in self.records.into_iter().flat_map(|record| record.references) {
            if references.len() < MAX_REFERENCES && !references.contains(&reference) {
                references.push(reference);
            }
        }
        references
    }
}

fn version_of(subject: &Subject) -> Option<Version> {
    match subject {
        Subject::Release { version, .. } | Subject::Node { version } => Version::parse(version).ok(),
        Subject::File => None,
    }
}

/// CVE before GHSA before all others.
fn rank(id: &str) -> u8 {
    let starts =
        |prefix: &str| id.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    if starts("CVE-") {
        0
    } else if starts("GHSA-") {
        1
    } else {
        2
    }
}

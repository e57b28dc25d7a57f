//! Famous advisories that ship with the program, for the run that has no index and can fetch none.
//!
//! Facts (ids, packages, ranges, severities, weaknesses) are those that the advisories state; the sentences are ours.
//! They are no substitute for an index: who uses them says so.

use std::str::FromStr as _;

use jiff::Timestamp;
use nodeward_package::Version;
use nodeward_report::Severity;

use crate::index::{Index, IndexBuilder};
use crate::interval::{End, Interval};
use crate::record::{AffectedPackage, Record};
use crate::severity::Rating;

/// What the source of these records is called.
pub const SOURCE: &str = "built-in landmarks";

const TABLE: &str = include_str!("../data/landmarks.tsv");

/// An index of the landmarks.
pub fn index() -> Index {
    let mut builder = IndexBuilder::new();
    // No clock here: the records are as old as the program, whose version the report names.
    builder.source(SOURCE, Timestamp::UNIX_EPOCH);
    for record in records() {
        builder.add(record, SOURCE).expect("a test has built the table's index");
    }
    let (bytes, _) = builder.finish(Timestamp::UNIX_EPOCH).expect("a test has built the table's index");
    Index::from_bytes(bytes).expect("an index just built can be read")
}

/// The landmarks as records, one per advisory.
pub fn records() -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let record = read(line).expect("a test has read every line of the table");
        match records.last_mut().filter(|last| last.id == record.id) {
            // A further package of the same record.
            Some(last) => last.packages.extend(record.packages),
            None => records.push(record),
        }
    }
    records
}

fn read(line: &str) -> Option<Record> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [ids, name, affected, severity, cwes, summary] = fields[..] else { return None };
    let mut ids = ids.split(',').map(str::to_owned);
    let id = ids.next()?;
    let reference = match id.split('-').next()? {
        "GHSA" => Some(format!("https://github.com/advisories/{id}")),
        "MAL" => Some(format!("https://osv.dev/vulnerability/{id}")),
        _ => None,
    };
    Some(Record {
        id,
        aliases: ids.collect(),
        summary: format!("{name}: {summary}"),
        rating: Some(Rating::word(Severity::from_str(severity).ok()?)),
        cwes: cwes.split(',').map(|number| format!("CWE-{number}")).collect(),
        references: reference.into_iter().collect(),
        malware: cwes == "506",
        packages: vec![read_affected(name, affected)?],
        ..Record::default()
    })
}

/// `*`, `<1.2.3 || >=2.0.0 <=2.4.0`, and single versions as `=1.0.0`.
fn read_affected(name: &str, text: &str) -> Option<AffectedPackage> {
    let mut affected = AffectedPackage { name: name.to_owned(), ..AffectedPackage::default() };
    for run in text.split(" || ") {
        if run == "*" {
            affected.intervals.push(Interval::ALL);
            continue;
        }
        let mut interval = Interval::ALL;
        for bound in run.split(' ') {
            if let Some(version) = bound.strip_prefix('=') {
                affected.versions.push(version.to_owned());
            } else if let Some(version) = bound.strip_prefix(">=") {
                interval.start = Some(Version::parse(version).ok()?);
            } else if let Some(version) = bound.strip_prefix("<=") {
                interval.end = End::Through(Version::parse(version).ok()?);
            } else {
                interval.end = End::Fixed(Version::parse(bound.strip_prefix('<')?).ok()?);
            }
        }
        if !interval.is_all() {
            affected.intervals.push(interval);
        }
    }
    Some(affected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::osv;

    #[test]
    fn the_table_is_read_and_built() {
        let records = records();
        assert!(records.len() >= 60, "{}", records.len());
        let index = index();
        assert_eq!(index.info().records as usize, records.len(), "no id stands in two places");
        for record in &records {
            assert!(!record.summary.ends_with(": "), "{} has no sentence", record.id);
            for package in &record.packages {
                assert!(!package.intervals.is_empty() || !package.versions.is_empty(), "{}", record.id);
                assert!(!index.affecting(&package.name).unwrap().is_empty());
            }
        }
        assert_eq!(index.affecting("lodash").unwrap().len(), 6);
        assert_eq!(index.find("CVE-2018-16487").unwrap().len(), 1);
    }

    /// Every bound of either, and a version on each side of it.
    fn probes(package: &AffectedPackage) -> Vec<Version> {
        let bounds = package.intervals.iter().flat_map(|interval| {
            let end = match &interval.end {
                End::Never => None,
                End::Fixed(end) | End::Before(end) | End::Through(end) => Some(end.clone()),
            };
            interval.start.clone().into_iter().chain(end)
        });
        bounds.chain(package.versions.iter().filter_map(|text| Version::parse(text).ok())).collect()
    }

    fn holds(package: &AffectedPackage, version: &Version) -> bool {
        package.intervals.iter().any(|interval| interval.contains(version))
            || package.versions.iter().any(|text| Version::parse(text).is_ok_and(|listed| listed == *version))
    }

    /// Where we follow a later edition of the record than the data has, with what changed.
    const OTHERWISE: &[(&str, &str, &str)] = &[
        ("GHSA-p493-635q-r6gr", "pug-code-gen", "the fix came to 2.0.3 too"),
        ("GHSA-93q8-gq69-wqmw", "ansi-regex", "the fix came to 3.0.1 and 4.1.1 too"),
        ("GHSA-gxpj-cx7g-858c", "debug", "the flaw came back in 3.2.0 and 4.0.0"),
    ];

    #[test]
    fn facts_agree_with_published_records() {
        let Some(data) = nodeward_testkit::data_or_skip("facts_agree_with_published_records") else { return };
        let slice = std::fs::read(data.join("advisories/ghsa-slice-2022/ghsa-npm-2022.osv.json")).unwrap();
        let slice: Vec<Box<serde_json::value::RawValue>> = serde_json::from_slice(&slice).unwrap();
        let mut published: Vec<Record> =
            slice.iter().filter_map(|raw| Some(osv::parse(raw.get().as_bytes()).ok()?.0)).collect();
        for entry in std::fs::read_dir(data.join("advisories/osv-modern")).unwrap() {
            published
                .extend(osv::parse(&std::fs::read(entry.unwrap().path()).unwrap()).map(|(record, _)| record));
        }
        let mut compared = 0;
        let mut wrong = Vec::new();
        for ours in records() {
            for package in &ours.packages {
                let theirs: Vec<&AffectedPackage> = published
                    .iter()
                    .filter(|record| record.id == ours.id)
                    .flat_map(|record| record.packages.iter().filter(|theirs| theirs.name == package.name))
                    .collect();
                if theirs.is_empty()
                    || OTHERWISE.iter().any(|(id, name, _)| (*id, *name) == (&ours.id, &package.name))
                {
                    continue;
                }
                compared += 1;
                // Where sources differ, we follow one of them.
                let agrees = theirs.iter().any(|theirs| {
                    probes(package)
                        .iter()
                        .chain(&probes(theirs))
                        .all(|probe| holds(package, probe) == holds(theirs, probe))
                });
                if !agrees {
                    let theirs: Vec<String> = theirs.iter().map(|theirs| theirs.range()).collect();
                    wrong.push(format!(
                        "{} {}: {} / {}",
                        ours.id,
                        package.name,
                        package.range(),
                        theirs.join(" / ")
                    ));
                }
            }
        }
        assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong.join("\n"));
        assert!(compared > 100, "{compared}");
    }
}

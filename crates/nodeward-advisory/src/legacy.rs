//! Advisories in formats older than OSV: those of the Node.js Security WG for npm packages, what npm's own audit
//! answers, and the Node.js core index. Their ranges are node-semver's.

use std::borrow::Cow;

use nodeward_package::range::{Operator, Prereleases, RangeOptions};
use nodeward_package::version::Syntax;
use nodeward_package::{PackageName, Range, Version};
use serde::Deserialize;
use serde_json::Value;

use crate::interval::{End, Interval, after, subtract, union};
use crate::osv::{clean_aliases, is_id, is_malware_summary, read_time};
use crate::record::{AffectedPackage, NODEJS, Record};
use crate::severity::{Rating, named};

/// Why a text is no advisory in one of the older formats.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LegacyError {
    /// A range that node-semver could not read.
    #[error("its range {0:?} cannot be read")]
    Range(String),
    /// A name that no package can have.
    #[error("it names no package that npm could have")]
    Name,
    /// No id.
    #[error("it has no usable id")]
    Id,
}

/// The affected versions that a node-semver range stands for, prereleases between its bounds included.
///
/// # Errors
/// A text that is no range.
pub fn intervals_of(range: &str) -> Result<Vec<Interval>, LegacyError> {
    Ok(union(intervals(&read(range)?)))
}

fn read(range: &str) -> Result<Range, LegacyError> {
    let options = RangeOptions { syntax: Syntax::Loose, prereleases: Prereleases::Everywhere };
    Range::parse_with(range.trim(), options)
        .map_err(|_| LegacyError::Range(range.chars().take(200).collect()))
}

fn intervals(range: &Range) -> Vec<Interval> {
    range
        .sets()
        .map(|set| {
            let mut whole = Interval::ALL;
            for comparator in set {
                let Some(version) = comparator.version() else { continue };
                let one = match comparator.operator() {
                    Operator::Any => Interval::ALL,
                    Operator::Exact => {
                        Interval { start: Some(version.clone()), end: End::Through(version.clone()) }
                    }
                    Operator::Less => Interval { start: None, end: End::Before(version.clone()) },
                    Operator::LessOrEqual => Interval { start: None, end: End::Through(version.clone()) },
                    Operator::Greater => Interval { start: after(version), end: End::Never },
                    Operator::GreaterOrEqual => Interval { start: Some(version.clone()), end: End::Never },
                };
                whole = whole.intersect(one);
            }
            whole
        })
        .collect()
}

/// An advisory whose range is node-semver's. The fields go by several names.
#[derive(Debug, Deserialize)]
pub(crate) struct RangeAdvisory {
    id: Value,
    #[serde(alias = "module_name")]
    name: String,
    #[serde(alias = "vulnerable_versions")]
    range: String,
    #[serde(default, alias = "patched_versions")]
    patched: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    overview: Option<String>,
    #[serde(default)]
    recommendation: Option<String>,
    #[serde(default)]
    severity: Option<String>,
    #[serde(default)]
    cvss_vector: Option<String>,
    #[serde(default)]
    cves: Option<Vec<String>>,
    #[serde(default)]
    cwe: Value,
    #[serde(default)]
    references: Value,
    #[serde(default)]
    publish_date: Option<String>,
    #[serde(default)]
    updated_at: Option<String>,
    /// Only the Security WG's own files have it.
    #[serde(default)]
    coordinating_vendor: Option<Value>,
}

impl RangeAdvisory {
    /// The id as written, for messages.
    pub(crate) fn id_text(&self) -> String {
        self.id.to_string().chars().take(64).collect()
    }

    pub(crate) fn into_record(self) -> Result<Record, LegacyError> {
        PackageName::parse(&self.name).map_err(|_| LegacyError::Name)?;
        let id = match &self.id {
            Value::Number(number) if self.coordinating_vendor.is_some() || self.overview.is_some() => {
                format!("NSWG-ECO-{number}")
            }
            Value::Number(number) => format!("npm:{number}"),
            Value::String(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("npm:{text}")
            }
            Value::String(text) => text.clone(),
            _ => return Err(LegacyError::Id),
        };
        if !is_id(&id) {
            return Err(LegacyError::Id);
        }
        let package = affected(&self.name, &self.range, self.patched.as_deref())?;
        let summary = self.title.unwrap_or_default();
        let details: Vec<String> = [self.overview, self.recommendation].into_iter().flatten().collect();
        let cwes: Vec<String> = texts(&self.cwe).into_iter().filter(|cwe| is_id(cwe)).collect();
        Ok(Record {
            malware: is_malware_summary(&summary) || cwes.iter().any(|cwe| cwe == "CWE-506"),
            aliases: clean_aliases(&id, self.cves.into_iter().flatten().map(Cow::Owned).collect()),
            rating: self
                .cvss_vector
                .and_then(|vector| Rating::of_vector(&vector))
                .or_else(|| self.severity.and_then(|word| named(&word)).map(Rating::word)),
            cwes,
            references: texts(&self.references),
            published: self.publish_date.and_then(|date| read_time(&date)),
            modified: self.updated_at.and_then(|date| read_time(&date)),
            packages: vec![package],
            details: details.join("\n\n"),
            summary,
            id,
            ..Record::default()
        })
    }
}

/// What is vulnerable and not patched. Some of the old ranges are `<2.0.18 || <3.0.16` and mean it line by line;
/// only the patched ranges beside them tell the lines apart.
fn affected(name: &str, vulnerable: &str, patched: Option<&str>) -> Result<AffectedPackage, LegacyError> {
    let mut package = AffectedPackage { name: name.to_owned(), ..AffectedPackage::default() };
    package.intervals = union(intervals(&read(vulnerable)?));
    // `<0.0.0` and the like say that nothing is patched; words say nothing that can be read.
    let patched = patched.filter(|text| !text.trim().is_empty()).and_then(|text| read(text).ok());
    if let Some(patched) = patched {
        let cut = intervals(&patched);
        package.intervals = subtract(package.intervals, &cut);
        for interval in &mut package.intervals {
            if let End::Before(end) = &interval.end
                && patched.satisfies(end)
            {
                interval.end = End::Fixed(end.clone());
            }
        }
        package.stated_fixes =
            cut.into_iter().filter(|run| !run.is_empty()).filter_map(|run| run.start).collect();
    }
    Ok(package)
}

/// An entry of the Node.js core index.
#[derive(Debug, Deserialize)]
pub(crate) struct CoreAdvisory {
    #[serde(default)]
    cve: Value,
    vulnerable: String,
    #[serde(default)]
    patched: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    overview: Option<String>,
    #[serde(default)]
    severity: Option<String>,
    #[serde(default, rename = "ref")]
    reference: Option<String>,
    #[serde(default)]
    publish_date: Option<String>,
    #[serde(default, rename = "affectedEnvironments")]
    environments: Value,
}

impl CoreAdvisory {
    /// The record of the entry that has the given number in the index.
    pub(crate) fn into_record(self, number: &str) -> Result<Record, LegacyError> {
        let id = format!("NSWG-COR-{number}");
        if !is_id(&id) {
            return Err(LegacyError::Id);
        }
        let package = self.package()?;
        let overview = self.overview.unwrap_or_default().trim().to_owned();
        let summary = self.description.filter(|text| !text.trim().is_empty());
        let summary = summary.unwrap_or_else(|| first_sentence(&overview)).trim().to_owned();
        let environments = texts(&self.environments);
        let mut details = overview;
        if !environments.is_empty() && environments.iter().all(|environment| environment != "all") {
            details = format!("Affected platforms: {}.\n\n{details}", environments.join(", "));
        }
        Ok(Record {
            aliases: clean_aliases(&id, texts(&self.cve).into_iter().map(Cow::Owned).collect()),
            rating: self.severity.and_then(|word| named(&word)).map(Rating::word),
            references: self.reference.into_iter().collect(),
            published: self.publish_date.and_then(|date| read_time(&date)),
            packages: vec![package],
            id,
            summary,
            details,
            ..Record::default()
        })
    }

    /// The index's own rule: vulnerable and not patched. One exact patched version there means it and what
    /// follows it in its line.
    fn package(&self) -> Result<AffectedPackage, LegacyError> {
        let patched = self.patched.as_deref().unwrap_or("").split("||").map(|part| {
            let part = part.trim();
            if Version::parse(part).is_ok() { format!("^{part}") } else { part.to_owned() }
        });
        let patched = patched.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" || ");
        affected(NODEJS, &self.vulnerable, Some(&patched))
    }
}

/// The first sentence of a text, or as much of it as fits a line.
fn first_sentence(text: &str) -> String {
    let line = text.split("\n\n").next().unwrap_or(text).replace('\n', " ");
    let sentence = line.split_once(". ").map_or(line.as_str(), |(first, _)| first);
    let short: String = sentence.chars().take(160).collect();
    short.trim_end_matches('.').to_owned()
}

/// A text, or the texts of a list.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if !text.is_empty() => vec![text.clone()],
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

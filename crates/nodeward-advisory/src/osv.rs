//! OSV records: what they say, as a [`Record`].
//!
//! Unknown fields and unknown values of enumerations are let be; what decides whether a release is affected is
//! read strictly or taken as affecting everything, never dropped. What was taken so is told as a [`Remark`].

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::record::Record;

mod affected;
mod malware;

pub(crate) use malware::is_malware_summary;

/// The most bytes one record may have. The largest published are below 1 MB.
pub const MAX_RECORD_BYTES: usize = 16 << 20;

/// Something odd about a record that was read all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The record.
    pub id: String,
    /// What is odd, and how it was taken.
    pub text: String,
}

/// Why a text is no usable OSV record.
#[derive(Debug, thiserror::Error)]
pub enum OsvError {
    /// Not JSON, or not of OSV's shape.
    #[error("not an OSV record: {0}")]
    Json(#[from] serde_json::Error),
    /// Larger than [`MAX_RECORD_BYTES`].
    #[error("larger than {} MiB", MAX_RECORD_BYTES >> 20)]
    TooLarge,
    /// Without an id, or with one that could not be printed or looked up.
    #[error("the id is missing, too long or has characters that no id has")]
    Id,
}

/// An OSV record as its JSON has it, borrowed from it where possible.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an OSV record")]
pub struct OsvRecord<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    modified: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    published: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    withdrawn: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    aliases: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow, default)]
    summary: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    details: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    severity: Option<Vec<RawSeverity<'a>>>,
    #[serde(borrow, default)]
    affected: Option<Vec<affected::RawAffected<'a>>>,
    #[serde(borrow, default)]
    references: Option<Vec<RawReference<'a>>>,
    #[serde(borrow, default)]
    database_specific: Option<&'a RawValue>,
}

/// A vector, whatever its type says: the text itself tells its version.
#[derive(Debug, Deserialize)]
struct RawSeverity<'a> {
    #[serde(borrow, default)]
    score: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
struct RawReference<'a> {
    #[serde(borrow, default)]
    url: Option<Cow<'a, str>>,
}

/// What `database_specific` and `ecosystem_specific` hold that we use; each part is read for itself, since these
/// objects have no schema.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Specific<'a> {
    #[serde(borrow)]
    severity: Option<&'a RawValue>,
    #[serde(borrow)]
    cwe_ids: Option<&'a RawValue>,
    #[serde(borrow)]
    cwes: Option<&'a RawValue>,
    #[serde(borrow)]
    cvss: Option<&'a RawValue>,
    #[serde(borrow)]
    last_known_affected_version_range: Option<&'a RawValue>,
    #[serde(borrow, rename = "malicious-packages-origins")]
    malicious_packages_origins: Option<&'a RawValue>,
}

impl<'a> Specific<'a> {
    fn read(raw: Option<&'a RawValue>) -> Self {
        raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }

    fn part<T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
        serde_json::from_str(raw?.get()).ok()
    }

    fn severity(&self) -> Option<Cow<'a, str>> {
        Self::part::<Text<'a>>(self.severity).map(|text| text.0)
    }

    fn cwes(&self) -> Vec<String> {
        #[derive(Deserialize)]
        struct Cwe {
            #[serde(rename = "cweId")]
            id: String,
        }
        let mut cwes = Self::part::<Vec<String>>(self.cwe_ids).unwrap_or_default();
        if let Some(named) = Self::part::<Vec<Cwe>>(self.cwes) {
            cwes.extend(named.into_iter().map(|cwe| cwe.id));
        } else if let Some(plain) = Self::part::<Vec<String>>(self.cwes) {
            cwes.extend(plain);
        }
        cwes.retain(|cwe| is_id(cwe));
        cwes
    }

    fn vector(&self) -> Option<String> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Vector {
            Object {
                #[serde(rename = "vectorString")]
                vector: String,
            },
            Text(String),
        }
        Self::part::<Vector>(self.cvss).map(|vector| match vector {
            Vector::Object { vector } | Vector::Text(vector) => vector,
        })
    }
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads one record.
///
/// # Errors
/// Anything that is not one OSV record; see [`OsvError`].
pub fn parse(json: &[u8]) -> Result<(Record, Vec<Remark>), OsvError> {
    if json.len() > MAX_RECORD_BYTES {
        return Err(OsvError::TooLarge);
    }
    let raw: OsvRecord<'_> = serde_json::from_slice(strip_byte_order_mark(json))?;
    raw.into_record()
}

pub(crate) fn strip_byte_order_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

impl OsvRecord<'_> {
    /// What the record says, and what is odd about it.
    ///
    /// # Errors
    /// Only an unusable id.
    pub fn into_record(self) -> Result<(Record, Vec<Remark>), OsvError> {
        if !is_id(&self.id) {
            return Err(OsvError::Id);
        }
        let mut remarks = Remarks { id: &self.id, found: Vec::new() };
        let specific = Specific::read(self.database_specific);
        let affected = self.affected.as_deref().unwrap_or_default();
        let references: Vec<String> = self
            .references
            .unwrap_or_default()
            .into_iter()
            .filter_map(|reference| reference.url)
            .map(Cow::into_owned)
            .collect();
        let mut record = Record {
            id: self.id.to_string(),
            aliases: clean_aliases(&self.id, self.aliases.unwrap_or_default()),
            mentions: mentions(&references),
            references,
            rating: rating(self.severity.as_deref(), &specific, affected),
            cwes: cwes(&specific, affected),
            modified: remarks.time("modified", self.modified.as_deref()),
            published: remarks.time("published", self.published.as_deref()),
            withdrawn: remarks.time("withdrawn", self.withdrawn.as_deref()),
            ..Record::default()
        };
        record.summary = self.summary.unwrap_or_default().into_owned();
        record.details = self.details.unwrap_or_default().into_owned();
        record.malware = malware::is_malware(&record) || specific.malicious_packages_origins.is_some();
        record.packages = affected::packages(affected, record.malware, &mut remarks);
        Ok((record, remarks.found))
    }
}

/// Collects what is odd about one record.
struct Remarks<'a> {
    id: &'a str,
    found: Vec<Remark>,
}

impl Remarks<'_> {
    fn add(&mut self, text: String) {
        // One record with a thousand odd ranges is one odd record.
        if self.found.len() < 8 {
            self.found.push(Remark { id: self.id.to_owned(), text });
        }
    }

    fn time(&mut self, field: &str, text: Option<&str>) -> Option<Timestamp> {
        let text = text.filter(|text| !text.is_empty())?;
        let time = read_time(text);
        if time.is_none() {
            self.add(format!("`{field}` is no time; taken as not given"));
        }
        time
    }
}

/// RFC 3339, or a date alone.
pub(crate) fn read_time(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let date: jiff::civil::Date = text.parse().ok()?;
        date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

/// Whether a text can be an id: short, printable, no space. Anything else is somebody's prose.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_graphic())
}

pub(crate) fn clean_aliases(id: &str, aliases: Vec<Cow<'_, str>>) -> Vec<String> {
    let mut clean: Vec<String> = Vec::with_capacity(aliases.len());
    for alias in aliases {
        let alias = alias.trim();
        let known = |other: &String| other.eq_ignore_ascii_case(alias);
        if is_id(alias) && !alias.eq_ignore_ascii_case(id) && !clean.iter().any(known) {
            clean.push(alias.to_owned());
        }
        if clean.len() == MAX_ALIASES {
            break;
        }
    }
    clean
}

/// More names than any flaw has.
const MAX_ALIASES: usize = 256;

/// The ids of other schemes that a record's links lead to.
fn mentions(references: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for reference in references {
        let Some((_, rest)) = reference.split_once("://") else { continue };
        let Some((host, path)) = rest.split_once('/') else { continue };
        let path = path.split(['?', '#']).next().unwrap_or(path).trim_end_matches('/');
        let id = match host.trim_start_matches("www.") {
            "npmjs.com" | "nodesecurity.io" => path
                .strip_prefix("advisories/")
                .filter(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
                .map(|number| format!("npm:{number}")),
            "snyk.io" | "security.snyk.io" => path
                .strip_prefix("vuln/")
                .filter(|id| id.starts_with("SNYK-") || id.starts_with("npm:"))
                .map(str::to_owned),
            _ => None,
        };
        if let Some(id) = id.filter(|id| is_id(id) && !found.contains(id)) {
            found.push(id);
        }
        if found.len() == 16 {
            break;
        }
    }
    found
}

/// Vectors of the record, else vectors of what is affected, else the worst word that anybody has for it.
fn rating(
    severity: Option<&[RawSeverity<'_>]>,
    specific: &Specific<'_>,
    affected: &[affected::RawAffected<'_>],
) -> Option<crate::severity::Rating> {
    use crate::severity::{Rating, named};
    let vectors = |list: Option<&[RawSeverity<'_>]>| {
        Rating::of_vectors(list.unwrap_or_default().iter().filter_map(|severity| severity.score.as_deref()))
    };
    let worst = |ratings: &mut dyn Iterator<Item = Rating>| {
        ratings.max_by(|a, b| {
            a.severity.cmp(&b.severity).then(a.score.unwrap_or(0.0).total_cmp(&b.score.unwrap_or(0.0)))
        })
    };
    let entries: Vec<_> = affected
        .iter()
        .filter(|entry| entry.is_npm())
        .map(|entry| {
            (entry, Specific::read(entry.database_specific), Specific::read(entry.ecosystem_specific))
        })
        .collect();
    vectors(severity)
        .or_else(|| worst(&mut entries.iter().filter_map(|(entry, _, _)| vectors(entry.severity.as_deref()))))
        .or_else(|| {
            let own = specific.vector().and_then(|vector| Rating::of_vector(&vector));
            own.or_else(|| {
                let vectors = entries.iter().filter_map(|(_, specific, _)| specific.vector());
                worst(&mut vectors.filter_map(|vector| Rating::of_vector(&vector)))
            })
        })
        .or_else(|| specific.severity().and_then(|word| named(&word)).map(Rating::word))
        .or_else(|| {
            let words = entries.iter().flat_map(|(_, database, ecosystem)| [database, ecosystem]);
            let words = words.filter_map(Specific::severity).filter_map(|word| named(&word));
            words.max().map(Rating::word)
        })
        .or_else(|| {
            // `severity` whose score is a bare word, as some feeds have it.
            let words = severity.unwrap_or_default().iter().filter_map(|severity| severity.score.as_deref());
            words.filter_map(named).max().map(Rating::word)
        })
}

fn cwes(specific: &Specific<'_>, affected: &[affected::RawAffected<'_>]) -> Vec<String> {
    let mut cwes = specific.cwes();
    for entry in affected.iter().take(64) {
        for cwe in Specific::read(entry.database_specific).cwes() {
            if !cwes.contains(&cwe) {
                cwes.push(cwe);
            }
        }
    }
    cwes.truncate(32);
    cwes
}
